//! The connections that all servers of a run hold together: a block has all of them up.

use std::collections::BTreeMap;

use crate::os::machine::ServiceFacts;
use crate::plan::Plan;

/// The setting that limits a database's connections, in the families of databases that there are.
const SETTING: &str = "max_connections";
/// Connections for those who observe the database, and for whoever else is there.
const SPARE: u64 = 8;

/// Passes if every database allows the connections that its servers hold together.
///
/// # Errors
/// How many a database allows and how many are needed, and what to do.
pub fn check(plan: &Plan, services: &BTreeMap<String, ServiceFacts>) -> Result<(), String> {
    let pools = plan.servers.iter().filter(|server| server.has_database());
    let needed = pools.map(|server| u64::from(server.pool_size())).sum::<u64>() + SPARE;
    for (name, facts) in services {
        let allowed = facts.settings.get(SETTING).and_then(|allowed| allowed.parse().ok());
        if let Some(allowed) = allowed.filter(|allowed: &u64| *allowed < needed) {
            return Err(format!(
                "{name} allows {allowed} connections, and the servers of this run, which are all up at once, hold up to \
                 {needed}: raise its {SETTING}, or measure fewer servers with -s"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::mock::plan;

    #[test]
    fn a_database_that_allows_too_few_connections_is_refused_before_the_run() {
        let plan = plan();
        let pools: u32 = plan
            .servers
            .iter()
            .filter(|server| server.has_database())
            .map(registry::Server::pool_size)
            .sum();
        let needed = u64::from(pools) + SPARE;
        let with = |allowed: u64| {
            let settings = [(SETTING.to_owned(), allowed.to_string())].into();
            let facts = ServiceFacts { settings, ..ServiceFacts::default() };
            check(&plan, &[("db".to_owned(), facts)].into())
        };
        assert_eq!(with(needed), Ok(()));
        let refusal = with(needed - 1).unwrap_err();
        assert!(refusal.contains(&format!("hold up to {needed}")), "{refusal}");
        let unknown = [("db".to_owned(), ServiceFacts::default())].into();
        assert_eq!(check(&plan, &unknown), Ok(()), "what is not known refuses nothing");
    }
}

//! The connections that all servers of a run hold together: a block has all of them up.

use crate::definition::Server;
use crate::failure::Error;
use crate::service::{ServiceError, Services};

/// The setting that limits a database's connections, in the families of databases that there are.
const SETTING: &str = "max_connections";
/// Connections for those who observe the database, and for whoever else is there.
const SPARE: u64 = 8;

/// Passes if every database allows the connections that its servers hold together.
///
/// # Errors
/// How many a database allows and how many are needed, and what to do; or that a database does not answer.
pub fn check(servers: &[Server], services: &Services) -> Result<(), Error> {
    for lease in services.iter() {
        let Some(database) = lease.database() else { continue };
        let settings = database.settings().map_err(ServiceError::from)?;
        let is_client = |server: &&Server| {
            let used = services.database_lease(server);
            used.is_some_and(|used| used.service().name() == lease.service().name())
        };
        let pools = servers.iter().filter(is_client).map(registry::Server::pool_size);
        let allowed = settings.get(SETTING).and_then(|allowed| allowed.parse().ok());
        enough(lease.service().name(), allowed, pools).map_err(Error::Failed)?;
    }
    Ok(())
}

/// Passes if a database that allows so many connections can serve these pools at once.
fn enough(
    name: &str,
    allowed: Option<u64>,
    pools: impl Iterator<Item = u32>,
) -> Result<(), String> {
    let needed = pools.map(u64::from).sum::<u64>() + SPARE;
    match allowed.filter(|allowed| *allowed < needed) {
        None => Ok(()),
        Some(allowed) => Err(format!(
            "{name} allows {allowed} connections, and the servers of this run, which are all up at once, hold up to \
             {needed}: raise its {SETTING}, or measure fewer servers with -s"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_allows_too_few_connections_is_refused_before_the_run() {
        let enough = |allowed| enough("db", allowed, [32, 32, 1].into_iter());
        assert_eq!(enough(Some(73)), Ok(()));
        let refusal = enough(Some(72)).unwrap_err();
        assert!(refusal.contains("hold up to 73"), "{refusal}");
        assert_eq!(enough(None), Ok(()), "what is not known refuses nothing");
    }
}

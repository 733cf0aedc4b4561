//! What compose.yaml asks for, and what of it this machine can give.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::os::cgroup::Limits;
use crate::os::placement::{Cpus, Placement};

/// The part of the machine's memory that containers may have in all: the rest is the kernel's and the harness's.
const MEMORY: f64 = 0.9;

/// An engine takes no less, in MiB.
const LEAST: u64 = 6;

/// What compose makes of compose.yaml and .env.
#[derive(Debug, Deserialize)]
pub(super) struct Config {
    services: BTreeMap<String, Service>,
}

#[derive(Debug, Deserialize)]
struct Service {
    image: Option<String>,
    #[serde(default)]
    cpu_quota: Value,
    #[serde(default)]
    cpu_period: Value,
    #[serde(default)]
    mem_limit: Value,
}

/// What a part of the benchmark is called in compose.yaml: one server's limits are all servers'.
pub(super) const PARTS: [(&str, &str); 3] =
    [("server", "netprobe"), ("db", "db"), ("load", "load")];

impl Config {
    /// Reads what `docker compose config --format json` printed.
    pub(super) fn parse(json: &str) -> Result<Config, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// Whether there is such a service.
    pub(super) fn has(&self, service: &str) -> bool {
        self.services.contains_key(service)
    }

    /// The image that a service names.
    pub(super) fn image(&self, service: &str) -> Option<&str> {
        self.services.get(service)?.image.as_deref()
    }

    /// What each part asks for: CPUs and memory.
    pub(super) fn asked(&self) -> BTreeMap<String, Limits> {
        let of = |service: &Service| {
            let (quota, period) = (number(&service.cpu_quota), number(&service.cpu_period));
            let quota = quota.filter(|quota| *quota > 0.0);
            Limits {
                cpus: quota.zip(period).map(|(quota, period)| quota / period),
                memory_mib: number(&service.mem_limit).map(|bytes| (bytes / 1_048_576.0) as u64),
                ..Limits::default()
            }
        };
        let named = |(part, service): &(&str, &str)| {
            Some(((*part).to_owned(), of(self.services.get(*service)?)))
        };
        PARTS.iter().filter_map(named).collect()
    }
}

/// Compose writes some numbers as text.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

/// What the parts are given.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Given {
    /// Which CPUs.
    pub(super) placement: Placement,
    /// How much memory, in MiB, by part.
    pub(super) memory_mib: BTreeMap<String, u64>,
    /// Whether the memory is less than was asked for.
    pub(super) less_memory: bool,
}

/// Whether some part has fewer CPUs than it asks for.
pub(super) fn has_fewer(asked: &BTreeMap<String, Limits>, placement: &Placement) -> bool {
    let parts = [("server", &placement.server), ("db", &placement.db), ("load", &placement.load)];
    parts.into_iter().any(|(part, cpus)| {
        let asked = asked.get(part).and_then(|limits| limits.cpus);
        asked.is_some_and(|asked| (cpus.count() as f64) < asked)
    })
}

/// Gives each part CPUs of its own and memory, as asked for, or on a smaller machine less, in proportion.
pub(super) fn give(asked: &BTreeMap<String, Limits>, usable: &Cpus, memory_mib: u64) -> Given {
    let cpus = |part: &str| {
        asked
            .get(part)
            .and_then(|limits| limits.cpus)
            .map_or(1, |cpus| (cpus.round() as usize).max(1))
    };
    let (server, db, load) = (cpus("server"), cpus("db"), cpus("load"));
    let (all, there) = (server + db + load, usable.count());
    let in_turn: Vec<usize> = usable.iter().collect();
    let take = |range: std::ops::Range<usize>| in_turn[range].iter().copied().collect::<Cpus>();
    let divide = |server: usize, db: usize, load: usize| {
        Placement::new(
            take(0..server),
            take(server..server + db),
            take(server + db..server + db + load),
        )
    };
    let placement = if all <= there {
        divide(server, db, load)
    } else if there < 3 {
        Placement::by_size(usable)
    } else {
        let part = |of: usize| (of * there / all).max(1);
        let (server, load) = (part(server), part(load));
        divide(server, there - server - load, load)
    };
    let memory = |limits: &Limits| limits.memory_mib.unwrap_or(0);
    let wanted: u64 = asked.values().map(memory).sum();
    let factor = (MEMORY * memory_mib as f64 / wanted as f64).min(1.0);
    let memory_mib = asked.iter().filter(|(_, limits)| memory(limits) > 0);
    let memory_mib = memory_mib
        .map(|(part, limits)| (part.clone(), ((memory(limits) as f64 * factor) as u64).max(LEAST)))
        .collect();
    Given { placement, memory_mib, less_memory: factor < 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(server: f64, db: f64, load: f64) -> BTreeMap<String, Limits> {
        let of = |cpus, memory_mib| Limits { cpus: Some(cpus), memory_mib, ..Limits::default() };
        [("server", of(server, Some(8192))), ("db", of(db, Some(65_536))), ("load", of(load, None))]
            .map(|(part, limits)| (part.to_owned(), limits))
            .into()
    }

    #[test]
    fn what_is_there_is_given_as_asked() {
        let given = give(&asked(6.0, 16.0, 4.0), &(0..32).collect(), 128 * 1024);
        assert_eq!(given.placement.to_string(), "server=0-5,db=6-21,load=22-25");
        assert_eq!(given.memory_mib["db"], 65_536);
        assert!(!given.less_memory && !has_fewer(&asked(6.0, 16.0, 4.0), &given.placement));
    }

    #[test]
    fn a_smaller_machine_is_divided_in_proportion() {
        let on = |cpus: usize| give(&asked(6.0, 16.0, 4.0), &(0..cpus).collect(), 36_864);
        assert_eq!(on(13).placement.to_string(), "server=0-2,db=3-10,load=11-12");
        assert_eq!(on(4).placement.to_string(), "server=0,db=1-2,load=3");
        assert_eq!(on(3).placement.to_string(), "server=0,db=1,load=2");
        assert_eq!(on(2).placement.to_string(), "server=0,db=1,load=1");
        assert_eq!(on(1).placement.to_string(), "server=0,db=0,load=0");
        // 0.9 of 36 GiB for the 72 that were asked for.
        assert_eq!(on(26).memory_mib["db"], 29_491);
        assert!(on(26).less_memory && !has_fewer(&asked(6.0, 16.0, 4.0), &on(26).placement));
        assert!(has_fewer(&asked(6.0, 16.0, 4.0), &on(25).placement));
    }

    #[test]
    fn composes_json_is_understood() {
        let json = r#"{"name": "x", "services": {
            "db": {"image": "mysql:9", "cpu_quota": "1600000", "cpu_period": 100000, "mem_limit": "68719476736"},
            "netprobe": {"cpu_quota": 600000, "cpu_period": 100000}}}"#;
        let config = Config::parse(json).unwrap();
        let asked = config.asked();
        assert_eq!(
            asked["db"],
            Limits { cpus: Some(16.0), memory_mib: Some(65_536), ..Limits::default() }
        );
        assert_eq!(asked["server"].cpus, Some(6.0));
        assert!(!asked.contains_key("load") && !config.has("load"));
        assert_eq!(config.image("db"), Some("mysql:9"));
    }
}

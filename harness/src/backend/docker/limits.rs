//! What compose.yaml asks for, and what of it this machine can give.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::os::cgroup::Limits;
use crate::os::part::{Part, PerPart};
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

/// The service of compose.yaml that shows a part's limits: all servers have the same, and the network's probe too.
fn service_of(part: Part) -> &'static str {
    match part {
        Part::Server => "netprobe",
        Part::Db => "db",
        Part::Load => "load",
    }
}

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

    /// The CPUs and memory that each part asks for; absent where its service is missing.
    pub(super) fn asked(&self) -> PerPart<Option<Limits>> {
        let of = |service: &Service| {
            let (quota, period) = (number(&service.cpu_quota), number(&service.cpu_period));
            let quota = quota.filter(|quota| *quota > 0.0);
            Limits {
                cpus: quota.zip(period).map(|(quota, period)| quota / period),
                memory_mib: number(&service.mem_limit).map(|bytes| (bytes / 1_048_576.0) as u64),
                ..Limits::default()
            }
        };
        PerPart::from_fn(|part| self.services.get(service_of(part)).map(of))
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
    /// How much memory, in MiB; absent where a part asks for none.
    pub(super) memory_mib: PerPart<Option<u64>>,
    /// Whether the memory is less than was asked for.
    pub(super) less_memory: bool,
}

/// Whether some part has fewer CPUs than it asks for.
pub(super) fn has_fewer(asked: &PerPart<Option<Limits>>, placement: &Placement) -> bool {
    placement.sets.iter().any(|(part, cpus)| {
        let asked = asked.get(part).as_ref().and_then(|limits| limits.cpus);
        asked.is_some_and(|asked| (cpus.count() as f64) < asked)
    })
}

/// Gives each part CPUs of its own and memory, as asked for, or on a smaller machine less, in proportion.
pub(super) fn give(asked: &PerPart<Option<Limits>>, usable: &Cpus, memory_mib: u64) -> Given {
    let asked = asked.as_ref().map(Option::as_ref);
    let cpus = asked.map(|limits| limits.and_then(|limits| limits.cpus));
    let PerPart { server, db, load } =
        cpus.map(|cpus| cpus.map_or(1, |cpus| (cpus.round() as usize).max(1)));
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
    let memory = asked.map(|limits| limits.and_then(|limits| limits.memory_mib));
    let memory = memory.map(|mib| mib.filter(|mib| *mib > 0));
    let wanted: u64 = memory.iter().filter_map(|(_, mib)| *mib).sum();
    let factor = (MEMORY * memory_mib as f64 / wanted as f64).min(1.0);
    let memory_mib = memory.map(|mib| mib.map(|mib| ((mib as f64 * factor) as u64).max(LEAST)));
    Given { placement, memory_mib, less_memory: factor < 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(server: f64, db: f64, load: f64) -> PerPart<Option<Limits>> {
        let of =
            |cpus, memory_mib| Some(Limits { cpus: Some(cpus), memory_mib, ..Limits::default() });
        PerPart { server: of(server, Some(8192)), db: of(db, Some(65_536)), load: of(load, None) }
    }

    #[test]
    fn what_is_there_is_given_as_asked() {
        let given = give(&asked(6.0, 16.0, 4.0), &(0..32).collect(), 128 * 1024);
        assert_eq!(given.placement.to_string(), "server=0-5,db=6-21,load=22-25");
        assert_eq!(given.memory_mib.db, Some(65_536));
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
        assert_eq!(on(26).memory_mib.db, Some(29_491));
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
            asked.db,
            Some(Limits { cpus: Some(16.0), memory_mib: Some(65_536), ..Limits::default() })
        );
        assert_eq!(asked.server.and_then(|limits| limits.cpus), Some(6.0));
        assert!(asked.load.is_none() && !config.has("load"));
        assert_eq!(config.image("db"), Some("mysql:9"));
    }
}

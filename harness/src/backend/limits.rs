//! What the parts' limits ask for, and what of it a machine can give.

use crate::failure::Error;
use crate::os::cgroup::Limits;
use crate::os::machine;
use crate::os::part::{Part, PerPart};
use crate::os::placement::{Cpus, Placement};

/// The share of the machine's memory that containers may have in all: the rest is the kernel's and the harness's.
const MEMORY_SHARE: f64 = 0.9;

/// The least memory that an engine can limit a container to, in MiB.
const LEAST_MEMORY: u64 = 6;

/// The limits that each part asks for; absent where it asks for none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Asked(pub(super) PerPart<Option<Limits>>);

impl Asked {
    /// The limits in the variables that compose.yaml reads, as in `SERVER_CPUS` and `DB_MEMORY`.
    pub(super) fn by_variables(variable: impl Fn(&str) -> Option<String>) -> Asked {
        Asked(PerPart::from_fn(|part| {
            let name = part.name().to_uppercase();
            let cpus = variable(&format!("{name}_CPUS")).and_then(|cpus| cpus.parse().ok());
            let memory_mib =
                variable(&format!("{name}_MEMORY")).and_then(|size| machine::mib_of(&size));
            let limits = Limits { cpus, memory_mib, ..Limits::default() };
            Some(limits).filter(|limits| *limits != Limits::default())
        }))
    }

    fn cpus(&self) -> PerPart<Option<f64>> {
        self.0.as_ref().map(|limits| limits.as_ref()?.cpus)
    }

    fn memory_mib(&self) -> PerPart<Option<u64>> {
        self.0.as_ref().map(|limits| limits.as_ref()?.memory_mib.filter(|mib| *mib > 0))
    }

    /// Whether all parts together ask for more than a machine of this size has.
    pub(super) fn exceed(&self, cpus: usize, memory_mib: u64) -> bool {
        let asked_cpus: f64 = self.cpus().iter().filter_map(|(_, cpus)| *cpus).sum();
        asked_cpus > cpus as f64 || self.total_memory_mib() > memory_mib
    }

    /// Whether some part asks for more CPUs than `placement` gives it.
    pub(super) fn exceed_cpus_of(&self, placement: &Placement) -> bool {
        let asked = self.cpus();
        placement
            .sets
            .iter()
            .any(|(part, cpus)| asked.get(part).is_some_and(|asked| (cpus.count() as f64) < asked))
    }

    fn total_memory_mib(&self) -> u64 {
        self.memory_mib().iter().filter_map(|(_, mib)| *mib).sum()
    }

    /// Gives each part CPUs of its own and memory, as asked for, or on a smaller machine less, in proportion.
    pub(super) fn divide(&self, usable: &Cpus, memory_mib: u64) -> Given {
        let factor = (MEMORY_SHARE * memory_mib as f64 / self.total_memory_mib() as f64).min(1.0);
        let scaled = |mib: u64| ((mib as f64 * factor) as u64).max(LEAST_MEMORY);
        Given {
            placement: self.place(usable),
            memory_mib: self.memory_mib().map(|mib| mib.map(scaled)),
            less_memory: factor < 1.0,
        }
    }

    fn place(&self, usable: &Cpus) -> Placement {
        let PerPart { server, db, load } =
            self.cpus().map(|cpus| cpus.map_or(1, |cpus| (cpus.round() as usize).max(1)));
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
        if all <= there {
            divide(server, db, load)
        } else if there < 3 {
            Placement::by_size(usable)
        } else {
            let scaled = |cpus: usize| (cpus * there / all).max(1);
            let (server, load) = (scaled(server), scaled(load));
            divide(server, there - server - load, load)
        }
    }
}

/// What the parts are given.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Given {
    /// The CPUs of each part.
    pub(super) placement: Placement,
    /// How much memory, in MiB; absent where a part asks for none.
    pub(super) memory_mib: PerPart<Option<u64>>,
    /// Whether the memory is less than was asked for.
    pub(super) less_memory: bool,
}

/// Passes if the kernel holds a part to `cpus`, by a quota too if `has_quota`, and to a limit of memory: an engine may only
/// warn that it cannot.
///
/// # Errors
/// What the kernel does instead.
pub(super) fn check(
    part: Part,
    cpus: &Cpus,
    has_quota: bool,
    limits: &Limits,
) -> Result<(), Error> {
    let quota = has_quota.then_some(cpus.count() as f64);
    let set = Cpus::of_kernel(&limits.cpuset);
    if limits.cpus == quota && set.as_ref() == Some(cpus) && limits.memory_mib.is_some() {
        return Ok(());
    }
    Err(Error::Failed(format!(
        "the engine was asked to limit the {part} to CPUs {cpus}, and the kernel limits it to {limits:?}: enable the \
         kernel's control groups for CPU time, CPU sets and memory"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(server: f64, db: f64, load: f64) -> Asked {
        let of =
            |cpus, memory_mib| Some(Limits { cpus: Some(cpus), memory_mib, ..Limits::default() });
        let (server, db) = (of(server, Some(8192)), of(db, Some(65_536)));
        Asked(PerPart { server, db, load: of(load, None) })
    }

    #[test]
    fn what_is_there_is_given_as_asked() {
        let asked = asked(6.0, 16.0, 4.0);
        let given = asked.divide(&(0..32).collect(), 128 * 1024);
        assert_eq!(given.placement.to_string(), "server=0-5,db=6-21,load=22-25");
        assert_eq!(given.memory_mib.db, Some(65_536));
        assert!(!given.less_memory && !asked.exceed_cpus_of(&given.placement));
    }

    #[test]
    fn a_smaller_machine_is_divided_in_proportion() {
        let asked = asked(6.0, 16.0, 4.0);
        let on = |cpus: usize| asked.divide(&(0..cpus).collect(), 36_864);
        assert_eq!(on(13).placement.to_string(), "server=0-2,db=3-10,load=11-12");
        assert_eq!(on(4).placement.to_string(), "server=0,db=1-2,load=3");
        assert_eq!(on(3).placement.to_string(), "server=0,db=1,load=2");
        assert_eq!(on(2).placement.to_string(), "server=0,db=1,load=1");
        assert_eq!(on(1).placement.to_string(), "server=0,db=0,load=0");
        // 0.9 of 36 GiB for the 72 that were asked for.
        assert_eq!(on(26).memory_mib.db, Some(29_491));
        assert!(on(26).less_memory && !asked.exceed_cpus_of(&on(26).placement));
        assert!(asked.exceed_cpus_of(&on(25).placement));
    }

    #[test]
    fn a_machine_that_has_less_than_all_parts_ask_for_is_exceeded() {
        let variable = |name: &str| match name {
            "SERVER_CPUS" => Some("6".to_owned()),
            "DB_CPUS" => Some("16".to_owned()),
            "DB_MEMORY" => Some("64g".to_owned()),
            _ => None,
        };
        let asked = Asked::by_variables(variable);
        assert_eq!(
            asked.0.db,
            Some(Limits { cpus: Some(16.0), memory_mib: Some(65_536), ..Limits::default() })
        );
        assert_eq!(asked.0.load, None);
        assert!(!asked.exceed(22, 65_536));
        assert!(asked.exceed(21, 65_536));
        assert!(asked.exceed(22, 65_535));
    }

    #[test]
    fn a_limit_that_the_kernel_does_not_hold_is_an_error() {
        let cpus: Cpus = [0, 1].into_iter().collect();
        let limits =
            |cpus, cpuset: &str, memory_mib| Limits { cpus, cpuset: cpuset.into(), memory_mib };
        let held =
            |has_quota, limits: Limits| check(Part::Server, &cpus, has_quota, &limits).is_ok();
        assert!(held(true, limits(Some(2.0), "0-1", Some(100))));
        assert!(held(false, limits(None, "0-1", Some(100))));
        assert!(!held(true, limits(None, "0-1", Some(100))));
        assert!(!held(true, limits(Some(2.0), "0-3", Some(100))));
        assert!(!held(true, limits(Some(2.0), "0-1", None)));
    }
}

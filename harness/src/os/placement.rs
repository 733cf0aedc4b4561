//! The CPUs that the server, the database and the load run on.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::os::part::{Part, PerPart, present};

/// A set of CPUs, by the kernel's numbers. It is written as in `0-5+8`, and is never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cpus(BTreeSet<usize>);

impl Cpus {
    /// The CPUs in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().copied()
    }

    /// The CPU for turn `turn`: turns go through the CPUs in ascending order, then start again from the first.
    #[must_use]
    pub fn in_turn(&self, turn: u32) -> usize {
        let mut cpus = self.iter();
        cpus.nth(turn as usize % self.count()).expect("a set of CPUs is never empty")
    }

    /// The number of CPUs.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Parses the kernel's notation, as in `0-5,8`; `None` where it lists no CPU.
    #[must_use]
    pub fn of_kernel(list: &str) -> Option<Cpus> {
        list.trim().replace(',', "+").parse().ok()
    }

    /// Whether some CPU is in both sets.
    #[must_use]
    pub fn overlaps(&self, other: &Cpus) -> bool {
        !self.0.is_disjoint(&other.0)
    }

    /// The set as the kernel's CPU mask.
    #[must_use]
    pub fn mask(&self) -> CpuSet {
        let mut mask = CpuSet::new();
        for cpu in self.iter() {
            mask.set(cpu).expect("no CPU number that the kernel gave is beyond the kernel's mask");
        }
        mask
    }
}

impl FromIterator<usize> for Cpus {
    fn from_iter<I: IntoIterator<Item = usize>>(cpus: I) -> Cpus {
        Cpus(cpus.into_iter().collect())
    }
}

impl fmt::Display for Cpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cpus: Vec<usize> = self.iter().collect();
        let ranges = cpus.chunk_by(|a, b| a + 1 == *b).map(|range| match range {
            [one] => one.to_string(),
            [first, .., last] => format!("{first}-{last}"),
            [] => String::new(),
        });
        f.write_str(&ranges.collect::<Vec<_>>().join("+"))
    }
}

impl FromStr for Cpus {
    type Err = PlacementError;
    fn from_str(text: &str) -> Result<Cpus, PlacementError> {
        let bad = || PlacementError::NotASet(text.to_owned());
        let mut cpus = BTreeSet::new();
        for part in text.split('+') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let first: usize = first.trim().parse().map_err(|_| bad())?;
            let last: usize = last.trim().parse().map_err(|_| bad())?;
            // The kernel's own limit, without which `0-99999999999` would fill the memory.
            if first > last || last >= CpuSet::count() {
                return Err(bad());
            }
            cpus.extend(first..=last);
        }
        Ok(Cpus(cpus))
    }
}

impl TryFrom<String> for Cpus {
    type Error = PlacementError;
    fn try_from(text: String) -> Result<Cpus, PlacementError> {
        text.parse()
    }
}

impl From<Cpus> for String {
    fn from(cpus: Cpus) -> String {
        cpus.to_string()
    }
}

/// The CPUs of each part, and the share of their time that it may use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placement {
    /// The CPUs that each part runs on.
    #[serde(flatten)]
    pub sets: PerPart<Cpus>,
    /// The quota of each part in CPUs' worth of time, as in 1.5; absent where a part may use all time of its CPUs.
    #[serde(with = "present", skip_serializing_if = "PerPart::is_empty", default)]
    pub quota: PerPart<Option<f64>>,
}

/// A placement that this machine cannot provide.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlacementError {
    /// The text is not a set of CPUs.
    #[error("{0:?} is not a set of CPUs; write it like 0, 0-3 or 0-3+8")]
    NotASet(String),
    /// The text does not place each of the three parts once.
    #[error("{0:?} does not place server, db and load; write it like server=0,db=1,load=1")]
    NotAPlacement(String),
    /// A CPU does not exist, or this process may not use it.
    #[error("CPU {cpu} of {part} is not one this process may use ({usable}); choose among those")]
    NotUsable {
        /// The part that the CPU was meant for.
        part: Part,
        /// The CPU's number.
        cpu: usize,
        /// The CPUs that this process may use.
        usable: String,
    },
    /// The kernel does not say which CPUs this process may use.
    #[error("the kernel does not say which CPUs this process may use: {0}")]
    Unknown(String),
}

impl Placement {
    /// A placement without quotas: each part may use all time of its CPUs.
    #[must_use]
    pub fn new(server: Cpus, db: Cpus, load: Cpus) -> Placement {
        Placement { sets: PerPart { server, db, load }, quota: PerPart::default() }
    }

    /// The CPUs that this process may use.
    ///
    /// # Errors
    /// When the kernel does not say which they are.
    pub fn usable() -> Result<Cpus, PlacementError> {
        let mask = sched_getaffinity(Pid::from_raw(0))
            .map_err(|error| PlacementError::Unknown(error.to_string()))?;
        Ok((0..CpuSet::count()).filter(|cpu| mask.is_set(*cpu).unwrap_or(false)).collect())
    }

    /// Divides the usable CPUs by what the work costs: a lookup takes about twice as long in the database as in a
    /// server, and half as long in the load.
    ///
    /// From 3 CPUs on, the sets are disjoint. On 2 CPUs, the server has one for itself. The server's set never
    /// exceeds 6, so that larger machines stay comparable.
    #[must_use]
    pub fn by_size(usable: &Cpus) -> Placement {
        let cpus: Vec<usize> = usable.iter().collect();
        let take = |range: std::ops::Range<usize>| cpus[range].iter().copied().collect::<Cpus>();
        match cpus.len() {
            0 | 1 => Placement::new(usable.clone(), usable.clone(), usable.clone()),
            2 => Placement::new(take(0..1), take(1..2), take(1..2)),
            count => {
                let server = (count / 4).clamp(1, 6);
                let load = (count / 6).clamp(1, 8);
                Placement::new(
                    take(0..server),
                    take(server..count - load),
                    take(count - load..count),
                )
            }
        }
    }

    /// Parses a text like `server=0,db=1,load=1`, and checks it against the usable CPUs.
    ///
    /// # Errors
    /// When the text does not have that form, or names a CPU that is not usable.
    pub fn parse(text: &str, usable: &Cpus) -> Result<Placement, PlacementError> {
        let bad = || PlacementError::NotAPlacement(text.to_owned());
        let mut sets: PerPart<Option<Cpus>> = PerPart::default();
        for part in text.split(',') {
            let (name, set) = part.split_once('=').ok_or_else(bad)?;
            let part = Part::named(name.trim()).ok_or_else(bad)?;
            if sets.get_mut(part).replace(set.parse()?).is_some() {
                return Err(bad());
            }
        }
        let sets = sets.all().ok_or_else(bad)?;
        for (part, set) in sets.iter() {
            if let Some(cpu) = set.iter().find(|cpu| !usable.0.contains(cpu)) {
                return Err(PlacementError::NotUsable { part, cpu, usable: usable.to_string() });
            }
        }
        Ok(Placement { sets, quota: PerPart::default() })
    }

    /// The CPUs that any part runs on.
    #[must_use]
    pub fn all(&self) -> Cpus {
        self.sets.iter().flat_map(|(_, cpus)| cpus.iter()).collect()
    }

    /// The pairs of parts that have no CPU in common, but CPUs of the same core: `cores` are the CPUs of each core that has
    /// several. What one of them does slows the other down.
    #[must_use]
    pub fn sharing_cores(&self, cores: &[Cpus]) -> Vec<(Part, Part)> {
        let [server, db, load] = Part::ALL;
        let share = |(a, b): &(Part, Part)| {
            let (a, b) = (self.sets.get(*a), self.sets.get(*b));
            !a.overlaps(b) && cores.iter().any(|core| core.overlaps(a) && core.overlaps(b))
        };
        [(server, db), (server, load), (db, load)].into_iter().filter(share).collect()
    }

    /// Whether the load has CPUs that nothing else of the run uses.
    #[must_use]
    pub fn load_is_alone(&self) -> bool {
        let PerPart { server, db, load } = &self.sets;
        !load.overlaps(server) && !load.overlaps(db)
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sets: Vec<_> = self.sets.iter().map(|(part, cpus)| format!("{part}={cpus}")).collect();
        f.write_str(&sets.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cpus(count: usize) -> Cpus {
        (0..count).collect()
    }

    #[test]
    fn two_cores_give_the_server_one_alone() {
        assert_eq!(Placement::by_size(&cpus(2)).to_string(), "server=0,db=1,load=1");
    }

    #[test]
    fn the_kernels_lists_are_read() {
        assert_eq!(Cpus::of_kernel("0-3,8\n").unwrap().to_string(), "0-3+8");
        assert_eq!(Cpus::of_kernel("\n"), None);
    }

    #[test]
    fn sixteen_cores_are_disjoint() {
        assert_eq!(Placement::by_size(&cpus(16)).to_string(), "server=0-3,db=4-13,load=14-15");
    }

    #[test]
    fn what_cannot_be_is_refused_in_one_sentence() {
        for (text, says) in [
            ("server=0,db=1", "does not place"),
            ("server=0,db=1,load=1,load=0", "does not place"),
            ("server=x,db=1,load=1", "not a set"),
            ("server=3-1,db=1,load=1", "not a set"),
            ("server=0-99999999999,db=1,load=1", "not a set"),
            ("server=0,db=7,load=1", "CPU 7 of db"),
        ] {
            let error = Placement::parse(text, &cpus(2)).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn parts_on_one_core_are_found() {
        let cores = |lists: &[&str]| -> Vec<Cpus> {
            lists.iter().map(|list| list.parse().unwrap()).collect()
        };
        let placement = Placement::by_size(&cpus(4));
        assert_eq!(placement.to_string(), "server=0,db=1-2,load=3");
        assert_eq!(placement.sharing_cores(&[]), []);
        assert_eq!(placement.sharing_cores(&cores(&["1-2"])), [], "that is one part's core");
        let shared = placement.sharing_cores(&cores(&["0+2", "1+3"]));
        assert_eq!(shared, [(Part::Server, Part::Db), (Part::Db, Part::Load)]);
        // Parts with a CPU in common are told of as such.
        let two = Placement::by_size(&cpus(2)).sharing_cores(&cores(&["0-1"]));
        assert_eq!(two, [(Part::Server, Part::Db), (Part::Server, Part::Load)]);
    }

    proptest! {
        #[test]
        fn every_size_is_placed_and_reads_back(count in 1usize..200) {
            let usable = cpus(count);
            let placement = Placement::by_size(&usable);
            prop_assert_eq!(&Placement::parse(&placement.to_string(), &usable).unwrap(), &placement);
            if count > 2 {
                prop_assert!(placement.load_is_alone());
                prop_assert!(!placement.sets.server.overlaps(&placement.sets.db));
            }
        }
    }
}

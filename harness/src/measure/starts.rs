//! What a server needs to be there: the time of a start, memory when idle and at its peak, and its size.

use std::collections::BTreeMap;

use crate::definition::server::RunServer;
use crate::format::folder::Raw;
use crate::format::journal::Entry;
use crate::format::measured::Start;
use crate::stats::{self, Estimate};

/// The figures of a server's starts, and its size. A figure that the run did not record, or recorded of fewer than two
/// starts, is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StartFigures {
    /// The time from the start of the process to its first right answer, in milliseconds, over starts.
    pub first_answer: Option<Estimate>,
    /// Anonymous memory at that answer in MiB, over starts.
    pub idle_memory: Option<Estimate>,
    /// Resident memory at that answer in MiB, over starts.
    pub idle_resident: Option<Estimate>,
    /// The largest anonymous memory in any window of a block in MiB, over blocks, in each of which the server was started.
    pub peak_memory: Option<Estimate>,
    /// The size of the server's program in MiB, as it was built; absent where it ran from an image.
    pub program: Option<f64>,
    /// The size of the server's image in MiB; absent outside of containers.
    pub image: Option<f64>,
}

impl StartFigures {
    /// The figures of a server of a run.
    #[must_use]
    pub fn of(raw: &Raw, server: &RunServer) -> StartFigures {
        let starts = starts(raw, server);
        let over = |figure: &dyn Fn(&Start) -> Option<f64>| {
            stats::mean(&starts.iter().filter_map(|start| figure(start)).collect::<Vec<_>>())
        };
        let (program, image) = size(raw, server);
        StartFigures {
            first_answer: over(&|start| Some(start.first_answer?.as_secs() * 1e3)),
            idle_memory: over(&|start| start.idle_anonymous_kib.map(mib)),
            idle_resident: over(&|start| start.idle_resident_kib.map(mib)),
            peak_memory: peak(raw, server),
            program,
            image,
        }
    }

    /// Whether a run recorded any start, so that there is something to show.
    #[must_use]
    pub fn are_recorded(raw: &Raw) -> bool {
        raw.entries.iter().any(|entry| matches!(entry, Entry::Started { .. }))
    }
}

fn starts<'a>(raw: &'a Raw, server: &RunServer) -> Vec<&'a Start> {
    let of_server = raw.entries.iter().filter_map(|entry| match entry {
        Entry::Started { server: name, start, .. } if *name == server.name => Some(start),
        _ => None,
    });
    of_server.collect()
}

fn peak(raw: &Raw, server: &RunServer) -> Option<Estimate> {
    let mut blocks: BTreeMap<u32, u64> = BTreeMap::new();
    for entry in &raw.entries {
        if let Entry::Trial(trial) = entry
            && trial.server == server.name
        {
            let peak = blocks.entry(trial.block).or_default();
            *peak = (*peak).max(trial.measured.resources.server.anonymous_kib);
        }
    }
    stats::mean(&blocks.into_values().map(mib).collect::<Vec<_>>())
}

/// The size of the program and of the image, whichever the server ran from. A copy of a server under another name is not
/// verified again.
fn size(raw: &Raw, server: &RunServer) -> (Option<f64>, Option<f64>) {
    let of = |wanted: &str| {
        raw.entries.iter().find_map(|entry| match entry {
            Entry::Verified { server, image, bytes, .. } if server == wanted => {
                let size = (*bytes)? as f64 / 1024.0 / 1024.0;
                Some(if image.is_some() { (None, Some(size)) } else { (Some(size), None) })
            }
            _ => None,
        })
    };
    let of_original = || server.twin_of.as_deref().and_then(of);
    of(&server.name).or_else(of_original).unwrap_or_default()
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::synthetic_run::{SMALL, SyntheticServer, run, synthetic};
    use crate::units::Nanos;

    #[test]
    fn starts_have_intervals_and_a_twin_has_the_size_of_its_original() {
        let twin = SyntheticServer { twin_of: Some("a"), ..synthetic("again", 50.0, SMALL) };
        let mut raw = run(&[synthetic("a", 50.0, SMALL), twin]);
        assert!(!StartFigures::are_recorded(&raw));
        for entry in &mut raw.entries {
            let Entry::Trial(trial) = entry else { panic!("the run has only trials") };
            trial.measured.resources.server.anonymous_kib = 1024 * u64::from(trial.block);
        }
        for block in 1..=3 {
            let start = Start {
                first_answer: Some(Nanos(u64::from(block) * 10_000_000)),
                idle_anonymous_kib: Some(2048),
                idle_resident_kib: (block == 1).then_some(4096),
            };
            raw.entries.push(Entry::Started { block, server: "a".into(), start });
        }
        raw.entries.push(Entry::Verified {
            server: "a".into(),
            version: "a 1".into(),
            image: None,
            bytes: Some(3 << 20),
        });
        assert!(StartFigures::are_recorded(&raw));
        let of = |place: usize| StartFigures::of(&raw, &raw.run.server[place]);
        let (figures, of_twin) = (of(0), of(1));
        let first = figures.first_answer.unwrap();
        assert_eq!((first.mean, first.count), (20.0, 3));
        assert!(first.lo < 20.0 && first.hi > 20.0);
        assert_eq!(figures.idle_memory.map(|memory| memory.mean), Some(2.0));
        assert_eq!(figures.idle_resident, None, "one start has no interval");
        assert_eq!(figures.peak_memory.map(|memory| (memory.mean, memory.count)), Some((4.5, 8)));
        assert_eq!((figures.program, figures.image), (Some(3.0), None));
        assert_eq!((of_twin.first_answer, of_twin.program), (None, Some(3.0)));
    }
}

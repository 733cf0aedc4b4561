//! The rounds of a block, pooled: a server's trials of one cell between two of its starts are one value.
//!
//! Rounds of a block share what its start gave the server, such as where its memory lies, so they are no independent
//! values; blocks are. What an interval is taken over is therefore the block.

use std::collections::BTreeMap;

use crate::format::journal::Trial;

/// The trials of one server in one cell, one for each block: sums over the block's rounds, and histograms of all their
/// requests. In the order of the blocks.
pub(super) fn pooled(trials: &[&Trial]) -> Vec<Trial> {
    let mut blocks: BTreeMap<u32, Trial> = BTreeMap::new();
    for trial in trials {
        let Some(block) = blocks.get_mut(&trial.block) else {
            blocks.insert(trial.block, (*trial).clone());
            continue;
        };
        let (sum, more) = (&mut block.measured, &trial.measured);
        sum.record.extend(&more.record);
        sum.resources = sum.resources.and(&more.resources);
        // A block is as steady as its least steady round.
        sum.warmup =
            sum.warmup.zip(more.warmup).map(|(one, other)| if one.steady { other } else { one });
    }
    blocks.into_values().collect()
}

#[cfg(test)]
mod tests {
    use crate::format::journal::Entry;
    use crate::format::synthetic_run::{SMALL, run, synthetic};
    use crate::measure::{Figures, measurements};
    use crate::units::Nanos;

    /// A run of one server whose trials are `rounds` rounds each, of equal parts.
    fn in_rounds(rounds: u32) -> Figures {
        let mut raw = run(&[synthetic("a", 50.0, SMALL)]);
        raw.run.rounds = rounds;
        raw.entries = raw
            .entries
            .iter()
            .flat_map(|entry| {
                let Entry::Trial(whole) = entry else { return vec![entry.clone()] };
                (1..=rounds)
                    .map(|round| {
                        let mut part = whole.clone();
                        part.round = round;
                        let (record, resources) =
                            (&mut part.measured.record, &mut part.measured.resources);
                        record.right_in_window /= u64::from(rounds);
                        for time in [
                            &mut record.window,
                            &mut resources.interval,
                            &mut resources.server.cpu,
                            &mut resources.load.cpu,
                        ] {
                            *time = Nanos(time.0 / u64::from(rounds));
                        }
                        Entry::Trial(part)
                    })
                    .collect()
            })
            .collect();
        measurements(&raw).remove(0).figures.unwrap()
    }

    #[test]
    fn rounds_that_are_parts_of_a_window_give_its_figures() {
        let (whole, parts) = (in_rounds(1), in_rounds(4));
        for (one, other) in [
            (whole.goodput, parts.goodput),
            (whole.server_cpu.unwrap(), parts.server_cpu.unwrap()),
            (whole.load_cpu.unwrap(), parts.load_cpu.unwrap()),
        ] {
            assert!((one.mean / other.mean - 1.0).abs() < 1e-3, "{one:?} {other:?}");
            assert!(
                (one.half_width() - other.half_width()).abs() < 1e-2 * one.mean,
                "{one:?} {other:?}"
            );
        }
    }
}

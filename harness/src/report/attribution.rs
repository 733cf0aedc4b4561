//! What decides the server's CPU time: how much of the differences between a chapter's cells is due to each axis of the
//! servers and to the kind of work, in words and as a table.

use crate::format::folder::Raw;
use crate::stats::{Factors, Share, attribution};

use super::crossed::Crossed;
use super::effect::{self, Effect, effects};
use super::number::percent_with_ends;
use super::table::Table;

/// The name of the factor that is the scenario.
const WORKLOAD: &str = "workload";

/// A share below this is none.
const NOTHING: f64 = 0.0005;

/// What each factor decides, and their interactions.
#[derive(Clone, Debug)]
pub struct Attribution {
    /// The names of the factors, in the order of their bits.
    pub factors: Vec<String>,
    /// The shares, of every set of factors.
    pub shares: Vec<Share>,
    /// What each value of an axis costs over all others.
    pub effects: Vec<Effect>,
}

impl Attribution {
    /// The attribution of a chapter's cells under closed loads; absent where its contenders are not crossed: each combination of
    /// the values of at least two axes must have one server, measured in every block.
    #[must_use]
    pub fn of(raw: &Raw) -> Option<Attribution> {
        let crossed = Crossed::of(raw).filter(|crossed| crossed.axes.len() > 1)?;
        let Crossed { axes, cells, blocks } = crossed;
        let mut factors: Vec<String> = axes.iter().map(|(axis, _)| axis.clone()).collect();
        let mut levels: Vec<usize> = axes.iter().map(|(_, values)| values.len()).collect();
        if cells.len() > 1 {
            factors.push(WORKLOAD.to_owned());
            levels.push(cells.len());
        }
        let mut blocks: Vec<Vec<f64>> = blocks.into_values().collect();
        blocks.iter_mut().for_each(|block| centre(block, cells.len()));
        let shares = attribution(&levels, &blocks)?;
        Some(Attribution { factors, shares, effects: effects(raw) })
    }

    /// The names of a set of factors.
    pub(super) fn names(&self, factors: Factors) -> impl Iterator<Item = &str> {
        let of_set = self.factors.iter().enumerate();
        let of_set = of_set.filter(move |(bit, _)| factors & (1 << bit) != 0);
        of_set.map(|(_, name)| name.as_str())
    }

    /// The name of a set of factors, such as `framework × layer`.
    pub(super) fn name(&self, factors: Factors) -> String {
        self.names(factors).collect::<Vec<_>>().join(" × ")
    }

    /// The shares of single factors but the work, the largest first.
    fn own(&self) -> Vec<&Share> {
        let mut own: Vec<&Share> = self
            .shares
            .iter()
            .filter(|share| share.factors.count_ones() == 1 && self.name(share.factors) != WORKLOAD)
            .collect();
        own.sort_by(|one, other| other.share.mean.total_cmp(&one.share.mean));
        own
    }

    /// The shares of axes together, without the work, that are shown to be more than nothing.
    fn together(&self) -> impl Iterator<Item = &Share> {
        let work = self.factors.iter().position(|name| name == WORKLOAD);
        let is_of_work =
            move |share: &Share| work.is_some_and(|bit| share.factors & (1 << bit) != 0);
        self.shares.iter().filter(move |share| {
            share.factors.count_ones() > 1 && !is_of_work(share) && share.share.lo >= NOTHING
        })
    }

    /// What decides most, and what each value costs: a sentence or two for each.
    #[must_use]
    pub fn in_words(&self) -> Vec<String> {
        std::iter::once(self.deciding()).chain(effect::in_words(&self.effects, None)).collect()
    }

    /// What decides most, and what each value of one axis costs.
    pub(super) fn of_axis(&self, axis: &str) -> Vec<String> {
        let effects = effect::in_words(&self.effects, Some(axis));
        std::iter::once(self.deciding()).chain(effects).collect()
    }

    /// What decides most; with the number of times only where the intervals of the two do not meet.
    fn deciding(&self) -> String {
        let own = self.own();
        let Some((first, others)) = own.split_first() else { return String::new() };
        let times = others.first().filter(|next| first.share.lo > next.share.hi).map(|next| {
            let times = first.share.mean / next.share.mean.max(f64::MIN_POSITIVE);
            let times = match times {
                few if few < 9.5 => format!("{few:.1} times as much"),
                many if many < 99.5 => format!("{many:.0} times as much"),
                _ => "far more".to_owned(),
            };
            let (first, next) = (self.name(first.factors), self.name(next.factors));
            let than = if times == "far more" { "than" } else { "as" };
            format!("The {first} decides {times} of the server's CPU time {than} the {next}. ")
        });
        let due = |(place, share): (usize, &&Share)| {
            let is = if place == 0 { "is due to" } else { "to" };
            format!("{} {is} the {}", percent_with_ends(&share.share), self.name(share.factors))
        };
        let due: Vec<String> = own.iter().enumerate().map(due).collect();
        let due = super::answer::joined(&due);
        let together = self.together().map(|share| {
            format!(
                " A further {} is due to {}: what a value of the one makes more or less with one value of the other.",
                percent_with_ends(&share.share),
                self.name(share.factors)
            )
        });
        format!(
            "{}Of the variance of the server's CPU time between servers, {due}.{}",
            times.unwrap_or_default(),
            together.collect::<String>()
        )
    }

    /// A row for each set of factors, the largest share first; those that are nothing are left out.
    #[must_use]
    pub fn table(&self) -> Table {
        let mut table = Table::new(&["decided by", "share of the variance", "typical factor"]);
        let mut shares: Vec<&Share> =
            self.shares.iter().filter(|share| share.share.hi >= NOTHING).collect();
        shares.sort_by(|one, other| other.share.mean.total_cmp(&one.share.mean));
        for share in shares {
            table.row(vec![
                self.name(share.factors),
                percent_with_ends(&share.share),
                format!("× {:.2}", share.typical),
            ]);
        }
        table
    }
}

/// Takes from each figure of a block the mean of all servers for the same kind of work: that works differ says nothing of
/// servers. The figures of one server for all works follow each other.
fn centre(block: &mut [f64], works: usize) {
    let servers = (block.len() / works) as f64;
    for work in 0..works {
        let mean = block.iter().skip(work).step_by(works).sum::<f64>() / servers;
        block.iter_mut().skip(work).step_by(works).for_each(|figure| *figure -= mean);
    }
}

/// What must be known to read the table.
pub(super) const LEGEND: &str = "How much of the variance of the logarithm of the server's CPU time per request, between \
     servers that do the same work, is due to each; `a × b` is what a makes more or less with one value of \
     b than with another. The typical factor is by how much it moves the CPU time up or down. Noise is taken out; intervals \
     are of 95%, over blocks.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Estimate;

    fn estimate(mean: f64, lo: f64, hi: f64) -> Estimate {
        Estimate { mean, lo, hi, count: 10 }
    }

    fn attribution(layer: Estimate, framework: Estimate) -> Attribution {
        let share = |factors, share| Share { factors, share, typical: 1.2 };
        Attribution {
            factors: vec!["framework".into(), "layer".into()],
            effects: Vec::new(),
            shares: vec![
                share(0b01, framework),
                share(0b10, layer),
                share(0b11, estimate(0.0, 0.0, 0.0)),
            ],
        }
    }

    #[test]
    fn the_number_of_times_is_said_only_where_it_is_sure() {
        let sure = attribution(estimate(0.8, 0.75, 0.85), estimate(0.1, 0.05, 0.15));
        assert!(
            sure.deciding().starts_with("The layer decides 8.0 times as much"),
            "{}",
            sure.deciding()
        );
        let unsure = attribution(estimate(0.5, 0.3, 0.7), estimate(0.4, 0.2, 0.6));
        assert!(unsure.deciding().starts_with("Of the variance"), "{}", unsure.deciding());
        assert_eq!(sure.table().rows().len(), 2, "what is nothing has no row");
    }

    #[test]
    fn works_are_not_compared_with_each_other() {
        let mut block = vec![1.0, 10.0, 3.0, 30.0];
        centre(&mut block, 2);
        assert_eq!(block, [-1.0, -10.0, 1.0, 10.0]);
    }
}

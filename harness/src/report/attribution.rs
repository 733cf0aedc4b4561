//! What decides the server's CPU time: how much of the differences between a chapter's cells is due to each axis of the
//! servers and to the kind of work, in words and as a table.

use std::collections::BTreeSet;

use crate::definition::Role;
use crate::definition::cell::Cell;
use crate::definition::server::RunServer;
use crate::format::folder::Raw;
use crate::measure::block::{Blocks, Metric};
use crate::stats::{Factors, Share, attribution};

use super::number::percent_with_ends;
use super::table::Table;

/// The name of the factor that is the scenario.
const WORKLOAD: &str = "workload";

/// What each factor decides, and their interactions.
#[derive(Clone, Debug)]
pub struct Attribution {
    /// The names of the factors, in the order of their bits.
    pub factors: Vec<String>,
    /// The shares, of every set of factors.
    pub shares: Vec<Share>,
}

impl Attribution {
    /// The attribution of a chapter's cells under closed loads; absent where its contenders are not crossed: each combination of
    /// the values of at least two axes must have one server, measured in every block.
    #[must_use]
    pub fn of(raw: &Raw) -> Option<Attribution> {
        let contenders: Vec<&RunServer> = raw
            .run
            .server
            .iter()
            .filter(|server| server.role == Role::Contender && server.twin_of.is_none())
            .collect();
        let first_closed = |cell: &&Cell| {
            let is_same = |other: &Cell| {
                other.scenario.name == cell.scenario.name
                    && Metric::of_cell(other).contains(&Metric::Goodput)
            };
            raw.run.cell.iter().find(|other| is_same(other)).is_some_and(|first| first == *cell)
        };
        let cells: Vec<&Cell> = raw.run.cell.iter().filter(first_closed).collect();
        let axes = crossed(&contenders)?;
        let mut factors: Vec<String> = axes.iter().map(|(axis, _)| axis.clone()).collect();
        let mut levels: Vec<usize> = axes.iter().map(|(_, values)| values.len()).collect();
        if cells.len() > 1 {
            factors.push(WORKLOAD.to_owned());
            levels.push(cells.len());
        }
        if factors.len() < 2 {
            return None;
        }
        let ordered = combinations(&axes)
            .map(|values| {
                let is_it = |server: &&&RunServer| {
                    let mut pairs = axes.iter().zip(&values);
                    pairs.all(|((axis, _), value)| server.axes.get(axis) == value)
                };
                contenders.iter().find(is_it).copied()
            })
            .collect::<Option<Vec<_>>>()?;
        let mut samples = Vec::new();
        for server in &ordered {
            for cell in &cells {
                samples.push(Blocks::of(raw, &server.name, cell, Metric::ServerCpu)?.values);
            }
        }
        let numbers: BTreeSet<u32> =
            samples.iter().flat_map(|blocks| blocks.keys().copied()).collect();
        // A block that lacks a cell would give the others another weight.
        let mut blocks: Vec<Vec<f64>> = numbers
            .into_iter()
            .filter_map(|block| {
                samples.iter().map(|values| Some(values.get(&block)?.ln())).collect()
            })
            .collect();
        blocks.iter_mut().for_each(|block| centre(block, cells.len()));
        let shares = attribution(&levels, &blocks)?;
        Some(Attribution { factors, shares })
    }

    /// The names of a set of factors, such as `framework × layer`.
    fn name(&self, factors: Factors) -> String {
        let of_set = self.factors.iter().enumerate().filter(|(bit, _)| factors & (1 << bit) != 0);
        of_set.map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(" × ")
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

    /// What decides most, in a sentence or two; with the number of times only where the intervals of the two do not meet.
    #[must_use]
    pub fn in_words(&self) -> String {
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
        format!(
            "{}Of the variance of the server's CPU time between servers, {due}.",
            times.unwrap_or_default()
        )
    }

    /// A row for each set of factors, the largest share first; those that are nothing are left out.
    #[must_use]
    pub fn table(&self) -> Table {
        let mut table = Table::new(&["decided by", "share of the variance", "typical factor"]);
        let mut shares: Vec<&Share> =
            self.shares.iter().filter(|share| share.share.hi >= 0.0005).collect();
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

/// The axes on which servers differ, with their values in the servers' order; absent unless each combination of values has
/// exactly one server. An axis that another determines, as a driver by its layer, is left out.
fn crossed(servers: &[&RunServer]) -> Option<Vec<(String, Vec<String>)>> {
    let first = servers.first()?;
    let mut axes: Vec<(String, Vec<String>)> = Vec::new();
    for (axis, _) in first.axes.iter() {
        let mut values: Vec<String> = Vec::new();
        for server in servers {
            let value = server.axes.get(axis).to_owned();
            if !values.contains(&value) {
                values.push(value);
            }
        }
        if values.len() > 1 {
            axes.push((axis.to_owned(), values));
        }
    }
    let is_crossed = |axes: &[(String, Vec<String>)]| {
        let cells: usize = axes.iter().map(|(_, values)| values.len()).product();
        let keys: BTreeSet<Vec<&str>> = servers
            .iter()
            .map(|server| axes.iter().map(|(axis, _)| server.axes.get(axis)).collect())
            .collect();
        cells == servers.len() && keys.len() == servers.len()
    };
    if is_crossed(&axes) {
        return Some(axes);
    }
    // Without the axes that say nothing more than the others.
    (0..axes.len()).find_map(|left_out| {
        let mut fewer = axes.clone();
        fewer.remove(left_out);
        is_crossed(&fewer).then_some(fewer)
    })
}

/// Every combination of values, those of the last axis following each other.
fn combinations(axes: &[(String, Vec<String>)]) -> impl Iterator<Item = Vec<String>> + '_ {
    let count: usize = axes.iter().map(|(_, values)| values.len()).product();
    (0..count).map(move |mut place| {
        let mut values: Vec<String> = Vec::new();
        for (_, all) in axes.iter().rev() {
            values.push(all[place % all.len()].clone());
            place /= all.len();
        }
        values.reverse();
        values
    })
}

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
            sure.in_words().starts_with("The layer decides 8.0 times as much"),
            "{}",
            sure.in_words()
        );
        let unsure = attribution(estimate(0.5, 0.3, 0.7), estimate(0.4, 0.2, 0.6));
        assert!(unsure.in_words().starts_with("Of the variance"), "{}", unsure.in_words());
        assert_eq!(sure.table().rows().len(), 2, "what is nothing has no row");
    }

    #[test]
    fn works_are_not_compared_with_each_other() {
        let mut block = vec![1.0, 10.0, 3.0, 30.0];
        centre(&mut block, 2);
        assert_eq!(block, [-1.0, -10.0, 1.0, 10.0]);
    }

    #[test]
    fn combinations_have_the_last_axis_first() {
        let axes = [("a", vec!["1", "2"]), ("b", vec!["x", "y"])].map(|(axis, values)| {
            (axis.to_owned(), values.iter().map(ToString::to_string).collect())
        });
        let all: Vec<String> = combinations(&axes).map(|values| values.concat()).collect();
        assert_eq!(all, ["1x", "1y", "2x", "2y"]);
    }
}

//! Servers of which each combination of the values of some axes is there once, so that what each axis decides can be told
//! apart.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::Role;
use crate::definition::cell::Cell;
use crate::definition::server::RunServer;
use crate::format::folder::Raw;
use crate::measure::block::{Blocks, Metric};

/// A chapter's contenders, crossed, and their CPU times in its cells under closed loads.
pub(super) struct Crossed<'a> {
    /// The axes on which they differ, with their values in the servers' order.
    pub(super) axes: Vec<(String, Vec<String>)>,
    /// The scenarios' first cells under a closed load.
    pub(super) cells: Vec<&'a Cell>,
    /// By block: the logarithm of each server's CPU time in each cell, the cells of a server following each other, and the
    /// values of the last axis before those of others. Only blocks that have all of them: one that lacks a cell would give the
    /// others another weight.
    pub(super) blocks: BTreeMap<u32, Vec<f64>>,
}

impl<'a> Crossed<'a> {
    /// Absent where the contenders are not crossed: each combination of the values of the axes on which they differ must have
    /// exactly one server, measured under closed loads.
    pub(super) fn of(raw: &'a Raw) -> Option<Crossed<'a>> {
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
        let whole = numbers.into_iter().filter_map(|block| {
            let logs = samples.iter().map(|values| Some(values.get(&block)?.ln()));
            Some((block, logs.collect::<Option<Vec<f64>>>()?))
        });
        let blocks = whole.collect();
        Some(Crossed { axes, cells, blocks })
    }
}

/// The axes on which servers differ, with their values in the servers' order; absent unless each combination of values has
/// exactly one server. An axis that the others determine, as a driver by its layer, is left out.
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

    #[test]
    fn combinations_have_the_last_axis_first() {
        let axes = [("a", vec!["1", "2"]), ("b", vec!["x", "y"])].map(|(axis, values)| {
            (axis.to_owned(), values.iter().map(ToString::to_string).collect())
        });
        let all: Vec<String> = combinations(&axes).map(|values| values.concat()).collect();
        assert_eq!(all, ["1x", "1y", "2x", "2y"]);
    }
}

//! All pairs of some servers in one metric of one cell, compared together.

use std::collections::BTreeMap;

use super::noise::Noise;
use super::resolution::resolution;
use super::sample::Sample;
use super::test::Test;
use super::{Comparison, Verdict, judge};
use crate::definition::cell::Cell;
use crate::format::folder::Raw;
use crate::measure::block::Metric;
use crate::stats;

/// All pairs of some servers in one metric of one cell, tested together.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    /// The names of the servers, best first.
    order: Vec<String>,
    /// The comparisons, by the positions of a and b in the order, a before b.
    comparisons: BTreeMap<(usize, usize), Comparison>,
}

impl Pairs {
    /// Compares all pairs of the servers that have such a figure.
    ///
    /// The servers are ordered by the mean of the logarithms of their ratios to all others. So the order agrees with
    /// the comparisons; an order by the means would include what the host did to each server.
    #[must_use]
    pub fn of(raw: &Raw, cell: &Cell, servers: &[String], metric: Metric, noise: Noise) -> Pairs {
        Pairs::among(raw, &samples(raw, cell, servers, metric), metric, noise)
    }

    /// Compares all pairs by what they served, whatever kept them from serving more: with the database and the load that the
    /// run had, a lower bound of what a server could serve is exactly what it served.
    #[must_use]
    pub fn as_served(
        raw: &Raw,
        cell: &Cell,
        servers: &[String],
        metric: Metric,
        noise: Noise,
    ) -> Pairs {
        let mut samples = samples(raw, cell, servers, metric);
        samples.iter_mut().for_each(|(_, sample)| sample.blocks.lower_bound = false);
        Pairs::among(raw, &samples, metric, noise)
    }

    fn among(raw: &Raw, samples: &[(&str, Sample)], metric: Metric, noise: Noise) -> Pairs {
        let test = |a: usize, b: usize| Test::paired(metric, &samples[a].1, &samples[b].1);
        let score = |a: usize| {
            let others = (0..samples.len()).filter(|b| *b != a).filter_map(|b| test(a, b));
            let logs: Vec<f64> = others.map(|test| test.ratio.ln).collect();
            let mean = logs.iter().sum::<f64>() / logs.len().max(1) as f64;
            if metric.more_is_better() { -mean } else { mean }
        };
        let mut order: Vec<(f64, usize)> = (0..samples.len()).map(|a| (score(a), a)).collect();
        order.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let (places, tests): (Vec<_>, Vec<_>) = positions(order.len())
            .filter_map(|(a, b)| {
                let (a_of, b_of) = (order[a].1, order[b].1);
                let test = test(a_of, b_of).filter(Test::says_something)?;
                let noise = noise.applied(raw, samples[a_of].0, samples[b_of].0);
                Some(((a, b), noise.allowed_for(test)))
            })
            .unzip();
        Pairs {
            order: order.into_iter().map(|(_, place)| samples[place].0.to_owned()).collect(),
            comparisons: places.into_iter().zip(judge(&tests)).collect(),
        }
    }

    /// The names of the servers that have the figure, best first.
    #[must_use]
    pub fn order(&self) -> &[String] {
        &self.order
    }

    /// Every pair with its comparison, the better one first; without one where both figures are lower bounds, and where
    /// the servers share fewer than two blocks.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, Option<&Comparison>)> {
        positions(self.order.len()).map(move |(a, b)| {
            let comparison = self.comparisons.get(&(a, b));
            (self.order[a].as_str(), self.order[b].as_str(), comparison)
        })
    }

    /// Each server with its letters, in order: two servers share a letter exactly where they are not shown to differ.
    #[must_use]
    pub fn letters(&self) -> Vec<(&str, String)> {
        let different: Vec<(usize, usize)> = self
            .comparisons
            .iter()
            .filter(|(_, comparison)| comparison.verdict == Verdict::Different)
            .map(|(places, _)| *places)
            .collect();
        let letters = stats::letters(self.order.len(), &different);
        self.order.iter().map(String::as_str).zip(letters).collect()
    }

    /// Whether two servers are shown to differ.
    #[must_use]
    pub fn differ(&self, a: &str, b: &str) -> bool {
        let is_it = |(one, other): (&str, &str)| (one, other) == (a, b) || (one, other) == (b, a);
        self.iter().any(|(one, other, comparison)| {
            is_it((one, other)) && comparison.is_some_and(|one| one.verdict == Verdict::Different)
        })
    }

    /// Whether no server is shown to be better than this one.
    #[must_use]
    pub fn is_unbeaten(&self, name: &str) -> bool {
        let beats = |((a, b), comparison): (&(usize, usize), &Comparison)| {
            (self.order[*b] == name && comparison.is_better())
                || (self.order[*a] == name && comparison.is_worse())
        };
        self.order.iter().any(|known| known == name) && !self.comparisons.iter().any(beats)
    }

    /// The smallest true ratio, of at least 1, that is found nine times in ten between two servers of the table. `None`
    /// where nothing was compared.
    #[must_use]
    pub fn resolution(&self) -> Option<f64> {
        resolution(self.comparisons.values(), self.comparisons.len())
    }
}

/// The samples of the servers that have such a figure.
fn samples<'a>(
    raw: &Raw,
    cell: &Cell,
    servers: &'a [String],
    metric: Metric,
) -> Vec<(&'a str, Sample)> {
    let named = |name: &'a String| Some((name.as_str(), Sample::named(raw, name, cell, metric)?));
    servers.iter().filter_map(named).collect()
}

/// The positions of all pairs of `count` things, the first of each before the second.
fn positions(count: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count).flat_map(move |a| (a + 1..count).map(move |b| (a, b)))
}

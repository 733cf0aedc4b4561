//! The comparison of two servers of a run, paired by block.

use super::noise::Noise;
use super::sample::Sample;
use super::test::Test;
use super::{Comparison, judge};
use crate::definition::cell::Cell;
use crate::format::folder::Raw;
use crate::measure::block::Metric;

/// Compares `metric` of server `a` with that of server `b` under a scenario and a load, as the only test: corrected
/// for no other comparison.
///
/// The run's noise applies, except to a server and its own twin. The function returns `None` where a server has no such
/// figure, where the two share fewer than two blocks, and where both figures are lower bounds.
#[must_use]
pub fn within(
    raw: &Raw,
    (scenario, load): (&str, &str),
    a: &str,
    b: &str,
    metric: Metric,
) -> Option<Comparison> {
    let is_it = |cell: &&Cell| cell.scenario.name == scenario && cell.load.name == load;
    let cell = raw.run.cell.iter().find(is_it)?;
    within_noise(raw, cell, (a, b), metric, Noise::of(raw, cell, metric))
}

/// Compares two servers as [`within`] does, in a cell whose noise is known.
#[must_use]
pub fn within_noise(
    raw: &Raw,
    cell: &Cell,
    (a, b): (&str, &str),
    metric: Metric,
    noise: Noise,
) -> Option<Comparison> {
    let sample = |name| Sample::named(raw, name, cell, metric);
    let test = Test::paired(metric, &sample(a)?, &sample(b)?).filter(Test::says_something)?;
    judge(&[noise.applied(raw, a, b).allowed_for(test)]).pop()
}

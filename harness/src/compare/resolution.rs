//! The difference that comparisons find nine times in ten.

use super::{ALPHA, CellComparison, Comparison, MARGIN};
use crate::measure::block::Metric;
use crate::stats;

/// The share of true differences that a resolution promises to be found.
const POWER: f64 = 0.9;

/// The smallest true ratio, of at least 1, that is found nine times in ten by a comparison that is tested together with
/// others, `together` in all: called different, with the median of the precisions of `of`. `None` where nothing was
/// compared.
///
/// It holds at the strictest step of Holm's correction, α divided by the number of tests, so whatever the other
/// tests show. It is never below the margin of equivalence, as a smaller difference may be called an equivalence;
/// where there is a noise floor, the ratio must exceed that too.
pub(super) fn resolution<'a>(
    of: impl Iterator<Item = &'a Comparison>,
    together: usize,
) -> Option<f64> {
    let alpha = ALPHA / together as f64;
    let mut precisions: Vec<(f64, &Comparison)> = of
        .filter_map(|one| Some((stats::critical(one.freedom, alpha)? * one.standard_error, one)))
        .collect();
    precisions.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let (_, median) = precisions.get(precisions.len() / 2)?;
    let found = stats::smallest_found(median.standard_error, median.freedom, alpha, POWER)?;
    let beyond_floor = match median.floor {
        // A one-sided test at 1 − POWER is a two-sided one at twice that.
        Some(floor) => {
            let reach = stats::critical(median.freedom, 2.0 * (1.0 - POWER))?;
            floor.ln() + reach * median.standard_error
        }
        None => 0.0,
    };
    Some(found.max(beyond_floor).exp().max(MARGIN))
}

/// The smallest true ratio, of at least 1, that the comparison of two commits finds nine times in ten in a metric; `None`
/// where it was not compared.
#[must_use]
pub fn resolution_of_commits(changes: &[CellComparison], metric: Metric) -> Option<f64> {
    let compared = || changes.iter().filter_map(CellComparison::compared);
    resolution(compared().filter(|one| one.metric == metric), compared().count())
}

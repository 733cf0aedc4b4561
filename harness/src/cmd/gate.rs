//! Whether the comparison of two commits passes: the exit status for a check of every commit.

use std::path::Path;
use std::process::ExitCode;

use super::{derived, rank};
use crate::args::{self, FailOn};
use crate::compare::{CellComparison, CountChange, commits};
use crate::format::folder;
use crate::report::table::{Format, print};
use crate::report::{CHANGE, change_table, counted_change};

/// Prints what a run of two commits shows: the run's tables and then the verdicts, or the verdicts alone in a format.
/// Returns the status by what `args` say of failing.
///
/// # Errors
/// When the run cannot be read.
pub(super) fn run(
    out: &Path,
    format: Option<Format>,
    args: &args::Commits,
) -> anyhow::Result<ExitCode> {
    let changes = commits(&folder::read(out)?);
    match format {
        None | Some(Format::Table) => {
            rank::show(out)?;
            print(&format!("\n{}", change_table::in_words(&changes)))?;
        }
        Some(Format::Markdown) => print(&derived::read(&out.join(CHANGE))?)?,
        Some(format) => change_table::table(&changes).print(format)?,
    }
    let failing = changes.iter().filter(|one| fails(one, args)).map(change_table::named);
    Ok(status(args, failing.collect(), changes.iter().any(|one| one.compared().is_some())))
}

/// The status by what was counted of two commits.
pub(super) fn counts(changes: &[CountChange], args: &args::Commits) -> ExitCode {
    let tolerance = args.tolerance.0;
    let failing = changes.iter().filter(|one| match args.fail_on {
        Some(FailOn::Regression) => one.is_regression(tolerance),
        Some(FailOn::Difference) => one.is_difference(tolerance),
        None => false,
    });
    status(args, failing.map(counted_change::named).collect(), !changes.is_empty())
}

fn fails(one: &CellComparison, args: &args::Commits) -> bool {
    // A figure that is missing is not within any tolerance.
    let is_beyond = one.compared().is_none_or(|ratio| ratio.is_beyond(args.tolerance.0));
    is_beyond
        && match args.fail_on {
            Some(FailOn::Regression) => one.change.is_regression(),
            Some(FailOn::Difference) => one.change.is_difference(),
            None => false,
        }
}

/// The status, and on standard error what makes it a failure. What compares nothing shows nothing, and does not pass.
fn status(args: &args::Commits, failing: Vec<String>, is_compared: bool) -> ExitCode {
    let Some(fail_on) = args.fail_on else { return ExitCode::SUCCESS };
    for what in &failing {
        eprintln!("stackmark: {}: {what}", fail_on.name());
    }
    if !is_compared {
        eprintln!(
            "stackmark: nothing could be compared, so nothing shows that there is no {}",
            fail_on.name()
        );
    }
    if failing.is_empty() && is_compared { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Tolerance;
    use crate::compare::{Change, Comparison, Verdict};
    use crate::measure::block::Metric;
    use crate::stats::Estimate;

    fn change(metric: Metric, (lo, hi): (f64, f64), verdict: Verdict) -> CellComparison {
        let ratio = Estimate { mean: (lo * hi).sqrt(), lo, hi, count: 8 };
        let change = Change::Compared(Comparison {
            metric,
            ratio,
            standard_error: 0.01,
            freedom: 7.0,
            p_value: 0.01,
            floor: None,
            verdict,
        });
        let (server, scenario, load) = ("a".into(), "demo".into(), "closed".into());
        CellComparison { server, scenario, load, metric, a: None, b: None, change }
    }

    fn fails_on(one: &CellComparison, fail_on: FailOn, tolerance: f64) -> bool {
        let tolerance = Tolerance(tolerance);
        fails(one, &args::Commits { fail_on: Some(fail_on), tolerance, ..Default::default() })
    }

    #[test]
    fn a_regression_must_exceed_the_tolerance_with_all_of_its_interval() {
        let costly = change(Metric::ServerCpu, (1.05, 1.09), Verdict::Different);
        let slow = change(Metric::Goodput, (0.91, 0.95), Verdict::Different);
        for one in [&costly, &slow] {
            for (tolerance, expected) in [(0.0, true), (0.04, true), (0.06, false)] {
                assert_eq!(fails_on(one, FailOn::Regression, tolerance), expected, "{one:?}");
                assert_eq!(fails_on(one, FailOn::Difference, tolerance), expected, "{one:?}");
            }
        }
    }

    #[test]
    fn what_is_better_or_not_decided_is_no_regression() {
        let cheap = change(Metric::ServerCpu, (0.8, 0.9), Verdict::Different);
        assert!(!fails_on(&cheap, FailOn::Regression, 0.0));
        assert!(fails_on(&cheap, FailOn::Difference, 0.05));
        let unclear = change(Metric::ServerCpu, (1.01, 1.09), Verdict::Undecided);
        assert!(!fails_on(&unclear, FailOn::Difference, 0.0));
    }

    #[test]
    fn a_figure_that_only_base_has_is_a_regression_whatever_is_tolerated() {
        let lost = CellComparison {
            change: Change::Lost,
            ..change(Metric::ServerCpu, (1.0, 1.0), Verdict::Undecided)
        };
        assert!(fails_on(&lost, FailOn::Regression, 0.5));
        let found = CellComparison { change: Change::Found, ..lost };
        assert!(!fails_on(&found, FailOn::Regression, 0.0));
    }
}

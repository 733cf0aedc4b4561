//! The comparison of two commits by what their servers were counted to execute.

use super::{ALPHA, MARGIN, Verdict};
use crate::format::counts::Counts;
use crate::measure::counted::{self, CountFigures};
use crate::stats::{Estimate, LogRatio, holm, unpaired};

/// What one server executes in one scenario, by two commits.
#[derive(Clone, Debug)]
pub struct CountChange {
    /// The server's name.
    pub server: String,
    /// The scenario's name.
    pub scenario: String,
    /// What the first commit's executes.
    pub base: CountFigures,
    /// What the second commit's executes.
    pub head: CountFigures,
    /// Instructions per request, head over base, with their 95% interval.
    pub ratio: Estimate,
    /// The p-value of the ratio, corrected for the number of servers and scenarios.
    pub p_value: f64,
}

impl CountChange {
    /// Whether the commits are shown to differ by more than `tolerance`, a share such as 0.01 for 1%: p < 0.05, and all of
    /// the interval is farther from 1 than that.
    #[must_use]
    pub fn is_difference(&self, tolerance: f64) -> bool {
        let margin = 1.0 + tolerance;
        self.p_value < ALPHA && (self.ratio.lo > margin || self.ratio.hi < 1.0 / margin)
    }

    /// Whether the second commit's server is shown to execute more than that.
    #[must_use]
    pub fn is_regression(&self, tolerance: f64) -> bool {
        self.is_difference(tolerance) && self.ratio.mean > 1.0
    }
}

/// Compares what was counted of servers by two commits: `pairs` has the names of each, base before head, after the name
/// that they share. All are tested together, each by the logarithms of the values of its starts, with the errors and
/// degrees of freedom of Welch's test.
#[must_use]
pub fn of_counts(counts: &Counts, pairs: &[(String, String, String)]) -> Vec<CountChange> {
    let mut found: Vec<(CountChange, LogRatio)> = Vec::new();
    for (name, base, head) in pairs {
        for of_base in counts.counted.iter().filter(|one| one.server == *base) {
            let Some(of_head) = counts.of(head, &of_base.scenario) else { continue };
            let figures = counted::figures(of_base).zip(counted::figures(of_head));
            let values = counted::instructions;
            let ratio = unpaired(&values(of_head), &values(of_base));
            let Some(((base, head), ratio)) = figures.zip(ratio) else { continue };
            let (server, scenario) = (name.clone(), of_base.scenario.clone());
            let estimate = ratio.estimate();
            let change =
                CountChange { server, scenario, base, head, ratio: estimate, p_value: 1.0 };
            found.push((change, ratio));
        }
    }
    let alone: Vec<f64> = found.iter().map(|(_, ratio)| ratio.p_value()).collect();
    let together = found.into_iter().zip(holm(&alone));
    together.map(|((change, _), p_value)| CountChange { p_value, ..change }).collect()
}

/// Instructions per request of one server over those of another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountRatio {
    /// a ÷ b, with its 95% interval over starts.
    pub ratio: Estimate,
    /// The p-value of the ratio, corrected for the number of pairs.
    pub p_value: f64,
    /// The result of the test.
    pub verdict: Verdict,
}

/// Compares the servers of `pairs`, a over b, by what they were counted to execute in a scenario, all together; absent for
/// those that were not both counted.
#[must_use]
pub fn counts_within(
    counts: &Counts,
    scenario: &str,
    pairs: &[(&str, &str)],
) -> Vec<Option<CountRatio>> {
    let ratio = |(a, b): &(&str, &str)| {
        let values = |server| Some(counted::instructions(counts.of(server, scenario)?));
        unpaired(&values(a)?, &values(b)?)
    };
    let ratios: Vec<Option<LogRatio>> = pairs.iter().map(ratio).collect();
    let alone: Vec<f64> = ratios.iter().flatten().map(LogRatio::p_value).collect();
    let mut together = holm(&alone).into_iter();
    let judged = ratios.into_iter().map(|ratio| {
        let (ratio, p_value) = (ratio?, together.next()?);
        let verdict = match p_value < ALPHA {
            _ if ratio.p_equivalent(MARGIN) < ALPHA => Verdict::Equivalent,
            true => Verdict::Different,
            false => Verdict::Undecided,
        };
        Some(CountRatio { ratio: ratio.estimate(), p_value, verdict })
    });
    judged.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::synthetic_run::counts;

    /// Two servers that base and head count so.
    fn changes(base: &[u64], head: &[u64], other: &[u64]) -> Vec<CountChange> {
        let mut all = counts("a@base", "demo", base);
        for (name, costs) in [("a@head", head), ("b@base", other), ("b@head", other)] {
            all.counted.extend(counts(name, "demo", costs).counted);
        }
        let pair = |name: &str| (name.to_owned(), format!("{name}@base"), format!("{name}@head"));
        of_counts(&all, &[pair("a"), pair("b")])
    }

    #[test]
    fn a_regression_is_beyond_the_tolerance_with_all_of_its_interval() {
        let [a, b] = &changes(&[10_000, 10_002, 10_001], &[10_200, 10_203, 10_201], &[7; 3])[..]
        else {
            panic!("two servers")
        };
        assert!((a.ratio.mean - 1.02).abs() < 1e-3 && a.ratio.lo > 1.019, "{a:?}");
        assert!(a.is_regression(0.0) && a.is_regression(0.01) && !a.is_regression(0.02));
        assert!(!b.is_difference(0.0) && b.ratio.mean == 1.0, "{b:?}");
    }

    #[test]
    fn fewer_instructions_are_a_difference_and_no_regression() {
        let a = changes(&[10_200; 3], &[10_000; 3], &[7; 3]).remove(0);
        assert!(a.is_difference(0.01) && !a.is_regression(0.0), "{a:?}");
    }

    #[test]
    fn starts_that_differ_as_much_as_the_commits_show_nothing() {
        let a = changes(&[10_000, 10_300, 9_800], &[10_100, 10_350, 9_900], &[7; 3]).remove(0);
        assert!(!a.is_difference(0.0), "{a:?}");
    }

    #[test]
    fn servers_of_a_run_are_compared_by_the_rule_of_all_comparisons() {
        let mut all = counts("a", "demo", &[10_000, 10_010, 9_990]);
        for (name, costs) in [
            ("alike", [10_005, 10_012, 9_999]),
            ("more", [12_000, 12_010, 11_990]),
            ("unsure", [10_000, 12_000, 9_000]),
        ] {
            all.counted.extend(counts(name, "demo", &costs).counted);
        }
        let pairs = [("alike", "a"), ("more", "a"), ("absent", "a"), ("unsure", "a")];
        let found = counts_within(&all, "demo", &pairs);
        let verdicts: Vec<Option<Verdict>> =
            found.iter().map(|one| one.map(|one| one.verdict)).collect();
        use Verdict::{Different, Equivalent, Undecided};
        assert_eq!(verdicts, [Some(Equivalent), Some(Different), None, Some(Undecided)]);
        assert!((found[1].unwrap().ratio.mean - 1.2).abs() < 1e-3, "{found:?}");
        assert_eq!(counts_within(&all, "another", &pairs), [None; 4]);
    }

    #[test]
    fn each_of_several_tests_must_show_more_than_one_alone() {
        let (base, head) = (&[10_000, 10_040, 10_020], &[10_060, 10_100, 10_070]);
        let two = changes(base, head, &[7; 3]).remove(0);
        let mut one = counts("a@base", "demo", base);
        one.counted.extend(counts("a@head", "demo", head).counted);
        let pair = ("a".to_owned(), "a@base".to_owned(), "a@head".to_owned());
        let one = of_counts(&one, &[pair]).remove(0);
        assert!((two.p_value - 2.0 * one.p_value).abs() < 1e-9, "{one:?}, {two:?}");
    }
}

//! Every pair of contenders in the export.

use schemars::JsonSchema;
use serde::Serialize;

use super::cell_figures::Interval;
use crate::compare::{Comparison, Copies};
use crate::report::chapter::Chapter;
use crate::report::metric_name::id;
use crate::report::pairs::{NOT_COMPARED, rounded};
use crate::report::ranking::{Compared, Ranking};

/// The pairs of contenders that were compared together: in one figure, under one load.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Comparisons {
    /// The study in which they are compared; only where there are studies.
    #[serde(skip_serializing_if = "Option::is_none")]
    study: Option<String>,
    /// What its servers have in common and those of the scenario's other groups have not; only where there are groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    /// Which scenario.
    scenario: String,
    /// Which load.
    load: String,
    /// Which figure, by its name in `cells`.
    figure: &'static str,
    /// The server that the tables' ratios are to.
    baseline: Option<String>,
    /// The number of servers that were measured twice, and whose twins show how far apart copies of a server are.
    twins: usize,
    /// The standard deviation of the ratio of two copies of the same server beyond its sampling error, as a ratio of at
    /// least 1: its variance widens every interval. Null with fewer than three twins.
    copies_differ: Option<f64>,
    /// The largest ratio of a server to its twin, of at least 1: with fewer than three twins, a smaller difference does not
    /// count. Null with more twins, and without one.
    floor: Option<f64>,
    /// The smallest true ratio, of at least 1, that is found nine times in ten; null where nothing was compared.
    resolves: Option<f64>,
    /// Every pair, the better one first.
    pairs: Vec<Pair>,
}

/// Two servers, compared.
#[derive(Debug, Serialize, JsonSchema)]
struct Pair {
    /// The one server.
    a: String,
    /// The other server.
    b: String,
    /// a ÷ b.
    ratio: Option<Interval>,
    /// The p-value after Holm's correction over all pairs of this list.
    p: Option<f64>,
    /// `different`, `equivalent` (within 3%), `undecided`, or `not compared`: two lower bounds, or fewer than two blocks
    /// in common.
    verdict: &'static str,
}

/// All that a chapter compares.
pub(super) fn comparisons(chapter: &Chapter) -> Vec<Comparisons> {
    let study = chapter.study.map(|study| study.name.clone());
    let rankings = chapter.rankings.iter();
    let all = rankings.flat_map(|ranking| ranking.compared.iter().map(move |one| (ranking, one)));
    all.map(|(ranking, compared)| of(study.clone(), ranking, compared)).collect()
}

fn of(study: Option<String>, ranking: &Ranking, compared: &Compared) -> Comparisons {
    let (copies_differ, floor) = match compared.noise.copies {
        Copies::Unknown => (None, None),
        Copies::Floor { ln, .. } => (None, Some(rounded(ln.exp()))),
        Copies::Variance(excess) => (Some(rounded(excess.factor())), None),
    };
    Comparisons {
        study,
        group: ranking.group.clone(),
        scenario: ranking.scenario.clone(),
        load: compared.load.clone(),
        figure: id(compared.metric),
        baseline: ranking.baseline.as_ref().map(|baseline| baseline.name.clone()),
        twins: compared.noise.twins(),
        copies_differ,
        floor,
        resolves: compared.pairs.resolution().filter(|ratio| ratio.is_finite()).map(rounded),
        pairs: compared.pairs.iter().map(pair).collect(),
    }
}

fn pair((a, b, comparison): (&str, &str, Option<&Comparison>)) -> Pair {
    Pair {
        a: a.to_owned(),
        b: b.to_owned(),
        ratio: comparison.and_then(|one| Interval::of(one.ratio, rounded)),
        p: comparison.map(|one| rounded(one.p_value)),
        verdict: comparison.map_or(NOT_COMPARED, |one| one.verdict.name()),
    }
}

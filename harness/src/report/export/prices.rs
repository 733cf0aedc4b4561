//! What one value of the compared axis costs over another, in the export.

use schemars::JsonSchema;
use serde::Serialize;

use super::cell_figures::Interval;
use super::rounded;
use crate::report::chapter::Chapter;
use crate::report::pairs::{NOT_COMPARED, rounded as ratio};
use crate::report::price::{self, Side};

/// What one server costs over another that is equal in all but the compared axis.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PricedPair")]
pub(super) struct Pair {
    /// The study.
    study: Option<String>,
    /// What the pair has in common and those of other groups have not; null where there is one group.
    group: Option<String>,
    /// The value of the compared axis that is priced.
    value: String,
    /// That of the other.
    over_value: String,
    /// What the other is: `driver` (the one that the layer calls), `reference` (another value of the axis), `layer alone` or
    /// `http alone` (a ceiling).
    over_is: &'static str,
    /// The server that is priced.
    server: String,
    /// The server that it is held against.
    over: String,
    /// Each figure in each scenario.
    prices: Vec<Price>,
}

/// One figure of a pair.
#[derive(Debug, Serialize, JsonSchema)]
struct Price {
    /// Which scenario.
    scenario: String,
    /// Which load; null for what was counted.
    load: Option<String>,
    /// Which figure, by its name in `cells`.
    figure: &'static str,
    /// The server's, where it has one.
    own: Option<Figure>,
    /// The other's.
    other: Option<Figure>,
    /// The server's over the other's.
    ratio: Option<Interval>,
    /// The p-value after Holm's correction over what was compared together.
    p: Option<f64>,
    /// `different`, `equivalent` (within 3%), `undecided`, or `not compared`.
    verdict: &'static str,
}

/// The figure of one side.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PricedFigure")]
struct Figure {
    /// The figure with its interval.
    value: Option<Interval>,
    /// Whether it is only a lower bound.
    is_lower_bound: bool,
}

/// All pairs of a chapter.
pub(super) fn pairs(chapter: &Chapter) -> Vec<Pair> {
    let study = chapter.study.map(|study| study.name.clone());
    let all = chapter.prices.iter().flat_map(|prices| &prices.pairs);
    all.map(|pair| of(study.clone(), pair)).collect()
}

fn of(study: Option<String>, pair: &price::Pair) -> Pair {
    Pair {
        study,
        group: pair.group.clone(),
        value: pair.value.clone(),
        over_value: pair.over_value.clone(),
        over_is: pair.kind.id(),
        server: pair.server.clone(),
        over: pair.over.clone(),
        prices: pair.prices.iter().map(of_figure).collect(),
    }
}

fn of_figure(price: &price::Price) -> Price {
    let side = |side: Option<Side>| {
        side.map(|side| Figure {
            value: Interval::of(side.estimate, rounded),
            is_lower_bound: side.is_bound,
        })
    };
    Price {
        scenario: price.scenario.clone(),
        load: price.load.clone(),
        figure: price.what.id(),
        own: side(price.own),
        other: side(price.over),
        ratio: price.ratio.and_then(|one| Interval::of(one.estimate, ratio)),
        p: price.ratio.map(|one| ratio(one.p_value)),
        verdict: price.ratio.map_or(NOT_COMPARED, |one| one.verdict.name()),
    }
}

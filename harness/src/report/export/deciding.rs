//! What decides the server's CPU time, in the export.

use schemars::JsonSchema;
use serde::Serialize;

use super::cell_figures::Interval;
use crate::report::attribution::Attribution;
use crate::report::pairs::rounded;

/// What decides the server's CPU time between servers that do the same work.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Deciding {
    /// How much of the variance is due to each axis, to the work, and to several of them together.
    shares: Vec<Share>,
    /// What each value of an axis costs over the axis' first, over all other axes, for each kind of work.
    effects: Vec<Effect>,
}

/// A share of the variance of the logarithm of the server's CPU time.
#[derive(Debug, Serialize, JsonSchema)]
struct Share {
    /// The axes: one, or several whose interaction it is. `workload` is the kind of work.
    of: Vec<String>,
    /// The share; 1 is all of it.
    share: Option<Interval>,
    /// The typical factor by which it moves the CPU time up or down.
    typical: f64,
}

/// What one value of an axis costs over another.
#[derive(Debug, Serialize, JsonSchema)]
struct Effect {
    /// The axis.
    axis: String,
    /// The value.
    value: String,
    /// The other.
    over_value: String,
    /// The scenario.
    scenario: String,
    /// The server's CPU time over that of the other: the geometric mean over all combinations of the other axes.
    ratio: Option<Interval>,
    /// Whether it is shown to differ from 1.
    is_shown: bool,
}

impl Deciding {
    pub(super) fn of(attribution: &Attribution) -> Deciding {
        let shares = attribution.shares.iter().map(|share| Share {
            of: attribution.names(share.factors).map(str::to_owned).collect(),
            share: Interval::of(share.share, rounded),
            typical: rounded(share.typical),
        });
        let effects = attribution.effects.iter().map(|effect| Effect {
            axis: effect.axis.clone(),
            value: effect.value.clone(),
            over_value: effect.over.clone(),
            scenario: effect.scenario.clone(),
            ratio: Interval::of(effect.ratio, rounded),
            is_shown: effect.is_shown,
        });
        Deciding { shares: shares.collect(), effects: effects.collect() }
    }
}

//! What a value of one axis costs over another for a kind of work, over all combinations of the other axes: with as many
//! servers on each side, it is known better than from a single pair.

use crate::compare::{Copies, Noise};
use crate::format::folder::Raw;
use crate::measure::block::Metric;
use crate::stats::{Estimate, Excess, LogRatio, paired};

use super::answer::joined;
use super::crossed::Crossed;
use super::number;

/// The server CPU of all servers with one value of an axis over that of all servers with another.
#[derive(Clone, Debug)]
pub struct Effect {
    /// The axis.
    pub axis: String,
    /// The value that is priced.
    pub value: String,
    /// The axis' first value in the registry's order.
    pub over: String,
    /// The scenario.
    pub scenario: String,
    /// The geometric mean of the ratios over all combinations of the other axes, with its interval.
    pub ratio: Estimate,
    /// Whether it is shown to differ from 1: its interval does not hold 1, and where there are too few twins, it is
    /// larger than what they differ by.
    pub is_shown: bool,
}

/// The effects of a chapter's axes, scenario by scenario for each value; none where its contenders are not crossed, or share
/// fewer than two blocks.
pub(super) fn effects(raw: &Raw) -> Vec<Effect> {
    let Some(crossed) = Crossed::of(raw).filter(|crossed| crossed.axes.len() > 1) else {
        return Vec::new();
    };
    let noise = |cell| Noise::of(raw, cell, Metric::ServerCpu).copies;
    let noise: Vec<Copies> = crossed.cells.iter().map(|cell| noise(cell)).collect();
    let servers: usize = crossed.axes.iter().map(|(_, values)| values.len()).product();
    let mut effects = Vec::new();
    for (place, (axis, values)) in crossed.axes.iter().enumerate() {
        for (at, value) in values.iter().enumerate().skip(1) {
            for (work, cell) in crossed.cells.iter().enumerate() {
                let Some(ratio) = ratio(&crossed, place, at, work) else { continue };
                let (ratio, floor) = allowed_for(ratio, noise[work], servers / values.len());
                let estimate = ratio.estimate();
                effects.push(Effect {
                    axis: axis.clone(),
                    value: value.clone(),
                    over: values[0].clone(),
                    scenario: cell.scenario.name.clone(),
                    ratio: estimate,
                    is_shown: (estimate.lo > 1.0 || estimate.hi < 1.0) && ratio.ln.abs() > floor,
                });
            }
        }
    }
    effects
}

/// One value of an axis over its first in one cell, paired by block.
fn ratio(crossed: &Crossed, axis: usize, value: usize, work: usize) -> Option<LogRatio> {
    let works = crossed.cells.len();
    let after: usize = crossed.axes[axis + 1..].iter().map(|(_, values)| values.len()).product();
    let count = crossed.axes[axis].1.len();
    let mean = |block: &[f64], wanted: usize| {
        let of_work = block.iter().skip(work).step_by(works).enumerate();
        let own = of_work.filter(|(server, _)| server / after % count == wanted);
        let own: Vec<f64> = own.map(|(_, log)| *log).collect();
        (own.iter().sum::<f64>() / own.len() as f64).exp()
    };
    let blocks = crossed.blocks.values();
    let pairs: Vec<(f64, f64)> = blocks.map(|block| (mean(block, value), mean(block, 0))).collect();
    paired(&pairs)
}

/// A ratio with the variance of copies in its interval, and the logarithm that it must exceed where there are too few twins.
/// Each side is the mean of so many copies.
fn allowed_for(ratio: LogRatio, copies: Copies, on_each_side: usize) -> (LogRatio, f64) {
    match copies {
        Copies::Unknown => (ratio, 0.0),
        Copies::Floor { ln, .. } => (ratio, ln),
        Copies::Variance(excess) => {
            let variance = excess.variance / on_each_side as f64;
            (ratio.widened(&Excess { variance, ..excess }), 0.0)
        }
    }
}

/// A sentence for each axis, or for one.
pub(super) fn in_words(effects: &[Effect], only: Option<&str>) -> Vec<String> {
    let axes = distinct(effects, |effect| &effect.axis);
    let sentence = |axis: &&str| {
        let of_axis: Vec<&Effect> = effects.iter().filter(|effect| effect.axis == **axis).collect();
        let others = axes.iter().filter(|other| *other != axis);
        let others: Vec<String> = others.map(|other| format!("{other}s")).collect();
        let values = distinct(of_axis.iter().copied(), |effect| &effect.value);
        let values = values.iter().enumerate().map(|(place, value)| {
            let own: Vec<&Effect> =
                of_axis.iter().copied().filter(|one| one.value == *value).collect();
            of_value(&own, place == 0)
        });
        format!("Across all {}, {}.", joined(&others), values.collect::<Vec<_>>().join("; "))
    };
    axes.iter().filter(|axis| only.is_none_or(|only| only == **axis)).map(sentence).collect()
}

fn distinct<'a>(
    effects: impl IntoIterator<Item = &'a Effect>,
    of: fn(&Effect) -> &str,
) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for effect in effects {
        if !found.contains(&of(effect)) {
            found.push(of(effect));
        }
    }
    found
}

/// What one value costs in each kind of work; the first of a sentence says over what.
fn of_value(own: &[&Effect], is_first: bool) -> String {
    let by_mean = |one: &&&Effect, other: &&&Effect| one.ratio.mean.total_cmp(&other.ratio.mean);
    let ends = own.iter().min_by(by_mean).zip(own.iter().max_by(by_mean));
    let Some((least, most)) = ends else { return String::new() };
    let what = match is_first {
        true => format!("times the server CPU of `{}`", least.over),
        false => "times".to_owned(),
    };
    let (low, high) = (number::ratio(&least.ratio), number::ratio(&most.ratio));
    let (value, for_least, for_most) = (&least.value, &least.scenario, &most.scenario);
    let alike: Vec<String> = own
        .iter()
        .filter(|effect| !effect.is_shown)
        .map(|effect| format!("`{}`", effect.scenario))
        .collect();
    let unsure = match alike.len() {
        0 => String::new(),
        all if all == own.len() => " (no difference is shown)".to_owned(),
        _ => format!(" (no difference is shown for {})", joined(&alike)),
    };
    match own.len() {
        1 => format!("`{value}` takes {low} {what} for `{for_least}`{unsure}"),
        2 => format!(
            "`{value}` takes {low} {what} for `{for_least}` and {high} for `{for_most}`{unsure}"
        ),
        _ => format!(
            "`{value}` takes {low} to {high} {what}, least for `{for_least}` and most for `{for_most}`{unsure}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::synthetic_study::{Cost, made, study_run};

    /// Two frameworks on three layers: the second framework costs 1.1 times the first, the layers 1, 1 and 1.5 times, and
    /// nothing where there is no query.
    fn crossed() -> Raw {
        let server = |name, framework, layer| {
            made(name, &[("framework", framework), ("layer", layer), ("driver", layer)])
        };
        let servers = [
            server("f-x", "f", "x"),
            server("f-y", "f", "y"),
            server("f-z", "f", "z"),
            server("g-x", "g", "x"),
            server("g-y", "g", "y"),
            server("g-z", "g", "z"),
        ];
        study_run(
            ("s", "Which?", None),
            &[],
            &servers,
            &["demo", "idle"],
            None,
            |server, scenario| {
                let framework = if server.starts_with('g') { 1.1 } else { 1.0 };
                let layer = if server.ends_with('z') && scenario == "demo" { 1.5 } else { 1.0 };
                Cost { cpu: 20.0 * framework * layer, database: 60.0, goodput: 5_000.0 }
            },
        )
    }

    #[test]
    fn an_effect_is_that_of_the_axis_in_each_kind_of_work() {
        let effects = effects(&crossed());
        let of = |value: &str, scenario: &str| {
            let is_it =
                |one: &&Effect| (one.value.as_str(), one.scenario.as_str()) == (value, scenario);
            effects.iter().find(is_it).unwrap()
        };
        for (value, scenario, truth) in [
            ("g", "demo", 1.1),
            ("g", "idle", 1.1),
            ("z", "demo", 1.5),
            ("y", "demo", 1.0),
            ("z", "idle", 1.0),
        ] {
            let Effect { ratio, is_shown, over, .. } = of(value, scenario);
            assert!((ratio.mean / truth - 1.0).abs() < 0.02, "{value} for {scenario}: {ratio:?}");
            assert_eq!(*is_shown, truth != 1.0, "{value} for {scenario}: {ratio:?}");
            assert_eq!(over, if value == "g" { "f" } else { "x" });
        }
        let words = in_words(&effects, None);
        let has = |sentence: usize, wanted: &str| {
            assert!(words[sentence].contains(wanted), "no {wanted} in {words:?}");
        };
        has(0, "Across all layers, `g` takes 1.");
        has(0, " times the server CPU of `f` for `");
        has(1, "(no difference is shown); `z` takes 1.00");
        has(1, " for `idle` and 1.500 (");
        has(1, ") for `demo` (no difference is shown for `idle`).");
        assert_eq!(in_words(&effects, Some("layer")), words[1..]);
    }

    #[test]
    fn too_few_twins_leave_a_floor_and_enough_widen() {
        let ratio = paired(&[(1.02, 1.0), (1.021, 1.0), (1.019, 1.0), (1.02, 1.0)]).unwrap();
        let (same, floor) = allowed_for(ratio, Copies::Floor { ln: 0.03, twins: 1 }, 3);
        assert_eq!((same, floor), (ratio, 0.03));
        let excess = Excess { variance: 3e-4, count: 3 };
        let (wider, floor) = allowed_for(ratio, Copies::Variance(excess), 3);
        assert!((wider.standard_error.powi(2) - ratio.standard_error.powi(2) - 1e-4).abs() < 1e-12);
        assert_eq!(floor, 0.0);
    }
}

//! SVG charts of a ranking. Text stays text and no font is read, so that every machine draws the same bytes.

mod axis;
mod canvas;
mod latency;
mod points;
mod prices;
mod sweep;

use crate::definition::Role;
use crate::format::folder::Raw;
use crate::measure::Figures;
use crate::stats::Estimate;

use super::chapter::Chapter;
use super::number::with_interval;
use super::ranking::{Ranking, Row, file_name};
use points::{Group, Point, Points};

/// What a chart shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Right answers per second.
    Goodput,
    /// The server's CPU time per right answer.
    Cpu,
    /// Percentiles of the response time.
    Latency,
    /// Right answers per second by the number of database connections.
    Sweep,
    /// What each value of the compared axis costs over another.
    Prices,
}

/// One chart.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What it shows.
    pub kind: Kind,
    /// Its file within the run's folder.
    pub file: String,
    /// One sentence for a reader who does not see it.
    pub about: String,
    /// The drawing.
    pub svg: String,
}

/// The charts of one ranking: goodput, CPU time, latency, and goodput by connections, as far as there is something to draw.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn charts(raw: &Raw, ranking: &Ranking) -> anyhow::Result<Vec<Chart>> {
    let drawn = [
        (Kind::Goodput, "goodput", goodput(ranking).map(|points| points.draw()).transpose()?),
        (Kind::Cpu, "cpu", cpu(ranking).map(|points| points.draw()).transpose()?),
        (Kind::Latency, "latency", latency::draw(raw, ranking)?),
        (Kind::Sweep, "connections", sweep::draw(ranking)?),
    ];
    let charts = drawn.into_iter().filter_map(|(kind, name, drawing)| {
        let (about, svg) = drawing?;
        let file = format!("charts/{}-{name}.svg", ranking.stem);
        Some(Chart { kind, file, about, svg })
    });
    Ok(charts.collect())
}

/// The chart of a chapter's prices, where it has some.
///
/// # Errors
/// When it cannot be drawn.
pub fn of_prices(chapter: &Chapter) -> anyhow::Result<Option<Chart>> {
    let drawn = chapter.study.zip(prices::draw(chapter)?);
    Ok(drawn.map(|(study, (about, svg))| {
        let file = format!("charts/{}-prices.svg", file_name(&study.name));
        Chart { kind: Kind::Prices, file, about, svg }
    }))
}

fn goodput(ranking: &Ranking) -> Option<Points> {
    let load = ranking.closed.as_ref()?;
    Some(Points {
        title: format!("{}: goodput, right answers per second", ranking.title),
        subtitle: format!(
            "Under {load}; more is better. Bars: 95% intervals over blocks. ≥ and an open arrow: a lower bound."
        ),
        groups: groups(ranking, |figures| (Some(figures.goodput), figures.lower_bound))?,
    })
}

fn cpu(ranking: &Ranking) -> Option<Points> {
    let load = ranking.closed.as_ref().or(ranking.open.as_ref().map(|(load, _)| load))?;
    Some(Points {
        title: format!("{}: server CPU time per request, µs", ranking.title),
        subtitle: format!("Under {load}; less is better. Bars: 95% intervals over blocks."),
        groups: groups(ranking, |figures| (figures.server_cpu, false))?,
    })
}

/// A figure of all rows, under the load that the ranking is about: contenders, then those
/// that do not compete. Absent if no row has it.
fn groups(
    ranking: &Ranking,
    figure: impl Fn(&Figures) -> (Option<Estimate>, bool),
) -> Option<Vec<Group>> {
    let point = |row: &Row| {
        let under = if ranking.closed.is_some() { &row.closed } else { &row.open };
        let figures = under.as_ref().and_then(|measurement| measurement.figures.as_ref());
        let known = figures.map(&figure).and_then(|(estimate, bound)| Some((estimate?, bound)));
        let known = known.filter(|(estimate, _)| estimate.mean.is_finite());
        let lower_bound = known.is_some_and(|(_, lower_bound)| lower_bound);
        let bound = if lower_bound { "≥ " } else { "" };
        Point {
            name: row.server.clone(),
            estimate: known.map(|(estimate, _)| estimate),
            lower_bound,
            text: known.map_or("no figure".into(), |(estimate, _)| {
                format!("{bound}{}", with_interval(&estimate))
            }),
        }
    };
    let group = |heading: Option<&'static str>, competes: bool| {
        let rows = ranking.rows.iter().filter(|row| (row.role == Role::Contender) == competes);
        Group { heading, points: rows.map(point).collect() }
    };
    let mut groups = vec![group(None, true), group(Some("ceilings and controls"), false)];
    groups.retain(|group| !group.points.is_empty());
    let known = groups.iter().flat_map(|group| &group.points).any(|point| point.estimate.is_some());
    known.then_some(groups)
}

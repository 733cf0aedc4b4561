//! Response times by percentile: one line a contender, all its valid trials together.

use plotters::chart::ChartBuilder;
use plotters::style::text_anchor::{HPos, VPos};

use crate::definition::Role;
use crate::format::folder::Raw;
use crate::measure::pooled::Pooled;

use super::super::ranking::Ranking;
use super::axis::{Axis, time};
use super::canvas::{
    Area, FAINT, GRID, HEAD, INK, LINES, MARGIN, Place, WIDTH, chart, line, text, width,
};

/// The percentiles that are named on the axis.
const NAMED: [(f64, &str); 6] = [
    (0.5, "50%"),
    (0.9, "90%"),
    (0.99, "99%"),
    (0.999, "99.9%"),
    (0.9999, "99.99%"),
    (0.99999, "99.999%"),
];
/// Where lines begin: the fastest few requests say little, and would stretch the axis.
const FIRST: f64 = 0.1;
/// Points of a line from one power of ten to the next.
const STEPS: f64 = 40.0;
/// The plot's height, in pixels; more if the names need it.
const HEIGHT: i32 = 380;
/// Each name's height in the legend.
const NAME: i32 = 20;
/// How large names are.
const LETTERS: f64 = 13.0;
/// From the plot to the names.
const LEADER: i32 = 34;

/// One server's line.
struct Curve {
    name: String,
    colour: usize,
    /// Fraction and microseconds.
    points: Vec<(f64, f64)>,
}

/// What the chart shows in a sentence, and its SVG; absent without an open load, or an answer to it.
///
/// # Errors
/// When it cannot be drawn.
pub(super) fn draw(raw: &Raw, ranking: &Ranking) -> anyhow::Result<Option<(String, String)>> {
    let Some((load, rate)) = &ranking.open else { return Ok(None) };
    let contenders = ranking.rows.iter().filter(|row| row.role == Role::Contender);
    let measured = contenders.filter_map(|row| row.open.as_ref()).enumerate();
    let curves: Vec<Curve> = measured
        .map(|(colour, measurement)| Curve {
            name: measurement.server.clone(),
            colour: colour % LINES.len(),
            points: points(&Pooled::of(raw, measurement)),
        })
        .filter(|curve| curve.points.len() > 1)
        .collect();
    if curves.is_empty() {
        return Ok(None);
    }
    let rate = rate.map_or(String::new(), |rate| format!(" at {:.0} req/s", rate.0));
    let title = format!("{}: response time by percentile{rate}", ranking.title);
    let subtitle = format!(
        "Under {load}, all valid trials together. A line ends where fewer than ten requests lie beyond."
    );
    let height = HEIGHT.max(NAME * curves.len() as i32);
    let total = HEAD + height + 28 + MARGIN;
    let svg = chart(total, &title, &subtitle, |area| plot(area, &curves, height))?;
    let names: Vec<_> = curves.iter().map(|curve| curve.name.as_str()).collect();
    Ok(Some((format!("{title}: {}", names.join(", ")), svg)))
}

/// From the first fraction to the last that rests on enough requests, in even steps of place.
fn points(pooled: &Pooled) -> Vec<(f64, f64)> {
    let Some(last) = pooled.last() else { return Vec::new() };
    let (from, to) = (scarcity(FIRST), scarcity(last));
    let steps = ((to / from).log10() * STEPS).ceil().max(1.0);
    let fraction = |step: f64| 1.0 - 1.0 / (from * (to / from).powf(step / steps));
    (0..=steps as u32)
        .map_while(|step| {
            let q = fraction(f64::from(step)).min(last);
            pooled.quantile(q).map(|micros| (q, micros))
        })
        .collect()
}

/// One request in how many is beyond the fraction `q`: each further nine makes it tenfold.
fn scarcity(q: f64) -> f64 {
    1.0 / (1.0 - q)
}

fn plot(area: &Area, curves: &[Curve], height: i32) -> anyhow::Result<()> {
    let all = || curves.iter().flat_map(|curve| &curve.points);
    let least = all().map(|(_, micros)| *micros).fold(f64::INFINITY, f64::min);
    let most = all().map(|(_, micros)| *micros).fold(0.0, f64::max);
    let last = all().map(|(q, _)| scarcity(*q)).fold(scarcity(FIRST), f64::max);
    let percentiles =
        Axis::with_ticks(scarcity(FIRST), last * 1.1, NAMED.iter().map(|(q, _)| scarcity(*q)));
    let times = Axis::by_ratio(least, most);
    let names = curves.iter().map(|curve| width(&curve.name, LETTERS)).max().unwrap_or(0);
    let label = |at: &f64| {
        let is = |(q, _): &&(f64, &str)| scarcity(*q) == *at;
        NAMED.iter().find(is).map_or(String::new(), |(_, name)| (*name).to_owned())
    };
    let mut plot = ChartBuilder::on(area)
        .margin_top(HEAD)
        .margin_bottom(MARGIN)
        .margin_left(MARGIN)
        .margin_right(MARGIN + names + LEADER + 6)
        .x_label_area_size(28)
        .y_label_area_size(56)
        .build_cartesian_2d(percentiles.clone(), times.clone())?;
    plot.configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(GRID)
        .axis_style(GRID)
        .x_label_style(text(12.0, FAINT, HPos::Center, VPos::Top))
        .y_label_style(text(12.0, FAINT, HPos::Right, VPos::Center))
        .x_label_formatter(&label)
        .y_label_formatter(&|micros| time(*micros))
        .draw()?;
    let at = |(q, micros): &(f64, f64)| plot.backend_coord(&(scarcity(*q), *micros));
    let mut legend = Vec::new();
    for curve in curves {
        let places: Vec<Place> = curve.points.iter().map(at).collect();
        legend.extend(places.last().map(|end| (*end, curve)));
        line(area, places, LINES[curve.colour], 2)?;
    }
    let (right, bottom) = plot.backend_coord(&(percentiles.to(), times.from()));
    names_beside(area, legend, right, bottom - height, bottom)
}

/// Each name at the height of its line's end, as near as the others let it be.
fn names_beside(
    area: &Area,
    mut legend: Vec<(Place, &Curve)>,
    right: i32,
    top: i32,
    bottom: i32,
) -> anyhow::Result<()> {
    legend.sort_by_key(|((_, y), _)| *y);
    let ends: Vec<i32> = legend.iter().map(|((_, y), _)| *y).collect();
    for (((x, end), curve), y) in legend.iter().zip(apart(&ends, NAME, top, bottom)) {
        let colour = LINES[curve.colour];
        // A line that ended early is not led to its name across the others.
        if right - x < 60 {
            line(area, vec![(*x, *end), (right + 4, *end), (right + 18, y)], colour, 1)?;
        }
        line(area, vec![(right + 18, y), (right + LEADER - 4, y)], colour, 3)?;
        let style = text(LETTERS, INK, HPos::Left, VPos::Center);
        area.draw_text(&curve.name, &style, (right + LEADER, y))?;
    }
    debug_assert!(right < WIDTH as i32);
    Ok(())
}

/// Heights at least `gap` apart and within `top` and `bottom` if there is room, near those wished for, which ascend.
fn apart(wished: &[i32], gap: i32, top: i32, bottom: i32) -> Vec<i32> {
    let mut heights = wished.to_vec();
    let mut floor = top + gap / 2;
    for height in &mut heights {
        *height = (*height).max(floor);
        floor = *height + gap;
    }
    let mut ceiling = bottom - gap / 2;
    for height in heights.iter_mut().rev() {
        *height = (*height).min(ceiling);
        ceiling = *height - gap;
    }
    heights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_make_room_for_each_other() {
        assert_eq!(apart(&[50, 52, 54], 20, 0, 200), [50, 70, 90]);
        assert_eq!(apart(&[190, 195, 300], 20, 0, 200), [150, 170, 190]);
        assert_eq!(apart(&[0, 100], 20, 0, 200), [10, 100]);
    }
}

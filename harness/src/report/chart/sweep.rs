//! Goodput by the number of database connections: a point for each, with its interval, and a line through them.

use plotters::chart::ChartBuilder;
use plotters::style::text_anchor::{HPos, VPos};

use crate::stats::Estimate;

use super::super::ranking::Ranking;
use super::axis::{Axis, short};
use super::canvas::{Area, FAINT, GRID, HEAD, LINES, MARGIN, Place, chart, dot, line, text};

/// The plot's height, in pixels.
const HEIGHT: i32 = 320;
/// The fewest numbers of connections that make a sweep.
const FEWEST: usize = 3;

/// The goodput with one number of connections.
struct Point {
    connections: f64,
    goodput: Estimate,
}

/// What the chart shows in a sentence, and its SVG; absent where the servers do not differ in their number of connections.
///
/// # Errors
/// When it cannot be drawn.
pub(super) fn draw(ranking: &Ranking) -> anyhow::Result<Option<(String, String)>> {
    let Some(load) = &ranking.closed else { return Ok(None) };
    let sized = ranking.rows.iter().filter(|row| row.competes());
    let mut points: Vec<Point> = sized
        .filter_map(|row| {
            let figures = row.capacity()?;
            let connections = f64::from(row.pool_size?);
            Some(Point { connections, goodput: figures.goodput })
        })
        .collect();
    points.sort_by(|one, other| one.connections.total_cmp(&other.connections));
    if points.len() < FEWEST {
        return Ok(None);
    }
    let title =
        format!("{}: goodput by database connections, right answers per second", ranking.title);
    let subtitle = format!(
        "Under {load}, with this database on this machine. Bars: 95% intervals over blocks."
    );
    let svg = chart(HEAD + HEIGHT + MARGIN, &title, &subtitle, |area| plot(area, &points))?;
    let told = points
        .iter()
        .map(|point| format!("{:.0} with {:.0}", point.goodput.mean, point.connections));
    Ok(Some((format!("{title}: {}", told.collect::<Vec<_>>().join(", ")), svg)))
}

fn plot(area: &Area, points: &[Point]) -> anyhow::Result<()> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Ok(()) };
    let most = points.iter().map(|point| point.goodput.hi).fold(0.0, f64::max);
    let connections = Axis::with_ticks(
        first.connections / 1.2,
        last.connections * 1.2,
        points.iter().map(|point| point.connections),
    );
    let goodput = Axis::of(0.0, most);
    let mut plot = ChartBuilder::on(area)
        .margin_top(HEAD)
        .margin_bottom(MARGIN)
        .margin_left(MARGIN)
        .margin_right(MARGIN + 20)
        .x_label_area_size(28)
        .y_label_area_size(56)
        .build_cartesian_2d(connections, goodput)?;
    plot.configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(GRID)
        .axis_style(GRID)
        .x_label_style(text(12.0, FAINT, HPos::Center, VPos::Top))
        .y_label_style(text(12.0, FAINT, HPos::Right, VPos::Center))
        .x_label_formatter(&|connections| short(*connections))
        .y_label_formatter(&|goodput| short(*goodput))
        .draw()?;
    let at = |point: &Point, goodput: f64| -> Place {
        plot.backend_coord(&(point.connections, goodput))
    };
    let colour = LINES[0];
    line(area, points.iter().map(|point| at(point, point.goodput.mean)).collect(), colour, 1)?;
    for point in points {
        let Estimate { mean, lo, hi, .. } = point.goodput;
        let ends = [at(point, lo), at(point, hi)];
        line(area, ends.to_vec(), colour, 2)?;
        for (x, y) in ends {
            line(area, vec![(x - 5, y), (x + 5, y)], colour, 2)?;
        }
        dot(area, at(point, mean), colour, false)?;
    }
    Ok(())
}

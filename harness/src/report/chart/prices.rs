//! What each value of the compared axis costs: the server's CPU time over that of another, a row for each kind of work, and in
//! it a point for each place where it was measured.

use plotters::chart::ChartBuilder;
use plotters::style::RGBColor;
use plotters::style::text_anchor::{HPos, VPos};

use crate::compare::Verdict;

use super::super::chapter::Chapter;
use super::super::number;
use super::super::price::{Pair, Prices, Ratio};
use super::axis::{Axis, short};
use super::canvas::{
    ASIDE, Area, FAINT, GRID, HEAD, INK, LINES, MARGIN, Place, WIDTH, beyond, chart, dot, line,
    text, width,
};

/// Each point's height, in pixels.
const POINT: i32 = 18;
/// What is left between two kinds of work.
const GAP: i32 = 8;
/// What a block's heading takes.
const HEADING: i32 = 32;
/// What the legend takes.
const LEGEND: i32 = 26;
/// What the axis' labels take.
const LABELS: i32 = 26;
/// How large names and figures are.
const LETTERS: f64 = 12.5;
/// From this factor between a ratio and an end of its interval on, the end does not stretch the axis.
const FAR: f64 = 2.0;

/// What stands below one heading.
struct Block {
    heading: String,
    rows: Vec<Row>,
}

/// One kind of work.
struct Row {
    scenario: String,
    points: Vec<Point>,
}

struct Point {
    /// Its place among the series: its colour.
    series: usize,
    ratio: Ratio,
}

/// The chart.
struct Drawing {
    title: String,
    subtitle: String,
    series: Vec<String>,
    blocks: Vec<Block>,
}

/// What the chart shows in a sentence, and its SVG; absent where no price has a CPU time.
///
/// # Errors
/// When it cannot be drawn.
pub(super) fn draw(chapter: &Chapter) -> anyhow::Result<Option<(String, String)>> {
    let Some((study, prices)) = chapter.study.zip(chapter.prices.as_ref()) else { return Ok(None) };
    let drawing = Drawing::of(&study.name, prices);
    if drawing.points().next().is_none() {
        return Ok(None);
    }
    let height = HEAD + LEGEND + drawing.height() + LABELS + MARGIN;
    let svg = chart(height, &drawing.title, &drawing.subtitle, |area| drawing.plot(area))?;
    Ok(Some((drawing.told(), svg)))
}

impl Drawing {
    fn of(study: &str, prices: &Prices) -> Drawing {
        let mut series: Vec<String> = Vec::new();
        let mut blocks: Vec<Block> = Vec::new();
        for pair in &prices.pairs {
            let (heading, name) = heading_and_series(pair);
            let series = place_of(&mut series, name);
            let block = match blocks.iter().position(|block| block.heading == heading) {
                Some(place) => place,
                None => {
                    blocks.push(Block { heading, rows: Vec::new() });
                    blocks.len() - 1
                }
            };
            let rows = &mut blocks[block].rows;
            for scenario in &prices.scenarios {
                let Some(ratio) = pair.cpu(scenario).and_then(|price| price.ratio) else {
                    continue;
                };
                let point = Point { series, ratio };
                match rows.iter_mut().find(|row| row.scenario == *scenario) {
                    Some(row) => row.points.push(point),
                    None => rows.push(Row { scenario: scenario.clone(), points: vec![point] }),
                }
            }
        }
        for block in &mut blocks {
            let place = |row: &Row| prices.scenarios.iter().position(|name| *name == row.scenario);
            block.rows.sort_by_key(place);
        }
        blocks.retain(|block| !block.rows.is_empty());
        Drawing {
            title: format!("{study}: server CPU time per request, relative to {}", other(prices)),
            subtitle: "By kind of work; left of 1 is cheaper. Bars: 95% intervals over blocks. A ring: no difference is shown, \
                       or none beyond 3%."
                .to_owned(),
            series,
            blocks,
        }
    }

    fn points(&self) -> impl Iterator<Item = &Point> {
        self.blocks.iter().flat_map(|block| &block.rows).flat_map(|row| &row.points)
    }

    fn height(&self) -> i32 {
        let rows: i32 = self.blocks.iter().flat_map(|block| &block.rows).map(Row::height).sum();
        rows + HEADING * self.blocks.len() as i32
    }

    /// A sentence for a reader who does not see it.
    fn told(&self) -> String {
        let mut told = Vec::new();
        for block in &self.blocks {
            for row in &block.rows {
                let points = row.points.iter().map(|point| {
                    let ratio = number::ratio(&point.ratio.estimate);
                    format!("{} {ratio}", self.series[point.series])
                });
                let points = points.collect::<Vec<_>>().join(", ");
                told.push(format!("{}, {}: {points}", block.heading, row.scenario));
            }
        }
        format!("{}: {}", self.title, told.join("; "))
    }

    fn axis(&self) -> Axis {
        let ratios = || self.points().map(|point| point.ratio.estimate);
        let least = ratios().map(|one| one.lo.max(one.mean / FAR)).fold(1.0, f64::min);
        let most = ratios().map(|one| one.hi.min(one.mean * FAR)).fold(1.0, f64::max);
        Axis::by_ratio(least, most)
    }

    fn plot(&self, area: &Area) -> anyhow::Result<()> {
        let axis = self.axis();
        let rows = self.height();
        let scenarios = self.blocks.iter().flat_map(|block| &block.rows);
        let names = scenarios.map(|row| width(&row.scenario, LETTERS)).max().unwrap_or(0);
        let figure = |point: &Point| number::ratio(&point.ratio.estimate);
        let figures = self.points().map(|point| width(&figure(point), LETTERS)).max().unwrap_or(0);
        let left = MARGIN + names + 16;
        let mut plot = ChartBuilder::on(area)
            .margin_top(HEAD + LEGEND)
            .margin_bottom(MARGIN)
            .margin_left(left)
            .margin_right(MARGIN + figures + 24)
            .x_label_area_size(LABELS)
            .build_cartesian_2d(axis.clone(), -f64::from(rows)..0.0)?;
        plot.configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .bold_line_style(GRID)
            .light_line_style(GRID)
            .axis_style(GRID)
            .x_label_style(text(12.0, FAINT, HPos::Center, VPos::Top))
            .x_label_formatter(&|ratio| short(*ratio))
            .draw()?;
        let at = |ratio: f64, y: i32| plot.backend_coord(&(ratio, -f64::from(y)));
        line(area, vec![at(1.0, 0), at(1.0, rows)], ASIDE, 1)?;
        self.legend(area)?;
        let mut y = 0;
        for block in &self.blocks {
            let (_, middle) = at(1.0, y + HEADING / 2 + 4);
            let heading = text(LETTERS, INK, HPos::Left, VPos::Center);
            let edge = middle - HEADING / 2 + 2;
            line(area, vec![(MARGIN, edge), (WIDTH as i32 - MARGIN, edge)], GRID, 1)?;
            area.draw_text(&block.heading, &heading, (MARGIN, middle))?;
            y += HEADING;
            for row in &block.rows {
                let (_, middle) = at(1.0, y + POINT * row.points.len() as i32 / 2);
                let name = text(LETTERS, FAINT, HPos::Right, VPos::Center);
                area.draw_text(&row.scenario, &name, (left - 12, middle))?;
                for (place, point) in row.points.iter().enumerate() {
                    let own = y + POINT * place as i32 + POINT / 2;
                    let colour = colour(point.series);
                    mark(area, &axis, &point.ratio, |ratio| at(ratio, own), colour)?;
                    let (_, middle) = at(1.0, own);
                    let style = text(LETTERS, INK, HPos::Right, VPos::Center);
                    area.draw_text(&figure(point), &style, (WIDTH as i32 - MARGIN, middle))?;
                }
                y += row.height();
            }
        }
        Ok(())
    }

    /// The names of the series, in a line.
    fn legend(&self, area: &Area) -> anyhow::Result<()> {
        let (mut x, y) = (MARGIN + 5, HEAD + LEGEND / 2 - 6);
        for (place, name) in self.series.iter().enumerate() {
            dot(area, (x, y), colour(place), false)?;
            let style = text(LETTERS, INK, HPos::Left, VPos::Center);
            area.draw_text(name, &style, (x + 11, y))?;
            x += 11 + width(name, LETTERS) + 18;
        }
        Ok(())
    }
}

impl Row {
    fn height(&self) -> i32 {
        POINT * self.points.len() as i32 + GAP
    }
}

/// What all pairs are over, or that they are over something.
fn other(prices: &Prices) -> &str {
    let mut over = prices.pairs.iter().map(Pair::over_in_chart);
    match over.next() {
        Some(first) if over.all(|other| other == first) => first,
        _ => "what the headings name",
    }
}

/// What a pair stands under, and which of the points there it is.
fn heading_and_series(pair: &Pair) -> (String, String) {
    let over = pair.over_in_chart();
    if pair.place.is_empty() {
        (format!("over {over}"), pair.value.clone())
    } else {
        (format!("{} over {over}", pair.value), pair.place_in_words())
    }
}

/// The place of a name in a list, which gets it if it lacks it.
fn place_of(names: &mut Vec<String>, name: String) -> usize {
    if let Some(place) = names.iter().position(|known| *known == name) {
        return place;
    }
    names.push(name);
    names.len() - 1
}

fn colour(series: usize) -> RGBColor {
    LINES[series % LINES.len()]
}

fn mark(
    area: &Area,
    axis: &Axis,
    ratio: &Ratio,
    at: impl Fn(f64) -> Place,
    colour: RGBColor,
) -> anyhow::Result<()> {
    let one = ratio.estimate;
    let (low, high) = (at(one.lo), at(one.hi));
    line(area, vec![low, high], colour, 2)?;
    let cap = |(x, y): Place| line(area, vec![(x, y - 4), (x, y + 4)], colour, 2);
    if one.lo < axis.from() {
        beyond(area, low, -1, colour)?
    } else {
        cap(low)?
    }
    if one.hi > axis.to() {
        beyond(area, high, 1, colour)?
    } else {
        cap(high)?
    }
    dot(area, at(one.mean), colour, ratio.verdict != Verdict::Different)
}

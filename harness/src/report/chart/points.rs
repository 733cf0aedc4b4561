//! One row a server: its estimate as a point, its interval as a bar, and the figure in words.

use plotters::chart::ChartBuilder;
use plotters::style::text_anchor::{HPos, VPos};

use crate::stats::Estimate;

use super::axis::{Axis, short};
use super::canvas::{
    ASIDE, Area, FAINT, GRID, HEAD, INK, LINES, MARGIN, Place, WIDTH, beyond, chart, dot, line,
    open_arrow, text, width,
};

/// Each server's height, in pixels.
const ROW: i32 = 26;
/// What a group's heading takes.
const HEADING: i32 = 34;
/// What the axis' labels take.
const LABELS: i32 = 26;
/// How large names and figures are.
const LETTERS: f64 = 13.0;
/// How large headings are.
const SMALL: f64 = 11.0;
/// A longer name is cut.
const LONGEST_NAME: usize = 36;

/// A chart of estimates.
pub(super) struct Points {
    /// What is shown, and its unit.
    pub(super) title: String,
    /// How to read it.
    pub(super) subtitle: String,
    /// The rows. The axis fits the first group that has figures; the others must not press it together.
    pub(super) groups: Vec<Group>,
}

/// Rows that belong together.
pub(super) struct Group {
    /// What they are, if it must be said.
    pub(super) heading: Option<&'static str>,
    /// From top to bottom.
    pub(super) points: Vec<Point>,
}

/// One row.
pub(super) struct Point {
    /// The server.
    pub(super) name: String,
    /// Its figure; a server that has none has its row all the same.
    pub(super) estimate: Option<Estimate>,
    /// Whether the figure is only a lower bound.
    pub(super) lower_bound: bool,
    /// The figure in words.
    pub(super) text: String,
}

impl Points {
    /// What it shows in a sentence, and its SVG.
    ///
    /// # Errors
    /// When it cannot be drawn.
    pub(super) fn draw(&self) -> anyhow::Result<(String, String)> {
        let rows: i32 = self.groups.iter().map(Group::height).sum();
        let height = HEAD + rows + LABELS + MARGIN;
        let svg = chart(height, &self.title, &self.subtitle, |area| self.draw_rows(area, rows))?;
        let told = self.points().map(|point| format!("{} {}", point.name, point.text));
        Ok((format!("{}: {}", self.title, told.collect::<Vec<_>>().join(", ")), svg))
    }

    fn points(&self) -> impl Iterator<Item = &Point> {
        self.groups.iter().flat_map(|group| &group.points)
    }

    /// An interval that is many times its figure does not stretch the axis.
    fn axis(&self) -> Axis {
        let is_known = |group: &&Group| group.points.iter().any(|point| point.estimate.is_some());
        let fitted = self.groups.iter().find(is_known).map_or(&[][..], |group| &group.points);
        let estimates = || fitted.iter().filter_map(|point| point.estimate);
        let means = estimates().map(|estimate| estimate.mean);
        let least = means.clone().fold(f64::INFINITY, f64::min);
        let most = means.fold(0.0, f64::max);
        let ends = estimates().map(|estimate| estimate.hi);
        Axis::of(least, ends.filter(|end| *end <= 1.5 * most).fold(most, f64::max))
    }

    fn draw_rows(&self, area: &Area, rows: i32) -> anyhow::Result<()> {
        let axis = self.axis();
        let widest = |of: fn(&Point) -> String| {
            self.points().map(|point| width(&of(point), LETTERS)).max().unwrap_or(0)
        };
        let headings = self.groups.iter().filter_map(|group| group.heading);
        let headings = headings.map(|heading| width(heading, SMALL)).max().unwrap_or(0);
        let left = MARGIN + widest(Point::short_name).max(headings) + 14;
        let right = MARGIN + widest(|point| point.text.clone()) + 34;
        let mut plot = ChartBuilder::on(area)
            .margin_top(HEAD)
            .margin_bottom(MARGIN)
            .margin_left(left)
            .margin_right(right)
            .x_label_area_size(LABELS)
            .build_cartesian_2d(axis.clone(), -f64::from(rows)..0.0)?;
        plot.configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .bold_line_style(GRID)
            .light_line_style(GRID)
            .axis_style(GRID)
            .x_label_style(text(12.0, FAINT, HPos::Center, VPos::Top))
            .x_label_formatter(&|figure| short(*figure))
            .draw()?;
        let at = |figure: f64, y: i32| plot.backend_coord(&(figure, -f64::from(y)));
        let mut y = 0;
        for (index, group) in self.groups.iter().enumerate() {
            if let Some(heading) = group.heading {
                let (_, middle) = at(0.0, y + HEADING / 2 + 4);
                line(
                    area,
                    vec![(MARGIN, middle - 13), (WIDTH as i32 - MARGIN, middle - 13)],
                    GRID,
                    1,
                )?;
                area.draw_text(
                    heading,
                    &text(SMALL, FAINT, HPos::Left, VPos::Center),
                    (MARGIN, middle),
                )?;
                y += HEADING;
            }
            let colour = if index == 0 { LINES[0] } else { ASIDE };
            for point in &group.points {
                let place = |figure: f64| at(figure, y + ROW / 2);
                let (_, middle) = place(0.0);
                let name = text(LETTERS, INK, HPos::Right, VPos::Center);
                area.draw_text(&point.short_name(), &name, (left - 12, middle))?;
                point.mark(area, &axis, place, colour)?;
                let figure = text(LETTERS, INK, HPos::Right, VPos::Center);
                area.draw_text(&point.text, &figure, (WIDTH as i32 - MARGIN, middle))?;
                y += ROW;
            }
        }
        Ok(())
    }
}

impl Group {
    fn height(&self) -> i32 {
        let heading = if self.heading.is_some() { HEADING } else { 0 };
        heading + ROW * self.points.len() as i32
    }
}

impl Point {
    fn short_name(&self) -> String {
        if self.name.chars().count() <= LONGEST_NAME {
            return self.name.clone();
        }
        self.name.chars().take(LONGEST_NAME - 1).chain(['…']).collect()
    }

    fn mark(
        &self,
        area: &Area,
        axis: &Axis,
        place: impl Fn(f64) -> Place,
        colour: plotters::style::RGBColor,
    ) -> anyhow::Result<()> {
        let Some(Estimate { mean, lo, hi, .. }) = self.estimate else { return Ok(()) };
        let (middle, low, high) = (place(mean), place(lo), place(hi));
        if mean > axis.to() {
            return beyond(area, middle, 1, colour);
        }
        if mean < axis.from() {
            return beyond(area, middle, -1, colour);
        }
        line(area, vec![low, high], colour, 2)?;
        let cap = |(x, y): Place| line(area, vec![(x, y - 5), (x, y + 5)], colour, 2);
        if lo >= axis.from() {
            cap(low)?;
        }
        if hi > axis.to() {
            beyond(area, high, 1, colour)?;
        } else {
            cap(high)?;
        }
        if self.lower_bound {
            open_arrow(area, high, colour)?;
        }
        dot(area, middle, colour, self.lower_bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_fits_the_first_group_that_has_figures() {
        let point = |mean: Option<f64>| Point {
            name: "s".into(),
            estimate: mean.map(|mean| Estimate { mean, lo: mean, hi: mean, count: 8 }),
            lower_bound: false,
            text: String::new(),
        };
        let axis = |groups: [Option<f64>; 3]| {
            let groups = groups.map(|mean| Group { heading: None, points: vec![point(mean)] });
            Points { title: String::new(), subtitle: String::new(), groups: groups.into() }.axis()
        };
        assert_eq!(axis([Some(20.0), Some(900.0), None]), Axis::of(20.0, 20.0));
        assert_eq!(axis([None, Some(900.0), Some(20.0)]), Axis::of(900.0, 900.0));
    }
}

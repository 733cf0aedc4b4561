//! What all charts share: size, colours, type, and the few marks that they are made of.

use plotters::coord::Shift;
use plotters::element::{Circle, PathElement, Polygon};
use plotters::prelude::{Color, DrawingArea, IntoDrawingArea, IntoFont, RGBColor, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, ShapeStyle, TextStyle};

/// In pixels: what a page shows without scaling.
pub(super) const WIDTH: u32 = 900;
/// Around everything, in pixels.
pub(super) const MARGIN: i32 = 18;
/// What title and subtitle take, in pixels.
pub(super) const HEAD: i32 = 68;

/// Text.
pub(super) const INK: RGBColor = RGBColor(0x1f, 0x23, 0x28);
/// Text of less weight.
pub(super) const FAINT: RGBColor = RGBColor(0x59, 0x63, 0x6e);
/// Lines of the grid.
pub(super) const GRID: RGBColor = RGBColor(0xe3, 0xe6, 0xea);
/// What does not compete.
pub(super) const ASIDE: RGBColor = RGBColor(0x6e, 0x77, 0x81);
/// Lines that are told apart by their colour, also by most who see few: after Okabe and Ito (2008),
/// darkened where they were too light for a line on white, and two more.
pub(super) const LINES: [RGBColor; 10] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xb5, 0x4f, 0x8f),
    RGBColor(0xe0, 0x9b, 0x00),
    RGBColor(0x38, 0xa0, 0xdc),
    RGBColor(0x22, 0x22, 0x22),
    RGBColor(0x8c, 0x51, 0x0a),
    RGBColor(0x6a, 0x51, 0xc4),
    RGBColor(0x8a, 0x93, 0x1c),
];

/// The whole of a chart's area.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// A place on it, in pixels from the upper left.
pub(super) type Place = (i32, i32);

/// Draws a chart of `height` pixels on white, with its title, and returns its SVG.
///
/// # Errors
/// When `draw` fails.
pub(super) fn chart(
    height: i32,
    title: &str,
    subtitle: &str,
    draw: impl FnOnce(&Area) -> anyhow::Result<()>,
) -> anyhow::Result<String> {
    let mut svg = String::new();
    {
        let area =
            SVGBackend::with_string(&mut svg, (WIDTH, height.unsigned_abs())).into_drawing_area();
        area.fill(&RGBColor(255, 255, 255))?;
        let bold = ("sans-serif", size(16.0), FontStyle::Bold).into_font().color(&INK);
        area.draw_text(title, &bold, (MARGIN, MARGIN - 2))?;
        area.draw_text(subtitle, &text(12.0, FAINT, HPos::Left, VPos::Top), (MARGIN, MARGIN + 22))?;
        draw(&area)?;
        area.present()?;
    }
    Ok(svg)
}

/// A style of text; `pixels` is the size of its letters.
pub(super) fn text(pixels: f64, colour: RGBColor, across: HPos, down: VPos) -> TextStyle<'static> {
    ("sans-serif", size(pixels)).into_font().color(&colour).pos(Pos::new(across, down))
}

/// plotters-svg divides every size by this.
fn size(pixels: f64) -> f64 {
    pixels * 1.24
}

/// How wide a text will be at most, in pixels. The reader's font is not known: this is a wide one's mean letter.
pub(super) fn width(text: &str, pixels: f64) -> i32 {
    (text.chars().count() as f64 * pixels * 0.6).ceil() as i32
}

/// A line through places.
pub(super) fn line(
    area: &Area,
    places: Vec<Place>,
    colour: RGBColor,
    width: u32,
) -> anyhow::Result<()> {
    Ok(area.draw(&PathElement::new(places, colour.stroke_width(width)))?)
}

/// A dot, or where it is open a ring.
pub(super) fn dot(area: &Area, at: Place, colour: RGBColor, open: bool) -> anyhow::Result<()> {
    if !open {
        return Ok(area.draw(&Circle::new(at, 5, colour.filled()))?);
    }
    area.draw(&Circle::new(at, 5, RGBColor(255, 255, 255).filled()))?;
    Ok(area.draw(&Circle::new(at, 5, ShapeStyle::from(colour).stroke_width(2)))?)
}

/// An open arrow from `at` to the right: more than this.
pub(super) fn open_arrow(area: &Area, at: Place, colour: RGBColor) -> anyhow::Result<()> {
    let (x, y) = at;
    line(area, vec![at, (x + 16, y)], colour, 2)?;
    line(area, vec![(x + 10, y - 5), (x + 16, y), (x + 10, y + 5)], colour, 2)
}

/// A filled arrow whose tip is `at`: what it stands for is farther on, `towards` the right (1) or the left (−1).
pub(super) fn beyond(area: &Area, at: Place, towards: i32, colour: RGBColor) -> anyhow::Result<()> {
    let (x, y) = at;
    let back = x - 11 * towards;
    Ok(area.draw(&Polygon::new(vec![(back, y - 6), at, (back, y + 6)], colour.filled()))?)
}

//! From figures to places along an axis.

use std::ops::Range;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};

/// From this ratio of the largest figure to the smallest on, an even axis would press the small ones together.
const WIDE: f64 = 12.0;

/// An axis from one figure to another, even or by ratio. Figures beyond it stand at its ends.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    from: f64,
    to: f64,
    by_ratio: bool,
    ticks: Vec<f64>,
}

impl Axis {
    /// From zero; or by ratio, if the figures from `least` to `most` are far apart.
    pub(super) fn of(least: f64, most: f64) -> Axis {
        if least > 0.0 && most / least > WIDE {
            return Axis::by_ratio(least, most);
        }
        let to = if most > 0.0 { most * 1.06 } else { 1.0 };
        Axis { from: 0.0, to, by_ratio: false, ticks: even_ticks(to) }
    }

    /// By ratio, with a little room at both ends. Both figures are above zero.
    pub(super) fn by_ratio(least: f64, most: f64) -> Axis {
        let (from, to) = (least / 1.15, most * 1.15);
        Axis { from, to, by_ratio: true, ticks: ratio_ticks(from, to) }
    }

    /// By ratio, from end to end, with ticks where they are told to be.
    pub(super) fn with_ticks(from: f64, to: f64, ticks: impl Iterator<Item = f64>) -> Axis {
        let ticks = ticks.filter(|tick| (from..=to).contains(tick)).collect();
        Axis { from, to, by_ratio: true, ticks }
    }

    /// The smallest figure on it.
    pub(super) fn from(&self) -> f64 {
        self.from
    }

    /// The largest.
    pub(super) fn to(&self) -> f64 {
        self.to
    }

    /// How far along a figure stands: 0 is the beginning, 1 the end.
    fn part(&self, figure: f64) -> f64 {
        let figure = figure.clamp(self.from, self.to);
        if self.by_ratio {
            (figure / self.from).log10() / (self.to / self.from).log10()
        } else {
            (figure - self.from) / (self.to - self.from)
        }
    }
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, figure: &f64, (first, last): (i32, i32)) -> i32 {
        first + (self.part(*figure) * f64::from(last - first)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.from..self.to
    }
}

/// Five round figures or so, from zero.
fn even_ticks(to: f64) -> Vec<f64> {
    let rough = to / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power);
    let step = steps.into_iter().find(|step| *step >= rough * 0.999).unwrap_or(rough);
    (0..).map(|i| f64::from(i) * step).take_while(|tick| *tick <= to).collect()
}

/// 1, 2 and 5 of each power of ten; of many powers 1 alone, and of less than one more digits.
fn ratio_ticks(from: f64, to: f64) -> Vec<f64> {
    let powers = from.log10().floor() as i32..=to.log10().ceil() as i32;
    let digits: &[f64] = match to / from {
        long if long > 1e4 => &[1.0],
        middling if middling > 5.0 => &[1.0, 2.0, 5.0],
        _ => &[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0],
    };
    powers
        .flat_map(|power| digits.iter().map(move |digit| digit * 10f64.powi(power)))
        .filter(|tick| (from..=to).contains(tick))
        .collect()
}

/// A tick's figure, as short as it can be: `0.2`, `500`, `20k`.
pub(super) fn short(figure: f64) -> String {
    let (figure, unit) = match figure {
        large if large >= 999_999.5 => (large / 1e6, "M"),
        large if large >= 999.5 => (large / 1e3, "k"),
        small => (small, ""),
    };
    let text = format!("{figure:.3}");
    format!("{}{unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A tick's time, given in microseconds: `200 µs`, `5 ms`, `1 s`.
pub(super) fn time(micros: f64) -> String {
    match micros {
        long if long >= 999_999.5 => format!("{} s", short(long / 1e6)),
        middling if middling >= 999.5 => format!("{} ms", short(middling / 1e3)),
        brief => format!("{} µs", short(brief)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_figures_stand_on_an_even_axis_from_zero() {
        let axis = Axis::of(22.9, 100.0 / 1.06);
        assert_eq!(axis.ticks, [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(axis.map(&25.0, (100, 500)), 200);
        assert_eq!(axis.map(&173_000.0, (100, 500)), 500, "beyond it is its end");
    }

    #[test]
    fn figures_far_apart_stand_by_ratio() {
        let axis = Axis::of(800.0, 28_000.0);
        assert_eq!(axis.ticks, [1_000.0, 2_000.0, 5_000.0, 10_000.0, 20_000.0]);
        let axis = Axis::with_ticks(1.0, 1e4, [10.0, 1e5].into_iter());
        assert_eq!(axis.ticks, [10.0]);
        assert_eq!(axis.map(&100.0, (0, 400)), 200);
    }

    #[test]
    fn ticks_are_short() {
        let text: Vec<_> = [0.0, 0.2, 500.0, 5_000.0, 20_000.0, 2e6].map(short).into();
        assert_eq!(text, ["0", "0.2", "500", "5k", "20k", "2M"]);
        assert_eq!([50.0, 1_000.0, 200_000.0, 5e6].map(time), ["50 µs", "1 ms", "200 ms", "5 s"]);
    }
}

//! Figures as text, with the digits that their interval justifies.

use crate::stats::Estimate;

/// `mean ± half-width`, both to the second significant digit of the half-width.
#[must_use]
pub fn with_interval(estimate: &Estimate) -> String {
    let half = estimate.half_width();
    format!("{} ± {}", rounded(estimate.mean, half), rounded(half, half))
}

/// `mean (lo–hi)`, for an interval that is not even: mean and lower end to the second significant digit of
/// their distance, the upper end, which may be far, to that of its own.
#[must_use]
pub fn with_ends(estimate: &Estimate) -> String {
    let below = estimate.mean - estimate.lo;
    let above = estimate.hi - estimate.mean;
    let hi = if above > 1e9 { format!("{:.0e}", estimate.hi) } else { rounded(estimate.hi, above) };
    format!("{} ({}–{hi})", rounded(estimate.mean, below), rounded(estimate.lo, below))
}

/// A ratio as `mean (lo–hi)`, all to the second significant digit of the distance of mean and lower end, but for
/// an upper end that is far.
#[must_use]
pub fn ratio(estimate: &Estimate) -> String {
    let (below, above) = (estimate.mean - estimate.lo, estimate.hi - estimate.mean);
    if above > 3.0 * below {
        return with_ends(estimate);
    }
    let [mean, lo, hi] =
        [estimate.mean, estimate.lo, estimate.hi].map(|value| rounded(value, below));
    format!("{mean} ({lo}–{hi})")
}

/// The text of a quotient of two figures that may be only lower bounds: of a bound it is one too, by a bound it is
/// an upper bound, and of two it says nothing.
#[must_use]
pub fn quotient(text: &str, is_of_bound: bool, is_by_bound: bool) -> Option<String> {
    match (is_of_bound, is_by_bound) {
        (false, false) => Some(text.to_owned()),
        (true, false) => Some(format!("≥ {text}")),
        (false, true) => Some(format!("≤ {text}")),
        (true, true) => None,
    }
}

/// A share as `82% (75–85%)`, to a percent, or to a tenth below 10%.
#[must_use]
pub fn percent_with_ends(share: &Estimate) -> String {
    let decimals = usize::from(share.hi < 0.1);
    let [mean, lo, hi] = [share.mean, share.lo, share.hi].map(|value| 100.0 * value);
    format!("{mean:.decimals$}% ({lo:.decimals$}–{hi:.decimals$}%)")
}

/// How far a ratio of at least 1 is from 1, as in `0.8%`.
#[must_use]
pub fn percent(ratio: f64) -> String {
    format!("{:.1}%", 100.0 * (ratio - 1.0))
}

/// `value` to the second significant digit of `scale`; thousands are set apart.
fn rounded(value: f64, scale: f64) -> String {
    if !(scale > 0.0 && scale.is_finite()) {
        return grouped(value, 3);
    }
    let digit = scale.log10().floor() as i32 - 1;
    let unit = 10f64.powi(digit);
    grouped((value / unit).round() * unit, usize::try_from(-digit).unwrap_or(0).min(4))
}

fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let groups: Vec<&str> = whole
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).expect("digits are ASCII"))
        .collect();
    let sign = if value < 0.0 { "−" } else { "" };
    format!("{sign}{}{rest}", groups.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_uneven_interval_shows_its_ends() {
        let text = |mean, lo, hi| with_ends(&Estimate { mean, lo, hi, count: 8 });
        assert_eq!(text(1_083.4, 741.3, 1_583.9), "1,080 (740–1,580)");
        assert_eq!(text(880.2, 0.3, 26_123_456.0), "880 (0–26,000,000)");
        assert_eq!(text(880.2, 0.3, 3.4e17), "880 (0–3e17)");
    }

    #[test]
    fn both_ends_of_a_ratio_have_its_digits() {
        let text = |mean, lo, hi| ratio(&Estimate { mean, lo, hi, count: 8 });
        assert_eq!(text(1.629_1, 1.533_2, 1.731_4), "1.629 (1.533–1.731)");
        assert_eq!(text(1.0, 0.244, 4.13), "1.00 (0.24–4.1)");
        assert_eq!(text(1.0, 1.0, 1.0), "1.000 (1.000–1.000)");
    }

    #[test]
    fn a_share_has_the_digits_of_its_size() {
        let text = |mean, lo, hi| percent_with_ends(&Estimate { mean, lo, hi, count: 8 });
        assert_eq!(text(0.823, 0.751, 0.849), "82% (75–85%)");
        assert_eq!(text(0.0123, 0.0, 0.0349), "1.2% (0.0–3.5%)");
    }

    #[test]
    fn a_ratio_is_told_by_its_distance_from_one() {
        assert_eq!(percent(1.0083), "0.8%");
        assert_eq!(percent(1.0), "0.0%");
    }

    #[test]
    fn a_quotient_of_bounds_is_told_as_what_it_is() {
        let of = |of, by| quotient("87%", of, by);
        assert_eq!(of(false, false).as_deref(), Some("87%"));
        assert_eq!(of(true, false).as_deref(), Some("≥ 87%"));
        assert_eq!(of(false, true).as_deref(), Some("≤ 87%"));
        assert_eq!(of(true, true), None);
    }

    fn text(mean: f64, half: f64) -> String {
        with_interval(&Estimate { mean, lo: mean - half, hi: mean + half, count: 8 })
    }

    #[test]
    fn the_interval_says_how_many_digits_there_are() {
        assert_eq!(text(12_345.678, 123.4), "12,350 ± 120");
        assert_eq!(text(33.268_9, 0.412), "33.27 ± 0.41");
        assert_eq!(text(1_234_567.0, 0.5), "1,234,567.00 ± 0.50");
        assert_eq!(text(5.0, 0.0), "5.000 ± 0.000");
        assert_eq!(text(7.0, 40.0), "7 ± 40");
    }
}

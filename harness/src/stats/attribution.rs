//! What decides a figure: the variance between the cells of a crossed design, divided among its factors and their
//! interactions.
//!
//! Every combination of the factors' values has one figure in each block, taken by its logarithm. The figures of a block
//! are the sum of a mean, an effect of each factor, and an interaction of each set of factors (Fisher 1925); the share
//! of a set of factors is its part of the sum of the squares of all but the mean.
//!
//! Noise adds to every square. So the square of an effect is estimated without it: it is that of the effect's mean over
//! blocks, less the variance of that mean, which the blocks show. The result is unbiased, and below 0 where there is
//! nothing but noise; it then counts as 0. Intervals are those of the jackknife over blocks (Tukey 1958), which leaves each
//! block out in turn.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::Estimate;

/// A set of factors, a bit for each: of one it is that factor's own effect, of more their interaction.
pub type Factors = u32;

/// What one set of factors decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// The factors.
    pub factors: Factors,
    /// Their share of the variance between cells, from 0 to 1.
    pub share: Estimate,
    /// The typical factor by which their effect moves a figure: e to the power of its root mean square over the cells.
    pub typical: f64,
}

/// Divides the variance among all sets of factors, where factor i has `levels[i]` values. `blocks` has the logarithms of
/// each block's figures: the last factor's values follow each other.
///
/// Absent for fewer than three blocks, for a factor with fewer than two values, where a block has not all cells, and where
/// nothing differs.
#[must_use]
pub fn attribution(levels: &[usize], blocks: &[Vec<f64>]) -> Option<Vec<Share>> {
    let cells: usize = levels.iter().product();
    let is_whole = |block: &Vec<f64>| block.len() == cells && block.iter().all(|v| v.is_finite());
    if levels.iter().any(|count| *count < 2) || blocks.len() < 3 || !blocks.iter().all(is_whole) {
        return None;
    }
    let sets: Vec<Factors> = (1..1 << levels.len()).collect();
    // By set, then by block: the effect in each cell.
    let effects: Vec<Vec<Vec<f64>>> = sets
        .iter()
        .map(|set| blocks.iter().map(|block| effect(levels, block, *set)).collect())
        .collect();
    let squares = |left_out: Option<usize>| -> Vec<f64> {
        effects.iter().map(|of_blocks| square(of_blocks, left_out)).collect()
    };
    let all = squares(None);
    let shares = shares(&all)?;
    let n = blocks.len() as f64;
    let without: Vec<Vec<f64>> =
        (0..blocks.len()).filter_map(|block| self::shares(&squares(Some(block)))).collect();
    let t = StudentsT::new(0.0, 1.0, n - 1.0).ok()?.inverse_cdf(0.975);
    let of = |(place, factors): (usize, &Factors)| {
        let pseudo: Vec<f64> =
            without.iter().map(|one| n * shares[place] - (n - 1.0) * one[place]).collect();
        let mean = pseudo.iter().sum::<f64>() / pseudo.len() as f64;
        let variance = pseudo.iter().map(|value| (value - mean).powi(2)).sum::<f64>()
            / (pseudo.len() as f64 - 1.0);
        let half = t * (variance / pseudo.len() as f64).sqrt();
        let within = |value: f64| value.clamp(0.0, 1.0);
        let (lo, hi) = (within(shares[place] - half), within(shares[place] + half));
        let share = Estimate { mean: shares[place], lo, hi, count: blocks.len() };
        let typical = (all[place].max(0.0) / cells as f64).sqrt().exp();
        Share { factors: *factors, share, typical }
    };
    (without.len() == blocks.len()).then(|| sets.iter().enumerate().map(of).collect())
}

/// The part of each square in their sum; absent where nothing is left.
fn shares(squares: &[f64]) -> Option<Vec<f64>> {
    let positive = || squares.iter().map(|square| square.max(0.0));
    let sum: f64 = positive().sum();
    (sum > 0.0).then(|| positive().map(|square| square / sum).collect())
}

/// The effect of a set of factors in each cell: the mean over all other factors, less the effects of the set's own
/// parts and the mean of all, by inclusion and exclusion.
fn effect(levels: &[usize], block: &[f64], set: Factors) -> Vec<f64> {
    let mut sum = vec![0.0; block.len()];
    // Every part of the set, the empty one among them.
    let mut part = set;
    loop {
        let is_even = (set.count_ones() - part.count_ones()).is_multiple_of(2);
        let sign = if is_even { 1.0 } else { -1.0 };
        let means = means(levels, block, part);
        sum.iter_mut().zip(means).for_each(|(sum, mean)| *sum += sign * mean);
        if part == 0 {
            return sum;
        }
        part = (part - 1) & set;
    }
}

/// For each cell, the mean of the cells that share its values of the factors in `set`.
fn means(levels: &[usize], block: &[f64], set: Factors) -> Vec<f64> {
    let key = |mut cell: usize| {
        let mut key = 0;
        for (factor, count) in levels.iter().enumerate().rev() {
            if set & (1 << factor) != 0 {
                key = key * count + cell % count;
            }
            cell /= count;
        }
        key
    };
    let mut sums = vec![(0.0, 0.0); block.len()];
    for (cell, value) in block.iter().enumerate() {
        let (sum, count) = &mut sums[key(cell)];
        *sum += value;
        *count += 1.0;
    }
    (0..block.len()).map(|cell| sums[key(cell)]).map(|(sum, count)| sum / count).collect()
}

/// The square of an effect's mean over blocks, summed over the cells, less what the noise adds to it.
fn square(of_blocks: &[Vec<f64>], left_out: Option<usize>) -> f64 {
    let kept = || {
        let blocks = of_blocks.iter().enumerate();
        blocks.filter(|(place, _)| Some(*place) != left_out).map(|(_, block)| block)
    };
    let n = kept().count() as f64;
    let cells = of_blocks.first().map_or(0, Vec::len);
    let of_cell = |cell: usize| {
        let mean = kept().map(|block| block[cell]).sum::<f64>() / n;
        let variance = kept().map(|block| (block[cell] - mean).powi(2)).sum::<f64>() / (n - 1.0);
        mean * mean - variance / n
    };
    (0..cells).map(of_cell).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Logarithms of figures of 3 × 2 cells: effects of the first factor, of the second, and of both.
    fn block(noise: impl Fn(usize) -> f64) -> Vec<f64> {
        let (first, second) = ([0.4, -0.1, -0.3], [0.05, -0.05]);
        (0..6).map(|cell| 3.0 + first[cell / 2] + second[cell % 2] + noise(cell)).collect()
    }

    fn share_of(shares: &[Share], factors: Factors) -> Estimate {
        shares.iter().find(|share| share.factors == factors).unwrap().share
    }

    #[test]
    fn without_noise_the_shares_are_those_of_the_squares() {
        let blocks = vec![block(|_| 0.0); 4];
        let shares = attribution(&[3, 2], &blocks).unwrap();
        // Sums of squares over the six cells: 2 · 0.26 and 3 · 2 · 0.0025.
        let (first, second) = (0.52, 0.015);
        assert!((share_of(&shares, 0b01).mean - first / (first + second)).abs() < 1e-12);
        assert!((share_of(&shares, 0b10).mean - second / (first + second)).abs() < 1e-12);
        assert!(share_of(&shares, 0b11).mean.abs() < 1e-12);
        assert!((shares[0].typical - (first / 6.0f64).sqrt().exp()).abs() < 1e-12);
    }

    #[test]
    fn an_interaction_is_told_from_the_factors() {
        // The second factor matters with the first value of the first alone.
        let cells = vec![1.0, -1.0, 0.0, 0.0];
        let shares = attribution(&[2, 2], &vec![cells; 3]).unwrap();
        assert!(share_of(&shares, 0b01).mean.abs() < 1e-12);
        assert!((share_of(&shares, 0b10).mean - 0.5).abs() < 1e-12);
        assert!((share_of(&shares, 0b11).mean - 0.5).abs() < 1e-12);
    }

    #[test]
    fn noise_is_no_effect() {
        // The same noise with both signs has a mean of 0 over the blocks, but squares.
        let noise = |block: usize| {
            move |cell: usize| {
                let size = 0.05 * ((cell * 7 + block / 2 * 3) % 5) as f64;
                if block.is_multiple_of(2) { size } else { -size }
            }
        };
        let blocks: Vec<Vec<f64>> = (0..10).map(|b| block(noise(b))).collect();
        let shares = attribution(&[3, 2], &blocks).unwrap();
        let both = share_of(&shares, 0b11);
        assert!(both.mean < 0.01 && both.lo == 0.0, "{both:?}");
        let first = share_of(&shares, 0b01);
        assert!(first.lo < first.mean && first.mean < first.hi && first.hi <= 1.0, "{first:?}");
    }

    #[test]
    fn what_cannot_be_divided_is_absent() {
        assert_eq!(attribution(&[3, 2], &vec![block(|_| 0.0); 2]), None);
        assert_eq!(attribution(&[3, 1], &vec![vec![1.0; 3]; 4]), None);
        assert_eq!(attribution(&[3, 2], &vec![vec![1.0; 5]; 4]), None);
        assert_eq!(attribution(&[3, 2], &vec![vec![1.0; 6]; 4]), None, "nothing differs");
    }

    proptest! {
        #[test]
        fn shares_add_up_to_one(values in prop::collection::vec(-2.0f64..2.0, 12 * 4)) {
            let blocks: Vec<Vec<f64>> = values.chunks(12).map(<[f64]>::to_vec).collect();
            if let Some(shares) = attribution(&[2, 3, 2], &blocks) {
                let sum: f64 = shares.iter().map(|share| share.share.mean).sum();
                prop_assert!((sum - 1.0).abs() < 1e-9);
                for share in shares {
                    prop_assert!(share.share.lo <= share.share.mean + 1e-12);
                    prop_assert!(share.share.mean <= share.share.hi + 1e-12);
                }
            }
        }

        #[test]
        fn effects_add_up_to_the_figures(values in prop::collection::vec(-2.0f64..2.0, 12)) {
            let levels = [2, 3, 2];
            let mut sum = effect(&levels, &values, 0);
            for set in 1..8 {
                sum.iter_mut().zip(effect(&levels, &values, set)).for_each(|(sum, e)| *sum += e);
            }
            for (sum, value) in sum.iter().zip(&values) {
                prop_assert!((sum - value).abs() < 1e-9);
            }
        }
    }
}

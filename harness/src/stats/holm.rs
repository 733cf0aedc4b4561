//! The correction of p-values for many tests at once.

/// Adjusts p-values by Holm's step-down method (Holm 1979), and returns them in the order of `p_values`.
///
/// Where each test whose adjusted p-value is below α is rejected, the chance of any wrong rejection among all of them
/// is below α, however the tests depend on each other.
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest = 0f64;
    for (rank, index) in order.into_iter().enumerate() {
        let left = (p_values.len() - rank) as f64;
        largest = largest.max(left * p_values[index]).min(1.0);
        adjusted[index] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::holm;
    use proptest::prelude::*;

    #[test]
    fn agrees_with_r() {
        // p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, expected) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - expected).abs() < 1e-12, "{adjusted:?}");
        }
        assert!(holm(&[]).is_empty());
        assert_eq!(holm(&[0.04]), [0.04]);
    }

    proptest! {
        #[test]
        fn lies_between_the_plain_value_and_bonferronis(p_values in prop::collection::vec(0.0f64..=1.0, 1..30)) {
            let adjusted = holm(&p_values);
            let least = p_values.iter().copied().fold(1.0, f64::min);
            for (plain, adjusted) in p_values.iter().zip(&adjusted) {
                prop_assert!(plain <= adjusted);
                prop_assert!(*adjusted <= (plain * p_values.len() as f64).min(1.0));
            }
            let first = adjusted.iter().copied().fold(1.0, f64::min);
            prop_assert!((first - (least * p_values.len() as f64).min(1.0)).abs() < 1e-12);
        }

        #[test]
        fn keeps_the_order(p_values in prop::collection::vec(0.0f64..=1.0, 2..30)) {
            let adjusted = holm(&p_values);
            for (a, adjusted_a) in p_values.iter().zip(&adjusted) {
                for (b, adjusted_b) in p_values.iter().zip(&adjusted) {
                    prop_assert!(a > b || adjusted_a <= adjusted_b);
                }
            }
        }
    }
}

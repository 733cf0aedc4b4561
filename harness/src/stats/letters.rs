//! The compact letter display: which of several things are shown to differ, as letters.

use std::collections::BTreeSet;

/// Gives letters to `count` things, of which the pairs in `different` are shown to differ.
///
/// Two things that are shown to differ share no letter; two that are not share at least one. The display is found by
/// insert and absorb (Piepho 2004): all things begin in one column; each pair of different things splits every column
/// that holds both into two, each without one of them; a column that another one holds is absorbed. What is left has
/// one letter a column, in the order of its first thing, so that `a` belongs to the first of all.
#[must_use]
pub fn letters(count: usize, different: &[(usize, usize)]) -> Vec<String> {
    let mut columns: Vec<BTreeSet<usize>> = vec![(0..count).collect()];
    for (a, b) in different.iter().filter(|(a, b)| a != b) {
        let (both, mut kept): (Vec<_>, Vec<_>) =
            columns.into_iter().partition(|column| column.contains(a) && column.contains(b));
        for column in both {
            for gone in [a, b] {
                let mut column = column.clone();
                column.remove(gone);
                kept.push(column);
            }
        }
        columns = absorbed(kept);
    }
    columns.retain(|column| !column.is_empty());
    columns.sort_by(|a, b| a.iter().cmp(b.iter()));
    let of = |thing: usize| {
        let held = columns.iter().enumerate().filter(|(_, column)| column.contains(&thing));
        held.map(|(place, _)| letter(place)).collect()
    };
    (0..count).map(of).collect()
}

/// The columns without those that another one holds, and each once.
fn absorbed(mut columns: Vec<BTreeSet<usize>>) -> Vec<BTreeSet<usize>> {
    columns.sort_by_key(|column| std::cmp::Reverse(column.len()));
    let mut kept: Vec<BTreeSet<usize>> = Vec::new();
    for column in columns {
        if !kept.iter().any(|larger| column.is_subset(larger)) {
            kept.push(column);
        }
    }
    kept
}

/// The name of a column: `a` to `z`, `A` to `Z`, and a number in brackets beyond.
fn letter(place: usize) -> String {
    let alphabet = ('a'..='z').chain('A'..='Z');
    alphabet.into_iter().nth(place).map_or_else(|| format!("[{}]", place + 1), String::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn agrees_with_a_display_worked_out_by_hand() {
        // Five in a row, of which those at least three places apart differ: {0,1,2}, {1,2,3} and {2,3,4} do not.
        let different = [(0, 3), (0, 4), (1, 4)];
        assert_eq!(letters(5, &different), ["a", "ab", "abc", "bc", "c"]);
        // The first differs from the rest, and the rest not from each other.
        assert_eq!(letters(3, &[(0, 1), (0, 2)]), ["a", "b", "b"]);
        // No order can show this with one run of letters: 0 and 2 do not differ, and 1 differs from 2 only.
        assert_eq!(letters(3, &[(1, 2)]), ["ab", "a", "b"]);
        assert_eq!(letters(2, &[]), ["a", "a"]);
        assert!(letters(0, &[]).is_empty());
    }

    #[test]
    fn there_are_more_names_than_letters() {
        let pairs: Vec<(usize, usize)> =
            (0..54).flat_map(|a| (a + 1..54).map(move |b| (a, b))).collect();
        let found = letters(54, &pairs);
        assert_eq!([&found[0], &found[25], &found[26], &found[53]], ["a", "z", "A", "[54]"]);
    }

    fn pairs() -> impl Strategy<Value = (usize, Vec<(usize, usize)>)> {
        (1usize..10).prop_flat_map(|count| {
            let pair = (0..count, 0..count);
            (Just(count), prop::collection::vec(pair, 0..20))
        })
    }

    proptest! {
        #[test]
        fn a_letter_is_shared_by_those_that_do_not_differ((count, different) in pairs()) {
            let found = letters(count, &different);
            let differs = |a, b| different.contains(&(a, b)) || different.contains(&(b, a));
            for a in 0..count {
                prop_assert!(!found[a].is_empty());
                for b in (0..count).filter(|b| *b != a) {
                    let shares = found[a].chars().any(|letter| found[b].contains(letter));
                    prop_assert_eq!(shares, !differs(a, b), "{} and {}: {:?}", a, b, found);
                }
            }
        }

        #[test]
        fn the_first_has_the_first_letter((count, different) in pairs()) {
            prop_assert!(letters(count, &different)[0].starts_with('a'));
        }
    }
}

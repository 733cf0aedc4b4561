//! The rows never change, and they are what their description says.

use std::collections::HashMap;

use demo_data::{ALPHABET, NAME_LEN, ROWS, Row, SEED, Truth, name_len, row};
use proptest::prelude::*;

#[test]
fn the_first_rows_are_pinned() {
    let json: Vec<String> = (0..3)
        .map(|i| serde_json::to_string(&row(SEED, i)).expect("a row is plain data"))
        .collect();
    assert_eq!(
        json,
        [
            r##"{"id":1,"name":"O7sBso3ldv#s)TmP$w58Yf+ikn42ur=g(Hoi4doVXXl%SYYApL)eQ^Pqnh162=@KIYM&&i2*s^5xeiLqyR61(uDsI-s0ea4eZeik2hW@IjzYq2^uj)OVDg5f8K","create_time":"2022-07-02T01:42:53Z","update_time":"2022-07-22T13:09:50Z"}"##,
            r##"{"id":2,"name":"12VYTuA+jW8Uyh=f9$CqCguNiF+&!=ufV+E_)hcpnmetcf=2))$NCXv%O!nUJOiFByNc17--_2^-K!1uJKw%5cjl@JagX38ODy+^uQv5iQs@31","create_time":"2022-01-29T17:32:58Z","update_time":"2022-02-28T20:27:35Z"}"##,
            r##"{"id":3,"name":"(r*Upb&LR$du2cSL=Rt@EzOtmPE6yf2B7KgZ%x70lX9Vw@4eQ94S1)gfS!URCvpDaPYa80keGQHG-$jAI&C8mYJIyCg_GG4d6)lHXmU2y-mCa3r)U*-2EfM7-B5LCmTwKW89aRoeB7N&9d)xA1y7dD@XtO$Nw8PXgLlYX","create_time":"2023-07-14T18:10:32Z","update_time":"2023-07-28T15:59:19Z"}"##,
        ]
    );
}

#[test]
fn a_row_survives_json() {
    let sent = row(SEED, 5);
    let json = serde_json::to_string(&sent).expect("a row is plain data");
    assert_eq!(serde_json::from_str::<Row>(&json).expect("it was just written"), sent);
}

#[test]
fn characters_and_lengths_are_uniform() {
    let mut characters = HashMap::new();
    let mut lengths = HashMap::new();
    for i in 0..20_000 {
        let name = row(SEED, i).name;
        *lengths.entry(name.len()).or_insert(0) += 1;
        for byte in name.bytes() {
            *characters.entry(byte).or_insert(0) += 1;
        }
    }
    assert!(ALPHABET.iter().all(|byte| characters.contains_key(byte)));
    assert!(NAME_LEN.clone().all(|len| lengths.contains_key(&len)));
    // The 99.99% points of chi-squared with 75 and 252 degrees of freedom: the seed is fixed, so this cannot flake.
    assert!(chi_squared(&characters) < 127.0, "{}", chi_squared(&characters));
    assert!(chi_squared(&lengths) < 341.0, "{}", chi_squared(&lengths));
}

fn chi_squared<K>(counts: &HashMap<K, u64>) -> f64 {
    let expected = counts.values().sum::<u64>() as f64 / counts.len() as f64;
    counts.values().map(|&count| (count as f64 - expected).powi(2) / expected).sum()
}

#[test]
fn truth_answers_as_a_scan_would() {
    let rows: Vec<Row> = (0..30_000).map(|i| row(SEED, i)).collect();
    let truth = Truth::new(SEED, 30_000);
    let mut by_name: HashMap<&str, Vec<&Row>> = HashMap::new();
    for row in &rows {
        by_name.entry(&row.name).or_default().push(row);
    }
    assert!(by_name.values().any(|rows| rows.len() > 1), "one-character names repeat");
    for (name, rows) in by_name {
        assert!(truth.rows_named(name).iter().eq(rows), "{name}");
    }
    assert_eq!(truth.rows(), 30_000);
    assert_eq!(truth.row(9), rows[9]);
}

#[test]
fn truth_knows_no_name_that_only_looks_alike() {
    let truth = Truth::new(SEED, 1000);
    let long = truth
        .row((0..1000).find(|&i| name_len(SEED, i) == 200).expect("a fixed seed has one"))
        .name;
    for stranger in [
        "",
        "\0",
        " ",
        "é",
        &long[..199],
        &format!("{long} "),
        &format!("{long}x"),
        &"a".repeat(65_536),
    ] {
        assert_eq!(truth.rows_named(stranger), [], "{stranger:?}");
    }
    assert_eq!(truth.rows_named(&long).len(), 1);
}

proptest! {
    #[test]
    fn a_row_depends_on_its_index_alone(seed: u64, i in 0..u64::from(u32::MAX)) {
        let alone = row(seed, i);
        let _neighbours = (row(seed, i + 1), row(seed ^ 1, i));
        prop_assert_eq!(&row(seed, i), &alone);
        prop_assert_eq!(alone.id, i + 1);
        prop_assert_eq!(name_len(seed, i), alone.name.len());
    }

    #[test]
    fn every_row_keeps_its_bounds(seed: u64, i in 0..ROWS) {
        let row = row(seed, i);
        prop_assert!(NAME_LEN.contains(&row.name.len()));
        prop_assert!(row.name.bytes().all(|byte| ALPHABET.contains(&byte)));
        prop_assert!(row.update_time >= row.create_time);
        prop_assert!(row.create_time.to_rfc3339().as_str() >= "2022-01-01");
        prop_assert!(row.update_time.to_rfc3339().as_str() < "2024-09-01");
    }

    #[test]
    fn truth_finds_each_of_its_rows(seed: u64, rows in 1..300_u64) {
        let truth = Truth::new(seed, rows);
        for i in 0..rows {
            prop_assert!(truth.rows_named(&row(seed, i).name).contains(&row(seed, i)));
        }
    }
}

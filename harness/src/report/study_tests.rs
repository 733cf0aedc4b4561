//! What the pages of each kind of study say: of one that compares layers, databases, frameworks, and numbers of connections.

use std::collections::BTreeMap;

use regex::Regex;
use registry::Ceilings;

use super::chapter::chapters;
use super::sheet::sheets;
use super::{answers, derived, excerpt};
use crate::definition::Role;
use crate::format::folder::Raw;
use crate::format::synthetic_run::counts;
use crate::format::synthetic_study::{Cost, Made, made, study_run};

/// An ORM and its driver on each of two databases, and an ORM whose driver is another layer's name on both.
pub(super) fn layers() -> Raw {
    let server = |name, layer, driver, database| {
        made(
            name,
            &[("framework", "f"), ("layer", layer), ("driver", driver), ("database", database)],
        )
    };
    let servers = [
        // The registry's order does not decide what an ORM is held against.
        server("f-orm-m", "orm", "driver-m", "db-m"),
        server("f-driver-m", "driver-m", "driver-m", "db-m"),
        server("f-orm-p", "orm", "driver-p", "db-p"),
        server("f-driver-p", "driver-p", "driver-p", "db-p"),
        server("f-both-m", "both", "both", "db-m"),
        server("f-mapper-m", "mapper", "both", "db-m"),
        server("f-both-p", "both", "both", "db-p"),
        server("f-mapper-p", "mapper", "both", "db-p"),
    ];
    let mut raw = study_run(
        ("layers", "What does an ORM cost over its own driver?", Some("layer")),
        &[],
        &servers,
        &["demo", "page", "insert"],
        Some(500.0),
        |server, scenario| {
            let work = match scenario {
                "demo" => 20.0,
                "page" => 90.0,
                _ => 50.0,
            };
            let times = match (server.contains("orm"), server.contains("mapper"), scenario) {
                (true, _, "demo") => 1.6,
                (true, _, "page") => 1.2,
                (true, ..) => 1.0,
                (_, true, "page") => 1.4,
                (_, true, _) => 1.05,
                _ => 1.0,
            };
            Cost { cpu: work * times, database: 60.0, goodput: 5_000.0 / times }
        },
    );
    let mut counted = counts("f-driver-m", "demo", &[40_000, 40_020, 39_990]);
    counted.counted.extend(counts("f-orm-m", "demo", &[64_000, 64_030, 63_990]).counted);
    raw.counts = Some(counted);
    raw
}

/// Two layers on each of two databases.
pub(super) fn databases() -> Raw {
    let server = |name, layer, driver, database| {
        made(
            name,
            &[("framework", "f"), ("layer", layer), ("driver", driver), ("database", database)],
        )
    };
    let servers = [
        server("f-orm-m", "orm", "driver-m", "db-m"),
        server("f-both-m", "both", "both", "db-m"),
        server("f-orm-p", "orm", "driver-p", "db-p"),
        server("f-both-p", "both", "both", "db-p"),
    ];
    study_run(
        ("databases", "Is the answer another one on db-p?", Some("database")),
        &["driver"],
        &servers,
        &["demo", "page"],
        None,
        |server, _| {
            let times = if server.ends_with("-p") { 1.3 } else { 1.0 };
            let layer = if server.contains("orm") { 30.0 } else { 20.0 };
            Cost { cpu: layer * times, database: 60.0 / times, goodput: 5_000.0 * times }
        },
    )
}

/// Two frameworks over one layer, that layer alone, and HTTP alone.
pub(super) fn frameworks() -> Raw {
    let ceilings = Ceilings { http: Some("nothing".into()), layer: Some("alone".into()) };
    let of = |name, framework| Made {
        ceilings: ceilings.clone(),
        ..made(
            name,
            &[("framework", framework), ("layer", "y"), ("driver", "y"), ("database", "db")],
        )
    };
    let ceiling = |name, axes: &[(&'static str, &'static str)]| Made {
        role: Role::Ceiling,
        ..made(name, axes)
    };
    let servers = [
        of("f-y", "f"),
        of("g-y", "g"),
        ceiling("nothing", &[]),
        ceiling("alone", &[("layer", "y"), ("driver", "y"), ("database", "db")]),
    ];
    study_run(
        ("frameworks", "What does a framework cost?", Some("framework")),
        &[],
        &servers,
        &["demo", "idle"],
        None,
        |server, _| {
            let cpu = match server {
                "f-y" => 30.0,
                "g-y" => 33.0,
                "alone" => 20.0,
                _ => 5.0,
            };
            Cost { cpu, database: 60.0, goodput: 5_000.0 }
        },
    )
}

/// One server with several numbers of connections.
pub(super) fn sweep() -> Raw {
    let sized = |name, size| Made {
        pool_size: Some(size),
        ..made(name, &[("framework", "f"), ("layer", "y"), ("driver", "y"), ("database", "db")])
    };
    let servers = [
        sized("f-y.pool-1", 1),
        sized("f-y.pool-4", 4),
        sized("f-y.pool-16", 16),
        sized("f-y.pool-64", 64),
    ];
    study_run(
        ("pools", "How many connections does a server need?", Some("pool_size")),
        &[],
        &servers,
        &["demo"],
        None,
        |server, _| {
            let goodput = match server {
                "f-y.pool-1" => 1_000.0,
                "f-y.pool-4" => 3_500.0,
                "f-y.pool-16" => 5_000.0,
                _ => 4_990.0,
            };
            Cost { cpu: 20.0, database: 60.0, goodput }
        },
    )
}

/// A page up to its second section.
fn beginning(page: &str) -> &str {
    let mut headings = page.match_indices("\n### ");
    headings.nth(1).map_or(page, |(end, _)| &page[..end])
}

#[test]
fn a_study_of_layers_says_what_each_costs_over_its_own_driver() {
    let raw = layers();
    let files = derived(&raw).unwrap();
    insta::assert_snapshot!("layers", beginning(&files["README.md"]));
    let prices = &files["prices.csv"];
    let of_demo: Vec<&str> = prices
        .lines()
        .filter(|line| {
            line.starts_with("study,") || line.contains(",demo,") && line.contains("f-orm-m")
        })
        .collect();
    insta::assert_snapshot!("prices of a layer", of_demo.join("\n"));
    assert!(
        files.contains_key("charts/layers-prices.svg") && !files.contains_key("attribution.csv")
    );
    insta::assert_snapshot!("answers of layers", answers(&[("layers".into(), &raw)]));
    insta::assert_snapshot!("excerpt of layers", excerpt(&raw).unwrap());
}

#[test]
fn a_study_of_databases_says_what_each_costs_under_the_same_layer() {
    let files = derived(&databases()).unwrap();
    insta::assert_snapshot!("databases", beginning(&files["README.md"]));
    insta::assert_snapshot!("what decides between databases", files["attribution.csv"]);
}

#[test]
fn a_study_of_frameworks_says_what_each_costs_over_its_ceilings() {
    let files = derived(&frameworks()).unwrap();
    insta::assert_snapshot!("frameworks", beginning(&files["README.md"]));
    assert!(!files.contains_key("attribution.csv"), "there is nothing to divide among");
}

#[test]
fn a_sweep_says_its_knee() {
    let files = derived(&sweep()).unwrap();
    insta::assert_snapshot!("sweep", beginning(&files["README.md"]));
    assert!(!files.contains_key("prices.csv"));
}

#[test]
fn the_page_has_what_the_text_has() {
    let files = derived(&databases()).unwrap();
    let page = &files["index.html"];
    for text in [
        "<th><button type=\"button\">× server CPU of</button></th>",
        "<td>layer orm</td><td>db-p over db-m</td><td class=\"figure\">1.2",
        "<td>layer</td><td class=\"figure\">7",
        "<a href=\"prices.csv\">prices.csv</a><a href=\"attribution.csv\">attribution.csv</a>",
        "<li><code>db-p</code> over <code>db-m</code>, layer orm: server CPU 1.2",
    ] {
        assert!(page.contains(text), "no {text}");
    }
    // A picture, and none for each group.
    assert_eq!(page.matches("<svg").count(), 1, "{page}");
}

/// A figure with its interval in a sentence, and how far from it a figure is that is written alike.
#[derive(Debug)]
struct Said {
    text: String,
    /// Mean, lower and upper end.
    numbers: [f64; 3],
    unit: f64,
}

/// Every figure with an interval that sentences say.
fn said(sentences: &[String]) -> Vec<Said> {
    let number = r"(\d[\d.,]*)";
    let even = Regex::new(&format!("{number} ± {number}")).unwrap();
    let uneven = Regex::new(&format!(r"{number}(%?) \({number}–{number}%?\)")).unwrap();
    let decimals = |text: &str| text.split_once('.').map_or(0, |(_, after)| after.len() as i32);
    let value = |text: &str| text.replace(',', "").parse::<f64>().unwrap();
    let mut found = Vec::new();
    for sentence in sentences {
        for one in even.captures_iter(sentence) {
            let (mean, half) = (value(&one[1]), value(&one[2]));
            let unit = 10f64.powi(-decimals(&one[1]).max(decimals(&one[2])));
            let numbers = [mean, mean - half, mean + half];
            found.push(Said { text: one[0].to_owned(), numbers, unit: 10.0 * unit });
        }
        for one in uneven.captures_iter(sentence) {
            let whole = if one[2].is_empty() { 1.0 } else { 100.0 };
            let numbers = [&one[1], &one[3], &one[4]].map(|text| value(text) / whole);
            let unit = 10f64.powi(-decimals(&one[4])) / whole;
            found.push(Said { text: one[0].to_owned(), numbers, unit });
        }
    }
    found
}

/// Every figure with an interval that a file has in columns of these names.
fn exported(table: &str, columns: [&str; 3]) -> Vec<[f64; 3]> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let rows: Vec<BTreeMap<String, String>> =
        reader.deserialize().collect::<Result<_, _>>().unwrap();
    let of_row = |row: &BTreeMap<String, String>| {
        let [mean, lo, hi] = columns.map(|name| row[name].parse::<f64>().ok());
        Some([mean?, lo?, hi?])
    };
    rows.iter().filter_map(of_row).collect()
}

#[test]
fn every_figure_of_the_words_is_in_an_export() {
    for raw in [layers(), databases(), frameworks(), sweep()] {
        let files = derived(&raw).unwrap();
        let mut rows = exported(&files["pairs.csv"], ["ratio", "ratio_lo", "ratio_hi"]);
        // A pair is there once, the better one first.
        let turned: Vec<[f64; 3]> =
            rows.iter().map(|[mean, lo, hi]| [1.0 / mean, 1.0 / hi, 1.0 / lo]).collect();
        rows.extend(turned);
        rows.extend(exported(&files["summary.csv"], ["goodput_rps", "goodput_lo", "goodput_hi"]));
        let own = ["estimate", "lo", "hi"];
        if let Some(prices) = files.get("prices.csv") {
            rows.extend(exported(prices, ["ratio", "ratio_lo", "ratio_hi"]));
            rows.extend(exported(prices, own));
            rows.extend(exported(prices, ["over_estimate", "over_lo", "over_hi"]));
        }
        rows.extend(
            files.get("attribution.csv").map(|file| exported(file, own)).unwrap_or_default(),
        );
        for chapter in chapters(&raw) {
            let mut sentences = chapter.answer.clone();
            sentences.extend(chapter.headline());
            sentences.extend(sheets(&chapter).into_iter().flat_map(|sheet| sheet.words));
            let said = said(&sentences);
            assert!(said.len() >= 3, "{sentences:?}");
            for Said { text, numbers, unit } in said {
                // Half a unit by the sentence's own rounding, and as much as the file's.
                let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 0.51 * unit + 6e-5;
                let is_it = |row: &[f64; 3]| numbers.iter().zip(row).all(near);
                assert!(rows.iter().any(is_it), "{text} is in no file: {sentences:?}");
            }
        }
    }
}

//! A run of two studies, and of a scenario with two closed and two open loads.

use std::collections::BTreeMap;

use registry::Axes;

use super::chapter::chapters;
use super::part::part;
use super::{derived, excerpt};
use crate::compare::Noise;
use crate::definition::Role;
use crate::definition::cell::Cell;
use crate::definition::study::{Published, RunStudy, StudyCell};
use crate::format::folder::Raw;
use crate::format::journal::Entry;
use crate::format::synthetic_run::{
    LARGE, OTHER, SMALL, SyntheticServer, cell, closed_cell, open_cell, run, run_under, synthetic,
};
use crate::measure::block::Metric;
use crate::units::Nanos;

fn study(name: &str, question: &str, servers: &[&str], cells: &[Cell]) -> RunStudy {
    RunStudy {
        name: name.into(),
        question: question.into(),
        compare: None,
        along: Vec::new(),
        baseline: None,
        servers: servers.iter().map(ToString::to_string).collect(),
        cells: cells
            .iter()
            .map(|cell| StudyCell {
                scenario: cell.scenario.name.clone(),
                load: cell.load.name.clone(),
            })
            .collect(),
        published: Vec::new(),
    }
}

/// Servers `a` to `d` under two closed and two open loads. All four answer the first study, under all loads; `b` and `d`
/// answer the second, under one.
fn two_studies() -> Raw {
    let cells =
        [cell(), open_cell("open-2000", 2_000.0), closed_cell(8), open_cell("open-10", 10.0)];
    let twin = SyntheticServer { twin_of: Some("a"), ..synthetic("a.again", 50.3, OTHER) };
    let servers = [
        synthetic("a", 50.0, SMALL),
        synthetic("b", 54.0, OTHER),
        synthetic("c", 70.0, LARGE),
        synthetic("d", 90.0, SMALL),
        twin,
        SyntheticServer { role: Role::Ceiling, ..synthetic("ceiling", 20.0, OTHER) },
    ];
    let mut raw = run_under(&servers, &cells);
    for server in &mut raw.run.server[2..4] {
        server.axes = Axes::from([
            ("language", "L"),
            ("framework", "F"),
            ("layer", "Z"),
            ("driver", "D"),
            ("runtime", "R"),
            ("database", "mysql"),
        ]);
    }
    raw.run.study = vec![
        RunStudy {
            compare: Some("framework".into()),
            along: Vec::new(),
            published: vec![Published {
                finding: "Others found <twice> as much.".into(),
                source: "https://example.org/a".into(),
            }],
            ..study(
                "all",
                "Which of all is cheapest?",
                &["a", "b", "c", "d", "a.again", "ceiling"],
                &cells,
            )
        },
        study("two", "Is b cheaper than d?", &["b", "d"], &cells[..1]),
    ];
    raw
}

#[test]
fn every_derived_file_of_two_studies() {
    let raw = two_studies();
    let files = derived(&raw).unwrap();
    insta::assert_snapshot!("files", files.keys().cloned().collect::<Vec<_>>().join("\n"));
    insta::assert_snapshot!("README.md", files["README.md"]);
    insta::assert_snapshot!("index.html", without_drawings(&files["index.html"]));
    insta::assert_snapshot!("summary.csv", files["summary.csv"]);
    insta::assert_snapshot!("pairs.csv", files["pairs.csv"]);
    let mut summary: serde_json::Value = serde_json::from_str(&files["summary.json"]).unwrap();
    summary.sort_all_objects();
    insta::assert_snapshot!("studies", serde_json::to_string_pretty(&summary["studies"]).unwrap());
    let cells = summary["cells"].as_array().unwrap();
    let of_study = |name: &str| cells.iter().filter(|cell| cell["study"] == name).count();
    // Six servers, the twin among them, in four cells; two servers in one.
    assert_eq!((of_study("all"), of_study("two"), cells.len()), (24, 2, 26));
    insta::assert_snapshot!("excerpt of two studies", excerpt(&raw).unwrap());
}

/// A page without its drawings: those are tested where they are drawn.
fn without_drawings(page: &str) -> String {
    let mut pieces = page.split("<svg");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        text + "(drawing)" + piece.split_once("</svg>").map_or("", |(_, after)| after)
    })
}

#[test]
fn an_excerpt_of_one_study_has_its_question_above_the_table() {
    let mut raw = two_studies();
    raw.run.study.remove(0);
    insta::assert_snapshot!("excerpt of one study", excerpt(&raw).unwrap());
}

#[test]
fn every_load_of_a_cell_is_in_a_ranking() {
    let mut raw = two_studies();
    raw.run.study.clear();
    let chapters = chapters(&raw);
    let [chapter] = &chapters[..] else { panic!("one chapter, and not {}", chapters.len()) };
    for measurement in &chapter.measurements {
        let is_in = chapter.rankings.iter().any(|ranking| {
            ranking.has(&measurement.scenario, &measurement.load)
                && ranking.rows.iter().any(|row| row.server == measurement.server)
        });
        assert!(is_in, "{} under {}", measurement.server, measurement.load);
    }
    let titles: Vec<&str> = chapter.rankings.iter().map(|ranking| ranking.title.as_str()).collect();
    assert_eq!(titles, ["demo under closed-64 and open-2000", "demo under closed-8 and open-10"]);
    let page = &derived(&raw).unwrap()["README.md"];
    assert!(page.contains("p99 µs at 10 req/s"), "{page}");
    let pairs = derived(&raw).unwrap().remove("pairs.csv").unwrap();
    // Six pairs of four contenders, in two figures under each closed load, and in three under each open one; no percentile
    // 99 of ten requests.
    assert_eq!(pairs.lines().count(), 1 + 6 * (2 + 3 + 2 + 2), "{pairs}");
}

#[test]
fn what_a_study_compares_does_not_depend_on_the_others() {
    let raw = two_studies();
    let alone = {
        let mut raw = raw.clone();
        raw.run.study.remove(0);
        raw
    };
    let letters = |raw: &Raw| -> BTreeMap<String, Option<String>> {
        let chapters = chapters(raw);
        let ranking = &chapters.last().unwrap().rankings[0];
        ranking.rows.iter().map(|row| (row.server.clone(), row.letters.clone())).collect()
    };
    assert_eq!(letters(&raw), letters(&alone));
    let expected =
        [("b", "a"), ("d", "b")].map(|(name, letters)| (name.into(), Some(letters.into())));
    assert_eq!(letters(&raw), expected.into());
    // The twin is one of the other study's, and so is its noise.
    let [all, two] = &raw.run.study[..] else { panic!("two studies") };
    let noise = |study| Noise::of(&part(&raw, study), &raw.run.cell[0], Metric::ServerCpu);
    assert_eq!((noise(all).twins(), noise(two).twins()), (1, 0));
}

#[test]
fn servers_are_compared_where_they_are_equal_on_the_other_axes() {
    let raw = two_studies();
    let chapters = chapters(&raw);
    let rankings = &chapters[0].rankings;
    let shown: Vec<(String, Vec<&str>)> = rankings
        .iter()
        .map(|ranking| {
            let contenders = ranking.rows.iter().filter(|row| row.letters.is_some());
            (ranking.title.clone(), contenders.map(|row| row.server.as_str()).collect())
        })
        .collect();
    let under = ["demo under closed-64 and open-2000", "demo under closed-8 and open-10"];
    let expected: Vec<(String, Vec<&str>)> = under
        .iter()
        .flat_map(|under| {
            [
                (format!("{under}, layer Y"), vec!["a", "b"]),
                (format!("{under}, layer Z"), vec!["c", "d"]),
            ]
        })
        .collect();
    assert_eq!(shown, expected);
}

#[test]
fn the_answer_says_who_is_not_shown_to_differ() {
    let answer = |servers: &[SyntheticServer]| {
        let mut raw = run(servers);
        let names: Vec<&str> = servers.iter().map(|server| server.name).collect();
        raw.run.study = vec![study("s", "Which?", &names, &[cell()])];
        chapters(&raw)[0].answer.join("|")
    };
    let same = [synthetic("a", 50.0, SMALL), synthetic("b", 50.1, OTHER)];
    let share = answer(&same);
    assert!(
        share.starts_with("demo under `closed-64`: `a` comes first with 50.02 ± 0.16 µs of server CPU per request, and none is shown to differ from it: `b` × 1.00"),
        "{share}"
    );
    let [a, b] = same;
    let three = answer(&[a, b, synthetic("c", 70.0, SMALL), synthetic("d", 90.0, OTHER)]);
    assert!(three.contains(", and is not shown to differ from `b` × 1.0"), "{three}");
    assert!(
        three.contains(" The next is `c` × 1.4") && three.contains("the last of 4 is `d` × 1.7"),
        "{three}"
    );
    let only = answer(&[synthetic("a", 50.0, SMALL)]);
    assert_eq!(
        only,
        "demo under `closed-64`: only `a` has a figure, 50.02 ± 0.16 µs of server CPU per request."
    );
}

#[test]
fn who_has_no_figure_comes_first_in_no_sentence() {
    let mut raw = run(&[synthetic("a", 50.0, SMALL), synthetic("b", 50.0, OTHER)]);
    for entry in &mut raw.entries {
        if let Entry::Trial(trial) = entry {
            // Readings so close together say nothing of the window.
            trial.measured.resources.server.interval = Some(Nanos(1));
        }
    }
    let answer = chapters(&raw)[0].rankings[0].answer();
    assert!(!answer.contains("no figure"), "{answer}");
}

#[test]
fn the_baseline_does_not_depend_on_the_figures() {
    let servers = [synthetic("costly", 60.0, SMALL), synthetic("cheap", 50.0, OTHER)];
    let baseline = |named: Option<&str>, is_measured: bool| {
        let mut raw = run(&servers);
        if !is_measured {
            raw.entries
                .retain(|entry| !matches!(entry, Entry::Trial(trial) if trial.server == "costly"));
        }
        let study = study("s", "Which?", &["costly", "cheap"], &[cell()]);
        raw.run.study = vec![RunStudy { baseline: named.map(str::to_owned), ..study }];
        let chapters = chapters(&raw);
        let baseline = &chapters[0].rankings[0].baseline;
        baseline.as_ref().map(|baseline| baseline.name.clone()).unwrap()
    };
    assert_eq!(baseline(None, true), "costly", "the registry's first, and not the best");
    assert_eq!(baseline(Some("cheap"), true), "cheap");
    assert_eq!(baseline(Some("costly"), false), "cheap", "no ratio is to what has no figure");
    assert_eq!(baseline(Some("absent"), true), "costly");
}

#[test]
fn a_run_without_studies_has_no_chapter() {
    let raw = run(&[synthetic("a", 50.0, SMALL)]);
    let files = derived(&raw).unwrap();
    assert!(files["README.md"].contains("\n## demo\n"), "{}", files["README.md"]);
    assert!(files["summary.csv"].starts_with("server,"));
    assert!(!files["summary.json"].contains("\"study\""));
    assert!(files.contains_key("charts/demo-cpu.svg"));
}

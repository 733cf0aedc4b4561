//! Every pair of every ranking: `pairs.csv`, and the same as a table.

use crate::compare::Comparison;
use crate::stats::Estimate;

use super::chapter::Chapter;
use super::metric_name::id;
use super::number;
use super::ranking::{Compared, Ranking};
use super::table::Table;

/// The columns of `pairs.csv`; a run with studies has the study before them.
const COLUMNS: [&str; 12] = [
    "group", "scenario", "load", "metric", "a", "b", "ratio", "ratio_lo", "ratio_hi", "p",
    "verdict", "floor",
];

/// Said of a pair of two lower bounds, and of one that shares fewer than two blocks.
pub(super) const NOT_COMPARED: &str = "not compared";

/// The file's text: a row for each pair of contenders in each metric of each ranking.
///
/// # Errors
/// When it cannot be encoded.
pub(super) fn csv(chapters: &[Chapter]) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let has_studies = chapters.iter().any(|chapter| chapter.study.is_some());
    writer.write_record(has_studies.then_some("study").into_iter().chain(COLUMNS))?;
    for chapter in chapters {
        let study = chapter.study.map(|study| study.name.clone());
        for ranking in &chapter.rankings {
            for compared in &ranking.compared {
                for pair in compared.pairs.iter() {
                    let row = row(ranking, compared, pair);
                    writer.write_record(study.clone().into_iter().chain(row))?;
                }
            }
        }
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn row(
    ranking: &Ranking,
    compared: &Compared,
    (a, b, comparison): (&str, &str, Option<&Comparison>),
) -> [String; COLUMNS.len()] {
    let ends = |estimate: Option<Estimate>| match estimate {
        Some(Estimate { mean, lo, hi, .. }) => [mean, lo, hi].map(decimals),
        None => [const { String::new() }; 3],
    };
    let [ratio, ratio_lo, ratio_hi] = ends(comparison.map(|one| one.ratio));
    let text = |of: fn(&Comparison) -> String| comparison.map(of).unwrap_or_default();
    [
        ranking.group.clone().unwrap_or_default(),
        ranking.scenario.clone(),
        compared.load.clone(),
        id(compared.metric).to_owned(),
        a.to_owned(),
        b.to_owned(),
        ratio,
        ratio_lo,
        ratio_hi,
        text(|one| decimals(one.p_value)),
        comparison.map_or(NOT_COMPARED, |one| one.verdict.name()).to_owned(),
        text(|one| one.floor.map(decimals).unwrap_or_default()),
    ]
}

/// To four decimals: a ratio is told to a hundredth of a percent, and beyond that machines may differ in their
/// logarithms.
fn decimals(value: f64) -> String {
    format!("{value:.4}")
}

/// A number with the digits that `pairs.csv` gives it.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// The pairs of a ranking for people, without metrics in which no pair was compared.
pub(super) fn table(ranking: &Ranking) -> Table {
    let mut table = Table::new(&["figure", "load", "a", "b", "a ÷ b", "p", "verdict"]);
    for compared in &ranking.compared {
        if compared.pairs.iter().all(|(_, _, comparison)| comparison.is_none()) {
            continue;
        }
        for (a, b, comparison) in compared.pairs.iter() {
            let dash = || "–".to_owned();
            let of = |text: fn(&Comparison) -> String| comparison.map_or_else(dash, text);
            table.row(vec![
                compared.metric.name().to_owned(),
                compared.load.clone(),
                a.to_owned(),
                b.to_owned(),
                of(|one| number::ratio(&one.ratio)),
                of(|one| probability(one.p_value)),
                comparison.map_or(NOT_COMPARED, |one| one.verdict.name()).to_owned(),
            ]);
        }
    }
    table
}

/// A p-value with the digits that anyone reads.
pub(super) fn probability(p_value: f64) -> String {
    if p_value < 1e-4 { "< 0.0001".to_owned() } else { format!("{p_value:.4}") }
}

/// What must be known to read the table.
pub(super) const LEGEND: &str = "Every pair of contenders, the better one first. (–): 95% intervals over blocks, \
    with a variance drawn towards that of all pairs. p: by \
    Holm's correction over all pairs of the figure under the load. Equivalent: within 3%.";

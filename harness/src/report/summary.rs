//! `summary.csv`: one row a cell, and one for each study where a run has studies.

use std::iter::once;

use crate::measure::Measurement;

use super::chapter::Chapter;
use super::counted;
use super::export::rounded;
use super::figures::{FIGURES, Figure, MeasuredCell, Value};
use super::position::Position;

/// A column: a figure, or what is said of the cell itself.
enum Column {
    Figure(&'static Figure),
    Own(&'static str, Text),
}

/// What a row is about.
struct Row<'a> {
    measurement: &'a Measurement,
    /// Absent where the trials have no figures.
    cell: Option<MeasuredCell<'a>>,
}

/// How a column that is no figure is read from a row.
type Text = fn(&Row) -> String;

/// The columns that are no figures: the figure that each stands before, its name, and how it is read.
const OWN: [(&str, &str, Text); 10] = [
    ("goodput_rps", "server", |row| row.measurement.server.clone()),
    ("goodput_rps", "scenario", |row| row.measurement.scenario.clone()),
    ("goodput_rps", "load", |row| row.measurement.load.clone()),
    ("goodput_rps", "trials", |row| row.measurement.trials.to_string()),
    ("p50_us", "goodput_lo", |row| row.figure(|cell| decimals(cell.figures.goodput.lo))),
    ("p50_us", "goodput_hi", |row| row.figure(|cell| decimals(cell.figures.goodput.hi))),
    ("server_cpu_us_per_req", "errors", |row| row.measurement.errors.to_string()),
    ("load_cpu_share", "warnings", |row| {
        let warnings = row.measurement.warnings.iter().map(ToString::to_string);
        warnings.collect::<Vec<_>>().join("; ")
    }),
    ("load_cpu_share", "goodput_is_lower_bound", |row| {
        row.figure(|cell| cell.figures.lower_bound.to_string())
    }),
    ("server_switches_per_req", "intervals", |row| row.figure(intervals)),
];

impl Row<'_> {
    /// Empty where the trials have no figures.
    fn figure(&self, of: impl Fn(&MeasuredCell) -> String) -> String {
        self.cell.as_ref().map(of).unwrap_or_default()
    }
}

fn columns(has_counts: bool) -> impl Iterator<Item = Column> {
    let figures = FIGURES.iter().filter(move |figure| has_counts || !figure.is_counted());
    figures.flat_map(|figure| {
        let own = OWN.iter().filter(|(before, ..)| *before == figure.name);
        own.map(|(_, name, of)| Column::Own(name, *of)).chain(once(Column::Figure(figure)))
    })
}

/// The file's text.
///
/// # Errors
/// When it cannot be encoded.
pub fn csv(chapters: &[Chapter]) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let has_studies = chapters.iter().any(|chapter| chapter.study.is_some());
    let has_counts = chapters.iter().any(|chapter| chapter.raw.counts.is_some());
    let names = columns(has_counts).map(|column| match column {
        Column::Figure(figure) => figure.name,
        Column::Own(name, _) => name,
    });
    writer.write_record(has_studies.then_some("study").into_iter().chain(names))?;
    for chapter in chapters {
        rows(chapter, has_counts, &mut writer)?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn rows(
    chapter: &Chapter,
    has_counts: bool,
    writer: &mut csv::Writer<Vec<u8>>,
) -> anyhow::Result<()> {
    let Chapter { measurements, rankings, .. } = chapter;
    let study = chapter.study.map(|study| study.name.clone());
    for measurement in measurements {
        let position = Position::of(measurement, rankings);
        let counted = counted::figures(&chapter.raw, &measurement.server, &measurement.scenario);
        let figures = measurement.figures.as_ref();
        let cell = figures.map(|figures| MeasuredCell { figures, position, counted });
        let row = Row { measurement, cell };
        let values = columns(has_counts).map(|column| match column {
            Column::Figure(figure) => row.figure(|cell| text(figure.value(cell))),
            Column::Own(_, of) => of(&row),
        });
        writer.write_record(study.clone().into_iter().chain(values))?;
    }
    Ok(())
}

/// The text of a value, which is the mean of an estimate; empty where there is no value.
fn text(value: Option<Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::Estimate(estimate)) => decimals(estimate.mean),
        Some(Value::Number(number)) => decimals(number),
        Some(Value::Word(word)) => word,
    }
}

fn decimals(value: f64) -> String {
    format!("{:.3}", rounded(value))
}

/// The 95% intervals of all figures but goodput, which has columns for its own, as `name=lo..hi` set apart by spaces.
fn intervals(cell: &MeasuredCell) -> String {
    let text = |figure: &Figure| match figure.value(cell)? {
        Value::Estimate(estimate) if figure.name != "goodput_rps" => {
            Some(format!("{}={}..{}", figure.name, decimals(estimate.lo), decimals(estimate.hi)))
        }
        _ => None,
    };
    FIGURES.iter().filter_map(text).collect::<Vec<_>>().join(" ")
}

//! `index.html`: everything of a run on one page that needs nothing else, neither network nor fonts.

use askama::Template;

use crate::format::folder::Raw;
use crate::format::journal::Entry;
use crate::measure::Measurement;

use super::chart::Chart;
use super::table::Table;
use super::{Section, ceilings, facts, page, resources};

/// The page: what its template shows. The template escapes all text but what is said to be markup.
#[derive(Template)]
#[template(path = "index.html")]
struct Index<'a> {
    name: &'a str,
    /// Markup.
    environment: String,
    sections: Vec<Shown<'a>>,
    warnings: Vec<(String, String)>,
    versions: Vec<(&'a str, &'a str)>,
    /// None where the parts were mere processes.
    containers: Vec<(String, String)>,
    machine: Vec<(String, String)>,
    /// How many crates servers and harness were built with.
    crates: usize,
}

/// One scenario.
struct Shown<'a> {
    scenario: &'a str,
    table: Table,
    /// Markup.
    legend: String,
    charts: &'a [Chart],
    ceilings: Option<&'a Table>,
    /// What must be known to read that table.
    ceilings_legend: &'static str,
    resources: Table,
}

/// The page's text.
///
/// # Errors
/// When it cannot be encoded.
pub fn page(
    raw: &Raw,
    measurements: &[Measurement],
    sections: &[Section],
) -> anyhow::Result<String> {
    let sections = sections.iter().map(|Section { ranking, charts, ceilings }| Shown {
        scenario: &ranking.scenario,
        table: ranking.table(),
        legend: markup(&ranking.legend()),
        charts,
        ceilings: ceilings.as_ref(),
        ceilings_legend: ceilings::LEGEND,
        resources: resources::table(measurements, &ranking.scenario),
    });
    let versions = raw.entries.iter().filter_map(|entry| match entry {
        Entry::Verified { server, version, .. } => Some((server.as_str(), version.as_str())),
        _ => None,
    });
    let mut containers = raw.run.site.as_ref().map(facts::facts).transpose()?.unwrap_or_default();
    containers.extend(raw.entries.iter().filter_map(|entry| match entry {
        Entry::Verified { server, image: Some(image), .. } => {
            Some((format!("image of {server}"), image.clone()))
        }
        _ => None,
    }));
    let mut machine = raw.machine.clone();
    let crates = std::mem::take(&mut machine.crates).len();
    let index = Index {
        name: &raw.name,
        environment: markup(&page::environment(raw)),
        sections: sections.collect(),
        warnings: warnings(measurements),
        versions: versions.collect(),
        containers,
        machine: facts::facts(&machine)?,
        crates,
    };
    Ok(index.render()? + "\n")
}

/// Which cell, and what must be known of it.
fn warnings(measurements: &[Measurement]) -> Vec<(String, String)> {
    let of_cell = |m: &Measurement| {
        let cell = format!("{}, {} under {}", m.server, m.scenario, m.load);
        m.warnings
            .iter()
            .map(move |warning| (cell.clone(), warning.to_string()))
            .collect::<Vec<_>>()
    };
    measurements.iter().flat_map(of_cell).collect()
}

/// A sentence of a Markdown page as markup: escaped, with its `code` and its **stress**.
fn markup(sentence: &str) -> String {
    let mut text = String::new();
    for (index, part) in sentence.split('`').enumerate() {
        if index % 2 == 1 {
            text += &format!("<code>{}</code>", escaped(part));
            continue;
        }
        for (index, part) in part.split("**").enumerate() {
            let part = escaped(part);
            text += &if index % 2 == 1 { format!("<strong>{part}</strong>") } else { part };
        }
    }
    text
}

fn escaped(text: &str) -> String {
    askama::filters::escape(text, askama::filters::Html)
        .map(|text| text.to_string())
        .expect("escaping of text does not fail")
}

/// Whether a cell holds a figure, so that it is set to the right.
fn is_figure(cell: &str) -> bool {
    cell.starts_with(|c: char| c.is_ascii_digit() || "≥≤−–".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_stays_text() {
        assert_eq!(markup("a `b<c` **d & e** f"), {
            "a <code>b&#60;c</code> <strong>d &#38; e</strong> f"
        });
    }
}

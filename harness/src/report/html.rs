//! `index.html`: everything of a run on one page that needs nothing else, neither network nor fonts.

use askama::Template;

use crate::definition::study::{Published, RunStudy};
use crate::format::folder::Raw;
use crate::format::journal::Entry;

use super::chapter::Chapter;
use super::chart::Chart;
use super::table::Table;
use super::{Drawn, Section, attribution, ceilings, facts, page, pairs, resources, starts};

/// The page: what its template shows. The template escapes all text but what is said to be markup.
#[derive(Template)]
#[template(path = "index.html")]
struct Index<'a> {
    name: &'a str,
    /// Markup.
    environment: String,
    chapters: Vec<ShownChapter<'a>>,
    /// None where the run did not record its starts.
    starts: Option<Table>,
    starts_legend: &'static str,
    warnings: Vec<(String, String)>,
    versions: Vec<(&'a str, &'a str)>,
    /// None where the parts were mere processes.
    containers: Vec<(String, String)>,
    machine: Vec<(String, String)>,
    /// How many crates servers and harness were built with.
    crates: usize,
    /// Files that only some runs have.
    more: Vec<(&'static str, &'static str)>,
}

/// One chapter.
struct ShownChapter<'a> {
    study: Option<ShownStudy<'a>>,
    sections: Vec<Shown<'a>>,
}

impl ShownChapter<'_> {
    /// The level of its sections' headings.
    fn level(&self) -> usize {
        if self.study.is_some() { 3 } else { 2 }
    }
}

/// What stands before a study's sections.
struct ShownStudy<'a> {
    question: &'a str,
    /// Markup.
    about: String,
    /// Markup.
    answer: Vec<String>,
    /// The chart of the answer.
    picture: Option<&'a Chart>,
    /// What each value costs over another, where the study compares values.
    prices: Option<Table>,
    /// Markup.
    prices_legend: String,
    /// What decides, where servers are crossed.
    attribution: Option<Table>,
    attribution_legend: &'static str,
    published: Vec<ShownFinding<'a>>,
}

/// A published finding.
struct ShownFinding<'a> {
    finding: &'a str,
    source: &'a str,
    /// Whether the source is an address that a browser can open.
    is_address: bool,
}

/// One ranking.
struct Shown<'a> {
    /// Its place among all of the run, from 1.
    number: usize,
    title: &'a str,
    /// Markup.
    words: Vec<String>,
    table: Table,
    /// Markup.
    legend: String,
    /// The chart that a study's section begins with.
    picture: Option<&'a Chart>,
    charts: Vec<&'a Chart>,
    ceilings: Option<&'a Table>,
    /// What must be known to read that table.
    ceilings_legend: &'static str,
    resources: Option<Table>,
    /// Every pair of contenders.
    pairs: Option<Table>,
    /// What must be known to read that table.
    pairs_legend: &'static str,
}

/// The page's text.
///
/// # Errors
/// When it cannot be encoded.
pub fn page(raw: &Raw, drawn: &[Drawn]) -> anyhow::Result<String> {
    let mut number = 0;
    let mut chapters = Vec::new();
    for drawn in drawn {
        // Without prices, the first picture of a section is that of the answer.
        let first = drawn.sections.first().and_then(Section::main_chart);
        let picture = drawn.prices.as_ref().or(first).filter(|_| drawn.chapter.study.is_some());
        let shown = drawn.sections.iter().map(|section| {
            number += 1;
            shown(drawn.chapter, section, number, picture)
        });
        let sections = shown.collect();
        let study = drawn.chapter.study.map(|study| head(study, drawn.chapter, picture));
        chapters.push(ShownChapter { study, sections });
    }
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
        chapters,
        starts: starts::table(raw),
        starts_legend: starts::LEGEND,
        warnings: warnings(drawn),
        versions: versions.collect(),
        containers,
        machine: facts::facts(&machine)?,
        crates,
        more: page::more_files(drawn).collect(),
    };
    Ok(index.render()? + "\n")
}

fn head<'a>(study: &'a RunStudy, chapter: &Chapter, picture: Option<&'a Chart>) -> ShownStudy<'a> {
    let published = study.published.iter().map(|Published { finding, source }| ShownFinding {
        finding,
        source,
        is_address: source.starts_with("https://") || source.starts_with("http://"),
    });
    ShownStudy {
        question: &study.question,
        about: markup(&page::about(study)),
        answer: chapter.answer.iter().map(|sentence| markup(sentence)).collect(),
        picture,
        prices: chapter.prices.as_ref().map(|prices| prices.table()),
        prices_legend: chapter.prices.as_ref().map(|one| markup(&one.legend())).unwrap_or_default(),
        attribution: chapter.attribution.as_ref().map(|attribution| attribution.table()),
        attribution_legend: attribution::LEGEND,
        published: published.collect(),
    }
}

fn shown<'a>(
    chapter: &Chapter,
    section: &'a Section,
    number: usize,
    of_answer: Option<&Chart>,
) -> Shown<'a> {
    let Section { sheet, charts, ceilings } = section;
    let main = section.main_chart().filter(|_| chapter.study.is_some());
    let is = |one: Option<&Chart>, chart: &Chart| one.is_some_and(|one| one.file == chart.file);
    let is_other = |chart: &&Chart| !is(main, chart) && !is(of_answer, chart);
    Shown {
        number,
        title: &sheet.title,
        words: sheet.words.iter().map(|sentence| markup(sentence)).collect(),
        table: sheet.table(),
        legend: markup(&sheet.legend()),
        picture: main.filter(|main| !is(of_answer, main)),
        charts: charts.iter().filter(is_other).collect(),
        ceilings: ceilings.as_ref(),
        ceilings_legend: ceilings::LEGEND,
        resources: sheet.stacked(|ranking| Some(resources::table(&chapter.measurements, ranking))),
        pairs: sheet.stacked(|ranking| {
            Some(pairs::table(ranking)).filter(|table| !table.rows().is_empty())
        }),
        pairs_legend: pairs::LEGEND,
    }
}

/// Each cell that has warnings, and what must be known of it: once, however many studies it belongs to.
fn warnings(drawn: &[Drawn]) -> Vec<(String, String)> {
    let mut warnings = Vec::new();
    for m in drawn.iter().flat_map(|drawn| &drawn.chapter.measurements) {
        let cell = format!("{}, {} under {}", m.server, m.scenario, m.load);
        for warning in &m.warnings {
            let warning = (cell.clone(), warning.to_string());
            if drawn.len() == 1 || !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
    }
    warnings
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
    cell.starts_with(|c: char| c.is_ascii_digit() || "≥≤<−–".contains(c))
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

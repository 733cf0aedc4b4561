//! `stackmark rank`: ranks the servers of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;

use crate::args;
use crate::definition::select;
use crate::format::folder::{self, Raw};
use crate::measure::Measurement;
use crate::report::chapter::{Chapter, chapters_against};
use crate::report::page;
use crate::report::ranking::Ranking;
use crate::report::ranking_text::Words;
use crate::report::sheet::sheets;
use crate::report::table::Format;
use crate::report::table::{self, Table};
use crate::workspace::Workspace;

/// Runs the verb.
///
/// # Errors
/// When the run cannot be read, a filter matches nothing, or the baseline was not measured.
pub fn run(args: &args::Rank) -> anyhow::Result<ExitCode> {
    let folder = match &args.run {
        Some(folder) => folder.clone(),
        None => folder::newest(&Workspace::find()?.results())?,
    };
    let raw = folder::read(&folder)?;
    let filter = &args.filter;
    let servers = select("server", &raw.run.server, &filter.servers, |server| &server.name)?;
    if let Some(name) = &args.baseline
        && !raw.run.server.iter().any(|server| server.name == *name)
    {
        let known: Vec<&str> = raw.run.server.iter().map(|server| server.name.as_str()).collect();
        bail!("the run has no server {name:?} for a baseline; it has: {}", known.join(", "));
    }
    let mut selected = raw.clone();
    selected.run.cell =
        cloned(select("scenario", &raw.run.cell, &filter.scenarios, |cell| &cell.scenario.name)?);
    selected.run.cell =
        cloned(select("load", &selected.run.cell, &filter.loads, |cell| &cell.load.name)?);
    let mut chapters = chapters_against(&selected, args.baseline.as_deref());
    let mut rankings = chapters.iter().flat_map(|chapter| &chapter.rankings);
    if let Some(name) = &args.baseline
        && rankings.all(|ranking| ranking.baseline.is_none())
    {
        bail!("{name:?} has no figures, so it cannot be the baseline; choose another");
    }
    // All servers are compared, and only some are shown: a filter must not change the result of a comparison.
    for ranking in chapters.iter_mut().flat_map(|chapter| &mut chapter.rankings) {
        ranking.rows.retain(|row| servers.iter().any(|server| server.name == row.server));
    }
    // Other groups and studies than those of the servers that are shown have nothing to say.
    for chapter in &mut chapters {
        chapter.rankings.retain(|ranking| !ranking.rows.is_empty());
    }
    chapters.retain(|chapter| !chapter.rankings.is_empty());
    if args.format != Format::Table {
        return print(&all(&chapters).render(args.format)?);
    }
    let is_shown = |name: &str| servers.iter().any(|server| server.name == name);
    print(&text(&raw, &chapters, is_shown)?)
}

/// Prints the tables of a run for people.
///
/// # Errors
/// When the run cannot be read.
pub fn show(folder: &Path) -> anyhow::Result<()> {
    let raw = folder::read(folder)?;
    print(&text(&raw, &chapters_against(&raw, None), |_| true)?).map(|_| ())
}

fn text(
    raw: &Raw,
    chapters: &[Chapter],
    is_shown: impl Fn(&str) -> bool,
) -> anyhow::Result<String> {
    let mut text = String::new();
    let listed = |sentences: &[String]| -> String {
        sentences.iter().map(|sentence| format!("- {sentence}\n")).collect()
    };
    for chapter in chapters {
        if let Some(study) = chapter.study {
            text += &format!("{}\n\n{}\n", study.question, listed(&chapter.answer));
        }
        if let Some(prices) = &chapter.prices {
            let table = prices.table().render(Format::Table)?;
            text += &format!("{table}{}\n\n", prices.legend());
        }
        for sheet in sheets(chapter) {
            let table = sheet.table().render(Format::Table)?;
            let (words, legend) = (listed(&sheet.words), sheet.legend());
            text += &format!("{} in run {}\n{words}{table}{legend}\n\n", sheet.title, raw.name);
        }
    }
    let measurements = chapters.iter().flat_map(|chapter| &chapter.measurements);
    let advice = advice(measurements.filter(|measurement| is_shown(&measurement.server)));
    Ok(format!("{text}{}\n{advice}", page::environment(raw)))
}

/// The advice about the warnings of the measurements that are shown: a line for each kind, with the number of its
/// cells.
fn advice<'a>(shown: impl Iterator<Item = &'a Measurement>) -> String {
    let mut mends: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    for warning in shown.flat_map(|measurement| &measurement.warnings) {
        mends.entry(warning.kind()).or_insert((warning.mend(), 0)).1 += 1;
    }
    if mends.is_empty() {
        return String::new();
    }
    let lines: String = mends
        .iter()
        .map(|(kind, (mend, cells))| {
            let plural = if *cells == 1 { "" } else { "s" };
            format!("  {kind} ({cells} cell{plural}): {mend}\n")
        })
        .collect();
    format!("\nWhat to do about the warnings:\n{lines}")
}

fn print(text: &str) -> anyhow::Result<ExitCode> {
    table::print(text)?;
    Ok(ExitCode::SUCCESS)
}

/// One table of all rankings, for programs. The rate of the open loads and the baseline are in the headings where the
/// rankings share one, and in columns of their own elsewhere.
fn all(chapters: &[Chapter]) -> Table {
    let rankings = || chapters.iter().flat_map(|chapter| &chapter.rankings);
    let baseline = |ranking: &Ranking| {
        ranking.baseline.as_ref().map(|baseline| baseline.name.clone()).unwrap_or_default()
    };
    let rates: BTreeSet<String> = rankings().filter_map(Ranking::rate).collect();
    let baselines: BTreeSet<String> = rankings().map(baseline).collect();
    let has_studies = chapters.iter().any(|one| one.study.is_some());
    let (has_rates, has_baselines) = (rates.len() > 1, baselines.len() > 1);
    let has_p999 = rankings().any(Ranking::has_p999);
    let columns = [
        ("study", has_studies),
        ("scenario", true),
        ("open req/s", has_rates),
        ("baseline", has_baselines),
    ];
    let shown = columns.iter().filter(|(_, is_shown)| *is_shown);
    let headings: Vec<&str> = shown.map(|(heading, _)| *heading).collect();
    let row = |chapter: &Chapter, ranking: &Ranking| {
        let study = chapter.study.map(|study| study.name.clone()).unwrap_or_default();
        let rate = ranking.rate().unwrap_or_default();
        let values = [study, ranking.title.clone(), rate, baseline(ranking)];
        let values = values.into_iter().zip(columns);
        values.filter(|(_, (_, is_shown))| *is_shown).map(|(value, _)| value).collect()
    };
    let words = Words {
        open: match rates.iter().next() {
            Some(rate) if !has_rates => Some(format!("at {rate} req/s")),
            _ => rankings().any(|ranking| ranking.open.is_some()).then(|| "open".to_owned()),
        },
        ratio: match baselines.iter().next() {
            Some(name) if !has_baselines && !name.is_empty() => format!("× {name}"),
            _ => "× baseline".to_owned(),
        },
        has_p999,
        has_counts: rankings().any(Ranking::has_counts),
        axis: None,
    };
    let tables = chapters.iter().flat_map(|chapter| {
        let tables = chapter.rankings.iter();
        let words = &words;
        tables.map(move |ranking| (row(chapter, ranking), ranking.table_with(words)))
    });
    Table::stacked(&headings, &tables.collect::<Vec<_>>())
}

fn cloned<T: Clone>(items: Vec<&T>) -> Vec<T> {
    items.into_iter().cloned().collect()
}

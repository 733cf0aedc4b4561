//! `stackmark rank`: the servers of a run, best first.

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;

use crate::args;
use crate::definition::select;
use crate::format::folder::{self, Raw};
use crate::measure::measurements;
use crate::report::page;
use crate::report::ranking::{Ranking, rankings_against};
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
        bail!("the run has no server {name:?} to be the baseline; there are: {}", known.join(", "));
    }
    let mut selected = raw.clone();
    selected.run.cell =
        cloned(select("scenario", &raw.run.cell, &filter.scenarios, |cell| &cell.scenario.name)?);
    selected.run.cell =
        cloned(select("load", &selected.run.cell, &filter.loads, |cell| &cell.load.name)?);
    let measurements = measurements(&selected);
    let mut rankings = rankings_against(&selected, &measurements, args.baseline.as_deref());
    if let Some(name) = &args.baseline
        && rankings.iter().all(|ranking| ranking.baseline.is_none())
    {
        bail!("{name:?} has no figure to be the baseline; choose another");
    }
    // Hiding a server must not change what is said of the others: all are compared, and some are shown.
    for ranking in &mut rankings {
        ranking.rows.retain(|row| servers.iter().any(|server| server.name == row.server));
    }
    if args.format != Format::Table {
        return print(&all(&rankings).render(args.format)?);
    }
    print(&text(&raw, &rankings)?)
}

/// Prints a run's tables for people.
///
/// # Errors
/// When the run cannot be read.
pub fn show(folder: &Path) -> anyhow::Result<()> {
    let raw = folder::read(folder)?;
    let rankings = rankings_against(&raw, &measurements(&raw), None);
    print(&text(&raw, &rankings)?).map(|_| ())
}

fn text(raw: &Raw, rankings: &[Ranking]) -> anyhow::Result<String> {
    let mut text = String::new();
    for ranking in rankings {
        let table = ranking.table().render(Format::Table)?;
        text +=
            &format!("{} in run {}\n{table}{}\n\n", ranking.scenario, raw.name, ranking.legend());
    }
    Ok(format!("{text}{}\n", page::environment(raw)))
}

fn print(text: &str) -> anyhow::Result<ExitCode> {
    table::print(text)?;
    Ok(ExitCode::SUCCESS)
}

/// One table of all scenarios, for programs.
fn all(rankings: &[Ranking]) -> Table {
    let tables: Vec<(&str, Table)> =
        rankings.iter().map(|ranking| (ranking.scenario.as_str(), ranking.table())).collect();
    Table::stacked("scenario", &tables)
}

fn cloned<T: Clone>(items: Vec<&T>) -> Vec<T> {
    items.into_iter().cloned().collect()
}

//! `stackmark rank`: the servers of a run, best first.

use std::process::ExitCode;

use crate::args::{self, Format};
use crate::definition::select;
use crate::format::folder;
use crate::measure::measurements;
use crate::report::page;
use crate::report::ranking::{Ranking, rankings};
use crate::report::table::{self, Table};
use crate::workspace::Workspace;

/// Runs the verb.
///
/// # Errors
/// When the run cannot be read, or a filter matches nothing.
pub fn run(args: &args::Rank) -> anyhow::Result<ExitCode> {
    let folder = match &args.run {
        Some(folder) => folder.clone(),
        None => folder::newest(&Workspace::find()?.results())?,
    };
    let raw = folder::read(&folder)?;
    let filter = &args.filter;
    let mut selected = raw.clone();
    selected.run.server =
        cloned(select("server", &raw.run.server, &filter.servers, |server| &server.name)?);
    selected.run.cell =
        cloned(select("scenario", &raw.run.cell, &filter.scenarios, |cell| &cell.scenario.name)?);
    selected.run.cell =
        cloned(select("load", &selected.run.cell, &filter.loads, |cell| &cell.load.name)?);
    let rankings = rankings(&selected, &measurements(&selected));
    if args.format != Format::Table {
        return print(&all(&rankings).render(args.format)?);
    }
    let mut text = String::new();
    for ranking in &rankings {
        let table = ranking.table().render(Format::Table)?;
        text +=
            &format!("{} in run {}\n{table}{}\n\n", ranking.scenario, raw.name, ranking.legend());
    }
    print(&format!("{text}{}\n", page::environment(&raw)))
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

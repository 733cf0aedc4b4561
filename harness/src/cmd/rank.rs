//! `stackmark rank`: the servers of a run, best first.

use std::process::ExitCode;

use crate::args::{self, Format};
use crate::definition::select;
use crate::format::folder;
use crate::measure::measurements;
use crate::report::{page, ranking::rankings};
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
    for (index, ranking) in rankings(&selected, &measurements(&selected)).iter().enumerate() {
        if args.format == Format::Table {
            let apart = if index == 0 { "" } else { "\n" };
            println!("{apart}{} in run {}", ranking.scenario, raw.name);
        }
        ranking.table().print(args.format)?;
        if args.format == Format::Table && index + 1 == selected.run.cell.len() {
            println!("{}", page::environment(&raw));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn cloned<T: Clone>(items: Vec<&T>) -> Vec<T> {
    items.into_iter().cloned().collect()
}

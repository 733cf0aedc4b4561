//! What people read: tables and pages, from raw data alone.

pub mod number;
pub mod page;
pub mod ranking;
mod ranking_text;
pub mod splice;
pub mod summary;
pub mod table;

use std::collections::BTreeMap;

use crate::format::folder::Raw;
use crate::measure::measurements;

/// All that is derived from a run's raw data: file names within its folder, and their text.
///
/// # Errors
/// When something cannot be encoded.
pub fn derived(raw: &Raw) -> anyhow::Result<BTreeMap<&'static str, String>> {
    let measurements = measurements(raw);
    let rankings = ranking::rankings(raw, &measurements);
    Ok(BTreeMap::from([
        ("README.md", page::page(raw, &rankings)?),
        ("summary.csv", summary::csv(&measurements, &rankings)?),
    ]))
}

/// What the project's README shows of a run: the first scenario's table and the environment.
///
/// # Errors
/// When something cannot be encoded.
pub fn excerpt(raw: &Raw) -> anyhow::Result<String> {
    let rankings = ranking::rankings(raw, &measurements(raw));
    let table = rankings.first().map(page::section).transpose()?.unwrap_or_default();
    Ok(format!(
        "\n{table}\n{}\nEverything: [results/{name}](results/{name}/README.md).\n\n",
        page::environment(raw),
        name = raw.name
    ))
}

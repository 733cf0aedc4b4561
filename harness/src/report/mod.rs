//! What people and programs read: tables, charts, pages and exports, from raw data alone.

mod ceilings;
pub mod chart;
mod containers;
pub mod export;
mod facts;
pub mod html;
pub mod listing;
pub mod number;
pub mod page;
mod position;
pub mod ranking;
mod ranking_text;
mod resources;
pub mod summary;
pub mod table;

use std::collections::BTreeMap;

use crate::format::folder::Raw;
use crate::measure::measurements;
use chart::{Chart, Kind};
use ranking::Ranking;
use table::Table;

/// One scenario: who stands where, and the charts of it.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its servers, in order.
    pub ranking: Ranking,
    /// As far as there was something to draw.
    pub charts: Vec<Chart>,
    /// Its servers against their ceilings, where it has them.
    pub ceilings: Option<Table>,
}

impl Section {
    /// The chart of what orders the ranking.
    #[must_use]
    pub fn main_chart(&self) -> Option<&Chart> {
        let kind = if self.ranking.by_goodput { Kind::Goodput } else { Kind::Cpu };
        self.charts.iter().find(|chart| chart.kind == kind)
    }
}

/// All that is derived from a run's raw data: paths within its folder, with `/`, and their text.
///
/// # Errors
/// When something cannot be drawn or encoded.
pub fn derived(raw: &Raw) -> anyhow::Result<BTreeMap<String, String>> {
    let measurements = measurements(raw);
    let rankings = ranking::rankings(raw, &measurements);
    let csv = summary::csv(&measurements, &rankings)?;
    let json = export::json(raw, &measurements, &rankings)?;
    let sections: Vec<Section> =
        rankings.into_iter().map(|ranking| section(raw, ranking)).collect::<Result<_, _>>()?;
    let mut files = BTreeMap::from([
        ("README.md".to_owned(), page::page(raw, &sections)?),
        ("index.html".to_owned(), html::page(raw, &measurements, &sections)?),
        ("summary.csv".to_owned(), csv),
        ("summary.json".to_owned(), json),
    ]);
    let charts = sections.into_iter().flat_map(|section| section.charts);
    files.extend(charts.map(|chart| (chart.file, chart.svg)));
    Ok(files)
}

fn section(raw: &Raw, ranking: Ranking) -> anyhow::Result<Section> {
    let ceilings = ceilings::table(raw, &ranking);
    Ok(Section { charts: chart::charts(raw, &ranking)?, ceilings, ranking })
}

/// What the project's README shows of a run: the first scenario's table, its main chart and the environment.
///
/// # Errors
/// When something cannot be drawn or encoded.
pub fn excerpt(raw: &Raw) -> anyhow::Result<String> {
    let first = ranking::rankings(raw, &measurements(raw)).into_iter().next();
    let first = first.map(|ranking| section(raw, ranking)).transpose()?;
    let folder = format!("results/{}/", raw.name);
    let text = first.map(|section| page::excerpt(&section, &folder)).transpose()?;
    Ok(format!(
        "\n{}\n{}\nEverything: [results/{name}](results/{name}/README.md).\n\n",
        text.unwrap_or_default(),
        table::unmarked(&page::environment(raw)),
        name = raw.name
    ))
}

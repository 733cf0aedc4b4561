//! What people and programs read: tables, charts, pages and exports, from raw data alone.

mod answer;
mod attribution;
mod ceilings;
mod change;
pub mod change_table;
pub mod chapter;
pub mod chart;
mod conditions;
mod containers;
pub mod counted;
pub mod counted_change;
pub mod export;
mod facts;
mod figures;
mod group;
pub mod html;
pub mod listing;
pub mod number;
pub mod page;
mod pairs;
mod part;
mod position;
mod price;
pub mod ranking;
mod ranking_compared;
mod ranking_legend;
pub mod ranking_text;
mod resources;
mod starts;
pub mod summary;
pub mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::format::folder::Raw;
use chapter::{Chapter, chapters};
use chart::{Chart, Kind};
use ranking::Ranking;
use table::Table;

/// One ranking, its charts and its ceilings.
#[derive(Clone, Debug)]
pub struct Section<'a> {
    /// Its servers, in order.
    pub ranking: &'a Ranking,
    /// The charts for which there was something to draw.
    pub charts: Vec<Chart>,
    /// Its servers against their ceilings, where it has them.
    pub ceilings: Option<Table>,
}

impl<'a> Section<'a> {
    fn new(raw: &Raw, ranking: &'a Ranking) -> anyhow::Result<Section<'a>> {
        let ceilings = ceilings::table(raw, ranking);
        Ok(Section { charts: chart::charts(raw, ranking)?, ceilings, ranking })
    }

    /// The chart of what orders the ranking; of a sweep, that of its line.
    #[must_use]
    pub fn main_chart(&self) -> Option<&Chart> {
        let kind = if self.ranking.by_goodput { Kind::Goodput } else { Kind::Cpu };
        let of = |kind: Kind| self.charts.iter().find(|chart| chart.kind == kind);
        of(Kind::Sweep).or_else(|| of(kind))
    }
}

/// A chapter and what is drawn of it.
#[derive(Clone, Debug)]
pub struct Drawn<'a> {
    /// What it is about.
    pub chapter: &'a Chapter<'a>,
    /// A section for each of its rankings.
    pub sections: Vec<Section<'a>>,
}

impl<'a> Drawn<'a> {
    fn new(chapter: &'a Chapter<'a>) -> anyhow::Result<Drawn<'a>> {
        let rankings = chapter.rankings.iter();
        let sections = rankings.map(|ranking| Section::new(&chapter.raw, ranking));
        Ok(Drawn { chapter, sections: sections.collect::<Result<_, _>>()? })
    }
}

/// The file that a run of two commits has besides, for a pull request.
pub const CHANGE: &str = "change.md";

/// All that is derived from a run's raw data: paths within its folder, with `/`, and their text.
///
/// # Errors
/// When something cannot be drawn or encoded.
pub fn derived(raw: &Raw) -> anyhow::Result<BTreeMap<String, String>> {
    let chapters = chapters(raw);
    let drawn: Vec<Drawn> = chapters.iter().map(Drawn::new).collect::<Result<_, _>>()?;
    let mut files = BTreeMap::from([
        ("README.md".to_owned(), page::page(raw, &drawn)?),
        ("index.html".to_owned(), html::page(raw, &drawn)?),
        ("pairs.csv".to_owned(), pairs::csv(&chapters)?),
        ("summary.csv".to_owned(), summary::csv(&chapters)?),
        ("summary.json".to_owned(), export::json(raw, &chapters)?),
    ]);
    files.extend(change::page(raw)?.map(|text| (CHANGE.to_owned(), text)));
    let sections = drawn.into_iter().flat_map(|drawn| drawn.sections);
    let charts = sections.flat_map(|section| section.charts);
    files.extend(charts.map(|chart| (chart.file, chart.svg)));
    Ok(files)
}

/// What the project's README shows of a run: the first table, its main chart and the environment; of each study its
/// question, and where there are several their answers.
///
/// # Errors
/// When something cannot be drawn or encoded.
pub fn excerpt(raw: &Raw) -> anyhow::Result<String> {
    let chapters = chapters(raw);
    let folder = format!("results/{}/", raw.name);
    Ok(format!(
        "\n{}\n{}\nEverything: [results/{name}](results/{name}/README.md).\n\n",
        page::excerpt(&chapters, &folder)?,
        table::unmarked(&page::environment(raw)),
        name = raw.name
    ))
}

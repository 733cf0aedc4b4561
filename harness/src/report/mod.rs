//! What people and programs read: tables, charts, pages and exports, from raw data alone.

mod answer;
mod attribution;
pub mod basis;
mod ceilings;
mod change;
pub mod change_table;
pub mod chapter;
pub mod chart;
mod conditions;
mod containers;
pub mod counted;
pub mod counted_change;
mod crossed;
mod effect;
pub mod excerpt;
pub mod export;
mod facts;
mod figures;
mod group;
pub mod html;
mod knee;
pub mod listing;
mod load_pair;
mod metric_name;
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
pub mod sheet;
mod starts;
mod study_csv;
#[cfg(test)]
mod study_tests;
pub mod summary;
pub mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::format::folder::Raw;
use chapter::{Chapter, chapters};
use chart::{Chart, Kind};
pub use excerpt::{answers, excerpt};
use sheet::{Sheet, sheets};
use table::Table;

/// One sheet, its charts and its ceilings.
#[derive(Clone, Debug)]
pub struct Section<'a> {
    /// Its rankings.
    pub sheet: Sheet<'a>,
    /// The charts for which there was something to draw; none of a sheet of several groups, whose prices are drawn.
    pub charts: Vec<Chart>,
    /// Its servers against their ceilings, where it has them.
    pub ceilings: Option<Table>,
}

impl<'a> Section<'a> {
    fn new(raw: &Raw, sheet: Sheet<'a>) -> anyhow::Result<Section<'a>> {
        let ceilings = sheet.stacked(|ranking| ceilings::table(raw, ranking));
        let charts = match sheet.rankings[..] {
            [only] => chart::charts(raw, only)?,
            _ => Vec::new(),
        };
        Ok(Section { sheet, charts, ceilings })
    }

    /// The chart of what orders the ranking; of a sweep, that of its line.
    #[must_use]
    pub fn main_chart(&self) -> Option<&Chart> {
        let by_goodput = self.sheet.rankings.first().is_some_and(|ranking| ranking.by_goodput);
        let kind = if by_goodput { Kind::Goodput } else { Kind::Cpu };
        let of = |kind: Kind| self.charts.iter().find(|chart| chart.kind == kind);
        of(Kind::Sweep).or_else(|| of(kind))
    }
}

/// A chapter and what is drawn of it.
#[derive(Clone, Debug)]
pub struct Drawn<'a> {
    /// What it is about.
    pub chapter: &'a Chapter<'a>,
    /// The chart of its prices, where it has some.
    pub prices: Option<Chart>,
    /// A section for each of its sheets.
    pub sections: Vec<Section<'a>>,
}

impl<'a> Drawn<'a> {
    fn new(chapter: &'a Chapter<'a>) -> anyhow::Result<Drawn<'a>> {
        let sections = sheets(chapter).into_iter().map(|sheet| Section::new(&chapter.raw, sheet));
        let sections = sections.collect::<Result<_, _>>()?;
        Ok(Drawn { chapter, prices: chart::of_prices(chapter)?, sections })
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
    let some = [
        (CHANGE, change::page(raw)?),
        ("prices.csv", study_csv::prices(&chapters)?),
        ("attribution.csv", study_csv::attribution(&chapters)?),
    ];
    files.extend(some.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?))));
    let charts = drawn.into_iter().flat_map(|drawn| {
        let of_sections = drawn.sections.into_iter().flat_map(|section| section.charts);
        drawn.prices.into_iter().chain(of_sections)
    });
    files.extend(charts.map(|chart| (chart.file, chart.svg)));
    Ok(files)
}

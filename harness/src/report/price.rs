//! What one value of the compared axis costs over another, for each kind of work: a row for each pair within a group of
//! servers that are equal in all else.

use crate::compare::{Comparison, Verdict};
use crate::definition::study::RunStudy;
use crate::measure::block::Metric;
use crate::stats::Estimate;

use super::number;
use super::ranking::{Ranking, Row};
use super::table::Table;

/// The prices of a chapter.
#[derive(Clone, Debug)]
pub struct Prices {
    /// The scenarios, in the order of the run's cells.
    scenarios: Vec<String>,
    /// In the order of the rankings.
    rows: Vec<Price>,
}

/// What one server costs over the baseline of its group.
#[derive(Clone, Debug)]
struct Price {
    /// What the group's servers have in common, if there are several groups.
    group: Option<String>,
    /// The value of the compared axis that is priced.
    value: String,
    /// The baseline's.
    over: String,
    /// The server's CPU time per request over the baseline's, by scenario; absent where it was not measured.
    ratios: Vec<Option<Comparison>>,
}

impl Prices {
    /// The prices of a chapter's rankings, of each scenario under its first closed load; absent where whole servers are
    /// compared, where there is no pair, and for one kind of work, of which a ranking says all.
    #[must_use]
    pub fn of(study: &RunStudy, rankings: &[Ranking]) -> Option<Prices> {
        let axis = study.compare.as_deref()?;
        let mut scenarios: Vec<String> = Vec::new();
        for ranking in rankings.iter().filter(|ranking| ranking.closed.is_some()) {
            if !scenarios.contains(&ranking.scenario) {
                scenarios.push(ranking.scenario.clone());
            }
        }
        let mut rows: Vec<Price> = Vec::new();
        for ranking in rankings.iter().filter(|ranking| ranking.closed.is_some()) {
            let Some(place) = scenarios.iter().position(|name| *name == ranking.scenario) else {
                continue;
            };
            let Some(baseline) = ranking.baseline.as_ref() else { continue };
            let Some(over) = ranking.row(&baseline.name) else { continue };
            let competing = ranking.rows.iter().filter(|row| row.competes());
            for row in competing.filter(|row| row.server != over.server) {
                let (value, over_value) = (value(row, axis), value(over, axis));
                let is_its = |price: &&mut Price| {
                    (&price.group, &price.value, &price.over)
                        == (&ranking.group, &value, &over_value)
                };
                let ratio = ranking.cpu_ratio(&row.server, &over.server);
                match rows.iter_mut().find(is_its) {
                    Some(price) => price.ratios[place] = price.ratios[place].take().or(ratio),
                    None => {
                        let mut ratios = vec![None; scenarios.len()];
                        ratios[place] = ratio;
                        let group = ranking.group.clone();
                        rows.push(Price { group, value, over: over_value, ratios });
                    }
                }
            }
        }
        rows.retain(|price| price.ratios.iter().any(Option::is_some));
        (!rows.is_empty() && scenarios.len() > 1).then_some(Prices { scenarios, rows })
    }

    /// A sentence for each pair.
    #[must_use]
    pub fn in_words(&self) -> Vec<String> {
        self.rows.iter().map(|price| price.in_words(&self.scenarios)).collect()
    }

    /// A row for each pair, a column for each scenario.
    #[must_use]
    pub fn table(&self) -> Table {
        let has_groups = self.rows.iter().any(|price| price.group.is_some());
        let mut headings: Vec<String> = Vec::new();
        headings.extend(has_groups.then(|| "where".to_owned()));
        headings.push("server CPU of".to_owned());
        headings.extend(self.scenarios.iter().cloned());
        let mut table = Table::new(&headings);
        for price in &self.rows {
            let mut cells: Vec<String> = Vec::new();
            cells.extend(has_groups.then(|| price.group.clone().unwrap_or_default()));
            cells.push(format!("{} over {}", price.value, price.over));
            let text = |ratio: &Option<Comparison>| match ratio {
                Some(ratio) => format!("× {}{}", number::ratio(&ratio.ratio), mark(ratio)),
                None => "–".to_owned(),
            };
            cells.extend(price.ratios.iter().map(text));
            table.row(cells);
        }
        table
    }
}

/// What must be known to read the table.
pub(super) const LEGEND: &str = "The server's CPU time per request over that of the other, which is equal in all else, with its 95% \
     interval. `=` is shown to be within 3%, and `?` is not decided; all others are shown to differ.";

/// What a verdict adds to a ratio.
fn mark(comparison: &Comparison) -> &'static str {
    match comparison.verdict {
        Verdict::Different => "",
        Verdict::Equivalent => " =",
        Verdict::Undecided => " ?",
    }
}

fn value(row: &Row, axis: &str) -> String {
    if row.axes.has(axis) { row.axes.get(axis).to_owned() } else { row.server.clone() }
}

impl Price {
    fn in_words(&self, scenarios: &[String]) -> String {
        let measured: Vec<(&String, &Comparison)> = scenarios
            .iter()
            .zip(&self.ratios)
            .filter_map(|(scenario, ratio)| Some((scenario, ratio.as_ref()?)))
            .collect();
        let by_ratio = |one: &&(&String, &Comparison), other: &&(&String, &Comparison)| {
            one.1.ratio.mean.total_cmp(&other.1.ratio.mean)
        };
        let (least, most) = (measured.iter().min_by(by_ratio), measured.iter().max_by(by_ratio));
        let Price { group, value, over, .. } = self;
        let (Some(least), Some(most)) = (least, most) else { return String::new() };
        let times = |(scenario, comparison): &(&String, &Comparison), what: &str| {
            format!("{} times {what}for `{scenario}`", number::ratio(&comparison.ratio))
        };
        let of = format!("the server CPU of `{over}` ");
        let costs = if measured.len() == 1 {
            times(least, &of)
        } else {
            format!("{}, and up to {}", times(least, &of), times(most, ""))
        };
        let alike: Vec<String> = measured
            .iter()
            .filter(|(_, comparison)| comparison.verdict != Verdict::Different)
            .map(|(scenario, _)| format!("`{scenario}`"))
            .collect();
        let alike = match alike.len() {
            0 => String::new(),
            count if count == measured.len() => "; no difference is shown".to_owned(),
            _ => format!("; no difference is shown for {}", super::answer::joined(&alike)),
        };
        let group = group.as_ref().map(|group| format!("{group}: ")).unwrap_or_default();
        format!("{group}`{value}` takes {costs}{alike}.")
    }
}

impl Ranking {
    /// The CPU time of one server over that of another, under the closed load.
    pub(super) fn cpu_ratio(&self, server: &str, over: &str) -> Option<Comparison> {
        let load = self.closed.as_deref()?;
        let is_cpu = |compared: &&super::ranking::Compared| {
            compared.load == load && compared.metric == Metric::ServerCpu
        };
        let pairs = &self.compared.iter().find(is_cpu)?.pairs;
        pairs.iter().find_map(|(a, b, comparison)| {
            let comparison = *comparison?;
            if (a, b) == (server, over) {
                Some(comparison)
            } else if (b, a) == (server, over) {
                Some(inverse(comparison))
            } else {
                None
            }
        })
    }
}

/// b over a, of a over b.
fn inverse(comparison: Comparison) -> Comparison {
    let Estimate { mean, lo, hi, count } = comparison.ratio;
    let ratio = Estimate { mean: 1.0 / mean, lo: 1.0 / hi, hi: 1.0 / lo, count };
    Comparison { ratio, ..comparison }
}

//! What is shown as one table: a ranking, or those of all groups for one kind of work, since a table of two servers says
//! little, and dozens of them less.

use crate::definition::Role;

use super::chapter::Chapter;
use super::number;
use super::ranking::{Control, Ranking};
use super::ranking_text::Words;
use super::table::Table;

/// Rankings that are shown together.
#[derive(Clone, Debug)]
pub struct Sheet<'a> {
    /// Its heading: the scenario, the loads where there are several sheets of it, and the group where it is of one.
    pub title: String,
    /// The rankings; several only where each is of another group.
    pub rankings: Vec<&'a Ranking>,
    /// What its servers cost over each other in this kind of work, a sentence for each pair.
    pub words: Vec<String>,
}

/// A chapter's sheets, in the order of its rankings: one for all groups where their prices are told, and else one each.
#[must_use]
pub fn sheets<'a>(chapter: &'a Chapter) -> Vec<Sheet<'a>> {
    let mut sheets: Vec<Sheet> = Vec::new();
    for ranking in &chapter.rankings {
        let (title, is_shared) = match &ranking.group {
            Some(group) if chapter.prices.is_some() => {
                let own = format!(", {group}");
                (ranking.title.strip_suffix(&own).unwrap_or(&ranking.title), true)
            }
            _ => (ranking.title.as_str(), false),
        };
        match sheets.iter_mut().find(|sheet| is_shared && sheet.title == title) {
            Some(sheet) => sheet.rankings.push(ranking),
            None => sheets.push(Sheet {
                title: title.to_owned(),
                rankings: vec![ranking],
                words: Vec::new(),
            }),
        }
    }
    let mut told: Vec<&str> = Vec::new();
    for sheet in &mut sheets {
        let scenario = &sheet.rankings[0].scenario;
        // Of several sheets of a scenario, the first tells.
        if !told.contains(&scenario.as_str()) {
            told.push(scenario);
            sheet.words = words(chapter, scenario, &sheet.rankings);
        }
    }
    sheets
}

/// What the pairs of some rankings cost, and what their controls do.
fn words(chapter: &Chapter, scenario: &str, rankings: &[&Ranking]) -> Vec<String> {
    let Some(prices) = &chapter.prices else { return Vec::new() };
    let is_shown = |server: &str| rankings.iter().any(|ranking| ranking.row(server).is_some());
    let of_pairs = prices
        .of_scenario(scenario)
        .filter(|(pair, _)| is_shown(&pair.server) && is_shown(&pair.over))
        .map(|(_, sentence)| sentence);
    let controls = rankings.iter().flat_map(|ranking| {
        ranking.controls.iter().filter_map(|Control { name, contender, cost, is_bound }| {
            let figure = if ranking.by_goodput { "goodput" } else { "server CPU" };
            let times = number::quotient(&number::ratio(&cost.ratio), *is_bound, false)?;
            Some(format!("Control: `{name}` takes {times} times the {figure} of `{contender}`."))
        })
    });
    of_pairs.chain(controls).collect()
}

impl Sheet<'_> {
    /// Its rows as text, with the group before each where there are several.
    #[must_use]
    pub fn table(&self) -> Table {
        let [first, _, ..] = self.rankings[..] else {
            return self
                .rankings
                .first()
                .map_or_else(|| Table::new::<&str>(&[]), |one| one.table());
        };
        let words = Words {
            open: first.open_in_words(),
            ratio: "×".into(),
            has_p999: self.rankings.iter().any(|ranking| ranking.has_p999()),
            has_counts: self.rankings.iter().any(|ranking| ranking.has_counts()),
            axis: first.own_axis(),
        };
        self.stacked(|ranking| Some(ranking.table_with(&words))).unwrap_or_else(|| first.table())
    }

    /// A table of each ranking below each other; absent where there is none.
    pub(super) fn stacked(&self, of: impl Fn(&Ranking) -> Option<Table>) -> Option<Table> {
        if let [only] = self.rankings[..] {
            return of(only);
        }
        let tables: Vec<(Vec<String>, Table)> = self
            .rankings
            .iter()
            .filter_map(|ranking| {
                Some((vec![ranking.group.clone().unwrap_or_default()], of(ranking)?))
            })
            .collect();
        (!tables.is_empty()).then(|| Table::stacked(&["where"], &tables))
    }

    /// What must be known to read the table.
    #[must_use]
    pub fn legend(&self) -> String {
        let [first, _, ..] = self.rankings[..] else {
            return self.rankings.first().map(|ranking| ranking.legend()).unwrap_or_default();
        };
        // A ceiling may be in no group and in all of them: the group that has most to say speaks for all.
        let any = |of: fn(&Ranking) -> Option<String>| self.rankings.iter().find_map(|one| of(one));
        let by_goodput = self.rankings.iter().filter(|ranking| ranking.by_goodput).count();
        let order = match by_goodput {
            0 => {
                "by server CPU per request, least first, since something other than the servers was the limit"
            }
            all if all == self.rankings.len() => "by goodput, most first",
            _ => {
                "by goodput, most first, where no server's is a lower bound, and by server CPU per request elsewhere"
            }
        };
        let has_controls = self.rankings.iter().any(|ranking| {
            ranking.rows.iter().any(|row| row.role == Role::Control && row.twin_of.is_none())
        });
        let sentences = [
            Some(format!(
                "Servers are compared where they are equal in all else: in each such group they are ordered {order}, and share a \
                 letter exactly where they are not shown to differ, or are shown to be within 3% of each other."
            )),
            any(Ranking::noise),
            Some(
                "×: the figure that orders, over that of the group's baseline, whose × is 1."
                    .into(),
            ),
            has_controls.then(|| "Controls differ from a contender in one thing.".to_owned()),
            Some(first.loads_in_words()),
            any(Ranking::percentiles_in_words),
            any(Ranking::lateness_in_words),
            self.rankings
                .iter()
                .any(|ranking| ranking.has_counts())
                .then(|| super::counted::LEGEND.to_owned()),
            Some("± and (–): 95% intervals over blocks. ≥: a lower bound.".to_owned()),
        ];
        sentences.into_iter().flatten().collect::<Vec<_>>().join(" ") + &first.conditions
    }
}

//! What a ranking says, in words.

use super::number::{self, with_interval};
use super::ranking::{Ranking, Row};
use crate::measure::Figures;

/// Said where nothing orders the servers.
pub(super) const UNORDERED: &str = "No server has a figure to be ordered by; the notes say why.";

impl Ranking {
    /// Which servers are best, by how much, and how sure that is: a few sentences.
    #[must_use]
    pub fn answer(&self) -> String {
        let where_ = match (&self.group, self.ordering_load()) {
            (Some(group), Some(load)) => format!("{}, {group}, under `{load}`", self.scenario),
            (None, Some(load)) => format!("{} under `{load}`", self.scenario),
            (_, None) => self.title.clone(),
        };
        format!("{where_}: {}", self.order_in_words())
    }

    fn order_in_words(&self) -> String {
        let ordered: Vec<(usize, &Row)> =
            self.rows.iter().filter_map(|row| Some((row.tier?, row))).collect();
        let Some((_, first)) = ordered.first() else { return UNORDERED.to_owned() };
        let best: Vec<&Row> =
            ordered.iter().filter(|(tier, _)| *tier == 1).map(|(_, row)| *row).collect();
        let below: Vec<&Row> =
            ordered.iter().filter(|(tier, _)| *tier > 1).map(|(_, row)| *row).collect();
        let tiers = ordered.last().map_or(1, |(tier, _)| *tier);
        let most =
            if self.by_goodput { "the most goodput" } else { "the least server CPU per request" };
        let mut text = match &best[..] {
            [only] if ordered.len() == 1 => {
                format!("only `{}` has a figure, {}.", only.server, self.figure_in_words(only))
            }
            [only] => format!("`{}` has {most}, {}.", only.server, self.figure(only)),
            [..] => {
                let others = best.iter().filter(|row| row.server != first.server);
                let others: Vec<String> = others.map(|row| self.against_baseline(row)).collect();
                let share =
                    if tiers == 1 { "all share one tier" } else { "the first tier is shared" };
                let figure = self.figure_in_words(first);
                format!("{share}: `{}` with {figure}, {}.", first.server, joined(&others))
            }
        };
        match &below[..] {
            [] => {}
            [only] => text += &format!(" Below is {}.", self.against_baseline(only)),
            [next, .., last] => {
                text += &format!(
                    " The next is {}; the last of {} is {}.",
                    self.against_baseline(next),
                    ordered.len(),
                    self.against_baseline(last)
                );
            }
        }
        text
    }

    /// The figure that orders, with its interval and unit.
    fn figure(&self, row: &Row) -> String {
        let figures = if self.closed.is_some() { row.capacity() } else { row.steady() };
        match figures {
            Some(figures) if self.by_goodput => {
                format!("{} req/s", with_interval(&figures.goodput))
            }
            Some(Figures { server_cpu: Some(cpu), .. }) => format!("{} µs", with_interval(cpu)),
            _ => "no figure".to_owned(),
        }
    }

    fn figure_in_words(&self, row: &Row) -> String {
        let what = if self.by_goodput { "goodput" } else { "server CPU per request" };
        format!("{} of {what}", self.figure(row))
    }

    /// A row's ratio to the baseline, or its figure where there is no ratio.
    fn against_baseline(&self, row: &Row) -> String {
        let times = self.baseline.as_ref().and_then(|baseline| {
            let ratio = number::ratio(&row.ratio?.ratio);
            let text = number::quotient(&ratio, self.is_bound(row), baseline.is_bound)?;
            let of =
                if baseline.is_first { String::new() } else { format!(" of `{}`", baseline.name) };
            Some(format!("{text} times that{of}"))
        });
        format!("`{}` with {}", row.server, times.unwrap_or_else(|| self.figure_in_words(row)))
    }
}

/// A list in words.
fn joined(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

//! What a ranking says, in words.

use super::number::{self, with_interval};
use super::ranking::{Compared, Ranking, Row};
use crate::measure::Figures;
use crate::measure::block::Metric;

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

    /// The number of connections from which on more are not shown to serve more, in a ranking of pool sizes.
    #[must_use]
    pub fn knee(&self) -> Option<String> {
        let load = self.closed.as_deref()?;
        let is_goodput =
            |compared: &&Compared| compared.load == load && compared.metric == Metric::Goodput;
        let pairs = &self.compared.iter().find(is_goodput)?.pairs;
        let sized = self.rows.iter().filter(|row| row.competes());
        let mut sized: Vec<(u32, &Row)> =
            sized.filter_map(|row| Some((row.pool_size?, row))).collect();
        sized.sort_by_key(|(size, _)| *size);
        let goodput = |row: &Row| {
            let figures = row.capacity()?;
            let bound = if figures.lower_bound { "≥ " } else { "" };
            Some(format!("{bound}{} req/s", with_interval(&figures.goodput)))
        };
        let (size, row) = sized.iter().find(|(_, row)| pairs.is_unbeaten(&row.server))?;
        let (least, worst) = sized.first()?;
        let group = self.group.as_ref().map(|group| format!("{group}, ")).unwrap_or_default();
        let from = if size == least {
            String::new()
        } else {
            format!("; {least} serve{} {}", if *least == 1 { "s" } else { "" }, goodput(worst)?)
        };
        Some(format!(
            "{group}{}: from {size} connections on, more are not shown to serve more: {size} serve {}{from}.",
            self.scenario,
            goodput(row)?
        ))
    }

    fn order_in_words(&self) -> String {
        let ordered: Vec<&Row> = self.rows.iter().filter(|row| row.letters.is_some()).collect();
        let Some((first, others)) = ordered.split_first() else { return UNORDERED.to_owned() };
        let (near, below): (Vec<&Row>, Vec<&Row>) =
            others.iter().copied().partition(|row| !self.is_different(first, row));
        let most =
            if self.by_goodput { "the most goodput" } else { "the least server CPU per request" };
        let near: Vec<String> = near.into_iter().map(|row| self.against_baseline(row)).collect();
        let mut text = match (&near[..], &below[..]) {
            ([], []) => {
                format!("only `{}` has a figure, {}.", first.server, self.figure_in_words(first))
            }
            ([], _) => format!("`{}` has {most}, {}.", first.server, self.figure(first)),
            (near, below) => {
                let (name, figure) = (&first.server, self.figure_in_words(first));
                let near = joined(near);
                if below.is_empty() {
                    format!(
                        "`{name}` comes first with {figure}, and none is shown to differ from it: {near}."
                    )
                } else {
                    format!(
                        "`{name}` comes first with {figure}, and is not shown to differ from {near}."
                    )
                }
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

    /// Whether two servers are shown to differ in the figure that orders.
    fn is_different(&self, a: &Row, b: &Row) -> bool {
        self.ordering().is_some_and(|compared| compared.pairs.differ(&a.server, &b.server))
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
            Some(format!("{text} times that of `{}`", baseline.name))
        });
        format!("`{}` with {}", row.server, times.unwrap_or_else(|| self.figure_in_words(row)))
    }
}

/// A list in words.
pub(super) fn joined(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

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
        // Trials of which the CPU time is not known leave letters without a figure.
        let is_ordered = |row: &&Row| row.letters.is_some() && self.has_figure(row);
        let ordered: Vec<&Row> = self.rows.iter().filter(is_ordered).collect();
        let Some((first, others)) = ordered.split_first() else { return UNORDERED.to_owned() };
        let (near, below): (Vec<&Row>, Vec<&Row>) =
            others.iter().copied().partition(|row| !self.is_different(first, row));
        let most =
            if self.by_goodput { "the most goodput" } else { "the least server CPU per request" };
        let near: Vec<String> = near.into_iter().map(|row| self.against_baseline(row)).collect();
        let (name, figure) = (&first.server, self.figure_in_words(first));
        let mut text = match (&near[..], &below[..]) {
            ([], []) => return format!("only `{name}` has a figure, {figure}."),
            ([], _) => format!("`{name}` has {most}, {}.", self.figure(first)),
            (near, []) => format!(
                "`{name}` comes first with {figure}, and none is shown to differ from it: {}.",
                joined(near)
            ),
            (near, _) => format!(
                "`{name}` comes first with {figure}, and is not shown to differ from {}.",
                joined(near)
            ),
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
        if let Some(baseline) = self.baseline.as_ref().filter(|_| text.contains('×')) {
            text += &format!(" Ratios (×) are to `{}`.", baseline.name);
        }
        text
    }

    /// Whether two servers are shown to differ in the figure that orders.
    fn is_different(&self, a: &Row, b: &Row) -> bool {
        self.ordering().is_some_and(|compared| compared.pairs.differ(&a.server, &b.server))
    }

    fn figures<'a>(&self, row: &'a Row) -> Option<&'a Figures> {
        if self.closed.is_some() { row.capacity() } else { row.steady() }
    }

    fn has_figure(&self, row: &Row) -> bool {
        self.figures(row).is_some_and(|figures| self.by_goodput || figures.server_cpu.is_some())
    }

    /// The figure that orders, with its interval and unit.
    fn figure(&self, row: &Row) -> String {
        match self.figures(row) {
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

    /// A row with its ratio to the baseline, or with its figure where there is no ratio.
    fn against_baseline(&self, row: &Row) -> String {
        let times = self.baseline.as_ref().and_then(|baseline| {
            let ratio = number::ratio(&row.ratio?.ratio);
            number::quotient(&ratio, self.is_bound(row), baseline.is_bound)
        });
        match times {
            Some(times) => format!("`{}` × {times}", row.server),
            None => format!("`{}` with {}", row.server, self.figure(row)),
        }
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

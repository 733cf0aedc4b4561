//! A ranking as text: its table, and the sentences that it needs.

use crate::compare::Adjustment;
use crate::definition::server::Role;
use crate::measure::warning::Warning;

use super::number::{self, percent, with_ends, with_interval};
use super::ranking::{Ranking, Row};
use super::table::{Paint, Table};

/// The column of names.
const SERVER: usize = 1;
/// The last column.
const NOTES: usize = 11;

impl Ranking {
    /// As rows of text. A figure that is not there is a dash, and the notes say why.
    #[must_use]
    pub fn table(&self) -> Table {
        let at_rate = match &self.open {
            Some((_, Some(rate))) => format!("at {:.0} req/s", rate.0),
            _ => "open".into(),
        };
        let baseline = match &self.baseline {
            Some(baseline) if !baseline.is_first => format!("× {}", baseline.name),
            _ => "× first".into(),
        };
        let mut table = Table::new(&[
            "tier",
            "server",
            "framework",
            "layer",
            "goodput req/s",
            "server CPU µs/req",
            &baseline,
            &format!("CPU µs/req {at_rate}"),
            &format!("p50 µs {at_rate}"),
            &format!("p99 µs {at_rate}"),
            "limit",
            "notes",
        ]);
        for row in &self.rows {
            let goodput = row.capacity().map(|figures| {
                let bound = if figures.lower_bound { "≥ " } else { "" };
                format!("{bound}{}", with_interval(&figures.goodput))
            });
            let cells = [
                goodput,
                row.capacity().map(|figures| with_interval(&figures.server_cpu)),
                self.ratio(row),
                row.steady().map(|figures| with_interval(&figures.server_cpu)),
                row.response().and_then(|response| response.p50).as_ref().map(with_ends),
                row.response().and_then(|response| response.p99).as_ref().map(with_ends),
                row.capacity().map(|figures| figures.limit.name()),
            ];
            let dash = || "–".to_owned();
            let mut text = vec![
                row.tier.map_or_else(dash, |tier| tier.to_string()),
                row.server.clone(),
                row.labels.framework.clone(),
                row.labels.layer.clone(),
            ];
            text.extend(cells.map(|cell| cell.unwrap_or_else(dash)));
            let warnings = warnings(row);
            let notes: Vec<String> = role(row).into_iter().chain(warnings.clone()).collect();
            text.push(notes.join("; "));
            table.row(text);
            if row.tier == Some(1) {
                table.paint(SERVER, Paint::Best);
            }
            if !warnings.is_empty() {
                table.paint(NOTES, Paint::Warning);
            }
        }
        table
    }

    /// What must be known to read the table.
    #[must_use]
    pub fn legend(&self) -> String {
        let order = match (&self.closed, self.by_goodput) {
            (Some(_), true) => {
                "Ordered by goodput, most first, as the pairs compare block by block. "
            }
            (Some(_), false) => {
                "Ordered by server CPU per request, least first, as the pairs compare block by block: something \
                 other than the servers was the limit, so goodput cannot order them. "
            }
            (None, _) => {
                "Ordered by server CPU per request, least first, as the pairs compare block by block. "
            }
        };
        let closed = self
            .closed
            .as_ref()
            .map(|load| format!("Goodput, server CPU and limit under `{load}`. "));
        let open = self.open.as_ref().map(|(load, _)| format!("The rest under `{load}`. "));
        let (late, of) = self.late();
        let late = if late == 0 {
            String::new()
        } else {
            format!(
                "In {late} of {of} of its trials the load, which shares its CPUs, was itself late: the percentiles \
                 hold that too. "
            )
        };
        format!(
            "{order}{tiers}{}{}{}{}{late}± and (–): 95% intervals over blocks. ≥: a lower bound.",
            self.ratios(),
            self.told_controls(),
            closed.unwrap_or_default(),
            open.unwrap_or_default(),
            tiers = self.told_tiers(),
        )
    }

    fn told_tiers(&self) -> String {
        let floor = self.floor.map(|floor| {
            format!("The same server under two names differed by {}. ", percent(floor))
        });
        format!(
            "Servers that the data cannot tell apart share a tier. {}",
            floor.unwrap_or_default()
        )
    }

    /// What the column of ratios is.
    fn ratios(&self) -> String {
        let Some(baseline) = &self.baseline else { return String::new() };
        let what = if self.by_goodput { "goodput" } else { "server CPU per request" };
        let count = |adjustment: Adjustment| {
            let ratios = self.rows.iter().filter_map(|row| row.ratio);
            ratios.filter(|ratio| ratio.adjustment == adjustment).count()
        };
        let all = self.rows.iter().filter(|row| row.ratio.is_some()).count();
        let adjusted = match count(Adjustment::Load) {
            0 => String::new(),
            adjusted => format!(
                "; in {adjusted} of {all} rows at an equal CPU time of the load, since the host slows both ends of a \
                 request alike, and so not the ratio of the means"
            ),
        };
        format!("×: {what} over that of {}{adjusted}. ", baseline.name)
    }

    fn told_controls(&self) -> String {
        let told: Vec<String> = self
            .controls
            .iter()
            .map(|(control, contender, comparison)| {
                format!("{control} / {contender} = {}", number::ratio(&comparison.ratio))
            })
            .collect();
        if told.is_empty() { String::new() } else { format!("Controls: {}. ", told.join("; ")) }
    }

    /// A row's ratio to the baseline, as it is printed.
    fn ratio(&self, row: &Row) -> Option<String> {
        let baseline = self.baseline.as_ref()?;
        if row.server == baseline.name {
            return Some("1".into());
        }
        let ratio = number::ratio(&row.ratio?.ratio);
        match (self.is_bound(row), baseline.is_bound) {
            (false, false) => Some(ratio),
            (true, false) => Some(format!("≥ {ratio}")),
            (false, true) => Some(format!("≤ {ratio}")),
            (true, true) => None,
        }
    }

    /// In how many trials of the open load a load without CPUs of its own was late, and of how many.
    fn late(&self) -> (usize, usize) {
        let open = self.rows.iter().filter_map(|row| row.open.as_ref());
        let of = open.clone().map(|measurement| measurement.trials).sum();
        let late =
            open.flat_map(|measurement| &measurement.warnings).map(|warning| match warning {
                Warning::Late { trials, invalid: false, .. } => *trials,
                _ => 0,
            });
        (late.sum(), of)
    }
}

/// What a server is there for, if not to compete.
fn role(row: &Row) -> Option<String> {
    match (&row.twin_of, row.role) {
        (Some(name), _) => Some(format!("A/A of {name}")),
        (None, Role::Contender) => None,
        (None, Role::Ceiling) => Some("ceiling".into()),
        (None, Role::Control) => Some("control".into()),
    }
}

fn warnings(row: &Row) -> Vec<String> {
    let mut warnings = Vec::new();
    for measurement in [&row.closed, &row.open].into_iter().flatten() {
        // The legend tells once for all rows that a load without CPUs of its own was late.
        let own = |warning: &&Warning| !matches!(warning, Warning::Late { invalid: false, .. });
        for warning in measurement.warnings.iter().filter(own).map(ToString::to_string) {
            // A server's failure is told under each of its cells.
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
    }
    warnings
}

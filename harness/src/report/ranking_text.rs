//! A ranking as text: its table, and the sentences that it needs.

use crate::compare::Adjustment;
use crate::definition::Role;
use crate::measure::Figures;
use crate::measure::warning::Warning;

use super::answer::UNORDERED;
use super::figures::{Figure, named};
use super::number::{self, percent, with_ends, with_interval};
use super::ranking::{Control, Ranking, Row};
use super::table::{Paint, Table};

/// The column of names.
const SERVER: usize = 1;
/// The last column.
const NOTES: usize = 11;

impl Ranking {
    /// As rows of text. A figure that is not there is a dash, and the notes say why.
    #[must_use]
    pub fn table(&self) -> Table {
        self.table_under(&match self.rate() {
            Some(rate) => format!("at {rate} req/s"),
            None => "open".into(),
        })
    }

    /// The open load's rate in requests per second, as text.
    #[must_use]
    pub fn rate(&self) -> Option<String> {
        let (_, rate) = self.open.as_ref()?;
        rate.map(|rate| format!("{:.0}", rate.0))
    }

    /// The table, with the words that its headings have for the open load.
    #[must_use]
    pub fn table_under(&self, open: &str) -> Table {
        const GOODPUT: &Figure = named("goodput_rps");
        const CPU: &Figure = named("server_cpu_us_per_req");
        const P50: &Figure = named("p50_us");
        const P99: &Figure = named("p99_us");
        const LIMIT: &Figure = named("bottleneck");
        let baseline = match &self.baseline {
            Some(baseline) if !baseline.is_first => format!("× {}", baseline.name),
            _ => "× first".into(),
        };
        let mut table = Table::new(&[
            "tier".into(),
            "server".into(),
            "framework".into(),
            "layer".into(),
            GOODPUT.heading(),
            CPU.heading(),
            baseline,
            // The server is the only part that has a CPU column: the heading is long enough without it.
            format!("CPU µs/req {open}"),
            format!("{} {open}", P50.heading()),
            format!("{} {open}", P99.heading()),
            LIMIT.heading(),
            "notes".into(),
        ]);
        let server_cpu = |figures: &Figures| figures.server_cpu.as_ref().map(with_interval);
        for row in &self.rows {
            let goodput = row.capacity().map(|figures| {
                let bound = if figures.lower_bound { "≥ " } else { "" };
                format!("{bound}{}", with_interval(&figures.goodput))
            });
            let cells = [
                goodput,
                row.capacity().and_then(server_cpu),
                self.ratio(row),
                row.steady().and_then(server_cpu),
                row.response().and_then(|response| response.p50).as_ref().map(with_ends),
                row.response().and_then(|response| response.p99).as_ref().map(with_ends),
                row.capacity().map(|figures| figures.limit.name()),
            ];
            let dash = || "–".to_owned();
            let mut text = vec![
                row.tier.map_or_else(dash, |tier| tier.to_string()),
                row.server.clone(),
                row.axes.get("framework").to_owned(),
                row.axes.get("layer").to_owned(),
            ];
            text.extend(cells.map(|cell| cell.unwrap_or_else(dash)));
            let warnings = warnings(row);
            let alone = (self.open.is_some() && row.open.is_none() && row.drives_itself)
                .then(|| "drives itself, so under no rate".to_owned());
            let notes: Vec<String> =
                role(row).into_iter().chain(alone).chain(warnings.clone()).collect();
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
        if !self.rows.iter().any(|row| row.capacity().or(row.steady()).is_some()) {
            return UNORDERED.to_owned();
        }
        let is_ordered = self.rows.iter().any(|row| self.was_measured(row));
        let order = match (&self.closed, self.by_goodput) {
            _ if !is_ordered => UNORDERED,
            (Some(_), true) => {
                "Ordered by goodput, most first, as the pairs compare block by block."
            }
            (Some(_), false) => {
                "Ordered by server CPU per request, least first, as the pairs compare block by block: something \
                 other than the servers was the limit, so goodput cannot order them."
            }
            (None, _) => {
                "Ordered by server CPU per request, least first, as the pairs compare block by block."
            }
        };
        let closed = self
            .closed
            .as_ref()
            .map(|load| format!("Goodput, server CPU and limit under `{load}`. "));
        let rest = if self.closed.is_some() { "The rest" } else { "All" };
        let open = self.open.as_ref().map(|(load, _)| format!("{rest} under `{load}`. "));
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
            "{order} {tiers}{}{}{}{}{late}± and (–): 95% intervals over blocks. ≥: a lower bound.{conditions}",
            self.ratios(),
            self.told_controls(),
            closed.unwrap_or_default(),
            open.unwrap_or_default(),
            conditions = self.conditions,
            tiers = if is_ordered { self.told_tiers() } else { String::new() },
        )
    }

    fn told_tiers(&self) -> String {
        let floor = match self.floor {
            Some(floor) => {
                format!("The same server under two names differed by {}. ", percent(floor))
            }
            None => {
                "No server was measured twice, so differences are called without a noise floor. "
                    .to_owned()
            }
        };
        format!(
            "Servers that the data cannot tell apart, or shows to be within 3% of each other, share a tier. {floor}"
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
                "; in {adjusted} of {all} rows at an equal CPU time of the load, which moves along with the servers' from \
                 block to block, and so not the ratio of the means"
            ),
        };
        format!("×: {what} over that of {}{adjusted}. ", baseline.name)
    }

    fn told_controls(&self) -> String {
        let told: Vec<String> = self
            .controls
            .iter()
            .filter_map(|Control { name, contender, cost, is_bound }| {
                // Where goodput orders, no contender's is a bound.
                let cost = number::quotient(&number::ratio(&cost.ratio), *is_bound, false)?;
                Some(format!("{name} / {contender} = {cost}"))
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
        number::quotient(&ratio, self.is_bound(row), baseline.is_bound)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::scenario::{Arrivals, LoadKind, Rate};
    use crate::format::folder::Raw;
    use crate::format::synthetic_run::{OTHER, SMALL, SyntheticServer, run, synthetic};
    use crate::measure::measurements;
    use crate::report::ranking::rankings;
    use crate::units::PerSecond;
    use crate::workload;

    fn ranked(raw: &Raw) -> Vec<Ranking> {
        rankings(raw, &measurements(raw))
    }

    fn legend(raw: &Raw) -> String {
        ranked(raw)[0].legend()
    }

    /// A server is the limit of what keeps its CPU busy.
    fn busy(name: &'static str, part: f64) -> SyntheticServer {
        SyntheticServer { load_cpu: 1.0, ..synthetic(name, part * 100.0, SMALL) }
    }

    #[test]
    fn what_is_known_of_noise_is_told() {
        let twin = SyntheticServer { twin_of: Some("a"), ..synthetic("again", 50.2, OTHER) };
        let raw = run(&[synthetic("a", 50.0, SMALL), twin]);
        assert!(legend(&raw).contains(" The same server under two names differed by 0."));
        let raw = run(&[synthetic("a", 50.0, SMALL)]);
        assert!(legend(&raw).contains(" No server was measured twice, "), "{}", legend(&raw));
    }

    #[test]
    fn without_figures_no_order_is_told() {
        let mut raw = run(&[synthetic("a", 50.0, SMALL)]);
        raw.entries.clear();
        let told = "No server has a figure to be ordered by; the notes say why.";
        assert_eq!(legend(&raw), told);
    }

    #[test]
    fn a_control_that_is_a_bound_is_told_as_one() {
        let told = |part: f64| {
            let control = SyntheticServer { role: Role::Control, ..busy("control", part) };
            legend(&run(&[busy("a", 0.98), control]))
        };
        assert!(told(0.98).contains("Controls: control / a = 1.0"), "{}", told(0.98));
        assert!(told(0.6).contains("Controls: control / a = ≥ 1.0"), "{}", told(0.6));
    }

    #[test]
    fn what_drives_itself_stands_only_where_it_has_a_cell() {
        let mut raw = run(&[synthetic("a", 50.0, SMALL), synthetic("alone", 40.0, OTHER)]);
        raw.run.server[1].drives_itself = true;
        let mut open = raw.run.cell[0].clone();
        open.load.name = "open".into();
        open.load.kind =
            LoadKind::Open { rate: Rate::Fixed(PerSecond(1e3)), arrivals: Arrivals::Constant };
        let mut nothing = raw.run.cell[0].clone();
        nothing.scenario.name = "nothing".into();
        nothing.scenario.asks = workload::Kind::Nothing;
        raw.run.cell.extend([open, nothing]);
        let rankings = ranked(&raw);
        let notes = |ranking: &Ranking| -> Vec<(String, bool)> {
            let rows = ranking.table().rows().to_vec();
            let is_told = |row: &[String]| row[NOTES].contains("drives itself, so under no rate");
            rows.iter().map(|row| (row[SERVER].clone(), is_told(row))).collect()
        };
        let mut first = notes(&rankings[0]);
        first.sort();
        assert_eq!(first, [("a".to_owned(), false), ("alone".to_owned(), true)]);
        assert_eq!(notes(&rankings[1]), [("a".to_owned(), false)]);
    }
}

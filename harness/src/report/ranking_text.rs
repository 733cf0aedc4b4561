//! A ranking as a table.

use crate::definition::Role;
use crate::measure::Figures;
use crate::measure::warning::Warning;

use super::figures::{Figure, named};
use super::number::{self, with_ends, with_interval};
use super::ranking::{Ranking, Row};
use super::table::{Paint, Table};

/// The column of names.
const SERVER: usize = 1;

/// What a table's headings say that depends on its ranking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// The open load; without one, its columns are left out.
    pub open: Option<String>,
    /// The server that ratios are to.
    pub ratio: String,
    /// Whether there is a column for the percentile 99.9.
    pub has_p999: bool,
    /// Whether there is a column for what was counted.
    pub has_counts: bool,
    /// The axis that has a column beside framework and layer.
    pub axis: Option<String>,
}

impl Ranking {
    /// The rows as text. A figure that is not there is a dash; the notes or the legend say why.
    #[must_use]
    pub fn table(&self) -> Table {
        let baseline = self.baseline.as_ref().map(|baseline| format!("× {}", baseline.name));
        self.table_with(&Words {
            open: self.open_in_words(),
            ratio: baseline.unwrap_or_else(|| "×".into()),
            has_p999: self.has_p999(),
            has_counts: self.has_counts(),
            axis: self.own_axis(),
        })
    }

    /// The open load, as headings have it.
    #[must_use]
    pub fn open_in_words(&self) -> Option<String> {
        self.open.as_ref()?;
        Some(self.rate().map_or_else(|| "open".to_owned(), |rate| format!("at {rate} req/s")))
    }

    /// The compared axis, where no column has it.
    #[must_use]
    pub fn own_axis(&self) -> Option<String> {
        self.axis.clone().filter(|axis| !["framework", "layer"].contains(&axis.as_str()))
    }

    /// Whether any server has a percentile 99.9.
    #[must_use]
    pub fn has_p999(&self) -> bool {
        let mut responses = self.rows.iter().filter_map(Row::response);
        responses.any(|response| response.p999.is_some())
    }

    /// Whether any server was counted.
    #[must_use]
    pub fn has_counts(&self) -> bool {
        self.rows.iter().any(|row| row.counted.is_some())
    }

    /// The open load's rate in requests per second, as text.
    #[must_use]
    pub fn rate(&self) -> Option<String> {
        let (_, rate) = self.open.as_ref()?;
        rate.map(|rate| format!("{:.0}", rate.0))
    }

    /// The table, with the words that its headings have.
    #[must_use]
    pub fn table_with(&self, words: &Words) -> Table {
        const GOODPUT: &Figure = named("goodput_rps");
        const CPU: &Figure = named("server_cpu_us_per_req");
        const INSTRUCTIONS: &Figure = named("instructions_per_req");
        const P50: &Figure = named("p50_us");
        const P99: &Figure = named("p99_us");
        const P999: &Figure = named("p999_us");
        const LIMIT: &Figure = named("bottleneck");
        let Words { open, ratio, has_p999, has_counts, axis } = words;
        let mut headings: Vec<String> =
            vec!["letters".into(), "server".into(), "framework".into(), "layer".into()];
        headings.extend(axis.clone().map(|axis| axis.replace('_', " ")));
        headings.extend([GOODPUT.heading(), CPU.heading()]);
        headings.extend((*has_counts).then(|| INSTRUCTIONS.heading()));
        headings.push(ratio.clone());
        if let Some(open) = open {
            headings.extend([
                // The server is the only part that has a CPU column: the heading is long enough without it.
                format!("CPU µs/req {open}"),
                format!("{} {open}", P50.heading()),
                format!("{} {open}", P99.heading()),
            ]);
            headings.extend(has_p999.then(|| format!("{} {open}", P999.heading())));
        }
        headings.extend([LIMIT.heading(), "notes".into()]);
        let mut table = Table::new(&headings);
        let server_cpu = |figures: &Figures| figures.server_cpu.as_ref().map(with_interval);
        for row in &self.rows {
            let goodput = row.capacity().map(|figures| {
                let bound = if figures.lower_bound { "≥ " } else { "" };
                format!("{bound}{}", with_interval(&figures.goodput))
            });
            let response = row.response();
            let mut cells = vec![
                row.letters.clone(),
                Some(row.server.clone()),
                Some(row.axes.get("framework").to_owned()),
                Some(row.axes.get("layer").to_owned()),
            ];
            cells.extend(
                axis.as_ref()
                    .map(|axis| Some(row.value(axis)).filter(|value| *value != row.server)),
            );
            cells.extend([goodput, row.capacity().and_then(server_cpu)]);
            if *has_counts {
                cells.push(row.counted.map(|counted| with_interval(&counted.instructions)));
            }
            cells.push(self.ratio(row));
            if open.is_some() {
                cells.extend([
                    row.steady().and_then(server_cpu),
                    response.and_then(|response| response.p50).as_ref().map(with_ends),
                    response.and_then(|response| response.p99).as_ref().map(with_ends),
                ]);
            }
            if open.is_some() && *has_p999 {
                cells.push(response.and_then(|response| response.p999).as_ref().map(with_ends));
            }
            cells.push(row.capacity().map(|figures| figures.limit.name()));
            let mut text: Vec<String> =
                cells.into_iter().map(|cell| cell.unwrap_or_else(|| "–".to_owned())).collect();
            let warnings = warnings(row);
            let alone = (self.open.is_some() && row.open.is_none() && row.drives_itself)
                .then(|| "drives itself, so under no rate".to_owned());
            let notes: Vec<String> =
                role(row).into_iter().chain(alone).chain(warnings.clone()).collect();
            text.push(notes.join("; "));
            table.row(text);
            if row.is_unbeaten {
                table.paint(SERVER, Paint::Best);
            }
            if !warnings.is_empty() {
                table.paint(headings.len() - 1, Paint::Warning);
            }
        }
        table
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
    use crate::format::synthetic_run::{OTHER, SMALL, counts, run, synthetic};
    use crate::measure::measurements;
    use crate::report::ranking::rankings;
    use crate::units::PerSecond;
    use crate::workload;

    #[test]
    fn what_was_counted_has_a_column_and_a_sentence_where_there_is_some() {
        let mut raw = run(&[synthetic("a", 50.0, SMALL), synthetic("b", 60.0, SMALL)]);
        let shown = |raw: &Raw| {
            let ranking = &rankings(raw, &measurements(raw))[0];
            let table = ranking.table();
            let place = table.headings().iter().position(|name| name == "instructions/req");
            let column = place.map(|place| {
                assert_eq!(table.headings()[place - 1], "server CPU µs/req");
                table.rows().iter().map(|row| row[place].clone()).collect::<Vec<_>>()
            });
            (column, ranking.legend().contains("Instructions: what a request executes"))
        };
        assert_eq!(shown(&raw), (None, false));
        raw.counts = Some(counts("a", "demo", &[17_000, 17_100, 17_200]));
        let column = ["17,100 ± 250", "–"].map(str::to_owned).to_vec();
        assert_eq!(shown(&raw), (Some(column), true));
        raw.counts = Some(counts("a", "another", &[17_000, 17_100, 17_200]));
        assert_eq!(shown(&raw), (None, false));
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
        let rankings = rankings(&raw, &measurements(&raw));
        let notes = |ranking: &Ranking| -> Vec<(String, bool)> {
            let rows = ranking.table().rows().to_vec();
            let told = "drives itself, so under no rate";
            let is_told = |row: &[String]| row.last().is_some_and(|notes| notes.contains(told));
            rows.iter().map(|row| (row[SERVER].clone(), is_told(row))).collect()
        };
        let mut first = notes(&rankings[0]);
        first.sort();
        assert_eq!(first, [("a".to_owned(), false), ("alone".to_owned(), true)]);
        assert_eq!(notes(&rankings[1]), [("a".to_owned(), false)]);
    }
}

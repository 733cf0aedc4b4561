//! Which measurement stands where: one table a scenario, contenders before controls and ceilings.

use crate::definition::server::{Labels, Role};
use crate::format::folder::Raw;
use crate::format::journal::Entry;
use crate::measure::warning::Warning;
use crate::measure::{Figures, Measurement, Response};
use crate::units::PerSecond;

use super::number::{with_ends, with_interval};
use super::table::Table;

/// One scenario's servers, in order.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// The scenario's name.
    pub scenario: String,
    /// The closed load that goodput and CPU time come from.
    pub closed: Option<String>,
    /// The open load that percentiles come from, and its rate.
    pub open: Option<(String, Option<PerSecond>)>,
    /// Whether the order is that of goodput: only where no contender's goodput is a mere bound.
    pub by_goodput: bool,
    /// Best first.
    pub rows: Vec<Row>,
}

/// One server.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name.
    pub server: String,
    /// What it is there for.
    pub role: Role,
    /// What it is made of.
    pub labels: Labels,
    /// Under the closed load.
    pub closed: Option<Measurement>,
    /// Under the open load.
    pub open: Option<Measurement>,
}

impl Row {
    fn capacity(&self) -> Option<&Figures> {
        self.closed.as_ref()?.figures.as_ref()
    }

    fn steady(&self) -> Option<&Figures> {
        self.open.as_ref()?.figures.as_ref()
    }

    fn response(&self) -> Option<&Response> {
        self.steady()?.response.as_ref()
    }
}

/// The rankings of a run, in the order of its cells.
#[must_use]
pub fn rankings(raw: &Raw, measurements: &[Measurement]) -> Vec<Ranking> {
    let mut scenarios: Vec<&str> = Vec::new();
    for cell in &raw.run.cell {
        if !scenarios.contains(&cell.scenario.name.as_str()) {
            scenarios.push(&cell.scenario.name);
        }
    }
    scenarios.into_iter().map(|scenario| ranking(raw, measurements, scenario)).collect()
}

fn ranking(raw: &Raw, measurements: &[Measurement], scenario: &str) -> Ranking {
    let of_scenario = |m: &&Measurement| m.scenario == scenario;
    let first = |open: bool| {
        measurements.iter().filter(of_scenario).find(|m| m.open == open).map(|m| m.load.clone())
    };
    let (closed, open) = (first(false), first(true));
    let find = |server: &str, load: &Option<String>| {
        let load = load.as_ref()?;
        measurements
            .iter()
            .filter(of_scenario)
            .find(|m| m.server == server && m.load == *load)
            .cloned()
    };
    let mut rows: Vec<Row> = raw
        .run
        .server
        .iter()
        .map(|server| Row {
            server: server.name.clone(),
            role: server.role,
            labels: server.labels.clone(),
            closed: find(&server.name, &closed),
            open: find(&server.name, &open),
        })
        .collect();
    let mut capacities =
        rows.iter().filter(|row| row.role == Role::Contender).filter_map(Row::capacity).peekable();
    let by_goodput = capacities.peek().is_some() && capacities.all(|figures| !figures.lower_bound);
    let key = |row: &Row| match (by_goodput, row.capacity().or(row.steady())) {
        (true, Some(figures)) => -figures.goodput.mean,
        (false, Some(figures)) => figures.server_cpu.mean,
        (_, None) => f64::INFINITY,
    };
    rows.sort_by(|a, b| {
        let role = |row: &Row| row.role != Role::Contender;
        role(a).cmp(&role(b)).then(key(a).total_cmp(&key(b)))
    });
    let asked = open.as_ref().and_then(|load| {
        raw.entries.iter().find_map(|entry| match entry {
            Entry::Trial(trial) if trial.load == *load && trial.scenario == scenario => trial.asked,
            _ => None,
        })
    });
    Ranking {
        scenario: scenario.to_owned(),
        closed,
        open: open.map(|load| (load, asked)),
        by_goodput,
        rows,
    }
}

impl Ranking {
    /// As rows of text. A figure that is not there is a dash, and the notes say why.
    #[must_use]
    pub fn table(&self) -> Table {
        let at_rate = match &self.open {
            Some((_, Some(rate))) => format!("at {:.0} req/s", rate.0),
            _ => "open".into(),
        };
        let mut table = Table::new(&[
            "server",
            "framework",
            "layer",
            "goodput req/s",
            "server CPU µs/req",
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
                row.steady().map(|figures| with_interval(&figures.server_cpu)),
                row.response().and_then(|response| response.p50).as_ref().map(with_ends),
                row.response().and_then(|response| response.p99).as_ref().map(with_ends),
                row.capacity().map(|figures| figures.limit.name()),
            ];
            let mut text =
                vec![row.server.clone(), row.labels.framework.clone(), row.labels.layer.clone()];
            text.extend(cells.map(|cell| cell.unwrap_or_else(|| "–".into())));
            text.push(notes(row));
            table.row(text);
        }
        table
    }

    /// What must be known to read the table.
    #[must_use]
    pub fn legend(&self) -> String {
        let order = match (&self.closed, self.by_goodput) {
            (Some(_), true) => "Ordered by goodput, most first. ",
            (Some(_), false) => {
                "Ordered by server CPU per request, least first: something other than the servers was the \
                 limit, so goodput cannot order them. "
            }
            (None, _) => "Ordered by server CPU per request, least first. ",
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
            "{order}{}{}{late}± and (–): 95% intervals over blocks. ≥: a lower bound.",
            closed.unwrap_or_default(),
            open.unwrap_or_default()
        )
    }
}

impl Ranking {
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

fn notes(row: &Row) -> String {
    let mut notes = match row.role {
        Role::Contender => Vec::new(),
        Role::Ceiling => vec!["ceiling".to_owned()],
        Role::Control => vec!["control".to_owned()],
    };
    for measurement in [&row.closed, &row.open].into_iter().flatten() {
        // The legend tells once for all rows that a load without CPUs of its own was late.
        let own = |warning: &&Warning| !matches!(warning, Warning::Late { invalid: false, .. });
        for warning in measurement.warnings.iter().filter(own).map(ToString::to_string) {
            // A server's failure is told under each of its cells.
            if !notes.contains(&warning) {
                notes.push(warning);
            }
        }
    }
    notes.join("; ")
}

//! Which measurement stands where: one table for each closed load of a scenario with an open one, contenders before
//! controls and ceilings.

use registry::{Axes, Ceilings};

use super::counted;
use crate::compare::{Comparison, Noise, Pairs};
use crate::definition::server::RunServer;
use crate::definition::study::RunStudy;
use crate::definition::{Role, Server};
use crate::format::folder::Raw;
use crate::format::journal::{Entry, Trial};
use crate::measure::block::Metric;
use crate::measure::counted::CountFigures;
use crate::measure::{Figures, Measurement, Response};
use crate::units::PerSecond;

use super::basis::Basis;
use super::conditions::conditions;
use super::load_pair::{LoadPair, load_pairs};

/// The axes of a data layer and of the driver under it.
pub(super) const LAYER: &str = "layer";
pub(super) const DRIVER: &str = "driver";

/// One scenario's servers under at most one closed and one open load, in order.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// Its heading: the scenario, and the loads where the scenario has more than one ranking.
    pub title: String,
    /// Begins the names of its charts' files, which no other ranking of the run has.
    pub stem: String,
    /// The scenario's name.
    pub scenario: String,
    /// The axis whose values its study compares, if it compares some.
    pub axis: Option<String>,
    /// What its servers have in common and those of the scenario's other rankings have not, if that sets them apart.
    pub group: Option<String>,
    /// The closed load that goodput and CPU time come from.
    pub closed: Option<String>,
    /// The open load that percentiles come from, and its rate.
    pub open: Option<(String, Option<PerSecond>)>,
    /// Whether the order is that of goodput: only where no contender's goodput is a mere bound, and in a sweep.
    pub by_goodput: bool,
    /// Whether its servers are one server with several numbers of database connections: these are compared by what they
    /// served, and stand in the order of their numbers.
    pub is_sweep: bool,
    /// The server that ratios are to; absent where it was not measured.
    pub baseline: Option<Baseline>,
    /// All pairs of its contenders, in each metric of its loads.
    pub compared: Vec<Compared>,
    /// What each control costs.
    pub controls: Vec<Control>,
    /// What must be known of the CPUs while its cells were measured, as sentences with a space before each.
    pub conditions: String,
    /// Best first.
    pub rows: Vec<Row>,
}

/// What ratios are to: a server that was fixed before the run, and not the best of its data.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// The server's name.
    pub name: String,
    /// Whether its figure is only a lower bound.
    pub is_bound: bool,
}

/// The pairs of a ranking's contenders in one metric under one load.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The load's name.
    pub load: String,
    /// The metric.
    pub metric: Metric,
    /// What is known of the difference between copies of the same server.
    pub noise: Noise,
    /// The pairs, compared together.
    pub pairs: Pairs,
}

/// A control against the contender that it differs from in one thing.
#[derive(Clone, Debug)]
pub struct Control {
    /// Its name.
    pub name: String,
    /// The contender's.
    pub contender: String,
    /// Its figure over the contender's.
    pub cost: Comparison,
    /// Whether its figure is only a lower bound.
    pub is_bound: bool,
}

/// One server.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name.
    pub server: String,
    /// What it is there for.
    pub role: Role,
    /// The server that a twin is under another name; absent for others.
    pub twin_of: Option<String>,
    /// What it is made of.
    pub axes: Axes,
    /// Its number of database connections, where that is not the usual one.
    pub pool_size: Option<u32>,
    /// The contender that it differs from in one thing, if it is a control.
    pub control_of: Option<String>,
    /// The ceilings that it is held against.
    pub ceilings: Ceilings,
    /// Whether it asked its layer by itself: then it has no open load.
    pub drives_itself: bool,
    /// The letters that it shares with the servers from which it is not shown to differ in the figure that orders; of
    /// contenders that were measured.
    pub letters: Option<String>,
    /// Whether it is a contender than which no other is shown to be better.
    pub is_unbeaten: bool,
    /// The figure that orders, over the baseline's. Absent for the baseline itself.
    pub ratio: Option<Comparison>,
    /// Under the closed load.
    pub closed: Option<Measurement>,
    /// Under the open load.
    pub open: Option<Measurement>,
    /// What it was counted to execute in the scenario, if it was.
    pub counted: Option<CountFigures>,
}

impl Row {
    pub(super) fn capacity(&self) -> Option<&Figures> {
        self.closed.as_ref()?.figures.as_ref()
    }

    pub(super) fn steady(&self) -> Option<&Figures> {
        self.open.as_ref()?.figures.as_ref()
    }

    pub(super) fn response(&self) -> Option<&Response> {
        self.steady()?.response.as_ref()
    }

    /// Whether its layer is the driver itself: what another layer over that driver costs is its difference from this one.
    pub(super) fn is_driver(&self) -> bool {
        self.axes.get(LAYER) == self.axes.get(DRIVER)
    }

    /// Its value on an axis, the number of database connections being one; of an axis that it does not have, its name.
    pub(super) fn value(&self, axis: &str) -> String {
        match self.pool_size {
            Some(size) if axis == Server::POOL_SIZE_AXIS => size.to_string(),
            _ if self.axes.has(axis) => self.axes.get(axis).to_owned(),
            _ => self.server.clone(),
        }
    }

    /// Twins are there to show how far apart copies are, and do not compete.
    pub(super) fn competes(&self) -> bool {
        self.role == Role::Contender && self.twin_of.is_none()
    }
}

/// The rankings of a run without studies, in the order of its cells.
#[must_use]
pub fn rankings(raw: &Raw, measurements: &[Measurement]) -> Vec<Ranking> {
    rankings_against(raw, measurements, Basis::of(raw, None))
}

/// The rankings of a run, or of a part of it, in the order of its cells.
#[must_use]
pub fn rankings_against(raw: &Raw, measurements: &[Measurement], basis: Basis) -> Vec<Ranking> {
    let mut scenarios: Vec<&str> = Vec::new();
    for cell in &raw.run.cell {
        if !scenarios.contains(&cell.scenario.name.as_str()) {
            scenarios.push(&cell.scenario.name);
        }
    }
    let all = scenarios.into_iter().flat_map(|scenario| {
        let pairs = load_pairs(raw, scenario);
        let is_only = pairs.len() == 1;
        pairs.into_iter().enumerate().map(move |(place, loads)| {
            let mut ranking = ordered(raw, measurements, scenario, &loads, basis.is_sweep());
            if !is_only {
                ranking.title += &format!(" under {}", loads.names().join(" and "));
            }
            if place > 0 {
                ranking.stem += &format!(
                    ".{}",
                    loads.names().into_iter().map(file_name).collect::<Vec<_>>().join(".")
                );
            }
            ranking.compare(raw, basis);
            ranking
        })
    });
    all.collect()
}

/// A name as part of a file's: whatever a run calls it, the file stays in the run's folder, and no dot is left that
/// could be taken for one between two names.
pub(super) fn file_name(name: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || "-_".contains(c) { c } else { '-' };
    name.chars().map(safe).collect()
}

/// A scenario's servers in order, before they are compared.
fn ordered(
    raw: &Raw,
    measurements: &[Measurement],
    scenario: &str,
    loads: &LoadPair,
    is_sweep: bool,
) -> Ranking {
    let LoadPair { closed, open } = loads.clone();
    let of_scenario = |m: &&Measurement| m.scenario == scenario;
    let find = |server: &str, load: &Option<String>| {
        let load = load.as_ref()?;
        measurements
            .iter()
            .filter(of_scenario)
            .find(|m| m.server == server && m.load == *load)
            .cloned()
    };
    let has_cell = |server: &RunServer| {
        let mut cells = raw
            .run
            .cell
            .iter()
            .filter(|cell| cell.scenario.name == scenario && loads.has(&cell.load.name));
        cells.any(|cell| raw.run.has(server, cell))
    };
    let mut rows: Vec<Row> = raw
        .run
        .server
        .iter()
        .filter(|server| has_cell(server))
        .map(|server| Row {
            server: server.name.clone(),
            role: server.role,
            twin_of: server.twin_of.clone(),
            axes: server.axes.clone(),
            pool_size: server.pool_size,
            control_of: server.control_of.clone(),
            ceilings: server.ceilings.clone(),
            drives_itself: server.drives_itself,
            letters: None,
            is_unbeaten: false,
            ratio: None,
            closed: find(&server.name, &closed),
            open: find(&server.name, &open),
            counted: counted::figures(raw, &server.name, scenario),
        })
        .collect();
    let mut capacities =
        rows.iter().filter(|row| row.competes()).filter_map(Row::capacity).peekable();
    let by_goodput =
        capacities.peek().is_some() && (is_sweep || capacities.all(|figures| !figures.lower_bound));
    let server_cpu = |figures: &Figures| figures.server_cpu.map(|cpu| cpu.mean);
    let ordering = |row: &Row| match (&closed, by_goodput) {
        (Some(_), true) => row.capacity().map(|figures| -figures.goodput.mean),
        (Some(_), false) => row.capacity().and_then(server_cpu),
        (None, _) => row.steady().and_then(server_cpu),
    };
    rows.sort_by(|a, b| {
        let key = |row: &Row| ordering(row).unwrap_or(f64::INFINITY);
        b.competes().cmp(&a.competes()).then(key(a).total_cmp(&key(b)))
    });
    let rate = open.as_ref().and_then(|load| {
        raw.entries.iter().find_map(|entry| match entry {
            Entry::Trial(trial) if trial.load == *load && trial.scenario == scenario => trial.rate,
            _ => None,
        })
    });
    let is_of = |trial: &Trial| {
        trial.scenario == scenario
            && loads.has(&trial.load)
            && rows.iter().any(|row| row.server == trial.server)
    };
    Ranking {
        conditions: conditions(raw, is_of),
        title: scenario.to_owned(),
        stem: file_name(scenario),
        scenario: scenario.to_owned(),
        axis: None,
        group: None,
        closed,
        open: open.map(|load| (load, rate)),
        by_goodput,
        is_sweep,
        baseline: None,
        compared: Vec::new(),
        controls: Vec::new(),
        rows,
    }
}

impl Ranking {
    /// The row of the server of this name.
    pub(super) fn row(&self, server: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.server == server)
    }

    /// What orders: goodput, or server CPU per request.
    #[must_use]
    pub fn metric(&self) -> Metric {
        if self.by_goodput { Metric::Goodput } else { Metric::ServerCpu }
    }

    /// The load whose figure orders: the closed one, where there is one.
    #[must_use]
    pub fn ordering_load(&self) -> Option<&str> {
        self.closed.as_deref().or(self.open.as_ref().map(|(load, _)| load.as_str()))
    }

    /// Makes it a ranking of a study, and of a group of its servers where those are compared in groups.
    pub(super) fn join(&mut self, study: &RunStudy, group: Option<String>) {
        self.stem = format!("{}.{}", file_name(&study.name), self.stem);
        self.axis = study.compare.clone();
        if let Some(group) = &group {
            self.stem += &format!(".{}", file_name(group));
            self.title += &format!(", {group}");
        }
        self.group = group;
    }

    /// Whether the scenario's load is in this ranking.
    pub(super) fn has(&self, scenario: &str, load: &str) -> bool {
        let open = self.open.as_ref().map(|(load, _)| load.as_str());
        self.scenario == scenario && [self.closed.as_deref(), open].contains(&Some(load))
    }

    /// Whether the figure that orders is only a lower bound; what was served is none of what was served.
    pub(super) fn is_bound(&self, row: &Row) -> bool {
        self.by_goodput
            && !self.is_sweep
            && row.capacity().is_some_and(|figures| figures.lower_bound)
    }

    /// In the load whose figure orders.
    pub(super) fn was_measured(&self, row: &Row) -> bool {
        let figures = if self.closed.is_some() { row.capacity() } else { row.steady() };
        figures.is_some_and(|figures| self.by_goodput || figures.server_cpu.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_stays_in_its_folder() {
        assert_eq!(file_name("demo-hit"), "demo-hit");
        assert_eq!(file_name("../../etc/x"), "------etc-x");
    }
}

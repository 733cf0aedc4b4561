//! The common rate: the rate of open loads that are `"common"`, which is the same for all servers, so that their
//! latencies can be compared. Each scenario has its own, because a rate that is too high for one is low for another.

use std::collections::BTreeMap;

use crate::definition::cell::Cell;
use crate::definition::scenario::{LoadKind, Rate};
use crate::format::journal::Entry;
use crate::units::PerSecond;

/// The highest common rate.
const LIMIT: f64 = 4_000.0;
/// The common rate as a share of the slowest server's goodput.
const SHARE: f64 = 0.5;
const CALIBRATION_WARMUP_MS: u64 = 300;
const CALIBRATION_WINDOW_MS: u64 = 1_000;

/// The common rate of each scenario that has one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CommonRates {
    of_scenario: BTreeMap<String, PerSecond>,
    /// The rate of all scenarios, in runs that began before each had its own.
    of_run: Option<PerSecond>,
}

impl CommonRates {
    /// Adds the rate of a journal's entry, if it holds one.
    pub fn read(&mut self, entry: &Entry) {
        match entry {
            Entry::CommonRate { scenario: Some(scenario), rate } => {
                self.of_scenario.insert(scenario.clone(), *rate);
            }
            Entry::CommonRate { scenario: None, rate } => self.of_run = Some(*rate),
            _ => {}
        }
    }

    /// The rate of a scenario, if it is known.
    #[must_use]
    pub fn of(&self, scenario: &str) -> Option<PerSecond> {
        self.of_scenario.get(scenario).copied().or(self.of_run)
    }

    /// The cells to calibrate: each scenario that needs a common rate and has none yet, as a short closed load with
    /// the users of its smallest such load, so that all of them can keep up.
    #[must_use]
    pub fn calibration(&self, cells: &[Cell]) -> Vec<Cell> {
        let mut due: Vec<&Cell> = Vec::new();
        for cell in cells.iter().filter(|cell| is_at_common_rate(cell)) {
            if self.of(&cell.scenario.name).is_some() {
                continue;
            }
            match due.iter_mut().find(|other| other.scenario.name == cell.scenario.name) {
                Some(other) if cell.load.users < other.load.users => *other = cell,
                Some(_) => {}
                None => due.push(cell),
            }
        }
        due.into_iter().cloned().map(calibrating).collect()
    }
}

/// Whether the load of a cell has the common rate.
#[must_use]
pub fn is_at_common_rate(cell: &Cell) -> bool {
    matches!(cell.load.kind, LoadKind::Open { rate: Rate::Common(_), .. })
}

fn calibrating(mut cell: Cell) -> Cell {
    cell.load.kind = LoadKind::Closed;
    cell.times.warmup_ms = CALIBRATION_WARMUP_MS;
    cell.times.warmup_limit_ms = 0;
    cell.times.window_ms = CALIBRATION_WINDOW_MS;
    cell
}

/// The common rate for a slowest server: half of its goodput, to two digits, at most 4,000 per second.
#[must_use]
pub fn common_rate(slowest: PerSecond) -> PerSecond {
    let half = (SHARE * slowest.0).min(LIMIT);
    let unit = 10f64.powi(half.log10().floor() as i32 - 1);
    PerSecond((half / unit).floor() * unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::mock::plan;

    #[test]
    fn it_has_two_digits_and_a_limit() {
        let of = |slowest| common_rate(PerSecond(slowest)).0;
        assert_eq!(of(6_543.0), 3_200.0);
        assert_eq!(of(11_000.0), 4_000.0);
        assert_eq!(of(f64::INFINITY), 4_000.0);
        assert!((of(25.0) - 12.0).abs() < 1e-9);
    }

    #[test]
    fn a_scenario_is_calibrated_once_wherever_its_cells_stand() {
        let cells = plan().cells;
        let at_common_rate = cells.iter().find(|cell| is_at_common_rate(cell)).unwrap();
        let of = |scenario: &str| {
            let mut cell = at_common_rate.clone();
            scenario.clone_into(&mut cell.scenario.name);
            cell
        };
        // Cells of one scenario need not be neighbours.
        let cells = [of("a"), of("b"), of("a"), cells[0].clone()];
        let calibration = |rates: &CommonRates| {
            let cells = rates.calibration(&cells);
            assert!(cells.iter().all(|cell| cell.load.kind == LoadKind::Closed));
            cells.into_iter().map(|cell| cell.scenario.name).collect::<Vec<_>>()
        };
        let mut rates = CommonRates::default();
        assert_eq!(calibration(&rates), ["a", "b"]);
        rates.read(&Entry::CommonRate { scenario: Some("a".into()), rate: PerSecond(7.0) });
        assert_eq!(calibration(&rates), ["b"]);
        assert_eq!((rates.of("a"), rates.of("b")), (Some(PerSecond(7.0)), None));
    }

    #[test]
    fn a_rate_of_the_whole_run_is_that_of_every_scenario() {
        let mut rates = CommonRates::default();
        rates.read(&Entry::CommonRate { scenario: None, rate: PerSecond(4_000.0) });
        assert_eq!(rates.of("anything"), Some(PerSecond(4_000.0)));
        assert_eq!(rates.calibration(&plan().cells), []);
    }
}

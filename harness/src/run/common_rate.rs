//! The common rates: the rates of open loads that are `"common"` or `"near-capacity"`, which are the same for all servers, so
//! that their latencies can be compared. Each scenario has its own, because a rate that is too high for one is low for
//! another.

use std::collections::BTreeMap;

use crate::definition::cell::Cell;
use crate::definition::scenario::{Common, LoadKind, Rate};
use crate::format::journal::Entry;
use crate::units::PerSecond;

/// The highest common rate.
const LIMIT: f64 = 4_000.0;
/// The common rate as a share of the slowest server's goodput.
const SHARE: f64 = 0.5;
/// The rate near capacity as a share of the slowest server's goodput.
const NEAR_CAPACITY: f64 = 0.8;
const CALIBRATION_WARMUP_MS: u64 = 300;
const CALIBRATION_WINDOW_MS: u64 = 1_000;

/// The rates that a scenario's servers have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rates {
    common: PerSecond,
    /// Absent in runs that began before there was one.
    near_capacity: Option<PerSecond>,
}

/// The common rates of each scenario that has them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CommonRates {
    of_scenario: BTreeMap<String, Rates>,
    /// The rates of all scenarios, in runs that began before each had its own.
    of_run: Option<Rates>,
}

impl CommonRates {
    /// Adds the rates of a journal's entry, if it holds some.
    pub fn read(&mut self, entry: &Entry) {
        let Entry::CommonRate { scenario, rate, near_capacity } = entry else { return };
        let rates = Rates { common: *rate, near_capacity: *near_capacity };
        match scenario {
            Some(scenario) => {
                self.of_scenario.insert(scenario.clone(), rates);
            }
            None => self.of_run = Some(rates),
        }
    }

    /// One of the rates of a scenario, if it is known.
    #[must_use]
    pub fn of(&self, scenario: &str, which: Common) -> Option<PerSecond> {
        let rates = self.of_scenario.get(scenario).copied().or(self.of_run)?;
        match which {
            Common::Common => Some(rates.common),
            Common::NearCapacity => rates.near_capacity,
        }
    }

    /// The cells to calibrate: each scenario that needs a common rate and has none yet, as a short closed load with
    /// the users of its smallest such load, so that all of them can keep up.
    #[must_use]
    pub fn calibration(&self, cells: &[Cell]) -> Vec<Cell> {
        let mut due: Vec<&Cell> = Vec::new();
        for cell in cells.iter().filter(|cell| is_at_common_rate(cell)) {
            if self.of(&cell.scenario.name, Common::Common).is_some() {
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

/// Whether the load of a cell has a common rate.
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

/// The common rates of a scenario for its slowest server: half of its goodput, at most 4,000 per second, and four fifths of
/// it; both to two digits, rounded down.
#[must_use]
pub fn common_rates(scenario: &str, slowest: PerSecond) -> Entry {
    Entry::CommonRate {
        scenario: Some(scenario.to_owned()),
        rate: to_two_digits((SHARE * slowest.0).min(LIMIT)),
        near_capacity: Some(to_two_digits(NEAR_CAPACITY * slowest.0)),
    }
}

fn to_two_digits(rate: f64) -> PerSecond {
    let unit = 10f64.powi(rate.log10().floor() as i32 - 1);
    PerSecond((rate / unit).floor() * unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::mock::plan;

    #[test]
    fn they_have_two_digits_and_the_common_one_a_limit() {
        let of = |slowest| {
            let mut rates = CommonRates::default();
            rates.read(&common_rates("a", PerSecond(slowest)));
            [Common::Common, Common::NearCapacity].map(|which| rates.of("a", which).unwrap().0)
        };
        assert_eq!(of(6_543.0), [3_200.0, 5_200.0]);
        assert_eq!(of(11_000.0), [4_000.0, 8_800.0]);
        let [common, near_capacity] = of(25.0);
        assert!((common - 12.0).abs() < 1e-9 && (near_capacity - 20.0).abs() < 1e-9);
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
        rates.read(&common_rates("a", PerSecond(14.0)));
        assert_eq!(calibration(&rates), ["b"]);
        let of = |scenario| rates.of(scenario, Common::Common);
        assert_eq!((of("a"), of("b")), (Some(PerSecond(7.0)), None));
    }

    #[test]
    fn a_rate_of_the_whole_run_is_that_of_every_scenario() {
        let mut rates = CommonRates::default();
        let rate = PerSecond(4_000.0);
        rates.read(&Entry::CommonRate { scenario: None, rate, near_capacity: None });
        assert_eq!(rates.of("anything", Common::Common), Some(PerSecond(4_000.0)));
        assert_eq!(rates.of("anything", Common::NearCapacity), None);
        assert_eq!(rates.calibration(&plan().cells), []);
    }
}

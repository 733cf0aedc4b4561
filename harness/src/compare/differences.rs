//! The differences in machine and settings that make two runs incomparable.

use super::between::same_cell;
use crate::definition::cell::Cell;
use crate::format::folder::Raw;
use crate::format::journal::{Entry, Trial};
use crate::format::site::Site;
use crate::measure::other::OtherWork;
use crate::os::machine;
use crate::os::part::Part;

/// Open loads whose rates differ by more than this factor are not compared.
const RATES: f64 = 1.03;

/// Runs whose shares of other work in the median trial differ by more than this are not compared.
const OTHER: f64 = 0.05;

/// Lists the differences in machine and settings because of which a ratio of the two runs' figures would say nothing
/// about the servers.
///
/// Each entry has the form `what (first run's, second run's)`. The list is empty where the runs are comparable.
#[must_use]
pub fn differences(a: &Raw, b: &Raw) -> Vec<String> {
    let both = [
        ("CPU sets", a.run.cpus.to_string(), b.run.cpus.to_string()),
        ("backend", a.run.backend.clone(), b.run.backend.clone()),
        ("database connections", a.run.pool_size.to_string(), b.run.pool_size.to_string()),
    ];
    let site = |raw: &Raw| raw.run.site.clone().unwrap_or_default();
    let (in_a, in_b) = (site(a), site(b));
    let limits = |site: &Site, part: Part| {
        let given = site.given.get(part);
        given.as_ref().map_or("none".to_owned(), |limits| {
            let cpus = limits.cpus.map_or("any".to_owned(), |cpus| cpus.to_string());
            let memory = limits.memory_mib.map_or("any".to_owned(), |mib| mib.to_string());
            format!("{cpus} CPUs, {memory} MiB")
        })
    };
    let parts = Part::ALL
        .map(|part| (format!("limits of {part}"), limits(&in_a, part), limits(&in_b, part)));
    let other = |raw: &Raw| OtherWork::of(trials(raw)).map(|other| other.median);
    let other_work = match (other(a), other(b)) {
        (Some(a), Some(b)) if (a - b).abs() > OTHER => {
            ("other work".to_owned(), format!("{:.1}%", 100.0 * a), format!("{:.1}%", 100.0 * b))
        }
        _ => ("other work".to_owned(), String::new(), String::new()),
    };
    let cores = sharing_cores(a).zip(sharing_cores(b)).unwrap_or_default();
    let cores = ("parts that share a core".to_owned(), cores.0, cores.1);
    let network = ("network".to_owned(), in_a.network.clone(), in_b.network.clone());
    let settings = both
        .into_iter()
        .map(|(what, a, b)| (what.to_owned(), a, b))
        .chain(parts)
        .chain([network, other_work, cores]);
    let cells = a.run.cell.iter().filter_map(|cell| Some((cell, same_cell(b, cell)?)));
    let of_cells = cells.flat_map(|(cell_a, cell_b)| {
        let name = format!("{} under {}", cell_a.scenario.name, cell_a.load.name);
        let window = |cell: &Cell| format!("{} ms", cell.times.window_ms);
        let users = |cell: &Cell| cell.load.users.to_string();
        let timeout = |cell: &Cell| cell.scenario.timeout.to_string();
        [
            (format!("timeout of {name}"), timeout(cell_a), timeout(cell_b)),
            (format!("window of {name}"), window(cell_a), window(cell_b)),
            (format!("users of {name}"), users(cell_a), users(cell_b)),
            rates(a, b, cell_a, format!("rate of {name}")),
        ]
    });
    let settings = settings
        .chain(of_cells)
        .filter(|(_, a, b)| a != b)
        .map(|(what, a, b)| format!("{what} ({a}, {b})"));
    machine::differences(&a.machine, &b.machine).into_iter().chain(settings).collect()
}

/// The pairs of parts that share a core, as text; `None` where the run did not record them.
fn sharing_cores(raw: &Raw) -> Option<String> {
    let pairs = raw.machine.parts_sharing_cores(&raw.run.cpus)?;
    let pairs: Vec<String> = pairs.iter().map(|(a, b)| format!("{a} and {b}")).collect();
    Some(if pairs.is_empty() { "none".to_owned() } else { pairs.join(", ") })
}

fn trials(raw: &Raw) -> impl Iterator<Item = &Trial> {
    raw.entries.iter().filter_map(|entry| match entry {
        Entry::Trial(trial) => Some(&**trial),
        _ => None,
    })
}

/// The rate of a cell's load in both runs: equal texts where the rates are nearly equal, or where a run does not have
/// one.
fn rates(a: &Raw, b: &Raw, cell: &Cell, what: String) -> (String, String, String) {
    let rate = |raw: &Raw| {
        raw.entries.iter().find_map(|entry| match entry {
            Entry::Trial(trial)
                if trial.scenario == cell.scenario.name && trial.load == cell.load.name =>
            {
                trial.rate
            }
            _ => None,
        })
    };
    match (rate(a), rate(b)) {
        (Some(a), Some(b)) if a.0.max(b.0) / a.0.min(b.0) > RATES => {
            (what, format!("{:.0}/s", a.0), format!("{:.0}/s", b.0))
        }
        _ => (what, String::new(), String::new()),
    }
}

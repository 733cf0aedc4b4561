//! Synthetic runs of a study: servers with axes of their own, several kinds of work, and noise that a block shares.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;
use registry::{Axes, Ceilings};

use super::synthetic_run::{SyntheticServer, cell, open_cell, run_under, synthetic};
use crate::definition::Role;
use crate::definition::cell::Cell;
use crate::definition::study::{RunStudy, StudyCell};
use crate::format::folder::Raw;
use crate::format::journal::Entry;
use crate::observe::usage::Usage;
use crate::units::Nanos;

/// A server of a study.
pub(crate) struct Made {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    /// Beside those of every server: a language and a runtime.
    pub(crate) axes: Vec<(&'static str, &'static str)>,
    pub(crate) ceilings: Ceilings,
    pub(crate) twin_of: Option<&'static str>,
    pub(crate) pool_size: Option<u32>,
}

/// A contender; an axis that is not given has the value `none`.
pub(crate) fn made(name: &'static str, axes: &[(&'static str, &'static str)]) -> Made {
    Made {
        name,
        role: Role::Contender,
        axes: axes.to_vec(),
        ceilings: Ceilings::default(),
        twin_of: None,
        pool_size: None,
    }
}

/// What a request costs in the mean, in microseconds, and how many are answered per second.
pub(crate) struct Cost {
    pub(crate) cpu: f64,
    pub(crate) database: f64,
    pub(crate) goodput: f64,
}

/// A study of all servers in some scenarios, under a closed load, and under an open one where a rate is given.
pub(crate) fn study_run(
    (name, question, compare): (&str, &str, Option<&str>),
    along: &[&str],
    servers: &[Made],
    scenarios: &[&str],
    rate: Option<f64>,
    cost: impl Fn(&str, &str) -> Cost,
) -> Raw {
    let cells_of = |scenario: &str| -> Vec<Cell> {
        let open = rate.map(|rate| open_cell("open-common", rate));
        let mut cells: Vec<Cell> = std::iter::once(cell()).chain(open).collect();
        for cell in &mut cells {
            cell.scenario.name = scenario.to_owned();
            cell.times.scenario = scenario.to_owned();
        }
        cells
    };
    let mut rng = ChaCha12Rng::seed_from_u64(11);
    let mut raw: Option<Raw> = None;
    for scenario in scenarios {
        let host = noise(&mut rng, 0.05);
        let costs: Vec<Cost> = servers.iter().map(|server| cost(server.name, scenario)).collect();
        let synthetic: Vec<SyntheticServer> = servers
            .iter()
            .zip(&costs)
            .map(|(server, cost)| SyntheticServer {
                role: server.role,
                twin_of: server.twin_of,
                goodput: cost.goodput,
                goodput_noise: noise(&mut rng, 0.01),
                host,
                ..synthetic(server.name, cost.cpu, noise(&mut rng, 0.012))
            })
            .collect();
        let mut of_scenario = run_under(&synthetic, &cells_of(scenario));
        for entry in &mut of_scenario.entries {
            let Entry::Trial(trial) = entry else { continue };
            let place = servers.iter().position(|server| server.name == trial.server);
            let database = place.map_or(0.0, |place| costs[place].database);
            let block = noise(&mut rng, 0.01)[0] * host[trial.block as usize - 1];
            let used = database * block * trial.measured.record.right_in_window as f64;
            trial.measured.resources.db =
                Some(Usage { cpu: Nanos((1e3 * used) as u64), ..Usage::default() });
        }
        match &mut raw {
            None => raw = Some(of_scenario),
            Some(raw) => {
                raw.entries.extend(of_scenario.entries);
                raw.run.cell.extend(of_scenario.run.cell);
            }
        }
    }
    let mut raw = raw.expect("a scenario");
    for (recorded, server) in raw.run.server.iter_mut().zip(servers) {
        let common = [("language", "l"), ("runtime", "r")];
        let absent = ["framework", "layer", "driver", "database"]
            .into_iter()
            .filter(|axis| server.axes.iter().all(|(own, _)| own != axis))
            .map(|axis| (axis, registry::NONE));
        let axes: Vec<(&str, &str)> =
            common.into_iter().chain(absent).chain(server.axes.iter().copied()).collect();
        let mut all = Axes::from([]);
        for (axis, value) in axes {
            all = all.with(axis, value);
        }
        recorded.axes = all;
        recorded.ceilings = server.ceilings.clone();
        recorded.pool_size = server.pool_size;
        recorded.control_of = None;
        recorded.answers = vec!["demo".into(), "idle".into()];
    }
    raw.run.study = vec![RunStudy {
        name: name.to_owned(),
        question: question.to_owned(),
        compare: compare.map(str::to_owned),
        along: along.iter().map(ToString::to_string).collect(),
        baseline: None,
        servers: servers.iter().map(|server| server.name.to_owned()).collect(),
        cells: raw
            .run
            .cell
            .iter()
            .map(|cell| StudyCell {
                scenario: cell.scenario.name.clone(),
                load: cell.load.name.clone(),
            })
            .collect(),
        published: Vec::new(),
    }];
    raw.entries.push(Entry::Finished);
    raw
}

/// Factors by block whose logarithms have this standard deviation, nearly.
fn noise(rng: &mut ChaCha12Rng, deviation: f64) -> [f64; 8] {
    std::array::from_fn(|_| {
        let mut uniform = || (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
        // The sum of three has a variance of a quarter.
        let sum = uniform() + uniform() + uniform();
        (2.0 * deviation * sum).exp()
    })
}

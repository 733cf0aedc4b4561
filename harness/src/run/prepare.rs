//! The steps before the blocks: every server is built, started and verified, and, where an open load needs a common
//! rate, its goodput is measured.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;

use crate::backend::BuildInfo;
use crate::definition::Server;
use crate::definition::cell::Cell;
use crate::failure::{Error, Failed, Failure, Stage};
use crate::format::journal::Entry;
use crate::load::Pace;
use crate::plan::Plan;
use crate::run::blocks::Ending;
use crate::run::common_rate::{CommonRates, common_rates, is_at_common_rate};
use crate::run::executor::{Asked, Executor, verified};
use crate::run::progress::Progress;
use crate::run::resume::Completed;
use crate::units::PerSecond;

/// Prepares all servers of `plan`, and excludes those that fail in `completed`. Returns the common rates of open loads, or
/// how the run ended.
///
/// # Errors
/// When the journal cannot be written.
pub fn prepare(
    plan: &Plan,
    executor: &mut dyn Executor,
    completed: &mut Completed,
    journal: &mut dyn FnMut(&Entry) -> io::Result<()>,
    progress: &mut dyn Progress,
) -> io::Result<ControlFlow<Ending, CommonRates>> {
    let mut rates = completed.rates().clone();
    let calibration = rates.calibration(&plan.cells);
    let mut slowest: BTreeMap<&str, PerSecond> = BTreeMap::new();
    for server in &plan.servers {
        // A copy is the same binary as its original, so the original's result applies.
        if server.is_copy() || completed.is_excluded(&server.name) {
            progress.advance(1);
            continue;
        }
        progress.doing(&format!("{}: build, verify", server.name));
        let calibration: Vec<&Cell> = calibration
            .iter()
            .filter(|calibration| {
                let is_asked = |cell: &&Cell| {
                    is_at_common_rate(cell) && cell.scenario.name == calibration.scenario.name
                };
                plan.cells.iter().filter(is_asked).any(|cell| plan.has(server, cell))
            })
            .collect();
        let result = executor.build(server).and_then(|built| {
            as_before(&built.version, completed.version(&server.name))?;
            let goodputs = verified(executor, server, |executor| {
                calibrate(executor, server, &calibration, plan.seed)
            })?;
            Ok((built, goodputs))
        });
        match result {
            Err(Error::Interrupted) => return Ok(ControlFlow::Break(Ending::Interrupted)),
            Err(Error::ServiceLost(how)) => {
                return Ok(ControlFlow::Break(Ending::ServiceLost(how)));
            }
            Ok((BuildInfo { version, image, bytes }, goodputs)) => {
                if completed.version(&server.name).is_none() {
                    let server = server.name.clone();
                    journal(&Entry::Verified { server, version, image, bytes })?;
                }
                for (cell, goodput) in calibration.iter().zip(goodputs) {
                    let scenario = &cell.scenario.name;
                    let least = slowest.entry(scenario).or_insert(goodput);
                    least.0 = least.0.min(goodput.0);
                    let (server, scenario) = (server.name.clone(), Some(scenario.clone()));
                    journal(&Entry::Calibrated { server, scenario, goodput })?;
                }
            }
            Err(Error::Failed(Failed { stage, reason })) => {
                let failure = Failure { block: None, server: server.name.clone(), stage, reason };
                progress.failure(&failure);
                let copies = plan
                    .servers
                    .iter()
                    .filter(|copy| copy.is_copy() && copy.twin_of.as_ref() == Some(&server.name));
                let copies =
                    copies.map(|copy| Failure { server: copy.name.clone(), ..failure.clone() });
                for failure in std::iter::once(failure.clone()).chain(copies) {
                    completed.exclude(&failure.server);
                    journal(&Entry::Failure(failure))?;
                }
            }
        }
        progress.advance(1);
    }
    // The rates are set in the order of the plan's cells. Where every server failed, no rate is needed.
    for cell in &calibration {
        let scenario = &cell.scenario.name;
        if let Some(goodput) = slowest.get(scenario.as_str()) {
            let found = common_rates(scenario, *goodput);
            rates.read(&found);
            journal(&found)?;
        }
    }
    Ok(ControlFlow::Continue(rates))
}

/// Checks that a resumed run measures the same version as before.
fn as_before(version: &str, before: Option<&str>) -> Result<(), Error<Failed>> {
    match before {
        Some(before) if before != version => {
            let reason = format!("it was {before:?} when the run began, and is {version:?}");
            Err(Error::Failed(Failed::new(Stage::Version, reason)))
        }
        _ => Ok(()),
    }
}

/// The goodput of a started server in each of `cells`.
fn calibrate(
    executor: &mut dyn Executor,
    server: &Server,
    cells: &[&Cell],
    seed: u64,
) -> Result<Vec<PerSecond>, Error<Failed>> {
    let goodput = |cell: &&Cell| {
        let asked = Asked { pace: Pace::Closed, warmup: cell.times.warmup(), seed };
        let goodput = executor.trial(server, cell, asked)?.record.goodput();
        if goodput == 0.0 {
            let reason = format!("gave no right answer to {} under load", cell.scenario.name);
            return Err(Error::Failed(Failed::new(Stage::Trial, reason)));
        }
        Ok(PerSecond(goodput))
    };
    cells.iter().map(goodput).collect()
}

#[cfg(test)]
mod tests;

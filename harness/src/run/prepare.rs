//! Before the blocks: every server is built, started and verified, and where an open load needs a common rate, measured
//! for what it sustains.

use std::io;
use std::ops::ControlFlow;

use crate::backend::BuildInfo;
use crate::definition::Server;
use crate::definition::cell::Cell;
use crate::definition::scenario::{LoadKind, Rate};
use crate::failure::{Error, Failed, Failure, Stage};
use crate::format::journal::Entry;
use crate::load::Pace;
use crate::plan::Plan;
use crate::run::blocks::Ending;
use crate::run::executor::{Executor, verified};
use crate::run::progress::Progress;
use crate::run::resume::Completed;
use crate::units::PerSecond;

/// No open load asks more than this at the common rate.
const COMMON_RATE_LIMIT: f64 = 4_000.0;
/// The part of the slowest server's goodput that the common rate asks.
const COMMON_RATE_PART: f64 = 0.5;
const CALIBRATION_WARMUP_MS: u64 = 300;
const CALIBRATION_WINDOW_MS: u64 = 1_000;

/// Prepares all servers of `plan`, and excludes those that fail in `completed`. Returns the common rate of open loads,
/// or how the run ended.
///
/// # Errors
/// When the journal cannot be written.
pub fn prepare(
    plan: &Plan,
    executor: &mut dyn Executor,
    completed: &mut Completed,
    journal: &mut dyn FnMut(&Entry) -> io::Result<()>,
    progress: &mut dyn Progress,
) -> io::Result<ControlFlow<Ending, PerSecond>> {
    let calibration = if completed.common().is_some() { Vec::new() } else { calibration(plan) };
    let mut slowest = f64::INFINITY;
    for server in &plan.servers {
        // A twin is the same binary as its original, so the original's result applies.
        if server.twin_of.is_some() || completed.is_excluded(&server.name) {
            progress.advance(1);
            continue;
        }
        progress.doing(&format!("{}: build, verify", server.name));
        // A server that drives itself gets no open load.
        let calibration = if server.drives_itself { &[][..] } else { &calibration[..] };
        let result = executor.build(server).and_then(|built| {
            as_before(&built.version, completed.version(&server.name))?;
            let goodput = verified(executor, server, |executor| {
                calibrate(executor, server, calibration, plan.seed)
            })?;
            Ok((built, goodput))
        });
        match result {
            Err(Error::Interrupted) => return Ok(ControlFlow::Break(Ending::Interrupted)),
            Err(Error::ServiceLost(how)) => {
                return Ok(ControlFlow::Break(Ending::ServiceLost(how)));
            }
            Ok((BuildInfo { version, image }, goodput)) => {
                if completed.version(&server.name).is_none() {
                    journal(&Entry::Verified { server: server.name.clone(), version, image })?;
                }
                if let Some(goodput) = goodput {
                    slowest = slowest.min(goodput.0);
                    journal(&Entry::Calibrated { server: server.name.clone(), goodput })?;
                }
            }
            Err(Error::Failed(Failed { stage, reason })) => {
                let failure = Failure { block: None, server: server.name.clone(), stage, reason };
                progress.failure(&failure);
                let twins =
                    plan.servers.iter().filter(|twin| twin.twin_of.as_ref() == Some(&server.name));
                let twins =
                    twins.map(|twin| Failure { server: twin.name.clone(), ..failure.clone() });
                for failure in std::iter::once(failure.clone()).chain(twins) {
                    completed.exclude(&failure.server);
                    journal(&Entry::Failure(failure))?;
                }
            }
        }
        progress.advance(1);
    }
    if let Some(common) = completed.common() {
        return Ok(ControlFlow::Continue(common));
    }
    let common = common_rate(slowest);
    if !calibration.is_empty() {
        journal(&Entry::CommonRate { rate: common })?;
    }
    Ok(ControlFlow::Continue(common))
}

/// A run that goes on must measure what it measured before.
fn as_before(version: &str, before: Option<&str>) -> Result<(), Error<Failed>> {
    match before {
        Some(before) if before != version => {
            let reason = format!("it was {before:?} when the run began, and is {version:?}");
            Err(Error::Failed(Failed::new(Stage::Version, reason)))
        }
        _ => Ok(()),
    }
}

/// The goodput of a started server in the slowest of `cells`; absent if there are none.
fn calibrate(
    executor: &mut dyn Executor,
    server: &Server,
    cells: &[Cell],
    seed: u64,
) -> Result<Option<PerSecond>, Error<Failed>> {
    let mut slowest = None;
    for cell in cells {
        let measured = executor.trial(server, cell, Pace::Closed, seed)?;
        let goodput = measured.record.goodput();
        if goodput == 0.0 {
            let reason = "gave no right answer under load";
            return Err(Error::Failed(Failed::new(Stage::Trial, reason)));
        }
        slowest = Some(slowest.map_or(goodput, |slowest: f64| slowest.min(goodput)));
    }
    Ok(slowest.map(PerSecond))
}

/// Each scenario that is asked at the common rate, as a short closed load with the same users.
fn calibration(plan: &Plan) -> Vec<Cell> {
    let at_common_rate =
        |cell: &&Cell| matches!(cell.load.kind, LoadKind::Open { rate: Rate::Common(_), .. });
    let mut cells: Vec<Cell> = plan.cells.iter().filter(at_common_rate).cloned().collect();
    cells.dedup_by(|a, b| a.scenario == b.scenario);
    for cell in &mut cells {
        cell.load.kind = LoadKind::Closed;
        cell.times.warmup_ms = CALIBRATION_WARMUP_MS;
        cell.times.warmup_limit_ms = 0;
        cell.times.window_ms = CALIBRATION_WINDOW_MS;
    }
    cells
}

/// Half of what the slowest server sustains, to two digits, at most 4,000 per second.
fn common_rate(slowest: f64) -> PerSecond {
    let half = (COMMON_RATE_PART * slowest).min(COMMON_RATE_LIMIT);
    let unit = 10f64.powi(half.log10().floor() as i32 - 1);
    PerSecond((half / unit).floor() * unit)
}

#[cfg(test)]
mod tests;

//! Measures a plan: block by block, round by round, trial by trial, with each result in the journal as soon as it is
//! there.

use std::collections::BTreeSet;
use std::io;

use crate::definition::Server;
use crate::definition::cell::Cell;
use crate::definition::scenario::{LoadKind, Rate};
use crate::definition::warmup::Warmup;
use crate::failure::{Error, Failed, Failure, Stage};
use crate::format::journal::{Entry, Trial};
use crate::format::measured::Measured;
use crate::load::Pace;
use crate::os::stop::Stop;
use crate::plan::{Block, Plan, Visit};
use crate::run::common_rate::CommonRates;
use crate::run::executor::{Asked, Executor};
use crate::run::progress::Progress;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every trial was completed.
    Whole,
    /// At least one server failed.
    WithFailures,
    /// The user stopped the run.
    Interrupted,
    /// A service that every server needs is gone. The sentence says what to do.
    ServiceLost(String),
}

/// Measures the blocks of `plan`; `rates` are the common rates of its open loads.
///
/// # Errors
/// When the journal cannot be written: what cannot be recorded is not worth measuring.
pub fn execute(
    plan: &Plan,
    rates: &CommonRates,
    executor: &mut dyn Executor,
    journal: &mut dyn FnMut(&Entry) -> io::Result<()>,
    progress: &mut dyn Progress,
    stop: &Stop,
) -> io::Result<Ending> {
    let mut run = Blocks { plan, rates, executor, journal, progress, stop, failed: false };
    for (number, block) in (1u32..).zip(&plan.blocks) {
        if let Err(over) = run.block(number, block)? {
            (run.journal)(&Entry::Interrupted)?;
            return Ok(over);
        }
    }
    (run.journal)(&Entry::Finished)?;
    Ok(if run.failed { Ending::WithFailures } else { Ending::Whole })
}

/// Everything that a block needs.
struct Blocks<'a> {
    plan: &'a Plan,
    rates: &'a CommonRates,
    executor: &'a mut dyn Executor,
    journal: &'a mut dyn FnMut(&Entry) -> io::Result<()>,
    progress: &'a mut dyn Progress,
    stop: &'a Stop,
    /// Whether any server has failed.
    failed: bool,
}

/// The servers of a block that run, and the cells in which they are warm.
#[derive(Default)]
struct Up {
    servers: BTreeSet<usize>,
    warm: BTreeSet<(usize, usize)>,
}

impl Blocks<'_> {
    /// Starts all servers of a block, measures its rounds and stops them; what is up is stopped however the block ends.
    /// The inner error is how the run ended within the block; the outer one is the journal's.
    fn block(&mut self, number: u32, block: &Block) -> io::Result<Result<(), Ending>> {
        let mut up = Up::default();
        let measured = self.rounds(number, block, &mut up);
        let goes_on = matches!(measured, Ok(Ok(())));
        let mut result = measured?;
        for server in block.servers() {
            if up.servers.remove(&server) {
                let server = &self.plan.servers[server];
                let stopped = self.executor.stop(server).map_err(|error| error.at(Stage::Stop));
                // After the end of the run, only that is reported.
                if let Err(error) =
                    stopped.or_else(|error| if goes_on { Err(error) } else { Ok(()) })
                {
                    let over = self.failure(number, server, error)?;
                    result = result.and(over);
                }
            }
        }
        Ok(result)
    }

    fn rounds(
        &mut self,
        number: u32,
        block: &Block,
        up: &mut Up,
    ) -> io::Result<Result<(), Ending>> {
        for server in block.servers() {
            if self.stop.is_set() {
                return Ok(Err(Ending::Interrupted));
            }
            match self.executor.start(&self.plan.servers[server]) {
                Ok(start) => {
                    up.servers.insert(server);
                    let server = self.plan.servers[server].name.clone();
                    (self.journal)(&Entry::Started { block: number, server, start })?;
                }
                Err(error) => {
                    let server = &self.plan.servers[server];
                    if let Err(over) = self.failure(number, server, error.at(Stage::Start))? {
                        return Ok(Err(over));
                    }
                }
            }
        }
        for (round, visit) in block.visits() {
            if self.stop.is_set() {
                return Ok(Err(Ending::Interrupted));
            }
            if up.servers.contains(&visit.server)
                && let Err(error) = self.trial((number, round), visit, up)?
            {
                let server = &self.plan.servers[visit.server];
                if let Err(over) = self.failure(number, server, error)? {
                    return Ok(Err(over));
                }
                // For the rest of the block it is gone; only its first failure is reported.
                up.servers.remove(&visit.server);
                if let Err(Error::ServiceLost(how)) = self.executor.stop(server) {
                    return Ok(Err(Ending::ServiceLost(how)));
                }
            }
            self.progress.advance(1);
        }
        Ok(Ok(()))
    }

    fn trial(
        &mut self,
        (block, round): (u32, u32),
        visit: Visit,
        up: &mut Up,
    ) -> io::Result<Result<(), Error<Failed>>> {
        let (server, cell) = (&self.plan.servers[visit.server], &self.plan.cells[visit.cell]);
        self.progress.trial(block, &server.name, cell);
        let pace = match pace(cell, self.rates) {
            Ok(pace) => pace,
            Err(error) => return Ok(Err(error)),
        };
        let is_first = up.warm.insert((visit.server, visit.cell));
        let warmup = match cell.times.settle() {
            settle if !is_first && !settle.is_zero() => Warmup::fixed(settle.into()),
            _ => cell.times.warmup(),
        };
        match self.executor.trial(server, cell, Asked { pace, warmup, seed: visit.seed }) {
            Ok(measured) => {
                let trial = record((block, round), server, cell, pace, measured);
                (self.journal)(&Entry::Trial(Box::new(trial)))?;
                Ok(Ok(()))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    /// Reports the failure of a server. The inner error is the run's end, where the server is not to blame.
    fn failure(
        &mut self,
        block: u32,
        server: &Server,
        error: Error<Failed>,
    ) -> io::Result<Result<(), Ending>> {
        Ok(match error {
            Error::Interrupted => Err(Ending::Interrupted),
            Error::ServiceLost(how) => Err(Ending::ServiceLost(how)),
            Error::Failed(Failed { stage, reason }) => {
                self.failed = true;
                let server = server.name.clone();
                let failure = Failure { block: Some(block), server, stage, reason };
                self.progress.failure(&failure);
                (self.journal)(&Entry::Failure(failure))?;
                Ok(())
            }
        })
    }
}

fn record(
    (block, round): (u32, u32),
    server: &Server,
    cell: &Cell,
    pace: Pace,
    measured: Measured,
) -> Trial {
    let measured = match pace {
        // A run has thousands of trials.
        Pace::Closed => Measured { record: measured.record.without_distributions(), ..measured },
        Pace::Open { .. } => measured,
    };
    Trial {
        block,
        round,
        server: server.name.clone(),
        scenario: cell.scenario.name.clone(),
        load: cell.load.name.clone(),
        rate: match pace {
            Pace::Closed => None,
            Pace::Open { rate, .. } => Some(rate),
        },
        measured,
    }
}

/// The way in which the requests of a cell follow each other.
///
/// # Errors
/// When the cell needs a common rate, and its scenario has none.
fn pace(cell: &Cell, rates: &CommonRates) -> Result<Pace, Error<Failed>> {
    match cell.load.kind {
        LoadKind::Closed => Ok(Pace::Closed),
        LoadKind::Open { rate: Rate::Fixed(rate), arrivals } => Ok(Pace::Open { rate, arrivals }),
        LoadKind::Open { rate: Rate::Common(which), arrivals } => {
            match rates.of(&cell.scenario.name, which) {
                Some(rate) => Ok(Pace::Open { rate, arrivals }),
                None => {
                    let reason = format!("no common rate was found for {}", cell.scenario.name);
                    Err(Error::Failed(Failed::new(Stage::Load, reason)))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;

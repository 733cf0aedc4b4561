//! Measures a plan: block by block, turn by turn, cell by cell, with each result in the journal as soon as it is
//! there.

use std::io;

use crate::definition::Server;
use crate::definition::cell::Cell;
use crate::definition::scenario::{LoadKind, Rate};
use crate::failure::{Error, Failed, Failure, Stage};
use crate::format::journal::{Entry, Trial};
use crate::format::measured::Measured;
use crate::load::Pace;
use crate::os::stop::Stop;
use crate::plan::{Plan, Turn};
use crate::run::common_rate::CommonRates;
use crate::run::executor::Executor;
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
    let mut ending = Ending::Whole;
    for (number, block) in (1u32..).zip(&plan.blocks) {
        for turn in &block.turns {
            let server = &plan.servers[turn.server];
            let mut context =
                Context { plan, rates, number, server, executor, journal, progress, stop };
            match context.turn(turn)? {
                Ok(()) => {}
                Err(Error::Interrupted) => {
                    journal(&Entry::Interrupted)?;
                    return Ok(Ending::Interrupted);
                }
                Err(Error::ServiceLost(how)) => {
                    journal(&Entry::Interrupted)?;
                    return Ok(Ending::ServiceLost(how));
                }
                Err(Error::Failed(Failed { stage, reason })) => {
                    ending = Ending::WithFailures;
                    let failure =
                        Failure { block: Some(number), server: server.name.clone(), stage, reason };
                    progress.failure(&failure);
                    journal(&Entry::Failure(failure))?;
                }
            }
        }
    }
    journal(&Entry::Finished)?;
    Ok(ending)
}

/// Everything that a turn needs.
struct Context<'a> {
    plan: &'a Plan,
    rates: &'a CommonRates,
    number: u32,
    server: &'a Server,
    executor: &'a mut dyn Executor,
    journal: &'a mut dyn FnMut(&Entry) -> io::Result<()>,
    progress: &'a mut dyn Progress,
    stop: &'a Stop,
}

impl Context<'_> {
    /// Measures the turn of one server. The outer error is the journal's.
    fn turn(&mut self, turn: &Turn) -> io::Result<Result<(), Error<Failed>>> {
        let mut left = turn.cells.len() as u64;
        let result = self.cells(turn, &mut left);
        self.progress.advance(left);
        result
    }

    fn cells(&mut self, turn: &Turn, left: &mut u64) -> io::Result<Result<(), Error<Failed>>> {
        if self.stop.is_set() {
            return Ok(Err(Error::Interrupted));
        }
        let (block, server) = (self.number, self.server.name.clone());
        match self.executor.start(self.server) {
            Ok(start) => (self.journal)(&Entry::Started { block, server, start })?,
            Err(error) => return Ok(Err(error.at(Stage::Start))),
        }
        let mut result = Ok(());
        for &index in &turn.cells {
            let cell = &self.plan.cells[index];
            self.progress.trial(self.number, &self.server.name, cell);
            let seed = turn.seed.wrapping_add(index as u64);
            let measured = pace(cell, self.rates)
                .and_then(|pace| Ok((pace, self.executor.trial(self.server, cell, pace, seed)?)));
            match measured {
                Ok((pace, measured)) => {
                    let trial = self.record(cell, pace, measured);
                    (self.journal)(&Entry::Trial(Box::new(trial)))?;
                }
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
            *left -= 1;
            self.progress.advance(1);
        }
        // A server that has failed is stopped too, and only its first failure is reported.
        let stopped = self.executor.stop().map_err(|error| error.at(Stage::Stop));
        Ok(result.and(stopped))
    }

    fn record(&self, cell: &Cell, pace: Pace, measured: Measured) -> Trial {
        Trial {
            block: self.number,
            server: self.server.name.clone(),
            scenario: cell.scenario.name.clone(),
            load: cell.load.name.clone(),
            rate: match pace {
                Pace::Closed => None,
                Pace::Open { rate, .. } => Some(rate),
            },
            measured,
        }
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
        LoadKind::Open { rate: Rate::Common(_), arrivals } => match rates.of(&cell.scenario.name) {
            Some(rate) => Ok(Pace::Open { rate, arrivals }),
            None => {
                let reason = format!("no common rate was found for {}", cell.scenario.name);
                Err(Error::Failed(Failed::new(Stage::Load, reason)))
            }
        },
    }
}

#[cfg(test)]
mod tests;

//! Carries out a plan: block by block, turn by turn, cell by cell, everything journalled as it ends.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::definition::Server;
use crate::definition::cell::Cell;
use crate::definition::scenario::{LoadKind, Rate};
use crate::failure::{Failure, Stage};
use crate::format::journal::{Entry, Trial};
use crate::format::measured::Measured;
use crate::load::Pace;
use crate::plan::{Plan, Turn};
use crate::run::trial::TrialError;
use crate::units::PerSecond;

/// Starts servers and measures them; a mock in the tests of the order.
pub trait Executor {
    /// Starts a server, and returns when it is healthy.
    ///
    /// # Errors
    /// In one line, when it does not start.
    fn start(&mut self, server: &Server) -> Result<(), String>;

    /// Measures a cell of the server that was started.
    ///
    /// # Errors
    /// When the trial did not come to its end.
    fn trial(
        &mut self,
        server: &Server,
        cell: &Cell,
        pace: Pace,
        seed: u64,
    ) -> Result<Measured, TrialError>;

    /// Stops the server that was started.
    ///
    /// # Errors
    /// In one line, when it did not stop as the contract says.
    fn stop(&mut self) -> Result<(), String>;
}

/// What is told of a run while it goes on.
pub trait Progress {
    /// A trial is about to begin.
    fn trial(&mut self, block: u32, server: &str, cell: &Cell);
    /// So many trials are done, or will never be.
    fn advance(&mut self, trials: u64);
    /// A server failed.
    fn failure(&mut self, failure: &Failure);
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every trial came to its end.
    Whole,
    /// Some server failed somewhere.
    WithFailures,
    /// The user stopped it.
    Interrupted,
}

/// Carries out the blocks of `plan`.
///
/// # Errors
/// When the journal cannot be written: what cannot be recorded is not worth measuring.
pub fn execute(
    plan: &Plan,
    common: PerSecond,
    executor: &mut dyn Executor,
    journal: &mut dyn FnMut(&Entry) -> io::Result<()>,
    progress: &mut dyn Progress,
    stop: &AtomicBool,
) -> io::Result<Ending> {
    let mut ending = Ending::Whole;
    for (number, block) in (1u32..).zip(&plan.blocks) {
        for turn in &block.turns {
            let server = &plan.servers[turn.server];
            let mut context =
                Context { plan, common, number, server, executor, journal, progress, stop };
            match context.turn(turn)? {
                Ok(()) => {}
                Err(TurnError::Interrupted) => {
                    journal(&Entry::Interrupted)?;
                    return Ok(Ending::Interrupted);
                }
                Err(TurnError::Failed(stage, reason)) => {
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

enum TurnError {
    Interrupted,
    Failed(Stage, String),
}

/// What a turn needs.
struct Context<'a> {
    plan: &'a Plan,
    common: PerSecond,
    number: u32,
    server: &'a Server,
    executor: &'a mut dyn Executor,
    journal: &'a mut dyn FnMut(&Entry) -> io::Result<()>,
    progress: &'a mut dyn Progress,
    stop: &'a AtomicBool,
}

impl Context<'_> {
    /// One server's turn. The outer error is the journal's.
    fn turn(&mut self, turn: &Turn) -> io::Result<Result<(), TurnError>> {
        let mut left = turn.cells.len() as u64;
        let result = self.cells(turn, &mut left);
        self.progress.advance(left);
        result
    }

    fn cells(&mut self, turn: &Turn, left: &mut u64) -> io::Result<Result<(), TurnError>> {
        if self.stop.load(Ordering::Relaxed) {
            return Ok(Err(TurnError::Interrupted));
        }
        if let Err(reason) = self.executor.start(self.server) {
            return Ok(Err(TurnError::Failed(Stage::Start, reason)));
        }
        let mut result = Ok(());
        for &index in &turn.cells {
            let cell = &self.plan.cells[index];
            self.progress.trial(self.number, &self.server.name, cell);
            let pace = pace(cell, self.common);
            match self.executor.trial(self.server, cell, pace, turn.seed.wrapping_add(index as u64))
            {
                Ok(measured) => {
                    let trial = self.record(cell, pace, measured);
                    (self.journal)(&Entry::Trial(Box::new(trial)))?;
                }
                Err(TrialError::Interrupted) => {
                    result = Err(TurnError::Interrupted);
                    break;
                }
                Err(error) => {
                    result = Err(TurnError::Failed(error.stage(), error.to_string()));
                    break;
                }
            }
            *left -= 1;
            self.progress.advance(1);
        }
        // A server that has failed is stopped too; then only its first failure is told.
        let stopped = self.executor.stop();
        if let (Ok(()), Err(reason)) = (&result, stopped) {
            result = Err(TurnError::Failed(Stage::Stop, reason));
        }
        Ok(result)
    }

    fn record(&self, cell: &Cell, pace: Pace, measured: Measured) -> Trial {
        Trial {
            block: self.number,
            server: self.server.name.clone(),
            scenario: cell.scenario.name.clone(),
            load: cell.load.name.clone(),
            asked: match pace {
                Pace::Closed => None,
                Pace::Open { rate, .. } => Some(rate),
            },
            measured,
        }
    }
}

fn pace(cell: &Cell, common: PerSecond) -> Pace {
    match cell.load.kind {
        LoadKind::Closed => Pace::Closed,
        LoadKind::Open { rate: Rate::Fixed(rate), arrivals } => Pace::Open { rate, arrivals },
        LoadKind::Open { rate: Rate::Common(_), arrivals } => Pace::Open { rate: common, arrivals },
    }
}

#[cfg(test)]
mod tests;

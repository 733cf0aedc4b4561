//! Carries out a plan from its first server's preparation to its last trial.

use std::io;
use std::ops::ControlFlow;

use crate::format::journal::{Entry, Journal};
use crate::os::stop::Stop;
use crate::plan::Plan;
use crate::run::blocks::{self, Ending};
use crate::run::executor::Executor;
use crate::run::prepare::prepare;
use crate::run::progress::{TerminalProgress, about};
use crate::run::resume::Completed;

/// Prepares the servers and measures what is left of the plan.
///
/// # Errors
/// When the journal cannot be written.
pub fn execute_plan(
    plan: &Plan,
    executor: &mut dyn Executor,
    mut completed: Completed,
    mut journal: Journal,
    stop: &Stop,
) -> io::Result<Ending> {
    let mut write = |entry: &Entry| journal.write(entry);
    let mut progress = TerminalProgress::new("prepare", plan.servers.len() as u64, 0);
    let prepared = prepare(plan, executor, &mut completed, &mut write, &mut progress)?;
    progress.finish();
    let rates = match prepared {
        ControlFlow::Continue(rates) => rates,
        ControlFlow::Break(ending) => {
            write(&Entry::Interrupted)?;
            return Ok(ending);
        }
    };
    let left = completed.remaining(plan);
    let mut progress =
        TerminalProgress::new("measure", left.trials() as u64, left.blocks.len() as u32);
    progress.say(&format!("{} trials, about {}", left.trials(), about(left.expected())));
    let ending = blocks::execute(&left, &rates, executor, &mut write, &mut progress, stop)?;
    progress.finish();
    Ok(if ending == Ending::Whole && completed.has_failures() {
        Ending::WithFailures
    } else {
        ending
    })
}

//! What a reader must know of a measurement.

use std::collections::BTreeMap;
use std::fmt;

use super::limit::fell_short;
use crate::failure::{Failure, Stage};
use crate::format::journal::Trial;
use crate::load::record::ErrorKind;

/// Beyond this, Little's law does not hold: something was not counted.
const LAW: f64 = 0.05;

/// Each says what it means for the figures.
#[derive(Clone, Debug, PartialEq)]
pub enum Warning {
    /// The server failed.
    Failed {
        /// What it failed to do.
        stage: Stage,
        /// How often.
        times: usize,
        /// Why, the first time.
        reason: String,
    },
    /// Not all blocks were measured.
    Blocks {
        /// So many were.
        measured: usize,
        /// So many were planned.
        planned: u32,
    },
    /// Some window had no right answer.
    NoAnswer,
    /// There were errors, by class.
    Errors(BTreeMap<ErrorKind, u64>),
    /// The load itself was the limit of a closed load, in some trial.
    LoadBound,
    /// Windows of an open load in which less was answered than was due.
    Short {
        /// So many windows.
        windows: usize,
        /// Of so many.
        of: usize,
    },
    /// Trials of an open load that did not ask as they should have, for want of CPU time of its own.
    Late {
        /// So many trials.
        trials: usize,
        /// Of so many.
        of: usize,
        /// Whether they are left out of the figures: the load had CPUs of its own, and no excuse.
        invalid: bool,
    },
    /// Rate times response time is not the number of requests in the system.
    LittlesLaw {
        /// By how much, as a fraction, in the worst trial.
        residual: f64,
    },
    /// Trials whose warm-up reached its limit before the rate was steady.
    Unsteady {
        /// So many trials.
        trials: usize,
        /// Of so many.
        of: usize,
    },
    /// Windows in which the machine's host took CPU time from some part.
    Stolen {
        /// So many windows.
        windows: usize,
        /// Of so many.
        of: usize,
        /// The largest part of a window.
        worst: f64,
    },
    /// The server does not ask the database once a request.
    Queries {
        /// How often it does, in the worst trial.
        per_request: f64,
    },
    /// The server's pool is not as large as it was told: then it is the pool that is compared.
    Connections {
        /// So many were asked for.
        asked_for: u64,
        /// So many were open, in the worst trial.
        open: u64,
    },
}

impl Warning {
    /// Which one, for programs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Warning::Failed { .. } => "failed",
            Warning::Blocks { .. } => "blocks",
            Warning::NoAnswer => "no-answer",
            Warning::Errors(_) => "errors",
            Warning::LoadBound => "load-bound",
            Warning::Short { .. } => "short",
            Warning::Late { invalid: true, .. } => "invalid",
            Warning::Late { invalid: false, .. } => "late",
            Warning::LittlesLaw { .. } => "littles-law",
            Warning::Unsteady { .. } => "unsteady",
            Warning::Stolen { .. } => "stolen",
            Warning::Queries { .. } => "queries",
            Warning::Connections { .. } => "connections",
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::Failed { stage, times: 1, reason } => {
                write!(f, "failed to {}: {reason}", stage.verb())
            }
            Warning::Failed { stage, times, reason } => {
                write!(f, "failed to {} ({times} times): {reason}", stage.verb())
            }
            Warning::Blocks { measured, planned } => {
                write!(f, "{measured} of {planned} blocks were measured")
            }
            Warning::NoAnswer => f.write_str("no right answer within a window"),
            Warning::Errors(classes) => {
                let told: Vec<_> = classes
                    .iter()
                    .map(|(class, count)| format!("{count} {}", class.name()))
                    .collect();
                write!(f, "errors: {}", told.join(", "))
            }
            Warning::LoadBound => f.write_str("load-bound"),
            Warning::Short { windows, of } => {
                write!(f, "{windows} of {of} windows answered less than 99.5% of what was due")
            }
            Warning::Late { trials, of, invalid: true } => {
                write!(f, "{trials} of {of} trials invalid: the load itself was late")
            }
            Warning::Late { trials, of, invalid: false } => {
                write!(f, "in {trials} of {of} trials the load itself was late")
            }
            Warning::LittlesLaw { residual } => {
                write!(f, "Little's law is off by {:+.0}%", 100.0 * residual)
            }
            Warning::Unsteady { trials, of } => {
                write!(
                    f,
                    "in {trials} of {of} trials the rate was not steady when the warm-up ended"
                )
            }
            Warning::Stolen { windows, of, worst } => {
                let percent = 100.0 * worst;
                write!(
                    f,
                    "in {windows} of {of} windows the host took up to {percent:.0}% of a part's CPU time"
                )
            }
            Warning::Queries { per_request } => {
                write!(f, "asked the database {per_request:.2} times a request")
            }
            Warning::Connections { asked_for, open } => {
                write!(f, "{asked_for} connections were asked for, {open} open")
            }
        }
    }
}

/// What all trials and failures of a cell give cause to say; `late` are those in which the load was at fault.
pub(super) fn warnings(
    trials: &[&Trial],
    failures: &[&Failure],
    planned: u32,
    open: bool,
    late: usize,
    invalid: bool,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if let Some(first) = failures.first() {
        let (stage, reason) = (first.stage, first.reason.clone());
        warnings.push(Warning::Failed { stage, times: failures.len(), reason });
    }
    let never = trials.is_empty() && !failures.is_empty();
    if trials.len() < planned as usize && !never {
        warnings.push(Warning::Blocks { measured: trials.len(), planned });
    }
    if trials.iter().any(|trial| trial.measured.record.right_in_window == 0) {
        warnings.push(Warning::NoAnswer);
    }
    let mut errors: BTreeMap<ErrorKind, u64> = BTreeMap::new();
    for trial in trials {
        for (class, of_class) in &trial.measured.record.errors {
            *errors.entry(*class).or_default() += of_class.count;
        }
    }
    if !errors.is_empty() {
        warnings.push(Warning::Errors(errors));
    }
    if open {
        let windows = trials.iter().filter(|trial| fell_short(trial)).count();
        if windows > 0 {
            warnings.push(Warning::Short { windows, of: trials.len() });
        }
    }
    let unsteady = |trial: &&&Trial| trial.measured.warmup.is_some_and(|warmup| !warmup.steady);
    let unsteady = trials.iter().filter(unsteady).count();
    if unsteady > 0 {
        warnings.push(Warning::Unsteady { trials: unsteady, of: trials.len() });
    }
    if late > 0 {
        warnings.push(Warning::Late { trials: late, of: trials.len(), invalid });
    }
    let residuals = trials.iter().filter_map(|trial| trial.measured.record.littles_law_residual());
    let worst = residuals.max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(0.0);
    // Errors take time in the system and are no part of the rate; and a window that fell short handed a
    // backlog on to what follows, so it was not steady, as the law supposes.
    let told = |warning: &Warning| matches!(warning, Warning::Errors(_) | Warning::Short { .. });
    if worst.abs() > LAW && !warnings.iter().any(told) {
        warnings.push(Warning::LittlesLaw { residual: worst });
    }
    warnings
}

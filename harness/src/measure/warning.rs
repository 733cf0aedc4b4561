//! Warnings about a measurement.

use std::collections::BTreeMap;
use std::fmt;

use super::limit::fell_short;
use crate::failure::{Failure, Stage};
use crate::format::journal::Trial;
use crate::load::record::ErrorKind;

/// The largest deviation from Little's law that is not reported; beyond it, something was not counted.
const LAW: f64 = 0.05;

/// A fact that a reader must know before using a measurement.
#[derive(Clone, Debug, PartialEq)]
pub enum Warning {
    /// The server failed.
    Failed {
        /// The stage at which it failed.
        stage: Stage,
        /// The number of failures.
        times: usize,
        /// The reason of the first failure.
        reason: String,
    },
    /// Not all blocks were measured.
    Blocks {
        /// The number of blocks with a completed trial.
        measured: usize,
        /// The number of planned blocks.
        planned: u32,
    },
    /// At least one window had no right answer.
    NoAnswer,
    /// There were errors; their numbers by kind.
    Errors(BTreeMap<ErrorKind, u64>),
    /// In at least one trial of a closed load, the load itself was the limit.
    LoadBound,
    /// In some windows of an open load, fewer requests were answered than were due.
    Short {
        /// The number of such windows.
        windows: usize,
        /// The number of all windows.
        of: usize,
    },
    /// In some trials of an open load, the load sent its requests too late, because it lacked CPU time.
    Late {
        /// The number of such trials.
        trials: usize,
        /// The number of all trials.
        of: usize,
        /// Whether these trials are left out of the figures, because the load had CPUs of its own.
        invalid: bool,
    },
    /// Rate × response time differs from the number of requests in the system.
    LittlesLaw {
        /// The deviation over all trials, as a fraction.
        residual: f64,
    },
    /// In some trials, the warm-up reached its time limit before the rate was steady.
    Unsteady {
        /// The number of such trials.
        trials: usize,
        /// The number of all trials.
        of: usize,
    },
    /// In some trials, CPU time was not read at the ends of the window, so that they have no figures of it.
    Readings {
        /// The number of such trials.
        trials: usize,
        /// The number of all trials whose figures count.
        of: usize,
        /// The share of the window between the readings, in the trial in which it differs most from 1.
        worst: f64,
    },
    /// In some windows, the machine's host took CPU time from a part.
    Stolen {
        /// The number of such windows.
        windows: usize,
        /// The number of all windows.
        of: usize,
        /// The largest share of a window that was taken.
        worst: f64,
    },
    /// Other work took CPU time of the run.
    OtherWork {
        /// The share of the run's CPUs in the median trial.
        median: f64,
        /// The share in the worst trial.
        largest: f64,
    },
    /// The server does not query the database as often as its requests owe.
    Queries {
        /// Queries per request in the worst trial.
        per_request: f64,
    },
    /// The server does not change as many rows as it is asked to.
    Changes {
        /// Statements that change rows, per request, in the worst trial.
        per_request: f64,
    },
    /// The server's connection pool does not have the size that the server was given, so pools are compared, not
    /// servers.
    Connections {
        /// The number of connections that the server was given.
        asked_for: u64,
        /// The number of open connections in the worst trial.
        open: u64,
    },
}

impl Warning {
    /// The kind of warning, for programs.
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
            Warning::Readings { .. } => "readings",
            Warning::Stolen { .. } => "stolen",
            Warning::OtherWork { .. } => "other-work",
            Warning::Queries { .. } => "queries",
            Warning::Changes { .. } => "changes",
            Warning::Connections { .. } => "connections",
        }
    }

    /// What to do about it, in one sentence for a terminal.
    #[must_use]
    pub fn mend(&self) -> &'static str {
        match self {
            Warning::Failed { .. } => {
                "fix what the reason names, check the server with `stackmark verify`, then run it again"
            }
            Warning::Blocks { .. } => {
                "continue an interrupted run with `stackmark run --resume`, or fix the failure and run again"
            }
            Warning::NoAnswer => {
                "check the server with `stackmark verify`; if it is only slow, use a profile with longer windows"
            }
            Warning::Errors(_) => {
                "read the server's output and check it with `stackmark verify`; connections may also fail for want of \
                 descriptors, which `stackmark doctor` checks"
            }
            Warning::LoadBound => {
                "give the load more CPUs with --cpus, or compare server CPU per request in place of goodput"
            }
            Warning::Short { .. } => {
                "use a lower rate, which the server can sustain, or compare goodput under a closed load"
            }
            Warning::Late { invalid: true, .. } => {
                "give the load more CPUs with --cpus, end other programs (`stackmark doctor`), then run again"
            }
            Warning::Late { invalid: false, .. } => {
                "give the load CPUs of its own with --cpus, which takes a machine with at least 3"
            }
            Warning::LittlesLaw { .. } => {
                "do not use these figures, since something was not counted; run the cell again"
            }
            Warning::Unsteady { .. } => {
                "raise the profile's `warmup_limit` in harness/scenarios/profiles.toml, then run again"
            }
            Warning::Readings { .. } => {
                "end other programs (`stackmark doctor`), or give the load CPUs of its own with --cpus, then run again"
            }
            Warning::Stolen { .. } => {
                "use a machine that shares its CPUs with no other guest, or measure more blocks with --blocks"
            }
            Warning::OtherWork { .. } => {
                "find what else runs with `top`, and end it or wait for it, then run again"
            }
            Warning::Queries { .. } => {
                "make the server query the database as often as the contract says, or do not compare it with servers that do"
            }
            Warning::Changes { .. } => {
                "make the server change the rows that it is asked to, once, or do not compare it with servers that do"
            }
            Warning::Connections { .. } => {
                "make the server open exactly POOL_SIZE connections, or do not compare it with servers that do"
            }
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
                write!(f, "{measured} of {planned} planned trials were measured")
            }
            Warning::NoAnswer => f.write_str("no right answer within a window"),
            Warning::Errors(classes) => {
                let counts: Vec<_> = classes
                    .iter()
                    .map(|(class, count)| format!("{count} {}", class.name()))
                    .collect();
                write!(f, "errors: {}", counts.join(", "))
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
            Warning::Readings { trials, of, worst } => {
                let percent = 100.0 * worst;
                write!(
                    f,
                    "{trials} of {of} trials have no CPU figures: their readings span {percent:.1}% of the window at worst"
                )
            }
            Warning::Stolen { windows, of, worst } => {
                let percent = 100.0 * worst;
                write!(
                    f,
                    "in {windows} of {of} windows the host took up to {percent:.0}% of a part's CPU time"
                )
            }
            Warning::OtherWork { median, largest } => {
                let (median, largest) = (100.0 * median, 100.0 * largest);
                write!(
                    f,
                    "other work took {median:.1}% of the CPUs in the median trial, and {largest:.1}% in the worst"
                )
            }
            Warning::Queries { per_request } => {
                write!(f, "asked the database {per_request:.2} times a request")
            }
            Warning::Changes { per_request } => {
                write!(f, "changed the database {per_request:.2} times a request")
            }
            Warning::Connections { asked_for, open } => {
                write!(f, "{asked_for} connections were asked for, {open} open")
            }
        }
    }
}

/// Collects the warnings about all trials and failures of a cell. `late` is the number of trials in which the load
/// was at fault.
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
    // Over all windows: at the ends of a short one, requests that take longer than others put the law off by chance.
    let times = trials.iter().map(|trial| trial.measured.record.littles_law_sides());
    let (answering, in_system) = times.fold((0.0, 0.0), |all, one| (all.0 + one.0, all.1 + one.1));
    let residual = if in_system > 0.0 { answering / in_system - 1.0 } else { 0.0 };
    // Errors spend time in the system but are no part of the rate. A window that fell short leaves a backlog behind,
    // so it is not steady, as the law requires.
    let explains =
        |warning: &Warning| matches!(warning, Warning::Errors(_) | Warning::Short { .. });
    if answering > 0.0 && residual.abs() > LAW && !warnings.iter().any(explains) {
        warnings.push(Warning::LittlesLaw { residual });
    }
    warnings
}

//! The progress of a run on standard error: a bar on a terminal, lines elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::definition::cell::Cell;
use crate::failure::Failure;

/// Receives the progress of a run.
pub trait Progress {
    /// A step before the blocks is about to begin.
    fn doing(&mut self, what: &str);
    /// A trial is about to begin.
    fn trial(&mut self, block: u32, server: &str, cell: &Cell);
    /// A number of steps or trials is done, or will never be done.
    fn advance(&mut self, steps: u64);
    /// A server failed.
    fn failure(&mut self, failure: &Failure);
}

/// A length of time as text, in whole seconds.
#[must_use]
pub fn about(time: Duration) -> String {
    humantime::format_duration(Duration::from_secs(time.as_secs())).to_string()
}

/// A bar over a known number of steps.
#[derive(Debug)]
pub struct TerminalProgress {
    bar: ProgressBar,
    blocks: u32,
    told: u32,
}

impl TerminalProgress {
    /// A bar over `steps` steps, under the name `what`.
    #[must_use]
    pub fn new(what: &'static str, steps: u64, blocks: u32) -> TerminalProgress {
        let bar = ProgressBar::new(steps);
        let style =
            ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {msg} ({eta} left)")
                .expect("the template is well formed");
        bar.set_style(style);
        bar.set_prefix(what);
        TerminalProgress { bar, blocks, told: 0 }
    }

    /// Prints a line that stays.
    pub fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("stackmark: {line}"));
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for TerminalProgress {
    fn doing(&mut self, what: &str) {
        if self.bar.is_hidden() {
            eprintln!("stackmark: {what}");
        }
        self.bar.set_message(what.to_owned());
    }

    fn trial(&mut self, block: u32, server: &str, cell: &Cell) {
        // Without a terminal, a line for each trial would be too much; one for each block shows that the run
        // continues.
        if self.bar.is_hidden() && block > self.told {
            eprintln!("stackmark: block {block} of {}", self.blocks);
            self.told = block;
        }
        self.bar.set_message(format!(
            "block {block}/{} {server}: {} × {}",
            self.blocks, cell.scenario.name, cell.load.name
        ));
    }

    fn advance(&mut self, steps: u64) {
        self.bar.inc(steps);
    }

    fn failure(&mut self, failure: &Failure) {
        self.say(&failure.to_string());
    }
}

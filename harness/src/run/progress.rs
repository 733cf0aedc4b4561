//! What is said on standard error while something goes on: a bar on a terminal, lines elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::definition::cell::Cell;
use crate::failure::Failure;

/// What a run reports while it goes on.
pub trait Progress {
    /// A step before the blocks is about to begin.
    fn doing(&mut self, what: &str);
    /// A trial is about to begin.
    fn trial(&mut self, block: u32, server: &str, cell: &Cell);
    /// So many steps or trials are done, or will never be.
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
    /// Over so many steps, called `what`.
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

    /// Says something that stays.
    pub fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("stackmark: {line}"));
    }

    /// Takes the bar away.
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
        // Without a terminal a line for each trial would be a flood; one for each block tells that it goes on.
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

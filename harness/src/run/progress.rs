//! What is said on standard error while something goes on: a bar on a terminal, lines elsewhere.

use indicatif::{ProgressBar, ProgressStyle};

use crate::definition::cell::Cell;
use crate::failure::Failure;
use crate::run::blocks::Progress;

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

    /// Says what is being done now.
    pub fn doing(&mut self, what: &str) {
        if self.bar.is_hidden() {
            eprintln!("stackmark: {what}");
        }
        self.bar.set_message(what.to_owned());
    }

    /// One step is done.
    pub fn step(&mut self) {
        self.bar.inc(1);
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

    fn advance(&mut self, trials: u64) {
        self.bar.inc(trials);
    }

    fn failure(&mut self, failure: &Failure) {
        self.say(&failure.to_string());
    }
}

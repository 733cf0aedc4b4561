//! What a client sends to its database, read from the bytes that pass: a module for each family of databases.

pub(crate) mod mysql;

use std::{collections::BTreeMap, fmt};

/// How often each command was sent, by the name that the database's protocol gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally(BTreeMap<&'static str, u64>);

impl Tally {
    /// Counts a command.
    pub(crate) fn record(&mut self, command: &'static str) {
        *self.0.entry(command).or_default() += 1;
    }

    pub(crate) fn count(&self, command: &str) -> u64 {
        self.0.get(command).copied().unwrap_or(0)
    }

    pub(crate) fn sum(&self) -> u64 {
        self.0.values().sum()
    }

    /// Whether exactly `count` of `command` were sent, and nothing else.
    pub(crate) fn is_only(&self, command: &str, count: u64) -> bool {
        self.count(command) == count && self.sum() == count
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (command, count) in &other.0 {
            *self.0.entry(command).or_default() += count;
        }
    }

    /// The commands that were sent since `earlier`.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let grown =
            self.0.iter().map(|(command, count)| (*command, count - earlier.count(command)));
        Self(grown.filter(|(_, count)| *count > 0).collect())
    }

    /// The counts of `command` alone.
    pub(crate) fn only(&self, command: &str) -> Self {
        Self(
            self.0
                .get_key_value(command)
                .map(|(name, count)| (*name, *count))
                .into_iter()
                .collect(),
        )
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<String> =
            self.0.iter().map(|(command, count)| format!("{count} {command}")).collect();
        f.write_str(&if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") })
    }
}

//! `raw/journal.jsonl`: what happened, a JSON line each, in order. A line is on the disk before the next
//! trial begins; a torn last line is what was being written when the run was killed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::measured::Measured;
use crate::failure::Failure;
use crate::units::PerSecond;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "kebab-case")]
pub enum Entry {
    /// A server was built, printed its version, started, and gave right answers.
    Verified {
        /// Its name.
        server: String,
        /// What its version command printed.
        version: String,
        /// The digest of the image that it ran from, if it did.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        image: Option<String>,
    },
    /// A server came to the end of a short closed trial, to find the common rate.
    Calibrated {
        /// Which server.
        server: String,
        /// Which scenario; absent in runs that had one rate for all, where it is the slowest.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        scenario: Option<String>,
        /// Its goodput.
        goodput: PerSecond,
    },
    /// The common rate of open loads was found.
    CommonRate {
        /// Whose rate it is; absent in runs that had one rate for all scenarios.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        scenario: Option<String>,
        /// The rate, of all users together.
        rate: PerSecond,
    },
    /// A trial came to its end.
    Trial(Box<Trial>),
    /// A server failed.
    Failure(Failure),
    /// The run was stopped before its end.
    Interrupted,
    /// It went on: what follows is another sitting.
    Resumed {
        /// When, UTC, to the second.
        at: String,
    },
    /// The run came to its end.
    Finished,
}

/// A trial that came to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Which block, from 1.
    pub block: u32,
    /// Which server.
    pub server: String,
    /// Which scenario.
    pub scenario: String,
    /// Which load.
    pub load: String,
    /// What an open load asked, in all.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asked: Option<PerSecond>,
    /// What was measured.
    pub measured: Measured,
}

/// The journal of a run that is going on.
#[derive(Debug)]
pub struct Journal {
    file: File,
}

impl Journal {
    /// Begins one.
    ///
    /// # Errors
    /// When the file is there already, or cannot be made.
    pub fn create(path: &Path) -> io::Result<Journal> {
        Ok(Journal { file: OpenOptions::new().create_new(true).append(true).open(path)? })
    }

    /// Goes on with one, after its last whole line: half a line is what a killed run was writing.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn reopen(path: &Path) -> io::Result<Journal> {
        let bytes = fs::read(path)?;
        let end_of_line =
            |bytes: &[u8]| bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let mut whole = end_of_line(&bytes);
        // After a power cut the end of a line may be on the disk without its beginning.
        let last = end_of_line(&bytes[..whole.saturating_sub(1)]);
        if serde_json::from_slice::<Entry>(&bytes[last..whole]).is_err() {
            whole = last;
        }
        let file = OpenOptions::new().append(true).open(path)?;
        file.set_len(whole as u64)?;
        file.sync_data()?;
        Ok(Journal { file })
    }

    /// Writes an entry, and returns when it is on the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.file.sync_data()
    }
}

/// Reads a journal.
///
/// # Errors
/// When it cannot be read, or a line but the last is not an entry; then with its number.
pub fn read(path: &Path) -> io::Result<Vec<Entry>> {
    let bytes = fs::read(path)?;
    // A run that was killed may have left half a line, even half a character.
    let lines: Vec<&[u8]> =
        bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let mut entries = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        match serde_json::from_slice(line) {
            Ok(entry) => entries.push(entry),
            Err(_) if index + 1 == lines.len() => {}
            Err(error) => {
                let place = format!("line {}: {error}", index + 1);
                return Err(io::Error::new(io::ErrorKind::InvalidData, place));
            }
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_last_line_is_forgiven_and_any_other_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let mut journal = Journal::create(&path).unwrap();
        let rate = Entry::CommonRate { scenario: Some("demo".into()), rate: PerSecond(4000.0) };
        journal.write(&rate).unwrap();
        journal.write(&Entry::Finished).unwrap();
        assert!(Journal::create(&path).is_err(), "a run is never rewritten");

        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{text}{{\"entry\":\"fin")).unwrap();
        assert_eq!(read(&path).unwrap(), [rate.clone(), Entry::Finished]);
        Journal::reopen(&path).unwrap().write(&Entry::Interrupted).unwrap();
        assert_eq!(read(&path).unwrap(), [rate.clone(), Entry::Finished, Entry::Interrupted]);
        std::fs::write(&path, format!("{text}\0\0\0d\"}}\n")).unwrap();
        Journal::reopen(&path).unwrap().write(&Entry::Interrupted).unwrap();
        assert_eq!(read(&path).unwrap(), [rate, Entry::Finished, Entry::Interrupted]);
        std::fs::write(&path, format!("{{\"entry\":\"fin\n{text}")).unwrap();
        assert!(read(&path).unwrap_err().to_string().starts_with("line 1:"));
    }

    #[test]
    fn a_rate_of_before_each_scenario_had_its_own_is_still_read() {
        let read = |text| serde_json::from_str::<Entry>(text).unwrap();
        let rate = PerSecond(4000.0);
        let old = read(r#"{"entry":"common-rate","rate":4000.0}"#);
        assert_eq!(old, Entry::CommonRate { scenario: None, rate });
        let old = read(r#"{"entry":"calibrated","server":"s","goodput":4000.0}"#);
        let server = "s".into();
        assert_eq!(old, Entry::Calibrated { server, scenario: None, goodput: rate });
    }
}

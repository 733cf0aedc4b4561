//! The journal of a run, `raw/journal.jsonl`: a JSON line for each event, in order.
//!
//! Each line has the time at which it was written, but for runs recorded before it had one. A line is on the disk before the
//! next trial begins. An incomplete last line is what a killed run was writing. The journal of a run that is complete is
//! compressed: `raw/journal.jsonl.gz`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::measured::{Measured, Start};
use crate::failure::Failure;
use crate::units::PerSecond;

/// One event of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "kebab-case")]
pub enum Entry {
    /// A server was built, started and verified.
    Verified {
        /// The server's name.
        server: String,
        /// The output of its version command.
        version: String,
        /// The digest of the image that the server ran from; absent outside of containers.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        image: Option<String>,
        /// The size of that image in bytes, or outside of containers the size of the server's program as it was built;
        /// absent for a program that is none of the checkout's, and in runs recorded before it was.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        bytes: Option<u64>,
    },
    /// A server's goodput was measured in a short closed trial, to find the common rate.
    Calibrated {
        /// The server's name.
        server: String,
        /// The scenario; absent in runs that had one rate for all scenarios, where it is the slowest.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        scenario: Option<String>,
        /// Its goodput.
        goodput: PerSecond,
    },
    /// The common rates of open loads were set.
    CommonRate {
        /// The scenario whose rate it is; absent in runs that had one rate for all scenarios.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        scenario: Option<String>,
        /// The rate over all connections of the load.
        rate: PerSecond,
        /// The rate of loads near capacity; absent in runs that began before there were any.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        near_capacity: Option<PerSecond>,
    },
    /// A server was started for the trials of a block.
    Started {
        /// The block's number, from 1.
        block: u32,
        /// The server's name.
        server: String,
        /// What the start showed.
        #[serde(flatten)]
        start: Start,
    },
    /// A trial was completed.
    Trial(Box<Trial>),
    /// A server failed.
    Failure(Failure),
    /// The run was interrupted.
    Interrupted,
    /// The interrupted run was resumed.
    Resumed {
        /// The time, in UTC, to the second.
        at: String,
    },
    /// The run was completed.
    Finished,
}

/// A completed trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The block's number, from 1.
    pub block: u32,
    /// The round's number in the block, from 1; always 1 in runs recorded before blocks had rounds.
    #[serde(default = "one")]
    pub round: u32,
    /// The server's name.
    pub server: String,
    /// The scenario's name.
    pub scenario: String,
    /// The load's name.
    pub load: String,
    /// The rate of an open load, over all its connections; absent for a closed load.
    #[serde(alias = "asked", skip_serializing_if = "Option::is_none", default)]
    pub rate: Option<PerSecond>,
    /// The measurements.
    pub measured: Measured,
}

fn one() -> u32 {
    1
}

/// A line of the journal.
#[derive(Serialize)]
struct Line<'a> {
    /// The time at which it was written: UTC, to the millisecond.
    time: String,
    #[serde(flatten)]
    entry: &'a Entry,
}

/// The journal of a run that is in progress.
#[derive(Debug)]
pub struct Journal {
    file: File,
}

impl Journal {
    /// Creates a journal.
    ///
    /// # Errors
    /// When the file exists already or cannot be created.
    pub fn create(path: &Path) -> io::Result<Journal> {
        Ok(Journal { file: OpenOptions::new().create_new(true).append(true).open(path)? })
    }

    /// Opens a journal after its last complete line, and drops an incomplete one, which a killed run was writing.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn reopen(path: &Path) -> io::Result<Journal> {
        let bytes = fs::read(path)?;
        let end_of_line =
            |bytes: &[u8]| bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let mut whole = end_of_line(&bytes);
        // After a power cut, the end of a line may be on the disk without its beginning.
        let last = end_of_line(&bytes[..whole.saturating_sub(1)]);
        if serde_json::from_slice::<Entry>(&bytes[last..whole]).is_err() {
            whole = last;
        }
        let file = OpenOptions::new().append(true).open(path)?;
        file.set_len(whole as u64)?;
        file.sync_data()?;
        Ok(Journal { file })
    }

    /// Appends an entry with the time, and returns when it is on the disk.
    ///
    /// # Errors
    /// When the entry cannot be written.
    pub fn write(&mut self, entry: &Entry) -> io::Result<()> {
        let time = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
        let mut line = serde_json::to_vec(&Line { time, entry })?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.file.sync_data()
    }
}

/// Compresses the journal `plain` into `packed`, which is on the disk afterwards.
///
/// # Errors
/// When a file cannot be read or written.
pub fn pack(plain: &Path, packed: &Path) -> io::Result<()> {
    let mut encoder = GzEncoder::new(File::create(packed)?, Compression::best());
    io::copy(&mut File::open(plain)?, &mut encoder)?;
    encoder.finish()?.sync_all()
}

/// Reads the entries of a journal; `packed` says whether it is compressed.
///
/// # Errors
/// When the file cannot be read, or a line other than the last is not an entry; the error then names the line.
pub fn read(path: &Path, packed: bool) -> io::Result<Vec<Entry>> {
    let mut bytes = Vec::new();
    let mut file = File::open(path)?;
    if packed {
        GzDecoder::new(file).read_to_end(&mut bytes)?;
    } else {
        file.read_to_end(&mut bytes)?;
    }
    // A killed run may have left an incomplete line, even an incomplete character.
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
        let rate = Entry::CommonRate {
            scenario: Some("demo".into()),
            rate: PerSecond(4000.0),
            near_capacity: None,
        };
        journal.write(&rate).unwrap();
        journal.write(&Entry::Finished).unwrap();
        assert!(Journal::create(&path).is_err(), "a run is never rewritten");

        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{text}{{\"entry\":\"fin")).unwrap();
        assert_eq!(read(&path, false).unwrap(), [rate.clone(), Entry::Finished]);
        Journal::reopen(&path).unwrap().write(&Entry::Interrupted).unwrap();
        assert_eq!(
            read(&path, false).unwrap(),
            [rate.clone(), Entry::Finished, Entry::Interrupted]
        );
        std::fs::write(&path, format!("{text}\0\0\0d\"}}\n")).unwrap();
        Journal::reopen(&path).unwrap().write(&Entry::Interrupted).unwrap();
        assert_eq!(read(&path, false).unwrap(), [rate, Entry::Finished, Entry::Interrupted]);
        std::fs::write(&path, format!("{{\"entry\":\"fin\n{text}")).unwrap();
        assert!(read(&path, false).unwrap_err().to_string().starts_with("line 1:"));
    }

    #[test]
    fn every_line_has_its_time_and_is_read_with_it_and_without() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        // An entry may have a time of its own.
        let resumed = Entry::Resumed { at: "2026-01-02T03:04:05Z".into() };
        let before = Timestamp::now().as_millisecond();
        let mut journal = Journal::create(&path).unwrap();
        journal.write(&resumed).unwrap();
        journal.write(&Entry::Finished).unwrap();
        let after = Timestamp::now().as_millisecond();
        let text = std::fs::read_to_string(&path).unwrap();
        for line in text.lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let time: Timestamp = line["time"].as_str().unwrap().parse().unwrap();
            assert!((before..=after).contains(&time.as_millisecond()), "{line}");
        }
        assert_eq!(read(&path, false).unwrap(), [resumed, Entry::Finished]);
        std::fs::write(&path, "{\"entry\":\"finished\"}\n").unwrap();
        assert_eq!(read(&path, false).unwrap(), [Entry::Finished]);
    }

    #[test]
    fn a_rate_of_before_each_scenario_had_its_own_is_still_read() {
        let read = |text| serde_json::from_str::<Entry>(text).unwrap();
        let rate = PerSecond(4000.0);
        let old = read(r#"{"entry":"common-rate","rate":4000.0}"#);
        assert_eq!(old, Entry::CommonRate { scenario: None, rate, near_capacity: None });
        let old = read(r#"{"entry":"calibrated","server":"s","goodput":4000.0}"#);
        let server = "s".into();
        assert_eq!(old, Entry::Calibrated { server, scenario: None, goodput: rate });
    }
}

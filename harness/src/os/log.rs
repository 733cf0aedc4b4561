//! The end of a log, where a program says why it ended.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// How much of a log's end is read.
const TAIL: u64 = 4096;

/// The last line of `text` that is not blank.
#[must_use]
pub fn last_line(text: &str) -> Option<&str> {
    text.lines().rev().map(str::trim).find(|line| !line.is_empty())
}

/// The last line of the log at `path` that is not blank; absent if there is none, or the log cannot be read.
#[must_use]
pub fn last_line_of(path: &Path) -> Option<String> {
    last_line(&tail(path).ok()?).map(ToOwned::to_owned)
}

fn tail(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    Ok(String::from_utf8_lossy(&tail).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_that_says_something_is_found_in_a_long_log() {
        let mut log = tempfile::NamedTempFile::new().unwrap();
        let text = "no\n".repeat(10_000) + "  the cause \n\n";
        io::Write::write_all(&mut log, text.as_bytes()).unwrap();
        assert_eq!(last_line_of(log.path()).as_deref(), Some("the cause"));
        assert_eq!(last_line("\n \n"), None);
        assert_eq!(last_line_of(Path::new("/nowhere/log")), None);
    }
}

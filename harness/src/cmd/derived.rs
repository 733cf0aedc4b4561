//! Files that a verb derives from others: it writes them, or checks that they are up to date.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

/// Writes a file, and the folders that it needs.
pub(super) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let parent = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(parent)
        .and_then(|()| fs::write(path, text))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Passes if the file holds `text`, which `command` would write.
pub(super) fn check(path: &Path, text: &str, command: &str) -> anyhow::Result<()> {
    if read(path)? != text {
        bail!("{} is stale; run `{command}` and commit what it writes", path.display());
    }
    Ok(())
}

/// Reads a file.
pub(super) fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

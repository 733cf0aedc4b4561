//! `stackmark report`: rebuilds all that is derived from a run's raw data.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};

use crate::args;
use crate::format::folder;
use crate::report::{derived, excerpt, splice};
use crate::workspace::Workspace;

/// Runs the verb.
///
/// # Errors
/// When the run cannot be read, a file cannot be written, or under `--check` one is stale.
pub fn run(args: &args::Report) -> anyhow::Result<ExitCode> {
    let (folder, document) = match &args.run {
        Some(folder) => (folder.clone(), args.splice.clone()),
        None => {
            let workspace = Workspace::find()?;
            // The project's own README shows the newest run: a check that names nothing checks that too.
            let readme = args.check.then(|| workspace.root().join("README.md"));
            (folder::newest(&workspace.results())?, args.splice.clone().or(readme))
        }
    };
    let raw = folder::read(&folder)?;
    let mut files: Vec<(PathBuf, String)> =
        derived(&raw)?.into_iter().map(|(name, text)| (folder.join(name), text)).collect();
    if let Some(document) = document {
        let text = spliced(&document, &excerpt(&raw)?)?;
        files.push((document, text));
    }
    for (path, text) in files {
        if args.check {
            check(&path, &text)?;
        } else {
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
            eprintln!("stackmark: wrote {}", path.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn spliced(document: &Path, excerpt: &str) -> anyhow::Result<String> {
    let text = fs::read_to_string(document)
        .with_context(|| format!("cannot read {}", document.display()))?;
    splice::splice(&text, excerpt)
        .with_context(|| format!("{} has no place for the table", document.display()))
}

fn check(path: &Path, text: &str) -> anyhow::Result<()> {
    let found =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    if found != text {
        bail!(
            "{} is stale; run `stackmark report --splice README.md` and commit what it writes",
            path.display()
        );
    }
    Ok(())
}

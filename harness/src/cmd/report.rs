//! `stackmark report`: rebuilds all files that derive from the raw data of a run.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::{answers, derived, splice};
use crate::args;
use crate::format::folder::{self, Raw};
use crate::report::listing::{self, Listed};
use crate::report::{self, excerpt, export};
use crate::workspace::Workspace;

/// Runs the verb.
///
/// # Errors
/// When the run cannot be read, a file cannot be written, or, with `--check`, a file is out of date.
pub fn run(args: &args::Report) -> anyhow::Result<ExitCode> {
    let files = match (&args.run, args.check) {
        (None, true) => everything(args.splice.as_deref())?,
        (run, _) => {
            let folder = match run {
                Some(folder) => folder.clone(),
                None => folder::newest(&Workspace::find()?.results())?,
            };
            let raw = folder::read(&folder)?;
            let mut files = files(&folder, &raw)?;
            if let Some(document) = &args.splice {
                // The newest run may be of another study than the one that a first page shows the table of.
                let shown = match run {
                    Some(_) => None,
                    None => answers::default_run(&Workspace::find()?)?,
                };
                files.push((document.clone(), spliced(document, shown.as_ref().unwrap_or(&raw))?));
            }
            files
        }
    };
    for (path, text) in files {
        if args.check {
            derived::check(&path, &text, "stackmark report --splice README.md")?;
        } else {
            derived::write(&path, &text)?;
            eprintln!("stackmark: wrote {}", path.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// All derived files of all runs, and the document (by default README.md) with the table of the run that it shows.
fn everything(document: Option<&Path>) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let workspace = Workspace::find()?;
    let results = workspace.results();
    let mut all = Vec::from(of_all(&results)?);
    for folder in folder::all(&results)? {
        all.extend(own(&folder, &folder::read(&folder)?)?);
    }
    let document = document.map_or_else(|| workspace.root().join("README.md"), Path::to_owned);
    let text = derived::read(&document)?;
    let shown = splice::shown(&text).with_context(|| {
        format!("{} shows no run; add one with `stackmark report --splice`", document.display())
    })?;
    let raw = folder::read(&results.join(shown))?;
    all.push((document.clone(), spliced(&document, &raw)?));
    Ok(all)
}

/// Writes the derived files of the run in `folder`.
///
/// # Errors
/// When the run cannot be read, or a file cannot be written.
pub fn write(folder: &Path) -> anyhow::Result<()> {
    let files = files(folder, &folder::read(folder)?)?;
    files.iter().try_for_each(|(path, text)| derived::write(path, text))
}

/// The derived files of a run and, where it is among the project's results, the files about all runs.
fn files(folder: &Path, raw: &Raw) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let mut files = own(folder, raw)?;
    if let Some(results) = results_around(folder) {
        files.extend(of_all(&results)?);
    }
    Ok(files)
}

/// The derived files of one run alone.
fn own(folder: &Path, raw: &Raw) -> anyhow::Result<Vec<(PathBuf, String)>> {
    Ok(report::derived(raw)?.into_iter().map(|(name, text)| (folder.join(name), text)).collect())
}

/// The files about all runs.
fn of_all(results: &Path) -> anyhow::Result<[(PathBuf, String); 2]> {
    Ok([
        (results.join("README.md"), list(results)?),
        (results.join("summary.schema.json"), export::schema()?),
    ])
}

/// The project's folder of results, if the run is in it.
fn results_around(folder: &Path) -> Option<PathBuf> {
    let results = Workspace::find().ok()?.results();
    let parent = folder.canonicalize().ok()?.parent()?.to_owned();
    (results.canonicalize().ok()? == parent).then_some(results)
}

fn list(results: &Path) -> anyhow::Result<String> {
    let runs = folder::all(results)?.into_iter().map(|folder| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        folder::read(&folder).map_or_else(|_| Listed::unreadable(&name), |raw| Listed::of(&raw))
    });
    listing::page(runs.collect())
}

/// A document with the table of a run, and where it has a place for them the answers of all studies.
fn spliced(document: &Path, shown: &Raw) -> anyhow::Result<String> {
    let text = derived::read(document)?;
    let has_no_place = |what: &str| format!("{} has no markers for the {what}", document.display());
    let text =
        splice::REPORT.splice(&text, &excerpt(shown)?).with_context(|| has_no_place("table"))?;
    if !splice::ANSWERS.are_in(&text) {
        return Ok(text);
    }
    let answers = answers::answers(&Workspace::find()?, shown)?;
    splice::ANSWERS.splice(&text, &answers).with_context(|| has_no_place("answers"))
}

//! The folder of a run: `results/<date>-<label>[.n]/raw/`.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::counts::Counts;
use super::earlier;
use super::journal::{self, Entry, Journal};
use super::run::RunFile;
use crate::os::machine::MachineFile;

/// The name of the journal of a run in progress.
const JOURNAL: &str = "journal.jsonl";
/// The name of the journal of a run that is complete.
const PACKED: &str = "journal.jsonl.gz";

/// The reason why a run's folder cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The system refuses to read or write a file.
    #[error("{}: {cause}; see that the folder is there, yours, and has room", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// The content of a file is not valid.
    #[error("{} is damaged: {message}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// Another version of the program wrote the file.
    #[error("{} has format {found}; this stackmark reads format {}", path.display(), super::VERSION)]
    Version {
        /// The file.
        path: PathBuf,
        /// The version of its format.
        found: u32,
    },
    /// The folder holds no run.
    #[error("{} holds no run yet; make one with `stackmark run`", .0.display())]
    NoRun(PathBuf),
    /// The folder for a new run exists already.
    #[error("{} is there already, and a run is never rewritten; choose another --out", .0.display())]
    Taken(PathBuf),
    /// The run has counts already.
    #[error("{} has counts already; remove its raw/counts.json to count anew", .0.display())]
    Counted(PathBuf),
}

/// All primary data of a run.
#[derive(Clone, Debug)]
pub struct Raw {
    /// The name of the run's folder.
    pub name: String,
    /// The run's settings: `run.toml`.
    pub run: RunFile,
    /// The run's machine: `machine.toml`.
    pub machine: MachineFile,
    /// The journal's entries, in order.
    pub entries: Vec<Entry>,
    /// What was counted of its servers: `counts.json`, if it was.
    pub counts: Option<Counts>,
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> FolderError + '_ {
    move |cause| FolderError::Io { path: path.to_owned(), cause }
}

/// Creates the folder of a new run, writes the files that are known before the first trial, and opens the journal.
///
/// # Errors
/// When the folder exists already or cannot be written.
pub fn create(folder: &Path, run: &RunFile, machine: &MachineFile) -> Result<Journal, FolderError> {
    if folder.exists() {
        return Err(FolderError::Taken(folder.to_owned()));
    }
    // The folder is made beside its place and moved there when it is complete, so that a process that is killed here
    // leaves nothing that looks like a run.
    let making = beside(folder);
    match fs::remove_dir_all(&making) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(io_error(&making)(error));
        }
        _ => {}
    }
    let made = make(&making, run, machine)
        .and_then(|journal| fs::rename(&making, folder).map_err(io_error(folder)).map(|()| journal))
        .and_then(|journal| sync(parent(folder)).map(|()| journal));
    if made.is_err() {
        // The first failure is the one to report.
        let _ = fs::remove_dir_all(&making);
    }
    made
}

/// The place where a folder is made before it is moved: a hidden folder, so that no listing shows it.
fn beside(folder: &Path) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    parent(folder).join(format!(".{name}.new"))
}

fn parent(folder: &Path) -> &Path {
    folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn make(folder: &Path, run: &RunFile, machine: &MachineFile) -> Result<Journal, FolderError> {
    let raw = folder.join("raw");
    fs::create_dir_all(&raw).map_err(io_error(&raw))?;
    write_toml(&raw.join("machine.toml"), machine)?;
    write_toml(&raw.join("run.toml"), run)?;
    let path = raw.join(JOURNAL);
    let journal = Journal::create(&path).map_err(io_error(&path))?;
    sync(&raw)?;
    sync(folder)?;
    Ok(journal)
}

/// Syncs a folder to the disk: a power cut must not lose the names of files whose content is already there.
fn sync(folder: &Path) -> Result<(), FolderError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_error(folder))
}

/// Opens the journal of an existing run, for resuming it.
///
/// # Errors
/// When the journal cannot be read or written.
pub fn reopen(folder: &Path) -> Result<Journal, FolderError> {
    let path = folder.join("raw").join(JOURNAL);
    Journal::reopen(&path).map_err(io_error(&path))
}

/// Compresses the journal of the run in `folder`, which is complete.
///
/// # Errors
/// When the journal cannot be read or written.
pub fn pack(folder: &Path) -> Result<(), FolderError> {
    let raw = folder.join("raw");
    let (plain, packed, making) =
        (raw.join(JOURNAL), raw.join(PACKED), raw.join(format!(".{PACKED}.new")));
    if let Err(cause) = journal::pack(&plain, &making) {
        // The first failure is the one to report.
        let _ = fs::remove_file(&making);
        return Err(io_error(&making)(cause));
    }
    fs::rename(&making, &packed).map_err(io_error(&packed))?;
    fs::remove_file(&plain).map_err(io_error(&plain))?;
    sync(&raw)
}

fn write_toml(path: &Path, content: &impl serde::Serialize) -> Result<(), FolderError> {
    let text = toml::to_string(content).map_err(|error| FolderError::Damaged {
        path: path.to_owned(),
        message: error.to_string(),
    })?;
    let write = || {
        let mut file = File::create_new(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(io_error(path))
}

/// Reads the folder of a run.
///
/// # Errors
/// When the folder does not exist, is damaged, or was written by another version.
pub fn read(folder: &Path) -> Result<Raw, FolderError> {
    let raw = folder.join("raw");
    if !raw.is_dir() {
        return Err(FolderError::NoRun(folder.to_owned()));
    }
    let path = raw.join("run.toml");
    #[derive(serde::Deserialize)]
    struct Versioned {
        format: u32,
    }
    let Versioned { format } = read_toml(&path)?;
    if !super::READABLE.contains(&format) {
        return Err(FolderError::Version { path, found: format });
    }
    let (plain, packed) = (raw.join(JOURNAL), raw.join(PACKED));
    // Where both are there, the program was killed while it compressed the one.
    let is_packed = !plain.exists() && packed.exists();
    let journal = if is_packed { packed } else { plain };
    let unreadable = |cause: io::Error| match cause.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
            FolderError::Damaged { path: journal.clone(), message: cause.to_string() }
        }
        _ => FolderError::Io { path: journal.clone(), cause },
    };
    let name = folder.canonicalize().map_err(io_error(folder))?;
    let mut run: RunFile = read_toml(&path)?;
    earlier::complete(&mut run);
    Ok(Raw {
        name: name.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        run,
        machine: read_toml(&raw.join("machine.toml"))?,
        entries: journal::read(&journal, is_packed).map_err(unreadable)?,
        counts: read_counts(&raw.join("counts.json"))?,
    })
}

fn read_counts(path: &Path) -> Result<Option<Counts>, FolderError> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.map_err(io_error(path))?,
    };
    let damaged = |error: serde_json::Error| FolderError::Damaged {
        path: path.to_owned(),
        message: error.to_string(),
    };
    serde_json::from_str(&text).map(Some).map_err(damaged)
}

/// Adds counts to the run in `folder`, which has none.
///
/// # Errors
/// When it has some already, or the file cannot be written.
pub fn add_counts(folder: &Path, counts: &Counts) -> Result<(), FolderError> {
    let path = folder.join("raw/counts.json");
    if path.exists() {
        return Err(FolderError::Counted(folder.to_owned()));
    }
    let text = serde_json::to_string_pretty(counts)
        .map_err(|error| FolderError::Damaged { path: path.clone(), message: error.to_string() })?;
    // Written beside its place and moved there, so that a program that is killed leaves no half of it.
    let making = folder.join("raw/.counts.json.new");
    fs::write(&making, text + "\n")
        .and_then(|()| fs::rename(&making, &path))
        .map_err(io_error(&path))
}

fn read_toml<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, FolderError> {
    let text = fs::read_to_string(path).map_err(io_error(path))?;
    toml::from_str(&text).map_err(|error| FolderError::Damaged {
        path: path.to_owned(),
        message: error.message().replace('\n', " "),
    })
}

/// The folder for a new run: its date and label, and a number where that name is taken.
#[must_use]
pub fn fresh(results: &Path, date: &str, label: &str) -> PathBuf {
    let plain = results.join(format!("{date}-{label}"));
    let numbered = (2..).map(|n| results.join(format!("{date}-{label}.{n}")));
    std::iter::once(plain)
        .chain(numbered)
        .find(|folder| !folder.exists())
        .expect("there are more numbers than folders")
}

/// The folders of all runs in `results`, sorted by name.
///
/// # Errors
/// When `results` cannot be read.
pub fn all(results: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let entries = fs::read_dir(results).map_err(io_error(results))?;
    let mut folders: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("raw/run.toml").is_file())
        .collect();
    folders.sort();
    Ok(folders)
}

/// The folder of the run that began last, by the time that it recorded.
///
/// # Errors
/// When `results` holds no run.
pub fn newest(results: &Path) -> Result<PathBuf, FolderError> {
    let folders = fs::read_dir(results).map_err(|_| FolderError::NoRun(results.to_owned()))?;
    folders
        .flatten()
        .map(|entry| entry.path())
        .filter_map(|path| {
            let run: RunFile = read_toml(&path.join("raw/run.toml")).ok()?;
            Some((run.began, path))
        })
        .max()
        .map(|(_, path)| path)
        .ok_or_else(|| FolderError::NoRun(results.to_owned()))
}

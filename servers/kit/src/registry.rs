//! The registry as the kit reads it: which servers there are and how each is started.

use std::{env, ffi::OsString, fs, path::Path, path::PathBuf, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

/// One entry of `servers/servers.toml`. Keys the kit has no use for are left to their other readers.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) labels: Labels,
    /// Whether the server asks its layer itself, at `/drive`.
    #[serde(default)]
    pub(crate) drives_itself: bool,
    /// The command that builds the server, as an argument vector.
    pub(crate) build: Vec<String>,
    /// The command that prints the server's name and versions.
    pub(crate) version: Vec<String>,
    /// The command that runs the server in the foreground.
    pub(crate) run: Vec<String>,
}

/// What a server is made of, as far as the kit's choice of cases depends on it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Labels {
    /// `mysql`, or `none` for a server that has no database behind it.
    pub(crate) database: String,
}

#[derive(Deserialize)]
struct Registry {
    server: Vec<Server>,
}

impl Server {
    /// Whether lookups reach a database; if not, every lookup finds nothing.
    pub(crate) fn has_database(&self) -> bool {
        self.labels.database != "none"
    }

    /// The run command with `settings` as its environment; `${VAR}` in an argument sees them too.
    pub(crate) fn run_command(&self, settings: &[(&str, String)]) -> Result<Command> {
        self.command(&self.run, settings)
    }

    /// The version command, with no setting at all: a version needs no configuration.
    pub(crate) fn version_command(&self) -> Result<Command> {
        self.command(&self.version, &[])
    }

    fn command(&self, argv: &[String], settings: &[(&str, String)]) -> Result<Command> {
        let words = argv
            .iter()
            .map(|word| expand(word, settings))
            .collect::<Result<Vec<_>>>()
            .with_context(|| format!("servers/servers.toml, server {}", self.name))?;
        let (program, arguments) = words.split_first().with_context(|| {
            format!("servers/servers.toml, server {}: an empty command", self.name)
        })?;
        let root = root();
        // A path is relative to the repository's root; a bare word is looked up in PATH.
        let program: OsString = if program.contains('/') {
            let path = root.join(program);
            ensure!(
                path.exists(),
                "{} is not built: run `{}` first",
                self.name,
                self.build.join(" ")
            );
            path.into()
        } else {
            program.into()
        };
        let mut command = Command::new(program);
        command.args(arguments).current_dir(root);
        for name in ["BIND", "DATABASE_URL", "POOL_SIZE", "WORKERS"] {
            command.env_remove(name);
        }
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }
}

fn expand(word: &str, settings: &[(&str, String)]) -> Result<String> {
    let lookup = |name: &str| -> Result<Option<String>, env::VarError> {
        if let Some((_, value)) = settings.iter().find(|(setting, _)| *setting == name) {
            return Ok(Some(value.clone()));
        }
        match env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(env::VarError::NotPresent) => Ok(None),
            Err(error) => Err(error),
        }
    };
    Ok(shellexpand::env_with_context(word, lookup)?.into_owned())
}

/// The repository's root, where every command of the registry runs.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Reads every server of `servers/servers.toml`.
pub(crate) fn read() -> Result<Vec<Server>> {
    let text = fs::read_to_string(root().join("servers/servers.toml"))
        .context("servers/servers.toml cannot be read")?;
    let registry: Registry = toml::from_str(&text).context("servers/servers.toml")?;
    Ok(registry.server)
}

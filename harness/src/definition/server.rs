//! The registry: what there is to measure, in any language, as data.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::{DefinitionError, read_toml, unique};

/// Database connections of a server, in all: the same for each, or the pool's size decides the rank.
pub const POOL_SIZE: u32 = 32;

/// What a server is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It competes.
    Contender,
    /// No contender can beat it: it leaves out what they must do.
    Ceiling,
    /// It differs from a contender in one thing, to show what that thing costs.
    Control,
}

/// Which database a server queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatabaseLabel {
    /// MySQL or MariaDB.
    Mysql,
    /// None: its answers hold no rows.
    None,
}

/// What a server is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// The programming language.
    pub language: String,
    /// The web framework.
    pub framework: String,
    /// The data layer: driver or ORM.
    pub layer: String,
    /// What runs its concurrency.
    pub runtime: String,
    /// The database it queries.
    pub database: DatabaseLabel,
}

/// One entry of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Its name, unique in the registry.
    pub name: String,
    /// What it is there for.
    pub role: Role,
    /// What it is made of.
    pub labels: Labels,
    /// The file that its image is built from; the build's context is the checkout, and its argument `PACKAGE` the name.
    pub dockerfile: String,
    /// The command that builds it, from the checkout's top folder.
    pub build: Vec<String>,
    /// The command that prints its name and versions: the built that it can run.
    pub version: Vec<String>,
    /// The command that runs it.
    pub run: Vec<String>,
    /// What it needs in its environment besides the contract's variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Whether it asks its layer by itself when it is told to, because it has no HTTP to be measured.
    #[serde(default)]
    pub drives_itself: bool,
    /// Of a twin: the server that it is under another name. A run makes it; no registry has one.
    #[serde(skip)]
    pub twin_of: Option<String>,
    /// Of a variant: the registry's server that it is with other settings. A study makes it; no registry has one.
    #[serde(skip)]
    pub variant_of: Option<String>,
    /// Its database connections in all, if a study sets them.
    #[serde(skip)]
    pub pool_size: Option<u32>,
}

impl Server {
    /// Whether its answers hold rows that can be checked.
    #[must_use]
    pub fn has_database(&self) -> bool {
        self.labels.database != DatabaseLabel::None
    }

    /// The family of the database it queries; absent if it queries none.
    #[must_use]
    pub fn database(&self) -> Option<&'static str> {
        match self.labels.database {
            DatabaseLabel::Mysql => Some("mysql"),
            DatabaseLabel::None => None,
        }
    }

    /// The axis on which a study's pool sizes differ.
    pub const POOL_SIZE_AXIS: &str = "pool_size";

    /// The name in the registry: its own, or for a twin or a variant that of the server that it is.
    #[must_use]
    pub fn original(&self) -> &str {
        self.variant_of.as_ref().or(self.twin_of.as_ref()).unwrap_or(&self.name)
    }

    /// The same server with another number of database connections, under a name of its own.
    #[must_use]
    pub fn with_pool_size(&self, size: u32) -> Server {
        Server {
            name: format!("{}.pool-{size}", self.name),
            variant_of: Some(self.name.clone()),
            pool_size: Some(size),
            ..self.clone()
        }
    }

    /// Its database connections in all.
    #[must_use]
    pub fn pool_size(&self) -> u32 {
        self.pool_size.unwrap_or(POOL_SIZE)
    }

    /// Its value on an axis, if it has one.
    #[must_use]
    pub fn axis(&self, axis: &str) -> Option<&str> {
        let labels = &self.labels;
        match axis {
            "language" => Some(&labels.language),
            "framework" => Some(&labels.framework),
            "layer" => Some(&labels.layer),
            "runtime" => Some(&labels.runtime),
            "database" => self.database(),
            _ => None,
        }
    }

    /// One of its commands, ready to start in `root`: `${VAR:-default}` is expanded in each word.
    ///
    /// # Errors
    /// When a word names a variable that is not set and has no default.
    pub fn command(&self, words: &[String], root: &Path) -> Result<Command, DefinitionError> {
        let expanded: Vec<_> = words
            .iter()
            .map(|word| shellexpand::env(word).map(|word| word.into_owned()))
            .collect::<Result<_, _>>()
            .map_err(|error| DefinitionError::Inconsistent {
                path: "servers/servers.toml".into(),
                message: format!("{}: {error}; set it, or write ${{NAME:-default}}", self.name),
            })?;
        // A relative program with a folder in it is found from the checkout, wherever we were called.
        let program = root.join(&expanded[0]);
        let program =
            if expanded[0].contains('/') { program.as_os_str() } else { expanded[0].as_ref() };
        let mut command = Command::new(program);
        command.args(&expanded[1..]).current_dir(root).envs(&self.env);
        Ok(command)
    }
}

/// A server as it was when the run began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunServer {
    /// Its name.
    pub name: String,
    /// What it was there for.
    pub role: Role,
    /// What it was made of.
    pub labels: Labels,
    /// Of a twin: the server that it is under another name, so that the two show the run's own noise.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub twin_of: Option<String>,
    /// Of a variant: the registry's server that it is with other settings.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub variant_of: Option<String>,
    /// Its database connections in all, where they were not the run's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pool_size: Option<u32>,
    /// Whether it asked its layer by itself: then it has only the cells that can be asked so.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub drives_itself: bool,
    /// The command that ran it, as the registry has it; a run of format 1 does not know.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub run: Vec<String>,
    /// What it had in its environment besides the contract's variables, as the registry has it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub env: BTreeMap<String, String>,
}

impl RunServer {
    /// The name in the registry: its own, or for a twin or a variant that of the server that it is.
    #[must_use]
    pub fn original(&self) -> &str {
        self.variant_of.as_ref().or(self.twin_of.as_ref()).unwrap_or(&self.name)
    }

    /// Of a registry's entry.
    #[must_use]
    pub fn of(server: &Server) -> RunServer {
        RunServer {
            name: server.name.clone(),
            role: server.role,
            labels: server.labels.clone(),
            twin_of: server.twin_of.clone(),
            variant_of: server.variant_of.clone(),
            pool_size: server.pool_size,
            drives_itself: server.drives_itself,
            run: server.run.clone(),
            env: server.env.clone(),
        }
    }
}

/// All servers there are.
#[derive(Clone, Debug)]
pub struct Registry {
    servers: Vec<Server>,
}

impl Registry {
    /// Reads the registry.
    ///
    /// # Errors
    /// When it is unreadable, malformed, or holds a name twice or an empty command.
    pub fn read(path: &Path) -> Result<Registry, DefinitionError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            server: Vec<Server>,
        }
        let File { server: servers } = read_toml(path)?;
        unique(path, "server", servers.iter().map(|server| server.name.as_str()))?;
        for server in &servers {
            for (field, words) in
                [("build", &server.build), ("version", &server.version), ("run", &server.run)]
            {
                if words.first().is_none_or(String::is_empty) {
                    return Err(DefinitionError::Inconsistent {
                        path: path.to_owned(),
                        message: format!("{}: `{field}` is an empty command", server.name),
                    });
                }
            }
        }
        Ok(Registry { servers })
    }

    /// Every server, in the registry's order.
    #[must_use]
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// Every axis that a server has.
    #[must_use]
    pub fn axes(&self) -> std::collections::BTreeSet<&str> {
        ["language", "framework", "layer", "runtime", "database"].into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::select;
    use regex::Regex;
    use std::fs;

    const ENTRY: &str = r#"
[[server]]
name = "one"
role = "contender"
labels = { language = "l", framework = "f", layer = "y", runtime = "r", database = "mysql" }
dockerfile = "docker/one.Dockerfile"
build = ["make", "one"]
version = ["${STACKMARK_NO_SUCH_VARIABLE:-bin}/one", "--version"]
run = ["bin/one"]
"#;

    fn read(text: &str) -> Result<Registry, DefinitionError> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("servers.toml");
        fs::write(&path, text).expect("a writable temporary folder");
        Registry::read(&path)
    }

    #[test]
    fn an_entry_becomes_a_command_in_the_checkout() {
        let registry = read(ENTRY).unwrap();
        let server = &registry.servers()[0];
        let command = server.command(&server.version, Path::new("/checkout")).unwrap();
        assert_eq!(command.get_program(), "/checkout/bin/one");
        assert_eq!(command.get_current_dir(), Some(Path::new("/checkout")));
        let make = server.command(&server.build, Path::new("/checkout")).unwrap();
        assert_eq!(make.get_program(), "make");
    }

    #[test]
    fn broken_toml_is_told_with_its_line() {
        let error = read(&ENTRY.replace("role = \"contender\"", "role = \"winner\"")).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("servers.toml:4:") && text.contains("winner"), "{text}");
    }

    #[test]
    fn a_name_twice_and_an_empty_command_are_refused() {
        let twice = read(&ENTRY.repeat(2)).unwrap_err().to_string();
        assert!(twice.contains("\"one\" is there twice"), "{twice}");
        let empty = read(&ENTRY.replace("[\"bin/one\"]", "[]")).unwrap_err().to_string();
        assert!(empty.contains("`run` is an empty command"), "{empty}");
    }

    #[test]
    fn a_filter_that_matches_nothing_is_an_error() {
        let registry = read(ENTRY).unwrap();
        let patterns = [Regex::new("oen").unwrap()];
        let error = select("server", registry.servers(), &patterns, |s| &s.name).unwrap_err();
        assert_eq!(error.to_string(), "no server matches \"oen\"; there are: one");
    }
}

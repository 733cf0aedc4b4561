//! A server, as its entry and its templates together describe it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Axes;

/// A server's database connections, in all: the same for each, or the pool's size would decide the rank.
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

/// The ceilings that a server is held against, by what they leave out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ceilings {
    /// HTTP alone: the name of the server that queries no database.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub http: Option<String>,
    /// The layer alone: the name of the server that asks the same layer without HTTP.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub layer: Option<String>,
}

impl Ceilings {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Ceilings::default()
    }
}

/// A program that a server cannot be built or run without.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// A command that succeeds where the program is installed.
    pub probe: Vec<String>,
    /// The command that installs it.
    pub mend: String,
}

/// A checkout of one commit, beside the one in which the program runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// The full hash of the commit.
    pub commit: String,
    /// The checkout's top folder.
    pub root: PathBuf,
}

/// One server of the registry, in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The server's name, unique in the registry.
    pub name: String,
    /// What it is there for.
    pub role: Role,
    /// What it is made of.
    pub axes: Axes,
    /// The endpoints that it can be measured at, such as `demo` for `/demo`.
    pub answers: Vec<String>,
    /// The services that it needs, such as `mysql`.
    pub needs: Vec<String>,
    /// The contender that it differs from in one thing, if it is a control.
    pub control_of: Option<String>,
    /// The ceilings that it is held against.
    pub ceilings: Ceilings,
    /// Whether it asks its layer by itself when it is told to, because it has no HTTP to be measured.
    pub drives_itself: bool,
    /// The file that its image is built from. The build's context is the checkout, and its argument `PACKAGE` the name.
    pub dockerfile: String,
    /// The commands that build it, one after the other.
    pub build: Vec<Vec<String>>,
    /// The command that prints its name and versions, which also proves that it can run.
    pub version: Vec<String>,
    /// The command that runs it in the foreground.
    pub run: Vec<String>,
    /// What it has in its environment besides the contract's variables.
    pub env: BTreeMap<String, String>,
    /// The programs that building and running it need.
    pub needs_program: Vec<Program>,
    /// The server whose twin it is: the same code, so that the difference between the two is what a run's noise makes.
    /// The registry holds twins that are built apart; a run makes others, which are the same binary under another name.
    pub twin_of: Option<String>,
    /// Whether it is a twin with a build of its own.
    pub built_apart: bool,
    /// The server that it is with other settings. A study makes variants; no registry holds one.
    pub variant_of: Option<String>,
    /// Its database connections in all, if a study sets them.
    pub pool_size: Option<u32>,
    /// The checkout whose server it is, if that is not the one in which the program runs; no registry says it. The
    /// server is built and run there.
    pub checkout: Option<Checkout>,
}

impl Server {
    /// The axis on which a study's pool sizes differ.
    pub const POOL_SIZE_AXIS: &str = "pool_size";
    /// The axis on which the same server of two commits differs.
    pub const REVISION_AXIS: &str = "revision";

    /// The name in the registry: the server's own, or for a copy or a variant the name of the server that it is.
    #[must_use]
    pub fn original(&self) -> &str {
        let copied = self.twin_of.as_ref().filter(|_| self.is_copy());
        self.variant_of.as_ref().or(copied).unwrap_or(&self.name)
    }

    /// Whether it is another server's binary under another name.
    #[must_use]
    pub fn is_copy(&self) -> bool {
        self.twin_of.is_some() && !self.built_apart
    }

    /// The same server with another number of database connections, under a name of its own. What it is compared with has
    /// as many: only HTTP alone has none.
    #[must_use]
    pub fn with_pool_size(&self, size: u32) -> Server {
        let variant = |name: &String| format!("{name}.pool-{size}");
        let http = self.ceilings.http.clone();
        Server {
            name: variant(&self.name),
            control_of: self.control_of.as_ref().map(variant),
            twin_of: self.twin_of.as_ref().map(variant),
            ceilings: Ceilings { http, layer: self.ceilings.layer.as_ref().map(variant) },
            variant_of: Some(self.name.clone()),
            pool_size: Some(size),
            ..self.clone()
        }
    }

    /// The same server as `checkout` has it, under a name of its own: `NAME@SIDE`, and `side` is its value on the axis of
    /// revisions. It is held against no ceiling, as those would have to be of the same commit.
    #[must_use]
    pub fn at(&self, side: &str, checkout: Checkout) -> Server {
        Server {
            name: format!("{}@{side}", self.name),
            variant_of: Some(self.original().to_owned()),
            ceilings: Ceilings::default(),
            axes: self.axes.clone().with(Server::REVISION_AXIS, side),
            checkout: Some(checkout),
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
        self.axes.has(axis).then(|| self.axes.get(axis))
    }

    /// The database that it queries: the service that its axis `database` names. Absent if it queries none.
    #[must_use]
    pub fn database(&self) -> Option<&str> {
        let database = self.axes.get("database");
        self.needs.iter().map(String::as_str).find(|need| *need == database)
    }

    /// Whether its answers hold rows that can be checked.
    #[must_use]
    pub fn has_database(&self) -> bool {
        self.database().is_some()
    }
}

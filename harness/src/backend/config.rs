//! Which backend runs, and the options that it alone has.

use serde::{Deserialize, Serialize};

use crate::definition::Server;
use crate::os::placement::Placement;

/// A backend and its options, a case each.
#[derive(Clone, Debug, PartialEq)]
pub enum BackendConfig {
    /// Processes on this machine.
    Local {
        /// The CPUs of each part; without a value, the machine's are divided by size.
        placement: Option<Placement>,
    },
    /// Containers on this machine's Docker engine.
    Docker {
        /// The CPUs of each part; without a value, as compose.yaml asks.
        placement: Option<Placement>,
        /// How the containers are joined.
        network: Network,
        /// Whether CPU sets are the only limit of CPU time.
        no_quota: bool,
    },
    /// Servers that are up already.
    Attached {
        /// The servers' addresses.
        at: AddressTemplate,
    },
}

impl BackendConfig {
    /// Which backend it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            BackendConfig::Local { .. } => Kind::Local,
            BackendConfig::Docker { .. } => Kind::Docker,
            BackendConfig::Attached { .. } => Kind::Attached,
        }
    }
}

/// The backends that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Processes on this machine, with private services and CPU sets
    Local,
    /// Containers on this machine's Docker engine, with the limits of compose.yaml
    Docker,
    /// Servers that are up already, in containers on this machine (--at); DATABASE_URL names their database
    Attached,
}

impl Kind {
    /// Its name on the command line and in a run's record.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Local => "local",
            Kind::Docker => "docker",
            Kind::Attached => "attached",
        }
    }

    /// The backend of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Kind> {
        [Kind::Local, Kind::Docker, Kind::Attached].into_iter().find(|kind| kind.name() == name)
    }
}

/// How containers are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Network {
    /// A network of the project's own
    #[default]
    Bridge,
    /// The machine's own, which shows what the bridge costs
    Host,
}

impl Network {
    /// Its name on the command line and in a run's record.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Network::Bridge => "bridge",
            Network::Host => "host",
        }
    }

    /// The network of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Network> {
        [Network::Bridge, Network::Host].into_iter().find(|network| network.name() == name)
    }
}

/// The addresses of servers that are up already: a host and a port, with `{name}` in place of a server's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressTemplate(String);

/// The part of the template that a server's name replaces.
const NAME: &str = "{name}";

impl AddressTemplate {
    /// The template, if it names each server's address: if it holds `{name}`.
    #[must_use]
    pub fn parse(text: &str) -> Option<AddressTemplate> {
        text.contains(NAME).then(|| AddressTemplate(text.to_owned()))
    }

    /// The host and port of `server`. A twin has those of its original.
    #[must_use]
    pub fn of(&self, server: &Server) -> String {
        self.0.replace(NAME, server.original())
    }
}

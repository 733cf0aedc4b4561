//! The command line: one type a verb.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use crate::backend::{Kind, Network};
use crate::definition::Filter;
use crate::report::table::Format;

/// Which web stack serves this workload best on this hardware, by how much, and how sure are we?
#[derive(Debug, Parser)]
#[command(name = "stackmark", version, max_term_width = 100)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs; each has a file of its own under `cmd`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List servers, scenarios, loads, profiles and studies
    List(List),
    /// Start or stop the database, seed it, show its state
    Db(Db),
    /// Start and stop what servers need, and show its state
    Service(Service),
    /// Build servers, and print each one's version
    Build(Build),
    /// Check servers' answers against the rows' truth
    Verify(Verify),
    /// Build, verify, load and measure servers; record a run
    Run(Run),
    /// Load one URL and print what was measured
    Load(Load),
    /// Rank the servers of a run
    Rank(Rank),
    /// Compare two runs, cell by cell
    Cmp(Cmp),
    /// Rebuild a run's report from its raw trials
    Report(Report),
    /// Write what compose.yaml says of each server from the registry
    Manifests(Manifests),
    /// Say what on this machine makes results worse, and what mends it
    Doctor(Doctor),
    /// Measure the network between two containers
    #[command(hide = true)]
    Netprobe(Netprobe),
}

/// `stackmark list`
#[derive(Debug, clap::Args)]
pub struct List {
    /// What to list
    #[arg(value_enum, default_value = "servers")]
    pub what: Listed,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub filter: Filter,
    /// How to print it
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

/// What `stackmark list` can list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Listed {
    /// The registry
    Servers,
    /// What is asked
    Scenarios,
    /// How it is asked
    Loads,
    /// How long a run takes
    Profiles,
    /// The questions that a run can answer
    Studies,
}

/// `stackmark db`
#[derive(Debug, clap::Args)]
pub struct Db {
    #[command(subcommand)]
    #[allow(missing_docs)]
    pub action: DbAction,
}

/// What to do with the database.
#[derive(Debug, Subcommand)]
pub enum DbAction {
    /// Start the private database and leave it running
    Up,
    /// Fill the table, or prove that it is already right
    Seed,
    /// Say whether it runs, where, and what it holds
    Status {
        /// How to print it
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Stop the private database
    Down,
    /// Run a command with DATABASE_URL set to a running, seeded database
    Exec {
        /// The command and its arguments
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
}

/// `stackmark service`
#[derive(Debug, clap::Args)]
pub struct Service {
    #[command(subcommand)]
    #[allow(missing_docs)]
    pub action: ServiceAction,
}

/// What to do with services; without a name, with all of them.
#[derive(Debug, Subcommand)]
pub enum ServiceAction {
    /// Start private services and leave them running
    Up {
        /// Which services; all of them without a name
        names: Vec<String>,
    },
    /// Show whether services run, and where
    Status {
        /// Which services; all of them without a name
        names: Vec<String>,
        /// How to print it
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Stop private services
    Down {
        /// Which services; all of them without a name
        names: Vec<String>,
    },
}

/// The backend, of every verb that has to do with servers.
#[derive(Debug, clap::Args)]
pub struct Backend {
    /// What builds, starts, limits and observes the servers (default: local)
    #[arg(long, value_enum)]
    pub backend: Option<Kind>,
    /// With --backend attached: the address of a server, with {name} for its name, e.g. `{name}:8080`
    #[arg(long, value_name = "HOST:PORT")]
    pub at: Option<String>,
}

/// How a backend places and limits the parts.
#[derive(Debug, Default, clap::Args)]
pub struct Limits {
    /// With --backend docker: how the containers are joined (default: bridge)
    #[arg(long, value_enum)]
    pub network: Option<Network>,
    /// With --backend docker: CPU sets alone limit the CPU time, which shows what quotas cost
    #[arg(long)]
    pub no_quota: bool,
    /// With --backend local or docker: CPU sets, e.g. `server=0,db=1,load=1` or `server=0-5,db=6-21,load=22+23`
    #[arg(long, value_name = "SETS")]
    pub cpus: Option<String>,
}

/// `stackmark build`
#[derive(Debug, clap::Args)]
pub struct Build {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub filter: Filter,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub backend: Backend,
}

/// `stackmark verify`
#[derive(Debug, clap::Args)]
pub struct Verify {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub filter: Filter,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub backend: Backend,
}

/// `stackmark run`
#[derive(Debug, clap::Args)]
pub struct Run {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub filter: Filter,
    /// The question that the run answers, and so which servers and cells it has; may be repeated (default: those that
    /// `stackmark list studies` marks)
    #[arg(long = "study", value_name = "NAME")]
    pub studies: Vec<String>,
    /// How many blocks, and how long each cell is measured (see `stackmark list profiles`)
    #[arg(long, default_value = "quick")]
    pub profile: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub backend: Backend,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub limits: Limits,
    /// The seed of the run's orders and of its requests (default: drawn, and recorded)
    #[arg(long)]
    pub seed: Option<u64>,
    /// The run's folder (default: results/<date>-<label>)
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// How many passes over all cells, in place of the profile's
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..))]
    pub blocks: Option<u32>,
    /// Another registry than servers/servers.toml
    #[arg(long, value_name = "FILE")]
    pub registry: Option<PathBuf>,
    /// Do again what this run did: its servers, cells, seed, orders and CPU sets
    #[arg(long, value_name = "RUN", conflicts_with_all = ["studies", "servers", "scenarios", "loads", "profile", "seed", "blocks"])]
    pub like: Option<PathBuf>,
    /// Go on with this run, which was stopped or killed, after its last whole trial
    #[arg(long, value_name = "DIR", conflicts_with_all = ["studies", "servers", "scenarios", "loads", "profile", "seed", "blocks", "like", "cpus", "out", "backend", "network", "no_quota"])]
    pub resume: Option<PathBuf>,
    /// Print the cells, their order and the expected time, and stop
    #[arg(long)]
    pub plan: bool,
}

/// `stackmark load`
#[derive(Debug, clap::Args)]
pub struct Load {
    /// What to load, e.g. http://127.0.0.1:8080/demo
    #[arg(required_unless_present = "spec")]
    pub url: Option<String>,
    /// Closed load: how many users, each waiting for its answer before it asks again
    #[arg(long, default_value = "64")]
    pub users: u32,
    /// Open load: requests per second, whether the answers come or not
    #[arg(long)]
    pub rate: Option<f64>,
    /// Open load: when the requests are due
    #[arg(long, value_enum, default_value = "poisson")]
    pub arrivals: Arrivals,
    /// Before the window, not recorded
    #[arg(long, default_value = "1s", value_parser = humantime::parse_duration)]
    pub warmup: Duration,
    /// How long to measure
    #[arg(long, default_value = "10s", value_parser = humantime::parse_duration)]
    pub window: Duration,
    /// A request that takes longer is an error (default: the scenario's, or 5s)
    #[arg(long, value_parser = humantime::parse_duration)]
    pub timeout: Option<Duration>,
    /// What is asked: a scenario's name (its path replaces the URL's)
    #[arg(long)]
    pub scenario: Option<String>,
    /// The seed of the requests and of Poisson arrivals
    #[arg(long, default_value = "1")]
    pub seed: u64,
    /// How to print the measurement
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
    /// Read the whole specification as JSON from standard input, and answer in JSON lines
    #[arg(long, hide = true)]
    pub spec: bool,
    /// Run on this CPU
    #[arg(long, hide = true)]
    pub cpu: Option<usize>,
}

/// When an open load's requests are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Arrivals {
    /// Every 1/rate seconds
    Constant,
    /// Independent of each other, as many users' requests are
    Poisson,
}

/// `stackmark rank`
#[derive(Debug, clap::Args)]
pub struct Rank {
    /// The run's folder (default: the newest in results/)
    pub run: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub filter: Filter,
    /// The server that ratios are to (default: the first of the order)
    #[arg(long, value_name = "NAME")]
    pub baseline: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

/// `stackmark cmp`
#[derive(Debug, clap::Args)]
pub struct Cmp {
    /// The run to compare with: its folder
    pub a: PathBuf,
    /// The run to compare: its folder
    pub b: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub filter: Filter,
    /// Print what is equivalent or undecided too
    #[arg(long)]
    pub all: bool,
    /// Exit with status 1 if there is one
    #[arg(long, value_enum)]
    pub fail_on: Option<FailOn>,
    /// Compare runs of unlike machines or settings too
    #[arg(long)]
    pub force: bool,
    /// How to print it
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

/// What `stackmark cmp --fail-on` fails on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Less goodput, more CPU time, longer percentiles, or a figure that is lost
    Regression,
    /// Any difference
    Difference,
}

/// `stackmark report`
#[derive(Debug, clap::Args)]
pub struct Report {
    /// The run's folder (default: the newest in results/)
    pub run: Option<PathBuf>,
    /// Write the table between the markers of this file too
    #[arg(long, value_name = "FILE")]
    pub splice: Option<PathBuf>,
    /// Write nothing; fail if a file differs from what would be written: of RUN, or else of every run and the README
    #[arg(long)]
    pub check: bool,
}

/// `stackmark manifests`
#[derive(Debug, clap::Args)]
pub struct Manifests {
    /// Write nothing; fail if a file differs from what would be written
    #[arg(long)]
    pub check: bool,
}

/// `stackmark doctor`
#[derive(Debug, clap::Args)]
pub struct Doctor {
    /// How to print it
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

/// `stackmark netprobe`
#[derive(Debug, clap::Args)]
pub struct Netprobe {
    /// Whom to ask, or with --serve where to listen, e.g. 127.0.0.1:7000
    #[arg(default_value = "127.0.0.1:7000")]
    pub address: String,
    /// Serve whoever asks, until killed
    #[arg(long)]
    pub serve: bool,
}

//! The command line: one type for each verb.

mod commits;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
pub use commits::{Commits, FailOn, Tolerance};

use crate::backend::{Kind, Network};
use crate::definition::Filter;
use crate::report::table::Format;

/// Which web stack serves this workload best on this hardware, by how much, and how sure are we?
#[derive(Debug, Parser)]
#[command(name = "stackmark", version, max_term_width = 100)]
pub struct Args {
    /// The verb.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs. Each has its own file under `cmd`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List servers, scenarios, loads, profiles and studies
    List(List),
    /// Start, stop and seed the database, and show its state
    Db(Db),
    /// Start and stop the services that servers need, and show their state
    Service(Service),
    /// Build servers and print their versions
    Build(Build),
    /// Check the answers of servers
    Verify(Verify),
    /// Build, verify, load and measure servers, and record the run
    Run(Run),
    /// Count the instructions that servers execute for a request, by valgrind
    Count(Count),
    /// Put a load on one URL and print the measurements
    Load(Load),
    /// Rank the servers of a run
    Rank(Rank),
    /// Compare two runs, cell by cell
    Cmp(Cmp),
    /// Rebuild the report of a run from its raw data
    Report(Report),
    /// Write the server blocks of compose.yaml from the registry
    Manifests(Manifests),
    /// Check this machine for what makes results worse, and say how to fix it
    Doctor(Doctor),
    /// Measure the network between two containers
    #[command(hide = true)]
    Netprobe(Netprobe),
}

/// `stackmark list`
#[derive(Debug, clap::Args)]
#[command(after_help = examples::LIST)]
pub struct List {
    /// The kind of thing to list
    #[arg(value_enum, default_value = "servers")]
    pub what: Listed,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub filter: Filter,
    /// Output format
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

/// What `stackmark list` can list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Listed {
    /// The servers of the registry
    Servers,
    /// What requests ask for
    Scenarios,
    /// How many users or requests per second there are
    Loads,
    /// How long a run takes
    Profiles,
    /// The questions that a run can answer
    Studies,
}

/// `stackmark db`
#[derive(Debug, clap::Args)]
#[command(after_help = examples::DB)]
pub struct Db {
    #[command(subcommand)]
    #[allow(missing_docs)]
    pub action: DbAction,
}

/// What to do with the database.
#[derive(Debug, Subcommand)]
pub enum DbAction {
    /// Start private databases and leave them running
    Up {
        /// Databases: mariadb, postgres (default: the one that DATABASE_URL names, or else all)
        names: Vec<String>,
    },
    /// Fill the tables, or prove that their content is already right
    Seed {
        /// Databases (default: the one that DATABASE_URL names, or else all)
        names: Vec<String>,
    },
    /// Show whether databases run, where, and what they hold
    Status {
        /// Databases (default: the one that DATABASE_URL names, or else all)
        names: Vec<String>,
        /// Output format
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Stop private databases
    Down {
        /// Databases (default: the one that DATABASE_URL names, or else all)
        names: Vec<String>,
    },
    /// Run a command with running, seeded databases: MYSQL_URL and POSTGRES_URL are set, and DATABASE_URL to the first
    Exec {
        /// A database that the command needs; may be repeated (default: the one that DATABASE_URL names, or else all)
        #[arg(long = "database", value_name = "NAME")]
        names: Vec<String>,
        /// The command and its arguments
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
}

/// `stackmark service`
#[derive(Debug, clap::Args)]
#[command(after_help = examples::SERVICE)]
pub struct Service {
    #[command(subcommand)]
    #[allow(missing_docs)]
    pub action: ServiceAction,
}

/// What to do with services: with those that are named, or with all of them.
#[derive(Debug, Subcommand)]
pub enum ServiceAction {
    /// Start private services and leave them running
    Up {
        /// Services (default: all)
        names: Vec<String>,
    },
    /// Show whether services run, and where
    Status {
        /// Services (default: all)
        names: Vec<String>,
        /// Output format
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Stop private services
    Down {
        /// Services (default: all)
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
    /// With --backend docker: the network that joins the containers (default: bridge)
    #[arg(long, value_enum)]
    pub network: Option<Network>,
    /// With --backend docker: limit CPU time by CPU sets alone, to see what quotas cost
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
#[command(after_help = examples::VERIFY)]
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
#[command(after_help = examples::RUN)]
pub struct Run {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub filter: Filter,
    /// The question that the run answers, which selects servers and cells; may be repeated (default: the studies that
    /// `stackmark list studies` marks)
    #[arg(long = "study", value_name = "NAME")]
    pub studies: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub commits: Commits,
    /// Of two commits: print the comparison alone, in this format; markdown is ready for a pull request
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// The number of blocks, and how long each cell is measured (see `stackmark list profiles`)
    #[arg(long, default_value = "quick")]
    pub profile: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub backend: Backend,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub limits: Limits,
    /// The seed of the order of trials and of the requests (default: random, recorded)
    #[arg(long)]
    pub seed: Option<u64>,
    /// The folder of the new run (default: results/<date>-<label>)
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// The number of blocks, in each of which every server is started once, instead of the profile's
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..))]
    pub blocks: Option<u32>,
    /// The number of passes over all cells in a block, instead of the profile's
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: Option<u32>,
    /// The length of every window, such as 500ms or 2s, instead of the profile's
    #[arg(long, value_name = "TIME", value_parser = positive)]
    pub window: Option<Duration>,
    /// The warm-up of every cell in later rounds, instead of the profile's
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub settle: Option<Duration>,
    /// A registry other than servers/servers.toml
    #[arg(long, value_name = "FILE", conflicts_with = "base")]
    pub registry: Option<PathBuf>,
    /// Repeat a run: the same servers, cells, seed, order and CPU sets
    #[arg(long, value_name = "RUN", conflicts_with_all = ["studies", "servers", "scenarios", "loads", "profile", "seed", "blocks", "rounds", "window", "settle", "base"])]
    pub like: Option<PathBuf>,
    /// Resume a run that was stopped or killed, after its last complete trial
    #[arg(long, value_name = "DIR", conflicts_with_all = ["studies", "servers", "scenarios", "loads", "profile", "seed", "blocks", "rounds", "window", "settle", "base", "like", "cpus", "out", "backend", "network", "no_quota"])]
    pub resume: Option<PathBuf>,
    /// Print the cells, their order and the expected time, without running them
    #[arg(long)]
    pub plan: bool,
}

/// `stackmark count`
#[derive(Debug, clap::Args)]
#[command(after_help = examples::COUNT)]
pub struct Count {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub filter: Filter,
    /// The study whose servers and scenarios are counted; may be repeated (default: as for `stackmark run`)
    #[arg(long = "study", value_name = "NAME")]
    pub studies: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub commits: Commits,
    /// The profile whose scenarios are counted (see `stackmark list profiles`)
    #[arg(long, default_value = "quick")]
    pub profile: String,
    /// The seed of the requests: the same seed asks every server the same
    #[arg(long, default_value = "1")]
    pub seed: u64,
    /// Count the servers and scenarios of a run, and add the counts to it and to its report
    #[arg(long, value_name = "RUN", conflicts_with_all = ["studies", "profile", "base"])]
    pub into: Option<PathBuf>,
    /// A registry other than servers/servers.toml
    #[arg(long, value_name = "FILE", conflicts_with = "base")]
    pub registry: Option<PathBuf>,
    /// Output format; json has the numbers as they were read, too
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

/// `stackmark load`
#[derive(Debug, clap::Args)]
#[command(after_help = examples::LOAD)]
pub struct Load {
    /// The URL to load, e.g. http://127.0.0.1:8080/demo
    #[arg(required_unless_present = "spec")]
    pub url: Option<String>,
    /// The number of users; in a closed load, each waits for its answer before it sends again
    #[arg(long, default_value = "64")]
    pub users: u32,
    /// Open load: requests per second, sent whether answers come or not
    #[arg(long)]
    pub rate: Option<f64>,
    /// Stay awake for the last half of a millisecond before a request is due; for an open load with a CPU of its own
    #[arg(long, requires = "rate")]
    pub spin: bool,
    /// Open load: the times at which requests are due
    #[arg(long, value_enum, default_value = "poisson")]
    pub arrivals: Arrivals,
    /// The time before the window, which is not recorded
    #[arg(long, default_value = "1s", value_parser = humantime::parse_duration)]
    pub warmup: Duration,
    /// The time that is measured
    #[arg(long, default_value = "10s", value_parser = humantime::parse_duration)]
    pub window: Duration,
    /// The time after which a request counts as failed (default: the scenario's, or 5s)
    #[arg(long, value_parser = humantime::parse_duration)]
    pub timeout: Option<Duration>,
    /// The scenario whose requests are sent; its path replaces the URL's
    #[arg(long)]
    pub scenario: Option<String>,
    /// The seed of the requests and of Poisson arrivals
    #[arg(long, default_value = "1")]
    pub seed: u64,
    /// Output format
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
    /// Read the specification as JSON from standard input, and answer in JSON lines
    #[arg(long, hide = true)]
    pub spec: bool,
    /// Run on this CPU
    #[arg(long, hide = true)]
    pub cpu: Option<usize>,
}

/// The times at which the requests of an open load are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Arrivals {
    /// Every 1/rate seconds
    Constant,
    /// At random, like the requests of many independent users
    Poisson,
}

/// `stackmark rank`
#[derive(Debug, clap::Args)]
#[command(after_help = examples::RANK)]
pub struct Rank {
    /// The run's folder (default: the newest in results/)
    pub run: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub filter: Filter,
    /// The server that ratios are to (default: the study's baseline, or the first in the registry)
    #[arg(long, value_name = "NAME")]
    pub baseline: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

/// `stackmark cmp`
#[derive(Debug, clap::Args)]
#[command(after_help = examples::CMP)]
pub struct Cmp {
    /// The folder of the run to compare with
    pub a: PathBuf,
    /// The folder of the run to compare
    pub b: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub filter: Filter,
    /// Print cells without a difference too
    #[arg(long)]
    pub all: bool,
    /// Exit with status 1 where the runs show it
    #[arg(long, value_enum)]
    pub fail_on: Option<FailOn>,
    /// Compare runs of different machines or settings too
    #[arg(long)]
    pub force: bool,
    /// Output format
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

/// `stackmark report`
#[derive(Debug, clap::Args)]
#[command(after_help = examples::REPORT)]
pub struct Report {
    /// The run's folder (default: the newest in results/)
    pub run: Option<PathBuf>,
    /// Also write the table of RUN (default: the newest of the default study) and the answers of all studies between the markers
    /// of this file
    #[arg(long, value_name = "FILE")]
    pub splice: Option<PathBuf>,
    /// Write nothing, and fail where a file of RUN is out of date (default: of any run, or README.md)
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
    /// Output format
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

/// `stackmark netprobe`
#[derive(Debug, clap::Args)]
pub struct Netprobe {
    /// The address to measure, or with --serve to listen on
    #[arg(default_value = "127.0.0.1:7000")]
    pub address: String,
    /// Answer probes until killed
    #[arg(long)]
    pub serve: bool,
}

/// The examples at the end of each verb's help.
mod examples {
    pub(super) const DB: &str = "\
Examples:
  stackmark db up                        start the private database and leave it running
  stackmark db status                    show its URL, version and table
  stackmark db exec -- COMMAND           run a program against the seeded database
  stackmark db down                      stop it";
    pub(super) const LIST: &str = "\
Examples:
  stackmark list                         the servers
  stackmark list studies                 the questions that a run can answer
  stackmark list servers --format json   the same for programs";
    pub(super) const SERVICE: &str = "\
Examples:
  stackmark service up                   start all services and leave them running
  stackmark service status               show which services run, and where
  stackmark service down                 stop them";
    pub(super) const VERIFY: &str = "\
Examples:
  stackmark verify                       check all servers
  stackmark verify -s '^NAME$'           check one server
  stackmark verify --backend attached --at 127.0.0.1:8080 -s '^NAME$'
                                         check a server that is already up";
    pub(super) const RUN: &str = "\
Examples:
  stackmark run --plan                   what the default study measures, and how long it takes
  stackmark run                          measure it
  stackmark run --study NAME             answer another question (see `stackmark list studies`)
  stackmark run -s '^NAME$' -c '^demo$' --blocks 4
                                         measure one server in one scenario, 4 times
  stackmark run --profile standard --cpus server=0-1,db=2-5,load=6+7
                                         a run for publication, on CPU sets of your own
  stackmark run --backend docker         measure in containers with CPU and memory limits
  stackmark run --resume results/RUN     continue a run that was stopped
  stackmark run --like results/RUN       repeat a run, for `stackmark cmp`
  stackmark run --base main -s '^NAME$' --fail-on regression
                                         compare a server of HEAD with that of main; status 1 if it is worse
  stackmark run --base HEAD~1 --head HEAD --format markdown
                                         the same for all contenders, printed for a pull request";
    pub(super) const COUNT: &str = "\
Examples:
  stackmark count                        count what the default study compares
  stackmark count -s '^NAME$' -c '^demo$'
                                         count one server in one scenario
  stackmark count --profile standard -c '^idle$'
                                         a scenario that only longer profiles have
  stackmark count --into results/RUN     add a column of instructions to the tables of a run
  stackmark count --base main -s '^NAME$' --fail-on regression --tolerance 1%
                                         status 1 if HEAD executes over 1% more than main: a check for every commit
  stackmark count --format json          the counts for a program
It needs valgrind: `apt-get install valgrind`. A machine that is busy with other work counts the same.";
    pub(super) const LOAD: &str = "\
Examples:
  stackmark load http://127.0.0.1:8080/demo
                                         64 users, as fast as the server answers
  stackmark load --rate 4000 --window 30s http://127.0.0.1:8080/demo
                                         4,000 requests per second for 30 s
  stackmark load --scenario demo --users 8 --format json http://127.0.0.1:8080
                                         check every answer of a scenario";
    pub(super) const RANK: &str = "\
Examples:
  stackmark rank                         rank the servers of the newest run
  stackmark rank results/RUN -c '^demo$' --format markdown
                                         one scenario of a run, for a document
  stackmark rank --baseline NAME         ratios to one server";
    pub(super) const CMP: &str = "\
Examples:
  stackmark cmp results/BEFORE results/AFTER
                                         show what has changed
  stackmark cmp --all results/BEFORE results/AFTER
                                         show what has not, too
  stackmark cmp --fail-on regression results/BEFORE results/AFTER
                                         exit with status 1 if something is worse";
    pub(super) const REPORT: &str = "\
Examples:
  stackmark report                       rebuild the report of the newest run
  stackmark report --splice README.md    also put the newest table and the answers of all studies into README.md
  stackmark report results/RUN --splice README.md
                                         the same with the table of that run
  stackmark report --check               fail if any report is out of date";
}

/// A length of time that is more than none.
fn positive(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(length) if length < Duration::from_millis(1) => Err("it must be 1ms at least".into()),
        Ok(length) => Ok(length),
        Err(error) => Err(error.to_string()),
    }
}

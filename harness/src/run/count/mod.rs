//! Counting what a server executes for a request: it is started under callgrind, asked the same requests in each start,
//! and asked each batch of them once and then twice.

mod valgrind;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::client::Client;
use crate::backend::{Backend, BuildInfo};
use crate::definition::{Scenario, Server};
use crate::failure::Error;
use crate::format::counts::{Batch, Counted, Start};
use crate::measure::counted::is_settled;
use crate::os::stop::Stop;
use crate::workload::{Rows, Setup, Visitor, Workload};
use valgrind::{Dumps, is_binary};

pub use valgrind::{NoValgrind, Valgrind};

/// The users of a count: with one, no request meets another, so that the same requests cost the same.
pub const USERS: u32 = 1;
/// The requests of a batch.
const REQUESTS: u64 = 256;
/// The requests before the first batch: several for each connection of a pool, each of which prepares its statement once.
const WARMUP: u64 = 256;
/// The batches of a start, with other requests each.
const BATCHES: u64 = 2;
/// The starts after which a count ends although its interval is still wide.
const MOST_STARTS: usize = 10;
/// How long an answer may take. Under callgrind a server is some 50 times slower.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The file that a server runs from, if its instructions are all its own.
///
/// # Errors
/// Why it cannot be counted, in one line.
pub fn binary(server: &Server, root: &Path) -> Result<PathBuf, String> {
    if server.drives_itself {
        return Err("it drives itself, so nobody sends it a known number of requests".into());
    }
    let settings = registry::VARIABLES.map(|name| (name, String::new()));
    let command = server.run_command(root, &settings).map_err(|error| error.to_string())?;
    let path = PathBuf::from(command.get_program());
    if is_binary(&path) {
        return Ok(path);
    }
    let program = server.run.first().map_or("", String::as_str);
    Err(format!("{program} is no binary of its own, and what runs it would be counted too"))
}

/// What is needed to count.
pub struct Counter<'a> {
    /// What starts servers.
    pub backend: &'a mut dyn Backend,
    /// The rows that servers answer with.
    pub rows: &'a Rows,
    /// The seed that requests are drawn from.
    pub seed: u64,
    /// Ends the count early.
    pub stop: &'a Stop,
}

impl Counter<'_> {
    /// Counts a server, which was built to `binary`, in scenarios that it answers, until the interval of each is narrow
    /// enough or there were too many starts. `started` is called before each start with its number, from 1.
    ///
    /// # Errors
    /// When the server does not start, or does not answer right; or the interruption, or the loss of a service.
    pub fn count(
        &mut self,
        server: &Server,
        scenarios: &[Scenario],
        built: &BuildInfo,
        binary: &Path,
        mut started: impl FnMut(usize),
    ) -> Result<Vec<Counted>, Error> {
        let unreadable =
            |error| Error::Failed(format!("its binary cannot be read: {error}; build it again"));
        let sha256 = hex(&Sha256::digest(fs::read(binary).map_err(unreadable)?));
        let empty = |scenario: &Scenario| Counted {
            server: server.name.clone(),
            scenario: scenario.name.clone(),
            asked: scenario.asks.seeded(),
            version: built.version.clone(),
            sha256: sha256.clone(),
            starts: Vec::new(),
        };
        let mut counted: Vec<Counted> = scenarios.iter().map(empty).collect();
        for number in 1..=MOST_STARTS {
            started(number);
            let starts = self.start(server, scenarios)?;
            for (one, start) in counted.iter_mut().zip(starts) {
                one.starts.push(start);
            }
            if counted.iter().all(is_settled) {
                break;
            }
        }
        Ok(counted)
    }

    /// One start: a batch of each scenario after the other.
    fn start(&mut self, server: &Server, scenarios: &[Scenario]) -> Result<Vec<Start>, Error> {
        let dumps = Dumps::new()?;
        let instance = self.backend.start(&dumps.wrapped(server), self.stop)?;
        let rows = if server.has_database() { self.rows.clone() } else { Rows::none() };
        let mut client = Client::new(instance.address(), TIMEOUT, self.stop)
            .map_err(|error| error.map(|violation| violation.to_string()))?;
        let starts = scenarios.iter().map(|scenario| {
            scenario.asks.seeded().visit(Ask {
                client: &mut client,
                dumps: &dumps,
                rows: rows.clone(),
                path: &scenario.path,
                seed: self.seed,
                stop: self.stop,
            })
        });
        let starts = starts.collect::<Result<_, _>>();
        // How it ends says nothing about what it executed before.
        drop(instance);
        self.backend.check_services()?;
        starts
    }
}

/// The requests of one scenario, to one start.
struct Ask<'a, 'b> {
    client: &'a mut Client<'b>,
    dumps: &'a Dumps,
    rows: Rows,
    path: &'a str,
    seed: u64,
    stop: &'a Stop,
}

impl Visitor for Ask<'_, '_> {
    type Output = Result<Start, Error>;

    fn visit<W: Workload>(mut self) -> Result<Start, Error> {
        self.ask::<W>(0, WARMUP)?;
        self.dumps.mark(self.stop)?;
        let mut batches = Vec::new();
        for number in 1..=BATCHES {
            self.ask::<W>(number, REQUESTS)?;
            let once = self.dumps.mark(self.stop)?;
            self.ask::<W>(number, REQUESTS)?;
            self.ask::<W>(number, REQUESTS)?;
            let twice = self.dumps.mark(self.stop)?;
            batches.push(Batch { requests: REQUESTS, once, twice });
        }
        Ok(Start { batches })
    }
}

impl Ask<'_, '_> {
    /// Sends the first `count` requests of a stream, and checks each answer by its value.
    fn ask<W: Workload>(&mut self, stream: u64, count: u64) -> Result<(), Error> {
        let mut workload = W::new(Setup {
            address: self.client.address(),
            path: self.path.to_owned(),
            rows: self.rows.clone(),
            seed: self.seed.wrapping_mul(BATCHES + 1).wrapping_add(stream),
            shard: 0,
            compared: 1,
        });
        let mut request = Vec::new();
        for _ in 0..count {
            let question = workload.ask(&mut request);
            self.client
                .ask(&request, |reply| workload.check(question, reply))
                .map_err(|error| error.map(|violation| violation.to_string()))?;
        }
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

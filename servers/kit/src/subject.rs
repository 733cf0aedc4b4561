//! A server under test, and the process of it that cases share.

use std::{
    collections::BTreeSet,
    process::ExitStatus,
    sync::{Arc, LazyLock, Mutex as StdMutex, MutexGuard},
    time::Duration,
};

use anyhow::{Result, anyhow, bail};
use registry::Server;
use tokio::{
    runtime::{Builder, Runtime},
    sync::{Mutex, RwLock},
    time::timeout,
};

use crate::{
    bench::Bench,
    cases::{Case, Process},
    database::Database,
    ledger::Ledger,
    process::Running,
    proxy::{OPEN, Proxy},
};

/// The time limit of a case; most cases take milliseconds.
const CASE_LIMIT: Duration = Duration::from_secs(60);

/// The pool of a shared process: small, so that users have to wait for its connections.
pub(crate) const POOL: usize = 4;

/// The proxies of shared processes outlive the runtimes of the cases, and therefore run in one of their own.
static PROXIES: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("proxies")
        .enable_all()
        .build()
        .expect("a thread for the proxies can be started")
});

/// A server under test. Its cases share one process, which is replaced when it has ended or a case has failed on it.
pub(crate) struct Subject {
    server: Server,
    /// None if the server has no database.
    database: Option<Arc<Database>>,
    ledger: Arc<Ledger>,
    /// Cases that share the process hold it for reading, a case that must be alone with the process for writing.
    turn: RwLock<()>,
    /// None before the first start; an error if a start has failed, after which none is tried.
    shared: Mutex<Option<Result<Arc<Shared>, String>>>,
    deaths: StdMutex<Vec<Death>>,
}

/// A shared process, and the proxy between it and its database.
pub(crate) struct Shared {
    pub(crate) running: Running,
    /// None if the server has no database.
    pub(crate) proxy: Option<Proxy>,
    users: StdMutex<Users>,
}

/// The cases that ask a shared process.
#[derive(Default)]
struct Users {
    /// The cases that are asking it.
    now: BTreeSet<&'static str>,
    /// The case that was the last to leave it.
    last: Option<&'static str>,
    /// Whether a case has failed on it, or is known to have ended it.
    spoilt: bool,
}

/// A shared process that ended although it was not asked to.
struct Death {
    /// The cases that may have ended it.
    suspects: BTreeSet<&'static str>,
    sentence: String,
}

impl Subject {
    pub(crate) fn new(
        server: Server,
        database: Option<Arc<Database>>,
        ledger: Arc<Ledger>,
    ) -> Self {
        Self {
            server,
            database,
            ledger,
            turn: RwLock::new(()),
            shared: Mutex::new(None),
            deaths: StdMutex::default(),
        }
    }

    /// Runs a case to its end or its time limit.
    pub(crate) async fn run(&self, case: &Case) -> Result<()> {
        let outcome = match case.process {
            Process::Own => limited(case, &self.bench(None)).await,
            Process::Alone => self.run_alone(case).await,
            Process::Shared => self.run_in_company(case).await,
        };
        self.ledger.count_case(&self.server.name);
        outcome
    }

    async fn run_in_company(&self, case: &Case) -> Result<()> {
        let turn = self.turn.read().await;
        let shared = self.process().await?;
        let company = shared.enter(case.name);
        let outcome = limited(case, &self.bench(Some(&shared))).await;
        if shared.running.exit_status_after(&outcome).await.is_some() {
            // Any of the cases in company may have ended the process. Each is run again, alone with a new process,
            // and answers for that one only.
            drop(turn);
            return self.run_alone(case).await;
        }
        shared.leave(case.name, outcome.is_err());
        outcome.map_err(|error| {
            let error = with_log(error, &shared.running);
            if company.is_empty() {
                return error;
            }
            let company: Vec<_> = company.into_iter().collect();
            error.context(format!("asked in company of {}", company.join(", ")))
        })
    }

    async fn run_alone(&self, case: &Case) -> Result<()> {
        let _turn = self.turn.write().await;
        let shared = self.process().await?;
        shared.enter(case.name);
        let outcome = limited(case, &self.bench(Some(&shared))).await;
        let Some(exit) = shared.running.exit_status_after(&outcome).await else {
            shared.leave(case.name, outcome.is_err());
            return outcome.map_err(|error| with_log(error, &shared.running));
        };
        shared.leave(case.name, true);
        lock(&self.deaths).retain(|death| !death.suspects.contains(case.name));
        let said = shared.running.log();
        let ended = format!("{} ended the server ({exit}), which said: {said}", case.name);
        let found = outcome.err().unwrap_or_else(|| anyhow!("the case itself has found no fault"));
        Err(found.context(ended))
    }

    /// The shared process; a new one if there is none, or if it has ended or a case has failed on it.
    async fn process(&self) -> Result<Arc<Shared>> {
        let mut current = self.shared.lock().await;
        if let Some(Err(error)) = &*current {
            bail!("the server did not start: {error}");
        }
        if let Some(Ok(shared)) = &*current {
            match (shared.running.exit_status(), shared.is_spoilt()) {
                (None, false) => return Ok(Arc::clone(shared)),
                (Some(exit), false) => lock(&self.deaths).push(self.death(shared, exit)),
                (_, true) => {}
            }
        }
        // The old process goes first, so that two of them never compete.
        *current = None;
        let started = self.start_shared().await.map_err(|error| format!("{error:#}"));
        let shared = current.insert(started.map(Arc::new)).as_ref();
        shared.map(Arc::clone).map_err(|error| anyhow!("the server did not start: {error}"))
    }

    async fn start_shared(&self) -> Result<Shared> {
        let bench = self.bench(None);
        let (proxy, mut settings) = if self.database.is_some() {
            let bench = self.bench(None);
            let (proxy, settings) =
                PROXIES.spawn(async move { bench.proxied(OPEN).await }).await??;
            (Some(proxy), settings)
        } else {
            (None, bench.settings())
        };
        settings.pool_size = POOL.to_string();
        let running = bench.start(&settings).await?;
        Ok(Shared { running, proxy, users: StdMutex::default() })
    }

    /// Kills the shared process and waits for its end.
    pub(crate) async fn kill_shared(&self) -> Result<()> {
        match &*self.shared.lock().await {
            Some(Ok(shared)) => shared.running.kill(),
            _ => bail!("there is no shared process"),
        }
    }

    fn bench(&self, shared: Option<&Arc<Shared>>) -> Bench {
        Bench {
            server: self.server.clone(),
            database: self.database.clone(),
            ledger: Arc::clone(&self.ledger),
            shared: shared.map(Arc::clone),
        }
    }

    fn death(&self, shared: &Shared, exit: ExitStatus) -> Death {
        let suspects = shared.suspects();
        let cases: Vec<_> = suspects.iter().copied().collect();
        let sentence = format!(
            "{}: the server that cases share ended ({exit}) during or after {}, which alone did not end it again; it said: {}",
            self.server.name,
            cases.join(", "),
            shared.running.log()
        );
        Death { suspects, sentence }
    }
}

impl Drop for Subject {
    /// Reports the deaths that no case has been found to cause.
    fn drop(&mut self) {
        if let Some(Ok(shared)) = self.shared.get_mut().take()
            && let Some(exit) = shared.running.exit_status()
            && !shared.is_spoilt()
        {
            let death = self.death(&shared, exit);
            lock(&self.deaths).push(death);
        }
        for death in lock(&self.deaths).drain(..) {
            self.ledger.report_death(death.sentence);
        }
    }
}

impl Shared {
    /// Notes that a case begins to ask, and returns the cases that are asking already.
    fn enter(&self, case: &'static str) -> BTreeSet<&'static str> {
        let mut users = lock(&self.users);
        let company = users.now.clone();
        users.now.insert(case);
        company
    }

    /// Notes that a case has ended; a process on which one has failed is used by no further case.
    fn leave(&self, case: &'static str, failed: bool) {
        let mut users = lock(&self.users);
        users.now.remove(case);
        users.last = Some(case);
        users.spoilt |= failed;
    }

    fn is_spoilt(&self) -> bool {
        lock(&self.users).spoilt
    }

    /// The cases that were asking when the process ended; if none was, the one that had asked last.
    fn suspects(&self) -> BTreeSet<&'static str> {
        let users = lock(&self.users);
        if users.now.is_empty() { users.last.into_iter().collect() } else { users.now.clone() }
    }
}

async fn limited(case: &Case, bench: &Bench) -> Result<()> {
    match timeout(CASE_LIMIT, (case.run)(bench)).await {
        Ok(outcome) => outcome,
        Err(_) => bail!("the case took more than {CASE_LIMIT:?}"),
    }
}

/// Adds the server's log to an error, if it has more than the line at its start.
fn with_log(error: anyhow::Error, running: &Running) -> anyhow::Error {
    let log = running.log();
    if log.lines().count() > 1 { error.context(format!("the server said: {log}")) } else { error }
}

fn lock<T>(mutex: &StdMutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder of the lock panics")
}

//! A case's view of its surroundings: the server under test, the database behind it, and the truth.

use std::sync::{Arc, LazyLock};

use anyhow::{Context as _, Result, anyhow};
use demo_data::{Row, Truth};
use registry::Server;
use serde_json::Value;
use url::Url;

use crate::{
    database::Database,
    http::{Answer, Connection, compare},
    ledger::Ledger,
    process::{Running, Settings},
    proxy::{Mode, OPEN, Proxy},
    subject::Shared,
};

/// The exact answer to every lookup.
pub(crate) static TRUTH: LazyLock<Truth> =
    LazyLock::new(|| Truth::new(demo_data::SEED, demo_data::ROWS));

/// One case's view of a server: a process that it shares with other cases, or the means to start its own.
pub(crate) struct Bench {
    pub(crate) server: Server,
    /// None if the server has no database.
    pub(crate) database: Option<Arc<Database>>,
    pub(crate) ledger: Arc<Ledger>,
    /// The shared process; none for a case that starts its own.
    pub(crate) shared: Option<Arc<Shared>>,
}

impl Bench {
    /// Settings that reach the database directly.
    pub(crate) fn settings(&self) -> Settings {
        Settings::new(self.database.as_ref().map(|database| database.url().to_string()))
    }

    /// The server's database.
    pub(crate) fn database(&self) -> Result<&Database> {
        self.database.as_deref().context("the server has no database")
    }

    /// The process that this case shares.
    pub(crate) fn shared(&self) -> Result<&Running> {
        Ok(&self.shared_process()?.running)
    }

    /// The proxy between the shared process and its database.
    pub(crate) fn proxy(&self) -> Result<&Proxy> {
        self.shared_process()?.proxy.as_ref().context("the server has no database to be watched at")
    }

    fn shared_process(&self) -> Result<&Shared> {
        self.shared.as_deref().context("the case is listed under Own and has no shared process")
    }

    /// A connection to the shared process.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        self.shared()?.connect().await
    }

    /// Starts a process of the case's own, without waiting for anything.
    pub(crate) fn spawn(&self, settings: &Settings) -> Result<Running> {
        self.ledger.count_start(&self.server.name);
        Running::spawn(&self.server, settings)
    }

    /// Starts a process of the case's own and waits until it is healthy.
    pub(crate) async fn start(&self, settings: &Settings) -> Result<Running> {
        let running = self.spawn(settings)?;
        running.wait_until_ready().await?;
        Ok(running)
    }

    /// Settings that reach the database through a proxy of the case's own.
    pub(crate) async fn proxied(&self, mode: Mode) -> Result<(Proxy, Settings)> {
        let database = self.database()?;
        let proxy = Proxy::start(database.address()?, mode, database.family).await?;
        let address = proxy.address();
        let settings = self.with_url(|url| {
            url.set_ip_host(address.ip())?;
            url.set_port(Some(address.port()))
        })?;
        Ok((proxy, settings))
    }

    /// Settings with another password than the database's.
    pub(crate) fn with_password(&self, password: &str) -> Result<Settings> {
        self.with_url(|url| url.set_password(Some(password)))
    }

    fn with_url(&self, change: impl FnOnce(&mut Url) -> Result<(), ()>) -> Result<Settings> {
        let database = self.database()?;
        let mut url = database.url().clone();
        change(&mut url).map_err(|()| {
            let (variable, scheme) = (database.family.variable(), database.family.name());
            anyhow!("{variable} is no {scheme}://user:password@host:port/database")
        })?;
        Ok(Settings::new(Some(url.to_string())))
    }

    /// A proxied server with this pool, its proxy open.
    pub(crate) async fn start_proxied(
        &self,
        pool_size: usize,
        workers: usize,
    ) -> Result<(Proxy, Running)> {
        let (proxy, mut settings) = self.proxied(OPEN).await?;
        settings.pool_size = pool_size.to_string();
        settings.workers = workers.to_string();
        let running = self.start(&settings).await?;
        Ok((proxy, running))
    }

    /// The rows that a lookup of `name` must find, by ascending id.
    pub(crate) fn expected(&self, name: &str) -> Result<Vec<Value>> {
        self.in_json(|| TRUTH.rows_named(name))
    }

    /// The rows, if the server has a database; none if it has not.
    pub(crate) fn in_json(&self, rows: impl FnOnce() -> Vec<Row>) -> Result<Vec<Value>> {
        let rows = if self.server.has_database() { rows() } else { Vec::new() };
        rows.iter().map(|row| Ok(serde_json::to_value(row)?)).collect()
    }

    /// Looks `name` up and compares every value with the truth. A name that no row can have may be refused.
    pub(crate) async fn check_lookup(&self, connection: &mut Connection, name: &str) -> Result<()> {
        let answer = connection.lookup(name).await?;
        if name.contains('\0') && answer.status == 400 {
            return answer.check_error(400);
        }
        self.check_rows(name, &answer)
    }

    /// Compares an answer to a lookup of `name` with the truth.
    pub(crate) fn check_rows(&self, name: &str, answer: &Answer) -> Result<()> {
        compare(&format!("{name:?}"), &answer.rows()?, &self.expected(name)?)
    }
}

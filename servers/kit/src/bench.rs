//! A case's view of its surroundings: the server under test, the database behind it, and the truth.

use std::sync::{Arc, LazyLock};

use anyhow::{Context as _, Result, anyhow, ensure};
use demo_data::Truth;
use registry::Server;
use serde_json::Value;
use url::Url;

use crate::{
    http::{Answer, Connection},
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
    pub(crate) database: Arc<Url>,
    pub(crate) ledger: Arc<Ledger>,
    /// The shared process; none for a case that starts its own.
    pub(crate) shared: Option<Arc<Shared>>,
}

impl Bench {
    /// Settings that reach the database directly.
    pub(crate) fn settings(&self) -> Settings {
        Settings::new(self.server.has_database().then(|| self.database.to_string()))
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
        let host = self.database.host_str().context("DATABASE_URL names no host")?;
        let upstream = format!("{host}:{}", self.database.port().unwrap_or(3306));
        let proxy = Proxy::start(upstream, mode).await?;
        let mut url = Url::clone(&self.database);
        let address = proxy.address();
        url.set_ip_host(address.ip())
            .and_then(|()| url.set_port(Some(address.port())))
            .map_err(|()| anyhow!("DATABASE_URL is no mysql://user:password@host:port/database"))?;
        Ok((proxy, Settings::new(Some(url.to_string()))))
    }

    /// Settings with another password than the database's.
    pub(crate) fn with_password(&self, password: &str) -> Result<Settings> {
        let mut url = Url::clone(&self.database);
        url.set_password(Some(password)).map_err(|()| anyhow!("DATABASE_URL takes no password"))?;
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

    /// The rows a lookup of `name` must find, by ascending id.
    pub(crate) fn expected(&self, name: &str) -> Result<Vec<Value>> {
        if !self.server.has_database() {
            return Ok(Vec::new());
        }
        TRUTH.rows_named(name).iter().map(|row| Ok(serde_json::to_value(row)?)).collect()
    }

    /// Looks `name` up and compares every value with the truth.
    pub(crate) async fn check_lookup(&self, connection: &mut Connection, name: &str) -> Result<()> {
        let answer = connection.lookup(name).await?;
        self.check_rows(name, &answer)
    }

    /// Compares an answer to a lookup of `name` with the truth.
    pub(crate) fn check_rows(&self, name: &str, answer: &Answer) -> Result<()> {
        let (rows, expected) = (answer.rows()?, self.expected(name)?);
        ensure!(
            rows.len() == expected.len(),
            "{name:?} finds {} rows instead of {}",
            rows.len(),
            expected.len()
        );
        for (row, expected) in rows.iter().zip(&expected) {
            ensure!(row == expected, "{name:?} finds {row} instead of {expected}");
        }
        Ok(())
    }
}

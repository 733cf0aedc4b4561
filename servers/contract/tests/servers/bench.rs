//! What a case is given: the server under test, the database behind it, and the truth.

use std::sync::{Arc, LazyLock};

use anyhow::{Context as _, Result, anyhow, ensure};
use demo_data::Truth;
use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;

use crate::{
    http::{Answer, Connection},
    process::{Running, Settings},
    proxy::{Mode, OPEN, Proxy},
    registry::Server,
};

/// The exact answer to every lookup.
pub(crate) static TRUTH: LazyLock<Truth> =
    LazyLock::new(|| Truth::new(demo_data::SEED, demo_data::ROWS));

/// A server under test. Cases that only ask share one process; cases that disturb start their own.
pub(crate) struct Bench {
    pub(crate) server: Server,
    database: Arc<Url>,
    shared: OnceCell<Result<Running, String>>,
}

impl Bench {
    pub(crate) fn new(server: Server, database: Arc<Url>) -> Self {
        Self { server, database, shared: OnceCell::new() }
    }

    /// Settings that reach the database directly.
    pub(crate) fn settings(&self) -> Settings {
        Settings::new(self.server.has_database().then(|| self.database.to_string()))
    }

    /// The process that all cases share which leave it as they found it.
    pub(crate) async fn shared(&self) -> Result<&Running> {
        let start = async || {
            Running::start(&self.server, &self.settings())
                .await
                .map_err(|error| format!("{error:#}"))
        };
        self.shared
            .get_or_init(start)
            .await
            .as_ref()
            .map_err(|error| anyhow!("the server did not start: {error}"))
    }

    /// A connection to the shared process.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        self.shared().await?.connect().await
    }

    /// What the shared process has said, for the report of a failure.
    pub(crate) fn shared_log(&self) -> Option<String> {
        self.shared.get()?.as_ref().ok().map(Running::log)
    }

    /// A process of the case's own.
    pub(crate) async fn start(&self, settings: &Settings) -> Result<Running> {
        Running::start(&self.server, settings).await
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

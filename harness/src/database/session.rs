//! One kept connection, over which the harness asks the database about itself.

use std::collections::HashMap;
use std::time::Duration;

use demo_data::loader::driver::Conn;
use demo_data::loader::driver::prelude::{FromRow, Queryable};
use demo_data::loader::{self, Progress, SeedReport, Table};
use tokio::runtime::{Builder, Runtime};

use super::error::DatabaseError;
use super::url::DatabaseUrl;
use crate::os::stop::Stop;

/// What the server has counted since its start, over all connections.
///
/// Reading them is counted too: as a question, as rows of the table that `SHOW` fills and scans, and as bytes. Names
/// that a server does not know are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Statements sent by clients.
    pub questions: u64,
    /// SELECT statements, prepared ones included.
    pub com_select: u64,
    /// Executions of prepared statements.
    pub com_stmt_execute: u64,
    /// Preparations of statements.
    pub com_stmt_prepare: u64,
    /// Prepared statements given back.
    pub com_stmt_close: u64,
    /// Pings, resets and the like: the hidden round trips of a pool.
    pub com_admin_commands: u64,
    /// SET statements.
    pub com_set_option: u64,
    /// BEGIN and START TRANSACTION.
    pub com_begin: u64,
    /// COMMIT.
    pub com_commit: u64,
    /// ROLLBACK.
    pub com_rollback: u64,
    /// Connections that are open now, the harness's own included.
    pub threads_connected: u64,
    /// Connections ever tried.
    pub connections: u64,
    /// Connections that broke off.
    pub aborted_clients: u64,
    /// Rows found through an index.
    pub handler_read_key: u64,
    /// Rows read on from there in the index's order.
    pub handler_read_next: u64,
    /// Rows read in the course of a scan.
    pub handler_read_rnd_next: u64,
    /// Pages that were not in memory.
    pub innodb_buffer_pool_reads: u64,
    /// Bytes sent to clients.
    pub bytes_sent: u64,
    /// Bytes had from clients.
    pub bytes_received: u64,
    /// Seconds since the server started.
    pub uptime: u64,
}

impl Counters {
    /// Each counter of both, by `rule`.
    #[must_use]
    pub fn combine(&self, other: &Counters, rule: impl Fn(u64, u64) -> u64) -> Counters {
        Counters {
            questions: rule(self.questions, other.questions),
            com_select: rule(self.com_select, other.com_select),
            com_stmt_execute: rule(self.com_stmt_execute, other.com_stmt_execute),
            com_stmt_prepare: rule(self.com_stmt_prepare, other.com_stmt_prepare),
            com_stmt_close: rule(self.com_stmt_close, other.com_stmt_close),
            com_admin_commands: rule(self.com_admin_commands, other.com_admin_commands),
            com_set_option: rule(self.com_set_option, other.com_set_option),
            com_begin: rule(self.com_begin, other.com_begin),
            com_commit: rule(self.com_commit, other.com_commit),
            com_rollback: rule(self.com_rollback, other.com_rollback),
            threads_connected: rule(self.threads_connected, other.threads_connected),
            connections: rule(self.connections, other.connections),
            aborted_clients: rule(self.aborted_clients, other.aborted_clients),
            handler_read_key: rule(self.handler_read_key, other.handler_read_key),
            handler_read_next: rule(self.handler_read_next, other.handler_read_next),
            handler_read_rnd_next: rule(self.handler_read_rnd_next, other.handler_read_rnd_next),
            innodb_buffer_pool_reads: rule(
                self.innodb_buffer_pool_reads,
                other.innodb_buffer_pool_reads,
            ),
            bytes_sent: rule(self.bytes_sent, other.bytes_sent),
            bytes_received: rule(self.bytes_received, other.bytes_received),
            uptime: rule(self.uptime, other.uptime),
        }
    }
}

/// How long it may take to tell about itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// Settings that bear on a lookup's cost; each server has those of its family.
const SETTINGS: [&str; 27] = [
    "character_set_server",
    "collation_server",
    "innodb_adaptive_hash_index",
    "innodb_buffer_pool_instances",
    "innodb_buffer_pool_size",
    "innodb_flush_log_at_trx_commit",
    "innodb_flush_method",
    "innodb_log_file_size",
    "innodb_page_size",
    "innodb_redo_log_capacity",
    "innodb_stats_auto_recalc",
    "log_bin",
    "max_connections",
    "max_prepared_stmt_count",
    "performance_schema",
    "query_cache_size",
    "query_cache_type",
    "skip_name_resolve",
    "sync_binlog",
    "table_open_cache",
    "thread_cache_size",
    "thread_handling",
    "time_zone",
    "transaction_isolation",
    "tx_isolation",
    "version",
    "version_comment",
];

pub(super) struct Session {
    runtime: Runtime,
    conn: Conn,
}

impl Session {
    pub(super) fn connect(url: &DatabaseUrl) -> Result<Session, DatabaseError> {
        let runtime = runtime()?;
        let conn = runtime.block_on(loader::connect(url.expose()))?;
        Ok(Session { runtime, conn })
    }

    /// As [`Session::connect`], and makes the schema first if it is missing and the user may.
    pub(super) fn connect_making_schema(url: &DatabaseUrl) -> Result<Session, DatabaseError> {
        let runtime = runtime()?;
        let conn = runtime.block_on(loader::connect_making_schema(url.expose()))?;
        Ok(Session { runtime, conn })
    }

    pub(super) fn version(&mut self) -> Result<String, DatabaseError> {
        let rows: Vec<String> = self.ask("SELECT VERSION()")?;
        Ok(rows.concat())
    }

    pub(super) fn settings(&mut self) -> Result<Vec<(String, String)>, DatabaseError> {
        let mut settings: Vec<(String, String)> = self.ask("SHOW GLOBAL VARIABLES")?;
        settings.retain(|(name, _)| SETTINGS.contains(&name.as_str()));
        settings.sort();
        Ok(settings)
    }

    pub(super) fn counters(&mut self) -> Result<Counters, DatabaseError> {
        let rows: Vec<(String, String)> = self.ask("SHOW GLOBAL STATUS")?;
        let status: HashMap<String, String> =
            rows.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
        let count = |name: &str| {
            let value = status.get(name);
            value.and_then(|value| value.parse().ok()).unwrap_or(0)
        };
        Ok(Counters {
            questions: count("questions"),
            com_select: count("com_select"),
            com_stmt_execute: count("com_stmt_execute"),
            com_stmt_prepare: count("com_stmt_prepare"),
            com_stmt_close: count("com_stmt_close"),
            com_admin_commands: count("com_admin_commands"),
            com_set_option: count("com_set_option"),
            com_begin: count("com_begin"),
            com_commit: count("com_commit"),
            com_rollback: count("com_rollback"),
            threads_connected: count("threads_connected"),
            connections: count("connections"),
            aborted_clients: count("aborted_clients"),
            handler_read_key: count("handler_read_key"),
            handler_read_next: count("handler_read_next"),
            handler_read_rnd_next: count("handler_read_rnd_next"),
            innodb_buffer_pool_reads: count("innodb_buffer_pool_reads"),
            bytes_sent: count("bytes_sent"),
            bytes_received: count("bytes_received"),
            uptime: count("uptime"),
        })
    }

    fn ask<T>(&mut self, question: &str) -> Result<Vec<T>, DatabaseError>
    where
        T: FromRow + Send + 'static,
    {
        let asked = async { tokio::time::timeout(PATIENCE, self.conn.query(question)).await };
        self.runtime
            .block_on(asked)
            .map_err(|_| DatabaseError::Ask(format!("no answer within {} s", PATIENCE.as_secs())))?
            .map_err(|error| DatabaseError::Ask(error.to_string()))
    }
}

/// Seeds or proves the published table.
pub(super) fn ensure_seeded(
    url: &DatabaseUrl,
    progress: &Progress,
) -> Result<SeedReport, DatabaseError> {
    let seeding = loader::ensure(url.expose(), Table::PUBLISHED, progress);
    Ok(runtime()?.block_on(seeding)?)
}

/// As [`ensure_seeded`], until `stop` is set. A table that was being filled lacks its index, so it is
/// never taken for a whole one.
pub(super) fn ensure_seeded_unless(
    url: &DatabaseUrl,
    progress: &Progress,
    stop: &Stop,
) -> Result<Option<SeedReport>, DatabaseError> {
    let runtime = runtime()?;
    let stopped = async {
        while !stop.is_set() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let report = runtime.block_on(async {
        tokio::select! {
            report = loader::ensure(url.expose(), Table::PUBLISHED, progress) => report.map(Some),
            () = stopped => Ok(None),
        }
    });
    // Rows may still be drawn on another thread; no one waits for them.
    runtime.shutdown_background();
    Ok(report?)
}

/// Compares the table with the published one, and changes nothing.
pub(super) fn state(url: &DatabaseUrl) -> Result<loader::State, DatabaseError> {
    let mut session = Session::connect(url)?;
    let Table { seed, rows } = Table::PUBLISHED;
    let expected = demo_data::Checksum::expected(seed, rows);
    session
        .runtime
        .block_on(loader::state(&mut session.conn, expected))
        .map_err(|error| DatabaseError::Ask(error.to_string()))
}

/// Everything here waits for one thing at a time.
fn runtime() -> Result<Runtime, DatabaseError> {
    Builder::new_current_thread().enable_all().build().map_err(DatabaseError::Runtime)
}

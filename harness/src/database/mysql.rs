//! MySQL and MariaDB: one protocol, one set of counters.

use std::collections::BTreeMap;
use std::time::Duration;

use demo_data::Checksum;
use demo_data::loader::mysql::{self, Connection};
use demo_data::loader::{Progress, SeedReport, State, Table};
use tokio::runtime::{Builder, Runtime};

use super::counters::{Counter, Counters};
use super::error::DatabaseError;
use super::{Family, Session};
use crate::os::stop::{Interrupted, Stop};
use crate::os::url::SecretUrl;

/// The time that the server may take to answer a question about itself.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// The server's own names for each counter, in lower case; a counter is the sum of those that it knows.
const COUNTERS: [(Counter, &[&str]); Counter::ALL.len()] = [
    (Counter::Queries, &["com_select"]),
    (Counter::Executions, &["com_stmt_execute"]),
    (Counter::Prepares, &["com_stmt_prepare"]),
    (Counter::Closes, &["com_stmt_close"]),
    (
        Counter::ExtraRoundTrips,
        &["com_admin_commands", "com_set_option", "com_begin", "com_commit", "com_rollback"],
    ),
    (Counter::RowsRead, &["handler_read_key", "handler_read_next", "handler_read_rnd_next"]),
    (Counter::PagesRead, &["innodb_buffer_pool_reads"]),
    (Counter::BytesSent, &["bytes_sent"]),
    (Counter::BytesReceived, &["bytes_received"]),
    (Counter::Connects, &["connections"]),
    (Counter::Connections, &["threads_connected"]),
];

/// Settings that bear on a lookup's cost; MySQL has some of them, MariaDB others.
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

/// The family of MySQL and MariaDB.
#[derive(Debug)]
pub(super) struct Mysql;

impl Family for Mysql {
    fn name(&self) -> &'static str {
        "mysql"
    }

    fn product(&self, version: &str) -> &'static str {
        if version.contains("MariaDB") { "mariadb" } else { "mysql" }
    }

    fn default_port(&self) -> u16 {
        3306
    }

    fn url_form(&self) -> &'static str {
        mysql::URL_FORM
    }

    fn connect(&self, url: &SecretUrl) -> Result<Box<dyn Session>, DatabaseError> {
        let runtime = runtime()?;
        let connection = runtime.block_on(Connection::open(url.expose()))?;
        Ok(Box::new(MysqlSession { runtime, connection }))
    }

    fn connect_making_schema(&self, url: &SecretUrl) -> Result<Box<dyn Session>, DatabaseError> {
        let runtime = runtime()?;
        let connection = runtime.block_on(Connection::open_making_schema(url.expose()))?;
        Ok(Box::new(MysqlSession { runtime, connection }))
    }

    fn seed(
        &self,
        url: &SecretUrl,
        progress: &Progress,
        stop: &Stop,
    ) -> Result<SeedReport, DatabaseError> {
        let runtime = runtime()?;
        let stopped = async {
            while !stop.is_set() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let report = runtime.block_on(async {
            tokio::select! {
                report = mysql::ensure(url.expose(), Table::PUBLISHED, progress) => Ok(report?),
                () = stopped => Err(Interrupted.into()),
            }
        });
        // Rows may still be drawn on another thread; there is no need to wait for them.
        runtime.shutdown_background();
        report
    }
}

/// A connection, and the event loop that drives it.
struct MysqlSession {
    runtime: Runtime,
    connection: Connection,
}

impl MysqlSession {
    /// The rows of an answer with two columns.
    fn pairs(&mut self, question: &str) -> Result<Vec<(String, String)>, DatabaseError> {
        let answer = self.connection.rows(question);
        let answer = async { tokio::time::timeout(ANSWER_TIMEOUT, answer).await };
        match self.runtime.block_on(answer) {
            Ok(pairs) => Ok(pairs?),
            Err(_) => Err(DatabaseError::Silent(ANSWER_TIMEOUT)),
        }
    }
}

impl Session for MysqlSession {
    fn state(&mut self) -> Result<State, DatabaseError> {
        let Table { seed, rows } = Table::PUBLISHED;
        let expected = Checksum::expected(seed, rows);
        Ok(self.runtime.block_on(self.connection.state(expected))?)
    }

    fn version(&mut self) -> Result<String, DatabaseError> {
        let answer = self.pairs("SELECT 'version', VERSION()")?;
        Ok(answer.into_iter().map(|(_, version)| version).collect())
    }

    fn settings(&mut self) -> Result<BTreeMap<String, String>, DatabaseError> {
        let settings = self.pairs("SHOW GLOBAL VARIABLES")?.into_iter();
        Ok(settings.filter(|(name, _)| SETTINGS.contains(&name.as_str())).collect())
    }

    fn counters(&mut self) -> Result<Counters, DatabaseError> {
        Ok(counters(self.pairs("SHOW GLOBAL STATUS")?))
    }
}

fn counters(status: Vec<(String, String)>) -> Counters {
    let status: BTreeMap<String, u64> = status
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_lowercase(), value.parse().ok()?)))
        .collect();
    let sum = |(counter, names): (Counter, &[&str])| {
        let known = names.iter().filter_map(|name| status.get(*name));
        Some((counter, known.copied().reduce(|a, b| a + b)?))
    };
    COUNTERS.into_iter().filter_map(sum).collect()
}

/// An event loop that waits for one thing at a time.
fn runtime() -> Result<Runtime, DatabaseError> {
    Builder::new_current_thread().enable_all().build().map_err(DatabaseError::Runtime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_the_sum_of_the_servers_own() {
        let status =
            [("Com_select", "7"), ("Com_begin", "2"), ("Com_commit", "3"), ("Uptime", "9")];
        let status = status.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let expected = [(Counter::Queries, 7), (Counter::ExtraRoundTrips, 5)];
        assert_eq!(counters(status.into()), expected.into_iter().collect());
    }

    #[test]
    fn every_counter_has_a_name() {
        assert_eq!(COUNTERS.map(|(counter, _)| counter), Counter::ALL);
    }
}

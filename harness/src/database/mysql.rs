//! MySQL and MariaDB: one protocol, one set of counters.

use std::collections::BTreeMap;

use demo_data::Checksum;
use demo_data::loader::mysql::{self, Connection};
use demo_data::loader::{Progress, SeedReport, State, Table};
use tokio::runtime::Runtime;

use super::counters::{Counter, Counters};
use super::error::DatabaseError;
use super::{Family, Session, answered, remove_insertions_sql, runtime, until_stopped};
use crate::os::stop::Stop;
use crate::os::url::SecretUrl;

/// The server's own names for each counter, in lower case; a counter is the sum of those that it knows.
const COUNTERS: [(Counter, &[&str]); Counter::ALL.len()] = [
    (Counter::Queries, &["com_select"]),
    (Counter::Changes, &["com_insert", "com_update", "com_delete", "com_replace"]),
    (Counter::Executions, &["com_stmt_execute"]),
    (Counter::Prepares, &["com_stmt_prepare"]),
    (Counter::Closes, &["com_stmt_close"]),
    (
        Counter::ExtraRoundTrips,
        &["com_admin_commands", "com_set_option", "com_begin", "com_commit", "com_rollback"],
    ),
    (Counter::RowsRead, &["handler_read_key", "handler_read_next", "handler_read_rnd_next"]),
    (Counter::PagesTouched, &["innodb_buffer_pool_read_requests"]),
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
        until_stopped(stop, mysql::ensure(url.expose(), Table::PUBLISHED, progress))
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
        answered(&self.runtime, self.connection.rows(question))
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

    fn remove_insertions(&mut self) -> Result<(), DatabaseError> {
        self.pairs(&remove_insertions_sql()).map(drop)
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

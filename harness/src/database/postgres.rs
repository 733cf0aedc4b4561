//! PostgreSQL. What it executed is counted by pg_stat_statements, at once; pg_stat_database lags by a second.

use std::collections::BTreeMap;

use demo_data::Checksum;
use demo_data::loader::postgres::{self, Connection};
use demo_data::loader::{LoadError, Progress, SeedReport, State, Table};
use tokio::runtime::Runtime;

use super::counters::{Counter, Counters};
use super::error::DatabaseError;
use super::{Family, Session, answered, remove_insertions_sql, runtime, until_stopped};
use crate::os::stop::Stop;
use crate::os::url::SecretUrl;

/// The counters of all statements of the database, but those of the harness, which name the view that they read. What is
/// no query is a round trip beyond those that were asked for: SET, BEGIN, COMMIT and the like.
const STATEMENTS: &str = "
    WITH counted AS (
        SELECT calls, plans, shared_blks_hit, shared_blks_read, query ~* '^\\s*(select|with|values|table)\\y' AS is_query,
            query ~* '^\\s*(insert|update|delete|merge)\\y' AS is_change
        FROM pg_stat_statements
        WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND query !~ 'pg_stat_(statements|database|activity)'
    )
    SELECT 'queries', coalesce(sum(calls) FILTER (WHERE is_query), 0)::text FROM counted
    UNION ALL SELECT 'changes', coalesce(sum(calls) FILTER (WHERE is_change), 0)::text FROM counted
    UNION ALL SELECT 'extra', coalesce(sum(calls) FILTER (WHERE NOT is_query AND NOT is_change), 0)::text FROM counted
    UNION ALL SELECT 'plans', coalesce(sum(plans), 0)::text FROM counted
    UNION ALL SELECT 'touched', coalesce(sum(shared_blks_hit + shared_blks_read), 0)::text FROM counted
    UNION ALL SELECT 'read', coalesce(sum(shared_blks_read), 0)::text FROM counted";

/// The counters of connections.
const CONNECTIONS: &str = "
    SELECT 'connects', sessions::text FROM pg_stat_database WHERE datname = current_database()
    UNION ALL SELECT 'connections', count(*)::text FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend'";

/// The name of each counter in the answers to the two queries.
const COUNTERS: [(Counter, &str); 8] = [
    (Counter::Queries, "queries"),
    (Counter::Changes, "changes"),
    (Counter::Prepares, "plans"),
    (Counter::ExtraRoundTrips, "extra"),
    (Counter::PagesTouched, "touched"),
    (Counter::PagesRead, "read"),
    (Counter::Connects, "connects"),
    (Counter::Connections, "connections"),
];

/// Settings that bear on a query's cost.
const SETTINGS: &str = "
    SELECT name, current_setting(name) FROM pg_settings WHERE name IN (
        'autovacuum', 'checkpoint_timeout', 'dynamic_shared_memory_type', 'effective_cache_size', 'fsync',
        'full_page_writes', 'huge_pages', 'jit', 'lc_collate', 'maintenance_work_mem', 'max_connections',
        'max_wal_size', 'plan_cache_mode', 'random_page_cost', 'server_encoding', 'server_version', 'shared_buffers',
        'shared_preload_libraries', 'ssl', 'synchronous_commit', 'wal_level', 'work_mem',
        'default_transaction_isolation', 'pg_stat_statements.track_planning')
    UNION ALL SELECT 'time_zone', current_setting('TimeZone')";

/// The family of PostgreSQL.
#[derive(Debug)]
pub(super) struct Postgres;

impl Family for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn product(&self, _: &str) -> &'static str {
        "postgres"
    }

    fn default_port(&self) -> u16 {
        5432
    }

    fn url_form(&self) -> &'static str {
        postgres::URL_FORM
    }

    fn connect(&self, url: &SecretUrl) -> Result<Box<dyn Session>, DatabaseError> {
        let runtime = runtime()?;
        let connection = runtime.block_on(Connection::open(url.expose()))?;
        Ok(Box::new(PostgresSession { connection, runtime, has_statements: None }))
    }

    fn connect_making_schema(&self, url: &SecretUrl) -> Result<Box<dyn Session>, DatabaseError> {
        let runtime = runtime()?;
        let connection = runtime.block_on(Connection::open_making_database(url.expose()))?;
        Ok(Box::new(PostgresSession { connection, runtime, has_statements: None }))
    }

    fn seed(
        &self,
        url: &SecretUrl,
        progress: &Progress,
        stop: &Stop,
    ) -> Result<SeedReport, DatabaseError> {
        until_stopped(stop, postgres::ensure(url.expose(), Table::PUBLISHED, progress))
    }
}

/// A connection, and the event loop that drives it.
struct PostgresSession {
    connection: Connection,
    runtime: Runtime,
    /// Whether the database has pg_stat_statements; absent until that was asked.
    has_statements: Option<bool>,
}

impl PostgresSession {
    /// The rows of an answer with two columns.
    fn pairs(&mut self, question: &str) -> Result<Vec<(String, String)>, DatabaseError> {
        answered(&self.runtime, self.connection.pairs(question))
    }

    /// The counters of statements; none where the database has no pg_stat_statements, or its server has not loaded it.
    fn statements(&mut self) -> Result<Vec<(String, String)>, DatabaseError> {
        if self.has_statements.is_none() {
            let there = self.pairs("SELECT '', to_regclass('pg_stat_statements') IS NOT NULL")?;
            self.has_statements = Some(there.iter().any(|(_, there)| there == "t"));
        }
        if self.has_statements == Some(false) {
            return Ok(Vec::new());
        }
        match self.pairs(STATEMENTS) {
            Err(DatabaseError::Load(LoadError::Server { .. })) => {
                self.has_statements = Some(false);
                Ok(Vec::new())
            }
            read => read,
        }
    }
}

impl Session for PostgresSession {
    fn state(&mut self) -> Result<State, DatabaseError> {
        let Table { seed, rows } = Table::PUBLISHED;
        let expected = Checksum::expected(seed, rows);
        Ok(self.runtime.block_on(self.connection.state(expected))?)
    }

    fn version(&mut self) -> Result<String, DatabaseError> {
        let answer = self.pairs("SELECT 'version', current_setting('server_version')")?;
        Ok(answer.into_iter().map(|(_, version)| version).collect())
    }

    fn settings(&mut self) -> Result<BTreeMap<String, String>, DatabaseError> {
        Ok(self.pairs(SETTINGS)?.into_iter().collect())
    }

    fn counters(&mut self) -> Result<Counters, DatabaseError> {
        let mut read = self.pairs(CONNECTIONS)?;
        read.extend(self.statements()?);
        Ok(counters(&read))
    }

    /// Also frees the room of the rows that were removed: nothing else does, and an index that keeps them grows.
    fn remove_insertions(&mut self) -> Result<(), DatabaseError> {
        answered(&self.runtime, self.connection.execute(&remove_insertions_sql()))?;
        answered(&self.runtime, self.connection.execute("VACUUM demo_data"))
    }
}

fn counters(read: &[(String, String)]) -> Counters {
    let value = |(counter, name): (Counter, &str)| {
        let (_, value) = read.iter().find(|(read, _)| read == name)?;
        Some((counter, value.parse().ok()?))
    };
    COUNTERS.into_iter().filter_map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_was_not_read_is_absent() {
        let read = [("connects", "7"), ("connections", "33")];
        let read = read.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let expected = [(Counter::Connects, 7), (Counter::Connections, 33)];
        assert_eq!(counters(&read), expected.into_iter().collect());
    }
}

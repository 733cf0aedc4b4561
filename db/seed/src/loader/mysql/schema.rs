//! The schema of the table: how each dialect writes it, and what a database reports.

use std::fmt;

use mysql_async::{Conn, prelude::Queryable};

use crate::loader::OURS;

/// The two dialects, which differ in the name of the exact, no-pad collation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// MariaDB 10.11 and newer.
    MariaDb,
    /// MySQL 8.0.17 and newer.
    MySql,
}

impl Dialect {
    /// The dialect of the server behind a connection.
    pub(super) async fn of(conn: &mut Conn) -> Result<Dialect, mysql_async::Error> {
        let version: Option<String> = conn.query_first("SELECT VERSION()").await?;
        let mariadb = version.is_some_and(|version| version.contains("MariaDB"));
        Ok(if mariadb { Dialect::MariaDb } else { Dialect::MySql })
    }

    fn collation(self) -> &'static str {
        match self {
            Dialect::MariaDb => "utf8mb4_nopad_bin",
            Dialect::MySql => "utf8mb4_0900_bin",
        }
    }

    /// The statement that creates the empty table.
    #[must_use]
    pub fn create_table(self) -> &'static str {
        match self {
            Dialect::MariaDb => include_str!("../../../../schema/mariadb/table.sql"),
            Dialect::MySql => include_str!("../../../../schema/mysql/table.sql"),
        }
    }

    /// The statement that creates the index on names.
    #[must_use]
    pub fn create_index(self) -> &'static str {
        match self {
            Dialect::MariaDb => include_str!("../../../../schema/mariadb/index.sql"),
            Dialect::MySql => include_str!("../../../../schema/mysql/index.sql"),
        }
    }

    /// The statement that creates the empty table of agents.
    pub(super) fn create_agents(self) -> &'static str {
        match self {
            Dialect::MariaDb => include_str!("../../../../schema/mariadb/agents.sql"),
            Dialect::MySql => include_str!("../../../../schema/mysql/agents.sql"),
        }
    }

    /// The statement that creates the empty table of the agents' status.
    pub(super) fn create_agent_status(self) -> &'static str {
        match self {
            Dialect::MariaDb => include_str!("../../../../schema/mariadb/agent_status.sql"),
            Dialect::MySql => include_str!("../../../../schema/mysql/agent_status.sql"),
        }
    }

    /// The schema that [`found`] must report.
    pub(super) fn schema(self) -> Schema {
        Schema(format!(
            "InnoDB, id bigint auto_increment, name varchar(255) {}, create_time timestamp, update_time timestamp, \
             key (name), unique key PRIMARY (id)",
            self.collation()
        ))
    }
}

/// A table's engine, columns and keys in one canonical line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Schema(String);

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A query with one row of information_schema for the engine, each column and each key, in a fixed order. It is
/// written so that servers which differ only in how they describe a default agree.
const DESCRIBE: &str = "
    SELECT part FROM (
        SELECT 1 AS kind, 0 AS position, CAST(ENGINE AS CHAR) AS part
        FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'demo_data'
        UNION ALL
        SELECT 2, ORDINAL_POSITION, CONCAT(
            COLUMN_NAME, ' ', DATA_TYPE,
            COALESCE(CONCAT('(', CHARACTER_MAXIMUM_LENGTH, ')'), ''),
            IF(COLUMN_TYPE LIKE '%unsigned%', ' unsigned', ''),
            IF(DATETIME_PRECISION > 0, CONCAT('(', DATETIME_PRECISION, ')'), ''),
            COALESCE(CONCAT(' ', COLLATION_NAME), ''),
            IF(IS_NULLABLE = 'YES', ' null', ''),
            IF(EXTRA LIKE '%auto_increment%', ' auto_increment', ''),
            IF(EXTRA LIKE '%on update%', ' on update', ''))
        FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'demo_data'
        UNION ALL
        SELECT 3, MAX(NON_UNIQUE = 0), CONCAT(
            IF(MAX(NON_UNIQUE), 'key', 'unique key'),
            IF(INDEX_NAME = 'PRIMARY', ' PRIMARY', ''), ' (',
            GROUP_CONCAT(COLUMN_NAME, COALESCE(CONCAT('(', SUB_PART, ')'), '') ORDER BY SEQ_IN_INDEX), ')')
        FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'demo_data'
        GROUP BY INDEX_NAME
    ) AS parts ORDER BY kind, position, part";

/// The schema of the table `demo_data`; `None` if there is no such table.
pub(super) async fn found(conn: &mut Conn) -> Result<Option<Schema>, mysql_async::Error> {
    let parts: Vec<String> = conn.query(DESCRIBE).await?;
    Ok((!parts.is_empty()).then(|| Schema(parts.join(", "))))
}

/// Whether the loader made a table, as its comment says; absent if there is no such table.
pub(super) async fn is_ours(
    conn: &mut Conn,
    table: &str,
) -> Result<Option<bool>, mysql_async::Error> {
    const COMMENT: &str = "SELECT CAST(TABLE_COMMENT AS CHAR) FROM information_schema.TABLES \
                           WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?";
    let comment: Option<String> = conn.exec_first(COMMENT, (table,)).await?;
    Ok(comment.map(|comment| comment == OURS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_holds_one_statement() {
        for dialect in [Dialect::MariaDb, Dialect::MySql] {
            let (table, index) = (dialect.create_table(), dialect.create_index());
            let (agents, status) = (dialect.create_agents(), dialect.create_agent_status());
            assert!(table.contains("CREATE TABLE demo_data") && index.contains("CREATE INDEX"));
            for statement in [table, agents, status] {
                assert!(statement.contains(dialect.collation()) && statement.contains(OURS));
            }
            for statement in [table, index, agents, status] {
                assert_eq!(statement.matches(';').count(), 1);
                assert!(statement.trim_end().ends_with(';'));
            }
        }
    }
}

//! The schema of the table: the statements that make it, and what a database reports.

use tokio_postgres::{Client, Error};

use super::connection::pairs;
use crate::loader::OURS;

/// The statements that create the empty table and mark it as the loader's.
pub const CREATE_TABLE: &str = include_str!("../../../../schema/postgres/table.sql");

/// The statements that create the empty tables of agents and of their status, and mark them as the loader's.
pub(super) const CREATE_AGENTS: &str = include_str!("../../../../schema/postgres/agents.sql");

/// The statement that creates the index on names.
pub const CREATE_INDEX: &str = include_str!("../../../../schema/postgres/index.sql");

/// Computes the planner's statistics, which are then the same after every seeding, and so are its plans.
pub const ANALYZE: &str = "ANALYZE demo_data";

/// The schema that [`found`] must report.
pub(super) const SCHEMA: &str = "table, id bigint not null identity, name character varying(255) C not null, \
     create_time timestamp(0) with time zone not null, update_time timestamp(0) with time zone not null, \
     index (name), unique index primary (id)";

/// A query with one row for the kind of the table, each column and each index, in a fixed order; none if there is no
/// such table on the search path.
const DESCRIBE: &str = "
    SELECT '', part FROM (
        SELECT 1 AS kind, 0 AS position,
            CASE relkind WHEN 'r' THEN 'table' ELSE 'relation of kind ' || relkind::text END ||
            CASE relpersistence WHEN 'p' THEN '' ELSE ' of persistence ' || relpersistence::text END ||
            CASE WHEN relhastriggers THEN ' with triggers' ELSE '' END ||
            CASE WHEN relrowsecurity THEN ' with row security' ELSE '' END AS part
        FROM pg_class WHERE oid = to_regclass('demo_data')
        UNION ALL
        SELECT 2, attnum,
            attname || ' ' || format_type(atttypid, atttypmod) ||
            coalesce(' ' || (SELECT collname FROM pg_collation
                             WHERE oid = attcollation AND attcollation <> 0), '') ||
            CASE WHEN attnotnull THEN ' not null' ELSE '' END ||
            CASE WHEN attidentity = '' THEN '' ELSE ' identity' END ||
            CASE WHEN attgenerated = '' THEN '' ELSE ' generated' END
        FROM pg_attribute WHERE attrelid = to_regclass('demo_data') AND attnum > 0 AND NOT attisdropped
        UNION ALL
        SELECT 3, indisunique::int,
            CASE WHEN indisunique THEN 'unique ' ELSE '' END || 'index' ||
            CASE WHEN indisprimary THEN ' primary' ELSE '' END ||
            CASE WHEN indisvalid THEN '' ELSE ' invalid' END ||
            CASE WHEN indpred IS NULL THEN '' ELSE ' partial' END || ' (' ||
            (SELECT string_agg(pg_get_indexdef(indexrelid, n, true), ',' ORDER BY n)
             FROM generate_series(1, indnatts) AS n) || ')'
        FROM pg_index WHERE indrelid = to_regclass('demo_data')
    ) AS parts ORDER BY kind, position, part";

/// The kind, the columns and the indexes of the table `demo_data` in one line; absent if there is no such table.
pub(super) async fn found(client: &Client) -> Result<Option<String>, Error> {
    let parts = pairs(client, DESCRIBE).await?;
    let parts: Vec<_> = parts.into_iter().map(|(_, part)| part).collect();
    Ok((!parts.is_empty()).then(|| parts.join(", ")))
}

/// Whether the loader made a table, as its comment says; absent if there is no such table.
pub(super) async fn is_ours(client: &Client, table: &str) -> Result<Option<bool>, Error> {
    let comment = format!(
        "SELECT '', coalesce(obj_description(oid, 'pg_class'), '') FROM pg_class \
         WHERE oid = to_regclass('{table}')"
    );
    let comment = pairs(client, &comment).await?.pop();
    Ok(comment.map(|(_, comment)| comment == OURS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_hold_what_the_loader_looks_for() {
        assert!(CREATE_TABLE.contains("CREATE TABLE demo_data") && CREATE_TABLE.contains(OURS));
        assert!(CREATE_INDEX.contains("CREATE INDEX demo_data_name"));
    }
}

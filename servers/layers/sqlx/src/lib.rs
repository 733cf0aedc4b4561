//! sqlx without an ORM, on MySQL and PostgreSQL. Its connections, their pool and leases on them are also those of the
//! layer sea-orm, so that the two differ by the ORM alone. The README says what was decided.

/// Writes items once for each database that sqlx speaks here: in them, `Database` is the one of the two.
macro_rules! on_both {
    ($($item:item)*) => {
        mod mysql {
            use super::*;
            type Database = ::sqlx::MySql;
            $($item)*
        }
        mod postgres {
            use super::*;
            type Database = ::sqlx::Postgres;
            $($item)*
        }
    };
}

mod agents;
mod batch;
mod dialect;
mod insert;
mod lookup;
mod model;
mod page;
mod pool;

pub use crate::{
    dialect::{Dialect, Sql},
    model::{Agent, DemoRow},
    pool::{Connections, Connector, Lease, open, ping},
};

use contract::{
    Settings, SettingsError,
    store::{Store, StoreError},
};

/// sqlx on the database `D`.
pub struct Sqlx<D: Dialect>(Connections<D>);

/// sqlx on MySQL.
pub type SqlxMysql = Sqlx<sqlx::MySql>;

/// sqlx on PostgreSQL.
pub type SqlxPostgres = Sqlx<sqlx::Postgres>;

impl<D: Dialect> Clone for Sqlx<D> {
    fn clone(&self) -> Sqlx<D> {
        Sqlx(self.0.clone())
    }
}

impl<D: Dialect> Store for Sqlx<D> {
    fn open(settings: &Settings) -> Result<Sqlx<D>, SettingsError> {
        open(settings).map(Sqlx)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        ping(&self.0).await
    }
}

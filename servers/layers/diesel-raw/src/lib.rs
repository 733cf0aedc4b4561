//! The C libraries of MariaDB and PostgreSQL, as near as safe code gets: Diesel's connections, pool and statement cache, with
//! SQL of our own and rows as tuples. The README says what that leaves in.

/// Writes items once for each database: in them, `Connection` is the one to it.
macro_rules! on_both {
    ($($item:item)*) => {
        mod mysql {
            use super::*;
            type Connection = ::diesel::MysqlConnection;
            $($item)*
        }
        mod postgres {
            use super::*;
            type Connection = ::diesel::PgConnection;
            $($item)*
        }
    };
}

mod agents;
mod batch;
mod insert;
mod lookup;
mod model;
mod page;
mod sql;

use contract::{
    Settings, SettingsError,
    store::{Store, StoreError},
};
use layer_diesel::{Connections, Dialect};

pub use crate::model::{Agent, DemoRow};

/// The C library behind connections `C`.
pub struct Raw<C: Dialect>(Connections<C>);

/// libmariadb.
pub type Mysqlclient = Raw<diesel::MysqlConnection>;

/// libpq.
pub type Libpq = Raw<diesel::PgConnection>;

impl<C: Dialect> Clone for Raw<C> {
    fn clone(&self) -> Raw<C> {
        Raw(self.0.clone())
    }
}

impl<C: Dialect> Store for Raw<C> {
    fn open(settings: &Settings) -> Result<Raw<C>, SettingsError> {
        Connections::open(settings).map(Raw)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.0.ping().await
    }
}

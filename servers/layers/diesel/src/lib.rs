//! Diesel on MySQL and PostgreSQL: its query builder and r2d2, on tokio's blocking threads. The README says what was
//! decided.

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
mod manager;
mod page;
mod pool;

use contract::{
    Settings, SettingsError,
    store::{Store, StoreError},
};

pub use crate::{manager::Dialect, pool::Connections};

/// Diesel over connections `C`.
pub struct Diesel<C: Dialect>(Connections<C>);

/// Diesel on MySQL.
pub type DieselMysql = Diesel<diesel::MysqlConnection>;

/// Diesel on PostgreSQL.
pub type DieselPostgres = Diesel<diesel::PgConnection>;

impl<C: Dialect> Clone for Diesel<C> {
    fn clone(&self) -> Diesel<C> {
        Diesel(self.0.clone())
    }
}

impl<C: Dialect> Store for Diesel<C> {
    fn open(settings: &Settings) -> Result<Diesel<C>, SettingsError> {
        Ok(Diesel(Connections::open(settings)?))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.0.ping().await
    }
}

//! Diesel's query builder over mysql_async and tokio-postgres, by diesel-async, with deadpool. The README says what was
//! decided.

/// Writes items once for each database: in them, `Connection` is the one to it.
macro_rules! on_both {
    ($($item:item)*) => {
        mod mysql {
            use super::*;
            type Connection = ::diesel_async::AsyncMysqlConnection;
            $($item)*
        }
        mod postgres {
            use super::*;
            type Connection = ::diesel_async::AsyncPgConnection;
            $($item)*
        }
    };
}

mod agents;
mod batch;
mod insert;
mod lookup;
mod page;
mod pool;

pub use crate::pool::{Dialect, DieselAsync, DieselAsyncMysql, DieselAsyncPostgres};

use async_trait::async_trait;
use deadpool::managed::Object;
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement,
    sea_query::Values,
    sqlx::{self, AssertSqlSafe, Connection, Executor, MySql, query::Query},
};
use sea_query_sqlx::SqlxValues;
use tokio::sync::{Mutex, MutexGuard};

use crate::pool::Manager;

/// A pooled connection that SeaORM can query. A lease that is dropped closes it: only [`Lease::give_back`] returns it to
/// the pool, so none comes back after an error, or in the middle of an answer when the request was dropped.
pub(crate) struct Lease {
    // SeaORM queries through a shared reference, sqlx through a unique one.
    connection: Option<Mutex<Object<Manager>>>,
}

impl Lease {
    pub(crate) fn new(connection: Object<Manager>) -> Lease {
        Lease { connection: Some(Mutex::new(connection)) }
    }

    /// Returns the connection to the pool; call it when all that was asked has been answered.
    pub(crate) fn give_back(mut self) {
        drop(self.connection.take());
    }

    pub(crate) async fn ping(&self) -> Result<(), DbErr> {
        self.lock().await.ping().await.map_err(|error| DbErr::Conn(runtime(error)))
    }

    async fn lock(&self) -> MutexGuard<'_, Object<Manager>> {
        self.connection.as_ref().expect("only giving back and dropping take it").lock().await
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection.into_inner()));
        }
    }
}

#[async_trait]
impl ConnectionTrait for Lease {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::MySql
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let done = prepared(statement).execute(&mut **self.lock().await).await;
        done.map(ExecResult::from).map_err(|error| DbErr::Exec(runtime(error)))
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let done = self.lock().await.execute(AssertSqlSafe(sql)).await;
        done.map(ExecResult::from).map_err(|error| DbErr::Exec(runtime(error)))
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let row = prepared(statement).fetch_optional(&mut **self.lock().await).await;
        row.map(|row| row.map(QueryResult::from)).map_err(|error| DbErr::Query(runtime(error)))
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let rows = prepared(statement).fetch_all(&mut **self.lock().await).await;
        rows.map(|rows| rows.into_iter().map(QueryResult::from).collect())
            .map_err(|error| DbErr::Query(runtime(error)))
    }
}

/// Makes SeaORM's statement one of sqlx, which the connection prepares on its first use and keeps. SeaORM writes the
/// SQL itself and binds every value, which is what sqlx asks to be assured of.
fn prepared(statement: Statement) -> Query<'static, MySql, SqlxValues> {
    let values = statement.values.unwrap_or(Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql), SqlxValues(values))
}

fn runtime(error: sqlx::Error) -> RuntimeErr {
    RuntimeErr::SqlxError(error.into())
}

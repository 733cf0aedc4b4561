use async_trait::async_trait;
use layer_sqlx::{Dialect, Lease};
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement,
    sea_query::Values,
    sqlx::{self, AssertSqlSafe, Executor, MySql, Postgres, query::Query},
};
use sea_query_sqlx::SqlxValues;
use tokio::sync::{Mutex, MutexGuard};

/// A database that SeaORM can query over sqlx.
pub trait Backend: Dialect {
    /// SeaORM's word for it.
    const BACKEND: DbBackend;

    /// Carries out a statement that returns no rows.
    fn execute(
        connection: &mut Self::Connection,
        statement: Statement,
    ) -> impl Future<Output = Result<ExecResult, sqlx::Error>> + Send;

    /// Carries out a statement without parameters, and without preparing it.
    fn execute_unprepared(
        connection: &mut Self::Connection,
        sql: &str,
    ) -> impl Future<Output = Result<ExecResult, sqlx::Error>> + Send;

    /// The first row that a statement returns.
    fn fetch_first(
        connection: &mut Self::Connection,
        statement: Statement,
    ) -> impl Future<Output = Result<Option<QueryResult>, sqlx::Error>> + Send;

    /// All rows that a statement returns.
    fn fetch_all(
        connection: &mut Self::Connection,
        statement: Statement,
    ) -> impl Future<Output = Result<Vec<QueryResult>, sqlx::Error>> + Send;
}

/// Implements [`Backend`]: sqlx's types have no bounds in common that would let it be written for all.
macro_rules! backend {
    ($database:ident, $backend:ident) => {
        impl Backend for $database {
            const BACKEND: DbBackend = DbBackend::$backend;

            async fn execute(
                connection: &mut Self::Connection,
                statement: Statement,
            ) -> Result<ExecResult, sqlx::Error> {
                prepared::<$database>(statement).execute(connection).await.map(ExecResult::from)
            }

            async fn execute_unprepared(
                connection: &mut Self::Connection,
                sql: &str,
            ) -> Result<ExecResult, sqlx::Error> {
                connection.execute(AssertSqlSafe(sql)).await.map(ExecResult::from)
            }

            async fn fetch_first(
                connection: &mut Self::Connection,
                statement: Statement,
            ) -> Result<Option<QueryResult>, sqlx::Error> {
                let row = prepared::<$database>(statement).fetch_optional(connection).await?;
                Ok(row.map(QueryResult::from))
            }

            async fn fetch_all(
                connection: &mut Self::Connection,
                statement: Statement,
            ) -> Result<Vec<QueryResult>, sqlx::Error> {
                let rows = prepared::<$database>(statement).fetch_all(connection).await?;
                Ok(rows.into_iter().map(QueryResult::from).collect())
            }
        }
    };
}

backend!(MySql, MySql);
backend!(Postgres, Postgres);

/// Makes SeaORM's statement one of sqlx, which the connection prepares on its first use and keeps. SeaORM writes the
/// SQL itself and binds every value, which is what sqlx asks to be assured of.
fn prepared<D>(statement: Statement) -> Query<'static, D, SqlxValues>
where
    D: sqlx::Database,
    SqlxValues: sqlx::IntoArguments<D>,
{
    let values = statement.values.unwrap_or(Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql), SqlxValues(values))
}

/// A pooled connection that SeaORM can query. A session that is dropped closes it: only [`Session::give_back`] returns
/// it to the pool.
pub(crate) struct Session<D: Dialect> {
    // SeaORM queries through a shared reference, sqlx through a unique one.
    lease: Mutex<Lease<D>>,
}

impl<D: Dialect> Session<D> {
    pub(crate) fn new(lease: Lease<D>) -> Session<D> {
        Session { lease: Mutex::new(lease) }
    }

    /// Returns the connection to the pool; call it when all that was asked has been answered.
    pub(crate) fn give_back(self) {
        self.lease.into_inner().give_back();
    }

    async fn lock(&self) -> MutexGuard<'_, Lease<D>> {
        self.lease.lock().await
    }
}

#[async_trait]
impl<D: Backend> ConnectionTrait for Session<D> {
    fn get_database_backend(&self) -> DbBackend {
        D::BACKEND
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let done = D::execute(&mut *self.lock().await, statement).await;
        done.map_err(|error| DbErr::Exec(runtime(error)))
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let done = D::execute_unprepared(&mut *self.lock().await, sql).await;
        done.map_err(|error| DbErr::Exec(runtime(error)))
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let row = D::fetch_first(&mut *self.lock().await, statement).await;
        row.map_err(|error| DbErr::Query(runtime(error)))
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let rows = D::fetch_all(&mut *self.lock().await, statement).await;
        rows.map_err(|error| DbErr::Query(runtime(error)))
    }
}

fn runtime(error: sqlx::Error) -> RuntimeErr {
    RuntimeErr::SqlxError(error.into())
}

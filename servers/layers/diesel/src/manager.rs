use contract::{DatabaseUrl, Family};
use diesel::{
    ConnectionError, MysqlConnection, PgConnection,
    r2d2::{ManageConnection, R2D2Connection},
    result::QueryResult,
};

/// A connection of Diesel to a database.
pub trait Dialect: R2D2Connection + 'static {
    /// The database's family.
    const FAMILY: Family;
}

impl Dialect for MysqlConnection {
    const FAMILY: Family = Family::Mysql;
}

impl Dialect for PgConnection {
    const FAMILY: Family = Family::Postgres;
}

/// Makes connections, and discards those on which something failed.
///
/// Diesel's own manager regards a connection as broken only when a transaction was left open, or on PostgreSQL when
/// libpq has seen it closed, and relies on a ping before each use for the rest. That ping would be a round trip per request.
pub(crate) struct Manager<C> {
    url: DatabaseUrl,
    connection: std::marker::PhantomData<fn() -> C>,
}

impl<C> Manager<C> {
    pub(crate) fn new(url: DatabaseUrl) -> Manager<C> {
        Manager { url, connection: std::marker::PhantomData }
    }
}

/// A connection that remembers whether anything has ever gone wrong on it.
pub(crate) struct Session<C> {
    connection: C,
    broken: bool,
}

impl<C> Session<C> {
    /// Runs `work`; the session counts as broken until it has succeeded, so also when it panics.
    pub(crate) fn run<T>(&mut self, work: impl FnOnce(&mut C) -> QueryResult<T>) -> QueryResult<T> {
        self.broken = true;
        let answer = work(&mut self.connection)?;
        self.broken = false;
        Ok(answer)
    }
}

impl<C: Dialect> ManageConnection for Manager<C> {
    type Connection = Session<C>;
    type Error = ConnectionError;

    fn connect(&self) -> Result<Session<C>, ConnectionError> {
        let connection = C::establish(self.url.expose())?;
        Ok(Session { connection, broken: false })
    }

    fn is_valid(&self, session: &mut Session<C>) -> Result<(), ConnectionError> {
        session.connection.ping().map_err(ConnectionError::CouldntSetupConfiguration)
    }

    fn has_broken(&self, session: &mut Session<C>) -> bool {
        session.broken
    }
}

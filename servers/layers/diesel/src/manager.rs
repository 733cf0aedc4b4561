use contract::DatabaseUrl;
use diesel::{
    Connection, ConnectionError,
    mysql::MysqlConnection,
    r2d2::{ManageConnection, R2D2Connection},
    result::QueryResult,
};

/// Makes connections, and discards those on which something failed.
///
/// Diesel's own manager regards a MySQL connection as broken only when a transaction was left open, and relies on a
/// ping before each use for the rest. That ping would be a round trip per request.
pub(crate) struct Manager {
    url: DatabaseUrl,
}

impl Manager {
    pub(crate) fn new(url: DatabaseUrl) -> Manager {
        Manager { url }
    }
}

/// A connection that remembers whether anything has ever gone wrong on it.
pub(crate) struct Session {
    connection: MysqlConnection,
    broken: bool,
}

impl Session {
    /// Runs `work`; the session counts as broken until it has succeeded, so also when it panics.
    pub(crate) fn run<T>(
        &mut self,
        work: impl FnOnce(&mut MysqlConnection) -> QueryResult<T>,
    ) -> QueryResult<T> {
        self.broken = true;
        let answer = work(&mut self.connection)?;
        self.broken = false;
        Ok(answer)
    }
}

impl ManageConnection for Manager {
    type Connection = Session;
    type Error = ConnectionError;

    fn connect(&self) -> Result<Session, ConnectionError> {
        let connection = MysqlConnection::establish(self.url.expose())?;
        Ok(Session { connection, broken: false })
    }

    fn is_valid(&self, session: &mut Session) -> Result<(), ConnectionError> {
        session.connection.ping().map_err(ConnectionError::CouldntSetupConfiguration)
    }

    fn has_broken(&self, session: &mut Session) -> bool {
        session.broken
    }
}

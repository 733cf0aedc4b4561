use contract::store::StoreError;
use deadpool_postgres::ClientWrapper;
use layer_deadpool::Connect;
use tokio_postgres::{Config, Error, NoTls, Row, types::ToSql};

/// Makes connections.
pub(crate) struct Connector(pub(crate) Config);

impl Connect for Connector {
    type Connection = ClientWrapper;
    type Error = Error;

    async fn connect(&self) -> Result<ClientWrapper, Error> {
        let (client, connection) = self.0.connect(NoTls).await?;
        // An error of the connection reaches the client, whose query then fails with it.
        let driving = tokio::spawn(async move { drop(connection.await) });
        Ok(ClientWrapper::new(client, driving))
    }
}

/// The rows that a statement returns, which is prepared on its first use and kept.
pub(crate) async fn query<T>(
    client: &ClientWrapper,
    statement: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<T>, StoreError>
where
    T: for<'row> TryFrom<&'row Row, Error = Error>,
{
    let rows = async {
        let statement = client.prepare_cached(statement).await?;
        let rows = client.query(&statement, parameters).await?;
        rows.iter().map(T::try_from).collect::<Result<Vec<T>, Error>>()
    };
    rows.await.map_err(StoreError::unavailable::<Error>)
}

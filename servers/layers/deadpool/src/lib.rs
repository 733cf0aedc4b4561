//! [deadpool](https://docs.rs/deadpool), as all asynchronous layers have it whose driver brings no pool: no round trip of its
//! own, the warmest connection first, and none that might not be good.

use std::{
    error::Error,
    ops::{Deref, DerefMut},
};

use contract::store::StoreError;
use deadpool::managed::{self, Metrics, Object, Pool, QueueMode, RecycleResult};

/// Makes connections.
pub trait Connect: Send + Sync + 'static {
    /// A connection.
    type Connection: Send + 'static;
    /// Why there is none.
    type Error: Error + Send + Sync + 'static;

    /// Makes a connection.
    fn connect(&self) -> impl Future<Output = Result<Self::Connection, Self::Error>> + Send;
}

/// A pool of connections. Cloning shares it.
pub struct Connections<C: Connect>(Pool<Manager<C>>);

impl<C: Connect> Clone for Connections<C> {
    fn clone(&self) -> Connections<C> {
        Connections(self.0.clone())
    }
}

impl<C: Connect> Connections<C> {
    /// Makes a pool of up to `size` connections, without connecting.
    #[must_use]
    pub fn new(connect: C, size: usize) -> Connections<C> {
        let pool = Pool::builder(Manager(connect))
            .max_size(size)
            // The connection that was used last is the warmest; the drivers' own pools do the same.
            .queue_mode(QueueMode::Lifo)
            .build()
            .expect("a pool without timeouts needs no runtime");
        Connections(pool)
    }

    /// Takes a connection, and waits for one if all are taken.
    pub async fn lease(&self) -> Result<Lease<C>, StoreError> {
        let connection = self.0.get().await.map_err(StoreError::unavailable)?;
        Ok(Lease(Some(connection)))
    }
}

/// A pooled connection. A lease that is dropped closes it: only [`Lease::give_back`] returns it to the pool, so none comes
/// back after an error, or in the middle of an answer when the request was dropped.
pub struct Lease<C: Connect>(Option<Object<Manager<C>>>);

impl<C: Connect> Lease<C> {
    /// Returns the connection to the pool; call it when all that was asked has been answered.
    pub fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl<C: Connect> Deref for Lease<C> {
    type Target = C::Connection;

    fn deref(&self) -> &C::Connection {
        self.0.as_ref().expect("only giving back and dropping take it")
    }
}

impl<C: Connect> DerefMut for Lease<C> {
    fn deref_mut(&mut self) -> &mut C::Connection {
        self.0.as_mut().expect("only giving back and dropping take it")
    }
}

impl<C: Connect> Drop for Lease<C> {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Object::take(connection));
        }
    }
}

/// Has deadpool make connections. One that comes back is good: a [`Lease`] returns no other.
struct Manager<C>(C);

impl<C: Connect> managed::Manager for Manager<C> {
    type Type = C::Connection;
    type Error = C::Error;

    async fn create(&self) -> Result<C::Connection, C::Error> {
        self.0.connect().await
    }

    async fn recycle(&self, _: &mut C::Connection, _: &Metrics) -> RecycleResult<C::Error> {
        Ok(())
    }
}

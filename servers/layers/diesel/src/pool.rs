use std::sync::Arc;

use contract::{
    Settings, SettingsError,
    store::{DEADLINE, StoreError},
};
use diesel::{
    r2d2::{NopErrorHandler, Pool},
    result::QueryResult,
};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::manager::{Dialect, Manager};

/// An r2d2 pool, and as many permits to occupy a blocking thread as it has connections.
pub struct Connections<C: Dialect> {
    pool: Pool<Manager<C>>,
    permits: Arc<Semaphore>,
}

impl<C: Dialect> Clone for Connections<C> {
    fn clone(&self) -> Connections<C> {
        Connections { pool: self.pool.clone(), permits: Arc::clone(&self.permits) }
    }
}

impl<C: Dialect> Connections<C> {
    /// Makes the pool without connecting.
    pub fn open(settings: &Settings) -> Result<Connections<C>, SettingsError> {
        let size = u32::try_from(settings.pool_size).expect("POOL_SIZE is at most 65535");
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .max_lifetime(None)
            .idle_timeout(None)
            .test_on_check_out(false)
            .connection_timeout(DEADLINE)
            .error_handler(Box::new(NopErrorHandler))
            .build_unchecked(Manager::new(settings.database_url(C::FAMILY)?.clone()));
        Ok(Connections { pool, permits: Arc::new(Semaphore::new(settings.pool_size)) })
    }

    /// Whether the database answers now.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.interact(C::ping).await
    }

    /// Runs `work` with a connection on a blocking thread.
    ///
    /// The wait for a connection is the wait for a permit: it holds no thread, so there are never more than POOL_SIZE
    /// of them, and the deadline can end it. Work that has begun cannot be cancelled and keeps its permit to its end.
    pub async fn interact<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut C) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit =
            Arc::clone(&self.permits).acquire_owned().await.expect("the semaphore is never closed");
        let pool = self.pool.clone();
        spawn_blocking(move || {
            let answer = pool
                .get()
                .map_err(StoreError::unavailable)
                .and_then(|mut session| session.run(work).map_err(StoreError::unavailable));
            drop(permit);
            answer
        })
        .await
        .unwrap_or_else(|panicked| Err(StoreError::unavailable(panicked)))
    }
}

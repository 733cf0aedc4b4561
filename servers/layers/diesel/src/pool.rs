use std::sync::Arc;

use contract::{
    Settings, SettingsError,
    store::{DEADLINE, Store, StoreError},
};
use diesel::{
    mysql::MysqlConnection,
    r2d2::{NopErrorHandler, Pool, R2D2Connection},
    result::QueryResult,
};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::manager::Manager;

/// An r2d2 pool, and as many permits to occupy a blocking thread as it has connections.
#[derive(Clone)]
pub struct Diesel {
    pool: Pool<Manager>,
    permits: Arc<Semaphore>,
}

impl Store for Diesel {
    fn open(settings: &Settings) -> Result<Diesel, SettingsError> {
        let size = u32::try_from(settings.pool_size).expect("POOL_SIZE is at most 65535");
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .max_lifetime(None)
            .idle_timeout(None)
            .test_on_check_out(false)
            .connection_timeout(DEADLINE)
            .error_handler(Box::new(NopErrorHandler))
            .build_unchecked(Manager::new(settings.database_url()?.clone()));
        Ok(Diesel { pool, permits: Arc::new(Semaphore::new(settings.pool_size)) })
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.interact(MysqlConnection::ping).await
    }
}

impl Diesel {
    /// Runs `work` with a connection on a blocking thread.
    ///
    /// The wait for a connection is the wait for a permit: it holds no thread, so there are never more than POOL_SIZE
    /// of them, and the deadline can end it. Work that has begun cannot be cancelled and keeps its permit to its end.
    pub(crate) async fn interact<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut MysqlConnection) -> QueryResult<T> + Send + 'static,
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

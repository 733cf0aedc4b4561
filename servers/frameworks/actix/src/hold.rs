use std::{
    collections::{HashSet, hash_map::RandomState},
    hash::{BuildHasher, Hasher},
    io,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    thread::{self, ThreadId},
    time::Duration,
};

use actix_web::{
    HttpResponse,
    rt::{
        net::TcpStream,
        time::{sleep, timeout},
    },
    web::{self, Data, ServiceConfig},
};
use contract::store::DEADLINE;
use tokio::{io::AsyncWriteExt, sync::Semaphore};

/// The time that a stop may spend on holding workers: some may be too busy.
const TIMEOUT: Duration = Duration::from_millis(200);

/// Keeps all workers running at a stop until no request can be waiting for the database any more.
///
/// actix ends a worker as soon as it has no request left, and with it the runtime that drives the database connections
/// opened there. The pool is shared, so a request of another worker may be using one of them, and would fail. Therefore
/// each worker gets a last request, which takes as long as a call to the store can take.
pub(crate) struct Hold {
    /// A path that only this process knows, so that no client can occupy a worker.
    path: String,
    /// A permit for each last request that has arrived.
    arrived: Semaphore,
    /// The workers at which last requests have arrived.
    held: Mutex<HashSet<ThreadId>>,
}

impl Hold {
    pub(crate) fn new() -> Hold {
        let secret = RandomState::new().build_hasher().finish();
        Hold {
            path: format!("/hold-{secret:x}"),
            arrived: Semaphore::new(0),
            held: Mutex::default(),
        }
    }

    /// Adds the route that holds a worker.
    pub(crate) fn route(hold: &Data<Hold>, config: &mut ServiceConfig) {
        config.app_data(Data::clone(hold)).route(&hold.path, web::get().to(answer));
    }

    /// Holds all workers. The returned connections must live until the server has stopped.
    pub(crate) async fn workers(&self, address: SocketAddr, workers: usize) -> Vec<TcpStream> {
        let mut streams = Vec::new();
        let held = timeout(TIMEOUT, async {
            // New connections go to the workers in turn, but other clients take turns too.
            while self.held().len() < workers {
                let mut stream = TcpStream::connect(address).await?;
                let request = format!("GET {} HTTP/1.1\r\nhost: hold\r\n\r\n", self.path);
                stream.write_all(request.as_bytes()).await?;
                streams.push(stream);
                self.arrived.acquire().await.map_err(io::Error::other)?.forget();
            }
            io::Result::Ok(())
        });
        // A worker that could not be held stops as actix would have stopped it.
        let _ = held.await;
        streams
    }

    fn held(&self) -> MutexGuard<'_, HashSet<ThreadId>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(hold: Data<Hold>) -> HttpResponse {
    hold.held().insert(thread::current().id());
    hold.arrived.add_permits(1);
    sleep(DEADLINE).await;
    HttpResponse::NoContent().finish()
}

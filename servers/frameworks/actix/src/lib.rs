//! The contract's endpoints in actix-web: resources with the store as application data, extractors for the parameters,
//! and errors that are responses.

mod error;
mod hold;

use std::{future::Future, io, net::TcpListener};

use actix_web::{
    App, HttpServer, Responder,
    http::KeepAlive,
    rt::System,
    web::{self, Data, Json, Query, ServiceConfig},
};
use contract::{DemoQuery, HealthBody, Settings, Shutdown, Store, within_deadline};

use crate::{error::Error, hold::Hold};

/// Seconds a request under way may take to be answered after SIGTERM.
const SHUTDOWN_TIMEOUT: u64 = 3;

/// Serves until the shutdown is requested, with `WORKERS` workers; as ever in actix, each is a thread with a runtime of its own.
pub fn run<S: Store>(
    listener: TcpListener,
    store: S,
    settings: &Settings,
    shutdown: Shutdown,
) -> io::Result<()> {
    System::new().block_on(serve(listener, store, settings, shutdown.requested()))
}

/// Serves until `shutdown` resolves and the requests under way are answered. Needs an actix `System`.
pub async fn serve<S: Store>(
    listener: TcpListener,
    store: S,
    settings: &Settings,
    shutdown: impl Future<Output = ()> + 'static,
) -> io::Result<()> {
    let (address, workers) = (listener.local_addr()?, settings.workers);
    let hold = Data::new(Hold::new());
    let held = Data::clone(&hold);
    let server = HttpServer::new(move || {
        let store = Data::new(store.clone());
        App::new()
            .app_data(store)
            .configure(routes::<S>)
            .configure(|config| Hold::route(&held, config))
    })
    .workers(workers)
    // The default closes a connection that was idle for five seconds; the other frameworks keep it.
    .keep_alive(KeepAlive::Os)
    .disable_signals()
    .shutdown_timeout(SHUTDOWN_TIMEOUT)
    .listen(listener)?
    .run();
    let handle = server.handle();
    actix_web::rt::spawn(async move {
        shutdown.await;
        let _held = hold.workers(address, workers).await;
        handle.stop(true).await;
    });
    server.await
}

fn routes<S: Store>(config: &mut ServiceConfig) {
    let query = web::QueryConfig::default().error_handler(|error, _| Error::Query(error).into());
    let resource = |path, get: actix_web::Route| {
        web::resource(path).route(get).default_service(web::to(method_not_allowed))
    };
    config
        .app_data(query)
        .service(resource("/demo", web::get().to(demo::<S>)))
        .service(resource("/idle", web::get().to(idle::<S>)))
        .service(resource("/health", web::get().to(health::<S>)))
        .default_service(web::to(not_found));
}

async fn demo<S: Store>(
    store: Data<S>,
    query: Query<DemoQuery>,
) -> Result<Json<Vec<S::Item>>, Error> {
    let name = query.into_inner().into_name()?;
    Ok(Json(within_deadline(store.find_by_name(name)).await?))
}

async fn idle<S: Store>(query: Query<DemoQuery>) -> Result<Json<Vec<S::Item>>, Error> {
    query.into_inner().into_name()?;
    Ok(Json(Vec::new()))
}

async fn health<S: Store>(store: Data<S>) -> Result<Json<HealthBody>, Error> {
    within_deadline(store.ping()).await?;
    Ok(Json(HealthBody::of_this_server()))
}

async fn not_found() -> impl Responder {
    Err::<&str, _>(Error::NotFound)
}

async fn method_not_allowed() -> impl Responder {
    Err::<&str, _>(Error::MethodNotAllowed)
}

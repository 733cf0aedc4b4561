//! The only module that uses Goose: it starts the users, runs their transactions and ends them.
//!
//! Goose's own client and metrics are not used: its client stops the clock at the headers.

use std::sync::Arc;

use ::goose::GooseAttack;
use ::goose::client::GooseClientBuilder;
use ::goose::config::GooseConfiguration;
use ::goose::goose::{GooseUser, Scenario, Transaction, TransactionFunction};

use super::engine::{Engine, User};
use super::record::LoadRecord;
use super::spec::LoadSpec;
use super::window::{TurningPoint, Window};
use crate::units::Moment;
use crate::workload::Workload;

/// The reason why a load could not be run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Goose reported an error.
    #[error("the load could not be started: {0}")]
    Goose(String),
    /// The user interrupted the load within its window: half a window is no measurement.
    #[error("interrupted before its window had ended")]
    Interrupted,
    /// The kernel's timer or the runtime failed.
    #[error("the load could not be run")]
    System(#[from] std::io::Error),
}

/// A Goose user's own state. Goose asks for `Clone`; a clone would be a user without a connection.
#[derive(Debug, Default)]
struct Session(Option<User>);

impl Clone for Session {
    fn clone(&self) -> Session {
        Session(None)
    }
}

/// Runs one load, beginning at `start`, on the calling thread. `report` is called at its turning points. A warm-up that is not
/// of fixed length ends at the moment that `window` resolves to, or at once, if that has passed.
///
/// # Errors
/// When Goose or the system cannot start it. Errors of the server are recorded instead.
pub fn attack<W: Workload>(
    spec: &LoadSpec,
    workload: W,
    start: Moment,
    window: impl Future<Output = Moment>,
    report: impl Fn(TurningPoint),
) -> Result<LoadRecord, LoadError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let engine = Arc::new(Engine::new(spec, workload, start)?);
        let attack = configure(spec, &engine)?;
        let load = Window { engine: &engine, spec, start, report };
        // Goose takes up to half a second to stop by itself. It is dropped instead, and its users with the runtime.
        tokio::select! {
            result = attack.execute() => {
                // Users never end by themselves, so only an error or an interrupt ends the attack.
                result.map_err(|error| LoadError::Goose(format!("{error:?}")))?;
                return Err(LoadError::Interrupted);
            }
            result = engine.drive() => result?,
            () = load.run(window) => {}
        }
        // Nothing else ends the engine: only a load that is over has no record.
        engine.finish().ok_or(LoadError::Interrupted)
    })
}

fn configure<W: Workload>(
    spec: &LoadSpec,
    engine: &Arc<Engine<W>>,
) -> Result<GooseAttack, LoadError> {
    let goose = |error: ::goose::GooseError| LoadError::Goose(format!("{error:?}"));
    let host = format!("http://{}/", spec.address);
    let users = spec.users.to_string();
    // Goose starts users as fast as it can, so that all are there within the warm-up.
    let configuration = GooseConfiguration::parse_args_default(&[
        "--host",
        &host,
        "--users",
        &users,
        "--increase-rate",
        "100000",
        "--no-metrics",
        "--no-telnet",
        "-qq",
    ])
    .map_err(goose)?;

    let first = spec.clone();
    let on_start: TransactionFunction = Arc::new(move |user: &mut GooseUser| {
        let index = user.weighted_users_index;
        user.set_session_data(Session(Some(User::new(index, &first))));
        Box::pin(async { Ok(()) })
    });
    let (engine, slice) = (Arc::clone(engine), spec.slice);
    let on_turn: TransactionFunction = Arc::new(move |user: &mut GooseUser| {
        let engine = Arc::clone(&engine);
        Box::pin(async move {
            if let Some(Session(Some(user))) = user.get_session_data_mut::<Session>() {
                let mut now = Moment::now();
                let end = now + slice;
                loop {
                    match engine.turn(user, now).await {
                        Some(done) => now = done,
                        // There is nothing left to send, so the user is idle until the load ends.
                        None => std::future::pending().await,
                    }
                    if now >= end {
                        break;
                    }
                }
            }
            Ok(())
        })
    });
    Ok(GooseAttack::initialize_with_config(configuration)
        .map_err(goose)?
        .set_client_builder_without_cookies(GooseClientBuilder::new().without_cookies())
        .map_err(goose)?
        .register_scenario(
            Scenario::new("stackmark")
                .register_transaction(Transaction::new(on_start).set_on_start())
                .register_transaction(Transaction::new(on_turn)),
        ))
}

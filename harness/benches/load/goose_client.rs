//! Goose as its users have it, with its own client, but without its metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use goose::goose::GooseUser;
use goose::prelude::*;

static ANSWERS: AtomicU64 = AtomicU64::new(0);

/// Runs the client, and prints the number of answers.
pub(crate) fn run(address: &str, users: &str, seconds: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let seconds: u64 = seconds.parse().unwrap();
    let host = format!("http://{address}/");
    let configuration = goose::config::GooseConfiguration::parse_args_default(&[
        "--host",
        &host,
        "--users",
        users,
        "--increase-rate",
        "100000",
        "--no-metrics",
        "--no-telnet",
        "-q",
    ])
    .unwrap();
    let attack = GooseAttack::initialize_with_config(configuration)
        .unwrap()
        .register_scenario(scenario!("client").register_transaction(transaction!(ask)));
    runtime.block_on(async {
        tokio::select! {
            _ = attack.execute() => {}
            () = tokio::time::sleep(std::time::Duration::from_secs(seconds)) => {}
        }
    });
    println!("{}", ANSWERS.load(Ordering::Relaxed));
}

async fn ask(user: &mut GooseUser) -> TransactionResult {
    let answer = user.get("demo").await?;
    if let Ok(response) = answer.response {
        // The answer is read to its end, as every other generator does.
        if response.bytes().await.is_ok() {
            ANSWERS.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}

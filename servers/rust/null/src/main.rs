//! The ceiling: the contract's endpoints on bare tokio sockets, with a right answer for a table that is always empty.
//! It reads and checks what the contract tells it to and nothing else, so no server of the same runtime can be faster.

mod answer;
mod connection;
mod serve;

use std::process::ExitCode;

use contract::Identity;

fn main() -> ExitCode {
    let identity = Identity {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        packages: &["tokio", "httparse"],
    };
    contract::launch(identity, |_| Ok(serve::run))
}

//! The ceiling: the contract's endpoints on bare tokio sockets, with a right answer for a table that is always empty.
//! It reads and checks what the contract asks for and nothing else, so no server of the same runtime can be faster.

mod answer;
mod connection;
mod serve;

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["tokio", "httparse"];
    contract::launch(identity, |_| Ok(serve::run))
}

//! The ceiling: the contract's endpoints on hyper's HTTP/1 alone, with a right answer for a table that is always empty.
//! No server of the same runtime can be faster, whatever its framework and layer.

mod answer;
mod serve;

use std::process::ExitCode;

use contract::Identity;

fn main() -> ExitCode {
    let identity = Identity {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        packages: &["hyper"],
    };
    contract::launch(identity, |_| Ok(serve::run))
}

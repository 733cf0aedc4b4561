//! warp over Diesel.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["warp", "diesel"];
    contract::main(identity, framework_warp::run::<layer_diesel::Diesel>)
}

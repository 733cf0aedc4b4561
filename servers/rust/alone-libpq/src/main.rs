//! A ceiling: libpq without HTTP.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["diesel"];
    contract::main(identity, framework_alone::run::<layer_diesel_raw::Libpq>)
}

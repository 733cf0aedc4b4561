//! `stackmark netprobe`: measures the network between two parts, as the harness does before a run.

use std::net::{TcpListener, ToSocketAddrs};
use std::process::ExitCode;

use anyhow::Context;

use crate::args;
use crate::os::netprobe;

/// Runs the verb.
///
/// # Errors
/// When the address is invalid, or no probe server answers there.
pub fn run(args: &args::Netprobe) -> anyhow::Result<ExitCode> {
    let address =
        args.address.to_socket_addrs().ok().and_then(|mut all| all.next()).with_context(|| {
            format!("{:?} is not host:port; write it like 127.0.0.1:7000", args.address)
        })?;
    if args.serve {
        let listener = TcpListener::bind(address).with_context(|| {
            format!("cannot listen on {address}; name a free address of this machine")
        })?;
        netprobe::serve(&listener)?;
        return Ok(ExitCode::SUCCESS);
    }
    let measured = netprobe::measure(address).with_context(|| {
        format!("no server answers at {address}; start `stackmark netprobe --serve` there")
    })?;
    println!("{}", serde_json::to_string(&measured)?);
    Ok(ExitCode::SUCCESS)
}

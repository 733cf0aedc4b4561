//! The variables that compose.yaml reads, and the file that overrides it where no variable can.

use std::collections::BTreeSet;
use std::fs;
use std::net::Ipv4Addr;

use super::Options;
use super::cli::Cli;
use crate::backend::limits::Given;
use crate::backend::{Context, Network};
use crate::definition::Server;
use crate::failure::Error;
use crate::os::placement::Placement;
use crate::os::port::free_address;

/// Sets the limits, CPUs and addresses that compose.yaml reads, those of these databases among them.
///
/// # Errors
/// When there is no free port, or no file can be written.
pub(super) fn set(
    cli: &mut Cli,
    options: &Options,
    context: Context<'_>,
    databases: &[&str],
    given: &Given,
    placement: &Placement,
) -> Result<(), Error> {
    for (part, cpus) in placement.sets.iter() {
        let name = part.name().to_uppercase();
        cli.set(format!("{name}_CPUS"), cpus.count().to_string());
        cli.set(format!("{name}_CPUSET"), cpus.to_string().replace('+', ","));
        if let Some(mib) = given.memory_mib.get(part) {
            cli.set(format!("{name}_MEMORY"), format!("{mib}m"));
        }
    }
    cli.set("WORKERS", placement.sets.server.count().to_string());
    // The harness itself watches its containers; the engine's checks would cost their CPU time.
    cli.set("NO_HEALTHCHECK", "true".into());
    if options.network == Network::Host {
        // They share the loopback interface.
        let loopback = Ipv4Addr::LOCALHOST.to_string();
        let free =
            || free_address().map_err(|error| Error::Failed(format!("no free port: {error}")));
        for database in databases {
            let name = database.to_uppercase();
            cli.set(format!("{name}_HOST"), loopback.clone());
            cli.set(format!("{name}_PORT"), free()?.port().to_string());
        }
        cli.set("DB_BIND", loopback);
        cli.set("NETPROBE_BIND", free()?.to_string());
    }
    write_override(cli, options, context, databases)
}

/// Overrides compose.yaml where no variable can: for experiments on what the bridge and a quota cost.
fn write_override(
    cli: &mut Cli,
    options: &Options,
    context: Context<'_>,
    databases: &[&str],
) -> Result<(), Error> {
    let host = (options.network == Network::Host).then_some("network_mode: host");
    let free = options.no_quota.then_some("cpu_quota: -1");
    let rules: Vec<&str> = host.into_iter().chain(free).collect();
    if rules.is_empty() {
        return Ok(());
    }
    let servers = context.servers.iter().map(Server::original);
    let databases = databases.iter().copied();
    let services: BTreeSet<&str> =
        ["load", "netprobe"].into_iter().chain(databases).chain(servers).collect();
    let line = |name: &&str| format!("  {name:?}: {{ {} }}\n", rules.join(", "));
    let text: String = services.iter().map(line).collect();
    let folder = context.workspace.private();
    let path = folder.join("compose.yaml");
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&path, format!("services:\n{text}")))
        .map_err(|error| Error::Failed(format!("{} cannot be written: {error}", path.display())))?;
    cli.add(path);
    Ok(())
}

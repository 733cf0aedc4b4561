//! The backend that the command line asks for, or the run that is to be resumed or repeated.

use anyhow::{Context, bail};

use crate::args;
use crate::backend::{AddressTemplate, BackendConfig, Kind, Network};
use crate::format::folder::Raw;
use crate::os::placement::{Cpus, Placement};

/// The backend and its options: as on the command line, else as in the run `before`, else the defaults.
///
/// # Errors
/// An option that another backend has, one that is missing, or a placement on CPUs that are not usable.
pub(super) fn config(
    args: &args::Backend,
    limits: &args::Limits,
    before: Option<&Raw>,
    usable: &Cpus,
) -> anyhow::Result<BackendConfig> {
    let kind = match (args.backend, before) {
        (Some(kind), _) => kind,
        (None, Some(raw)) => Kind::named(&raw.run.backend)
            .with_context(|| format!("{} was made by a backend that is gone", raw.name))?,
        (None, None) => Kind::Local,
    };
    refuse_options_of_others(args, limits, kind)?;
    Ok(match kind {
        Kind::Local => BackendConfig::Local { placement: placement(limits, before, usable)? },
        Kind::Docker => BackendConfig::Docker {
            placement: placement(limits, before, usable)?,
            network: limits.network.or_else(|| network_before(before)).unwrap_or_default(),
            no_quota: limits.no_quota || had_no_quota(before),
        },
        Kind::Attached => BackendConfig::Attached { at: address(args)? },
    })
}

fn refuse_options_of_others(
    args: &args::Backend,
    limits: &args::Limits,
    kind: Kind,
) -> anyhow::Result<()> {
    if args.at.is_some() && kind != Kind::Attached {
        bail!("--at is for servers that are up already: add --backend attached, or leave it out");
    }
    if (limits.network.is_some() || limits.no_quota) && kind != Kind::Docker {
        bail!(
            "--network and --no-quota are for containers: add --backend docker, or leave them out"
        );
    }
    if limits.cpus.is_some() && kind == Kind::Attached {
        bail!(
            "--cpus places what stackmark starts, and attached servers are up already: leave it out"
        );
    }
    Ok(())
}

fn placement(
    limits: &args::Limits,
    before: Option<&Raw>,
    usable: &Cpus,
) -> anyhow::Result<Option<Placement>> {
    // An earlier placement goes through its text, so that it is checked against the CPUs that are usable now.
    let text = limits.cpus.clone().or_else(|| Some(before?.run.cpus.to_string()));
    Ok(text.map(|text| Placement::parse(&text, usable)).transpose()?)
}

fn network_before(before: Option<&Raw>) -> Option<Network> {
    Network::named(&before?.run.site.as_ref()?.network)
}

fn had_no_quota(before: Option<&Raw>) -> bool {
    let server =
        before.and_then(|raw| raw.run.site.as_ref()).and_then(|site| site.given.server.as_ref());
    server.is_some_and(|limits| limits.cpus.is_none())
}

fn address(args: &args::Backend) -> anyhow::Result<AddressTemplate> {
    args.at.as_deref().and_then(AddressTemplate::parse).context(
        "say where the servers are: add --at with {name} for a server's name, as in --at '{name}:8080'",
    )
}

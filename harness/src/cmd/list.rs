//! `stackmark list`: lists servers, scenarios, loads and profiles.

use std::process::ExitCode;

use crate::args::{self, Listed};
use crate::definition::scenario::{Arrivals, Catalogue, Common, LoadKind, Rate};
use crate::definition::{HumanTime, Profile, Registry, Role, Study, select};
use crate::report::table::Table;
use crate::workspace::Workspace;

/// Runs the verb.
///
/// # Errors
/// When a definition cannot be read, or a filter matches nothing.
pub fn run(args: &args::List) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let table = match args.what {
        Listed::Servers => servers(args, &workspace)?,
        Listed::Scenarios => scenarios(args, &workspace)?,
        Listed::Loads => loads(args, &workspace)?,
        Listed::Profiles => profiles(&workspace)?,
        Listed::Studies => studies(&workspace)?,
    };
    table.print(args.format)?;
    Ok(ExitCode::SUCCESS)
}

fn servers(args: &args::List, workspace: &Workspace) -> anyhow::Result<Table> {
    let registry = Registry::read(&workspace.registry())?;
    let servers =
        select("server", registry.servers(), &args.filter.servers, |server| &server.name)?;
    let mut axes = Vec::from(registry::AXES);
    for (axis, _) in servers.iter().flat_map(|server| server.axes.iter()) {
        if !axes.contains(&axis) {
            axes.push(axis);
        }
    }
    let mut table = Table::new(&[&["server", "role"], &axes[..]].concat());
    for server in servers {
        let role = match server.role {
            Role::Contender => "contender",
            Role::Ceiling => "ceiling",
            Role::Control => "control",
        };
        let made_of = axes.iter().map(|axis| server.axes.get(axis));
        let cells = [server.name.as_str(), role].into_iter().chain(made_of);
        table.row(cells.map(str::to_owned).collect());
    }
    Ok(table)
}

fn scenarios(args: &args::List, workspace: &Workspace) -> anyhow::Result<Table> {
    let catalogue = Catalogue::read(&workspace.scenarios())?;
    let mut table = Table::new(&["scenario", "path", "about"]);
    for scenario in
        select("scenario", &catalogue.scenarios, &args.filter.scenarios, |scenario| &scenario.name)?
    {
        table.row(vec![scenario.name.clone(), scenario.path.clone(), scenario.about.clone()]);
    }
    Ok(table)
}

fn loads(args: &args::List, workspace: &Workspace) -> anyhow::Result<Table> {
    let catalogue = Catalogue::read(&workspace.scenarios())?;
    let mut table = Table::new(&["load", "users", "kind", "rate req/s", "arrivals"]);
    for load in select("load", &catalogue.loads, &args.filter.loads, |load| &load.name)? {
        let (kind, rate, arrivals) = match load.kind {
            LoadKind::Closed => ("closed", "as answered".to_owned(), "–"),
            LoadKind::Open { rate, arrivals } => (
                "open",
                match rate {
                    Rate::Fixed(rate) => rate.0.to_string(),
                    Rate::Common(Common::Common) => "common".to_owned(),
                    Rate::Common(Common::NearCapacity) => "near capacity".to_owned(),
                },
                match arrivals {
                    Arrivals::Constant => "constant",
                    Arrivals::Poisson => "poisson",
                },
            ),
        };
        table.row(vec![
            load.name.clone(),
            load.users.to_string(),
            kind.into(),
            rate,
            arrivals.into(),
        ]);
    }
    Ok(table)
}

fn profiles(workspace: &Workspace) -> anyhow::Result<Table> {
    let catalogue = Catalogue::read(&workspace.scenarios())?;
    let mut table = Table::new(&[
        "profile",
        "blocks",
        "rounds",
        "warm-up",
        "later",
        "window",
        "other times",
        "about",
    ]);
    for profile in Profile::read_all(&workspace.scenarios(), &catalogue)? {
        let or_all = |names: &[String], all: &str| match names {
            [] => all.to_owned(),
            names => names.join(" and "),
        };
        let except: Vec<_> = profile
            .except
            .iter()
            .map(|except| {
                let window = except.window.unwrap_or(profile.window);
                let every = except.every.map(|every| format!(" in one of {every} pairs of rounds"));
                let every = every.unwrap_or_default();
                let scenarios = or_all(&except.scenarios, "all scenarios");
                let loads = or_all(&except.loads, "all loads");
                format!("{window}{every} for {scenarios} under {loads}")
            })
            .collect();
        table.row(vec![
            profile.name,
            profile.blocks.to_string(),
            profile.rounds.to_string(),
            warmup(profile.warmup, profile.warmup_limit),
            profile.settle.to_string(),
            profile.window.to_string(),
            except.join("; "),
            profile.about,
        ]);
    }
    Ok(table)
}

fn warmup(least: HumanTime, most: Option<HumanTime>) -> String {
    most.map_or(least.to_string(), |most| format!("{least} to {most}"))
}

fn studies(workspace: &Workspace) -> anyhow::Result<Table> {
    let registry = Registry::read(&workspace.registry())?;
    let catalogue = Catalogue::read(&workspace.scenarios())?;
    let profiles = Profile::read_all(&workspace.scenarios(), &catalogue)?;
    let mut table = Table::new(&["study", "default", "question", "servers", "compares", "cells"]);
    for study in Study::read_all(&workspace.studies(), &catalogue, &profiles)? {
        let servers = study.servers_in(&registry)?.len();
        let cells = study.cells.iter().map(|group| {
            let (scenarios, loads) = (group.scenarios.join(" and "), group.loads.join(" and "));
            let profiles = match &*group.profiles {
                [] => String::new(),
                profiles => format!(" ({})", profiles.join(", ")),
            };
            format!("{scenarios} × {loads}{profiles}")
        });
        table.row(vec![
            study.name,
            if study.default { "yes" } else { "no" }.to_owned(),
            study.question,
            servers.to_string(),
            study.compare.unwrap_or_else(|| "servers".into()),
            cells.collect::<Vec<_>>().join("; "),
        ]);
    }
    Ok(table)
}

//! `stackmark count`: counts the instructions that servers execute for a request.

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;

use super::{commits, gate, interrupt, report};
use crate::args;
use crate::backend::{self, Backend, BackendConfig, Context};
use crate::compare::of_counts;
use crate::definition::scenario::Catalogue;
use crate::definition::server::RunServer;
use crate::definition::{
    DefinitionError, Profile, Registry, Scenario, Server, Side, Study, select,
};
use crate::failure::{Error, Failed};
use crate::format::counts::{Counted, Counts, NotCounted};
use crate::format::folder::{self, Raw};
use crate::format::journal::Entry;
use crate::os::machine;
use crate::os::placement::{Cpus, Placement};
use crate::os::stop::Stop;
use crate::plan::Plan;
use crate::report::table::{Format, print};
use crate::report::{counted, counted_change};
use crate::run::count::{Counter, USERS, Valgrind, binary};
use crate::run::progress::{Progress, TerminalProgress};
use crate::workload::Rows;
use crate::workspace::Workspace;

/// Runs the verb. The exit status is 1 if a server failed or a comparison of two commits shows what it must not, and 130
/// if the user stopped it.
///
/// # Errors
/// When valgrind is missing, a filter matches nothing, a service does not start, or the counts do not belong to the run
/// that they are meant for.
pub fn run(args: &args::Count) -> anyhow::Result<ExitCode> {
    let valgrind = Valgrind::find()?;
    let workspace = Workspace::find()?;
    let root = workspace.root();
    let run = args.into.as_ref().map(|folder| folder::read(folder)).transpose()?;
    let commit = machine::commit(root).map(|commit| abbreviated(&commit));
    if let (Some(folder), Some(raw)) = (&args.into, &run) {
        check_commit(folder, raw, commit.as_deref())?;
    }
    let plan = plan(args, &workspace, run.as_ref())?;
    if !plan.is_of_commits() && args.commits.fail_on.is_some() {
        bail!("--fail-on is for a comparison of two commits: add --base, or leave it out");
    }
    let usable = Placement::usable()?;
    let stop = interrupt::stop()?;
    let context =
        Context { workspace: &workspace, usable: &usable, servers: &plan.servers, stop: &stop };
    let config = BackendConfig::Local { placement: Some(one_worker(&usable)) };
    let mut backend = backend::open(config, context)?;
    backend.prepare(&stop)?;
    let began = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut counts = Counts {
        began,
        commit,
        valgrind: valgrind.version,
        command: Valgrind::command(),
        seed: args.seed,
        workers: 1,
        users: USERS,
        counted: Vec::new(),
        not_counted: Vec::new(),
    };
    let failed = count(&plan, run.as_ref(), root, backend.as_mut(), &stop, &mut counts)?;
    backend.close()?;
    if let Some(folder) = &args.into {
        folder::add_counts(folder, &counts)?;
        report::write(folder)?;
        eprintln!("stackmark: the counts are in {}", folder.display());
    }
    let status = if plan.is_of_commits() {
        let changes = of_counts(&counts, &pairs(&plan));
        match args.format {
            Format::Json => print(&counted_change::json(&changes, &counts)?),
            _ => counted_change::table(&changes, &counts).print(args.format),
        }?;
        gate::counts(&changes, &args.commits)
    } else {
        match args.format {
            Format::Json => print(&counted::json(&counts)?),
            _ => counted::table(&counts).print(args.format),
        }?;
        ExitCode::SUCCESS
    };
    eprintln!("stackmark: {}", counted::MEANING);
    Ok(if failed { ExitCode::from(1) } else { status })
}

/// Counts every server of the plan, and returns whether one of them failed.
fn count(
    plan: &Plan,
    run: Option<&Raw>,
    root: &Path,
    backend: &mut dyn Backend,
    stop: &Stop,
    counts: &mut Counts,
) -> anyhow::Result<bool> {
    let rows = Rows::seeded();
    let mut steps = TerminalProgress::new("count", plan.servers.len() as u64, 0);
    let mut failed = false;
    for server in &plan.servers {
        let scenarios = scenarios(plan, server);
        let mut counter = Counter { backend: &mut *backend, rows: &rows, seed: counts.seed, stop };
        let outcome = of_server(&mut counter, server, &scenarios, run, root, &mut steps);
        let reason = match outcome {
            Ok(Outcome::Counted(counted)) => {
                counts.counted.extend(counted);
                None
            }
            Ok(Outcome::Unfit(reason)) => Some(reason),
            Err(Error::Failed(reason)) => {
                failed = true;
                steps.say(&format!("{}: {reason}", server.name));
                Some(reason)
            }
            Err(error) => return Err(error.into()),
        };
        let not = reason.map(|reason| NotCounted { server: server.name.clone(), reason });
        counts.not_counted.extend(not);
        steps.advance(1);
    }
    steps.finish();
    Ok(failed)
}

/// What becomes of a server that did not fail.
enum Outcome {
    Counted(Vec<Counted>),
    /// It cannot be counted, and why.
    Unfit(String),
}

fn of_server(
    counter: &mut Counter<'_>,
    server: &Server,
    scenarios: &[Scenario],
    run: Option<&Raw>,
    root: &Path,
    steps: &mut TerminalProgress,
) -> Result<Outcome, Error> {
    steps.doing(&server.name);
    // Without this, what drives itself would be built in vain.
    if server.drives_itself {
        return Ok(binary(server, root).map_or_else(Outcome::Unfit, |_| Outcome::Counted(vec![])));
    }
    let built = counter.backend.build(server, counter.stop);
    let built = built.map_err(|error| error.map(|Failed { reason, .. }| reason))?;
    if let Some(then) = run.and_then(|raw| verified_version(raw, &server.name))
        && then != built.version
    {
        return Ok(Outcome::Unfit(format!(
            "it is not what the run measured: {} now, and {then} then",
            built.version
        )));
    }
    let binary = match binary(server, root) {
        Ok(binary) => binary,
        Err(reason) => return Ok(Outcome::Unfit(reason)),
    };
    let started = |number| steps.doing(&format!("{}, start {number}", server.name));
    Ok(Outcome::Counted(counter.count(server, scenarios, &built, &binary, started)?))
}

/// The scenarios in which a server has a cell, each once.
fn scenarios(plan: &Plan, server: &Server) -> Vec<Scenario> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    for cell in plan.cells.iter().filter(|cell| plan.has(server, cell)) {
        if !scenarios.iter().any(|known| known.name == cell.scenario.name) {
            scenarios.push(cell.scenario.clone());
        }
    }
    scenarios
}

/// What a server printed as its version in a run.
fn verified_version<'a>(raw: &'a Raw, name: &str) -> Option<&'a str> {
    raw.entries.iter().find_map(|entry| match entry {
        Entry::Verified { server, version, .. } if server == name => Some(version.as_str()),
        _ => None,
    })
}

/// A commit as a run's record has it: 12 digits, and `+` where the checkout differs from it.
fn abbreviated(commit: &str) -> String {
    let (hash, mark) = commit.strip_suffix('+').map_or((commit, ""), |hash| (hash, "+"));
    hash.chars().take(12).collect::<String>() + mark
}

/// Refuses a run that other code than this checkout's made, as far as both are known.
fn check_commit(folder: &Path, raw: &Raw, now: Option<&str>) -> anyhow::Result<()> {
    if raw.counts.is_some() {
        bail!(folder::FolderError::Counted(folder.to_owned()));
    }
    let then = raw.machine.commit.as_str();
    match now {
        // They are built from their own commits.
        _ if !raw.run.commits().is_empty() => Ok(()),
        Some(now) if !then.is_empty() && now != then => bail!(
            "{} measured servers of commit {then}, and these are of {now}: check that commit out, or leave --into out",
            folder.display()
        ),
        _ => Ok(()),
    }
}

/// The servers and cells of a run that is there, or those that `stackmark run` would measure. A twin is the same binary
/// as its original, so it is left out.
fn plan(args: &args::Count, workspace: &Workspace, run: Option<&Raw>) -> anyhow::Result<Plan> {
    let registry = args.registry.clone().unwrap_or_else(|| workspace.registry());
    let registry = Registry::read(&registry)?;
    let mut plan = match run {
        Some(raw) => {
            let mut plan = raw.run.plan(&registry, &commits::of_run(raw, workspace)?)?;
            let servers = select("server", &plan.servers, &args.filter.servers, |one| &one.name)?;
            let servers = servers.into_iter().cloned().collect();
            let name = |cell: &crate::definition::cell::Cell| cell.scenario.name.clone();
            let names: Vec<String> = plan.cells.iter().map(name).collect();
            let kept: Vec<String> =
                select("scenario", &names, &args.filter.scenarios, String::as_str)?
                    .into_iter()
                    .cloned()
                    .collect();
            plan.cells.retain(|cell| kept.contains(&cell.scenario.name));
            Plan { servers, ..plan }
        }
        None => {
            let catalogue = Catalogue::read(&workspace.scenarios())?;
            let profiles = Profile::read_all(&workspace.scenarios(), &catalogue)?;
            let studies = Study::read_all(&workspace.studies(), &catalogue, &profiles)?;
            let studies = Study::named(&studies, &args.studies)?;
            let known = || profiles.iter().map(|known| known.name.as_str());
            let profile = profiles.iter().find(|profile| profile.name == args.profile);
            let profile = profile.ok_or_else(|| DefinitionError::Unknown {
                kind: "profile",
                name: args.profile.clone(),
                known: known().collect::<Vec<_>>().join(", "),
            })?;
            match commits::asked(&args.commits, workspace)? {
                Some(commits) => {
                    let filter = &args.filter;
                    Plan::of_commits(&commits, &catalogue, &studies, profile, filter, args.seed)?
                }
                None => {
                    Plan::new(&registry, &catalogue, &studies, profile, &args.filter, args.seed)?
                }
            }
        }
    };
    plan.servers.retain(|server| server.twin_of.is_none());
    Ok(plan)
}

/// The usual placement, but with one CPU for the server, and so one worker: counts are then those of every other machine.
fn one_worker(usable: &Cpus) -> Placement {
    let mut placement = Placement::by_size(usable);
    placement.sets.server = [placement.sets.server.in_turn(0)].into_iter().collect();
    placement
}

/// The servers of two commits: the name that each has in both, and those that it is counted under, base before head.
fn pairs(plan: &Plan) -> Vec<(String, String, String)> {
    let servers: Vec<RunServer> = plan.servers.iter().map(RunServer::of).collect();
    let of = |side: Side| servers.iter().filter(move |server| server.side() == Some(side));
    let pair = |base: &RunServer| {
        let head = of(Side::Head).find(|head| head.name_of_both() == base.name_of_both())?;
        Some((base.name_of_both().to_owned(), base.name.clone(), head.name.clone()))
    };
    of(Side::Base).filter_map(pair).collect()
}

//! `stackmark run`: builds, verifies, loads and measures servers, and records a run.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};

use super::{interrupt, rank, report};
use crate::args;
use crate::backend::{self, Backend, Kind, Network, Opening};
use crate::definition::scenario::Catalogue;
use crate::definition::server::{POOL_SIZE, RunServer};
use crate::definition::{DefinitionError, Profile, Registry, Study};
use crate::failure::Error;
use crate::format;
use crate::format::containers::Containers;
use crate::format::folder::{self, FolderError};
use crate::format::journal::{Entry, Journal};
use crate::format::run::RunFile;
use crate::os::lock::RunLock;
use crate::os::machine;
use crate::os::machine::{MachineFile, ServiceFacts};
use crate::os::placement::{Cpus, Placement};
use crate::os::stop::Stop;
use crate::plan::Plan;
use crate::run::backend_executor::BackendExecutor;
use crate::run::blocks::{Ending, execute};
use crate::run::prepare::prepare;
use crate::run::progress::TerminalProgress;
use crate::run::resume::Completed;
use crate::service::{Origin, Services};
use crate::workload::Rows;
use crate::workspace::Workspace;

/// Runs the verb. The exit status is 1 if a server failed, 130 if the user stopped the run.
///
/// # Errors
/// When the run cannot be begun, or cannot be recorded.
pub fn run(args: &args::Run) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let usable = Placement::usable()?;
    let RunRequest { plan, kind, network, no_quota, placement, is_begun } =
        request(args, &workspace, &usable)?;
    if args.plan {
        print_plan(&plan);
        return Ok(ExitCode::SUCCESS);
    }
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut machine = machine::describe(workspace.root(), &usable);
    let label = machine::label(&machine);
    let out = match (&args.resume, &args.out) {
        (Some(folder), _) | (None, Some(folder)) => folder.clone(),
        (None, None) => folder::fresh(&workspace.results(), &now[..10], &label),
    };
    let _lock = RunLock::take(&out)?;
    if !is_begun && out.exists() {
        return Err(FolderError::Taken(out).into());
    }
    if is_begun && folder::read(&out)?.entries.contains(&Entry::Finished) {
        bail!("{} came to its end: there is nothing to resume", out.display());
    }
    let stop = interrupt::stop()?;

    let opening = Opening {
        workspace: &workspace,
        usable: &usable,
        placement: placement.as_ref(),
        servers: &plan.servers,
        at: args.at.as_deref(),
        network,
        no_quota,
        stop: &stop,
    };
    let mut backend = backend::open(kind, opening)?;
    backend.services().seed(&stop).map_err(Error::<String>::from)?;
    backend.settle()?;
    machine.services = describe(backend.services(), backend.database_part().is_some())?;
    stop.check().map_err(Error::<String>::from)?;
    let file = run_file(&plan, now, label, kind, backend.as_ref());
    let (journal, completed) = if is_begun {
        resume(&out, file, &plan, &machine)?
    } else {
        (create(&out, &file, &machine)?, Completed::default())
    };
    let rows = Rows::seeded();
    let mut live = BackendExecutor::new(backend.as_mut(), &rows, &stop);
    let ending = execute_plan(&plan, &mut live, completed, journal, &stop)
        .with_context(|| unwritable(&out))?;
    report::write(&out).with_context(|| unwritable(&out))?;
    rank::show(&out)?;
    eprintln!("stackmark: the run is in {}", out.display());
    if let Ending::ServiceLost(how) = ending {
        bail!(how);
    }
    backend.close()?;
    Ok(match ending {
        Ending::Whole => ExitCode::SUCCESS,
        Ending::WithFailures => ExitCode::from(1),
        Ending::Interrupted | Ending::ServiceLost(_) => {
            eprintln!("stackmark: go on with it by `stackmark run --resume {}`", out.display());
            interrupt::exit_code()
        }
    })
}

/// The record of a run that is about to begin.
fn run_file(
    plan: &Plan,
    began: String,
    label: String,
    kind: Kind,
    backend: &dyn Backend,
) -> RunFile {
    RunFile {
        format: format::VERSION,
        began,
        label,
        profile: plan.profile.clone(),
        backend: kind.name().to_owned(),
        seed: plan.seed,
        blocks: plan.blocks.len() as u32,
        pool_size: POOL_SIZE,
        study: plan.studies.clone(),
        cpus: backend.placement().clone(),
        containers: backend.containers(),
        server: plan.servers.iter().map(RunServer::of).collect(),
        cell: plan.cells.clone(),
    }
}

/// What is to be done, and whether it was begun.
struct RunRequest {
    plan: Plan,
    kind: Kind,
    network: Network,
    no_quota: bool,
    /// Where the parts shall run, if anyone said so.
    placement: Option<Placement>,
    is_begun: bool,
}

/// A new plan, that of another run, or that of a run which goes on.
fn request(args: &args::Run, workspace: &Workspace, usable: &Cpus) -> anyhow::Result<RunRequest> {
    let registry = args.registry.clone().unwrap_or_else(|| workspace.registry());
    let registry = Registry::read(&registry)?;
    let before = args.resume.as_ref().or(args.like.as_ref());
    let before = before.map(|folder| folder::read(folder)).transpose()?;
    let plan = match &before {
        Some(raw) => raw.run.plan(&registry)?,
        None => new_plan(args, workspace, &registry)?,
    };
    let placement = match (&args.cpus, &before) {
        (Some(text), _) => Some(Placement::parse(text, usable)?),
        // As text it is checked against the CPUs that are there now.
        (None, Some(raw)) => Some(Placement::parse(&raw.run.cpus.to_string(), usable)?),
        (None, None) => None,
    };
    let kind = match (args.backend, &before) {
        (Some(kind), _) => kind,
        (None, Some(raw)) => Kind::named(&raw.run.backend)
            .with_context(|| format!("{} was made by a backend that is gone", raw.name))?,
        (None, None) => Kind::Local,
    };
    let containers = before.as_ref().and_then(|raw| raw.run.containers.as_ref());
    let network_before = containers.and_then(|before| Network::named(&before.network));
    let network = args.network.or(network_before).unwrap_or_default();
    let no_quota_before = containers
        .and_then(|before| before.given.server.as_ref())
        .is_some_and(|limits| limits.cpus.is_none());
    let no_quota = args.no_quota || no_quota_before;
    if args.at.is_some() && kind != Kind::Attached {
        bail!("--at is for servers that are up already: add --backend attached, or leave it out");
    }
    if (args.network.is_some() || args.no_quota) && kind != Kind::Docker {
        bail!(
            "--network and --no-quota are for containers: add --backend docker, or leave them out"
        );
    }
    Ok(RunRequest { plan, kind, network, no_quota, placement, is_begun: args.resume.is_some() })
}

fn new_plan(args: &args::Run, workspace: &Workspace, registry: &Registry) -> anyhow::Result<Plan> {
    let catalogue = Catalogue::read(&workspace.scenarios())?;
    let profiles = Profile::read_all(&workspace.scenarios(), &catalogue)?;
    let studies = Study::read_all(&workspace.studies(), &catalogue, &profiles)?;
    let studies = Study::named(&studies, &args.studies)?;
    let named = profiles.iter().find(|profile| profile.name == args.profile);
    let mut profile = named.cloned().ok_or_else(|| DefinitionError::Unknown {
        kind: "profile",
        name: args.profile.clone(),
        known: profiles.iter().map(|known| known.name.as_str()).collect::<Vec<_>>().join(", "),
    })?;
    profile.blocks = args.blocks.unwrap_or(profile.blocks);
    let seed = args.seed.unwrap_or_else(rand::random);
    Ok(Plan::new(registry, &catalogue, &studies, &profile, &args.filter, seed)?)
}

/// Opens the journal of a run that was begun, if these are still the machine and the code that it began with. It
/// is read here, under the lock: who had it may just have gone on with the run.
fn resume(
    out: &Path,
    now: RunFile,
    plan: &Plan,
    machine: &MachineFile,
) -> anyhow::Result<(Journal, Completed)> {
    let raw = folder::read(out)?;
    let mut unlike = machine::differences(&raw.machine, machine);
    if raw.machine.commit != machine.commit {
        unlike.push(format!("commit ({}, {})", raw.machine.commit, machine.commit));
    } else if raw.machine.changes != machine.changes {
        unlike.push("what the checkout holds beyond its commit".into());
    }
    let entries = raw.run.server.iter().zip(&plan.servers);
    unlike.extend(
        entries
            .filter(|(then, now)| **then != RunServer::of(now))
            .map(|(then, _)| format!("the registry's entry of {}", then.name)),
    );
    if raw.run.containers.as_ref().map(Containers::settings)
        != now.containers.as_ref().map(Containers::settings)
    {
        unlike.push("the containers' limits or network, or the database's image".into());
    }
    if !unlike.is_empty() {
        bail!(
            "{} cannot go on, because this has changed since it began (then, now): {}; restore it, or begin a new run",
            raw.name,
            unlike.join("; ")
        );
    }
    let mut journal = folder::reopen(out)?;
    journal.write(&Entry::Resumed { at: now.began }).with_context(|| unwritable(out))?;
    Ok((journal, Completed::from_journal(&raw.entries)))
}

/// Prepares the servers and carries out what is left of the plan. The error is the journal's.
fn execute_plan(
    plan: &Plan,
    live: &mut BackendExecutor<'_>,
    mut completed: Completed,
    mut journal: Journal,
    stop: &Stop,
) -> std::io::Result<Ending> {
    let mut write = |entry: &Entry| journal.write(entry);
    let mut steps = TerminalProgress::new("prepare", plan.servers.len() as u64, 0);
    let prepared = prepare(plan, live, &mut completed, &mut write, &mut steps)?;
    steps.finish();
    let rates = match prepared {
        ControlFlow::Continue(rates) => rates,
        ControlFlow::Break(ending) => {
            write(&Entry::Interrupted)?;
            return Ok(ending);
        }
    };
    let left = completed.remaining(plan);
    let mut steps =
        TerminalProgress::new("measure", left.trials() as u64, left.blocks.len() as u32);
    steps.say(&format!("{} trials, about {}", left.trials(), about(left.expected())));
    let ending = execute(&left, &rates, live, &mut write, &mut steps, stop)?;
    steps.finish();
    Ok(if ending == Ending::Whole && completed.has_failures() {
        Ending::WithFailures
    } else {
        ending
    })
}

fn print_plan(plan: &Plan) {
    for study in &plan.studies {
        println!("study {}: {}", study.name, study.question);
    }
    for (number, block) in (1..).zip(&plan.blocks) {
        println!("block {number}");
        for turn in &block.turns {
            let cells: Vec<_> = turn.cells.iter().map(|&cell| &plan.cells[cell]).collect();
            let cells: Vec<_> = cells
                .iter()
                .map(|cell| format!("{} × {}", cell.scenario.name, cell.load.name))
                .collect();
            println!("  {}: {}", plan.servers[turn.server].name, cells.join(", "));
        }
    }
    println!("about {} after preparation; seed {}", about(plan.expected()), plan.seed);
}

fn about(time: Duration) -> String {
    humantime::format_duration(Duration::from_secs(time.as_secs())).to_string()
}

/// What the services say of themselves, by the product's name where it is a database: an external one may be another than
/// the private one would be. A container of the backend's own is external to the lease, but `observed`.
fn describe(services: &Services, observed: bool) -> anyhow::Result<BTreeMap<String, ServiceFacts>> {
    let mut facts = BTreeMap::new();
    for lease in services.iter() {
        let external = lease.origin() == Origin::External && !observed;
        let (name, version, settings) = match lease.database() {
            Some(database) => {
                let version = database.version()?;
                (database.family().product(&version), version, database.settings()?)
            }
            None => (lease.service().name(), String::new(), BTreeMap::new()),
        };
        facts.insert(name.to_owned(), ServiceFacts { version, external, settings });
    }
    Ok(facts)
}

fn unwritable(out: &Path) -> String {
    format!(
        "{} cannot be written, so the run stopped: see that it is yours and has room",
        out.display()
    )
}

fn create(out: &Path, run: &RunFile, machine: &MachineFile) -> anyhow::Result<Journal> {
    match folder::create(out, run, machine) {
        Err(FolderError::Io { path, cause }) => {
            Err(cause).context(path.display().to_string()).with_context(|| unwritable(out))
        }
        created => Ok(created?),
    }
}

//! `stackmark run`: builds, verifies, loads and measures servers, and records a run.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use demo_data::Truth;

use super::{interrupt, report};
use crate::args::{self, Backend};
use crate::backend::local::{Local, POOL_SIZE};
use crate::database::{self, Lease};
use crate::definition::scenario::Catalogue;
use crate::definition::{Profile, Registry};
use crate::format::folder::{self, FolderError, Raw};
use crate::format::journal::{Entry, Journal};
use crate::format::machine::MachineFile;
use crate::format::run::RunFile;
use crate::live::Live;
use crate::lock::RunLock;
use crate::machine;
use crate::placement::{Cpus, Placement};
use crate::plan::Plan;
use crate::prepare::{Means, prepare};
use crate::progress::Steps;
use crate::runner::{Ending, execute};
use crate::settled::Settled;
use crate::workspace::Workspace;

/// Runs the verb. The exit status is 1 if a server failed, 130 if the user stopped the run.
///
/// # Errors
/// When the run cannot be begun, or cannot be recorded.
pub fn run(args: &args::Run) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let usable = Placement::usable()?;
    let Order { plan, placement, begun } = order(args, &workspace, &usable)?;
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
    if begun.is_none() && out.exists() {
        return Err(FolderError::Taken(out).into());
    }
    let stop = interrupt::flag()?;

    let lease = Lease::acquire(workspace.root())?;
    if lease.ensure_seeded_unless(&database::bar(), &stop)?.is_none() {
        return Ok(interrupt::exit_code());
    }
    describe_database(&lease, &mut machine)?;
    let (mut backend, name) = match args.backend {
        Backend::Local => (Local::new(&workspace, &lease, placement.clone())?, "local"),
    };
    if stop.load(Ordering::Relaxed) {
        return Ok(interrupt::exit_code());
    }
    let (journal, settled) = match begun {
        Some(raw) => go_on(&out, &raw, &machine, now)?,
        None => {
            let file = RunFile::new(&plan, now, label, name, POOL_SIZE, placement);
            (create(&out, &file, &machine)?, Settled::default())
        }
    };
    let mut live = Live::new(&mut backend, &stop);
    let ending = conduct(&plan, &workspace, &usable, &mut live, settled, journal, &stop)
        .with_context(|| unwritable(&out))?;
    let lost_database = live.lost_database().cloned();
    drop(live);
    report::write(&out).with_context(|| unwritable(&out))?;
    eprintln!("stackmark: the run is in {}", out.display());
    if let Some(error) = lost_database {
        return Err(error.into());
    }
    lease.stop()?;
    Ok(match ending {
        Ending::Whole => ExitCode::SUCCESS,
        Ending::WithFailures => ExitCode::from(1),
        Ending::Interrupted => {
            eprintln!("stackmark: go on with it by `stackmark run --resume {}`", out.display());
            interrupt::exit_code()
        }
    })
}

/// What is to be done, and what of it was begun.
struct Order {
    plan: Plan,
    placement: Placement,
    begun: Option<Raw>,
}

/// A new plan, that of another run, or that of a run which goes on.
fn order(args: &args::Run, workspace: &Workspace, usable: &Cpus) -> anyhow::Result<Order> {
    let registry = args.registry.clone().unwrap_or_else(|| workspace.registry());
    let registry = Registry::read(&registry)?;
    let before = args.resume.as_ref().or(args.like.as_ref());
    let before = before.map(|folder| folder::read(folder)).transpose()?;
    let plan = match &before {
        Some(raw) => Plan::again(&raw.run, &registry)?,
        None => new_plan(args, workspace, &registry)?,
    };
    let placement = match (&args.cpus, &before) {
        (Some(text), _) => Placement::parse(text, usable)?,
        // As text it is checked against the CPUs that are there now.
        (None, Some(raw)) => Placement::parse(&raw.run.cpus.to_string(), usable)?,
        (None, None) => Placement::by_size(usable),
    };
    let begun = before.filter(|_| args.resume.is_some());
    if let Some(raw) = begun.as_ref().filter(|raw| raw.entries.contains(&Entry::Finished)) {
        bail!("{} came to its end: there is nothing to resume", raw.name);
    }
    Ok(Order { plan, placement, begun })
}

fn new_plan(args: &args::Run, workspace: &Workspace, registry: &Registry) -> anyhow::Result<Plan> {
    let catalogue = Catalogue::read(&workspace.scenarios())?;
    let profiles = Profile::read_all(&workspace.scenarios(), &catalogue)?;
    let named = profiles.iter().find(|profile| profile.name == args.profile);
    let Some(mut profile) = named.cloned() else {
        let known: Vec<_> = profiles.iter().map(|profile| profile.name.as_str()).collect();
        bail!("there is no profile {:?}; there are: {}", args.profile, known.join(", "));
    };
    profile.blocks = args.blocks.unwrap_or(profile.blocks);
    let seed = args.seed.unwrap_or_else(rand::random);
    Ok(Plan::new(registry, &catalogue, &profile, &args.filter, seed)?)
}

/// Opens the journal of a run that was begun, if this is still the machine and the code that it began with.
fn go_on(
    out: &Path,
    raw: &Raw,
    machine: &MachineFile,
    now: String,
) -> anyhow::Result<(Journal, Settled)> {
    let mut unlike = machine::unlike(&raw.machine, machine);
    if raw.machine.commit != machine.commit {
        unlike.push(format!("commit ({}, {})", raw.machine.commit, machine.commit));
    }
    if !unlike.is_empty() {
        bail!(
            "{} cannot go on, because this has changed since it began (then, now): {}; restore it, or begin a new run",
            raw.name,
            unlike.join("; ")
        );
    }
    let mut journal = folder::reopen(out)?;
    journal.write(&Entry::Resumed { at: now }).with_context(|| unwritable(out))?;
    Ok((journal, Settled::by(&raw.entries)))
}

/// Prepares the servers and carries out what is left of the plan. The error is the journal's.
fn conduct(
    plan: &Plan,
    workspace: &Workspace,
    usable: &Cpus,
    live: &mut Live<'_>,
    mut settled: Settled,
    mut journal: Journal,
    stop: &AtomicBool,
) -> std::io::Result<Ending> {
    let mut write = |entry: &Entry| journal.write(entry);
    let truth = Truth::new(demo_data::SEED, demo_data::ROWS);
    let means = Means { workspace, cpus: usable, truth: &truth, stop };
    let prepared = prepare(plan, means, live, &mut settled, &mut write)?;
    let Some(common) = prepared else {
        write(&Entry::Interrupted)?;
        return Ok(Ending::Interrupted);
    };
    let mut steps = Steps::new("measure", plan.trials() as u64, plan.blocks.len() as u32);
    steps.say(&format!("{} trials, about {}", plan.trials(), about(plan.expected())));
    let ending = execute(plan, &settled, common, live, &mut write, &mut steps, stop)?;
    steps.finish();
    Ok(if ending == Ending::Whole && settled.excludes_some() {
        Ending::WithFailures
    } else {
        ending
    })
}

fn print_plan(plan: &Plan) {
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

fn describe_database(lease: &Lease, machine: &mut MachineFile) -> anyhow::Result<()> {
    machine.database = lease.version()?;
    machine.database_is_external = lease.pid().is_none();
    machine.database_settings = lease.settings()?.into_iter().collect();
    Ok(())
}

fn unwritable(out: &Path) -> String {
    format!("{} cannot be written, so the run stopped; make room there", out.display())
}

/// A folder that cannot be written is not left half made: it would pass for a run.
fn create(out: &Path, run: &RunFile, machine: &MachineFile) -> anyhow::Result<Journal> {
    match folder::create(out, run, machine) {
        Err(FolderError::Io { path, cause }) => {
            // The first failure is the one to tell.
            let _ = fs::remove_dir_all(out);
            Err(cause).context(path.display().to_string()).with_context(|| unwritable(out))
        }
        created => Ok(created?),
    }
}

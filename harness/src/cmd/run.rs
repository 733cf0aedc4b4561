//! `stackmark run`: builds, verifies, loads and measures servers, and records a run.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, bail};
use demo_data::Truth;

use super::{interrupt, report};
use crate::args::{self, Backend};
use crate::backend::local::{Local, POOL_SIZE};
use crate::database::{self, Lease};
use crate::definition::scenario::Catalogue;
use crate::definition::{Profile, Registry};
use crate::format::folder::{self, FolderError};
use crate::format::journal::{Entry, Journal};
use crate::format::run::{MachineFile, RunFile};
use crate::live::Live;
use crate::lock::RunLock;
use crate::machine;
use crate::placement::Placement;
use crate::plan::Plan;
use crate::prepare::{Prepared, prepare};
use crate::progress::Steps;
use crate::runner::{Ending, execute};
use crate::workspace::Workspace;

/// Runs the verb. The exit status is 1 if a server failed, 130 if the user stopped the run.
///
/// # Errors
/// When the run cannot be begun, or cannot be recorded.
pub fn run(args: &args::Run) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let plan = plan(args, &workspace)?;
    if args.plan {
        print_plan(&plan);
        return Ok(ExitCode::SUCCESS);
    }
    let usable = Placement::usable()?;
    let placement = match &args.cpus {
        Some(text) => Placement::parse(text, &usable)?,
        None => Placement::by_size(&usable),
    };
    let now = jiff::Timestamp::now();
    let mut machine = machine::describe(workspace.root(), &usable);
    let label = machine::label(&machine);
    let date = now.strftime("%Y-%m-%d").to_string();
    let out =
        args.out.clone().unwrap_or_else(|| folder::fresh(&workspace.results(), &date, &label));
    let _lock = RunLock::take(&out)?;
    if out.exists() {
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
    let began = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let file = RunFile::new(&plan, began, label, name, POOL_SIZE, placement);
    if stop.load(Ordering::Relaxed) {
        return Ok(interrupt::exit_code());
    }
    let mut journal = create(&out, &file, &machine)?;
    let unwritable = || unwritable(&out);
    let mut write = |entry: &Entry| journal.write(entry);

    let truth = Truth::new(demo_data::SEED, demo_data::ROWS);
    let mut live = Live::new(&mut backend, &stop);
    let prepared = prepare(&plan, &workspace, &usable, &mut live, &truth, &mut write, &stop);
    let ending = match prepared.with_context(unwritable)? {
        None => {
            write(&Entry::Interrupted).with_context(unwritable)?;
            Ending::Interrupted
        }
        Some(Prepared { excluded, common }) => {
            let trials = plan.servers.len() * plan.cells.len() * plan.blocks.len();
            let mut steps = Steps::new("measure", trials as u64, plan.blocks.len() as u32);
            steps.say(&format!("{trials} trials, about {}", about(plan.expected())));
            let ending =
                execute(&plan, &excluded, common, &mut live, &mut write, &mut steps, &stop);
            steps.finish();
            let ending = ending.with_context(unwritable)?;
            if ending == Ending::Whole && !excluded.is_empty() {
                Ending::WithFailures
            } else {
                ending
            }
        }
    };
    let lost_database = live.lost_database().cloned();
    drop(live);
    report::write(&out).with_context(unwritable)?;
    eprintln!("stackmark: the run is in {}", out.display());
    if let Some(error) = lost_database {
        return Err(error.into());
    }
    lease.stop()?;
    Ok(match ending {
        Ending::Whole => ExitCode::SUCCESS,
        Ending::WithFailures => ExitCode::from(1),
        Ending::Interrupted => interrupt::exit_code(),
    })
}

fn plan(args: &args::Run, workspace: &Workspace) -> anyhow::Result<Plan> {
    let registry = Registry::read(&workspace.registry())?;
    let catalogue = Catalogue::read(&workspace.scenarios())?;
    let profiles = Profile::read_all(&workspace.scenarios(), &catalogue)?;
    let Some(profile) = profiles.iter().find(|profile| profile.name == args.profile) else {
        let known: Vec<_> = profiles.iter().map(|profile| profile.name.as_str()).collect();
        bail!("there is no profile {:?}; there are: {}", args.profile, known.join(", "));
    };
    let seed = args.seed.unwrap_or_else(rand::random);
    Ok(Plan::new(&registry, &catalogue, profile, &args.filter, seed)?)
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

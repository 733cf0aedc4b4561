//! `stackmark run`: builds, verifies, loads and measures servers, and records a run.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use demo_data::Truth;

use super::interrupt;
use crate::args::{self, Backend};
use crate::backend::local::{Local, POOL_SIZE};
use crate::database::{self, Lease};
use crate::definition::scenario::Catalogue;
use crate::definition::{Profile, Registry};
use crate::format::folder;
use crate::format::journal::Entry;
use crate::format::run::{MachineFile, RunFile};
use crate::live::Live;
use crate::lock::RunLock;
use crate::machine;
use crate::placement::Placement;
use crate::plan::Plan;
use crate::prepare::{Prepared, prepare};
use crate::progress::Steps;
use crate::report;
use crate::runner::{Ending, execute};
use crate::workspace::Workspace;

/// Runs the verb. The exit status is 1 if a server failed, 130 if the run was stopped.
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
    let _lock = RunLock::take(&workspace, &out)?;
    let stop = interrupt::flag()?;

    let lease = Lease::acquire(workspace.root())?;
    lease.ensure_seeded(&database::bar())?;
    describe_database(&lease, &mut machine)?;
    let (mut backend, name) = match args.backend {
        Backend::Local => (Local::new(&workspace, &lease, placement.clone())?, "local"),
    };
    let began = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let file = RunFile::new(&plan, began, label, name, POOL_SIZE, placement);
    let mut journal = folder::create(&out, &file, &machine)?;
    let mut write = |entry: &Entry| journal.write(entry);

    let truth = Truth::new(demo_data::SEED, demo_data::ROWS);
    let mut live = Live::new(&mut backend, &stop);
    let unwritable =
        || format!("{} cannot be written, so the run stopped; make room there", out.display());
    let prepared = prepare(&plan, &workspace, &mut live, &truth, &mut write, &stop);
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
                execute(&plan, &excluded, common, &mut live, &mut write, &mut steps, &stop)?;
            steps.finish();
            if ending == Ending::Whole && !excluded.is_empty() {
                Ending::WithFailures
            } else {
                ending
            }
        }
    };
    drop(live);
    lease.stop()?;
    write_report(&out)?;
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
    machine.database_settings = lease.settings()?.into_iter().collect();
    Ok(())
}

fn write_report(out: &Path) -> anyhow::Result<()> {
    for (name, text) in report::derived(&folder::read(out)?)? {
        let path = out.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    eprintln!("stackmark: the run is in {}", out.display());
    Ok(())
}

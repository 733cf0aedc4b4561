//! `stackmark run`: builds, verifies, loads and measures servers, and records a run.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};

use super::{backend as options, commits, gate, interrupt, rank, report};
use crate::args::{self, Tolerance};
use crate::backend::{self, Kind};
use crate::definition::scenario::Catalogue;
use crate::definition::{DefinitionError, HumanTime, Profile, Registry, Study};
use crate::failure::Error;
use crate::format::folder::{self, Raw};
use crate::os::lock::RunLock;
use crate::os::machine;
use crate::os::placement::Placement;
use crate::plan::{Plan, Visit};
use crate::report::table::print;
use crate::run::backend_executor::BackendExecutor;
use crate::run::blocks::Ending;
use crate::run::connections;
use crate::run::execute::execute_plan;
use crate::run::progress::about;
use crate::run::record;
use crate::workload::Rows;
use crate::workspace::Workspace;

/// Runs the verb. The exit status is 1 if a server failed or a comparison of two commits shows what it must not, and 130
/// if the user stopped the run.
///
/// # Errors
/// When the run cannot begin, or cannot be recorded.
pub fn run(args: &args::Run) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let before = args.resume.as_ref().or(args.like.as_ref());
    let before = before.map(|folder| folder::read(folder)).transpose()?;
    if args.commits.base.is_some() {
        check_backend(args.backend.backend.unwrap_or(Kind::Local))?;
    }
    let plan = plan(args, &workspace, before.as_ref())?;
    let is_of_commits = plan.is_of_commits();
    if !is_of_commits && (args.commits.fail_on.is_some() || args.format.is_some()) {
        bail!(
            "--fail-on and --format are for a comparison of two commits: add --base, or leave them out"
        );
    }
    if args.plan {
        print(&plan_text(&plan))?;
        return Ok(ExitCode::SUCCESS);
    }
    let usable = Placement::usable()?;
    let config = options::config(&args.backend, &args.limits, before.as_ref(), &usable)?;
    let kind = config.kind();
    if is_of_commits {
        check_backend(kind)?;
    }

    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut machine = machine::describe(workspace.root(), &usable);
    let label = machine::label(&machine);
    let out = args.resume.clone().or_else(|| args.out.clone());
    let out = out.unwrap_or_else(|| folder::fresh(&workspace.results(), &now[..10], &label));
    let _lock = RunLock::take(&out)?;
    record::check(&out, args.resume.is_some())?;

    let stop = interrupt::stop()?;
    let (workspace, servers) = (&workspace, &plan.servers);
    let context = backend::Context { workspace, usable: &usable, servers, stop: &stop };
    let mut backend = backend::open(config, context)?;
    backend.prepare(&stop)?;
    let is_observed = servers.iter().any(|server| backend.database_meter(server).is_some());
    machine.services = backend.services().facts(is_observed)?;
    stop.check().map_err(Error::<String>::from)?;
    connections::check(servers, backend.services())?;

    let file = record::run_file(&plan, now, label, kind, backend.as_ref());
    let (journal, completed) = match args.resume {
        Some(_) => record::resume(&out, &file, &plan, &machine)?,
        None => record::create(&out, &file, &machine)?,
    };
    let rows = Rows::seeded();
    let mut executor = BackendExecutor::new(backend.as_mut(), &rows, &stop);
    let ending = execute_plan(&plan, &mut executor, completed, journal, &stop)
        .with_context(|| record::unwritable(&out))?;
    report::write(&out).with_context(|| record::unwritable(&out))?;
    let status = if is_of_commits {
        gate::run(&out, args.format, &args.commits)?
    } else {
        rank::show(&out)?;
        ExitCode::SUCCESS
    };
    eprintln!("stackmark: the run is in {}", out.display());
    let resume = resume_command(args, &out);
    if let Ending::ServiceLost(how) = ending {
        bail!("{how}; what was measured is kept: mend that, then go on with `{resume}`");
    }
    backend.close()?;
    if matches!(ending, Ending::Whole | Ending::WithFailures)
        && let Err(error) = folder::pack(&out)
    {
        eprintln!("stackmark: the run is complete, and its journal is not compressed: {error}");
    }
    Ok(match ending {
        Ending::Whole => status,
        Ending::WithFailures => ExitCode::from(1),
        Ending::Interrupted | Ending::ServiceLost(_) => {
            eprintln!("stackmark: go on with it by `{resume}`");
            interrupt::exit_code()
        }
    })
}

/// Passes if a backend can build the servers of two commits.
fn check_backend(kind: Kind) -> anyhow::Result<()> {
    if kind != Kind::Local {
        bail!(
            "two commits are compared as processes of this machine, and --backend {} has none: leave it out",
            kind.name()
        );
    }
    Ok(())
}

/// A new plan, or that of the run that is resumed or repeated.
fn plan(args: &args::Run, workspace: &Workspace, before: Option<&Raw>) -> anyhow::Result<Plan> {
    let registry = args.registry.clone().unwrap_or_else(|| workspace.registry());
    let registry = Registry::read(&registry)?;
    if let Some(raw) = before {
        return Ok(raw.run.plan(&registry, &commits::of_run(raw, workspace)?)?);
    }
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
    profile.rounds = args.rounds.unwrap_or(profile.rounds);
    args.window.into_iter().for_each(|window| profile.set_window(HumanTime(window)));
    args.settle.into_iter().for_each(|settle| profile.set_settle(HumanTime(settle)));
    let seed = args.seed.unwrap_or_else(rand::random);
    Ok(match commits::asked(&args.commits, workspace)? {
        Some(commits) => {
            Plan::of_commits(&commits, &catalogue, &studies, &profile, &args.filter, seed)?
        }
        None => Plan::new(&registry, &catalogue, &studies, &profile, &args.filter, seed)?,
    })
}

/// The plan in words: its studies, the order of its blocks, and how long it takes.
fn plan_text(plan: &Plan) -> String {
    let mut lines = Vec::new();
    for study in &plan.studies {
        lines.push(format!("study {}: {}", study.name, study.question));
    }
    for (number, block) in (1..).zip(&plan.blocks) {
        lines.push(format!("block {number}"));
        for round in &block.rounds {
            lines.push(format!("  round {}", round.number));
            for of_cell in round.visits.chunk_by(|one, next| one.cell == next.cell) {
                let Some(Visit { cell, .. }) = of_cell.first() else { continue };
                let cell = &plan.cells[*cell];
                let servers = of_cell.iter().map(|visit| plan.servers[visit.server].name.as_str());
                let servers = servers.collect::<Vec<_>>().join(", ");
                lines.push(format!("    {} × {}: {servers}", cell.scenario.name, cell.load.name));
            }
        }
    }
    let expected = about(plan.expected());
    lines.push(format!("about {expected} after preparation; seed {}", plan.seed));
    lines.join("\n") + "\n"
}

/// The command that goes on with the run in `out`, with the options that the run's record does not hold.
fn resume_command(args: &args::Run, out: &Path) -> String {
    let mut words = vec!["stackmark".into(), "run".into(), "--resume".into(), quoted(out)];
    if let Some(at) = &args.backend.at {
        words.extend(["--at".into(), quoted(at.as_ref())]);
    }
    if let Some(registry) = &args.registry {
        words.extend(["--registry".into(), quoted(registry)]);
    }
    if let Some(fail_on) = args.commits.fail_on {
        words.extend(["--fail-on".into(), fail_on.name().into()]);
    }
    if args.commits.tolerance != Tolerance::default() {
        words.extend(["--tolerance".into(), format!("{}%", 100.0 * args.commits.tolerance.0)]);
    }
    words.join(" ")
}

/// A word for a shell.
fn quoted(word: &Path) -> String {
    let word = word.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=+,@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn resume(arguments: &[&str]) -> String {
        let args = args::Args::parse_from([&["stackmark", "run"], arguments].concat());
        let args::Verb::Run(run) = args.verb else { panic!("{args:?}") };
        resume_command(&run, Path::new("results/a run"))
    }

    #[test]
    fn a_run_is_resumed_with_the_options_that_its_record_does_not_hold() {
        assert_eq!(resume(&["--seed", "5"]), "stackmark run --resume 'results/a run'");
        assert_eq!(
            resume(&["--backend", "attached", "--at", "{name}:8080", "--registry", "it's.toml"]),
            r"stackmark run --resume 'results/a run' --at '{name}:8080' --registry 'it'\''s.toml'"
        );
        let gate = ["--base", "main", "--fail-on", "regression", "--tolerance", "0.5%"];
        assert_eq!(
            resume(&gate),
            "stackmark run --resume 'results/a run' --fail-on regression --tolerance 0.5%"
        );
    }
}

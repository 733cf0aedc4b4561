//! A run's own README.md: what was measured, on what, and what must be known to read it.

use std::fmt::Write;

use crate::args::Format;
use crate::format::folder::Raw;
use crate::format::journal::Entry;

use super::ranking::Ranking;

/// The page's text.
///
/// # Errors
/// When a table cannot be encoded.
pub fn page(raw: &Raw, rankings: &[Ranking]) -> anyhow::Result<String> {
    let mut text = format!("# Run {}\n\n{}\n", raw.name, environment(raw));
    for ranking in rankings {
        write!(text, "\n## {}\n\n{}", ranking.scenario, section(ranking)?)?;
    }
    text.push_str("\n## Versions\n\n");
    for entry in &raw.entries {
        if let Entry::Verified { server, version } = entry {
            writeln!(text, "- {server}: {version}")?;
        }
    }
    text.push_str("\nAll of this is rebuilt from `raw/` by `stackmark report`; every cell is in `summary.csv`.\n");
    Ok(text)
}

/// One table and the sentences that it needs.
///
/// # Errors
/// When the table cannot be encoded.
pub fn section(ranking: &Ranking) -> anyhow::Result<String> {
    Ok(format!("{}\n{}\n", ranking.table().render(Format::Markdown)?, ranking.legend()))
}

/// Where and how it was measured, in one paragraph.
#[must_use]
pub fn environment(raw: &Raw) -> String {
    let (run, machine) = (&raw.run, &raw.machine);
    let measured = raw
        .entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Trial(trial) => Some(trial.block),
            _ => None,
        })
        .max()
        .unwrap_or(0);
    let stopped = if raw.entries.contains(&Entry::Finished) {
        String::new()
    } else {
        format!(" **Stopped in block {measured} of {}.**", run.blocks)
    };
    let shared = if machine.database_is_external {
        "the database is not placed, and its CPU time not known"
    } else if run.cpus.load_is_alone() {
        "disjoint CPU sets"
    } else {
        "the load shares its CPUs, so its own scheduling is part of every latency"
    };
    format!(
        "{date}; {cpu}, {cpus} CPUs{virtualisation}; Linux {kernel}; database {database}; commit {commit}. \
         Profile `{profile}`, {blocks} blocks, seed {seed}, backend {backend}; CPUs {placement} ({shared}); \
         {pool} database connections a server.{stopped}",
        date = run.began,
        cpu = machine.cpu,
        cpus = machine.cpus,
        virtualisation = if machine.virtualisation.is_empty() {
            String::new()
        } else {
            format!(" ({})", machine.virtualisation)
        },
        kernel = machine.kernel,
        database = machine.database,
        commit = machine.commit,
        profile = run.profile,
        blocks = run.blocks,
        seed = run.seed,
        backend = run.backend,
        placement = run.cpus,
        pool = run.pool_size,
    )
}

//! A run's own README.md: what was measured, on what, and what must be known to read it.

use std::fmt::Write;

use crate::format::folder::Raw;
use crate::format::journal::Entry;
use crate::report::table::Format;

use super::chart::Chart;
use super::table::unmarked;
use super::{Section, ceilings, containers};

/// The page's text.
///
/// # Errors
/// When a table cannot be encoded.
pub fn page(raw: &Raw, sections: &[Section]) -> anyhow::Result<String> {
    let mut text = format!("# Run {}\n\n{}\n", raw.name, unmarked(&environment(raw)));
    for section in sections {
        write!(text, "\n## {}\n\n{}", unmarked(&section.ranking.scenario), table(section)?)?;
        for chart in &section.charts {
            write!(text, "\n{}\n", image(chart, ""))?;
        }
        if let Some(ceilings) = &section.ceilings {
            write!(text, "\n{}\n{}\n", ceilings.render(Format::Markdown)?, ceilings::LEGEND)?;
        }
    }
    text.push_str("\n## Versions\n\n");
    for entry in &raw.entries {
        if let Entry::Verified { server, version, .. } = entry {
            writeln!(text, "- {}: {}", unmarked(server), unmarked(version))?;
        }
    }
    text.push_str(
        "\nAll of this is rebuilt from `raw/` by `stackmark report`. Every cell is in [summary.csv](summary.csv) and \
         [summary.json](summary.json); [index.html](index.html) is one page with everything, for a browser.\n",
    );
    Ok(text)
}

/// One table, its main chart and the sentences that they need, for a page from which the run's folder is `folder`.
///
/// # Errors
/// When the table cannot be encoded.
pub fn excerpt(section: &Section, folder: &str) -> anyhow::Result<String> {
    let mut text = table(section)?;
    if let Some(chart) = section.main_chart() {
        write!(text, "\n{}\n", image(chart, folder))?;
    }
    Ok(text)
}

fn table(section: &Section) -> anyhow::Result<String> {
    let ranking = &section.ranking;
    let rows = ranking.table().render(Format::Markdown)?;
    Ok(format!("{rows}\n{}\n", unmarked(&ranking.legend())))
}

/// A chart as Markdown. What would end its description is left out of it.
fn image(chart: &Chart, folder: &str) -> String {
    format!("![{}]({folder}{})", chart.about.replace(['[', ']', '<', '\n', '\\'], " "), chart.file)
}

/// Where and how it was measured, in one paragraph. What others said of themselves stands in it as they said it.
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
    let stopped = match (raw.entries.contains(&Entry::Finished), measured) {
        (true, _) => String::new(),
        (false, 0) => " **Stopped before its first block.**".to_owned(),
        (false, measured) => format!(" **Stopped in block {measured} of {}.**", run.blocks),
    };
    let is_resumed = |entry: &&Entry| matches!(entry, Entry::Resumed { .. });
    let resumed = match raw.entries.iter().filter(is_resumed).count() {
        0 => String::new(),
        times => format!(
            " **Resumed {times} time{s}: its blocks are of {sittings} sittings.**",
            s = if times == 1 { "" } else { "s" },
            sittings = times + 1
        ),
    };
    let services = machine.services();
    let shared = if services.values().any(|service| service.external) {
        "the database is not placed, and its CPU time not known"
    } else if run.cpus.load_is_alone() {
        "disjoint CPU sets"
    } else {
        "the load shares its CPUs, so its own scheduling is part of every latency"
    };
    format!(
        "{date}; {cpu}, {cpus} CPUs{virtualisation}; Linux {kernel}; {services}commit {commit}. \
         Profile `{profile}`, {blocks} blocks, seed {seed}, backend {backend}; CPUs {placement} ({shared}); \
         {pool} database connections a server.{containers}{stopped}{resumed}",
        date = run.began,
        cpu = machine.cpu,
        cpus = machine.cpus,
        virtualisation = if machine.virtualisation.is_empty() {
            String::new()
        } else {
            format!(" ({})", machine.virtualisation)
        },
        kernel = machine.kernel,
        services = services
            .iter()
            .map(|(name, service)| format!("{name} {}; ", service.version))
            .collect::<String>(),
        commit = machine.commit,
        profile = run.profile,
        blocks = run.blocks,
        seed = run.seed,
        backend = run.backend,
        placement = run.cpus,
        pool = run.pool_size,
        containers = run
            .site
            .as_ref()
            .map(|site| containers::sentences(site, &run.cpus, machine))
            .unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::environment;
    use crate::format::journal::Entry;
    use crate::format::synthetic_run::{SMALL, known, run};

    #[test]
    fn how_a_run_came_about_is_told() {
        let mut raw = run(&[known("a", 50.0, SMALL)]);
        assert!(environment(&raw).ends_with(" **Stopped in block 8 of 8.**"));
        raw.entries.push(Entry::Finished);
        assert!(environment(&raw).ends_with("connections a server."));
        let resumed = || Entry::Resumed { at: "2026-01-02T04:00:00Z".into() };
        raw.entries.insert(3, resumed());
        let told = " **Resumed 1 time: its blocks are of 2 sittings.**";
        assert!(environment(&raw).ends_with(told), "{}", environment(&raw));
        raw.entries.insert(5, resumed());
        let told = " **Resumed 2 times: its blocks are of 3 sittings.**";
        assert!(environment(&raw).ends_with(told), "{}", environment(&raw));
        raw.entries.clear();
        assert!(environment(&raw).ends_with(" **Stopped before its first block.**"));
    }
}

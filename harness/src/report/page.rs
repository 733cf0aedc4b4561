//! A run's own README.md: what was measured, on what, and what must be known to read it.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::definition::study::{Published, RunStudy};
use crate::format::folder::Raw;
use crate::format::journal::Entry;
use crate::format::run::RunFile;

use super::chapter::Chapter;
use super::chart::Chart;
use super::sheet::Sheet;
use super::table::{Format, unmarked};
use super::{Drawn, Section, attribution, ceilings, containers, starts};

/// The page's text.
///
/// # Errors
/// When a table cannot be encoded.
pub fn page(raw: &Raw, drawn: &[Drawn]) -> anyhow::Result<String> {
    let mut text = format!("# Run {}\n\n{}\n", raw.name, unmarked(&environment(raw)));
    for drawn in drawn {
        match drawn.chapter.study {
            Some(study) => text += &in_study(study, drawn)?,
            None => {
                for section in &drawn.sections {
                    let title = unmarked(&section.sheet.title);
                    write!(text, "\n## {title}\n\n{}", table(&section.sheet)?)?;
                    text += &rest(section, section.charts.iter())?;
                }
            }
        }
    }
    if let Some(starts) = starts::table(raw) {
        let rows = starts.render(Format::Markdown)?;
        write!(text, "\n## Starts and sizes\n\n{rows}\n{}\n", starts::LEGEND)?;
    }
    text.push_str("\n## Versions\n\n");
    for entry in &raw.entries {
        if let Entry::Verified { server, version, .. } = entry {
            writeln!(text, "- {}: {}", unmarked(server), unmarked(version))?;
        }
    }
    let more: String =
        more_files(drawn).map(|(file, what)| format!("{what} in [{file}]({file}), ")).collect();
    write!(
        text,
        "\nAll of this is rebuilt from `raw/` by `stackmark report`. Every cell is in [summary.csv](summary.csv), \
         every pair in [pairs.csv](pairs.csv), {more}and all of it in [summary.json](summary.json); [index.html](index.html) is \
         one page with everything, for a browser.\n",
    )?;
    Ok(text)
}

/// The files that only some runs have, with what is in them.
pub(super) fn more_files(drawn: &[Drawn]) -> impl Iterator<Item = (&'static str, &'static str)> {
    let has = |of: fn(&Chapter) -> bool| drawn.iter().any(|drawn| of(drawn.chapter));
    let files = [
        ("prices.csv", "every price", has(|chapter| chapter.prices.is_some())),
        ("attribution.csv", "what decides", has(|chapter| chapter.attribution.is_some())),
    ];
    files.into_iter().filter(|(.., has)| *has).map(|(file, what, _)| (file, what))
}

/// A study's chapter: the question, the answer, what others found, a picture, and then the tables.
fn in_study(study: &RunStudy, drawn: &Drawn) -> anyhow::Result<String> {
    let Drawn { chapter, prices: chart, sections } = drawn;
    let mut text = format!("\n## {}\n\n{}\n", unmarked(&study.question), about(study));
    text += &listed(&chapter.answer);
    for Published { finding, source } in &study.published {
        write!(text, "\nPublished: {} ({})\n", unmarked(finding), unmarked(source))?;
    }
    // Without prices, the first picture of a section is that of the answer.
    let first = sections.first().and_then(Section::main_chart);
    let picture = chart.as_ref().or(first);
    if let Some(picture) = picture {
        write!(text, "\n{}\n", image(picture, ""))?;
    }
    if let Some(prices) = &chapter.prices {
        let rows = prices.table().render(Format::Markdown)?;
        write!(text, "\n{rows}\n{}\n", prices.legend())?;
    }
    if let Some(attribution) = &chapter.attribution {
        let rows = attribution.table().render(Format::Markdown)?;
        write!(text, "\n{rows}\n{}\n", attribution::LEGEND)?;
    }
    for section in sections {
        write!(text, "\n### {}\n", unmarked(&section.sheet.title))?;
        let is_shown = |one: &&Chart| picture.is_none_or(|picture| picture.file != one.file);
        if let Some(chart) = section.main_chart().filter(is_shown) {
            write!(text, "\n{}\n", image(chart, ""))?;
        }
        if !section.sheet.words.is_empty() {
            text += &listed(&section.sheet.words);
        }
        write!(text, "\n{}", table(&section.sheet)?)?;
        let main = section.main_chart().map(|chart| &chart.file);
        text += &rest(section, section.charts.iter().filter(|chart| Some(&chart.file) != main))?;
    }
    Ok(text)
}

/// The name of a study, and what it compares.
pub(super) fn about(study: &RunStudy) -> String {
    match &study.compare {
        Some(axis) => {
            let along: Vec<String> = study.along.iter().map(|axis| unmarked(axis)).collect();
            format!(
                "Study `{}`: servers are compared in their {} where they are equal in all else{}.",
                unmarked(&study.name),
                unmarked(axis).replace('_', " "),
                match along.is_empty() {
                    true => String::new(),
                    false => format!(", {} aside", along.join(" and ")),
                }
            )
        }
        None => format!("Study `{}`.", unmarked(&study.name)),
    }
}

/// Sentences as a list.
pub(super) fn listed(sentences: &[String]) -> String {
    let lines = sentences.iter().map(|sentence| format!("- {}\n", unmarked(sentence)));
    format!("\n{}", lines.collect::<String>())
}

/// Charts and ceilings, which follow a section's table.
fn rest<'a>(section: &Section, charts: impl Iterator<Item = &'a Chart>) -> anyhow::Result<String> {
    let mut text: String = charts.map(|chart| format!("\n{}\n", image(chart, ""))).collect();
    if let Some(ceilings) = &section.ceilings {
        write!(text, "\n{}\n{}\n", ceilings.render(Format::Markdown)?, ceilings::LEGEND)?;
    }
    Ok(text)
}

/// A sheet's table and its legend.
pub(super) fn table(sheet: &Sheet) -> anyhow::Result<String> {
    let rows = sheet.table().render(Format::Markdown)?;
    Ok(format!("{rows}\n{}\n", unmarked(&sheet.legend())))
}

/// A chart as Markdown. What would end its description is left out of it.
pub(super) fn image(chart: &Chart, folder: &str) -> String {
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
        "{date}; {cpu}, {cpus} CPUs{virtualisation}; Linux {kernel}; {services}{of}commit {commit}. \
         Profile `{profile}`{studies}, {blocks} blocks{rounds}, seed {seed}, backend {backend}; CPUs {placement} ({shared}); \
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
        of = if run.commits().is_empty() { "" } else { "the harness of " },
        profile = run.profile,
        studies = studies(&run.study),
        blocks = run.blocks,
        rounds = if run.rounds > 1 { format!(" of {} rounds", run.rounds) } else { String::new() },
        seed = run.seed,
        backend = run.backend,
        placement = run.cpus,
        pool = pool_sizes(run),
        containers = run
            .site
            .as_ref()
            .map(|site| containers::sentences(site, &run.cpus, machine))
            .unwrap_or_default(),
    )
}

/// The numbers of database connections that servers had, smallest first, such as `4 or 32`.
fn pool_sizes(run: &RunFile) -> String {
    let sizes: BTreeSet<u32> = run.server.iter().map(|server| run.pool_size_of(server)).collect();
    let sizes: Vec<String> = sizes.iter().map(u32::to_string).collect();
    match &sizes[..] {
        [] => run.pool_size.to_string(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// The names of a run's studies, after a comma.
fn studies(studies: &[RunStudy]) -> String {
    let names: Vec<String> = studies.iter().map(|study| format!("`{}`", study.name)).collect();
    match &names[..] {
        [] => String::new(),
        [only] => format!(", study {only}"),
        several => format!(", studies {}", several.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::environment;
    use crate::format::journal::Entry;
    use crate::format::synthetic_run::{SMALL, run, synthetic};

    #[test]
    fn how_a_run_came_about_is_told() {
        let mut raw = run(&[synthetic("a", 50.0, SMALL)]);
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

//! `change.md`: what a run of two commits shows, ready to be pasted into a pull request.

use crate::compare::{CellComparison, TWINS, commits, resolution_of_commits};
use crate::definition::revision::short as short_commit;
use crate::definition::study_file::CHANGE;
use crate::definition::{Commits, Side};
use crate::format::folder::Raw;
use crate::format::journal::Entry;
use crate::format::run::RunFile;
use crate::measure::block::Metric;

use super::answer::joined;
use super::change_table::{self, summary};
use super::conditions::conditions;
use super::metric_name::short;
use super::page::environment;
use super::ranking_legend::amount;
use super::table::{Format, unmarked};

/// The page's text; `None` for a run that compares no commits.
///
/// # Errors
/// When the table cannot be encoded.
pub(super) fn page(raw: &Raw) -> anyhow::Result<Option<String>> {
    let Some((base, head)) = sides(&raw.run) else { return Ok(None) };
    let changes = commits(raw);
    let table = change_table::table(&changes).render(Format::Markdown)?;
    let (short_base, short_head) = (short_commit(base), short_commit(head));
    let sentences = [
        Some(change_table::LEGEND.to_owned()),
        twins_in_words(raw, &changes),
        resolution_in_words(&changes),
    ];
    let legend = sentences.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let failures: String =
        failures(raw).map(|text| format!("\n**{}**\n", unmarked(&text))).collect();
    Ok(Some(format!(
        "### {short_head} against {short_base}\n\n{question} {summary}\n{failures}\n{table}\n{legend}{conditions}\n\n\
         {environment}\n\nRepeat it: `{command}`\n",
        question = Commits::question_of(base, head),
        summary = unmarked(&summary(&changes)),
        conditions = conditions(raw, |_| true),
        environment = unmarked(&environment(raw)),
        command = command(&raw.run, base, head),
    )))
}

/// The commits of both sides.
fn sides(run: &RunFile) -> Option<(&str, &str)> {
    let of = |side: Side| {
        let server = run.server.iter().find(|server| server.side() == Some(side))?;
        server.revision.as_deref()
    };
    Some((of(Side::Base)?, of(Side::Head)?))
}

/// Every failure of a server, as a sentence.
fn failures(raw: &Raw) -> impl Iterator<Item = String> {
    raw.entries.iter().filter_map(|entry| match entry {
        Entry::Failure(failure) => Some(format!("{failure}.")),
        _ => None,
    })
}

/// What allows for the difference between copies of a server.
fn twins_in_words(raw: &Raw, changes: &[CellComparison]) -> Option<String> {
    let twins = raw.run.server.iter().filter(|server| server.twin_of.is_some()).count();
    let compared = || changes.iter().filter_map(CellComparison::compared);
    if compared().any(|one| one.floor.is_some()) {
        return Some(format!(
            "{twins} twins, copies of these programs, ran beside them; a difference counts only where it is larger than \
             those between a program and its twin, as it takes {TWINS} twins to widen the intervals."
        ));
    }
    (twins > 0 && compared().next().is_some()).then(|| {
        format!("The intervals hold how far {twins} twins, copies of these programs that ran beside them, were from them.")
    })
}

/// Which differences the run finds.
fn resolution_in_words(changes: &[CellComparison]) -> Option<String> {
    let found = Metric::ALL
        .iter()
        .filter_map(|metric| Some((resolution_of_commits(changes, *metric)?, short(*metric))));
    let told = found.enumerate().map(|(place, (ratio, metric))| {
        let or_more = if place == 0 { " or more" } else { "" };
        format!("{}{or_more} in {metric}", amount(ratio))
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty())
        .then(|| format!("Differences of {} are found nine times in ten.", joined(&told)))
}

/// The command that measures the same again, wherever both commits are.
fn command(run: &RunFile, base: &str, head: &str) -> String {
    let mut words = format!("stackmark run --base {base} --head {head}");
    for study in &run.study {
        words += &format!(" --study {}", study.name.strip_suffix(CHANGE).unwrap_or(&study.name));
    }
    words += &format!(
        " --profile {} --blocks {} --rounds {} --seed {}",
        run.profile, run.blocks, run.rounds, run.seed
    );
    let contenders = run.server.iter().filter(|server| server.twin_of.is_none());
    let cells = || run.cell.iter();
    words += &only("-s", contenders.map(|server| server.name_of_both()));
    words += &only("-c", cells().map(|cell| cell.scenario.name.as_str()));
    words + &only("-l", cells().map(|cell| cell.load.name.as_str()))
}

/// The option that selects these names and no others.
fn only<'a>(option: &str, names: impl Iterator<Item = &'a str>) -> String {
    let mut once: Vec<String> = Vec::new();
    // In names, a dot is the only character that a regular expression takes for more.
    for name in names.map(|name| name.replace('.', r"\.")) {
        if !once.contains(&name) {
            once.push(name);
        }
    }
    match &once[..] {
        [only] => format!(" {option} '^{only}$'"),
        several => format!(" {option} '^({})$'", several.join("|")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Role;
    use crate::definition::study::{RunStudy, StudyCell};
    use crate::failure::{Failure, Stage};
    use crate::format::synthetic_run::{
        OTHER, SMALL, SyntheticServer, cell, of_commits, open_cell, run, run_under, synthetic,
    };
    use crate::report::{CHANGE, derived};

    const NOISE: [f64; 8] = [1.001, 0.999, 1.0, 1.002, 0.998, 1.001, 1.0, 0.999];

    /// A run of two commits: the head of `a` costs 6% more, and `b` the same as before.
    fn two_commits() -> Raw {
        let twin = |name, of, cpu, own| SyntheticServer {
            role: Role::Control,
            twin_of: Some(of),
            ..synthetic(name, cpu, own)
        };
        let servers = [
            synthetic("a@base", 50.0, SMALL),
            synthetic("a@head", 53.0, OTHER),
            synthetic("b@base", 80.0, OTHER),
            synthetic("b@head", 80.1, NOISE),
            twin("a.twin@base", "a@base", 50.1, NOISE),
            twin("a.twin@head", "a@head", 53.1, SMALL),
            twin("b.twin@base", "b@base", 79.9, SMALL),
            twin("b.twin@head", "b@head", 80.0, OTHER),
        ];
        let cells = [cell(), open_cell("open-2000", 2_000.0)];
        let mut raw = of_commits(run_under(&servers, &cells));
        let (base, head) = ("0b".repeat(20), "1e".repeat(20));
        raw.run.study = vec![RunStudy {
            name: "rust.change".into(),
            question: Commits::question_of(&base, &head),
            compare: Some("revision".into()),
            along: Vec::new(),
            baseline: None,
            servers: raw.run.server.iter().map(|server| server.name.clone()).collect(),
            cells: cells
                .iter()
                .map(|cell| StudyCell {
                    scenario: cell.scenario.name.clone(),
                    load: cell.load.name.clone(),
                })
                .collect(),
            published: Vec::new(),
        }];
        raw.entries.push(Entry::Finished);
        raw
    }

    #[test]
    fn a_run_of_two_commits_has_a_page_for_a_pull_request() {
        let page = derived(&two_commits()).unwrap().remove(CHANGE).unwrap();
        insta::assert_snapshot!(page);
    }

    #[test]
    fn the_verdicts_stand_in_words_too() {
        insta::assert_snapshot!(change_table::in_words(&commits(&two_commits())));
    }

    #[test]
    fn a_failed_server_stands_above_the_table_and_its_figures_are_only_those_of_base() {
        let mut raw = two_commits();
        raw.entries
            .retain(|entry| !matches!(entry, Entry::Trial(trial) if trial.server == "a@head"));
        let (server, reason) = ("a@head".to_owned(), "no <compiler>".to_owned());
        raw.entries.push(Entry::Failure(Failure {
            block: None,
            server,
            stage: Stage::Build,
            reason,
        }));
        let page = page(&raw).unwrap().unwrap();
        assert!(page.contains("\n**a@head failed to build: no &lt;compiler>.**\n"), "{page}");
        assert!(page.contains("only in base"), "{page}");
    }

    #[test]
    fn with_too_few_twins_a_difference_must_exceed_theirs() {
        let mut raw = two_commits();
        raw.run.server.retain(|server| !server.name.starts_with('b'));
        let page = page(&raw).unwrap().unwrap();
        assert!(page.contains("2 twins") && page.contains("it takes 3 twins"), "{page}");
        assert!(page.contains("-s '^a$'"), "{page}");
    }

    #[test]
    fn other_runs_have_no_such_page() {
        assert_eq!(page(&run(&[synthetic("a", 50.0, SMALL)])).unwrap(), None);
    }
}

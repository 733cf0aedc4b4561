//! The runs that answer a project's studies for its first page: of each study the newest that can be relied on.

use crate::definition::scenario::Catalogue;
use crate::definition::{Profile, Study};
use crate::format::folder::{self, Raw};
use crate::format::journal::Entry;
use crate::report;
use crate::workspace::Workspace;

/// The fewest blocks of a run that a first page may quote: the profile that only tries everything out has two.
const BLOCKS: u32 = 3;

/// The answers for a first page, the default study's first; where `shown` answers a study, from that run.
///
/// # Errors
/// When a definition or the folder of results cannot be read. A run that this version cannot read answers nothing.
pub(super) fn answers(workspace: &Workspace, shown: &Raw) -> anyhow::Result<String> {
    let studies = studies(workspace)?;
    let runs = runs(workspace)?;
    let answering = studies.iter().filter_map(|study| {
        let raw = newest(std::iter::once(shown), &study.name);
        Some((study.name.clone(), raw.or_else(|| newest(runs.iter(), &study.name))?))
    });
    Ok(report::answers(&answering.collect::<Vec<_>>()))
}

/// The newest run of the default study, whose table a first page shows.
///
/// # Errors
/// When a definition or the folder of results cannot be read.
pub(super) fn default_run(workspace: &Workspace) -> anyhow::Result<Option<Raw>> {
    let studies = studies(workspace)?;
    let Some(study) = studies.first().filter(|study| study.default) else { return Ok(None) };
    let mut runs = runs(workspace)?;
    runs.retain(|raw| has(raw, &study.name));
    runs.sort_by(|one, other| one.run.began.cmp(&other.run.began));
    Ok(runs.pop())
}

/// All studies, the default first, and then in the order of their names.
fn studies(workspace: &Workspace) -> anyhow::Result<Vec<Study>> {
    let catalogue = Catalogue::read(&workspace.scenarios())?;
    let profiles = Profile::read_all(&workspace.scenarios(), &catalogue)?;
    let mut studies = Study::read_all(&workspace.studies(), &catalogue, &profiles)?;
    studies.sort_by_key(|study| !study.default);
    Ok(studies)
}

fn runs(workspace: &Workspace) -> anyhow::Result<Vec<Raw>> {
    let folders = folder::all(&workspace.results())?;
    Ok(folders.iter().filter_map(|folder| folder::read(folder).ok()).collect())
}

fn has(raw: &Raw, study: &str) -> bool {
    raw.run.study.iter().any(|own| own.name == study)
}

/// Of some runs, the newest that came to its end, has blocks enough, and compares no commits.
fn newest<'a>(runs: impl Iterator<Item = &'a Raw>, study: &str) -> Option<&'a Raw> {
    let is_reliable = |raw: &&Raw| {
        has(raw, study)
            && raw.entries.contains(&Entry::Finished)
            && raw.run.blocks >= BLOCKS
            && raw.run.commits().is_empty()
    };
    runs.filter(is_reliable).max_by(|one, other| one.run.began.cmp(&other.run.began))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::study::{RunStudy, StudyCell};
    use crate::format::synthetic_run::{OTHER, SMALL, run, synthetic};

    fn of(began: &str, studies: &[&str]) -> Raw {
        let mut raw = run(&[synthetic("a", 50.0, SMALL), synthetic("b", 60.0, OTHER)]);
        raw.name = format!("run-of-{began}");
        raw.run.began = began.to_owned();
        raw.entries.push(Entry::Finished);
        let study = |name: &&str| RunStudy {
            name: (*name).to_owned(),
            question: format!("What of {name}?"),
            compare: None,
            along: Vec::new(),
            baseline: None,
            servers: vec!["a".into(), "b".into()],
            cells: vec![StudyCell { scenario: "demo".into(), load: "closed-64".into() }],
            published: Vec::new(),
        };
        raw.run.study = studies.iter().map(study).collect();
        raw
    }

    #[test]
    fn of_each_study_the_newest_run_that_can_be_relied_on_answers() {
        let mut stopped = of("2026-05-01", &["one"]);
        stopped.entries.retain(|entry| *entry != Entry::Finished);
        let mut smoke = of("2026-06-01", &["one"]);
        smoke.run.blocks = 2;
        let mut commits = of("2026-07-01", &["one"]);
        commits.run.server[0].revision = Some("0b".repeat(20));
        let runs = [
            of("2026-03-01", &["one", "two"]),
            of("2026-04-01", &["one"]),
            of("2026-01-01", &["two"]),
            stopped,
            smoke,
            commits,
        ];
        let name = |study: &str| newest(runs.iter(), study).map(|raw| raw.name.as_str());
        assert_eq!(name("one"), Some("run-of-2026-04-01"));
        assert_eq!(name("two"), Some("run-of-2026-03-01"));
        assert_eq!(name("three"), None);
    }

    #[test]
    fn each_answer_names_its_run() {
        let (one, two) = (of("2026-03-01T00:00:00Z", &["one"]), of("2026-04-01", &["one", "two"]));
        let text =
            report::answers(&[("one".into(), &one), ("two".into(), &two), ("no".into(), &one)]);
        let expected = "\n**What of one?**\n\n- demo under `closed-64`: `a` has the least server CPU per request, ";
        assert!(text.starts_with(expected), "{text}");
        let place =
            |words: &str| text.find(words).unwrap_or_else(|| panic!("no {words} in {text}"));
        let of_one = place(
            "[results/run-of-2026-03-01T00:00:00Z](results/run-of-2026-03-01T00:00:00Z/README.md): 2026-03-01,",
        );
        assert!(of_one < place("**What of two?**"), "{text}");
        assert_eq!(text.matches("](results/").count(), 2, "{text}");
    }
}

//! Plans of runs that compare two commits.

use registry::Checkout;

use super::*;
use crate::definition::synthetic_registry::changed_registry;
use crate::definition::{Commits, Revision};

fn revision(commit: &str, change: impl Fn(&str) -> String) -> Revision {
    let (commit, root) = (commit.repeat(40), format!("/{commit}").into());
    Revision { checkout: Checkout { commit, root }, registry: changed_registry(change) }
}

/// Commit a, and commit b with a registry whose text is changed.
fn commits(change: impl Fn(&str) -> String) -> Commits {
    Commits { base: revision("a", str::to_owned), head: revision("b", change) }
}

fn plan(commits: &Commits, studies: &[&str], servers: &[&str]) -> Result<Plan, DefinitionError> {
    planned(studies, "smoke", servers, |catalogue, studies, profile, filter| {
        Plan::of_commits(commits, catalogue, studies, profile, filter, 1)
    })
}

const ALL: &str = "cells = [{ scenarios = [\"demo\"], loads = [\"closed-64\"] }]\n";

#[test]
fn a_server_of_both_commits_is_compared_beside_twins_of_both() {
    let plan = plan(&commits(str::to_owned), &[ALL], &["^g-orm$"]).unwrap();
    assert_eq!(names(&plan), ["g-orm@base", "g-orm@head", "g-orm.twin@base", "g-orm.twin@head"]);
    assert!(plan.is_of_commits());
    let study = &plan.studies[0];
    assert_eq!((study.name.as_str(), study.compare.as_deref()), ("a.change", Some("revision")));
    let [base, head] = ["a", "b"].map(|commit| commit.repeat(12));
    assert_eq!(study.question, format!("Does {head} cost a server more than {base}?"));
    for (server, root) in plan.servers.iter().zip(["/a", "/b", "/a", "/b"]) {
        assert_eq!(server.original(), "g-orm");
        assert_eq!(server.checkout.as_ref().unwrap().root.to_str(), Some(root));
    }
}

#[test]
fn only_contenders_are_compared_each_in_a_group_of_its_own() {
    let plan = plan(&commits(str::to_owned), &[ALL], &[]).unwrap();
    let contenders: Vec<&str> =
        names(&plan).into_iter().filter(|name| !name.contains(".twin")).collect();
    assert_eq!(contenders.len(), 2 * 5, "no ceiling: {contenders:?}");
    assert_eq!(contenders[..3], ["f-driver@base", "f-driver@head", "f-orm@base"]);
    assert_eq!(plan.servers.len(), 2 * 5 + 3, "and three twins");
}

#[test]
fn variants_of_a_study_are_compared_too() {
    let plan = plan(&commits(str::to_owned), &[SWEEP], &["pool-4$"]).unwrap();
    assert_eq!(names(&plan)[..2], ["f-orm.pool-4@base", "f-orm.pool-4@head"]);
    assert!(plan.servers.iter().all(|server| server.pool_size() == 4));
}

#[test]
fn a_server_that_one_commit_lacks_is_refused_if_it_is_wanted() {
    let gone = commits(|text| text.replace("name = \"h-orm\"", "name = \"new\""));
    let text = plan(&gone, &[ALL], &[]).unwrap_err().to_string();
    assert_eq!(
        text,
        "commit aaaaaaaaaaaa has a server \"h-orm\" and commit bbbbbbbbbbbb has none; choose with -s among those of \
         both: f-driver, f-orm, g-orm, g-driver"
    );
    let text = plan(&gone, &[ALL], &["^new$"]).unwrap_err().to_string();
    assert!(text.starts_with("commit bbbbbbbbbbbb has a server \"new\""), "{text}");
    assert_eq!(plan(&gone, &[ALL], &["^g-orm$"]).unwrap().servers.len(), 4);
    let text = plan(&gone, &[ALL], &["no-such"]).unwrap_err().to_string();
    assert!(text.starts_with("no server matches \"no-such\"; there are: f-driver, "), "{text}");
}

#[test]
fn a_server_whose_driver_changes_its_name_is_still_compared() {
    let renamed = commits(|text| text.replace("driver = \"d\"", "driver = \"d2\""));
    let plan = plan(&renamed, &[ALL], &["^g-orm$"]).unwrap();
    assert!(plan.servers.iter().all(|server| server.axis("driver") == Some("d2")));
}

#[test]
fn a_plan_of_commits_is_repeated_from_its_commits() {
    let commits = commits(str::to_owned);
    let plan = plan(&commits, &[ALL, SWEEP], &["^g-orm"]).unwrap();
    let servers: Vec<RunServer> = plan.servers.iter().map(RunServer::of).collect();
    let recorded = Recorded {
        seed: plan.seed,
        profile: &plan.profile,
        blocks: plan.blocks.len() as u32,
        rounds: plan.rounds(),
        studies: &plan.studies,
        servers: &servers,
        cells: &plan.cells,
    };
    let registry = changed_registry(|text| text.replace("orm\"", "gone\""));
    let revisions = [commits.head, commits.base];
    let repeated = Plan::repeat(&recorded, &registry, &revisions).unwrap();
    assert_eq!((&repeated.servers, &repeated.blocks), (&plan.servers, &plan.blocks));
    let text = Plan::repeat(&recorded, &registry, &revisions[..1]).unwrap_err().to_string();
    assert!(text.starts_with("there is no commit \"aaaa"), "{text}");
}

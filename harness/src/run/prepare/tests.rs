use super::*;
use crate::definition::scenario::Common;
use crate::definition::study::StudyCell;
use crate::run::common_rate::is_at_common_rate;
use crate::run::mock::{Mock, plan};

/// Counts the steps, and keeps the failures.
#[derive(Default)]
struct RecordedProgress {
    advanced: u64,
    failures: Vec<Failure>,
}

impl Progress for RecordedProgress {
    fn doing(&mut self, _: &str) {}
    fn trial(&mut self, _: u32, _: &str, _: &Cell) {}
    fn advance(&mut self, steps: u64) {
        self.advanced += steps;
    }
    fn failure(&mut self, failure: &Failure) {
        self.failures.push(failure.clone());
    }
}

/// The result of preparing, its journal, and the number of its steps.
struct Prepared {
    result: ControlFlow<Ending, CommonRates>,
    entries: Vec<Entry>,
    steps: RecordedProgress,
}

impl Prepared {
    /// The servers that were verified.
    fn verified(&self) -> Vec<&str> {
        let verified = self.entries.iter().filter_map(|entry| match entry {
            Entry::Verified { server, .. } => Some(server.as_str()),
            _ => None,
        });
        verified.collect()
    }

    /// The servers that failed, with their stages.
    fn failed(&self) -> Vec<(&str, Stage)> {
        let failed = self.entries.iter().filter_map(|entry| match entry {
            Entry::Failure(failure) => Some((failure.server.as_str(), failure.stage)),
            _ => None,
        });
        failed.collect()
    }
}

fn run(plan: &Plan, mock: &mut Mock, completed: &mut Completed) -> Prepared {
    let mut entries = Vec::new();
    let mut steps = RecordedProgress::default();
    let mut journal = |entry: &Entry| {
        entries.push(entry.clone());
        Ok(())
    };
    let result = prepare(plan, mock, completed, &mut journal, &mut steps).unwrap();
    assert!(mock.running.is_empty(), "nothing is left running");
    Prepared { result, entries, steps }
}

/// The servers of a plan that are prepared: all but copies.
fn originals(plan: &Plan) -> Vec<&str> {
    let originals = plan.servers.iter().filter(|server| !server.is_copy());
    originals.map(|server| server.name.as_str()).collect()
}

#[test]
fn every_server_is_built_verified_and_stopped_before_the_next_and_a_copy_is_not() {
    let plan = plan();
    assert!(plan.servers.iter().any(Server::is_copy), "there is a copy");
    let mut mock = Mock::default();
    let prepared = run(&plan, &mut mock, &mut Completed::default());
    assert_eq!(prepared.verified(), originals(&plan));
    assert_eq!(prepared.steps.advanced, plan.servers.len() as u64);
    let without_trials = mock.log.iter().filter(|line| !line.starts_with("trial"));
    let expected = originals(&plan)
        .into_iter()
        .flat_map(|name| ["build", "start", "verify", "stop"].map(|step| format!("{step} {name}")));
    assert_eq!(without_trials.cloned().collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

#[test]
fn a_server_that_fails_at_any_stage_is_excluded_with_its_copy_and_the_others_are_prepared() {
    let plan = plan();
    let twin = plan.servers.iter().find(|server| server.is_copy()).unwrap();
    let name = twin.original();
    for stage in
        [Stage::Build, Stage::Version, Stage::Start, Stage::Verify, Stage::Trial, Stage::Stop]
    {
        let mut mock = Mock::failing(name, stage);
        let mut completed = Completed::default();
        let prepared = run(&plan, &mut mock, &mut completed);
        assert_eq!(prepared.failed(), [(name, stage), (twin.name.as_str(), stage)]);
        assert_eq!(prepared.steps.failures.len(), 1, "{stage:?} is reported once");
        assert!(completed.is_excluded(name) && completed.is_excluded(&twin.name), "{stage:?}");
        let mut others = originals(&plan);
        others.retain(|other| *other != name);
        assert_eq!(prepared.verified(), others, "{stage:?}");
        let went_on = mock.log.contains(&format!("verify {name}"));
        let comes_to_that = !matches!(stage, Stage::Build | Stage::Version | Stage::Start);
        assert_eq!(went_on, comes_to_that, "{stage:?}");
    }
}

#[test]
fn an_interruption_or_a_lost_service_ends_it_and_is_no_servers_failure() {
    let plan = plan();
    let second = originals(&plan)[1];
    for (error, ending) in [
        (Error::Interrupted, Ending::Interrupted),
        (Error::ServiceLost("gone".into()), Ending::ServiceLost("gone".into())),
    ] {
        for stage in [Stage::Build, Stage::Start, Stage::Verify, Stage::Trial, Stage::Stop] {
            let mut mock = Mock::with(second, stage, error.clone());
            let mut completed = Completed::default();
            let prepared = run(&plan, &mut mock, &mut completed);
            assert_eq!(prepared.result, ControlFlow::Break(ending.clone()), "{stage:?}");
            assert_eq!(prepared.verified(), originals(&plan)[..1], "{stage:?}");
            assert_eq!(prepared.failed(), [], "{stage:?}");
            assert_eq!(completed, Completed::default(), "{stage:?}");
        }
    }
}

#[test]
fn the_common_rate_is_half_of_the_slowest_server_that_is_asked_for_it() {
    let plan = plan();
    let slowest = plan.servers.iter().find(|server| !server.drives_itself).unwrap();
    let self_driven = plan.servers.iter().find(|server| server.drives_itself).unwrap();
    let mut mock = Mock {
        goodputs: [(slowest.name.clone(), 250), (self_driven.name.clone(), 10)].into(),
        ..Mock::default()
    };
    let prepared = run(&plan, &mut mock, &mut Completed::default());
    let ControlFlow::Continue(rates) = &prepared.result else { panic!("{:?}", prepared.result) };
    assert_eq!(rates.of("demo", Common::Common), Some(PerSecond(120.0)));
    let calibrated = |name: &str| {
        let is =
            |entry: &Entry| matches!(entry, Entry::Calibrated { server, .. } if server == name);
        prepared.entries.iter().any(is)
    };
    assert!(calibrated(&slowest.name) && !calibrated(&self_driven.name));
}

#[test]
fn each_scenario_has_a_rate_of_its_own_that_later_sittings_keep() {
    let mut plan = plan();
    let mut other = plan.cells.iter().find(|cell| is_at_common_rate(cell)).unwrap().clone();
    other.scenario.name = "slow".into();
    let (scenario, load) = ("slow".into(), other.load.name.clone());
    plan.studies[0].cells.push(StudyCell { scenario, load });
    plan.cells.push(other);
    let mut mock = Mock { slow_scenario: Some(("slow", 30)), ..Mock::default() };
    let prepared = run(&plan, &mut mock, &mut Completed::default());
    let rates: Vec<_> = prepared
        .entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::CommonRate { scenario, rate, .. } => {
                Some((scenario.as_deref().unwrap(), rate.0))
            }
            _ => None,
        })
        .collect();
    assert_eq!(rates, [("demo", 500.0), ("slow", 15.0)]);

    // The run was killed between the two rates, so that only the missing one is found again.
    let mut entries = prepared.entries;
    assert!(matches!(entries.pop(), Some(Entry::CommonRate { .. })));
    let mut mock = Mock { slow_scenario: Some(("slow", 50)), ..Mock::default() };
    let again = run(&plan, &mut mock, &mut Completed::from_journal(&entries));
    let ControlFlow::Continue(rates) = &again.result else { panic!("{:?}", again.result) };
    assert_eq!(rates.of("demo", Common::Common), Some(PerSecond(500.0)));
    assert_eq!(rates.of("slow", Common::Common), Some(PerSecond(25.0)));
}

#[test]
fn a_server_without_a_right_answer_under_load_fails() {
    let plan = plan();
    let name = plan.servers.iter().find(|server| !server.drives_itself).unwrap().original();
    let mut mock = Mock { goodputs: [(name.to_owned(), 0)].into(), ..Mock::default() };
    let prepared = run(&plan, &mut mock, &mut Completed::default());
    assert_eq!(prepared.failed()[0], (name, Stage::Trial));
}

#[test]
fn a_resumed_run_verifies_again_and_neither_calibrates_nor_records_twice() {
    let plan = plan();
    let before = run(&plan, &mut Mock::default(), &mut Completed::default());
    let mut mock = Mock::default();
    let again = run(&plan, &mut mock, &mut Completed::from_journal(&before.entries));
    assert_eq!(again.result, before.result, "the rate stays as it was");
    assert_eq!(again.entries, []);
    assert_eq!(mock.trials, 0);
    let verified = mock.log.iter().filter(|line| line.starts_with("verify")).count();
    assert_eq!(verified, originals(&plan).len());
}

#[test]
fn a_server_of_another_version_than_before_fails() {
    let plan = plan();
    let before = run(&plan, &mut Mock::default(), &mut Completed::default());
    let mut mock = Mock { version: " 2", ..Mock::default() };
    let again = run(&plan, &mut mock, &mut Completed::from_journal(&before.entries));
    assert_eq!(again.failed().len(), plan.servers.len());
    assert!(again.failed().iter().all(|(_, stage)| *stage == Stage::Version));
    assert!(!mock.log.iter().any(|line| line.starts_with("start")));
}

use super::*;
use crate::plan::Round;
use crate::run::common_rate::{common_rates, is_at_common_rate};
use crate::run::mock::{Mock, plan};
use crate::run::resume::Completed;
use crate::units::PerSecond;

/// Counts the reported events, and stops the run after a number of trials.
struct Counter<'a> {
    advanced: u64,
    begun: usize,
    stop: &'a Stop,
    stop_after: usize,
}

impl Progress for Counter<'_> {
    fn doing(&mut self, _: &str) {}
    fn trial(&mut self, _: u32, _: &str, _: &Cell) {
        self.begun += 1;
        if self.begun == self.stop_after {
            self.stop.set();
        }
    }
    fn advance(&mut self, trials: u64) {
        self.advanced += trials;
    }
    fn failure(&mut self, _: &Failure) {}
}

fn run(
    plan: &Plan,
    mock: &mut Mock,
    completed: &Completed,
    stop_after: usize,
) -> (Ending, Vec<Entry>, u64) {
    let stop = Stop::default();
    let mut progress = Counter { advanced: 0, begun: 0, stop: &stop, stop_after };
    let mut entries = Vec::new();
    let mut journal = |entry: &Entry| {
        entries.push(entry.clone());
        Ok(())
    };
    let mut rates = CommonRates::default();
    rates.read(&common_rates("demo", PerSecond(240.0)));
    let left = completed.remaining(plan);
    let ending = execute(&left, &rates, mock, &mut journal, &mut progress, &stop).unwrap();
    (ending, entries, progress.advanced)
}

#[test]
fn all_servers_are_up_for_the_rounds_of_a_block_and_trials_follow_the_plan() {
    let plan = plan();
    let mut mock = Mock::default();
    let (ending, entries, advanced) = run(&plan, &mut mock, &Completed::default(), 0);
    assert_eq!(ending, Ending::Whole);
    assert_eq!(advanced as usize, plan.trials());
    assert_eq!(entries.last(), Some(&Entry::Finished));
    let expected = plan.blocks.iter().flat_map(|block| {
        let servers = block.servers();
        let all = |what: &str| -> Vec<String> {
            servers.iter().map(|&server| format!("{what} {}", plan.servers[server].name)).collect()
        };
        let trials = block.visits().map(|(round, visit)| {
            let load = &plan.cells[visit.cell].load;
            let rate = if load.kind == LoadKind::Closed { "" } else { " at 120" };
            let warmup = if round == 1 { "cold" } else { "warm" };
            let server = &plan.servers[visit.server].name;
            format!("trial {server} {}{rate} {warmup} {}", load.name, visit.seed)
        });
        let trials: Vec<String> = trials.collect();
        [all("start"), trials, all("stop")].concat()
    });
    assert_eq!(mock.log, expected.collect::<Vec<_>>());
}

#[test]
fn every_scenario_is_asked_at_its_own_common_rate() {
    let mut plan = plan();
    let open = plan.cells.iter().position(is_at_common_rate).unwrap();
    let mut other = plan.cells[open].clone();
    other.scenario.name = "other".into();
    plan.cells.push(other);
    let last = plan.cells.len() - 1;
    plan.blocks.truncate(1);
    let visit = |cell| Visit { server: 0, cell, seed: 1 };
    plan.blocks[0].rounds = vec![Round { number: 1, visits: vec![visit(open), visit(last)] }];
    let mut rates = CommonRates::default();
    for (scenario, slowest) in [("demo", 240.0), ("other", 14.0)] {
        rates.read(&common_rates(scenario, PerSecond(slowest)));
    }
    let stop = Stop::default();
    let mut progress = Counter { advanced: 0, begun: 0, stop: &stop, stop_after: 0 };
    let mut asked = Vec::new();
    let mut journal = |entry: &Entry| {
        if let Entry::Trial(trial) = entry {
            asked.push((trial.scenario.clone(), trial.rate.unwrap().0));
        }
        Ok(())
    };
    execute(&plan, &rates, &mut Mock::default(), &mut journal, &mut progress, &stop).unwrap();
    assert_eq!(asked, [("demo".to_owned(), 120.0), ("other".to_owned(), 7.0)]);
}

#[test]
fn a_server_that_fails_is_a_row_and_the_run_goes_on() {
    let plan = plan();
    let name = plan.servers[0].name.clone();
    let per_block = plan.cells.len() * plan.rounds() as usize;
    let blocks = plan.blocks.len();
    for (stage, lost) in
        [(Stage::Start, per_block * blocks), (Stage::Trial, per_block * blocks), (Stage::Stop, 0)]
    {
        let mut mock = Mock::failing(&name, stage);
        let (ending, entries, advanced) = run(&plan, &mut mock, &Completed::default(), 0);
        assert_eq!(ending, Ending::WithFailures, "{stage:?}");
        let failed = |entry: &&Entry| matches!(entry, Entry::Failure(f) if f.server == name && f.stage == stage);
        assert_eq!(entries.iter().filter(failed).count(), blocks, "{stage:?}");
        let recorded = entries.iter().filter(|entry| matches!(entry, Entry::Trial(_))).count();
        assert_eq!(recorded, plan.trials() - lost, "{stage:?}");
        assert_eq!(advanced as usize, plan.trials(), "{stage:?}");
        assert!(mock.running.is_empty(), "nothing is left running");
    }
}

#[test]
fn an_excluded_server_is_not_started() {
    let plan = plan();
    let name = plan.servers[0].name.as_str();
    let mut mock = Mock::default();
    let mut completed = Completed::default();
    completed.exclude(name);
    let (_, _, advanced) = run(&plan, &mut mock, &completed, 0);
    assert!(!mock.log.contains(&format!("start {name}")));
    let per_block = plan.cells.len() * plan.rounds() as usize;
    assert_eq!(advanced as usize, plan.trials() - per_block * plan.blocks.len());
}

#[test]
fn an_interrupted_run_stops_its_servers_and_says_so() {
    let plan = plan();
    let mut mock = Mock::default();
    // The trial in which the stop comes is completed, and the next one does not begin.
    let (ending, entries, _) = run(&plan, &mut mock, &Completed::default(), 3);
    assert_eq!(ending, Ending::Interrupted);
    assert_eq!(mock.trials, 3);
    assert!(mock.running.is_empty());
    assert_eq!(entries.last(), Some(&Entry::Interrupted));
}

#[test]
fn a_resumed_run_makes_what_is_left_and_nothing_twice() {
    let plan = plan();
    let key = |entry: &Entry| match entry {
        Entry::Trial(t) => Some((t.block, t.round, t.server.clone(), t.load.clone())),
        _ => None,
    };
    let (_, whole, _) = run(&plan, &mut Mock::default(), &Completed::default(), 0);
    // The run is killed after any of its entries, within a round or between two.
    for killed in 0..whole.len() {
        let (ending, rest, advanced) =
            run(&plan, &mut Mock::default(), &Completed::from_journal(&whole[..killed]), 0);
        assert_eq!(ending, Ending::Whole);
        let done = whole[..killed].iter().filter_map(key).count();
        assert_eq!(advanced as usize, plan.trials() - done);
        let both = whole[..killed].iter().chain(&rest);
        assert!(both.filter_map(key).eq(whole.iter().filter_map(key)), "killed after {killed}");
    }
}

#[test]
fn a_failed_server_is_not_tried_again_in_its_block_by_a_resumed_run() {
    let plan = plan();
    let name = plan.servers[0].name.clone();
    let mut mock = Mock::failing(&name, Stage::Trial);
    let (_, entries, _) = run(&plan, &mut mock, &Completed::default(), 0);
    let mut mock = Mock::default();
    let completed = Completed::from_journal(&entries);
    run(&plan, &mut mock, &completed, 0);
    assert_eq!(mock.log, [""; 0], "all is settled");
    assert!(completed.has_failures(), "which the exit status of the resumed run tells");
}

#[test]
fn a_run_that_loses_a_service_says_which_and_blames_no_server() {
    let plan = plan();
    let name = plan.servers[0].name.clone();
    for stage in [Stage::Start, Stage::Trial, Stage::Stop] {
        let mut mock = Mock::with(&name, stage, Error::ServiceLost("the database is gone".into()));
        let (ending, entries, _) = run(&plan, &mut mock, &Completed::default(), 0);
        assert_eq!(ending, Ending::ServiceLost("the database is gone".into()), "{stage:?}");
        assert_eq!(entries.last(), Some(&Entry::Interrupted), "{stage:?}");
        assert!(!entries.iter().any(|entry| matches!(entry, Entry::Failure(_))), "{stage:?}");
        assert!(mock.running.is_empty(), "{stage:?}");
    }
}

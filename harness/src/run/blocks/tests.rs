use super::*;
use crate::definition::Filter;
use crate::definition::scenario::Catalogue;
use crate::definition::{Profile, Registry};
use crate::run::resume::Completed;
use crate::workspace::Workspace;

/// Plays servers that cost nothing, and writes down what it was asked to do.
#[derive(Default)]
struct Mock {
    log: Vec<String>,
    running: Option<String>,
    trials: usize,
    refuses_to_start: Option<String>,
    dies_in_trial: Option<String>,
    refuses_to_stop: Option<String>,
}

impl Executor for Mock {
    fn start(&mut self, server: &Server) -> Result<(), Error> {
        assert_eq!(self.running, None, "one server at a time");
        if self.refuses_to_start.as_ref() == Some(&server.name) {
            return Err(Error::Failed("no".into()));
        }
        self.running = Some(server.name.clone());
        self.log.push(format!("start {}", server.name));
        Ok(())
    }

    fn trial(
        &mut self,
        server: &Server,
        cell: &Cell,
        pace: Pace,
        seed: u64,
    ) -> Result<Measured, Error<Failed>> {
        assert_eq!(self.running.as_ref(), Some(&server.name), "a trial is of the running server");
        let rate = match pace {
            Pace::Closed => String::new(),
            Pace::Open { rate, .. } => format!(" at {}", rate.0),
        };
        self.log.push(format!("trial {}{rate} {seed}", cell.load.name));
        self.trials += 1;
        if self.dies_in_trial.as_ref() == Some(&server.name) {
            return Err(Error::Failed(Failed::new(Stage::Trial, "died")));
        }
        Ok(Measured {
            warmup: None,
            record: crate::load::LoadRecord::default(),
            resources: Default::default(),
        })
    }

    fn stop(&mut self) -> Result<(), Error> {
        let server = self.running.take().expect("only a running server is stopped");
        self.log.push(format!("stop {server}"));
        if self.refuses_to_stop.as_ref() == Some(&server) {
            return Err(Error::Failed("hung".into()));
        }
        Ok(())
    }
}

/// Counts what it is told; stops the run after so many trials.
struct Counter<'a> {
    advanced: u64,
    begun: usize,
    stop: &'a Stop,
    stop_after: usize,
}

impl Progress for Counter<'_> {
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

fn plan() -> Plan {
    let workspace = Workspace::at(concat!(env!("CARGO_MANIFEST_DIR"), "/..").as_ref());
    let catalogue = Catalogue::read(&workspace.scenarios()).unwrap();
    let profiles = Profile::read_all(&workspace.scenarios(), &catalogue).unwrap();
    let registry = Registry::read(&workspace.registry()).unwrap();
    let smoke = profiles.iter().find(|profile| profile.name == "smoke").unwrap();
    Plan::new(&registry, &catalogue, smoke, &Filter::default(), 5).unwrap()
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
    let ending = execute(
        &completed.remaining(plan),
        PerSecond(123.0),
        mock,
        &mut journal,
        &mut progress,
        &stop,
    )
    .unwrap();
    (ending, entries, progress.advanced)
}

#[test]
fn every_server_is_restarted_in_every_block_and_cells_follow_the_plan() {
    let plan = plan();
    let mut mock = Mock::default();
    let (ending, entries, advanced) = run(&plan, &mut mock, &Completed::default(), 0);
    assert_eq!(ending, Ending::Whole);
    assert_eq!(advanced as usize, plan.trials());
    assert_eq!(entries.last(), Some(&Entry::Finished));
    let expected = plan.blocks.iter().flat_map(|block| &block.turns).flat_map(|turn| {
        let server = &plan.servers[turn.server].name;
        let cells = turn.cells.iter().map(|&cell| {
            let load = &plan.cells[cell].load;
            let rate = if load.kind == LoadKind::Closed { "" } else { " at 123" };
            format!("trial {}{rate} {}", load.name, turn.seed.wrapping_add(cell as u64))
        });
        std::iter::once(format!("start {server}"))
            .chain(cells)
            .chain([format!("stop {server}")])
            .collect::<Vec<_>>()
    });
    assert_eq!(mock.log, expected.collect::<Vec<_>>());
}

#[test]
fn a_server_that_fails_is_a_row_and_the_run_goes_on() {
    let plan = plan();
    let name = plan.servers[0].name.clone();
    let per_block = plan.cells.len();
    let blocks = plan.blocks.len();
    for (stage, mock, lost) in [
        (
            Stage::Start,
            Mock { refuses_to_start: Some(name.clone()), ..Mock::default() },
            per_block * blocks,
        ),
        (
            Stage::Trial,
            Mock { dies_in_trial: Some(name.clone()), ..Mock::default() },
            per_block * blocks,
        ),
        (Stage::Stop, Mock { refuses_to_stop: Some(name.clone()), ..Mock::default() }, 0),
    ] {
        let mut mock = mock;
        let (ending, entries, advanced) = run(&plan, &mut mock, &Completed::default(), 0);
        assert_eq!(ending, Ending::WithFailures, "{stage:?}");
        let failed = |entry: &&Entry| matches!(entry, Entry::Failure(f) if f.server == name && f.stage == stage);
        assert_eq!(entries.iter().filter(failed).count(), blocks, "{stage:?}");
        let recorded = entries.iter().filter(|entry| matches!(entry, Entry::Trial(_))).count();
        assert_eq!(recorded, plan.trials() - lost, "{stage:?}");
        assert_eq!(advanced as usize, plan.trials(), "{stage:?}");
        assert_eq!(mock.running, None, "nothing is left running");
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
    assert_eq!(advanced as usize, plan.trials() - plan.cells.len() * plan.blocks.len());
}

#[test]
fn an_interrupted_run_stops_its_server_and_says_so() {
    let plan = plan();
    let mut mock = Mock::default();
    // The stop comes in the last trial of a turn: the next turn does not begin.
    let (ending, entries, _) = run(&plan, &mut mock, &Completed::default(), plan.cells.len());
    assert_eq!(ending, Ending::Interrupted);
    assert_eq!(mock.trials, plan.cells.len());
    assert_eq!(mock.running, None);
    assert_eq!(entries.last(), Some(&Entry::Interrupted));
}

#[test]
fn a_resumed_run_makes_what_is_left_and_nothing_twice() {
    let plan = plan();
    let key = |entry: &Entry| match entry {
        Entry::Trial(t) => Some((t.block, t.server.clone(), t.load.clone())),
        _ => None,
    };
    let (_, whole, _) = run(&plan, &mut Mock::default(), &Completed::default(), 0);
    // Killed after any of its entries, within a turn or between two.
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
fn a_failed_turn_is_not_tried_again_by_a_resumed_run() {
    let plan = plan();
    let name = plan.servers[0].name.clone();
    let mut mock = Mock { dies_in_trial: Some(name.clone()), ..Mock::default() };
    let (_, entries, _) = run(&plan, &mut mock, &Completed::default(), 0);
    let mut mock = Mock::default();
    let completed = Completed::from_journal(&entries);
    run(&plan, &mut mock, &completed, 0);
    assert_eq!(mock.log, [""; 0], "all is settled");
    assert!(completed.has_failures(), "which the exit status of the resumed run tells");
}

//! An executor without servers, for tests of the order of a run's steps.

use std::collections::{BTreeMap, BTreeSet};

use crate::backend::BuildInfo;
use crate::definition::cell::Cell;
use crate::definition::scenario::Catalogue;
use crate::definition::{Filter, Profile, Registry, Server, Study};
use crate::failure::{Error, Failed, Stage};
use crate::format::measured::{Measured, Start};
use crate::load::{LoadRecord, Pace};
use crate::plan::Plan;
use crate::run::executor::{Asked, Executor};
use crate::units::Nanos;
use crate::workspace::Workspace;

/// Imitates servers without starting any, and records the steps.
#[derive(Default)]
pub(super) struct Mock {
    pub(super) log: Vec<String>,
    pub(super) running: BTreeSet<String>,
    pub(super) trials: usize,
    /// The errors, by server.
    pub(super) errors: BTreeMap<String, (Stage, Error)>,
    /// The right answers per second, by server; 1,000 for the others.
    pub(super) goodputs: BTreeMap<String, u64>,
    /// A scenario with another number of right answers per second, for every server.
    pub(super) slow_scenario: Option<(&'static str, u64)>,
    /// The text after the server's name in its version.
    pub(super) version: &'static str,
}

impl Mock {
    /// A mock whose `server` fails at `stage`.
    pub(super) fn failing(server: &str, stage: Stage) -> Mock {
        Mock::with(server, stage, Error::Failed("broken".into()))
    }

    /// A mock that returns `error` at `stage` of `server`.
    pub(super) fn with(server: &str, stage: Stage, error: Error) -> Mock {
        Mock { errors: [(server.to_owned(), (stage, error))].into(), ..Mock::default() }
    }

    fn error(&self, server: &str, at: Stage) -> Result<(), Error> {
        match self.errors.get(server) {
            Some((stage, error)) if *stage == at => Err(error.clone()),
            _ => Ok(()),
        }
    }
}

impl Executor for Mock {
    fn build(&mut self, server: &Server) -> Result<BuildInfo, Error<Failed>> {
        self.log.push(format!("build {}", server.name));
        for stage in [Stage::Build, Stage::Version] {
            self.error(&server.name, stage).map_err(|error| error.at(stage))?;
        }
        Ok(BuildInfo {
            version: format!("{}{}", server.name, self.version),
            image: None,
            bytes: None,
        })
    }

    fn start(&mut self, server: &Server) -> Result<Start, Error> {
        self.error(&server.name, Stage::Start)?;
        assert!(self.running.insert(server.name.clone()), "a server runs once");
        self.log.push(format!("start {}", server.name));
        Ok(Start::default())
    }

    fn verify(&mut self, server: &Server) -> Result<(), Error> {
        assert!(self.running.contains(&server.name), "only a running server is verified");
        self.log.push(format!("verify {}", server.name));
        self.error(&server.name, Stage::Verify)
    }

    fn trial(
        &mut self,
        server: &Server,
        cell: &Cell,
        asked: Asked,
    ) -> Result<Measured, Error<Failed>> {
        assert!(self.running.contains(&server.name), "a trial is of a running server");
        let rate = match asked.pace {
            Pace::Closed => String::new(),
            Pace::Open { rate, .. } => format!(" at {}", rate.0),
        };
        let warmup = if asked.warmup == cell.times.warmup() { "cold" } else { "warm" };
        let trial =
            format!("trial {} {}{rate} {warmup} {}", server.name, cell.load.name, asked.seed);
        self.log.push(trial);
        self.trials += 1;
        self.error(&server.name, Stage::Trial).map_err(|error| error.at(Stage::Trial))?;
        let of_scenario = self.slow_scenario.filter(|(slow, _)| *slow == cell.scenario.name);
        let of_server = self.goodputs.get(&server.name).copied();
        let goodput = of_scenario.map(|(_, goodput)| goodput).or(of_server);
        let record = LoadRecord {
            right_in_window: goodput.unwrap_or(1_000),
            window: Nanos(1_000_000_000),
            ..LoadRecord::default()
        };
        Ok(Measured { warmup: None, record, resources: Default::default(), other_servers: None })
    }

    fn stop(&mut self, server: &Server) -> Result<(), Error> {
        assert!(self.running.remove(&server.name), "only a running server is stopped");
        self.log.push(format!("stop {}", server.name));
        self.error(&server.name, Stage::Stop)
    }
}

/// The plan of the default studies in the profile `smoke`.
pub(super) fn plan() -> Plan {
    let workspace = Workspace::at(concat!(env!("CARGO_MANIFEST_DIR"), "/..").as_ref());
    let catalogue = Catalogue::read(&workspace.scenarios()).unwrap();
    let profiles = Profile::read_all(&workspace.scenarios(), &catalogue).unwrap();
    let registry = Registry::read(&workspace.registry()).unwrap();
    let studies = Study::read_all(&workspace.studies(), &catalogue, &profiles).unwrap();
    let studies = Study::named(&studies, &[]).unwrap();
    let smoke = profiles.iter().find(|profile| profile.name == "smoke").unwrap();
    Plan::new(&registry, &catalogue, &studies, smoke, &Filter::default(), 5).unwrap()
}

//! Synthetic runs with known statistics, for tests.

use registry::{Axes, Ceilings};

use super::counts::{Batch, Counted, Counts, Start};
use crate::definition::Role;
use crate::definition::cell::Cell;
use crate::definition::profile::CellTimes;
use crate::definition::scenario::{self, Arrivals, Load, LoadKind, Rate, Scenario};
use crate::definition::server::RunServer;
use crate::format::folder::Raw;
use crate::format::journal::{Entry, Trial};
use crate::format::measured::Measured;
use crate::format::run::RunFile;
use crate::load::LoadRecord;
use crate::observe::callgrind::Executed;
use crate::observe::usage::Usage;
use crate::observe::window::Resources;
use crate::os::machine::MachineFile;
use crate::os::placement::Placement;
use crate::units::{Nanos, PerSecond};
use crate::workload;

/// The true costs of a server, and the factors by which each block changes them.
pub(crate) struct SyntheticServer {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    pub(crate) twin_of: Option<&'static str>,
    pub(crate) goodput: f64,
    /// Factors of the goodput, by block.
    pub(crate) goodput_noise: [f64; 8],
    /// Server CPU time in microseconds per request.
    pub(crate) cpu: f64,
    pub(crate) load_cpu: f64,
    /// Factors of both CPU times, by block.
    pub(crate) host: [f64; 8],
    /// Factors of the server's CPU time alone, by block.
    pub(crate) own: [f64; 8],
}

/// Two sets of small noise that are nearly uncorrelated, and one of large noise.
pub(crate) const SMALL: [f64; 8] = [1.004, 0.997, 1.001, 0.995, 1.006, 1.0, 0.998, 1.003];
pub(crate) const OTHER: [f64; 8] = [0.998, 1.005, 0.996, 1.002, 1.001, 0.994, 1.004, 0.999];
pub(crate) const LARGE: [f64; 8] = [1.1, 0.95, 1.04, 0.88, 1.07, 0.93, 1.15, 0.9];

pub(crate) fn synthetic(name: &'static str, cpu: f64, own: [f64; 8]) -> SyntheticServer {
    let (role, host) = (Role::Contender, [1.0; 8]);
    SyntheticServer {
        name,
        role,
        twin_of: None,
        goodput: 10_000.0,
        goodput_noise: host,
        cpu,
        load_cpu: 10.0,
        host,
        own,
    }
}

pub(crate) fn cell() -> Cell {
    Cell {
        scenario: Scenario {
            name: "demo".into(),
            path: "/demo".into(),
            asks: workload::Kind::RandomName,
            timeout: scenario::TIMEOUT,
            about: "a lookup".into(),
        },
        load: Load { name: "closed-64".into(), users: 64, kind: LoadKind::Closed },
        times: CellTimes {
            scenario: "demo".into(),
            load: "closed-64".into(),
            warmup_ms: 500,
            warmup_limit_ms: 0,
            settle_ms: 0,
            window_ms: 1_000,
            every: 1,
        },
    }
}

/// The cell, under an open load of so many requests per second.
pub(crate) fn open_cell(load: &str, rate: f64) -> Cell {
    let kind = LoadKind::Open { rate: Rate::Fixed(PerSecond(rate)), arrivals: Arrivals::Constant };
    under(Load { name: load.into(), users: 64, kind })
}

/// The cell, under a closed load of so many users.
pub(crate) fn closed_cell(users: u32) -> Cell {
    under(Load { name: format!("closed-{users}"), users, kind: LoadKind::Closed })
}

fn under(load: Load) -> Cell {
    let Cell { scenario, times, .. } = cell();
    Cell { scenario, times: CellTimes { load: load.name.clone(), ..times }, load }
}

pub(crate) fn run(servers: &[SyntheticServer]) -> Raw {
    run_under(servers, &[cell()])
}

/// Each server under each cell's load, for 8 blocks.
pub(crate) fn run_under(servers: &[SyntheticServer], cells: &[Cell]) -> Raw {
    let mut entries = Vec::new();
    for block in 0..8 {
        for (server, cell) in
            servers.iter().flat_map(|one| cells.iter().map(move |cell| (one, cell)))
        {
            let rate = match cell.load.kind {
                LoadKind::Open { rate: Rate::Fixed(rate), .. } => Some(rate),
                _ => None,
            };
            let goodput = server.goodput * server.goodput_noise[block];
            let right = rate.map_or(goodput, |rate| rate.0).round();
            let used =
                |cpu: f64| Usage { cpu: Nanos((cpu * right * 1e3) as u64), ..Usage::default() };
            let host = server.host[block];
            let mut record = LoadRecord {
                window: Nanos(1_000_000_000),
                right_in_window: right as u64,
                ..LoadRecord::default()
            };
            if rate.is_some() {
                (record.sent, record.right) = (right as u64, right as u64);
                for request in 0..right as u64 {
                    let response = server.cpu * server.own[block] * (1e3 + request as f64);
                    record.response.record(Nanos(response as u64));
                }
            }
            entries.push(Entry::Trial(Box::new(Trial {
                block: block as u32 + 1,
                round: 1,
                server: server.name.into(),
                scenario: cell.scenario.name.clone(),
                load: cell.load.name.clone(),
                rate,
                measured: Measured {
                    warmup: None,
                    record,
                    resources: Resources {
                        interval: Nanos(1_000_000_000),
                        server: used(server.cpu * host * server.own[block]),
                        db: Some(Usage::default()),
                        load: used(server.load_cpu * host),
                        ..Resources::default()
                    },
                    other_servers: None,
                },
            })));
        }
    }
    let first = |role: Role| {
        servers.iter().find(|server| server.role == role).map(|server| server.name.to_owned())
    };
    let server = servers.iter().map(|server| RunServer {
        name: server.name.into(),
        role: server.role,
        axes: Axes::from([
            ("language", "L"),
            ("framework", "F"),
            ("layer", "Y"),
            ("driver", "D"),
            ("runtime", "R"),
            ("database", "mysql"),
        ]),
        answers: vec!["demo".into()],
        needs: vec!["mysql".into()],
        control_of: first(Role::Contender).filter(|_| server.role == Role::Control),
        ceilings: Ceilings { http: None, layer: first(Role::Ceiling) },
        twin_of: server.twin_of.map(Into::into),
        built_apart: false,
        variant_of: None,
        pool_size: None,
        revision: None,
        drives_itself: false,
        run: Vec::new(),
        env: Default::default(),
    });
    Raw {
        name: "run".into(),
        run: RunFile {
            format: super::VERSION,
            began: "2026-01-02T03:04:05Z".into(),
            label: "model-2c".into(),
            profile: "quick".into(),
            backend: "local".into(),
            seed: 7,
            blocks: 8,
            rounds: 1,
            pool_size: 32,
            study: Vec::new(),
            cpus: Placement::by_size(&(0..2).collect()),
            site: None,
            server: server.collect(),
            cell: cells.to_vec(),
        },
        machine: MachineFile::default(),
        entries,
        counts: None,
    }
}

/// The run, with its servers as those of the commit that follows `@` in their names: `base` is 0b0b…, and `head` 1e1e….
pub(crate) fn of_commits(mut raw: Raw) -> Raw {
    for server in &mut raw.run.server {
        let (name, side) = server.name.split_once('@').expect("a name with its side");
        let plain = name.trim_end_matches(".twin").to_owned();
        server.revision = Some(if side == "base" { "0b" } else { "1e" }.repeat(20));
        server.axes = server.axes.clone().with("revision", side).with("layer", &plain);
        server.variant_of = Some(plain);
    }
    raw
}

/// Counts of one server in one scenario: a start for each of these costs in instructions per request.
pub(crate) fn counts(server: &str, scenario: &str, costs: &[u64]) -> Counts {
    let start = |cost: &u64| {
        // Reading the counter costs something too.
        let executed = |requests: u64| Executed {
            instructions: 1_000_000 + requests * cost,
            allocations: 40 + 3 * requests,
        };
        let batch = Batch { requests: 100, once: executed(100), twice: executed(200) };
        Start { batches: vec![batch; 2] }
    };
    Counts {
        began: "2026-01-02T04:05:06Z".into(),
        commit: None,
        valgrind: "valgrind-1".into(),
        command: vec!["valgrind".into()],
        seed: 1,
        workers: 1,
        users: 1,
        counted: vec![Counted {
            server: server.into(),
            scenario: scenario.into(),
            asked: workload::Kind::DrawnName,
            version: "a 1".into(),
            sha256: String::new(),
            starts: costs.iter().map(start).collect(),
        }],
        not_counted: Vec::new(),
    }
}

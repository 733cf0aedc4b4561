//! Golden files: every derived file of a report, so that any change shows here.

use std::fs;

use registry::{Axes, Ceilings};
use stackmark::definition::Profile;
use stackmark::definition::Role;
use stackmark::definition::cell::Cell;
use stackmark::definition::scenario::Catalogue;
use stackmark::definition::server::RunServer;
use stackmark::failure::{Failure, Stage};
use stackmark::format::folder::{self, Raw};
use stackmark::format::journal::{Entry, Trial};
use stackmark::format::measured::{Measured, Start};
use stackmark::format::run::RunFile;
use stackmark::load::LoadRecord;
use stackmark::load::record::{ErrorKind, Errors};
use stackmark::observe::usage::Usage;
use stackmark::observe::window::Resources;
use stackmark::os::machine::{MachineFile, ServiceFacts};
use stackmark::report::{derived, excerpt};
use stackmark::units::{Nanos, PerSecond};
use stackmark::workspace::Workspace;

const BLOCKS: u32 = 4;

fn run_server(name: &str, role: Role, database: &str) -> RunServer {
    let word = |text: &str| text.to_owned();
    let is_ceiling = role == Role::Ceiling;
    RunServer {
        name: word(name),
        role,
        axes: axes("Y", database),
        answers: vec![word("demo")],
        needs: (database != registry::NONE).then(|| word(database)).into_iter().collect(),
        control_of: None,
        ceilings: Ceilings {
            http: (database != registry::NONE).then(|| word("nothing")),
            layer: (!is_ceiling).then(|| word("alone")),
        },
        twin_of: None,
        built_apart: false,
        variant_of: None,
        pool_size: None,
        revision: None,
        drives_itself: false,
        run: vec![word(name)],
        env: Default::default(),
    }
}

fn axes(layer: &str, database: &str) -> Axes {
    Axes::from([
        ("language", "L"),
        ("framework", "F"),
        ("layer", layer),
        ("driver", "D"),
        ("runtime", "R"),
        ("database", database),
    ])
}

fn cells() -> Vec<Cell> {
    let workspace = Workspace::at(concat!(env!("CARGO_MANIFEST_DIR"), "/..").as_ref());
    let folder = workspace.scenarios();
    let catalogue = Catalogue::read(&folder).expect("the project's own scenarios are right");
    let profiles = Profile::read_all(&folder, &catalogue).expect("and its profiles");
    let quick = profiles.iter().find(|profile| profile.name == "quick");
    let times = |load| quick.expect("there is a quick profile").times("demo", load);
    ["closed-64", "open-common"]
        .map(|load| Cell {
            scenario: find(&catalogue.scenarios, |scenario| scenario.name == "demo"),
            load: find(&catalogue.loads, |known| known.name == load),
            times: times(load),
        })
        .into()
}

fn find<T: Clone>(items: &[T], wanted: impl Fn(&T) -> bool) -> T {
    items.iter().find(|item| wanted(item)).expect("the catalogue holds it").clone()
}

/// A trial in which the server uses the share `cpu` of its CPU, and every answer takes `response` nanoseconds.
fn trial(block: u32, server: &str, load: &str, rate: u64, response: u64, cpu: f64) -> Trial {
    let window = Nanos(2_000_000_000);
    let right = rate * 2;
    let mut record = LoadRecord {
        users: 64,
        window,
        sent: right,
        right,
        right_in_window: right,
        ..LoadRecord::default()
    };
    for _ in 0..right {
        record.response.record(Nanos(response));
        record.service.record(Nanos(response - 1000));
    }
    let used = |share: f64| Usage {
        cpu: Nanos((share * 2e9) as u64),
        anonymous_kib: 20 * 1024,
        ..Usage::default()
    };
    Trial {
        block,
        round: 1,
        server: server.into(),
        scenario: "demo".into(),
        load: load.into(),
        rate: (load != "closed-64").then_some(PerSecond(4000.0)),
        measured: Measured {
            warmup: None,
            record,
            resources: Resources {
                interval: window,
                server: used(cpu),
                db: Some(used(0.6)),
                load: used(0.38),
                other: Some(0.004),
                ..Resources::default()
            },
            other_servers: Some(0.0003),
        },
    }
}

fn raw() -> Raw {
    let mut entries = vec![
        Entry::Verified {
            server: "quick".into(),
            version: "quick 1.0 (F 2, Y 3)".into(),
            image: None,
            bytes: Some(5_500_000),
        },
        Entry::CommonRate { scenario: None, rate: PerSecond(4000.0), near_capacity: None },
        Entry::Failure(Failure {
            block: None,
            server: "broken".into(),
            stage: Stage::Build,
            reason: "no compiler".into(),
        }),
    ];
    for block in 1..=BLOCKS {
        let drift = u64::from(block) * 37;
        let shift = f64::from(block) * 0.002;
        let start = Start {
            first_answer: Some(Nanos(20_000_000 + 100_000 * drift)),
            idle_anonymous_kib: Some(9_000 + drift),
            idle_resident_kib: Some(15_000 + drift),
        };
        entries.push(Entry::Started { block, server: "quick".into(), start });
        let mut push = |trial| entries.push(Entry::Trial(Box::new(trial)));
        push(trial(block, "quick", "closed-64", 12_000 + drift, 5_000_000, 0.40 + shift));
        push(trial(block, "quick", "open-common", 4_000, 90_000 + drift, 0.14 + shift));
        push(trial(block, "again", "closed-64", 12_010 + drift, 5_000_000, 0.405 + shift));
        push(trial(block, "again", "open-common", 4_000, 91_000 + drift, 0.14 + shift));
        let mut alone = trial(block, "alone", "closed-64", 15_000 + drift, 4_000_000, 0.30 + shift);
        alone.measured.resources.load = Usage::default();
        push(alone);
        push(trial(block, "slow", "closed-64", 9_000 + drift, 7_000_000, 0.97));
        let mut wrong = trial(block, "slow", "open-common", 4_000, 150_000 + drift, 0.42 + shift);
        wrong
            .measured
            .record
            .errors
            .insert(ErrorKind::Value, Errors { count: 3, ..Errors::default() });
        push(wrong);
        let mut bound = trial(block, "nothing", "closed-64", 60_000 + drift, 900_000, 0.97 + shift);
        bound.measured.resources.load.cpu = Nanos(1_990_000_000);
        bound.measured.resources.db = Some(Usage::default());
        push(bound);
        push(trial(block, "nothing", "open-common", 4_000, 40_000 + drift, 0.05 + shift));
    }
    entries.push(Entry::Finished);
    Raw {
        name: "2026-01-02-model-2c".into(),
        run: RunFile {
            format: stackmark::format::VERSION,
            began: "2026-01-02T03:04:05Z".into(),
            label: "model-2c".into(),
            profile: "quick".into(),
            backend: "local".into(),
            seed: 7,
            blocks: BLOCKS,
            rounds: 1,
            pool_size: 32,
            study: Vec::new(),
            cpus: stackmark::os::placement::Placement::by_size(&(0..2).collect()),
            site: None,
            server: vec![
                run_server("slow", Role::Contender, "mysql"),
                run_server("broken", Role::Contender, "mysql"),
                run_server("quick", Role::Contender, "mysql"),
                RunServer {
                    twin_of: Some("quick".into()),
                    built_apart: false,
                    ..run_server("again", Role::Control, "mysql")
                },
                RunServer { drives_itself: true, ..run_server("alone", Role::Ceiling, "mysql") },
                run_server("nothing", Role::Ceiling, registry::NONE),
            ],
            cell: cells(),
        },
        machine: MachineFile {
            cpu: "Model".into(),
            cpus: 2,
            memory_mib: 8000,
            kernel: "6.1".into(),
            virtualisation: "virtual machine".into(),
            commit: "0123456789ab".into(),
            services: [(
                "mariadb".to_owned(),
                ServiceFacts {
                    version: "10.11-MariaDB".into(),
                    external: false,
                    settings: [("innodb_page_size".into(), "16384".into())].into(),
                },
            )]
            .into(),
            ..MachineFile::default()
        },
        entries,
        counts: None,
    }
}

#[test]
fn every_derived_file() {
    let raw = raw();
    for (name, text) in derived(&raw).unwrap() {
        insta::assert_snapshot!(name, text);
    }
    insta::assert_snapshot!("excerpt", excerpt(&raw).unwrap());
}

#[test]
fn what_is_written_and_read_back_gives_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    let raw = raw();
    let out = folder.path().join(&raw.name);
    let mut journal = folder::create(&out, &raw.run, &raw.machine).unwrap();
    for entry in &raw.entries {
        journal.write(entry).unwrap();
    }
    let read = folder::read(&out).unwrap();
    assert_eq!(read.entries, raw.entries);
    assert_eq!((&read.run, &read.machine), (&raw.run, &raw.machine));
    assert_eq!(derived(&read).unwrap(), derived(&raw).unwrap());
    // Complete, its journal is compressed.
    folder::pack(&out).unwrap();
    assert_eq!(folder::read(&out).unwrap().entries, raw.entries);
    let packed = out.join("raw/journal.jsonl.gz");
    let bytes = fs::read(&packed).unwrap();
    fs::write(&packed, &bytes[..bytes.len() / 2]).unwrap();
    let error = folder::read(&out).unwrap_err().to_string();
    assert!(error.contains("journal.jsonl.gz is damaged"), "{error}");
    assert_eq!(folder::newest(folder.path()).unwrap(), out);
    assert!(folder::create(&out, &raw.run, &raw.machine).is_err(), "a run is never rewritten");
}

#[test]
fn what_a_server_says_of_itself_is_text_and_no_markup() {
    let mut raw = raw();
    let evil = "<script>alert('x')</script>";
    raw.run.server[0].axes = axes(evil, "mysql");
    raw.machine.cpu = evil.into();
    raw.entries.push(Entry::Verified {
        server: "slow".into(),
        version: evil.into(),
        image: None,
        bytes: None,
    });
    for server in &mut raw.run.server {
        server.name += "<i>";
    }
    for entry in &mut raw.entries {
        if let Entry::Trial(trial) = entry {
            trial.server += "<i>";
        }
    }
    let files = derived(&raw).unwrap();
    let page = &files["index.html"];
    assert!(!page.contains("<script>alert") && !page.contains("<i>"), "{page}");
    assert!(page.contains("&#60;script&#62;alert"), "{page}");
    let chart = &files["charts/demo-cpu.svg"];
    assert!(chart.contains("slow&lt;i&gt;") && !chart.contains("<i>"), "{chart}");
}

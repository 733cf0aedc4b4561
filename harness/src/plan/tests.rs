mod commits;

use super::selection::copies;
use super::*;
use crate::definition::scenario::{self, Load, LoadKind, Scenario};
use crate::definition::study::StudyCell;
use crate::definition::synthetic_registry::synthetic_registry;
use crate::definition::{Role, profile};
use crate::units::PerSecond;
use crate::workload::Kind;
use crate::workspace::Workspace;
use proptest::prelude::*;
use registry::{Axes, Ceilings};

fn server(name: &str, drives_itself: bool) -> Server {
    let word = || "x".to_owned();
    Server {
        name: name.to_owned(),
        role: if drives_itself { Role::Ceiling } else { Role::Contender },
        axes: Axes::default(),
        answers: vec!["c".into()],
        needs: vec![word()],
        control_of: None,
        ceilings: Ceilings::default(),
        dockerfile: word(),
        build: vec![vec![word()]],
        version: vec![word()],
        run: vec![word()],
        env: Default::default(),
        needs_program: Vec::new(),
        drives_itself,
        twin_of: None,
        built_apart: false,
        variant_of: None,
        pool_size: None,
        checkout: None,
    }
}

/// A number of contenders, and a server that drives itself.
fn servers(contenders: usize) -> Vec<Server> {
    (0..contenders)
        .map(|i| server(&format!("s{i}"), false))
        .chain([server("alone", true)])
        .collect()
}

/// Cells of which every other one is closed; the others are in every other pair of rounds.
fn cells(count: usize) -> Vec<Cell> {
    let cell = |i: usize| {
        let rate = scenario::Rate::Fixed(PerSecond(10.0));
        let open = LoadKind::Open { rate, arrivals: scenario::Arrivals::Constant };
        Cell {
            scenario: Scenario {
                name: "c".into(),
                path: "/c".into(),
                asks: Kind::RandomName,
                timeout: scenario::TIMEOUT,
                about: String::new(),
            },
            load: Load {
                name: format!("l{i}"),
                users: 1,
                kind: if i.is_multiple_of(2) { LoadKind::Closed } else { open },
            },
            times: profile::CellTimes {
                scenario: "c".into(),
                load: format!("l{i}"),
                warmup_ms: 1,
                warmup_limit_ms: 0,
                settle_ms: 0,
                window_ms: 1,
                every: 1 + (i % 2) as u32,
            },
        }
    };
    (0..count).map(cell).collect()
}

fn drawn(
    seed: u64,
    blocks: u32,
    servers: &[Server],
    cells: &[Cell],
    studies: &[RunStudy],
) -> Vec<Block> {
    let has = |server: usize, cell: usize| has(studies, &servers[server], &cells[cell]);
    let size = Size { blocks, rounds: 3, servers: servers.len(), cells: cells.len() };
    draw(seed, size, has, |cell, round| cells[cell].times.is_in(round))
}

proptest! {
    #[test]
    fn each_round_visits_once_every_cell_that_is_in_it(seed: u64, blocks in 1u32..6, contenders in 1usize..12, count in 1usize..5) {
        let (servers, cells) = (servers(contenders), cells(count));
        let plan = drawn(seed, blocks, &servers, &cells, &[]);
        prop_assert_eq!(plan.len(), blocks as usize);
        for round in plan.iter().flat_map(|block| &block.rounds) {
            let mut visited: Vec<_> =
                round.visits.iter().map(|visit| (visit.server, visit.cell)).collect();
            visited.sort_unstable();
            // The last server drives itself, so it has no open cell.
            let all: Vec<_> = (0..=contenders)
                .flat_map(|s| (0..count).map(move |c| (s, c)))
                .filter(|(s, c)| *s < contenders || c % 2 == 0)
                .filter(|(_, c)| c % 2 == 0 || round.number < 3)
                .collect();
            prop_assert_eq!(visited, all);
        }
    }

    #[test]
    fn the_seed_is_all_that_the_order_depends_on(seed: u64) {
        let (servers, cells) = (servers(9), cells(2));
        let draw = |seed, blocks| drawn(seed, blocks, &servers, &cells, &[]);
        prop_assert_eq!(draw(seed, 4), draw(seed, 4));
        // A longer run begins like a shorter one.
        prop_assert_eq!(&draw(seed, 8)[..4], &draw(seed, 4)[..]);
        prop_assert_ne!(draw(seed, 4), draw(seed.wrapping_add(1), 4));
    }
}

fn study(name: &str, servers: &[&str], loads: &[&str]) -> RunStudy {
    let cell = |load: &&str| StudyCell { scenario: "c".into(), load: (*load).to_owned() };
    RunStudy {
        name: name.to_owned(),
        question: "Which?".into(),
        compare: None,
        along: Vec::new(),
        baseline: None,
        servers: servers.iter().map(|name| (*name).to_owned()).collect(),
        cells: loads.iter().map(cell).collect(),
        published: Vec::new(),
    }
}

proptest! {
    #[test]
    fn a_server_has_the_cells_of_its_studies_and_of_no_other(
        seed: u64,
        members in proptest::collection::vec((0usize..4, 0usize..3), 0..8),
        asked in proptest::collection::vec((0usize..4, 0usize..3), 0..8),
    ) {
        let (servers, cells) = (servers(3), cells(3));
        let (names, loads) = (["s0", "s1", "s2", "alone"], ["l0", "l1", "l2"]);
        let studies: Vec<RunStudy> = (0..3)
            .map(|study_index| {
                let servers: Vec<_> = members.iter().filter(|(_, s)| *s == study_index).map(|(i, _)| names[*i]).collect();
                let loads: Vec<_> = asked.iter().filter(|(_, s)| *s == study_index).map(|(i, _)| loads[i % 3]).collect();
                study("study", &servers, &loads)
            })
            .collect();
        let blocks = drawn(seed, 1, &servers, &cells, &studies);
        let mut visited: Vec<_> =
            blocks[0].rounds[0].visits.iter().map(|visit| (visit.server, visit.cell)).collect();
        visited.sort_unstable();
        let is_in = |server: usize, cell: usize| (0..3).any(|index| {
            members.iter().any(|(i, s)| *s == index && *i == server)
                && asked.iter().any(|(i, s)| *s == index && i % 3 == cell)
        });
        let expected: Vec<_> = (0..4)
            .flat_map(|server| (0..3).map(move |cell| (server, cell)))
            // The last server drives itself, so it has no open cell.
            .filter(|&(server, cell)| is_in(server, cell) && (server < 3 || cell % 2 == 0))
            .collect();
        prop_assert_eq!(visited, expected);
    }
}

/// The plan of the given studies, with the project's own scenarios, loads and profiles.
fn plan(studies: &[&str], profile: &str, servers: &[&str]) -> Result<Plan, DefinitionError> {
    planned(studies, profile, servers, |catalogue, studies, profile, filter| {
        Plan::new(&synthetic_registry(), catalogue, studies, profile, filter, 1)
    })
}

/// What `make` plans of the given studies.
fn planned(
    studies: &[&str],
    profile: &str,
    servers: &[&str],
    make: impl Fn(&Catalogue, &[&Study], &Profile, &Filter) -> Result<Plan, DefinitionError>,
) -> Result<Plan, DefinitionError> {
    let workspace = Workspace::at(concat!(env!("CARGO_MANIFEST_DIR"), "/..").as_ref());
    let catalogue = Catalogue::read(&workspace.scenarios()).unwrap();
    let profiles = Profile::read_all(&workspace.scenarios(), &catalogue).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in ["a", "b"].iter().zip(studies) {
        let text = format!("question = \"Which?\"\n{text}");
        std::fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
    }
    let studies = Study::read_all(folder.path(), &catalogue, &profiles).unwrap();
    let studies: Vec<&Study> = studies.iter().collect();
    let profile = profiles.iter().find(|known| known.name == profile).unwrap();
    let servers = servers.iter().map(|pattern| pattern.parse().unwrap()).collect();
    let filter = Filter { servers, ..Filter::default() };
    make(&catalogue, &studies, profile, &filter)
}

const ONE: &str = "cells = [{ scenarios = [\"demo\"], loads = [\"closed-64\"] }]\n\
                    [servers]\naxes = { framework = [\"g\"], layer = [\"orm\"] }\n";
const SWEEP: &str = "cells = [{ scenarios = [\"demo-name\"], loads = [\"closed-64\"] }]\n\
                     pool_sizes = [32, 4]\n[servers]\nnames = [\"^(f|g)-orm$\"]\n";

fn names(plan: &Plan) -> Vec<&str> {
    plan.servers.iter().map(|server| server.name.as_str()).collect()
}

#[test]
fn a_run_is_the_union_of_its_studies_and_each_has_its_twins() {
    let plan = plan(&[ONE, SWEEP], "smoke", &[]).unwrap();
    let own = ["f-orm.pool-4", "f-orm.pool-32", "g-orm"];
    let variants = ["g-orm.pool-4", "g-orm.pool-32"];
    let of_sweep = ["f-orm.pool-4.twin", "f-orm.pool-32.twin", "g-orm.pool-32.twin"];
    let twins = [&["g-orm.twin"][..], &of_sweep[..]].concat();
    assert_eq!(names(&plan), [&own[..], &variants[..], &twins[..]].concat());
    assert_eq!(plan.studies[0].servers, ["g-orm", "g-orm.twin"]);
    assert_eq!(plan.studies[1].servers, [&own[..2], &variants[..], &twins[1..]].concat());
    let rounds = plan.blocks.len() * plan.rounds() as usize;
    assert_eq!(plan.trials(), rounds * plan.servers.len(), "one cell a server");
    let twin = plan.servers.last().unwrap();
    assert_eq!((twin.original(), twin.pool_size()), ("g-orm", 32));
    assert_eq!(twin.twin_of.as_deref(), Some("g-orm.pool-32"));
}

#[test]
fn studies_that_share_a_first_contender_share_its_twin() {
    let plan = plan(&[ONE, ONE], "smoke", &[]).unwrap();
    assert_eq!(names(&plan), ["g-orm", "g-orm.twin"]);
    assert_eq!(plan.studies[0].servers, plan.studies[1].servers);
}

#[test]
fn the_groups_that_a_study_compares_share_its_twins() {
    let compared = |axis: &str| format!("compare = \"{axis}\"\n{SWEEP}");
    let of_sweep = plan(&[&compared("pool_size")], "smoke", &[]).unwrap();
    let twins: Vec<&str> =
        names(&of_sweep).into_iter().filter(|name| name.ends_with(".twin")).collect();
    assert_eq!(twins, ["f-orm.pool-4.twin", "f-orm.pool-32.twin", "g-orm.pool-32.twin"]);
    let text = plan(&[&compared("layer")], "smoke", &[]).unwrap_err().to_string();
    assert!(
        text.contains(
            "compares servers that differ in nothing but layer, and all of these differ in more (framework, pool_size)"
        ),
        "{text}"
    );
}

#[test]
fn a_cell_that_no_selected_server_has_is_not_planned() {
    let both = "cells = [{ scenarios = [\"demo\", \"idle\"], loads = [\"closed-64\"] }]\n\
                [servers]\nnames = [\"orm\"]\n";
    let plan = plan(&[both], "smoke", &["^alone-orm$"]).unwrap();
    assert_eq!(plan.cells.len(), 1);
    assert_eq!(plan.studies[0].cells.len(), 1);
}

#[test]
fn a_plan_that_was_recorded_is_repeated() {
    let plan = plan(&[ONE, SWEEP], "quick", &[]).unwrap();
    let registry = synthetic_registry();
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
    let repeated = Plan::repeat(&recorded, &registry, &[]).unwrap();
    assert_eq!(repeated.servers, plan.servers);
    assert_eq!(repeated.blocks, plan.blocks);
    // In a run recorded before there were studies, every server has every cell.
    let old = Plan::repeat(&Recorded { studies: &[], ..recorded }, &registry, &[]).unwrap();
    let rounds = plan.blocks.len() * plan.rounds() as usize;
    assert_eq!(old.trials(), rounds * plan.servers.len() * plan.cells.len());
}

#[test]
fn a_study_of_which_nothing_is_left_is_refused() {
    let refusal = |studies: &[&str], profile, servers: &[&str]| {
        plan(studies, profile, servers).unwrap_err().to_string()
    };
    assert_eq!(
        refusal(&[ONE, SWEEP], "smoke", &["^g-orm$"]),
        "nothing of the study b is left to measure, because none of its servers is selected; filter less, or leave \
         the study out"
    );
    let standard = ONE.replace("[\"closed-64\"]", "[\"closed-64\"], profiles = [\"standard\"]");
    let text = refusal(&[&standard], "smoke", &[]);
    assert!(text.contains("because the profile smoke measures no cell of it"), "{text}");
    let open = "cells = [{ scenarios = [\"demo\"], loads = [\"open-10\"] }]\n[servers]\nnames = [\"^alone-\"]\n";
    let text = refusal(&[open], "smoke", &[]);
    assert!(text.contains("because no selected server can be asked"), "{text}");
    let text = refusal(&[ONE], "smoke", &["no-such"]);
    assert_eq!(text, "no server matches \"no-such\"; there are: g-orm");
}

#[test]
fn orders_differ_between_blocks_and_every_second_round_is_the_one_before_in_reverse() {
    let plan = drawn(7, 8, &servers(9), &cells(2), &[]);
    assert!(plan.windows(2).all(|pair| pair[0] != pair[1]));
    let order = |round: &Round| -> Vec<(usize, usize)> {
        round.visits.iter().map(|visit| (visit.server, visit.cell)).collect()
    };
    for Block { rounds } in &plan {
        let mut mirrored = order(&rounds[1]);
        mirrored.reverse();
        assert_eq!(order(&rounds[0]), mirrored);
        assert_ne!(order(&rounds[0]), order(&rounds[2]), "a third is drawn anew");
        let cells = rounds[0].visits.chunk_by(|one, next| one.cell == next.cell).count();
        assert_eq!(cells, 2, "the servers of a cell follow each other");
    }
}

#[test]
fn a_group_has_three_twins_of_different_servers_as_far_as_it_can() {
    let servers = servers(9);
    let contenders: Vec<&Server> = servers[..9].iter().collect();
    let twins = |contenders: &[&Server], apart: &[&str]| {
        let copies = copies(contenders, &apart.iter().copied().collect());
        assert!(copies.iter().all(|copy| copy.role == Role::Control), "it does not compete");
        copies.into_iter().map(|copy| copy.twin_of.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(twins(&contenders, &[]), ["s0", "s4", "s8"]);
    assert_eq!(twins(&contenders, &["s0"]), ["s1", "s8"]);
    assert_eq!(twins(&contenders, &["s0", "s1", "s2"]), [""; 0]);
    assert_eq!(twins(&contenders[..2], &[]), ["s0", "s1"]);
    assert_eq!(twins(&contenders[..1], &[]), ["s0"]);
    assert_eq!(twins(&[], &[]), [""; 0]);
}

//! Comparisons of synthetic runs with known statistics.

use super::*;
use crate::definition::Role;
use crate::format::folder::Raw;
use crate::format::journal::Entry;
use crate::format::synthetic_run::{LARGE, OTHER, SMALL, SyntheticServer, cell, run, synthetic};

const CELL: (&str, &str) = ("demo", "closed-64");

fn cpu(raw: &Raw, a: &str, b: &str) -> Comparison {
    within(raw, CELL, a, b, Metric::ServerCpu).unwrap()
}

fn goodput(raw: &Raw, a: &str, b: &str) -> Option<Verdict> {
    within(raw, CELL, a, b, Metric::Goodput).map(|comparison| comparison.verdict)
}

#[test]
fn a_difference_is_found_and_an_equivalence_too() {
    let raw = run(&[
        synthetic("a", 50.0, SMALL),
        synthetic("same", 50.0, OTHER),
        synthetic("costly", 55.0, OTHER),
        synthetic("noisy", 52.0, LARGE),
    ]);
    let costly = cpu(&raw, "costly", "a");
    assert!((costly.ratio.mean - 1.1).abs() < 0.005, "{costly:?}");
    assert!(costly.is_more() && costly.is_worse() && !costly.is_better());
    assert_eq!(cpu(&raw, "same", "a").verdict, Verdict::Equivalent);
    assert_eq!(cpu(&raw, "noisy", "a").verdict, Verdict::Undecided);
    assert_eq!(within(&raw, CELL, "a", "absent", Metric::ServerCpu), None);
}

#[test]
fn a_difference_below_the_noise_floor_is_none() {
    let mut servers = vec![
        synthetic("a", 50.0, SMALL),
        synthetic("twin", 53.0, OTHER),
        synthetic("b", 52.5, OTHER),
    ];
    assert_eq!(cpu(&run(&servers), "b", "a").verdict, Verdict::Different);
    servers[1].twin_of = Some("a");
    let raw = run(&servers);
    let comparison = cpu(&raw, "b", "a");
    assert!(comparison.floor.unwrap() > 1.055 && comparison.p_value < 1e-3, "{comparison:?}");
    assert_eq!(comparison.verdict, Verdict::Undecided);
    // The pair that defines the floor is not compared with it.
    assert_eq!(cpu(&raw, "a", "twin").floor, None);
    assert_eq!(cpu(&raw, "a", "twin").verdict, Verdict::Different);
}

#[test]
fn a_goodput_that_is_a_bound_is_not_compared_as_if_exact() {
    // A server that keeps its CPU busy is the limit, so its goodput is exact.
    let of = |name, goodput, busy: f64| SyntheticServer {
        goodput,
        load_cpu: 1.0,
        ..synthetic(name, busy * 1e6 / goodput, SMALL)
    };
    let raw = run(&[
        of("exact", 10_000.0, 0.98),
        of("bound above", 12_000.0, 0.6),
        of("bound below", 8_000.0, 0.6),
        of("more", 11_000.0, 0.98),
    ]);
    assert_eq!(goodput(&raw, "bound above", "bound below"), None);
    assert_eq!(goodput(&raw, "bound above", "exact"), Some(Verdict::Different));
    assert_eq!(goodput(&raw, "exact", "bound above"), Some(Verdict::Different));
    assert_eq!(goodput(&raw, "bound below", "exact"), Some(Verdict::Undecided));
    assert_eq!(goodput(&raw, "exact", "bound below"), Some(Verdict::Undecided));
    assert_eq!(goodput(&raw, "more", "exact"), Some(Verdict::Different));
}

#[test]
fn three_twins_widen_every_interval_and_leave_no_floor() {
    // Each twin is 1.1% from its server, far beyond its sampling error.
    let twin = |name, of, cpu| SyntheticServer { twin_of: Some(of), ..synthetic(name, cpu, OTHER) };
    let servers =
        [synthetic("a", 50.0, SMALL), synthetic("b", 60.0, SMALL), synthetic("c", 51.5, SMALL)];
    let twins = [twin("a.2", "a", 50.55), twin("b.2", "b", 59.35), twin("c.2", "c", 52.07)];
    let with = |count: usize| {
        let twins =
            twins.iter().take(count).map(|one| twin(one.name, one.twin_of.unwrap(), one.cpu));
        let servers = servers.iter().map(|one| synthetic(one.name, one.cpu, SMALL));
        run(&servers.chain(twins).collect::<Vec<_>>())
    };
    let (two, three) = (cpu(&with(2), "c", "a"), cpu(&with(3), "c", "a"));
    // With two, 3% is beyond the floor.
    assert!(two.floor.is_some() && two.verdict == Verdict::Different, "{two:?}");
    assert_eq!(three.floor, None);
    assert_eq!(three.verdict, Verdict::Undecided, "{three:?}");
    assert!(three.ratio.hi - three.ratio.lo > 4.0 * (two.ratio.hi - two.ratio.lo), "{three:?}");
    assert_eq!(two.ratio.mean, three.ratio.mean);
    // Three degrees of freedom, and a few more from the blocks.
    assert!((3.0..4.0).contains(&three.freedom), "{}", three.freedom);
    let raw = with(3);
    let noise = Noise::of(&raw, &raw.run.cell[0], Metric::ServerCpu);
    let Copies::Variance(excess) = noise.copies else { panic!("three twins show a variance") };
    // √(3·0.011²/1.2125), by the formula for equal errors.
    assert!((1.016..1.019).contains(&excess.factor()), "{excess:?}");
    assert_eq!(cpu(&raw, "b", "a").verdict, Verdict::Different, "20% are beyond all of that");
    // What a server and its own twin show is not widened by itself.
    assert_eq!(cpu(&raw, "a", "a.2").verdict, Verdict::Equivalent);
    assert!(cpu(&raw, "a", "a.2").freedom > 5.9);
}

#[test]
fn servers_share_a_letter_where_they_are_not_shown_to_differ() {
    let letters = |middle: [f64; 8]| {
        let raw = run(&[
            synthetic("last", 56.0, SMALL),
            synthetic("middle", 53.0, middle),
            synthetic("first", 50.0, OTHER),
            synthetic("second", 50.2, SMALL),
        ]);
        let names = raw.run.server.iter().map(|server| server.name.clone()).collect::<Vec<_>>();
        let pairs = Pairs::of(&raw, &cell(), &names, Metric::ServerCpu, Noise::default());
        assert_eq!(pairs.iter().count(), 6, "every pair is there");
        let unbeaten = names.iter().filter(|name| pairs.is_unbeaten(name)).cloned().collect();
        let letters = pairs.letters().into_iter().map(|(name, of)| format!("{name} {of}"));
        (letters.collect::<Vec<_>>(), unbeaten)
    };
    let found = (
        |words: [&str; 4]| words.map(str::to_owned).to_vec(),
        |names: &[&str]| -> Vec<String> { names.iter().map(ToString::to_string).collect() },
    );
    assert_eq!(
        letters(OTHER),
        (found.0(["first a", "second a", "middle b", "last c"]), found.1(&["first", "second"]))
    );
    // The server between them differs from none; first and last differ as before.
    assert_eq!(
        letters(LARGE),
        (
            found.0(["first a", "second a", "middle ab", "last b"]),
            found.1(&["middle", "first", "second"])
        )
    );
}

#[test]
fn a_table_resolves_what_its_blocks_and_its_floor_allow() {
    let pairs = |own: [f64; 8], floor: Option<f64>| {
        let raw = run(&[synthetic("a", 50.0, SMALL), synthetic("b", 50.0, own)]);
        let names = ["a".to_owned(), "b".to_owned()];
        let copies =
            floor.map_or(Copies::Unknown, |ratio| Copies::Floor { ln: ratio.ln(), twins: 1 });
        let noise = Noise { copies, spread: None };
        Pairs::of(&raw, &cell(), &names, Metric::ServerCpu, noise).resolution().unwrap()
    };
    assert_eq!(pairs(OTHER, None), MARGIN, "a smaller difference is an equivalence");
    assert!((1.12..1.18).contains(&pairs(LARGE, None)), "{}", pairs(LARGE, None));
    assert!((1.05..1.06).contains(&pairs(OTHER, Some(1.05))), "{}", pairs(OTHER, Some(1.05)));
    assert_eq!(Pairs::default().resolution(), None);
}

#[test]
fn two_runs_are_compared_by_cell() {
    let a = run(&[
        synthetic("a", 50.0, SMALL),
        synthetic("b", 50.0, OTHER),
        synthetic("gone", 50.0, SMALL),
    ]);
    let mut b = run(&[
        synthetic("a", 50.1, OTHER),
        synthetic("b", 60.0, SMALL),
        synthetic("gone", 50.0, SMALL),
    ]);
    b.entries.retain(|entry| !matches!(entry, Entry::Trial(trial) if trial.server == "gone"));
    let found: Vec<_> = between(&a, &b)
        .into_iter()
        .filter(|matched| matched.metric == Metric::ServerCpu)
        .map(|matched| (matched.server, matched.change))
        .collect();
    let verdict = |place: usize| match found[place].1 {
        Change::Compared(comparison) => comparison.verdict,
        other => panic!("{other:?}"),
    };
    assert_eq!((verdict(0), verdict(1)), (Verdict::Equivalent, Verdict::Different));
    assert!(!found[0].1.is_regression() && found[1].1.is_regression());
    assert_eq!(found[2], ("gone".into(), Change::Lost));
    assert!(found[2].1.is_regression());
}

#[test]
fn what_moved_without_a_change_is_the_sitting() {
    let sitting = |factor: f64, version: &str| {
        let ceiling =
            SyntheticServer { role: Role::Ceiling, ..synthetic("ceiling", 10.0 * factor, OTHER) };
        let mut raw = run(&[synthetic("a", 50.0 * factor, SMALL), ceiling]);
        let (server, version) = ("ceiling".into(), version.into());
        raw.entries.push(Entry::Verified { server, version, image: None, bytes: None });
        raw
    };
    let verdict = |version: &str| {
        let found = between(&sitting(1.0, "1"), &sitting(1.05, version));
        let of_a = |matched: &&CellComparison| {
            (matched.server.as_str(), matched.metric) == ("a", Metric::ServerCpu)
        };
        let Change::Compared(comparison) = found.iter().find(of_a).unwrap().change else {
            panic!()
        };
        comparison.verdict
    };
    assert_eq!(verdict("1"), Verdict::Undecided);
    assert_eq!(verdict("2"), Verdict::Different, "what changed is no measure of the sitting");
}

#[test]
fn runs_are_incomparable_where_machine_or_settings_differ() {
    let a = run(&[synthetic("a", 50.0, SMALL)]);
    let mut b = a.clone();
    assert!(differences(&a, &b).is_empty());
    b.run.pool_size = 16;
    b.run.cell[0].times.window_ms = 2_000;
    b.machine.kernel = "another".into();
    let expected = [
        format!("kernel ({}, another)", a.machine.kernel),
        "database connections (32, 16)".into(),
        "window of demo under closed-64 (1000 ms, 2000 ms)".into(),
    ];
    assert_eq!(differences(&a, &b), expected);
}

#[test]
fn runs_are_incomparable_where_other_work_or_shared_cores_differ() {
    let with = |share: f64, threads: usize| {
        let mut raw = run(&[synthetic("a", 50.0, SMALL)]);
        for entry in &mut raw.entries {
            let Entry::Trial(trial) = entry else { panic!("the run has only trials") };
            trial.measured.resources.other = Some(share);
        }
        raw.machine.threads_per_core = Some(threads);
        if threads > 1 {
            raw.machine.shared_cores = vec![(0..threads).collect()];
        }
        raw
    };
    assert_eq!(differences(&with(0.01, 1), &with(0.04, 1)), [""; 0]);
    assert_eq!(differences(&with(0.01, 1), &with(0.12, 1)), ["other work (1.0%, 12.0%)"]);
    let differing = differences(&with(0.0, 1), &with(0.0, 2));
    let cores = "parts that share a core (none, server and db, server and load)";
    assert_eq!(differing, ["threads per core (1, 2)", cores]);
    let mut older = with(0.0, 2);
    older.machine.shared_cores.clear();
    assert_eq!(differences(&older, &with(0.0, 2)), [""; 0], "it is not known");
}

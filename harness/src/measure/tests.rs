//! Measurements of synthetic runs with known statistics.

use super::*;
use crate::format::synthetic_run::{LARGE, SMALL, cell, open_cell, run, run_under, synthetic};
use crate::units::Nanos;

#[test]
fn requests_without_a_right_answer_count_as_infinitely_long() {
    let mut record = LoadRecord { sent: 2_000, right: 2_000, ..LoadRecord::default() };
    for i in 1..=2_000 {
        record.response.record(Nanos(i * 1_000));
    }
    let near = |a: Option<f64>, b: f64| (a.unwrap() / b - 1.0).abs() < 2e-3;
    assert!(near(quantile(&record, 0.99, 1.0), 1_980.0));
    assert!(near(quantile(&record, 0.999, 1.0), 1_998.0));
    assert_eq!(quantile(&record, 0.999, 10.0), None, "two requests are beyond");
    assert_eq!(quantile(&record, 0.9999, 1.0), None, "it would be the longest response time");
    // 40 more requests were due and never answered: the median moves a little, and p99 is beyond all answers.
    record.unsent = 40;
    assert!(near(quantile(&record, 0.5, 1.0), 1_020.0));
    assert_eq!(quantile(&record, 0.99, 1.0), None);
}

#[test]
fn a_percentile_is_a_figure_where_blocks_agree_on_it() {
    let response = |own: [f64; 8]| {
        let raw = run_under(&[synthetic("a", 50.0, own)], &[open_cell("open-2000", 2_000.0)]);
        only(&raw).0.response.unwrap()
    };
    // exp(t·s/√8), with t = 2.3646 and s the standard deviation of the logarithms: 1.003 for SMALL, 1.087 for LARGE,
    // and 1.363 for values that alternate between 1 and 2.
    assert!(response(SMALL).p99.is_some() && response(SMALL).p999.is_some());
    assert!(response(LARGE).p99.is_some());
    let apart = [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0];
    assert_eq!((response(apart).p50, response(apart).p99), (None, None));
    assert!(response(apart).max > 0.0);
}

/// A run of one server that keeps its CPU busy in all blocks.
fn busy() -> Raw {
    run(&[synthetic("busy", 98.0, SMALL)])
}

fn only(raw: &Raw) -> (Figures, Vec<Warning>) {
    let measurement = measurements(raw).pop().unwrap();
    (measurement.figures.unwrap(), measurement.warnings)
}

#[test]
fn one_load_bound_trial_makes_a_lower_bound_and_a_warning() {
    let mut raw = busy();
    let is_bound = |raw: &Raw| {
        let (figures, warnings) = only(raw);
        let blocks = block::Blocks::of(raw, "busy", &cell(), block::Metric::Goodput).unwrap();
        assert_eq!(blocks.lower_bound, figures.lower_bound);
        (figures.lower_bound, warnings.contains(&Warning::LoadBound))
    };
    assert_eq!(is_bound(&raw), (false, false));
    let Entry::Trial(trial) = &mut raw.entries[2] else { panic!() };
    trial.measured.resources.load.cpu = Nanos(900_000_000);
    assert_eq!(is_bound(&raw), (true, true));
}

#[test]
fn a_server_that_drives_itself_has_no_figures_of_a_load() {
    let mut raw = busy();
    let (figures, _) = only(&raw);
    assert!(figures.load_cpu.is_some() && figures.load.cpu_share.is_some());
    raw.run.server[0].drives_itself = true;
    let (figures, _) = only(&raw);
    assert_eq!((figures.load_cpu, figures.load.cpu_share), (None, None));
    assert_eq!(figures.resources.load.memory_mib, None);
}

#[test]
fn a_part_with_a_clock_of_its_own_is_measured_by_it() {
    let mut raw = busy();
    let (by_harness, _) = only(&raw);
    for entry in &mut raw.entries {
        let Entry::Trial(trial) = entry else { continue };
        trial.measured.resources.server.interval = Some(Nanos(1_008_000_000));
    }
    let (by_part, _) = only(&raw);
    let is_less = |part: Estimate, harness: Estimate| {
        assert!((part.mean / harness.mean - 1.0 / 1.008).abs() < 1e-9, "{part:?} {harness:?}");
    };
    is_less(by_part.server_cpu.unwrap(), by_harness.server_cpu.unwrap());
    let share = |figures: &Figures| figures.resources.server.cpu_share.unwrap();
    is_less(share(&by_part), share(&by_harness));
    assert_eq!(by_part.load_cpu.unwrap().mean, by_harness.load_cpu.unwrap().mean);
}

use super::super::chapter::chapters;
use super::super::study_tests::{databases, frameworks, layers, sweep};
use super::{Over, Pair, Prices, What};
use crate::compare::Verdict;
use crate::format::folder::Raw;
use crate::format::journal::Entry;
use crate::measure::block::Metric;
use crate::units::Nanos;

fn prices(raw: &Raw) -> Option<Prices> {
    chapters(raw).remove(0).prices
}

fn pairs(raw: &Raw) -> Vec<(String, String, Over)> {
    let of = |pair: &Pair| (pair.server.clone(), pair.over.clone(), pair.kind);
    prices(raw).unwrap().pairs.iter().map(of).collect()
}

fn pair(server: &str, over: &str, kind: Over) -> (String, String, Over) {
    (server.to_owned(), over.to_owned(), kind)
}

#[test]
fn a_layer_is_held_against_its_own_driver_wherever_that_stands() {
    let raw = layers();
    assert_eq!(raw.run.server[0].name, "f-orm-m", "the registry's first is no driver");
    assert_eq!(
        pairs(&raw),
        [
            pair("f-orm-m", "f-driver-m", Over::Driver),
            pair("f-orm-p", "f-driver-p", Over::Driver),
            pair("f-mapper-m", "f-both-m", Over::Driver),
            pair("f-mapper-p", "f-both-p", Over::Driver),
        ]
    );
    // The tables' ratios are to the same server.
    let chapters = chapters(&raw);
    let baselines: Vec<&str> = chapters[0]
        .rankings
        .iter()
        .filter_map(|ranking| Some(ranking.baseline.as_ref()?.name.as_str()))
        .collect();
    assert_eq!(baselines[..4], ["f-driver-m", "f-driver-p", "f-both-m", "f-both-p"]);
}

#[test]
fn a_database_is_held_against_the_first_under_the_same_layer() {
    let found = pairs(&databases());
    let expected = [
        pair("f-orm-p", "f-orm-m", Over::Reference),
        pair("f-both-p", "f-both-m", Over::Reference),
    ];
    assert_eq!(found, expected);
    let places = prices(&databases()).unwrap();
    let place = |place: usize| places.pairs[place].place.clone();
    assert_eq!(place(0), [("layer".to_owned(), "orm".to_owned())]);
}

#[test]
fn a_framework_is_held_against_the_ceilings_without_one() {
    assert_eq!(
        pairs(&frameworks()),
        [
            pair("f-y", "alone", Over::LayerAlone),
            pair("g-y", "alone", Over::LayerAlone),
            pair("f-y", "nothing", Over::HttpAlone),
            pair("g-y", "nothing", Over::HttpAlone),
            pair("g-y", "f-y", Over::Reference),
        ]
    );
    let prices = prices(&frameworks()).unwrap();
    let over_http = &prices.pairs[2];
    let is_of_database = |price: &super::Price| price.what == What::Measured(Metric::DatabaseCpu);
    assert!(!over_http.prices.iter().any(is_of_database), "HTTP alone asks no database");
    assert!(prices.pairs[0].prices.iter().any(is_of_database));
}

#[test]
fn only_values_of_an_axis_have_prices() {
    assert!(prices(&sweep()).is_none());
    let mut whole = databases();
    whole.run.study[0].compare = None;
    assert!(prices(&whole).is_none());
}

#[test]
fn each_figure_has_its_price() {
    let raw = layers();
    let prices = prices(&raw).unwrap();
    let of = |what, scenario: &str| {
        let is_it = |price: &&super::Price| price.what == what && price.scenario == scenario;
        prices.pairs[0].prices.iter().find(is_it)
    };
    let cpu = of(What::Measured(Metric::ServerCpu), "demo").unwrap();
    let ratio = cpu.ratio.unwrap();
    assert!(ratio.estimate.lo < 1.6 && 1.6 < ratio.estimate.hi, "{ratio:?}");
    assert_eq!((ratio.verdict, cpu.load.as_deref()), (Verdict::Different, Some("closed-64")));
    let instructions = of(What::Instructions, "demo").unwrap();
    assert!((instructions.ratio.unwrap().estimate.mean - 1.6).abs() < 0.01);
    assert!(instructions.load.is_none() && of(What::Instructions, "page").is_none());
    let p99 = of(What::Measured(Metric::P99), "demo").unwrap();
    assert_eq!((p99.load.as_deref(), p99.rate.as_deref()), (Some("open-common"), Some("500")));
    let database = of(What::Measured(Metric::DatabaseCpu), "demo").unwrap();
    assert_eq!(database.ratio.unwrap().verdict, Verdict::Equivalent);
    let goodput = of(What::Measured(Metric::Goodput), "demo").unwrap();
    assert!(goodput.ratio.is_none() && goodput.own.unwrap().is_bound, "both are lower bounds");
    assert!(prices.in_words()[0].ends_with("; goodput not compared, both being lower bounds."));
}

#[test]
fn a_goodput_that_is_the_servers_own_is_told() {
    let mut raw = layers();
    for entry in &mut raw.entries {
        let Entry::Trial(trial) = entry else { continue };
        // Its CPU is saturated, and the load's is not.
        if trial.load == "closed-64" {
            trial.measured.resources.server.cpu = Nanos(990_000_000);
            trial.measured.resources.load.cpu = Nanos(1_000_000);
            trial.measured.resources.db = None;
        }
    }
    let words = prices(&raw).unwrap().in_words().remove(0);
    assert!(words.contains("; goodput 0.62") || words.contains("; goodput 0.63"), "{words}");
    assert!(!words.contains("not compared"), "{words}");
}

#[test]
fn a_headline_holds_all_places() {
    let headline = prices(&layers()).unwrap().headline();
    assert_eq!(headline.len(), 2, "{headline:?}");
    let told = "times the server CPU of its own driver, least for `insert` with database db-";
    assert!(headline[0].starts_with("`orm` takes ") && headline[0].contains(told), "{headline:?}");
}

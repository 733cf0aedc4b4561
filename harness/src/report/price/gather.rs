//! The prices of a chapter: which servers are held against which, and in what.

use std::collections::{BTreeMap, BTreeSet};

use registry::NONE;

use crate::compare::{Comparison, CountRatio, Noise, Pairs, counts_within, within_noise};
use crate::definition::Server;
use crate::definition::study::RunStudy;
use crate::format::folder::Raw;
use crate::measure::Figures;
use crate::measure::block::Metric;

use super::super::counted;
use super::super::ranking::{DRIVER, LAYER, Ranking, Row};
use super::super::ranking_compared::of_pair;
use super::{Over, Pair, Price, Prices, Ratio, Side, What};

impl Prices {
    /// The prices of a chapter's rankings; absent where whole servers or numbers of connections are compared, where there
    /// is no pair, and for one group's servers in one kind of work, of which a ranking says all.
    #[must_use]
    pub fn of(study: &RunStudy, raw: &Raw, rankings: &[Ranking]) -> Option<Prices> {
        let axis = study.compare.as_deref().filter(|axis| *axis != Server::POOL_SIZE_AXIS)?;
        let mut scenarios: Vec<String> = Vec::new();
        let mut pairs: Vec<Pair> = Vec::new();
        let mut keys: Vec<BTreeMap<String, String>> = Vec::new();
        for ranking in rankings {
            if !scenarios.contains(&ranking.scenario) {
                scenarios.push(ranking.scenario.clone());
            }
            let Some(reference) = reference(ranking, axis) else { continue };
            for (row, over, kind) in held(ranking, axis, reference) {
                let prices = prices(raw, ranking, row, over);
                let is_its =
                    |pair: &&mut Pair| (&pair.server, &pair.over) == (&row.server, &over.server);
                if let Some(pair) = pairs.iter_mut().find(is_its) {
                    pair.prices.extend(prices);
                    continue;
                }
                let mut key = study.other_axes(&row.axes, row.pool_size).unwrap_or_default();
                if kind == Over::Driver {
                    key.remove(DRIVER);
                }
                keys.push(key);
                pairs.push(Pair {
                    group: ranking.group.clone(),
                    place: Vec::new(),
                    server: row.server.clone(),
                    over: over.server.clone(),
                    value: row.value(axis),
                    over_value: over.value(axis),
                    kind,
                    prices,
                });
            }
        }
        for (pair, place) in pairs.iter_mut().zip(places(&keys)) {
            pair.place = place;
        }
        // What the question is about first: the stable sort leaves the rest in the order of the rankings.
        pairs.sort_by_key(|pair| pair.kind);
        pairs.retain(|pair| pair.prices.iter().any(|price| price.ratio.is_some()));
        let says_more = scenarios.len() > 1
            || pairs.iter().any(|pair| pair.group.is_some() || pair.kind != Over::Reference);
        let mut prices = Prices { scenarios, pairs };
        prices.count(raw);
        (!prices.pairs.is_empty() && says_more).then_some(prices)
    }

    /// Adds what was counted, all pairs of a scenario together.
    fn count(&mut self, raw: &Raw) {
        let Some(counts) = &raw.counts else { return };
        for scenario in &self.scenarios {
            let names: Vec<(&str, &str)> =
                self.pairs.iter().map(|pair| (pair.server.as_str(), pair.over.as_str())).collect();
            let ratios = counts_within(counts, scenario, &names);
            for (pair, ratio) in self.pairs.iter_mut().zip(ratios) {
                let Some(CountRatio { ratio: estimate, p_value, verdict }) = ratio else {
                    continue;
                };
                let side = |server: &str| {
                    let estimate = counted::figures(raw, server, scenario)?.instructions;
                    Some(Side { estimate, is_bound: false })
                };
                pair.prices.push(Price {
                    scenario: scenario.clone(),
                    load: None,
                    rate: None,
                    what: What::Instructions,
                    own: side(&pair.server),
                    over: side(&pair.over),
                    ratio: Some(Ratio { estimate, p_value, verdict }),
                });
            }
        }
    }
}

/// What the servers of a ranking are held against.
fn reference<'a>(ranking: &'a Ranking, axis: &str) -> Option<&'a Row> {
    let calls_itself = |row: &&Row| axis == LAYER && row.competes() && row.is_driver();
    let measured = |row: &&Row| ranking.was_measured(row);
    let own = ranking.rows.iter().filter(measured).find(calls_itself);
    own.or_else(|| ranking.row(&ranking.baseline.as_ref()?.name))
}

/// Each contender with what it is held against.
fn held<'a>(ranking: &'a Ranking, axis: &str, reference: &'a Row) -> Vec<(&'a Row, &'a Row, Over)> {
    let competing = || ranking.rows.iter().filter(|row| row.competes());
    // As a study is written, and not as the figures came out.
    let is_driver = axis == LAYER && reference.is_driver();
    let kind = if is_driver { Over::Driver } else { Over::Reference };
    let others = competing().filter(|row| row.server != reference.server);
    let mut held: Vec<_> = others.map(|row| (row, reference, kind)).collect();
    let has_nothing = |ceiling: &&Row| ceiling.axes.get(axis) == NONE;
    for row in competing().filter(|row| row.axes.get(axis) != NONE) {
        let layer = ranking.layer_alone(row).filter(has_nothing);
        let http = ranking.http_alone(row).filter(has_nothing);
        held.extend(layer.map(|ceiling| (row, ceiling, Over::LayerAlone)));
        held.extend(http.map(|ceiling| (row, ceiling, Over::HttpAlone)));
    }
    held
}

/// The figures of one server over another's, under the loads of a ranking.
fn prices(raw: &Raw, ranking: &Ranking, row: &Row, over: &Row) -> Vec<Price> {
    let names = (row.server.as_str(), over.server.as_str());
    let cells =
        raw.run.cell.iter().filter(|cell| ranking.has(&cell.scenario.name, &cell.load.name));
    let mut prices = Vec::new();
    for cell in cells {
        let load = cell.load.name.as_str();
        let is_closed = ranking.closed.as_deref() == Some(load);
        // HTTP alone has no database: that another asks one more is no price.
        let asks = is_closed && over.axes.get("database") != NONE;
        let metrics = Metric::of_cell(cell).iter().copied();
        for metric in metrics.chain(asks.then_some(Metric::DatabaseCpu)) {
            let compared: Option<Comparison> = if !over.competes() {
                let noise = Noise::of(raw, cell, metric);
                within_noise(raw, cell, names, metric, noise)
            } else if metric == Metric::DatabaseCpu {
                let competing = ranking.rows.iter().filter(|row| row.competes());
                let competing: Vec<String> = competing.map(|row| row.server.clone()).collect();
                let noise = Noise::of(raw, cell, metric);
                of_pair(&Pairs::of(raw, cell, &competing, metric, noise), names.0, names.1)
            } else {
                ranking.comparison(load, metric, names.0, names.1)
            };
            let side = |row: &Row| {
                let figures = if is_closed { row.capacity() } else { row.steady() }?;
                side(figures, metric)
            };
            prices.push(Price {
                scenario: ranking.scenario.clone(),
                load: Some(load.to_owned()),
                rate: if is_closed { None } else { ranking.rate() },
                what: What::Measured(metric),
                own: side(row),
                over: side(over),
                ratio: compared.map(|one| Ratio {
                    estimate: one.ratio,
                    p_value: one.p_value,
                    verdict: one.verdict,
                }),
            });
        }
    }
    prices
}

fn side(figures: &Figures, metric: Metric) -> Option<Side> {
    let response = figures.response.as_ref();
    let estimate = match metric {
        Metric::Goodput => Some(figures.goodput),
        Metric::ServerCpu => figures.server_cpu,
        Metric::DatabaseCpu => figures.db_cpu,
        Metric::P50 => response.and_then(|response| response.p50),
        Metric::P99 => response.and_then(|response| response.p99),
    };
    let is_bound = metric == Metric::Goodput && figures.lower_bound;
    estimate.map(|estimate| Side { estimate, is_bound })
}

/// Of each pair's axes, those on which the pairs differ.
fn places(keys: &[BTreeMap<String, String>]) -> Vec<Vec<(String, String)>> {
    let differs = |axis: &&String| keys.iter().any(|key| key.get(*axis) != keys[0].get(*axis));
    let all: BTreeSet<&String> = keys.iter().flat_map(BTreeMap::keys).filter(differs).collect();
    let place = |key: &BTreeMap<String, String>| {
        let own = all.iter().filter_map(|axis| Some(((*axis).clone(), key.get(*axis)?.clone())));
        own.collect()
    };
    keys.iter().map(place).collect()
}

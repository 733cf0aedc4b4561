//! `summary.json`: every figure of a run with its interval, for programs. The same figures with the same digits
//! as `summary.csv`, which has the means.

mod cell_figures;
mod comparisons;
mod deciding;
mod prices;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::definition::Role;
use crate::format::folder::Raw;
use crate::format::journal::Entry;
use crate::measure::Measurement;
use crate::measure::warning::Warning;

use super::chapter::Chapter;
use super::counted;
use super::figures::MeasuredCell;
use super::position::Position;
use cell_figures::CellFigures;
use comparisons::{Comparisons, comparisons};
use deciding::Deciding;
use prices::{Pair, pairs};

/// The version of the export; it changes when a program that reads it must.
pub const VERSION: u32 = 3;

/// A run of Stackmark: what was measured, on what, and every figure with its 95% interval.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Stackmark summary")]
struct Summary<'a> {
    /// The version of this format.
    schema: u32,
    /// What was asked of the run.
    run: Run,
    /// What the run ran on: facts by name. Which there are depends on the machine.
    machine: BTreeMap<String, serde_json::Value>,
    /// Who was measured.
    servers: Vec<Server>,
    /// The questions that the run answers; only where it was asked some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    studies: Vec<Study>,
    /// Each server in each scenario under each load; where there are studies, once for each study that it belongs to.
    cells: Vec<Cell<'a>>,
    /// Every pair of contenders in each figure that they are compared by; where there are studies, in each study.
    comparisons: Vec<Comparisons>,
    /// What one value of a study's compared axis costs over another; only where a study compares values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    prices: Vec<Pair>,
}

/// What was asked of the run.
#[derive(Debug, Serialize, JsonSchema)]
struct Run {
    /// The name of the run's folder.
    name: String,
    /// When it began, UTC.
    began: String,
    /// The machine's CPU and how many cores of it.
    label: String,
    /// The profile's name.
    profile: String,
    /// What started, limited and observed the servers.
    backend: String,
    /// What orders and requests were drawn from: decimal digits, as it may exceed 2^53.
    seed: String,
    /// How many passes over all cells were planned.
    blocks: u32,
    /// Each server's database connections, but for servers with a `pool_size` of their own.
    pool_size: u32,
    /// Which CPUs had which part: `server`, `db` and `load`, each like `0-3+8`.
    cpus: BTreeMap<&'static str, String>,
    /// The common rate of open loads, in requests per second, in runs that had the same for all scenarios.
    common_rate_rps: Option<f64>,
    /// The common rate of open loads, in requests per second, by scenario.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    common_rates_rps: BTreeMap<String, f64>,
    /// The rate of open loads near capacity, in requests per second, by scenario.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    near_capacity_rates_rps: BTreeMap<String, f64>,
    /// Whether it came to its end.
    finished: bool,
    /// The containers that its parts were in, as raw/run.toml has them; null where they were mere processes.
    containers: Option<BTreeMap<String, serde_json::Value>>,
}

/// A question, and what the run says of it.
#[derive(Debug, Serialize, JsonSchema)]
struct Study {
    /// The study's name.
    name: String,
    /// The question, as a reader would ask it.
    question: String,
    /// The axis whose values are compared, within servers that are equal on every other axis; null where whole servers
    /// are compared.
    compare: Option<String>,
    /// The server that ratios are to, where the study names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<String>,
    /// The answer in words: for each scenario and load that orders servers, a few sentences.
    answer: Vec<String>,
    /// What decides the server's CPU time; only where each combination of the values of two axes or more has one server.
    #[serde(skip_serializing_if = "Option::is_none")]
    attribution: Option<Deciding>,
    /// What others have published about it.
    published: Vec<PublishedFinding>,
}

/// A finding that others have published.
#[derive(Debug, Serialize, JsonSchema)]
struct PublishedFinding {
    /// What was found.
    finding: String,
    /// Where it is published.
    source: String,
}

/// A server and what it is made of.
#[derive(Debug, Serialize, JsonSchema)]
struct Server {
    /// Its name.
    name: String,
    /// What it is there for: `contender`, `ceiling` or `control`.
    #[schemars(with = "String")]
    role: Role,
    /// The programming language.
    language: String,
    /// The web framework.
    framework: String,
    /// The data layer.
    layer: String,
    /// What runs its concurrency.
    runtime: String,
    /// The database it queries, or `none`.
    database: String,
    /// The server that a twin is under another name; absent for others.
    twin_of: Option<String>,
    /// Its database connections, where a study gave it a number of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pool_size: Option<u32>,
    /// The full hash of the commit that it was of, where the run compares two commits.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    /// Whether it asked its layer by itself, without HTTP.
    drives_itself: bool,
    /// What its version command printed; absent if it was never verified.
    version: Option<String>,
    /// The digest of the image that it ran from, if it did.
    image: Option<String>,
}

/// One server in one scenario under one load.
#[derive(Serialize, JsonSchema)]
struct Cell<'a> {
    /// The study in which it is compared; only where there are studies.
    #[serde(skip_serializing_if = "Option::is_none")]
    study: Option<String>,
    /// Which server.
    server: String,
    /// Which scenario.
    scenario: String,
    /// Which load.
    load: String,
    /// Whether the load is open: requests are due at their times, whether answers come or not.
    open: bool,
    /// How many users the load has.
    users: u32,
    /// How many trials came to their end.
    trials: usize,
    /// Errors of all trials.
    errors: u64,
    /// What the trials say; absent where fewer than two have figures.
    figures: Option<CellFigures<'a>>,
    /// What a reader must know.
    warnings: Vec<ExportedWarning>,
}

/// A warning.
#[derive(Debug, Serialize, JsonSchema)]
struct ExportedWarning {
    /// Which one, for programs.
    kind: &'static str,
    /// What the warning says in words.
    text: String,
}

/// The file's text.
///
/// # Errors
/// When it cannot be encoded.
pub fn json(raw: &Raw, chapters: &[Chapter]) -> anyhow::Result<String> {
    let machine = serde_json::to_value(&raw.machine)?;
    let cells = chapters.iter().flat_map(|chapter| {
        chapter.measurements.iter().map(|measurement| cell(chapter, measurement))
    });
    let summary = Summary {
        schema: VERSION,
        run: run(raw)?,
        machine: serde_json::from_value(sorted(machine))?,
        servers: servers(raw),
        studies: chapters.iter().filter_map(study).collect(),
        cells: cells.collect(),
        comparisons: chapters.iter().flat_map(comparisons).collect(),
        prices: chapters.iter().flat_map(pairs).collect(),
    };
    Ok(serde_json::to_string_pretty(&summary)? + "\n")
}

/// The published JSON Schema of the export.
///
/// # Errors
/// When it cannot be encoded.
pub fn schema() -> anyhow::Result<String> {
    // What is written has every member, be it null.
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<Summary<'_>>();
    Ok(serde_json::to_string_pretty(&sorted(schema.to_value()))? + "\n")
}

/// In the order of names: other crates may ask serde_json to keep the order of insertion.
fn sorted(mut value: serde_json::Value) -> serde_json::Value {
    value.sort_all_objects();
    value
}

/// The common rate of all scenarios; absent where they differ, and where there is none.
fn one_common_rate(raw: &Raw) -> Option<f64> {
    let mut rates = raw.entries.iter().filter_map(|entry| match entry {
        Entry::CommonRate { rate, .. } => Some(rounded(rate.0)),
        _ => None,
    });
    let first = rates.next()?;
    rates.all(|rate| rate == first).then_some(first)
}

fn run(raw: &Raw) -> anyhow::Result<Run> {
    let run = &raw.run;
    Ok(Run {
        name: raw.name.clone(),
        began: run.began.clone(),
        label: run.label.clone(),
        profile: run.profile.clone(),
        backend: run.backend.clone(),
        seed: run.seed.to_string(),
        blocks: run.blocks,
        pool_size: run.pool_size,
        cpus: run.cpus.sets.iter().map(|(part, cpus)| (part.name(), cpus.to_string())).collect(),
        common_rate_rps: one_common_rate(raw),
        common_rates_rps: raw
            .entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::CommonRate { scenario: Some(scenario), rate, .. } => {
                    Some((scenario.clone(), rounded(rate.0)))
                }
                _ => None,
            })
            .collect(),
        near_capacity_rates_rps: raw
            .entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::CommonRate {
                    scenario: Some(scenario), near_capacity: Some(rate), ..
                } => Some((scenario.clone(), rounded(rate.0))),
                _ => None,
            })
            .collect(),
        finished: raw.entries.contains(&Entry::Finished),
        containers: containers(raw)?,
    })
}

fn containers(raw: &Raw) -> anyhow::Result<Option<BTreeMap<String, serde_json::Value>>> {
    let Some(site) = &raw.run.site else { return Ok(None) };
    Ok(serde_json::from_value(sorted(serde_json::to_value(site)?))?)
}

fn servers(raw: &Raw) -> Vec<Server> {
    let verified = |name: &str| {
        raw.entries.iter().find_map(|entry| match entry {
            Entry::Verified { server, version, image, .. } if server == name => {
                Some((version.clone(), image.clone()))
            }
            _ => None,
        })
    };
    let servers = raw.run.server.iter().map(|server| Server {
        name: server.name.clone(),
        role: server.role,
        language: server.axes.get("language").to_owned(),
        framework: server.axes.get("framework").to_owned(),
        layer: server.axes.get("layer").to_owned(),
        runtime: server.axes.get("runtime").to_owned(),
        database: server.axes.get("database").to_owned(),
        twin_of: server.twin_of.clone(),
        pool_size: server.pool_size,
        revision: server.revision.clone(),
        drives_itself: server.drives_itself,
        version: verified(&server.name).map(|(version, _)| version),
        image: verified(&server.name).and_then(|(_, image)| image),
    });
    servers.collect()
}

fn study(chapter: &Chapter) -> Option<Study> {
    let study = chapter.study?;
    let published = study.published.iter().map(|published| PublishedFinding {
        finding: published.finding.clone(),
        source: published.source.clone(),
    });
    Some(Study {
        name: study.name.clone(),
        question: study.question.clone(),
        compare: study.compare.clone(),
        baseline: study.baseline.clone(),
        answer: chapter.answer.clone(),
        attribution: chapter.attribution.as_ref().map(Deciding::of),
        published: published.collect(),
    })
}

fn cell<'a>(chapter: &'a Chapter, m: &'a Measurement) -> Cell<'a> {
    let exported =
        |warning: &Warning| ExportedWarning { kind: warning.kind(), text: warning.to_string() };
    let users = chapter.raw.run.cell.iter().find(|cell| cell.load.name == m.load);
    Cell {
        study: chapter.study.map(|study| study.name.clone()),
        server: m.server.clone(),
        scenario: m.scenario.clone(),
        load: m.load.clone(),
        open: m.open,
        users: users.map_or(0, |cell| cell.load.users),
        trials: m.trials,
        errors: m.errors,
        figures: m.figures.as_ref().map(|figures| {
            let position = Position::of(m, &chapter.rankings);
            let counted = counted::figures(&chapter.raw, &m.server, &m.scenario);
            CellFigures(MeasuredCell { figures, position, counted })
        }),
        warnings: m.warnings.iter().map(exported).collect(),
    }
}

/// To three decimals, here and in `summary.csv`: beyond them machines may differ in their logarithms.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::format::synthetic_run::{OTHER, SMALL, SyntheticServer, counts, run, synthetic};
    use crate::report::chapter::chapters;
    use crate::report::study_tests::{databases, layers};
    use crate::report::summary;

    /// Columns that are no figures, or ends of an interval.
    const OTHERS: [&str; 9] = [
        "server",
        "scenario",
        "load",
        "trials",
        "goodput_lo",
        "goodput_hi",
        "errors",
        "warnings",
        "intervals",
    ];

    #[test]
    fn only_a_run_that_was_counted_has_members_and_columns_for_counts() {
        let files = |raw: &Raw| {
            let chapters = chapters(raw);
            [json(raw, &chapters).unwrap(), summary::csv(&chapters).unwrap()]
        };
        let names = ["instructions_per_req", "allocations_per_req"];
        let mut raw = run(&[synthetic("a", 98.1, SMALL)]);
        for file in files(&raw) {
            assert!(!names.iter().any(|name| file.contains(name)), "{file}");
        }
        raw.counts = Some(counts("a", "demo", &[17_000, 17_100, 17_200]));
        let [summary, table] = files(&raw);
        let export: Value = serde_json::from_str(&summary).unwrap();
        let estimate = &export["cells"][0]["figures"]["instructions_per_req"]["estimate"];
        assert_eq!(*estimate, 17_100.0);
        assert!(table.contains(",instructions_per_req,allocations_per_req,"), "{table}");
        assert!(table.contains(",17100.000,3.000,"), "{table}");
    }

    #[test]
    fn prices_and_what_decides_follow_the_schema() {
        let schema: Value = serde_json::from_str(&schema().unwrap()).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        for raw in [layers(), databases()] {
            let export: Value =
                serde_json::from_str(&json(&raw, &chapters(&raw)).unwrap()).unwrap();
            let errors: Vec<String> =
                validator.iter_errors(&export).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{errors:?}");
            let prices = export["prices"].as_array().unwrap();
            assert!(prices.iter().all(|pair| pair["study"].is_string()), "{prices:?}");
            let mut wrong = export.clone();
            wrong["prices"][0]["over_is"] = 1.into();
            assert!(!validator.is_valid(&wrong), "a schema that allows everything proves nothing");
        }
        let export = json(&databases(), &chapters(&databases())).unwrap();
        assert!(export.contains("\"effects\""), "{export}");
    }

    #[test]
    fn every_figure_of_the_table_is_in_the_export_with_the_same_digits() {
        let ceiling = SyntheticServer { role: Role::Ceiling, ..synthetic("alone", 97.3, OTHER) };
        let mut raw = run(&[synthetic("a", 98.1, SMALL), ceiling]);
        raw.run.server[1].drives_itself = true;
        let chapters = chapters(&raw);
        let export: Value = serde_json::from_str(&json(&raw, &chapters).unwrap()).unwrap();
        let table = summary::csv(&chapters).unwrap();
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let rows: Vec<BTreeMap<String, String>> =
            reader.deserialize().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows.len(), 2);
        for (row, cell) in rows.iter().zip(export["cells"].as_array().unwrap()) {
            for (column, text) in row.iter().filter(|(name, _)| !OTHERS.contains(&name.as_str())) {
                let figure = cell["figures"].get(column).expect(column);
                match figure.get("estimate").unwrap_or(figure) {
                    Value::Null => assert_eq!(text, "", "{column}"),
                    Value::Number(number) => {
                        assert_eq!(text.parse().ok(), number.as_f64(), "{column}");
                    }
                    Value::String(word) => assert_eq!(text, word, "{column}"),
                    other => assert_eq!(*text, other.to_string(), "{column}"),
                }
            }
        }
        assert_eq!(
            (rows[0]["letters"].as_str(), rows[0]["goodput_of_alone"].as_str()),
            ("a", "1.000")
        );
        assert_eq!(rows[1]["loader_cpu_us_per_req"], "", "there was no load");
    }
}

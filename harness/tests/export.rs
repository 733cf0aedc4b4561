//! The published JSON Schema is that of the code, and every committed export follows it.

use std::fs;
use std::path::{Path, PathBuf};

use stackmark::format::folder;
use stackmark::report::export;
use stackmark::workspace::Workspace;

fn results() -> PathBuf {
    Workspace::at(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))).results()
}

#[test]
fn the_published_schema_is_that_of_the_code() {
    let published = fs::read_to_string(results().join("summary.schema.json")).unwrap();
    assert_eq!(
        published,
        export::schema().unwrap(),
        "stale; run `stackmark report` and commit what it writes"
    );
}

#[test]
fn every_committed_export_follows_the_schema() {
    let schema = serde_json::from_str(&export::schema().unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let runs = folder::all(&results()).unwrap();
    assert!(!runs.is_empty());
    for run in runs {
        let text = fs::read_to_string(run.join("summary.json")).unwrap();
        let export: serde_json::Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<_> =
            validator.iter_errors(&export).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", run.display());
        assert_eq!(export["schema"], export::VERSION);
        let mut wrong = export.clone();
        wrong["cells"][0]["trials"] = "eight".into();
        assert!(!validator.is_valid(&wrong), "a schema that allows everything proves nothing");
    }
}

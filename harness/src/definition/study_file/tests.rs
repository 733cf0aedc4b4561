use super::*;
use crate::definition::synthetic_registry::synthetic_registry;
use crate::workspace::Workspace;

const STUDY: &str = r#"
question = "Which?"
cells = [{ scenarios = ["demo"], loads = ["closed-64"] }]
"#;

fn workspace() -> Workspace {
    Workspace::at(concat!(env!("CARGO_MANIFEST_DIR"), "/..").as_ref())
}

fn read_in(folder: &Path) -> Result<Vec<Study>, DefinitionError> {
    let catalogue = Catalogue::read(&workspace().scenarios()).unwrap();
    let profiles = Profile::read_all(&workspace().scenarios(), &catalogue).unwrap();
    Study::read_all(folder, &catalogue, &profiles)
}

/// A study of this text, by the name `trial`.
fn read(text: &str) -> Result<Study, DefinitionError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("trial.toml"), text).unwrap();
    Ok(read_in(folder.path())?.remove(0))
}

fn names(servers: &[Server]) -> Vec<&str> {
    servers.iter().map(|server| server.name.as_str()).collect()
}

#[test]
fn every_study_of_the_project_finds_its_servers_and_cells() {
    let studies = read_in(&workspace().studies()).unwrap();
    assert!(studies.iter().any(|study| study.default), "a run needs no --study");
    let registry = Registry::read(&workspace().registry()).unwrap();
    for study in &studies {
        assert!(!study.servers_in(&registry).unwrap().is_empty(), "{}", study.name);
    }
}

#[test]
fn a_study_that_says_little_is_about_all_servers_in_all_profiles() {
    let study = read(STUDY).unwrap();
    assert_eq!(study.name, "trial");
    assert_eq!(study.servers_in(&synthetic_registry()).unwrap(), synthetic_registry().servers());
    let cell = StudyCell { scenario: "demo".into(), load: "closed-64".into() };
    assert_eq!(study.cells_in("smoke"), std::slice::from_ref(&cell));
    assert_eq!(study.cells_in("paper"), [cell]);
}

#[test]
fn cells_are_every_scenario_under_every_load_where_the_profile_has_them() {
    let study = read(
        r#"
question = "Which?"
[[cells]]
scenarios = ["demo", "idle"]
loads = ["closed-64", "open-10"]
profiles = ["standard"]
[[cells]]
scenarios = ["demo"]
loads = ["closed-64"]
profiles = ["smoke"]
"#,
    )
    .unwrap();
    let cells = |profile| {
        let cells = study.cells_in(profile).into_iter();
        cells.map(|cell| format!("{} {}", cell.scenario, cell.load)).collect::<Vec<_>>()
    };
    assert_eq!(
        cells("standard"),
        ["demo closed-64", "demo open-10", "idle closed-64", "idle open-10"]
    );
    assert_eq!(cells("smoke"), ["demo closed-64"]);
    assert_eq!(cells("quick"), [""; 0]);
}

#[test]
fn servers_are_chosen_by_name_and_by_axis() {
    let study = |servers: &str| read(&format!("{STUDY}[servers]\n{servers}\n")).unwrap();
    let of = |servers: &str| study(servers).servers_in(&synthetic_registry()).unwrap();
    let framework = of("axes = { framework = [\"g\"] }");
    assert!(framework.iter().all(|server| server.axis("framework") == Some("g")));
    assert!(framework.len() > 1);
    let both = of("names = [\"orm\"]\naxes = { framework = [\"g\", \"h\"] }");
    assert_eq!(names(&both), ["g-orm", "h-orm"]);
}

#[test]
fn a_pool_sweep_has_a_variant_of_each_server_for_each_size() {
    let sweep = "pool_sizes = [4, 32]\ncompare = \"pool_size\"\n";
    let study = format!("{sweep}{STUDY}[servers]\nnames = [\"^g-orm$\", \"^bare$\"]\n");
    let servers = read(&study).unwrap().servers_in(&synthetic_registry()).unwrap();
    // A server without a database has no pool.
    assert_eq!(names(&servers), ["g-orm.pool-4", "g-orm.pool-32", "bare"]);
    assert_eq!(servers.iter().map(Server::pool_size).collect::<Vec<_>>(), [4, 32, 32]);
    assert!(servers[..2].iter().all(|server| server.original() == "g-orm"));
}

#[test]
fn a_baseline_is_a_contender_that_is_compared() {
    let study = |more: &str| read(&format!("baseline = \"g-orm\"\n{STUDY}{more}")).unwrap();
    let servers = |more: &str| study(more).servers_in(&synthetic_registry());
    assert_eq!(study("").baseline.as_deref(), Some("g-orm"));
    assert!(servers("").is_ok());
    let error = servers("[servers]\nnames = [\"^f-\"]\n").unwrap_err().to_string();
    assert!(
        error.ends_with("\"g-orm\" is no contender that it compares; there are: f-driver, f-orm"),
        "{error}"
    );
}

#[test]
fn the_default_studies_run_where_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (name, more) in [("a", ""), ("b", "default = true\n"), ("c", "")] {
        let text = format!("{more}{STUDY}");
        fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
    }
    let studies = read_in(folder.path()).unwrap();
    let named = |wanted: &[&str]| -> Result<Vec<&str>, DefinitionError> {
        let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        let found = Study::named(&studies, &wanted)?;
        Ok(found.iter().map(|study| study.name.as_str()).collect())
    };
    assert_eq!(named(&[]).unwrap(), ["b"]);
    assert_eq!(named(&["c", "a", "c"]).unwrap(), ["a", "c"]);
    let error = named(&["d"]).unwrap_err().to_string();
    assert_eq!(error, "there is no study \"d\"; there are: a, b, c");
    let error = Study::named(&studies[..1], &[]).unwrap_err().to_string();
    assert_eq!(error, "no study is the default; name one with --study: a");
}

/// What is wrong with a study, in one sentence.
fn refusal(text: &str) -> String {
    let error = read(text)
        .and_then(|study| study.servers_in(&synthetic_registry()))
        .unwrap_err()
        .to_string();
    let (place, message) = error.split_once("trial.toml:").expect("it names the file");
    assert!(Path::new(place).is_absolute());
    assert_eq!(message.lines().count(), 1, "{message}");
    // What there is changes with the project.
    message.trim().split("; there are: ").next().unwrap_or_default().to_owned()
}

#[test]
fn what_cannot_be_is_refused_in_one_sentence() {
    let cells = |group: &str| format!("question = \"Which?\"\ncells = [{group}]\n");
    let group = r#"{ scenarios = ["demo"], loads = ["closed-64"] }"#;
    let servers = |text: &str| format!("{STUDY}[servers]\n{text}\n");
    let studies = [
        STUDY.replace("Which?", " "),
        cells(""),
        cells(r#"{ scenarios = [], loads = ["closed-64"] }"#),
        cells(r#"{ scenarios = ["dmo"], loads = ["closed-64"] }"#),
        cells(r#"{ scenarios = ["demo"], loads = ["closed"] }"#),
        cells(r#"{ scenarios = ["demo"], loads = ["closed-64"], profiles = ["hasty"] }"#),
        cells(&format!("{group}, {group}")),
        format!("pool_sizes = [4, 0]\n{STUDY}"),
        format!("pool_sizes = [4, 8, 4]\n{STUDY}"),
        format!("compare = \"colour\"\n{STUDY}"),
        format!("baseline = \"bare\"\n{STUDY}"),
        servers("names = [\"no-such\"]"),
        servers("names = [\"(\"]"),
        servers("axes = { colour = [\"red\"] }"),
        servers("axes = { language = [\"cobol\"] }"),
        servers("names = [\"^bare$\"]\naxes = { framework = [\"g\"] }"),
        format!("questions = \"Which?\"\n{STUDY}"),
    ];
    let refusals: Vec<_> = studies.iter().map(|study| refusal(study)).collect();
    insta::assert_snapshot!(refusals.join("\n"));
}

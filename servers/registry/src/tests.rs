//! Registries that are right, and one for each thing that can be wrong.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use super::*;

const RIGHT: &str = r#"
[template.base]
role = "contender"
axes = { language = "l", runtime = "r", database = "mysql" }
answers = ["demo", "idle"]
needs = ["mysql"]
ceilings = { http = "nothing", layer = "alone-{layer}" }
dockerfile = "docker/{language}.Dockerfile"
needs_program = [{ probe = ["maker", "--version"], mend = "install maker" }]
build = [["make", "get"], ["make", "{name}"]]
version = ["${REGISTRY_NO_SUCH_VARIABLE:-bin}/{name}", "--version"]
run = ["bin/{name}", "--listen", "${BIND}", "--mode", "${MODE}"]
env = { MODE = "fast", LAYER = "{layer}" }

[template.alone]
template = "base"
role = "ceiling"
answers = ["demo"]
drives_itself = true
ceilings = { http = "nothing" }

[[server]]
name = "one"
template = "base"
axes = { framework = "f", layer = "orm", driver = "d", view = "blocking" }
needs_program = [{ probe = ["sh", "-c", "command -v {driver}"], mend = "install {driver}" }]

[[server]]
name = "one-direct"
template = "base"
role = "control"
control_of = "one"
axes = { framework = "f", layer = "orm", driver = "d" }

[[server]]
name = "alone-orm"
template = "alone"
axes = { framework = "none", layer = "orm", driver = "d" }

[[server]]
name = "nothing"
template = "base"
role = "ceiling"
axes = { framework = "none", layer = "none", driver = "none", database = "none" }
needs = []
ceilings = {}
"#;

fn read(text: &str) -> Result<Registry, Error> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("servers.toml");
    fs::write(&path, text).expect("a temporary folder can be written");
    Registry::read(&path)
}

fn server(name: &str) -> Server {
    let registry = read(RIGHT).unwrap();
    let server = registry.servers().iter().find(|server| server.name == name);
    server.expect("the registry has it").clone()
}

/// The sentence about a registry in which `from` is `to`, after the file's name.
fn refused(from: &str, to: &str) -> String {
    assert_eq!(RIGHT.matches(from).count(), 1, "{from:?} is not there once");
    let text = read(&RIGHT.replace(from, to)).unwrap_err().to_string();
    let (_, sentence) = text.split_once("servers.toml:").expect("the file is named");
    sentence.trim_start().to_owned()
}

#[test]
fn an_entry_is_its_template_with_its_own_words() {
    insta::assert_debug_snapshot!(server("one"));
}

#[test]
fn a_template_may_begin_as_another_and_an_entry_may_overrule_both() {
    let alone = server("alone-orm");
    assert!(alone.drives_itself && alone.role == Role::Ceiling && alone.answers == ["demo"]);
    assert_eq!(alone.ceilings.layer, None, "the template's own ceilings, whole");
    assert_eq!((alone.database(), alone.run[0].as_str()), (Some("mysql"), "bin/alone-orm"));
    let nothing = server("nothing");
    assert!(!nothing.has_database() && nothing.needs.is_empty() && nothing.ceilings.is_empty());
    assert_eq!(server("one-direct").control_of.as_deref(), Some("one"));
}

#[test]
fn commands_run_in_the_checkout() {
    let one = server("one");
    let root = Path::new("/checkout");
    let version = one.version_command(root).unwrap();
    assert_eq!(version.get_program(), "/checkout/bin/one");
    assert_eq!(version.get_current_dir(), Some(root));
    let programs: Vec<_> = one
        .build_commands(root)
        .unwrap()
        .iter()
        .map(|step| step.get_args().next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(programs, ["get", "one"]);
    let probe = one.probe_command(&one.needs_program[0], root).unwrap();
    assert_eq!(probe.get_program(), "maker", "a bare name is looked up in PATH");
}

#[test]
fn arguments_see_the_settings_then_the_servers_own_environment() {
    let settings = [("BIND", "127.0.0.1:7".to_owned())];
    let run = server("one").run_command(Path::new("/checkout"), &settings).unwrap();
    assert_eq!(run.get_args().collect::<Vec<_>>(), ["--listen", "127.0.0.1:7", "--mode", "fast"]);
    let environment: BTreeMap<_, _> = run.get_envs().collect();
    let value = |name: &str| environment.get(OsStr::new(name)).copied();
    assert_eq!(value("BIND"), Some(Some(OsStr::new("127.0.0.1:7"))));
    assert_eq!(value("LAYER"), Some(Some(OsStr::new("orm"))));
    assert_eq!(value("DATABASE_URL"), Some(None), "one that happens to be set here is no setting");
}

#[test]
fn a_variable_that_is_not_set_is_named() {
    let mut one = server("one");
    one.run = vec!["bin/one".into(), "$REGISTRY_NO_SUCH_VARIABLE".into()];
    let error = one.run_command(Path::new("/"), &[]).unwrap_err().to_string();
    assert!(error.starts_with("one: ") && error.contains("REGISTRY_NO_SUCH_VARIABLE"), "{error}");
    assert!(error.ends_with("set it, or write ${NAME:-default} in the registry"), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let error = Registry::read(Path::new("/no/servers.toml")).unwrap_err().to_string();
    assert!(error.starts_with("cannot read /no/servers.toml: "), "{error}");
}

#[test]
fn what_is_no_registry_is_refused_with_its_line() {
    let error = refused("role = \"contender\"", "role = \"winner\"");
    assert!(error.starts_with("3: ") && error.contains("winner"), "{error}");
    let error = refused("role = \"contender\"", "rule = \"contender\"");
    assert!(error.starts_with("3: ") && error.contains("`rule`"), "{error}");
    let error = refused("{ http = \"nothing\" }", "{ htpp = \"nothing\" }");
    assert!(error.contains("`htpp`"), "{error}");
    let error = refused("probe = [\"maker\"", "prove = [\"maker\"");
    assert!(error.contains("`prove`"), "{error}");
}

#[test]
fn templates_are_checked() {
    assert_eq!(
        refused("template = \"alone\"", "template = \"solo\""),
        "alone-orm: there is no template \"solo\"; there are: alone, base"
    );
    assert_eq!(
        refused("[template.alone]\ntemplate = \"base\"", "[template.alone]\ntemplate = \"alone\""),
        "alone-orm: the template \"alone\" is its own template; let one be first"
    );
    assert_eq!(
        refused("[template.base]", "[template.base]\nname = \"x\""),
        "the template \"base\" has a `name`; only a server has one"
    );
    assert_eq!(
        refused("\"{name}\"]]", "\"{nmae}\"]]"),
        "one: there is no placeholder {nmae}; there are {name} and {database}, {driver}, {framework}, {language}, \
         {layer}, {runtime}, {view}"
    );
}

#[test]
fn fields_are_checked() {
    for (from, to, sentence) in [
        ("name = \"one\"\n", "", "the server number 1 has no `name`; give it one"),
        (
            "name = \"one\"\n",
            "name = \"One.1\"\n",
            "One.1: a name has lower-case letters, digits and hyphens only",
        ),
        ("role = \"contender\"\n", "", "one: `role` is missing; write it here or in the template"),
        (
            "runtime = \"r\", ",
            "",
            "one: `axes` lacks \"runtime\"; write \"none\" where there is none",
        ),
        (
            "answers = [\"demo\", \"idle\"]",
            "answers = []",
            "one: `answers` is empty; name the endpoints, such as \"demo\"",
        ),
        (
            "answers = [\"demo\", \"idle\"]",
            "answers = [\"/demo\"]",
            "one: `answers` holds \"/demo\"; write an endpoint's path without the slash before it, such as \"demo\"",
        ),
        (
            "answers = [\"demo\", \"idle\"]",
            "answers = [\"demo\", \"demo\"]",
            "one: `answers` holds \"demo\" twice; once is enough",
        ),
        (
            "needs = [\"mysql\"]",
            "needs = [\"My SQL\"]",
            "one: `needs` holds \"My SQL\"; write a service's name, such as \"mysql\"",
        ),
        (
            "needs = [\"mysql\"]",
            "needs = []",
            "one: its axis `database` is \"mysql\", which `needs` does not hold; add it there, or write \"none\"",
        ),
        (
            "[\"make\", \"get\"]",
            "[]",
            "one: `build` is an empty command; write the program and its arguments",
        ),
        (
            "\"${BIND}\"",
            "\"${DATABASE_URL}\"",
            "one: `run` has DATABASE_URL among its arguments, where every user of the machine can read the password; \
             let the server read it from its environment",
        ),
    ] {
        assert_eq!(refused(from, to), sentence);
    }
    assert!(read(&RIGHT.replace("${BIND}", "${DATABASE_URL_FILE}")).is_ok(), "a path is no secret");
}

#[test]
fn relations_are_checked() {
    for (from, to, sentence) in [
        (
            "name = \"one-direct\"",
            "name = \"one\"",
            "the server \"one\" is there twice; give each a name of its own",
        ),
        (
            "control_of = \"one\"\n",
            "",
            "one-direct: a control needs `control_of`: the contender that it differs from",
        ),
        (
            "control_of = \"one\"",
            "control_of = \"two\"",
            "one-direct: `control_of` names \"two\", which is no server; add its entry, or name another",
        ),
        (
            "control_of = \"one\"",
            "control_of = \"nothing\"",
            "one-direct: `control_of` names \"nothing\", which is no contender; name one that is",
        ),
        (
            "role = \"control\"\n",
            "",
            "one-direct: `control_of` is for controls; take it out, or write role = \"control\"",
        ),
        (
            "ceilings = {}",
            "ceilings = { http = \"nothing\" }",
            "nothing: `ceilings.http` is the server itself; name another one, or leave it out",
        ),
        (
            "layer = \"alone-{layer}\"",
            "layer = \"{layer}\"",
            "one: `ceilings.layer` names \"orm\", which is no server; add its entry, or name another",
        ),
        (
            "layer = \"alone-{layer}\"",
            "layer = \"one\"",
            "one: `ceilings.layer` is the server itself; name another one, or leave it out",
        ),
        (
            "ceilings = {}",
            "ceilings = { layer = \"one\" }",
            "nothing: `ceilings.layer` names \"one\", which is no ceiling; name one that is",
        ),
        (
            "http = \"nothing\", layer",
            "http = \"alone-orm\", layer",
            "one: `ceilings.http` names \"alone-orm\", which queries a database; name one that does not",
        ),
        (
            "layer = \"alone-{layer}\"",
            "layer = \"nothing\"",
            "one: `ceilings.layer` names \"nothing\", which queries no database; name one that does",
        ),
    ] {
        assert_eq!(refused(from, to), sentence);
    }
}

#[test]
fn a_variant_is_held_against_servers_with_as_many_connections() {
    let one = server("one").with_pool_size(4);
    assert_eq!((one.name.as_str(), one.original(), one.pool_size()), ("one.pool-4", "one", 4));
    assert_eq!(one.ceilings.http.as_deref(), Some("nothing"));
    assert_eq!(one.ceilings.layer.as_deref(), Some("alone-orm.pool-4"));
    let control = server("one-direct").with_pool_size(4);
    assert_eq!(control.control_of, Some(one.name));
    assert_eq!(server("one").pool_size(), POOL_SIZE);
}

#[test]
fn a_server_of_another_checkout_is_built_and_run_there_and_apart() {
    let checkout = Checkout { commit: "c0ffee".into(), root: "/revision".into() };
    let mut one = server("one").with_pool_size(4).at("base", checkout);
    assert_eq!((one.name.as_str(), one.original()), ("one.pool-4@base", "one"));
    assert_eq!((one.axis("revision"), one.axis("layer")), (Some("base"), Some("orm")));
    assert!(one.ceilings.is_empty());
    one.version = vec!["${CARGO_TARGET_DIR:-target}/one".into()];
    let version = one.version_command(Path::new("/checkout")).unwrap();
    assert_eq!(version.get_program(), "/revision/target/one", "whatever the variable says here");
    assert_eq!(version.get_current_dir(), Some(Path::new("/revision")));
    let environment: BTreeMap<_, _> = version.get_envs().collect();
    assert_eq!(environment.get(OsStr::new("CARGO_TARGET_DIR")), Some(&None));
    let here = server("one").version_command(Path::new("/checkout")).unwrap();
    assert!(here.get_envs().all(|(name, _)| name != "CARGO_TARGET_DIR"));
}

#[test]
fn axes_are_free() {
    let registry = read(RIGHT).unwrap();
    let axes: Vec<_> = registry.axes().into_iter().collect();
    assert_eq!(axes, ["database", "driver", "framework", "language", "layer", "runtime", "view"]);
    assert_eq!(server("one").axis("view"), Some("blocking"));
    assert_eq!(server("nothing").axis("view"), None);
}

/// The project's own registry: every Rust server's entry is short.
#[test]
fn the_projects_registry_is_right_and_its_entries_are_short() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../servers.toml");
    let registry = Registry::read(&path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let entries: Vec<&str> =
        text.split("\n\n").filter(|part| part.contains("[[server]]\n")).collect();
    assert_eq!(entries.len(), registry.servers().len());
    for entry in entries {
        let lines = entry.lines().filter(|line| !line.starts_with('#')).count();
        assert!(lines <= 8, "an entry has {lines} lines: {entry}");
    }
}

#[test]
fn the_truth_benchs_registry_is_right() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../harness/benches/truth/servers.toml");
    assert_eq!(Registry::read(&path).unwrap().servers().len(), 10);
}

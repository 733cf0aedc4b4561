//! compose.yaml, .env and the Dockerfiles: every server is listed, every limit is set, and no port is open without
//! need.

#![allow(clippy::unwrap_used)] // A test that cannot read the checkout's files fails, and should.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use regex::Regex;
use serde_json::{Map, Value};
use stackmark::definition::scenario::Catalogue;
use stackmark::definition::{Profile, Registry, Study};
use stackmark::workspace::Workspace;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(file)).unwrap()
}

/// The services, with merge keys resolved and variables not yet expanded.
fn services() -> Map<String, Value> {
    // Many servers have the same few anchors, which the parser's limits for files from elsewhere take for an attack.
    let options = serde_saphyr::options! { budget: None };
    let compose = serde_saphyr::from_str_with_options(&read("compose.yaml"), options);
    let compose: Value = compose.unwrap();
    compose["services"].as_object().unwrap().clone()
}

fn registry() -> Registry {
    Registry::read(&Path::new(ROOT).join("servers/servers.toml")).unwrap()
}

/// The names of the servers that the default study measures.
fn measured() -> BTreeSet<String> {
    let workspace = Workspace::at(Path::new(ROOT));
    let catalogue = Catalogue::read(&workspace.scenarios()).unwrap();
    let profiles = Profile::read_all(&workspace.scenarios(), &catalogue).unwrap();
    let studies = Study::read_all(&workspace.studies(), &catalogue, &profiles).unwrap();
    let default = Study::named(&studies, &[]).unwrap();
    let servers = default.iter().flat_map(|study| study.servers_in(&registry()).unwrap());
    servers.map(|server| server.original().to_owned()).collect()
}

/// The words of a list.
fn words(service: &Value, key: &str) -> Vec<String> {
    let list = service.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    list.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

/// The services that a service waits for.
fn depends_on(service: &Value) -> BTreeSet<&str> {
    let all = service.get("depends_on").and_then(Value::as_object);
    all.into_iter().flatten().map(|(name, _)| name.as_str()).collect()
}

/// The names of the variables that a text expands: `${NAME}` or `${NAME:?…}`.
fn variables(text: &str) -> BTreeSet<String> {
    let variable = Regex::new(r"\$\{([A-Z_]+)[}:]").unwrap();
    variable.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

#[test]
fn what_it_says_of_servers_is_what_the_registry_says() {
    let stackmark = env!("CARGO_BIN_EXE_stackmark");
    let check = Command::new(stackmark).args(["manifests", "--check"]).current_dir(ROOT).output();
    let output = check.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for server in registry().servers() {
        assert!(Path::new(ROOT).join(&server.dockerfile).is_file(), "{}", server.dockerfile);
    }
}

#[test]
fn a_file_that_lacks_a_server_is_called_stale() {
    let checkout = tempfile::tempdir().unwrap();
    for folder in ["servers", "harness/scenarios", "harness/studies"] {
        fs::create_dir_all(checkout.path().join(folder)).unwrap();
        for entry in fs::read_dir(Path::new(ROOT).join(folder)).unwrap() {
            let name = format!("{folder}/{}", entry.unwrap().file_name().display());
            if name.ends_with(".toml") {
                fs::write(checkout.path().join(&name), read(&name)).unwrap();
            }
        }
    }
    fs::write(checkout.path().join("compose.yaml"), read("compose.yaml")).unwrap();
    let manifests = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stackmark"));
        command.arg("manifests").args(arguments).current_dir(checkout.path());
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(manifests(&["--check"]).0, Some(0));
    let registry = read("servers/servers.toml").replacen("\nname = \"", "\nname = \"new-", 1);
    fs::write(checkout.path().join("servers/servers.toml"), registry).unwrap();
    let (status, text) = manifests(&["--check"]);
    assert_eq!(status, Some(2));
    assert!(
        text.ends_with(
            "compose.yaml is stale; run `stackmark manifests` and commit what it writes\n"
        ),
        "{text}"
    );
    assert_eq!(manifests(&[]).0, Some(0));
    assert_eq!(manifests(&["--check"]).0, Some(0));
}

#[test]
fn every_server_waits_for_its_seeded_databases_and_sees_no_other_url() {
    let services = services();
    for server in registry().servers() {
        let block = &services[&server.name];
        let seeds: Vec<String> = server.needs.iter().map(|need| format!("{need}-seed")).collect();
        let expected: BTreeSet<&str> = seeds.iter().map(String::as_str).collect();
        assert_eq!(depends_on(block), expected, "{}", server.name);
        let secrets: Vec<String> =
            server.needs.iter().map(|need| format!("{need}-secrets:/secrets:ro")).collect();
        assert_eq!(words(block, "volumes"), secrets, "{}", server.name);
        for need in &server.needs {
            let seed = &services[&format!("{need}-seed")];
            assert_eq!(depends_on(seed), BTreeSet::from([need.as_str()]));
            assert_eq!(words(seed, "volumes"), [format!("{need}-secrets:/secrets:ro")]);
            let database = words(&services[need], "volumes");
            assert!(database.contains(&format!("{need}-secrets:/secrets")), "{database:?}");
        }
    }
}

/// Compose refuses a service that depends on one that is not started.
#[test]
fn only_the_default_studys_servers_start_by_themselves() {
    let (services, measured) = (services(), measured());
    let profiles = |name: &str| words(&services[name], "profiles");
    for server in registry().servers() {
        let is_measured = measured.contains(&server.name);
        assert_eq!(profiles(&server.name).is_empty(), is_measured, "{}", server.name);
    }
    let waited_for: BTreeSet<String> =
        depends_on(&services["harness"]).into_iter().map(str::to_owned).collect();
    let servers = registry();
    let (servers, others): (BTreeSet<_>, BTreeSet<_>) = waited_for
        .into_iter()
        .partition(|name| servers.servers().iter().any(|server| server.name == *name));
    assert_eq!(servers, measured);
    assert_eq!(others, BTreeSet::from(["mysql-seed".to_owned()]), "the harness has one URL");
    for (name, service) in &services {
        for on in depends_on(service) {
            let (own, its) = (profiles(name), profiles(on));
            assert!(its.is_empty() || own.iter().all(|own| its.contains(own)), "{name}: {on}");
            assert!(its.is_empty() || !own.is_empty(), "{name} starts, and {on} does not");
        }
    }
}

#[test]
fn every_container_has_every_limit_as_its_request_and_no_swap() {
    let limit = |of: &Value| {
        let limit = of.as_str().unwrap_or_default();
        limit
            .strip_prefix("${")
            .and_then(|rest| rest.split_once(":?"))
            .map(|(name, rest)| (name.to_owned(), rest.split_once('}').unwrap().1.to_owned()))
    };
    for (name, service) in services() {
        let part = match name.as_str() {
            "mysql" | "postgres" => "DB",
            "harness" | "load" | "mysql-seed" | "postgres-seed" => "LOAD",
            _ => "SERVER",
        };
        let expected = |what: &str, zeros: &str| Some((format!("{part}_{what}"), zeros.to_owned()));
        assert_eq!(service["cpu_period"], 100_000, "{name}");
        assert_eq!(limit(&service["cpu_quota"]), expected("CPUS", "00000"), "{name}");
        assert_eq!(limit(&service["cpu_shares"]), expected("CPUS", "000"), "{name}");
        assert_eq!(service["cpuset"], format!("${{{part}_CPUSET}}"), "{name}");
        for memory in ["mem_limit", "memswap_limit", "mem_reservation"] {
            assert_eq!(limit(&service[memory]), expected("MEMORY", ""), "{name}: {memory}");
        }
        assert!(service["pids_limit"].as_u64().is_some(), "{name}");
    }
}

#[test]
fn no_container_has_or_opens_what_it_does_not_need() {
    let may: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("mysql", &["CHOWN", "DAC_OVERRIDE", "KILL", "SETGID", "SETUID"][..]),
        ("postgres", &["CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID"][..]),
        ("harness", &["SETGID", "SETUID"][..]),
    ]);
    for (name, service) in services() {
        let words = |key: &str| words(&service, key);
        assert_eq!(words("cap_drop"), ["ALL"], "{name}");
        assert_eq!(words("cap_add"), *may.get(name.as_str()).unwrap_or(&&[][..]), "{name}");
        assert_eq!(words("security_opt"), ["no-new-privileges:true"], "{name}");
        assert_eq!(service["restart"], "no", "{name}");
        assert_eq!(service["read_only"], name != "mysql", "{name}");
        assert!(service.get("privileged").is_none(), "{name}");
        for port in words("ports") {
            assert!(port.starts_with("127.0.0.1:"), "{name} is open to the network at {port}");
        }
        for volume in words("volumes") {
            assert!(!volume.contains("docker.sock"), "{name} could do anything with the engine");
            let owns = volume == format!("{name}-secrets:/secrets");
            let may = owns || !volume.contains("-secrets:") || volume.ends_with(":ro");
            assert!(may, "{name} could change the passwords");
        }
    }
}

#[test]
fn images_and_passwords_stand_nowhere_but_where_they_belong() {
    for (name, service) in services() {
        if let Some(image) = service.get("image") {
            let image = image.as_str().unwrap();
            assert!(image.starts_with("${") && image.ends_with('}'), "{name} pins {image}");
        }
    }
    let docker = fs::read_dir(Path::new(ROOT).join("docker")).unwrap();
    let named: BTreeSet<String> =
        registry().servers().iter().map(|server| server.dockerfile.clone()).collect();
    let here = docker.map(|entry| format!("docker/{}", entry.unwrap().file_name().display()));
    for file in here.filter(|file| file.ends_with("Dockerfile")).chain(named) {
        let text = read(&file);
        let stages: BTreeSet<&str> =
            text.lines().filter_map(|line| Some(line.split_once(" AS ")?.1)).collect();
        for line in text.lines().filter_map(|line| line.strip_prefix("FROM ")) {
            let image = line.split(' ').next().unwrap();
            assert!(image.starts_with("${") || stages.contains(image), "{file} pins {image}");
        }
        assert!(!text.contains("# syntax="), "{file} needs an image that .env does not pin");
    }
    for text in [read("compose.yaml"), read(".env")] {
        assert!(!text.to_uppercase().contains("PASSWORD:"), "a password is set");
        assert!(!text.to_uppercase().contains("PASSWORD="), "a password is set");
    }
}

#[test]
fn every_variable_is_in_env_with_a_word_about_it() {
    let env = read(".env");
    let mut documented = BTreeSet::new();
    let mut said = false;
    for line in env.lines() {
        let assignment = line.trim_start_matches('#').split_once('=');
        match assignment {
            Some((name, _)) if name.chars().all(|c| c.is_ascii_uppercase() || c == '_') => {
                assert!(said, "nothing is said of {name}");
                documented.insert(name.to_owned());
                said = false;
            }
            _ => said = line.starts_with("# "),
        }
    }
    let mut used = variables(&read("compose.yaml"));
    // These variables are passed on under their own names.
    for (_, service) in services() {
        let environment = service.get("environment").and_then(Value::as_object);
        let handed_on = environment.into_iter().flatten().filter(|(_, value)| value.is_null());
        used.extend(handed_on.map(|(name, _)| name.clone()));
    }
    used.extend(["COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME"].map(str::to_owned));
    assert_eq!(documented, used, "the variables in .env, and those that compose.yaml uses");
}

#[test]
fn the_images_tell_the_workspaces_version() {
    let label = format!("org.opencontainers.image.version=\"{}\"", env!("CARGO_PKG_VERSION"));
    let dockerfile = read("docker/rust.Dockerfile");
    let labels = dockerfile.matches("org.opencontainers.image.version=").count();
    assert!(labels > 0 && dockerfile.matches(&label).count() == labels, "{label}");
}

/// Docker's compose plugin accepts the file; this needs no engine.
#[test]
fn compose_itself_takes_it() {
    let compose = |arguments: &[&str]| {
        Command::new("docker").arg("compose").args(arguments).current_dir(ROOT).output()
    };
    if !compose(&["version"]).is_ok_and(|output| output.status.success()) {
        return;
    }
    let config = |profile: &str, arguments: &[&str]| {
        let arguments = [&["--profile", profile, "config"], arguments].concat();
        let output = compose(&arguments).unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.is_empty(), "{profile}: {text}");
        let services = String::from_utf8_lossy(&output.stdout).into_owned();
        services.lines().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    for profile in ["bench", "*"] {
        config(profile, &["--quiet"]);
    }
    let mut started = measured();
    started.extend(["harness", "mysql", "mysql-seed"].map(str::to_owned));
    assert_eq!(config("harness", &["--services"]), started);
    let mut all: BTreeSet<String> =
        registry().servers().iter().map(|server| server.name.clone()).collect();
    all.extend(["mysql", "mysql-seed", "postgres", "postgres-seed"].map(str::to_owned));
    assert_eq!(config("servers", &["--services"]), all);
}

//! How cargo builds the servers here: the profile, flags and linker that the checkout, cargo's configuration and variables
//! set together.
//!
//! Cargo can print its merged configuration only in its nightly versions, so its rules are followed here (The Cargo Book,
//! "Configuration"): a file nearer to the checkout overrides one farther away, lists are joined, and variables override files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use toml::{Table, Value};

/// How servers are built, without any path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BuildFacts {
    /// The settings of the release profile in force, by name.
    pub profile: BTreeMap<String, String>,
    /// Flags, linkers, targets and compilers that are set, by the key of cargo's configuration or the variable that sets them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// The SHA-256 of each file of cargo's configuration that applies, by where it lies.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub configs: BTreeMap<String, String>,
}

impl BuildFacts {
    /// Whether nothing is known: the run was recorded before this was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == BuildFacts::default()
    }
}

/// Cargo's defaults of those settings of the release profile that affect speed and size most.
const DEFAULTS: [(&str, &str); 5] = [
    ("codegen-units", "16"),
    ("debug", "false"),
    ("lto", "false"),
    ("opt-level", "3"),
    ("panic", "unwind"),
];
/// The keys of `[build]` that affect code.
const BUILD: [&str; 3] = ["rustc", "rustflags", "target"];
/// The keys of `[target.…]` that affect code.
const TARGET: [&str; 2] = ["linker", "rustflags"];
/// Variables that affect code. The last four are read by builds of C.
const VARIABLES: [&str; 10] = [
    "CARGO_BUILD_RUSTC",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTC",
    "RUSTFLAGS",
    "CC",
    "CFLAGS",
    "CXX",
    "CXXFLAGS",
];
/// What the variables begin with that set the release profile.
const PROFILE: &str = "CARGO_PROFILE_RELEASE_";

/// How servers of the checkout at `root` are built by a process with this process's variables.
pub(super) fn facts(root: &Path) -> BuildFacts {
    let files = config_files(root);
    let configs: Vec<(&str, String)> = files
        .iter()
        .filter_map(|(place, path)| Some((place.as_str(), fs::read_to_string(path).ok()?)))
        .collect();
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap_or_default();
    // A variable that is no text is none that cargo accepts.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    merged(&manifest, &configs, variables)
}

/// The files of cargo's configuration that apply to `root`, the nearest first, each with where it lies.
fn config_files(root: &Path) -> Vec<(String, PathBuf)> {
    let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let around = root.ancestors().enumerate().map(|(up, folder)| {
        let place =
            if up == 0 { "checkout".to_owned() } else { format!("{up} above the checkout") };
        (place, folder.join(".cargo"))
    });
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let mut files: Vec<(String, PathBuf)> = Vec::new();
    for (place, folder) in around.chain(home.map(|home| ("home".to_owned(), home))) {
        // Cargo prefers the older name where both are there.
        let candidates = ["config", "config.toml"].map(|name| folder.join(name));
        let found = candidates.into_iter().find(|file| file.is_file());
        if let Some(file) = found.and_then(|file| fs::canonicalize(file).ok())
            && !files.iter().any(|(_, known)| *known == file)
        {
            files.push((place, file));
        }
    }
    files
}

/// What a manifest, files of configuration (the nearest first) and variables set together.
fn merged(
    manifest: &str,
    configs: &[(&str, String)],
    variables: impl Iterator<Item = (String, String)>,
) -> BuildFacts {
    let mut facts = BuildFacts::default();
    for (name, default) in DEFAULTS {
        facts.profile.insert(name.into(), default.into());
    }
    let release = |table: &Table| Some(table.get("profile")?.get("release")?.as_table()?.clone());
    if let Some(release) = manifest.parse::<Table>().ok().as_ref().and_then(release) {
        flatten("", &release, &mut facts.profile);
    }
    for (place, text) in configs.iter().rev() {
        facts.configs.insert((*place).to_owned(), hex(&Sha256::digest(text)));
        let Ok(config) = text.parse::<Table>() else { continue };
        if let Some(release) = release(&config) {
            flatten("", &release, &mut facts.profile);
        }
        for (key, value) in settings(&config) {
            join(&mut facts.settings, key, value);
        }
    }
    for (name, value) in variables {
        if let Some(setting) = name.strip_prefix(PROFILE) {
            let setting = setting.to_lowercase().replace('_', "-");
            facts.profile.insert(setting, value);
        } else if VARIABLES.contains(&name.as_str())
            || (name.starts_with("CARGO_TARGET_")
                && (name.ends_with("_LINKER") || name.ends_with("_RUSTFLAGS")))
        {
            // The encoded form sets flags apart by a character of its own.
            facts.settings.insert(name, value.replace('\u{1f}', " "));
        }
    }
    facts.settings.retain(|_, value| !value.trim().is_empty());
    for value in facts.settings.values_mut().chain(facts.profile.values_mut()) {
        *value = without_paths(value);
    }
    facts
}

/// The keys of one file that affect code, with their values.
fn settings(config: &Table) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    if let Some(build) = config.get("build") {
        found.extend(chosen("build", &BUILD, build));
    }
    for (name, target) in config.get("target").and_then(Value::as_table).into_iter().flatten() {
        found.extend(chosen(&format!("target.{name}"), &TARGET, target));
    }
    found
}

fn chosen<'a>(section: &str, keys: &[&str], table: &'a Value) -> Vec<(String, &'a Value)> {
    let found = keys.iter().filter_map(|key| Some((format!("{section}.{key}"), table.get(key)?)));
    found.collect()
}

/// Sets a key; a list is joined to what a file farther away has set.
fn join(settings: &mut BTreeMap<String, String>, key: String, value: &Value) {
    let nearer = text(value);
    match settings.get_mut(&key) {
        Some(known) if value.is_array() => *known = format!("{known} {nearer}"),
        _ => {
            settings.insert(key, nearer);
        }
    }
}

/// Sets all values of a table and of the tables in it, by their paths.
fn flatten(prefix: &str, table: &Table, into: &mut BTreeMap<String, String>) {
    for (name, value) in table {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Value::Table(inner) => flatten(&path, inner, into),
            value => {
                into.insert(path, text(value));
            }
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// A text in which each path is replaced by the start of its hash: paths name users and machines, and what counts is
/// whether two are the same.
fn without_paths(text: &str) -> String {
    let is_end = |c: char| c.is_whitespace() || "=,:\"'".contains(c);
    let hidden = |piece: &str| {
        let rest = piece.trim_end_matches(is_end);
        if rest.contains('/') || rest.starts_with('~') {
            format!("path-{}{}", &hex(&Sha256::digest(rest))[..8], &piece[rest.len()..])
        } else {
            piece.to_owned()
        }
    };
    text.split_inclusive(is_end).map(hidden).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merge(manifest: &str, configs: &[(&str, &str)], variables: &[(&str, &str)]) -> BuildFacts {
        let configs: Vec<_> =
            configs.iter().map(|(place, text)| (*place, (*text).to_owned())).collect();
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        merged(manifest, &configs, variables.iter().map(owned))
    }

    fn listed(map: &BTreeMap<String, String>) -> Vec<String> {
        map.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn a_nearer_file_overrides_and_variables_override_files() {
        let facts = merge(
            "[profile.release]\nlto = \"thin\"\ncodegen-units = 1\n[profile.dev]\nlto = \"fat\"\n",
            &[
                (
                    "checkout",
                    "[profile.release]\nlto = \"fat\"\n[build]\nrustflags = [\"-C\", \"b\"]\n",
                ),
                (
                    "home",
                    "[profile.release]\nlto = \"off\"\npackage.x.opt-level = 1\n[build]\nrustflags = [\"-C\", \"a\"]\njobs = 3\n\
                     [target.'cfg(unix)']\nlinker = \"clang\"\nrunner = \"r\"\n",
                ),
            ],
            &[
                ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "2"),
                ("CARGO_ENCODED_RUSTFLAGS", "-C\u{1f}target-cpu=native"),
                ("CARGO_TARGET_X_LINKER", "ld"),
                ("CFLAGS", ""),
                ("HOME", "secret"),
            ],
        );
        assert_eq!(
            listed(&facts.profile),
            [
                "codegen-units=1",
                "debug=false",
                "lto=fat",
                "opt-level=2",
                "package.x.opt-level=1",
                "panic=unwind"
            ]
        );
        assert_eq!(
            listed(&facts.settings),
            [
                "CARGO_ENCODED_RUSTFLAGS=-C target-cpu=native",
                "CARGO_TARGET_X_LINKER=ld",
                "build.rustflags=-C a -C b",
                "target.cfg(unix).linker=clang",
            ]
        );
        assert_eq!(facts.configs.keys().collect::<Vec<_>>(), ["checkout", "home"]);
        assert!(facts.configs.values().all(|hash| hash.len() == 64));
    }

    #[test]
    fn no_path_is_recorded_and_different_ones_stay_different() {
        let flags =
            |flags: &str| merge("", &[], &[("RUSTFLAGS", flags)]).settings["RUSTFLAGS"].clone();
        let one = flags(
            "-C linker=/home/a/bin/ld --remap-path-prefix=/home/a=~x -L/home/a -Copt-level=3",
        );
        assert!(!one.contains('/') && !one.contains("home") && !one.contains('~'), "{one}");
        assert!(one.starts_with("-C linker=path-") && one.ends_with(" -Copt-level=3"), "{one}");
        assert_eq!(
            one,
            flags(
                "-C linker=/home/a/bin/ld --remap-path-prefix=/home/a=~x -L/home/a -Copt-level=3"
            )
        );
        assert_ne!(flags("-C linker=/a/ld"), flags("-C linker=/b/ld"));
    }

    #[test]
    fn the_checkouts_own_profile_and_files_are_found() {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        assert_eq!(facts(root).profile["codegen-units"], "1");
        let folder = tempfile::tempdir().unwrap();
        let (inner, outer) = (folder.path().join("a/.cargo"), folder.path().join(".cargo"));
        for (config, name) in [(&inner, "config.toml"), (&outer, "config")] {
            fs::create_dir_all(config).unwrap();
            fs::write(config.join(name), "").unwrap();
        }
        let found = config_files(&folder.path().join("a"));
        let places: Vec<&str> = found.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(places[..2], ["checkout", "1 above the checkout"]);
    }
}

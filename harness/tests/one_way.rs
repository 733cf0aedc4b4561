//! The flow of data is one way: no module of the harness imports one that imports it.
//!
//! The `use` lines and paths of `harness/src` are read as a graph. Within each folder its entries (files and folders)
//! are the nodes; an entry points to another if any file in it names anything there. A folder's own `mod.rs` is the
//! folder and no entry of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// The largest number of entries in `harness/src`: more than that are hard to keep in mind.
const ENTRIES: usize = 22;

type Graph = BTreeMap<String, BTreeSet<String>>;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// All Rust files below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .expect("a readable folder")
        .map(|entry| entry.expect("a readable entry").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let rust = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    files
        .into_iter()
        .filter(rust)
        .chain(folders.iter().flat_map(|folder| self::files(folder)))
        .collect()
}

/// The module of a file, from the crate's root: `["run", "trial"]` for `run/trial/mod.rs`.
fn module(root: &Path, file: &Path) -> Vec<String> {
    let relative = file.strip_prefix(root).expect("a file below the root").with_extension("");
    let mut names: Vec<String> =
        relative.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    names.pop_if(|last| matches!(last.as_str(), "mod" | "lib" | "main"));
    names
}

/// The text without comments and without its test module, which may import what it likes.
fn code(text: &str) -> String {
    let text = text.find("#[cfg(test)]\nmod tests {").map_or(text, |tests| &text[..tests]);
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Every path that begins with `crate`, `super` or `self`, resolved to the crate's root, groups unfolded.
fn imports(text: &str, module: &[String]) -> Vec<Vec<String>> {
    let path = Regex::new(r"\b(crate|super|self)((?:::\w+)*)(?:::\{((?:[^{}]|\{[^{}]*\})*)\})?")
        .expect("a valid expression");
    let mut found = Vec::new();
    for capture in path.captures_iter(text) {
        let mut base: Vec<String> = match &capture[1] {
            "crate" => Vec::new(),
            "super" => module[..module.len().saturating_sub(1)].to_vec(),
            _ => module.to_vec(),
        };
        for name in capture[2].split("::").filter(|name| !name.is_empty()) {
            match name {
                "super" => drop(base.pop()),
                name => base.push(name.to_owned()),
            }
        }
        let group = capture.get(3).map_or("", |group| group.as_str());
        for item in group.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let names = item.split("::").map(|name| name.trim_matches(['{', '}', ' ']).to_owned());
            found.push(base.iter().cloned().chain(names).collect());
        }
        found.push(base);
    }
    found
}

/// The graph of the entries of each folder; folders are named by their module.
fn graphs(files: &[(Vec<String>, String)]) -> BTreeMap<Vec<String>, Graph> {
    let modules: BTreeSet<&[String]> = files.iter().map(|(module, _)| module.as_slice()).collect();
    let mut graphs: BTreeMap<Vec<String>, Graph> = BTreeMap::new();
    for (module, text) in files {
        for import in imports(&code(text), module) {
            // The longest prefix that is a module: what follows are items.
            let Some(target) = (1..=import.len()).rev().find(|n| modules.contains(&import[..*n]))
            else {
                continue;
            };
            let target = &import[..target];
            let shared = module.iter().zip(target).take_while(|(a, b)| a == b).count();
            // A parent and its child are one idea; siblings are two.
            if shared < module.len() && shared < target.len() {
                graphs
                    .entry(module[..shared].to_vec())
                    .or_default()
                    .entry(module[shared].clone())
                    .or_default()
                    .insert(target[shared].clone());
            }
        }
    }
    graphs
}

/// A cycle of `graph`, from one entry back to itself.
fn cycle(graph: &Graph) -> Option<Vec<String>> {
    fn visit<'a>(
        graph: &'a Graph,
        at: &'a str,
        path: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
    ) -> Option<Vec<String>> {
        if let Some(start) = path.iter().position(|name| *name == at) {
            return Some(path[start..].iter().chain([&at]).map(ToString::to_string).collect());
        }
        if !done.insert(at) {
            return None;
        }
        path.push(at);
        let found =
            graph.get(at).into_iter().flatten().find_map(|next| visit(graph, next, path, done));
        path.pop();
        found
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|start| visit(graph, start, &mut Vec::new(), &mut done))
}

fn parsed(root: &Path) -> Vec<(Vec<String>, String)> {
    let read = |file: PathBuf| {
        let text = fs::read_to_string(&file).expect("readable source");
        (module(root, &file), text)
    };
    // The roots and the tests see everything.
    let is_code = |file: &PathBuf| {
        !matches!(file.file_stem().and_then(|stem| stem.to_str()), Some("lib" | "main" | "tests"))
    };
    files(root).into_iter().filter(is_code).map(read).collect()
}

#[test]
fn no_module_imports_one_that_imports_it() {
    for (folder, graph) in graphs(&parsed(&source())) {
        let folder = if folder.is_empty() { "src".to_owned() } else { folder.join("/") };
        if let Some(cycle) = cycle(&graph) {
            panic!("in {folder}: {}", cycle.join(" -> "));
        }
    }
}

#[test]
fn the_source_folder_fits_in_a_head() {
    let entries = fs::read_dir(source()).unwrap().count();
    assert!(entries <= ENTRIES, "harness/src has {entries} entries, more than {ENTRIES}");
}

#[test]
fn only_the_goose_module_imports_goose() {
    for (module, text) in parsed(&source()) {
        let imports = code(&text).lines().any(|line| {
            let line = line.trim_start();
            line.starts_with("use goose::") || line.contains(" goose::prelude")
        });
        assert!(!imports || module.contains(&"goose".to_owned()), "{module:?} imports goose");
    }
}

#[test]
fn a_cycle_over_three_files_is_found_and_named() {
    let file = |name: &str, text: &str| {
        (name.split('/').map(str::to_owned).collect::<Vec<_>>(), text.to_owned())
    };
    let files = [
        file("a", "use crate::b::{self, Thing};"),
        file("b/inner", "use super::other; fn f() { crate::c::g() }"),
        file("b/other", ""),
        file("c", "use crate::{units::Nanos, a::X};"),
        file("units", "// use crate::a::X;"),
        file("b", "mod inner; mod other;"),
    ];
    let graphs = graphs(&files);
    assert_eq!(cycle(&graphs[&Vec::new()]).unwrap(), ["a", "b", "c", "a"]);
    assert_eq!(cycle(&graphs[&vec!["b".to_owned()]]), None);
}

//! The software of a run: tools and crates.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

/// The versions of the tools, as they print them.
pub(super) fn tools(root: &Path) -> BTreeMap<String, String> {
    let version = |tool: &&str| Some(((*tool).to_owned(), output(root, tool, &["--version"])?));
    let mut tools: BTreeMap<String, String> =
        ["cargo", "git", "rustc"].iter().filter_map(version).collect();
    tools.insert("stackmark".into(), env!("CARGO_PKG_VERSION").into());
    tools
}

/// The version of each crate in the lock file; all versions of a crate that occurs more than once.
pub(super) fn crates(root: &Path) -> BTreeMap<String, String> {
    versions(&fs::read_to_string(root.join("Cargo.lock")).unwrap_or_default())
}

fn versions(lock: &str) -> BTreeMap<String, String> {
    #[derive(Default, Deserialize)]
    struct Lock {
        package: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
    }
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for Package { name, version } in toml::from_str::<Lock>(lock).unwrap_or_default().package {
        all.entry(name)
            .and_modify(|versions| *versions = format!("{versions}, {version}"))
            .or_insert(version);
    }
    all
}

fn output(root: &Path, tool: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(tool).current_dir(root).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::versions;

    #[test]
    fn a_crate_that_is_there_twice_has_both_versions() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\n\
            [[package]]\nname = \"b\"\nversion = \"0.1.2\"\nsource = \"x\"\n\n\
            [[package]]\nname = \"b\"\nversion = \"2.0.0\"\ndependencies = [\"a\"]\n";
        let all: Vec<_> = versions(lock).into_iter().collect();
        let expected = [("a", "1.0.0"), ("b", "0.1.2, 2.0.0")];
        assert_eq!(all, expected.map(|(name, version)| (name.to_owned(), version.to_owned())));
        assert!(versions("not a lock file").is_empty());
    }
}

//! A registry of made-up servers, so that tests do not depend on the project's.

use std::fs;

use super::Registry;

const SERVERS: &str = r#"
[template.any]
role = "contender"
axes = { language = "l", layer = "orm", driver = "d", runtime = "r", database = "mysql" }
answers = ["demo", "idle"]
needs = ["mysql"]
dockerfile = "Dockerfile"
build = [["true"]]
version = ["true"]
run = ["true"]

[[server]]
name = "f-driver"
template = "any"
axes = { framework = "f", layer = "driver" }

[[server]]
name = "f-orm"
template = "any"
axes = { framework = "f" }

[[server]]
name = "g-orm"
template = "any"
axes = { framework = "g" }

[[server]]
name = "g-driver"
template = "any"
axes = { framework = "g", layer = "driver" }

[[server]]
name = "h-orm"
template = "any"
axes = { framework = "h" }

[[server]]
name = "bare"
template = "any"
role = "ceiling"
axes = { framework = "none", layer = "none", driver = "none", database = "none" }
needs = []

[[server]]
name = "alone-orm"
template = "any"
role = "ceiling"
axes = { framework = "none" }
drives_itself = true
"#;

/// The registry of the made-up servers.
pub(crate) fn synthetic_registry() -> Registry {
    changed_registry(str::to_owned)
}

/// The same after a change of its text.
pub(crate) fn changed_registry(change: impl Fn(&str) -> String) -> Registry {
    let folder = tempfile::tempdir().expect("tests can write temporary files");
    let file = folder.path().join("servers.toml");
    fs::write(&file, change(SERVERS)).expect("tests can write temporary files");
    Registry::read(&file).expect("the text is a registry")
}

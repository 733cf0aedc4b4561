//! `stackmark manifests`: writes what compose.yaml says of each server from the registry.

use std::process::ExitCode;

use anyhow::Context;

use super::derived;
use super::splice::{Markers, NoMarkers};
use crate::args;
use crate::definition::{Registry, Server};
use crate::workspace::Workspace;

const COMPOSE: &str = "compose.yaml";

/// Around the servers' blocks.
const BLOCKS: Markers = Markers { begin: "# servers: begin", end: "# servers: end" };
/// Around the servers in the harness's `depends_on`.
const DEPENDS_ON: Markers = Markers { begin: "# depends on: begin", end: "# depends on: end" };

/// Runs the verb.
///
/// # Errors
/// When the registry cannot be read, compose.yaml cannot be read or written, or under `--check` is stale.
pub fn run(args: &args::Manifests) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let registry = Registry::read(&workspace.registry())?;
    let path = workspace.root().join(COMPOSE);
    let text = compose(&derived::read(&path)?, &registry)
        .with_context(|| format!("{COMPOSE} has no place for the servers"))?;
    if args.check {
        derived::check(&path, &text, "stackmark manifests")?;
    } else {
        derived::write(&path, &text)?;
        eprintln!("stackmark: wrote {COMPOSE}");
    }
    Ok(ExitCode::SUCCESS)
}

/// `document`, which is compose.yaml, with the registry's servers between its markers.
fn compose(document: &str, registry: &Registry) -> Result<String, NoMarkers> {
    let each = |text: fn(&Server) -> String, indentation: &str| {
        registry.servers().iter().map(text).collect::<String>() + indentation
    };
    let document = BLOCKS.splice(document, &each(block, "  "))?;
    DEPENDS_ON.splice(&document, &each(dependency, "      "))
}

/// A server's block. The quotes keep a name a text where it is a word of YAML.
fn block(Server { name, dockerfile, .. }: &Server) -> String {
    format!(
        "  \"{name}\":\n    <<: *server\n    build: {{ <<: *build, dockerfile: {dockerfile}, args: {{ <<: *images, PACKAGE: \"{name}\" }} }}\n"
    )
}

/// A server in the harness's `depends_on`.
fn dependency(server: &Server) -> String {
    format!("      \"{}\": {{ condition: service_started }}\n", server.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    const EMPTY: &str = "services:\n  # servers: begin\n  # servers: end\n    depends_on:\n      # depends on: begin\n      old\n      # depends on: end\n";

    #[test]
    fn each_server_has_a_block_and_is_waited_for() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut servers = Registry::read(&root.join("servers/servers.toml")).unwrap();
        let text = compose(EMPTY, &servers).unwrap();
        for server in servers.servers() {
            assert!(text.contains(&block(server)) && text.contains(&dependency(server)), "{text}");
        }
        assert!(!text.contains("old") && text.ends_with("\n      # depends on: end\n"), "{text}");
        assert_eq!(compose(&text, &servers).unwrap(), text, "once is enough");

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("servers.toml");
        fs::write(&path, "server = []").unwrap();
        servers = Registry::read(&path).unwrap();
        assert_eq!(compose(&text, &servers).unwrap(), EMPTY.replace("      old\n", ""));
        assert!(compose("services:\n", &servers).is_err());
    }
}

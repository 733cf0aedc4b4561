//! `stackmark manifests`: writes what compose.yaml says of each server from the registry and the default study.

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::Context;

use super::derived;
use super::splice::{Markers, NoMarkers};
use crate::args;
use crate::definition::scenario::Catalogue;
use crate::definition::{DefinitionError, Profile, Registry, Server, Study};
use crate::workspace::Workspace;

const COMPOSE: &str = "compose.yaml";

/// Around the servers' blocks.
const BLOCKS: Markers = Markers { begin: "# servers: begin", end: "# servers: end" };
/// Around the servers in the harness's `depends_on`.
const DEPENDS_ON: Markers = Markers { begin: "# depends on: begin", end: "# depends on: end" };

/// Of the servers that `docker compose up` does not start by itself.
const PROFILE: &str = "servers";

/// Runs the verb.
///
/// # Errors
/// When the registry or the studies cannot be read, compose.yaml cannot be read or written, or under `--check` is stale.
pub fn run(args: &args::Manifests) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let registry = Registry::read(&workspace.registry())?;
    let path = workspace.root().join(COMPOSE);
    let measured = of_default_study(&workspace, &registry)?;
    let text = compose(&derived::read(&path)?, &registry, &measured)
        .with_context(|| format!("{COMPOSE} has no place for the servers"))?;
    if args.check {
        derived::check(&path, &text, "stackmark manifests")?;
    } else {
        derived::write(&path, &text)?;
        eprintln!("stackmark: wrote {COMPOSE}");
    }
    Ok(ExitCode::SUCCESS)
}

/// The names of the servers that the default study measures, all of which `docker compose up` starts.
fn of_default_study(
    workspace: &Workspace,
    registry: &Registry,
) -> Result<BTreeSet<String>, DefinitionError> {
    let catalogue = Catalogue::read(&workspace.scenarios())?;
    let profiles = Profile::read_all(&workspace.scenarios(), &catalogue)?;
    let studies = Study::read_all(&workspace.studies(), &catalogue, &profiles)?;
    let mut names = BTreeSet::new();
    for study in Study::named(&studies, &[])? {
        let servers = study.servers_in(registry)?;
        names.extend(servers.iter().map(|server| server.original().to_owned()));
    }
    Ok(names)
}

/// `document`, which is compose.yaml, with the registry's servers between its markers, of which those in `measured` start
/// by themselves.
fn compose(
    document: &str,
    registry: &Registry,
    measured: &BTreeSet<String>,
) -> Result<String, NoMarkers> {
    let is_measured = |server: &Server| measured.contains(&server.name);
    let servers = registry.servers().iter();
    let blocks = servers.clone().map(|server| block(server, is_measured(server)));
    let document = BLOCKS.splice(document, &(blocks.collect::<String>() + "  "))?;
    let dependencies = servers.filter(|server| is_measured(server)).map(dependency);
    DEPENDS_ON.splice(&document, &(dependencies.collect::<String>() + "      "))
}

/// A server's block, which joins what every server has with what each of its needs takes. The quotes keep a name a text
/// where it is a word of YAML.
fn block(Server { name, needs, dockerfile, .. }: &Server, is_measured: bool) -> String {
    let needs: String = needs.iter().map(|need| format!(", *needs-{need}")).collect();
    let profile = if is_measured { String::new() } else { format!("    profiles: [{PROFILE}]\n") };
    format!(
        "  \"{name}\":\n    <<: [*server{needs}]\n{profile}    \
         build: {{ <<: *build, dockerfile: {dockerfile}, args: {{ <<: *images, PACKAGE: \"{name}\" }} }}\n"
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
    fn each_server_has_a_block_and_those_that_are_measured_are_waited_for() {
        let workspace = Workspace::at(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
        let mut servers = Registry::read(&workspace.registry()).unwrap();
        let measured = of_default_study(&workspace, &servers).unwrap();
        let text = compose(EMPTY, &servers, &measured).unwrap();
        for server in servers.servers() {
            let is_measured = measured.contains(&server.name);
            let block = block(server, is_measured);
            assert!(text.contains(&block), "{text}");
            assert_eq!(text.contains(&dependency(server)), is_measured, "{}", server.name);
            assert_eq!(block.contains("profiles: [servers]"), !is_measured, "{block}");
            let anchors =
                server.needs.iter().filter(|need| block.contains(&format!("*needs-{need}")));
            assert_eq!(anchors.count(), server.needs.len(), "{block}");
        }
        assert!(!text.contains("old") && text.ends_with("\n      # depends on: end\n"), "{text}");
        assert_eq!(compose(&text, &servers, &measured).unwrap(), text, "once is enough");

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("servers.toml");
        fs::write(&path, "server = []").unwrap();
        servers = Registry::read(&path).unwrap();
        let emptied = EMPTY.replace("      old\n", "");
        assert_eq!(compose(&text, &servers, &BTreeSet::new()).unwrap(), emptied);
        assert!(compose("services:\n", &servers, &BTreeSet::new()).is_err());
    }
}

//! The images that containers run from.

use super::cli::{Cli, complaint};
use super::config::Config;
use super::project::Project;
use super::teardown::Teardown;
use crate::backend::{BuildInfo, Builder, Context, build};
use crate::definition::Server;
use crate::failure::{Error, Failed, Stage};
use crate::os::stop::Stop;

/// Builds the images of servers, without anything else of the project. Whatever a build leaves is taken down at its end.
pub(in crate::backend) struct Images<'a> {
    context: Context<'a>,
    cli: Cli,
    _teardown: Teardown,
}

impl<'a> Images<'a> {
    /// Locks the project.
    ///
    /// # Errors
    /// When there is no engine, or it refuses; or the interruption.
    pub(in crate::backend) fn open(context: Context<'a>) -> Result<Images<'a>, Error> {
        let Project { cli, lock, .. } = Project::open(context)?;
        let teardown = Teardown::start(&cli, lock)?;
        Ok(Images { context, cli, _teardown: teardown })
    }
}

impl Builder for Images<'_> {
    fn build(&mut self, server: &Server, stop: &Stop) -> Result<BuildInfo, Error<Failed>> {
        let built = build_server(&self.cli, self.context, server, stop);
        built.map_err(|error| self.cli.unless_engine_is_lost(error))
    }
}

/// Builds the image of a server, and asks it for its version.
///
/// # Errors
/// Which of the two failed, and why in one line; or the interruption.
pub(super) fn build_server(
    cli: &Cli,
    context: Context<'_>,
    server: &Server,
    stop: &Stop,
) -> Result<BuildInfo, Error<Failed>> {
    let Context { workspace, usable, .. } = context;
    let service = server.original();
    let mut command = cli.compose(&["build", service]);
    build::logged(&mut command, workspace, service, usable, stop)
        .map_err(|error| error.at(Stage::Build))?;
    version(cli, service, stop).map_err(|error| error.at(Stage::Version))
}

fn version(cli: &Cli, service: &str, stop: &Stop) -> Result<BuildInfo, Error> {
    let run = ["run", "--rm", "--no-deps", "--no-TTY", service, "--version"];
    let printed = cli.ask(cli.compose(&run), stop)?;
    let version = printed.lines().next().map(str::trim).filter(|line| !line.is_empty());
    let version =
        version.ok_or_else(|| Error::Failed("its image printed no version".into()))?.to_owned();
    // Compose names an image by its project and service.
    let name = format!("{}-{service}", cli.project());
    let inspect = ["image", "inspect", "--format", "{{.Id}} {{.Size}}", &name];
    let image = cli.ask(cli.docker(&inspect), stop)?;
    let mut words = image.split_whitespace().map(str::to_owned);
    let (id, size) = (words.next(), words.next());
    Ok(BuildInfo { version, image: id, bytes: size.and_then(|size| size.parse().ok()) })
}

/// Builds the load's image, and fetches those of these databases that are not there. Both may take long.
///
/// # Errors
/// Which image is missing, and why; or the interruption.
pub(super) fn prepare(
    cli: &Cli,
    config: &Config,
    context: Context<'_>,
    databases: &[&str],
) -> Result<(), Error> {
    let Context { workspace, usable, stop, .. } = context;
    eprintln!("stackmark: building the images, which takes long the first time");
    let mut build = cli.compose(&["build", "load", "netprobe"]);
    build::logged(&mut build, workspace, "load", usable, stop)
        .map_err(|error| error.map(|why| format!("the load's image cannot be built: {why}")))?;
    for database in databases {
        fetch(cli, config, context, database)?;
    }
    Ok(())
}

/// Fetches the image of a service if it is not there.
fn fetch(cli: &Cli, config: &Config, context: Context<'_>, service: &str) -> Result<(), Error> {
    let Context { workspace, usable, stop, .. } = context;
    let name = config.image(service).unwrap_or_default();
    if cli.ask(cli.docker(&["image", "inspect", name]), stop).is_ok() {
        return Ok(());
    }
    let pull = build::logged(&mut cli.docker(&["pull", name]), workspace, service, usable, stop);
    let explained = |why: String| {
        let named = format!("{name}: {why}");
        complaint(&named).unwrap_or_else(|| {
            format!("an image is missing and cannot be had ({named}): see the images in .env")
        })
    };
    pull.map_err(|error| error.map(explained))
}

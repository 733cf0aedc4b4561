//! A server's commands, ready to start.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::server::Program;
use crate::{Error, Server};

/// The contract's variables. A command has those that it is given, and none that happens to be set here.
pub const VARIABLES: [&str; 6] =
    ["BIND", "DATABASE_URL", "REDIS_URL", "UPSTREAM_URL", "POOL_SIZE", "WORKERS"];

/// The variables that hold a password.
pub(crate) const SECRETS: [&str; 2] = ["DATABASE_URL", "REDIS_URL"];

/// The variables that put the builds of all checkouts into one folder. A server of another checkout does not see them:
/// two commits would otherwise share one program.
const SHARED_BUILDS: [&str; 2] = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"];

/// Commands start in the checkout at `root`, or in that of the server itself where it has one.
impl Server {
    /// The command that runs the server in the foreground, with `settings` as its environment. `${BIND}` and other
    /// variables in its arguments see the settings first, then the server's own `env`, then this process's environment.
    ///
    /// # Errors
    /// When an argument names a variable that is not set and has no default.
    pub fn run_command(&self, root: &Path, settings: &[(&str, String)]) -> Result<Command, Error> {
        self.command(&self.run, root, settings)
    }

    /// The command that prints the server's name and versions, which needs no setting.
    ///
    /// # Errors
    /// When an argument names a variable that is not set and has no default.
    pub fn version_command(&self, root: &Path) -> Result<Command, Error> {
        self.command(&self.version, root, &[])
    }

    /// The commands that build the server, in their order.
    ///
    /// # Errors
    /// When an argument names a variable that is not set and has no default.
    pub fn build_commands(&self, root: &Path) -> Result<Vec<Command>, Error> {
        self.build.iter().map(|step| self.command(step, root, &[])).collect()
    }

    /// The command that succeeds where a program of [`needs_program`](Server::needs_program) is installed.
    ///
    /// # Errors
    /// When an argument names a variable that is not set and has no default.
    pub fn probe_command(&self, program: &Program, root: &Path) -> Result<Command, Error> {
        self.command(&program.probe, root, &[])
    }

    fn command(
        &self,
        words: &[String],
        root: &Path,
        settings: &[(&str, String)],
    ) -> Result<Command, Error> {
        let root = self.checkout.as_ref().map_or(root, |own| own.root.as_path());
        let hidden: &[&str] = if self.checkout.is_some() { &SHARED_BUILDS } else { &[] };
        let value = |name: &str| {
            let set = settings.iter().find(|(setting, _)| *setting == name).map(|(_, value)| value);
            match set.or_else(|| self.env.get(name)) {
                Some(value) => Ok(Some(value.clone())),
                // Not to be set is an error, unless the word has a default for it.
                None if hidden.contains(&name) => Err(env::VarError::NotPresent),
                None => env::var(name).map(Some),
            }
        };
        let words: Vec<String> = words
            .iter()
            .map(|word| shellexpand::env_with_context(word, value).map(|word| word.into_owned()))
            .collect::<Result<_, _>>()
            .map_err(|error| Error::Variable {
                server: self.name.clone(),
                cause: error.to_string(),
            })?;
        // The registry refuses an empty command; an empty program is refused by the system.
        let (program, arguments) =
            words.split_first().map_or(("", &[][..]), |(program, rest)| (program.as_str(), rest));
        // A program with a folder in its name is found from the checkout, wherever this process was started; a bare
        // name is looked up in PATH.
        let mut command = if program.contains('/') {
            Command::new(root.join(program))
        } else {
            Command::new(program)
        };
        command.args(arguments).current_dir(root);
        for name in VARIABLES.iter().chain(hidden) {
            command.env_remove(name);
        }
        command.envs(&self.env).envs(settings.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }
}

//! `stackmark rank`

use std::process::ExitCode;

use crate::args;

/// Runs the verb.
///
/// # Errors
/// When the verb cannot do what it was asked.
pub fn run(_args: &args::Rank) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not here yet")
}

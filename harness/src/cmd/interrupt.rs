//! Ctrl-C and SIGTERM: the program stops everything in order and keeps what was measured.

use std::process::ExitCode;

use anyhow::Context;

use crate::failure::Error;
use crate::os::stop::Stop;

/// Creates a token that Ctrl-C and SIGTERM set. The second signal ends the process at once; its children are tied to
/// it and end too.
///
/// # Errors
/// When the signals cannot be caught.
pub fn stop() -> anyhow::Result<Stop> {
    let stop = Stop::default();
    let set = stop.clone();
    ctrlc::set_handler(move || {
        if set.set() {
            std::process::exit(130);
        }
        eprintln!("stackmark: stopping; press Ctrl-C again to stop at once");
    })
    .context("Ctrl-C cannot be caught")?;
    Ok(stop)
}

/// Whether `error` means that the user interrupted the program, which is not a failure.
#[must_use]
pub fn is_interruption(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Error::<String>::Interrupted))
}

/// The exit status of an interrupted command, by a shell's convention.
#[must_use]
pub fn exit_code() -> ExitCode {
    ExitCode::from(130)
}

//! Ctrl-C and SIGTERM: everything is stopped in order, and what was measured stays.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;

/// A flag that becomes true when the user wants this process to end. A second wish ends it at once; its
/// children are tied to it and end too.
///
/// # Errors
/// When the signals cannot be caught.
pub fn flag() -> anyhow::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    ctrlc::set_handler(move || {
        if set.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        eprintln!("stackmark: stopping; once more to stop at once");
    })
    .context("Ctrl-C cannot be caught")?;
    Ok(flag)
}

/// What a shell expects of an interrupted command.
#[must_use]
pub fn exit_code() -> ExitCode {
    ExitCode::from(130)
}

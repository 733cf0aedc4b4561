//! `stackmark doctor`: checks this machine for what makes results worse.

use std::process::ExitCode;

use crate::args;
use crate::os::doctor::examine;
use crate::report::table::Table;

/// Runs the verb. The exit status is 1 if something can be fixed.
///
/// # Errors
/// When the kernel does not say which CPUs this process may use.
pub fn run(args: &args::Doctor) -> anyhow::Result<ExitCode> {
    let findings = examine()?;
    let mut table = Table::new(&["what", "found", "verdict"]);
    for finding in &findings {
        let verdict = finding.mend.clone().unwrap_or_else(|| "well".into());
        table.row(vec![finding.what.into(), finding.found.clone(), verdict]);
    }
    table.print(args.format)?;
    let ill = findings.iter().any(|finding| finding.mend.is_some());
    Ok(if ill { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

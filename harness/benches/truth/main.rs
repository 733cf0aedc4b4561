//! Measures whether the suite's verdicts are right, on runs whose truth is known.
//!
//! - `time`: verdicts by CPU time, in two settings. *Study* has the size and the times of the study `rust` in `quick`: nine
//!   servers that are the same one, their twins, and the same server with 3% of its CPU time burnt. *Two commits* is what
//!   `stackmark run --base` measures: two servers of which one burns 3%, their twins, and one more that is the same.
//! - `count`: verdicts by `stackmark count`.
//!
//! Recordings are kept under `.stackmark/truth`, by commit, so that an interrupted measurement continues where it was, and
//! the answers can be computed again.

mod count;
mod share;
mod time;

use std::path::Path;
use std::process::Command;

fn main() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let is_asked = |what: &str| std::env::args().any(|argument| argument == what);
    match (is_asked("time"), is_asked("count")) {
        (true, false) => time::measure(root),
        (false, true) => count::measure(root),
        _ => {
            eprintln!("say `time` or `count`: which verdicts are measured");
            std::process::exit(2);
        }
    }
}

/// The commit of the checkout: recordings of another commit do not count.
fn commit(root: &Path) -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").current_dir(root).args(arguments).output();
        String::from_utf8_lossy(&output.expect("git can be started").stdout).trim().to_owned()
    };
    let changed = git(&["status", "--porcelain", "--", ".", ":!results", ":!*.md"]);
    assert!(changed.is_empty(), "the checkout differs from its commit; commit first:\n{changed}");
    git(&["rev-parse", "--short=12", "HEAD"])
}

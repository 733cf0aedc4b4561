//! A process and its descendants, read from Linux's `/proc`.

use std::fs;

/// The process and all its descendants; the process comes first.
pub(crate) fn tree(pid: u32) -> Vec<u32> {
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(&pid) = found.get(next) {
        for task in names(&format!("/proc/{pid}/task")) {
            let children = fs::read_to_string(format!("/proc/{pid}/task/{task}/children"));
            found.extend(
                children.unwrap_or_default().split_whitespace().flat_map(str::parse::<u32>),
            );
        }
        next += 1;
    }
    found
}

/// The number of threads of the whole tree.
pub(crate) fn threads(pid: u32) -> usize {
    tree(pid).iter().map(|pid| names(&format!("/proc/{pid}/task")).len()).sum()
}

/// The number of open file descriptors of the whole tree.
pub(crate) fn descriptors(pid: u32) -> usize {
    tree(pid).iter().map(|pid| names(&format!("/proc/{pid}/fd")).len()).sum()
}

// A process may end between two reads, and then counts as nothing.
fn names(folder: &str) -> Vec<String> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

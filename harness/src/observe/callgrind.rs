//! What valgrind's callgrind has counted, read from one of its dumps.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

/// What a process executed between two dumps, on all of its threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Executed {
    /// Instructions in user space.
    pub instructions: u64,
    /// Calls that asked an allocator for memory: to get some, or to resize some. Only allocators whose functions have
    /// their usual names are seen.
    pub allocations: u64,
}

/// A dump that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DumpError {
    /// Its first event is not the number of instructions.
    #[error("callgrind's dump counts {0:?} first, and not instructions (Ir)")]
    Events(String),
    /// It has no total, as where callgrind did not write it to its end.
    #[error("callgrind's dump has no total: it was not written to its end")]
    NoTotal,
    /// A line is not as the format has it.
    #[error("callgrind's dump has a line that is not of its format: {0:?}")]
    Line(String),
}

/// Reads a dump, in the format that valgrind's manual calls "Callgrind Format Specification" (version 1).
///
/// # Errors
/// When it does not count instructions, or is not whole.
pub fn read(dump: &str) -> Result<Executed, DumpError> {
    let mut names = Names::default();
    let (mut caller, mut callee) = (Family::Other, Family::Other);
    let (mut instructions, mut allocations) = (None, 0);
    for line in dump.lines() {
        let bad = || DumpError::Line(line.chars().take(80).collect());
        if let Some(name) = line.strip_prefix("fn=") {
            caller = names.family(name).ok_or_else(bad)?;
        } else if let Some(name) = line.strip_prefix("cfn=") {
            callee = names.family(name).ok_or_else(bad)?;
        } else if let Some(calls) = line.strip_prefix("calls=") {
            let calls = calls.split(' ').next().and_then(|n| n.parse::<u64>().ok());
            let calls = calls.ok_or_else(bad)?;
            // An allocator's functions call each other: only the outermost call asks for memory.
            if callee == Family::Entry && caller == Family::Other {
                allocations += calls;
            }
        } else if let Some(events) = line.strip_prefix("events:") {
            if events.split_whitespace().next() != Some("Ir") {
                return Err(DumpError::Events(events.trim().to_owned()));
            }
        } else if let Some(total) = line.strip_prefix("totals:") {
            let total = total.split_whitespace().next().and_then(|n| n.parse::<u64>().ok());
            instructions = Some(total.ok_or_else(bad)?);
        }
    }
    let instructions = instructions.ok_or(DumpError::NoTotal)?;
    Ok(Executed { instructions, allocations })
}

/// What a function has to do with memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    /// A function that programs call to get memory.
    Entry,
    /// Another function of an allocator.
    Inner,
    /// Any other.
    Other,
}

impl Family {
    fn of(name: &str) -> Family {
        static ENTRY: LazyLock<Regex> = LazyLock::new(|| {
            let expression =
                "^(_?[a-z]+_)?(malloc|calloc|zalloc|realloc|memalign|aligned_alloc)(_aligned)?$";
            Regex::new(expression).expect("a valid expression")
        });
        static INNER: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(
                "^[a-z0-9_.]*(malloc|calloc|zalloc|realloc|memalign|aligned_alloc)[a-z0-9_.]*$",
            )
            .expect("a valid expression")
        });
        // Recursion is marked with its depth, as in malloc'2.
        let name = name.split('\'').next().unwrap_or(name);
        match name {
            "posix_memalign" => Family::Entry,
            _ if ENTRY.is_match(name) => Family::Entry,
            // What a compiler puts between a program and its allocator begins so, and belongs to the program.
            _ if INNER.is_match(name) && !name.starts_with("__r") => Family::Inner,
            _ => Family::Other,
        }
    }
}

/// The functions of a dump by their numbers: `(12) name` says a name once, and `(12)` means it from then on.
#[derive(Debug, Default)]
struct Names(std::collections::HashMap<u64, Family>);

impl Names {
    /// Absent where the text is no name, or a number that stands for none.
    fn family(&mut self, text: &str) -> Option<Family> {
        let Some((number, name)) = text.strip_prefix('(').and_then(|rest| rest.split_once(')'))
        else {
            return Some(Family::of(text));
        };
        let number = number.parse().ok()?;
        match name.trim_start() {
            "" => self.0.get(&number).copied(),
            name => {
                let family = Family::of(name);
                self.0.insert(number, family);
                Some(family)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As callgrind writes it: two functions that ask for memory, one of them by way of the other.
    const DUMP: &str = "\
# callgrind format
version: 1
creator: callgrind-3.19.0
pid: 7
cmd:  server
part: 3

desc: I1 cache: 
desc: Trigger: Client Request

positions: line
events: Ir
summary: 1100

ob=(1) server
fl=(1) ???
fn=(1) server::answer
0 600
cfn=(2) malloc
calls=3 0 
0 300
cfn=(3) mi_realloc_aligned
calls=2 0 
0 100

fn=(3)
0 50
cfn=(4) mi_theap_malloc_aligned
calls=2 0 
0 50

fn=(4)
0 50

fn=(5) calloc
0 70
cfn=(2)
calls=9 0 
0 30

fn=(2)
0 300

totals: 1100
";

    #[test]
    fn instructions_are_the_total_and_allocations_the_outermost_calls() {
        assert_eq!(read(DUMP), Ok(Executed { instructions: 1_100, allocations: 5 }));
    }

    #[test]
    fn a_recursive_function_is_still_one() {
        let recursive = DUMP.replace("(2) malloc", "(2) malloc'2");
        assert_eq!(read(&recursive).unwrap().allocations, 5);
    }

    #[test]
    fn a_dump_that_is_not_whole_is_refused() {
        let (torn, _) = DUMP.split_once("totals:").unwrap();
        assert_eq!(read(torn), Err(DumpError::NoTotal));
        assert_eq!(read(""), Err(DumpError::NoTotal));
    }

    #[test]
    fn other_events_and_other_lines_are_refused() {
        let other = DUMP.replace("events: Ir", "events: Dr Dw");
        assert_eq!(read(&other), Err(DumpError::Events("Dr Dw".into())));
        for (right, wrong) in [
            ("totals: 1100", "totals: many"),
            ("calls=3 0", "calls=x 0"),
            // A number that was never given a name.
            ("fn=(3)\n", "fn=(8)\n"),
        ] {
            assert!(
                matches!(read(&DUMP.replace(right, wrong)), Err(DumpError::Line(_))),
                "{wrong}"
            );
        }
    }

    #[test]
    fn functions_that_ask_for_memory_are_known_by_their_names() {
        for entry in ["malloc", "__libc_malloc", "mi_malloc_aligned", "_rjem_mallocx", "je_calloc"]
        {
            let is_entry = Family::of(entry) == Family::Entry;
            assert_eq!(is_entry, !matches!(entry, "__libc_malloc" | "_rjem_mallocx"), "{entry}");
        }
        assert_eq!(Family::of("_mi_malloc_generic"), Family::Inner);
        assert_eq!(Family::of("alloc::raw_vec::finish_grow"), Family::Other);
        assert_eq!(Family::of("__rust_realloc"), Family::Other);
        assert_eq!(Family::of("my::malloc::caller"), Family::Other);
    }
}

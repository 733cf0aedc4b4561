//! Which servers, scenarios and loads a command is about.

use regex::Regex;

use super::DefinitionError;

/// Which cells: each a regular expression on names; none means all.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Filter {
    /// Servers whose name matches (a regular expression; may be repeated)
    #[arg(short = 's', long = "servers", value_name = "REGEX")]
    pub servers: Vec<Regex>,
    /// Scenarios whose name matches
    #[arg(short = 'c', long = "scenarios", value_name = "REGEX")]
    pub scenarios: Vec<Regex>,
    /// Loads whose name matches
    #[arg(short = 'l', long = "loads", value_name = "REGEX")]
    pub loads: Vec<Regex>,
}

/// Keeps the items whose name any of `patterns` matches; all of them, when there is no pattern.
///
/// # Errors
/// When a pattern matches nothing: a mistyped name must not silently shrink a run.
pub fn select<'a, T>(
    kind: &'static str,
    items: &'a [T],
    patterns: &[Regex],
    name: impl Fn(&T) -> &str,
) -> Result<Vec<&'a T>, DefinitionError> {
    for pattern in patterns {
        if !items.iter().any(|item| pattern.is_match(name(item))) {
            return Err(DefinitionError::NoMatch {
                kind,
                pattern: pattern.to_string(),
                known: items.iter().map(&name).collect::<Vec<_>>().join(", "),
            });
        }
    }
    Ok(items
        .iter()
        .filter(|item| patterns.is_empty() || patterns.iter().any(|p| p.is_match(name(item))))
        .collect())
}

//! The selection of servers, scenarios and loads by name, for commands and studies.

use std::collections::BTreeMap;

use regex::Regex;
use serde::{Deserialize, Deserializer, de};

use super::{DefinitionError, Registry, Server};

/// The selection of cells: regular expressions for names, where none selects everything.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Filter {
    /// Servers whose name matches a regular expression; may be repeated
    #[arg(short = 's', long = "servers", value_name = "REGEX")]
    pub servers: Vec<Regex>,
    /// Scenarios whose name matches
    #[arg(short = 'c', long = "scenarios", value_name = "REGEX")]
    pub scenarios: Vec<Regex>,
    /// Loads whose name matches
    #[arg(short = 'l', long = "loads", value_name = "REGEX")]
    pub loads: Vec<Regex>,
}

/// The items whose name matches any of `patterns`; all items where there is no pattern.
///
/// # Errors
/// When a pattern matches no item: a mistyped name must not silently shrink a run.
pub fn select<'a, T>(
    kind: &'static str,
    items: &'a [T],
    patterns: &[Regex],
    name: impl Fn(&T) -> &str,
) -> Result<Vec<&'a T>, DefinitionError> {
    for pattern in patterns {
        if !items.iter().any(|item| pattern.is_match(name(item))) {
            let mut known: Vec<&str> = Vec::new();
            for item in items {
                if !known.contains(&name(item)) {
                    known.push(name(item));
                }
            }
            return Err(DefinitionError::NoMatch {
                kind,
                pattern: pattern.to_string(),
                known: known.join(", "),
            });
        }
    }
    Ok(items
        .iter()
        .filter(|item| patterns.is_empty() || patterns.iter().any(|p| p.is_match(name(item))))
        .collect())
}

/// Which servers of the registry a study is about: those that one of the names matches and that have, on each of the axes,
/// one of its values. Without names or axes all of them do.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSelection {
    /// Regular expressions on names.
    #[serde(default, deserialize_with = "regexes")]
    pub names: Vec<Regex>,
    /// Values by axis.
    #[serde(default)]
    pub axes: BTreeMap<String, Vec<String>>,
}

impl ServerSelection {
    /// The servers, in the registry's order.
    ///
    /// # Errors
    /// When a name matches nothing, no server has an axis or one of its values, or none is left.
    pub fn of<'a>(&self, registry: &'a Registry) -> Result<Vec<&'a Server>, String> {
        let servers = registry.servers();
        let mut selected = select("server", servers, &self.names, |server| &server.name)
            .map_err(|error| error.to_string())?;
        for (axis, values) in &self.axes {
            let mut known: Vec<&str> =
                servers.iter().filter_map(|server| server.axis(axis)).collect();
            known.sort_unstable();
            known.dedup();
            if known.is_empty() {
                let axes: Vec<_> = registry.axes().into_iter().collect();
                let axes = axes.join(", ");
                return Err(format!("no server has the axis {axis:?}; there are: {axes}"));
            }
            if let Some(value) = values.iter().find(|value| !known.contains(&value.as_str())) {
                let known = known.join(", ");
                return Err(format!("no server has the {axis} {value:?}; there are: {known}"));
            }
            selected.retain(|server| {
                server.axis(axis).is_some_and(|has| values.iter().any(|value| value == has))
            });
        }
        if selected.is_empty() {
            return Err("no server is left when all of [servers] must hold; ask for less".into());
        }
        Ok(selected)
    }
}

fn regexes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Regex>, D::Error> {
    let read = |text: &String| {
        Regex::new(text)
            .map_err(|_| de::Error::custom(format!("{text:?} is no regular expression")))
    };
    Vec::<String>::deserialize(deserializer)?.iter().map(read).collect()
}

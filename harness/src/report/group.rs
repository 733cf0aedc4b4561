//! Groups of servers that are compared on one axis: within a group they are equal on every other.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::definition::Role;
use crate::definition::server::RunServer;
use crate::definition::study::RunStudy;
use crate::format::folder::Raw;

use super::part::restricted;

/// Servers that are compared with each other, and the ceilings that they are held against.
pub(super) struct Group<'a> {
    /// What its servers have in common and those of other groups have not; absent where all are compared.
    pub(super) name: Option<String>,
    /// The part of the run that is theirs.
    pub(super) part: Cow<'a, Raw>,
}

/// Values by axis.
type Axes = BTreeMap<String, String>;

/// The groups of a run's servers that `study` compares, in the order of their first contenders; one of all servers where
/// whole servers are compared, or where all are equal on the axes that are not.
pub(super) fn groups<'a>(raw: &'a Raw, study: &RunStudy) -> Vec<Group<'a>> {
    let all = || vec![Group { name: None, part: Cow::Borrowed(raw) }];
    let others = |server: &RunServer| study.other_axes(&server.axes, server.pool_size);
    let mut keys: Vec<Axes> = Vec::new();
    for server in raw.run.server.iter().filter(|server| server.role == Role::Contender) {
        let Some(key) = others(server) else { return all() };
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    if keys.len() < 2 {
        return all();
    }
    let varying = telling(&keys);
    let group = |key: &Axes| {
        let name: Vec<String> =
            varying.iter().filter_map(|axis| Some(format!("{axis} {}", key.get(*axis)?))).collect();
        // What belongs to no group is there for all.
        let has = |server: &RunServer| {
            let own = others(server);
            own.is_none_or(|own| own == *key || !keys.contains(&own))
        };
        Group { name: Some(name.join(", ")), part: Cow::Owned(restricted(raw, has, |_| true)) }
    };
    keys.iter().map(group).collect()
}

/// The axes that tell the groups apart: the first that does so alone, or all on which they differ.
fn telling(keys: &[Axes]) -> Vec<&String> {
    let all = varying(keys);
    let tells = |axis: &&&String| {
        let values: BTreeSet<Option<&String>> = keys.iter().map(|key| key.get(**axis)).collect();
        values.len() == keys.len()
    };
    all.iter().find(tells).map_or_else(|| all.clone(), |axis| vec![*axis])
}

/// The axes on which the groups differ.
fn varying(keys: &[Axes]) -> Vec<&String> {
    let all: BTreeSet<&String> = keys.iter().flat_map(BTreeMap::keys).collect();
    let differs = |axis: &&String| keys.iter().any(|key| key.get(*axis) != keys[0].get(*axis));
    all.into_iter().filter(differs).collect()
}

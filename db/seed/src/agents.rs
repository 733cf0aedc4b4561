//! The agents and their status, from the same seed as the rows.
//!
//! The recipe is that of the rows, with the 24 bytes of [`DOMAIN`] in the key: of the stream's first two little-endian words,
//! the upper 26 bits of the first are `since` in seconds after 2022-01-01T00:00:00Z, and the highest bit of the second is
//! `online`. The name is `agent-` and [`CHARACTERS`] characters, drawn as those of a row's name are.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::row::{self, KeyStream};

/// The number of agents.
pub const AGENTS: u64 = 50;

/// Keeps these key streams apart from those of the rows.
const DOMAIN: &[u8; 24] = b"stackmark agents v1\0\0\0\0\0";

/// The characters of a name after `agent-`.
const CHARACTERS: usize = 12;

/// An agent with its status. It serialises to the JSON of the servers, with the time as RFC 3339 in UTC and whole seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// The primary key, from 1 without gaps.
    pub id: u64,
    /// The agent's name.
    pub name: String,
    /// Whether the agent can be reached.
    pub online: bool,
    /// Since when, in whole seconds.
    pub since: DateTime<Utc>,
}

/// All agents of `seed`, by ascending id.
pub fn agents(seed: u64) -> impl Iterator<Item = Agent> {
    (0..AGENTS).map(move |i| {
        let mut bytes = KeyStream::new(seed, DOMAIN, i);
        let since = row::time(row::moment(bytes.word()));
        let online = bytes.word() >> 31 == 1;
        // One byte of scratch.
        let mut characters = [0; CHARACTERS + 1];
        bytes.characters(&mut characters);
        let characters = str::from_utf8(&characters[..CHARACTERS]).expect("the alphabet is ASCII");
        Agent { id: i + 1, name: format!("agent-{characters}"), online, since }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn agents_are_many_and_unlike() {
        let agents: Vec<Agent> = agents(crate::SEED).collect();
        assert_eq!(agents.len(), 50);
        assert!(agents.iter().zip(1..).all(|(agent, id)| agent.id == id));
        let names: HashSet<&str> = agents.iter().map(|agent| agent.name.as_str()).collect();
        assert_eq!(names.len(), 50);
        let online = agents.iter().filter(|agent| agent.online).count();
        assert!((10..=40).contains(&online), "{online}");
        let json = serde_json::to_string(&agents[0]).expect("an agent is plain data");
        assert!(
            json.starts_with(r#"{"id":1,"name":"agent-"#) && json.ends_with(r#"Z"}"#),
            "{json}"
        );
    }
}

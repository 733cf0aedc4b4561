//! The rows that a case has servers insert.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use serde_json::Value;

use crate::{
    database::Database,
    family::{
        Client,
        Parameter::{Number, Text},
    },
    row,
};

/// The names that one case has servers insert. Each begins with a character for private use that no other name here
/// begins with: rows that are there for a moment are found by no case but their own.
pub(crate) struct Insertions {
    client: Box<dyn Client>,
    /// The query for the rows of a name.
    find: String,
    names: Vec<String>,
}

/// The characters that names begin with.
const FIRST: u32 = 0xf_0000;
const COUNT: u32 = 0xfffe;

impl Insertions {
    /// No names yet, for rows of this database.
    pub(crate) async fn open(database: &Database) -> Result<Self> {
        let find = format!("{} WHERE name = ?", row::select(database.family));
        Ok(Self { client: database.connect().await?, find, names: Vec::new() })
    }

    /// A name that no row has, with `end` after its first character.
    pub(crate) fn name(&mut self, end: &str) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // Kits that run at once begin at different places.
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let place = std::process::id().wrapping_mul(977).wrapping_add(step) % COUNT;
        let name = format!("{}{end}", mark(place));
        self.names.push(name.clone());
        name
    }

    /// The names so far.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The rows of that name, as the database holds them.
    pub(crate) async fn rows_named(&mut self, name: &str) -> Result<Vec<Value>> {
        let rows = self.client.execute(&self.find, &[Text(name.to_owned())]).await?;
        rows.into_iter().map(row::to_json).collect()
    }

    /// Removes all rows whose names begin as these do. It comes last: a server may still insert a row that it has given
    /// up on.
    pub(crate) async fn remove(mut self) -> Result<()> {
        const REMOVE: &str = "DELETE FROM demo_data WHERE id > ? AND name >= ? AND name < ?";
        let last = i64::try_from(demo_data::ROWS)?;
        for first in self.names.iter().filter_map(|name| name.chars().next()) {
            let next = mark(u32::from(first) - FIRST + 1);
            let [from, below] = [first, next].map(|mark| Text(mark.to_string()));
            self.client.execute(REMOVE, &[Number(last), from, below]).await?;
        }
        Ok(())
    }
}

fn mark(place: u32) -> char {
    char::from_u32(FIRST + place).expect("the plane has no surrogates")
}

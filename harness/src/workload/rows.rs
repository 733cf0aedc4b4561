//! The rows that a server answers with, and answers held against them.

use std::sync::LazyLock;

use demo_data::{Row, Truth};

use super::reply::Wrong;

/// The rows that a server answers with. They are computed when they are first needed, once a process.
#[derive(Clone, Debug)]
pub struct Rows(Option<&'static LazyLock<Truth>>);

impl Rows {
    /// The rows of the seeded table.
    #[must_use]
    pub fn seeded() -> Rows {
        static SEEDED: LazyLock<Truth> =
            LazyLock::new(|| Truth::new(demo_data::SEED, demo_data::ROWS));
        Rows(Some(&SEEDED))
    }

    /// The rows of a server without a database: none.
    #[must_use]
    pub fn none() -> Rows {
        Rows(None)
    }

    /// Whether there are any.
    #[must_use]
    pub fn exist(&self) -> bool {
        self.0.is_some()
    }

    /// The right answer to every lookup; absent where there are no rows. The first call takes some 0.2 s.
    #[must_use]
    pub fn truth(&self) -> Option<&Truth> {
        self.0.map(LazyLock::force)
    }

    /// Passes if `body` holds exactly the rows with that name, in any order.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check_named(&self, name: &str, body: &[u8]) -> Result<(), Wrong> {
        self.compare(name, parse(body)?)
    }

    /// Passes if `body` holds no rows, or exactly those of one name, in any order.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check_complete(&self, body: &[u8]) -> Result<(), Wrong> {
        let rows = parse(body)?;
        match rows.first() {
            Some(first) => self.compare(&first.name.clone(), rows),
            None => Ok(()),
        }
    }

    /// Passes if `body` holds exactly the first `limit` rows whose name begins with `prefix`, in order.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check_page(&self, prefix: &str, limit: usize, body: &[u8]) -> Result<(), Wrong> {
        let page = |truth: &Truth| truth.rows_beginning_with(prefix, limit);
        equal(&parse(body)?, &self.truth().map(page).unwrap_or_default())
    }

    /// Passes if `body` holds exactly the row of each id, in order, with `null` for an id that no row has.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check_ids(&self, ids: &[u64], body: &[u8]) -> Result<(), Wrong> {
        let row = |id: &u64| {
            let index = id.checked_sub(1).filter(|index| *index < demo_data::ROWS)?;
            self.exist().then(|| demo_data::row(demo_data::SEED, index))
        };
        let right: Vec<Option<Row>> = ids.iter().map(row).collect();
        let shape = |error: serde_json::Error| Wrong::Shape(error.to_string());
        equal(&serde_json::from_slice::<Vec<Option<Row>>>(body).map_err(shape)?, &right)
    }

    /// Whether no row has that name.
    #[must_use]
    pub fn none_named(&self, name: &str) -> bool {
        self.truth().is_none_or(|truth| truth.rows_named(name).is_empty())
    }

    fn compare(&self, name: &str, mut rows: Vec<Row>) -> Result<(), Wrong> {
        let right = self.truth().map(|truth| truth.rows_named(name)).unwrap_or_default();
        if rows.len() != right.len() {
            return Err(Wrong::Count { got: rows.len(), right: right.len() });
        }
        rows.sort_unstable_by_key(|row| row.id);
        if rows == right { Ok(()) } else { Err(Wrong::Value) }
    }
}

fn equal<T: PartialEq>(got: &[T], right: &[T]) -> Result<(), Wrong> {
    if got.len() != right.len() {
        return Err(Wrong::Count { got: got.len(), right: right.len() });
    }
    if got == right { Ok(()) } else { Err(Wrong::Value) }
}

fn parse(body: &[u8]) -> Result<Vec<Row>, Wrong> {
    serde_json::from_slice(body).map_err(|error| Wrong::Shape(error.to_string()))
}

/// Whether `body` seems to be a JSON array, as far as its beginning shows.
#[must_use]
pub fn begins_an_array(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"[")
}

/// Whether `body` is an empty JSON array, white space aside.
#[must_use]
pub fn is_empty_array(body: &[u8]) -> bool {
    let inner = body.trim_ascii().strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
    inner.is_some_and(|inner| inner.trim_ascii().is_empty())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// All rows of a name that has many.
    pub(in crate::workload) fn several() -> Vec<Row> {
        let several = Rows::seeded().truth().unwrap().rows_named("a");
        assert!(several.len() > 20, "a one-character name has about 52 rows");
        several
    }

    pub(in crate::workload) fn json(rows: &[Row]) -> Vec<u8> {
        serde_json::to_vec(rows).unwrap()
    }

    #[test]
    fn only_the_whole_truth_is_right() {
        let (rows, several) = (Rows::seeded(), several());
        let mut reversed = several.clone();
        reversed.reverse();
        let mut changed = several.clone();
        changed[3].update_time = changed[4].create_time - std::time::Duration::from_secs(1);
        let count = |got| Err(Wrong::Count { got, right: several.len() });
        for check in [
            |rows: &Rows, body: &[u8]| rows.check_named("a", body),
            |rows: &Rows, body: &[u8]| rows.check_complete(body),
        ] {
            assert_eq!(check(&rows, &json(&several)), Ok(()));
            assert_eq!(check(&rows, &json(&reversed)), Ok(()), "rows have no order");
            assert_eq!(check(&rows, &json(&several[1..])), count(several.len() - 1));
            assert_eq!(check(&rows, &json(&changed)), Err(Wrong::Value));
            assert!(matches!(check(&rows, b"[{}]"), Err(Wrong::Shape(_))));
            let none = Err(Wrong::Count { got: several.len(), right: 0 });
            assert_eq!(check(&Rows::none(), &json(&several)), none);
        }
        assert_eq!(rows.check_complete(b"[]"), Ok(()));
        assert_eq!(rows.check_named("a", b"[]"), count(0));
        assert_eq!(rows.check_named("no such name", b"[]"), Ok(()));
    }

    #[test]
    fn an_empty_array_may_have_white_space() {
        assert!(is_empty_array(b"[]") && is_empty_array(b" [ ] \n"));
        assert!(!is_empty_array(b"[1]") && !is_empty_array(b"[") && !is_empty_array(b""));
    }
}

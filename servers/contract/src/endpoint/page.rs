//! `GET /page`: the first rows whose name begins with a prefix.

use serde::Deserialize;

use super::demo::{NAME_LEN, UNSTORABLE};
use crate::{
    Refusal,
    store::{Page, within_deadline},
};

/// The endpoint's path.
pub const PATH: &str = "/page";

/// The most rows of a page.
pub const ROWS: u32 = 100;

/// The query string; unknown parameters are ignored, a second `prefix` is an error.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Parameters {
    /// The beginning of the names.
    #[serde(default)]
    pub prefix: String,
}

impl Parameters {
    /// The names that begin with the prefix.
    pub fn range(self) -> Result<Range, Refusal> {
        match self.prefix.chars().count() {
            _ if self.prefix.contains('\0') => Err(Refusal::BadRequest(UNSTORABLE.to_owned())),
            count if NAME_LEN.contains(&count) => Ok(Range::beginning_with(self.prefix)),
            count => Err(Refusal::BadRequest(format!(
                "prefix must have 1 to 253 characters, this one has {count}"
            ))),
        }
    }
}

/// The names from one on and below another, by their bytes: a range can be read from an index, and unlike a pattern it has no
/// characters with a meaning of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first name.
    pub from: String,
    /// The first name after them.
    pub below: String,
}

impl Range {
    /// All names that begin with `prefix`.
    fn beginning_with(prefix: String) -> Range {
        let mut characters: Vec<char> = prefix.chars().collect();
        while let Some(last) = characters.pop() {
            // The order of UTF-8's bytes is that of the characters.
            if let Some(next) = (last..=char::MAX).nth(1) {
                characters.push(next);
                return Range { from: prefix, below: characters.into_iter().collect() };
            }
        }
        // Nothing is after these, so the range ends with the last name that a row can have.
        Range { from: prefix, below: char::MAX.to_string().repeat(255) }
    }
}

/// Finds the page; the answer is the array of its rows.
pub async fn answer<S: Page>(store: &S, parameters: Parameters) -> Result<Vec<S::Row>, Refusal> {
    let range = parameters.range()?;
    Ok(within_deadline(store.find_page(range)).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(prefix: &str) -> (String, String) {
        let range = Parameters { prefix: prefix.to_owned() }.range().unwrap();
        (range.from, range.below)
    }

    #[test]
    fn a_range_holds_the_names_that_begin_with_the_prefix_and_no_others() {
        for (prefix, below) in [
            ("a", "b"),
            ("ab", "ac"),
            ("%_", "%`"),
            ("Z", "["),
            ("é", "ê"),
            ("a\u{d7ff}", "a\u{e000}"),
        ] {
            assert_eq!(range(prefix), (prefix.to_owned(), below.to_owned()));
            assert!(format!("{prefix}{}", char::MAX).as_str() < below);
        }
        assert_eq!(range("a\u{10ffff}"), ("a\u{10ffff}".to_owned(), "b".to_owned()));
        let (_, below) = range("\u{10ffff}");
        assert!(*"\u{10ffff}zz" < *below);
    }

    #[test]
    fn a_prefix_is_as_long_as_a_name_can_be() {
        let refusal = |prefix: String| Parameters { prefix }.range().map_err(|r| r.status());
        assert_eq!(refusal(String::new()), Err(400));
        assert!(refusal("ü".repeat(253)).is_ok());
        assert_eq!(refusal("a".repeat(254)), Err(400));
        assert_eq!(refusal("a\0".to_owned()), Err(400));
    }
}

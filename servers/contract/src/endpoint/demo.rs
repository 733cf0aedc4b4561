//! `GET /demo`: the rows of a given or a random name.

use std::ops::RangeInclusive;

use serde::Deserialize;

use crate::{
    Refusal,
    store::{Lookup, within_deadline},
};

/// The endpoint's path.
pub const PATH: &str = "/demo";

/// The 76 characters that names are made of.
pub const ALPHABET: &[u8; 76] =
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!@#$%^&*()_+=-";

/// The lengths that a name can have, in characters (Unicode scalar values).
pub const NAME_LEN: RangeInclusive<usize> = 1..=253;

/// The refusal of a name that PostgreSQL cannot store; MySQL would find nothing.
pub(super) const UNSTORABLE: &str = "a name has no character U+0000";

/// The query string; unknown parameters are ignored, a second `name` is an error.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Parameters {
    /// The name to look up; a random one is drawn when it is missing.
    pub name: Option<String>,
}

impl Parameters {
    /// Parses a URI's query (`application/x-www-form-urlencoded`, without the `?`).
    ///
    /// For servers whose framework has no extractor for it.
    pub fn parse(query: &str) -> Result<Parameters, Refusal> {
        serde_urlencoded::from_str(query).map_err(|error| Refusal::BadRequest(error.to_string()))
    }

    /// The name to look up: the given one if a row can have it, a random one if none was given.
    pub fn into_name(self) -> Result<String, Refusal> {
        self.name.map_or_else(|| Ok(random_name()), checked_name)
    }
}

/// Passes a name that a row can have.
pub(super) fn checked_name(name: String) -> Result<String, Refusal> {
    match name.chars().count() {
        _ if name.contains('\0') => Err(Refusal::BadRequest(UNSTORABLE.to_owned())),
        count if NAME_LEN.contains(&count) => Ok(name),
        count => Err(Refusal::BadRequest(format!(
            "name must have 1 to 253 characters, this one has {count}"
        ))),
    }
}

/// Looks the name up; the answer is the array of its rows.
pub async fn answer<S: Lookup>(store: &S, parameters: Parameters) -> Result<Vec<S::Row>, Refusal> {
    let name = parameters.into_name()?;
    Ok(within_deadline(store.find_by_name(name)).await?)
}

/// Draws a name as the table's names are drawn: its length uniform over [`NAME_LEN`], each character uniform over [`ALPHABET`].
pub fn random_name() -> String {
    // This call's own generator, forked from the thread's: one thread-local access a name, not one a character.
    let mut rng = fastrand::Rng::new();
    let name = (0..rng.usize(NAME_LEN)).map(|_| ALPHABET[rng.usize(..ALPHABET.len())]).collect();
    String::from_utf8(name).expect("the alphabet is ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of(query: &str) -> Result<String, String> {
        Parameters::parse(query)
            .and_then(Parameters::into_name)
            .map_err(|refusal| format!("{} {refusal}", refusal.status()))
    }

    fn refused(query: &str, sentence: &str) {
        let refusal = name_of(query).unwrap_err();
        assert!(refusal.starts_with(sentence), "{refusal}");
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(name_of("name=a"), Ok("a".into()));
        refused("name=", "400 name must have 1 to 253 characters, this one has 0");
        assert!(name_of(&format!("name={}", "ü".repeat(253))).is_ok());
        refused("name=a%00", "400 a name has no character U+0000");
        let long = format!("name={}", "a".repeat(254));
        refused(&long, "400 name must have 1 to 253 characters, this one has 254");
    }

    #[test]
    fn a_query_is_a_form() {
        assert_eq!(name_of("x=1&name=%2B+b%20"), Ok("+ b ".into()));
        refused("name=a&name=b", "400 ");
        assert!(Parameters::parse("x=1").unwrap().name.is_none());
    }

    #[test]
    fn random_names_are_drawn_as_the_rows_are() {
        assert_eq!(ALPHABET, demo_data::ALPHABET);
        assert_eq!(NAME_LEN, demo_data::NAME_LEN);
    }

    #[test]
    fn random_names_cover_every_length_and_character_evenly() {
        let mut lengths = [0_u32; 254];
        let mut characters = [0_u32; 128];
        for _ in 0..100_000 {
            let name = random_name();
            lengths[name.len()] += 1;
            name.bytes().for_each(|byte| characters[usize::from(byte)] += 1);
        }
        assert_eq!(lengths[0], 0);
        // 395 expected for a length and 167,000 for a character: seven and five standard deviations.
        assert!(lengths[1..].iter().all(|&n| (260..=540).contains(&n)), "{lengths:?}");
        assert!(
            ALPHABET.iter().all(|&c| (164_000..=171_000).contains(&characters[usize::from(c)])),
            "{characters:?}"
        );
        assert_eq!(characters.iter().filter(|&&n| n > 0).count(), ALPHABET.len());
    }
}

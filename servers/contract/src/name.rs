use std::ops::RangeInclusive;

use serde::Deserialize;

/// The 76 characters a name is drawn from.
pub const ALPHABET: &[u8; 76] =
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!@#$%^&*()_+=-";

/// The lengths a name can have, in characters (Unicode scalar values).
pub const NAME_LEN: RangeInclusive<usize> = 1..=253;

/// A name that no row can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "name must have 1 to 253 characters, this one has {0}; leave the parameter out for a random name"
)]
pub struct NameError(usize);

/// The parameters of `/demo` and `/idle`; unknown ones are ignored, a second `name` is an error.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct DemoQuery {
    /// The name to look up; a random one is made when it is missing.
    pub name: Option<String>,
}

impl DemoQuery {
    /// Parses a URI's query (`application/x-www-form-urlencoded`, without the `?`).
    ///
    /// For servers whose framework has no extractor for it.
    pub fn parse(query: &str) -> Result<DemoQuery, serde_urlencoded::de::Error> {
        serde_urlencoded::from_str(query)
    }

    /// The name to look up: the given one if it can be a row's name, a random one if none was given.
    pub fn into_name(self) -> Result<String, NameError> {
        match self.name {
            Some(name) => match name.chars().count() {
                count if NAME_LEN.contains(&count) => Ok(name),
                count => Err(NameError(count)),
            },
            None => Ok(random_name()),
        }
    }
}

/// A name drawn as the table's names are: its length uniform over [`NAME_LEN`], each character uniform over [`ALPHABET`].
pub fn random_name() -> String {
    // A generator of this call's own, forked from the thread's: one thread-local access a name, not one a character.
    let mut rng = fastrand::Rng::new();
    let name = (0..rng.usize(NAME_LEN)).map(|_| ALPHABET[rng.usize(..ALPHABET.len())]).collect();
    String::from_utf8(name).expect("the alphabet is ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of(query: &str) -> Result<String, NameError> {
        DemoQuery::parse(query).unwrap().into_name()
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(name_of("name=a"), Ok("a".into()));
        assert_eq!(name_of("name="), Err(NameError(0)));
        assert!(name_of(&format!("name={}", "ü".repeat(253))).is_ok());
        assert_eq!(name_of(&format!("name={}", "a".repeat(254))), Err(NameError(254)));
    }

    #[test]
    fn a_query_is_a_form() {
        assert_eq!(name_of("x=1&name=%2B+b%20"), Ok("+ b ".into()));
        assert!(DemoQuery::parse("name=a&name=b").is_err());
        assert!(DemoQuery::parse("x=1").unwrap().name.is_none());
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

//! A length of time as people write it: `"500ms"`, `"2s"`, `"5min"`.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A length of time that files hold as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HumanTime(pub Duration);

impl HumanTime {
    /// In whole milliseconds.
    #[must_use]
    pub fn as_millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }
}

impl fmt::Display for HumanTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

impl Serialize for HumanTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HumanTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<HumanTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text).map(HumanTime).map_err(|error| {
            de::Error::custom(format!(
                "{text:?} is no length of time ({error}); write it as in \"2s\" or \"500ms\""
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, Serialize)]
    struct File {
        time: HumanTime,
    }

    #[test]
    fn it_is_read_and_written_as_people_write_it() {
        for (text, millis) in
            [("500ms", 500), ("2s", 2_000), ("5min", 300_000), ("1s 500ms", 1_500)]
        {
            let file: File = toml::from_str(&format!("time = {text:?}")).unwrap();
            assert_eq!(file.time.as_millis(), millis);
            let again: File = toml::from_str(&toml::to_string(&file).unwrap()).unwrap();
            assert_eq!(again.time, file.time);
        }
    }

    #[test]
    fn anything_else_is_refused_with_an_example() {
        let error = toml::from_str::<File>("time = \"soon\"").unwrap_err();
        let text = error.message();
        assert!(text.contains("\"soon\"") && text.contains("\"2s\""), "{text}");
        assert!(toml::from_str::<File>("time = 5").is_err(), "a number says no unit");
    }
}

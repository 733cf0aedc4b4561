//! The parts of a run that are placed, limited and metered apart.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One of the three parts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The server under test.
    Server,
    /// The services that the server needs, above all the database.
    Db,
    /// The load that sends the requests.
    Load,
}

impl Part {
    /// All parts, in the order in which they are written.
    pub const ALL: [Part; 3] = [Part::Server, Part::Db, Part::Load];

    /// The name that command lines, records and reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Part::Server => "server",
            Part::Db => "db",
            Part::Load => "load",
        }
    }

    /// The part with the name `name`; `None` where there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Part> {
        Part::ALL.into_iter().find(|part| part.name() == name)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A value for each part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerPart<T> {
    /// The value of the server.
    pub server: T,
    /// The value of the services.
    pub db: T,
    /// The value of the load.
    pub load: T,
}

impl<T> PerPart<T> {
    /// Builds a value for each part with `value`.
    pub fn from_fn(mut value: impl FnMut(Part) -> T) -> PerPart<T> {
        let [server, db, load] = Part::ALL.map(&mut value);
        PerPart { server, db, load }
    }

    /// The value of one part.
    pub fn get(&self, part: Part) -> &T {
        match part {
            Part::Server => &self.server,
            Part::Db => &self.db,
            Part::Load => &self.load,
        }
    }

    /// The value of one part, for changing it.
    pub fn get_mut(&mut self, part: Part) -> &mut T {
        match part {
            Part::Server => &mut self.server,
            Part::Db => &mut self.db,
            Part::Load => &mut self.load,
        }
    }

    /// Each part with its value.
    pub fn iter(&self) -> impl Iterator<Item = (Part, &T)> {
        Part::ALL.into_iter().map(|part| (part, self.get(part)))
    }

    /// References to the values.
    pub fn as_ref(&self) -> PerPart<&T> {
        PerPart { server: &self.server, db: &self.db, load: &self.load }
    }

    /// Converts each value.
    pub fn map<U>(self, mut convert: impl FnMut(T) -> U) -> PerPart<U> {
        PerPart { server: convert(self.server), db: convert(self.db), load: convert(self.load) }
    }

    /// Pairs each value with the value of the same part in `other`.
    pub fn zip<U>(self, other: PerPart<U>) -> PerPart<(T, U)> {
        PerPart {
            server: (self.server, other.server),
            db: (self.db, other.db),
            load: (self.load, other.load),
        }
    }
}

impl<T> PerPart<Option<T>> {
    /// Whether no part has a value.
    pub fn is_empty(&self) -> bool {
        self.iter().all(|(_, value)| value.is_none())
    }

    /// All values; `None` unless every part has one.
    pub fn all(self) -> Option<PerPart<T>> {
        Some(PerPart { server: self.server?, db: self.db?, load: self.load? })
    }
}

/// Serialization of the parts that have a value, and no others: for `#[serde(with = "present")]`.
pub mod present {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Part, PerPart};

    /// Writes the parts that have a value as a map by part.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<T: Serialize, S: Serializer>(
        values: &PerPart<Option<T>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer
            .collect_map(values.iter().filter_map(|(part, value)| Some((part, value.as_ref()?))))
    }

    /// Reads a map by part; a part that it lacks has no value.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<PerPart<Option<T>>, D::Error> {
        let mut values = BTreeMap::<Part, T>::deserialize(deserializer)?;
        Ok(PerPart::from_fn(|part| values.remove(&part)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Record {
        all: PerPart<u32>,
        #[serde(with = "present")]
        some: PerPart<Option<f64>>,
    }

    #[test]
    fn a_part_without_a_value_is_left_out_and_read_back() {
        let some = PerPart { db: Some(1.5), ..PerPart::default() };
        let record = Record { all: PerPart { server: 1, db: 2, load: 3 }, some };
        let text = toml::to_string(&record).unwrap();
        assert_eq!(text, "[all]\nserver = 1\ndb = 2\nload = 3\n\n[some]\ndb = 1.5\n");
        assert_eq!(toml::from_str::<Record>(&text).unwrap(), record);
        assert_eq!(some.all(), None);
        assert!(!some.is_empty() && PerPart::<Option<u8>>::default().is_empty());
    }

    #[test]
    fn every_part_is_found_by_its_name() {
        for part in Part::ALL {
            assert_eq!(Part::named(part.name()), Some(part));
        }
        assert_eq!(Part::named("harness"), None);
    }
}

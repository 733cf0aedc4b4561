//! What servers are made of, and what they are compared by.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The axes that every server has, in the order of tables; an entry may add others.
pub const AXES: [&str; 6] = ["language", "framework", "layer", "driver", "runtime", "database"];

/// The value of an axis that a server has nothing on, such as the framework of a server without HTTP.
pub const NONE: &str = "none";

/// A server's value on each axis.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Axes(BTreeMap<String, String>);

impl Axes {
    /// The value on an axis; `none` where the server has nothing on it, or its run did not record it.
    #[must_use]
    pub fn get(&self, axis: &str) -> &str {
        self.0.get(axis).map_or(NONE, String::as_str)
    }

    /// Whether the axis has a value, be it `none`.
    #[must_use]
    pub fn has(&self, axis: &str) -> bool {
        self.0.contains_key(axis)
    }

    /// The axes and their values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(axis, value)| (axis.as_str(), value.as_str()))
    }

    /// These values, with another one on `axis`.
    #[must_use]
    pub fn with(mut self, axis: &str, value: &str) -> Axes {
        self.0.insert(axis.to_owned(), value.to_owned());
        self
    }

    /// These values, and those of `base` on all other axes.
    pub(crate) fn over(mut self, base: Axes) -> Axes {
        for (axis, value) in base.0 {
            self.0.entry(axis).or_insert(value);
        }
        self
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Axes {
    fn from(values: [(&str, &str); N]) -> Axes {
        Axes(values.into_iter().map(|(axis, value)| (axis.to_owned(), value.to_owned())).collect())
    }
}

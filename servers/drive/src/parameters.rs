use std::time::Duration;

use serde::Deserialize;

use crate::PATH;

/// An hour: a longer time is a mistake in the unit.
const LONGEST_MS: u64 = 3_600_000;

/// The largest number of users.
const MOST_USERS: usize = 10_000;

/// The query string; all but the first are needed, unknown ones are ignored.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Parameters {
    /// What each asks for.
    #[serde(default)]
    pub work: Work,
    /// How many ask at once.
    pub users: usize,
    /// The shortest warm-up.
    pub warmup_ms: u64,
    /// The longest warm-up.
    pub warmup_limit_ms: u64,
    /// How long is measured.
    pub window_ms: u64,
}

/// A kind of work, which is that of the endpoint of this name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// Look a random name up.
    #[default]
    Demo,
    /// Look the name of a row up.
    DemoName,
    /// Look a page up whose names begin with two random characters.
    Page,
    /// Look all agents up.
    Agents,
    /// Insert a row with a random name.
    Insert,
    /// Look twenty random ids up, one after the other.
    Batch,
    /// Look twenty random ids up, all at once.
    BatchAtOnce,
}

impl Work {
    /// The word of the query string.
    fn word(self) -> &'static str {
        match self {
            Work::Demo => "demo",
            Work::DemoName => "demo-name",
            Work::Page => "page",
            Work::Agents => "agents",
            Work::Insert => "insert",
            Work::Batch => "batch",
            Work::BatchAtOnce => "batch-at-once",
        }
    }
}

/// A closed load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// What each asks for.
    pub work: Work,
    /// How many ask at once, 1 to 10,000.
    pub users: usize,
    /// The shortest warm-up.
    pub warmup: Duration,
    /// The longest warm-up, not shorter than the shortest.
    pub warmup_limit: Duration,
    /// How long is measured, at least 1 ms.
    pub window: Duration,
}

/// A parameter that no load can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// Too few or too many users.
    #[error("users must be 1 to {MOST_USERS}, not {0}")]
    Users(usize),
    /// A window that is empty or longer than an hour.
    #[error("window_ms must be 1 to {LONGEST_MS}, not {0}")]
    Window(u64),
    /// A limit that is shorter than the shortest warm-up, or longer than an hour.
    #[error("warmup_limit_ms must be {shortest} (warmup_ms) to {LONGEST_MS}, not {limit}")]
    Limit {
        /// The shortest warm-up.
        shortest: u64,
        /// The longest warm-up.
        limit: u64,
    },
}

impl Parameters {
    /// The path and query of a request with these parameters.
    #[must_use]
    pub fn target(&self) -> String {
        let Parameters { work, users, warmup_ms, warmup_limit_ms, window_ms } = self;
        let work = work.word();
        format!(
            "{PATH}?work={work}&users={users}&warmup_ms={warmup_ms}&warmup_limit_ms={warmup_limit_ms}&window_ms={window_ms}"
        )
    }

    /// The load that the parameters describe.
    ///
    /// # Errors
    /// The first parameter that is out of bounds.
    pub fn check(self) -> Result<Load, ParameterError> {
        let Parameters { work, users, warmup_ms, warmup_limit_ms, window_ms } = self;
        if !(1..=MOST_USERS).contains(&users) {
            return Err(ParameterError::Users(users));
        }
        if !(1..=LONGEST_MS).contains(&window_ms) {
            return Err(ParameterError::Window(window_ms));
        }
        if !(warmup_ms..=LONGEST_MS).contains(&warmup_limit_ms) {
            return Err(ParameterError::Limit { shortest: warmup_ms, limit: warmup_limit_ms });
        }
        Ok(Load {
            work,
            users,
            warmup: Duration::from_millis(warmup_ms),
            warmup_limit: Duration::from_millis(warmup_limit_ms),
            window: Duration::from_millis(window_ms),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(users: usize, warmup_ms: u64, limit_ms: u64, window_ms: u64) -> Result<Load, String> {
        let work = Work::Demo;
        let parameters =
            Parameters { work, users, warmup_ms, warmup_limit_ms: limit_ms, window_ms };
        parameters.check().map_err(|error| error.to_string())
    }

    #[test]
    fn the_target_is_that_of_the_contract() {
        let parameters = Parameters {
            work: Work::Page,
            users: 64,
            warmup_ms: 500,
            warmup_limit_ms: 2000,
            window_ms: 2500,
        };
        assert_eq!(
            parameters.target(),
            "/drive?work=page&users=64&warmup_ms=500&warmup_limit_ms=2000&window_ms=2500"
        );
    }

    #[test]
    fn the_bounds_belong_to_what_is_allowed() {
        assert!(check(1, 0, 0, 1).is_ok());
        assert!(check(10_000, LONGEST_MS, LONGEST_MS, LONGEST_MS).is_ok());
    }

    #[test]
    fn what_is_beyond_them_is_named() {
        assert_eq!(check(0, 0, 0, 1), Err("users must be 1 to 10000, not 0".into()));
        assert!(check(10_001, 0, 0, 1).is_err());
        assert!(check(1, 0, 0, 0).is_err());
        assert!(check(1, 0, 0, 3_600_001).is_err());
        assert!(check(1, 0, 3_600_001, 1).is_err());
        assert_eq!(
            check(1, 500, 400, 1),
            Err("warmup_limit_ms must be 500 (warmup_ms) to 3600000, not 400".into())
        );
    }
}

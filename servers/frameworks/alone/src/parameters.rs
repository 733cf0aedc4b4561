use std::time::Duration;

use serde::Deserialize;

/// An hour: a longer one is a mistake in the unit.
const LONGEST_MS: u64 = 3_600_000;

/// The most users of one drive.
const MOST_USERS: usize = 10_000;

/// The query of `/drive`; all are needed, unknown ones are ignored.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Parameters {
    users: usize,
    warmup_ms: u64,
    warmup_limit_ms: u64,
    window_ms: u64,
}

/// A closed load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    /// How many ask at once, 1 to 10,000.
    pub(crate) users: usize,
    /// The shortest warm-up.
    pub(crate) warmup: Duration,
    /// The longest warm-up, not shorter than the shortest.
    pub(crate) warmup_limit: Duration,
    /// How long is measured, at least 1 ms.
    pub(crate) window: Duration,
}

/// A parameter that no load can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParameterError {
    #[error("users must be 1 to {MOST_USERS}, not {0}")]
    Users(usize),
    #[error("window_ms must be 1 to {LONGEST_MS}, not {0}")]
    Window(u64),
    #[error("warmup_limit_ms must be {shortest} (warmup_ms) to {LONGEST_MS}, not {limit}")]
    Limit { shortest: u64, limit: u64 },
}

impl Parameters {
    /// The load, if there can be one.
    pub(crate) fn check(self) -> Result<Load, ParameterError> {
        let Parameters { users, warmup_ms, warmup_limit_ms, window_ms } = self;
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
        let parameters = Parameters { users, warmup_ms, warmup_limit_ms: limit_ms, window_ms };
        parameters.check().map_err(|error| error.to_string())
    }

    #[test]
    fn the_bounds_belong_to_what_is_allowed() {
        assert!(check(1, 0, 0, 1).is_ok());
        assert!(check(10_000, LONGEST_MS, LONGEST_MS, LONGEST_MS).is_ok());
    }

    #[test]
    fn what_is_beyond_them_is_told() {
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

use std::{env, fmt, net::SocketAddr, num::NonZeroU16, str::FromStr};

use url::Url;

/// A server's settings, from its environment.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `BIND`: the address to listen on (127.0.0.1:8080).
    pub bind: SocketAddr,
    /// `POOL_SIZE`: database connections, in all (32).
    pub pool_size: usize,
    /// `WORKERS`: async worker threads (the CPUs this process may use).
    pub workers: usize,
    database_url: Option<DatabaseUrl>,
}

/// A setting that cannot be used. The sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A variable's value cannot be understood.
    #[error("{name}={value:?} is not {expected}; set it to one, or unset it")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// The variable's value.
        value: String,
        /// What the value should be.
        expected: &'static str,
    },
    /// A variable without a default is missing, or its value cannot be understood.
    #[error("{name} is not set to {expected}; set it to one")]
    Required {
        /// The variable.
        name: &'static str,
        /// What the value should be.
        expected: &'static str,
    },
    /// `DATABASE_URL` is missing.
    #[error("DATABASE_URL is not set; set it to mysql://user:password@127.0.0.1:port/database")]
    NoDatabase,
    /// `DATABASE_URL` is not the URL of a database; the URL is left out because it holds a password.
    #[error(
        "DATABASE_URL is not of the form mysql://user:password@host:port/database ({0}); correct it"
    )]
    Database(String),
}

impl Settings {
    /// Reads the environment.
    pub fn from_env() -> Result<Settings, SettingsError> {
        Settings::from_lookup(|name| {
            env::var_os(name).map(|value| value.to_string_lossy().into_owned())
        })
    }

    fn from_lookup(
        lookup: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Settings, SettingsError> {
        let workers =
            parse::<NonZeroU16>(&lookup, "WORKERS", "a number of threads from 1 to 65535")?;
        Ok(Settings {
            bind: parse(&lookup, "BIND", "an address such as 127.0.0.1:8080")?
                .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080))),
            pool_size: parse::<NonZeroU16>(
                &lookup,
                "POOL_SIZE",
                "a number of connections from 1 to 65535",
            )?
            .map_or(32, |size| size.get().into()),
            workers: workers.map_or_else(
                || std::thread::available_parallelism().map_or(1, usize::from),
                |n| n.get().into(),
            ),
            database_url: lookup("DATABASE_URL").map(|url| url.parse()).transpose()?,
        })
    }

    /// The database's URL; an error if there is none.
    pub fn database_url(&self) -> Result<&DatabaseUrl, SettingsError> {
        self.database_url.as_ref().ok_or(SettingsError::NoDatabase)
    }
}

fn parse<T: FromStr>(
    lookup: impl Fn(&'static str) -> Option<String>,
    name: &'static str,
    expected: &'static str,
) -> Result<Option<T>, SettingsError> {
    lookup(name)
        .map(|value| value.parse().map_err(|_| SettingsError::Invalid { name, value, expected }))
        .transpose()
}

/// `DATABASE_URL`, checked to be `mysql://user…@host…/database`. It holds a password, so its `Debug` form hides it.
#[derive(Clone)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The URL with its password: for a driver, never for a message.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for DatabaseUrl {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<DatabaseUrl, SettingsError> {
        let url = Url::parse(text).map_err(|error| SettingsError::Database(error.to_string()))?;
        let flaw = if url.scheme() != "mysql" {
            Some("its scheme is not mysql")
        } else if url.host_str().is_none_or(str::is_empty) {
            Some("it names no host")
        } else if url.path().trim_start_matches('/').is_empty() {
            Some("it names no database")
        } else {
            None
        };
        flaw.map_or_else(
            || Ok(DatabaseUrl(text.to_owned())),
            |flaw| Err(SettingsError::Database(flaw.to_owned())),
        )
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&'static str, &str)]) -> Result<Settings, SettingsError> {
        Settings::from_lookup(|name| {
            pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())
        })
    }

    #[test]
    fn defaults() {
        let settings = settings(&[]).unwrap();
        assert_eq!(settings.pool_size, 32);
        assert!(settings.workers >= 1);
        assert!(matches!(settings.database_url(), Err(SettingsError::NoDatabase)));
    }

    #[test]
    fn bad_values_are_named() {
        for (name, value) in [("BIND", "nonsense"), ("POOL_SIZE", "0"), ("WORKERS", "-1")] {
            let message = settings(&[(name, value)]).unwrap_err().to_string();
            assert!(message.starts_with(&format!("{name}=\"{value}\" is not ")), "{message}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let good = settings(&[("DATABASE_URL", "mysql://u:secret@127.0.0.1:1/db")]).unwrap();
        assert!(!format!("{good:?}").contains("secret"));
        for bad in [
            "u:secret@h/db",
            "http://u:secret@h/db",
            "mysql://u:secret@h/",
            "mysql://u:secret@h:x/db",
        ] {
            assert!(
                !settings(&[("DATABASE_URL", bad)]).unwrap_err().to_string().contains("secret")
            );
        }
    }
}

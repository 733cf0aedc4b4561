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
    #[error("DATABASE_URL is not set; set it to {0}://user:password@127.0.0.1:port/database")]
    NoDatabase(Family),
    /// `DATABASE_URL` is not the URL of a database; the URL is left out because it holds a password.
    #[error(
        "DATABASE_URL is not of the form mysql://user:password@host:port/database or postgres://… ({0}); correct it"
    )]
    Database(String),
    /// `DATABASE_URL` is the URL of another database than the one that the server is for.
    #[error(
        "DATABASE_URL names a database of {found}, and this server is for {wanted}; set it to {wanted}://user:password@host:port/database"
    )]
    OtherFamily {
        /// The family of the URL.
        found: Family,
        /// The family of the server.
        wanted: Family,
    },
}

/// A family of databases; it is written as the scheme of its URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// MySQL and MariaDB.
    Mysql,
    /// PostgreSQL.
    Postgres,
}

impl Family {
    /// The family whose URLs have this scheme.
    fn of_scheme(scheme: &str) -> Option<Family> {
        match scheme {
            "mysql" => Some(Family::Mysql),
            "postgres" | "postgresql" => Some(Family::Postgres),
            _ => None,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Family::Mysql => "mysql",
            Family::Postgres => "postgres",
        })
    }
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

    /// The URL of a database of this family; an error if there is none.
    pub fn database_url(&self, wanted: Family) -> Result<&DatabaseUrl, SettingsError> {
        match &self.database_url {
            None => Err(SettingsError::NoDatabase(wanted)),
            Some(url) if url.family == wanted => Ok(url),
            Some(url) => Err(SettingsError::OtherFamily { found: url.family, wanted }),
        }
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

/// `DATABASE_URL`, checked to have the scheme of a family, a host and a database. It holds a password, so its `Debug`
/// form hides it.
#[derive(Clone)]
pub struct DatabaseUrl {
    text: String,
    family: Family,
}

impl DatabaseUrl {
    /// The URL with its password: for a driver, never for a message.
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl FromStr for DatabaseUrl {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<DatabaseUrl, SettingsError> {
        let url = Url::parse(text).map_err(|error| SettingsError::Database(error.to_string()))?;
        let flawed = |flaw: &str| SettingsError::Database(flaw.to_owned());
        let family = Family::of_scheme(url.scheme())
            .ok_or_else(|| flawed("its scheme is neither mysql nor postgres"))?;
        let flaw = if url.host_str().is_none_or(str::is_empty) {
            Some("it names no host")
        } else if url.path().trim_start_matches('/').is_empty() {
            Some("it names no database")
        } else {
            None
        };
        match flaw {
            None => Ok(DatabaseUrl { text: text.to_owned(), family }),
            Some(flaw) => Err(flawed(flaw)),
        }
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
        let none = settings.database_url(Family::Postgres).unwrap_err().to_string();
        assert!(none.contains("set it to postgres://"), "{none}");
    }

    #[test]
    fn a_database_of_another_family_is_refused() {
        for (url, found, other) in [
            ("mysql://u:p@127.0.0.1:1/db", Family::Mysql, Family::Postgres),
            ("postgres://u:p@127.0.0.1:1/db", Family::Postgres, Family::Mysql),
            ("postgresql://u:p@127.0.0.1:1/db", Family::Postgres, Family::Mysql),
        ] {
            let settings = settings(&[("DATABASE_URL", url)]).unwrap();
            assert_eq!(settings.database_url(found).unwrap().expose(), url);
            let refusal = settings.database_url(other).unwrap_err().to_string();
            assert!(refusal.contains(&format!("this server is for {other}")), "{refusal}");
        }
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

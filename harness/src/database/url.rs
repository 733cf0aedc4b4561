//! A database URL, which holds a password.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};

use super::error::DatabaseError;

/// Where a URL names no port.
const DEFAULT_PORT: u16 = 3306;

/// The URL of a database. Printing it in any way hides the password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Takes a URL of the form `mysql://USER:PASSWORD@HOST:PORT/SCHEMA`; whoever connects checks it.
    #[must_use]
    pub fn new(url: String) -> DatabaseUrl {
        DatabaseUrl(url)
    }

    /// Where it is.
    ///
    /// # Errors
    /// When that has no address, or the URL has no such place.
    pub fn address(&self) -> Result<SocketAddr, DatabaseError> {
        let (_, rest) = self.0.split_once("://").unwrap_or(("", &self.0));
        let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
        let place = place.split(['/', '?']).next().unwrap_or(place);
        let place =
            if place.contains(':') { place.to_owned() } else { format!("{place}:{DEFAULT_PORT}") };
        let found = place.to_socket_addrs().ok().and_then(|mut all| all.next());
        found.ok_or_else(|| DatabaseError::Ask(format!("{place} has no address")))
    }

    /// The same database at another address.
    #[must_use]
    pub fn at(&self, address: SocketAddr) -> DatabaseUrl {
        let (before, rest) = self.0.rsplit_once('@').unwrap_or(("mysql://", &self.0));
        let path = rest.find('/').map_or("", |slash| &rest[slash..]);
        DatabaseUrl(format!("{before}@{address}{path}"))
    }

    /// The URL with its password: for a connection or a child's environment, never for people.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("", &self.0));
        // Parameters may hold secrets of their own.
        let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
        // A password may hold an unescaped '@'; a host cannot.
        match rest.rsplit_once('@') {
            Some((login, place)) => {
                let user = login.split_once(':').map_or(login, |(user, _)| user);
                write!(f, "{scheme}://{user}:***@{place}")
            }
            None => write!(f, "{scheme}://{rest}"),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_rest_of_the_url_stays_readable() {
        let url = DatabaseUrl::new("mysql://me:s3cret@127.0.0.1:3306/bench?x=s3cret".into());
        assert_eq!(url.to_string(), "mysql://me:***@127.0.0.1:3306/bench");
        let no_password = DatabaseUrl::new("mysql://127.0.0.1/bench".into());
        assert_eq!(no_password.to_string(), "mysql://127.0.0.1/bench");
    }

    #[test]
    fn a_url_has_an_address_and_can_have_another() {
        let url = DatabaseUrl::new("mysql://me:p@127.0.0.1/bench?x=1".into());
        assert_eq!(url.address().unwrap().to_string(), "127.0.0.1:3306");
        let moved = url.at("10.0.0.2:77".parse().unwrap());
        assert_eq!(moved.expose(), "mysql://me:p@10.0.0.2:77/bench?x=1");
        assert_eq!(moved.address().unwrap().to_string(), "10.0.0.2:77");
    }

    proptest! {
        #[test]
        fn no_password_is_ever_printed(password in "[A-Z@:#]{4,20}") {
            let url = DatabaseUrl::new(format!("mysql://me:{password}@localhost/bench"));
            let shown = format!("{url} {url:?}");
            prop_assert!(!shown.contains(&password));
        }
    }
}

//! URLs of services, which may hold a password.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use url::{ParseError, Url};

/// A URL that is never printed with its password.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl {
    /// The URL as it was written: another parser may read a normalised form differently.
    written: String,
    url: Url,
}

impl SecretUrl {
    /// The scheme in lower case, as in `mysql`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.url.scheme()
    }

    /// Whether the URL has parameters or a fragment.
    #[must_use]
    pub fn has_parameters(&self) -> bool {
        self.url.query().is_some() || self.url.fragment().is_some()
    }

    /// The first address of the host, with `default_port` where the URL names none.
    ///
    /// # Errors
    /// When the URL names no host, or the host has no address.
    pub fn address(&self, default_port: u16) -> io::Result<SocketAddr> {
        address(&self.url, default_port)
    }

    /// The same URL with another host.
    ///
    /// # Errors
    /// When URLs of this form have no host.
    pub fn at(&self, host: IpAddr) -> io::Result<SecretUrl> {
        let mut url = self.url.clone();
        url.set_ip_host(host).map_err(|()| no_host())?;
        Ok(SecretUrl { written: url.to_string(), url })
    }

    /// The URL with its password: for a connection or a child's environment, never for people.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.written
    }
}

/// The first address of the host of `url`, with `default_port` where it names none and its scheme has none.
///
/// # Errors
/// When `url` names no host, or the host has no address.
pub fn address(url: &Url, default_port: u16) -> io::Result<SocketAddr> {
    let host = url.host_str().ok_or_else(no_host)?;
    let found = url.socket_addrs(|| Some(default_port))?.into_iter().next();
    found.ok_or_else(|| io::Error::other(format!("{host} has no address")))
}

fn no_host() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the URL names no host")
}

impl FromStr for SecretUrl {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<SecretUrl, ParseError> {
        Ok(SecretUrl { written: text.to_owned(), url: Url::parse(text)? })
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.url.clone();
        if !shown.username().is_empty() || shown.password().is_some() {
            // A URL with a login has a host, so it can have a password.
            let _ = shown.set_password(Some("***"));
        }
        // Parameters may hold secrets of their own.
        shown.set_query(None);
        shown.set_fragment(None);
        write!(f, "{shown}")
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn url(text: &str) -> SecretUrl {
        text.parse().unwrap()
    }

    #[test]
    fn the_rest_of_the_url_stays_readable() {
        let with_parameter = url("mysql://me:s3cret@127.0.0.1:3306/bench?x=s3cret");
        assert_eq!(with_parameter.to_string(), "mysql://me:***@127.0.0.1:3306/bench");
        assert_eq!(url("mysql://me@127.0.0.1/bench").to_string(), "mysql://me:***@127.0.0.1/bench");
        assert_eq!(url("mysql://127.0.0.1/bench").to_string(), "mysql://127.0.0.1/bench");
    }

    #[test]
    fn a_missing_port_is_the_default_one() {
        for (text, address) in [
            ("mysql://me:p@127.0.0.1/bench?x=1", "127.0.0.1:3306"),
            ("mysql://me:p@127.0.0.1:77/bench", "127.0.0.1:77"),
            ("mysql://me:p@[::1]/bench", "[::1]:3306"),
            ("mysql://me:p@[::1]:77/bench", "[::1]:77"),
            ("mysql://me:p%40@[::1]", "[::1]:3306"),
            ("mysql://[::1]/bench", "[::1]:3306"),
        ] {
            assert_eq!(url(text).address(3306).unwrap().to_string(), address, "{text}");
        }
        for text in ["mysql:bench", "mysql:///bench"] {
            assert!(url(text).address(3306).is_err(), "{text}");
        }
    }

    #[test]
    fn a_url_can_have_another_host() {
        for (host, moved) in [
            ("10.0.0.2", "mysql://me:p@10.0.0.2:77/bench?x=1"),
            ("fd00::2", "mysql://me:p@[fd00::2]:77/bench?x=1"),
        ] {
            let host = host.parse().unwrap();
            for text in ["mysql://me:p@db:77/bench?x=1", "mysql://me:p@[::1]:77/bench?x=1"] {
                let url = url(text).at(host).unwrap();
                assert_eq!(url.expose(), moved);
                assert_eq!(url.address(3306).unwrap(), (host, 77).into());
            }
        }
        assert!(url("mysql:bench").at([127, 0, 0, 1].into()).is_err());
    }

    proptest! {
        #[test]
        fn no_password_is_ever_printed(password in "[A-Z@:#]{4,20}") {
            // A password with an unescaped `#` is no URL: then there is nothing to print.
            if let Ok(url) = format!("mysql://me:{password}@localhost/bench").parse::<SecretUrl>() {
                let shown = format!("{url} {url:?}");
                prop_assert!(!shown.contains(&password));
            }
        }
    }
}

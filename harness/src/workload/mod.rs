//! What one kind of request is: how it is asked, what a right answer is, and what work it owes the services.
//!
//! The load, verification and the reconciliation with the services' counters all use the same workload, so that what is a
//! right answer is the same for all. What verification asks besides can be recognised, so that answers are checked under
//! load too. A kind is one file here, and a line in each of [`Kind`], [`Kind::ALL`] and
//! [`Kind::visit`].

pub mod agents;
pub mod batch;
pub mod drawn_name;
pub mod given_name;
pub mod insert;
pub mod nothing;
pub mod page;
pub mod probe;
pub mod random_name;
pub mod reply;
pub mod request;
pub mod rows;
mod sample;

use std::net::SocketAddr;

use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use serde::{Deserialize, Serialize};

pub use probe::Probe;
pub use reply::{Reply, Wrong};
pub use rows::Rows;

/// One kind of request. The implementation is chosen once a process; no request pays for a dispatch.
pub trait Workload: Send + Sized + 'static {
    /// Where the contract serves this workload.
    const PATH: &'static str;

    /// What a request asks, kept until its answer is checked.
    type Question: Copy + Send;

    /// The workload, ready to ask. What is slow to make is made here.
    fn new(setup: Setup) -> Self;

    /// Writes the next request into `request`, and returns what it asks. `request` holds this user's request before, or
    /// nothing.
    fn ask(&mut self, request: &mut Vec<u8>) -> Self::Question;

    /// Checks the answer to `question`.
    ///
    /// # Errors
    /// What is wrong with it.
    fn check(&mut self, question: Self::Question, reply: &Reply<'_>) -> Result<(), Wrong>;

    /// What verification asks besides: boundaries, and hostile input.
    fn probes(&self) -> Vec<Probe>;

    /// The work that one request owes the services of a server with rows.
    fn owes() -> Work;
}

/// The kinds of requests, by the names that scenarios call them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The server draws a name: no row, or one name's complete set.
    RandomName,
    /// The load draws a name as the table's names are drawn: no row, or that name's.
    DrawnName,
    /// The load draws a row's name: exactly that name's rows.
    GivenName,
    /// No query: an empty array.
    Nothing,
    /// Up to a hundred rows whose name begins with two characters.
    Page,
    /// A join of two small tables.
    Agents,
    /// A row is inserted and read back in one transaction.
    Insert,
    /// Twenty rows by their ids, one after the other.
    BatchOneByOne,
    /// Twenty rows by their ids, all at once.
    BatchAtOnce,
}

/// Something to be done with a workload that is known only when the program runs.
pub trait Visitor {
    /// What comes of it.
    type Output;

    /// Does it with this workload.
    fn visit<W: Workload>(self) -> Self::Output;
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 9] = [
        Kind::RandomName,
        Kind::GivenName,
        Kind::Nothing,
        Kind::DrawnName,
        Kind::Page,
        Kind::Agents,
        Kind::Insert,
        Kind::BatchOneByOne,
        Kind::BatchAtOnce,
    ];

    /// Does something with the workload of this kind.
    pub fn visit<V: Visitor>(self, visitor: V) -> V::Output {
        match self {
            Kind::RandomName => visitor.visit::<random_name::RandomName>(),
            Kind::DrawnName => visitor.visit::<drawn_name::DrawnName>(),
            Kind::GivenName => visitor.visit::<given_name::GivenName>(),
            Kind::Nothing => visitor.visit::<nothing::Nothing>(),
            Kind::Page => visitor.visit::<page::Page>(),
            Kind::Agents => visitor.visit::<agents::Agents>(),
            Kind::Insert => visitor.visit::<insert::Insert>(),
            Kind::BatchOneByOne => visitor.visit::<batch::OneByOne>(),
            Kind::BatchAtOnce => visitor.visit::<batch::AtOnce>(),
        }
    }

    /// The kind that asks the same of a server, and whose requests are the same for the same seed.
    #[must_use]
    pub fn seeded(self) -> Kind {
        if self == Kind::RandomName { Kind::DrawnName } else { self }
    }

    /// The path at which the contract serves this kind.
    #[must_use]
    pub fn path(self) -> &'static str {
        struct Path;
        impl Visitor for Path {
            type Output = &'static str;
            fn visit<W: Workload>(self) -> &'static str {
                W::PATH
            }
        }
        self.visit(Path)
    }

    /// The endpoint that serves this kind, by the name that a server's `answers` have for it.
    #[must_use]
    pub fn endpoint(self) -> &'static str {
        self.path().trim_start_matches('/')
    }

    /// The first kind that the contract serves at `path`, which may have parameters.
    #[must_use]
    pub fn at(path: &str) -> Option<Kind> {
        let path = path.split('?').next();
        Kind::ALL.into_iter().find(|kind| Some(kind.path()) == path)
    }

    /// The work that one request owes the services of a server with rows.
    #[must_use]
    pub fn owes(self) -> Work {
        struct Owes;
        impl Visitor for Owes {
            type Output = Work;
            fn visit<W: Workload>(self) -> Work {
                W::owes()
            }
        }
        self.visit(Owes)
    }
}

/// What a workload is made from.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where the server listens.
    pub address: SocketAddr,
    /// The path of every request.
    pub path: String,
    /// The rows that the server answers with.
    pub rows: Rows,
    /// Questions are drawn from this seed,
    pub seed: u64,
    /// and from a stream of its own for each shard of a load.
    pub shard: u32,
    /// Where every answer must hold rows, one in so many, drawn at random, is compared value by value.
    pub compared: u64,
}

impl Setup {
    /// The generator that questions are drawn from.
    fn rng(&self) -> ChaCha12Rng {
        let mut rng = ChaCha12Rng::seed_from_u64(self.seed);
        // Streams below 2^32 are the arrivals'.
        rng.set_stream((1 << 32) + u64::from(self.shard));
        rng
    }
}

/// The work that a request must show in the services' counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Queries to the database.
    pub queries: u64,
    /// Statements that change rows.
    pub changes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_kind_is_missing_among_all() {
        let error = serde_json::from_str::<Kind>("\"?\"").unwrap_err().to_string();
        for kind in Kind::ALL {
            let name = serde_json::to_string(&kind).unwrap().replace('"', "`");
            assert!(error.contains(&name), "{error}");
        }
        // The unknown one is quoted too.
        assert_eq!(error.matches('`').count() / 2 - 1, Kind::ALL.len(), "{error}");
    }

    #[test]
    fn a_path_is_that_of_its_first_kind() {
        assert_eq!(Kind::at("/demo"), Some(Kind::RandomName));
        assert_eq!(Kind::at("/demo?name=a"), Some(Kind::RandomName));
        assert_eq!(Kind::at("/idle?x=1"), Some(Kind::Nothing));
        assert_eq!(Kind::at("/idler"), None);
    }

    #[test]
    fn a_request_owes_what_the_contract_says() {
        let owed = Kind::ALL.map(|kind| (kind.owes().queries, kind.owes().changes));
        assert_eq!(owed.map(|(queries, _)| queries), [1, 1, 0, 1, 1, 1, 1, 20, 20]);
        assert_eq!(owed.map(|(_, changes)| changes), [0, 0, 0, 0, 0, 0, 1, 0, 0]);
    }
}

//! The specification of a load.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::timer::Waiting;
use crate::definition::scenario::Arrivals;
use crate::definition::warmup::Warmup;
use crate::units::{Nanos, PerSecond};
use crate::workload::{self, Rows, Setup, Workload};

/// The way in which requests follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Pace {
    /// Each user sends again as soon as it is answered.
    Closed,
    /// Requests are due at given times. A request that is due while no connection is idle waits, and its waiting time
    /// counts.
    Open {
        /// The rate of all shards together.
        rate: PerSecond,
        /// The distribution of the times.
        arrivals: Arrivals,
    },
}

/// The part of a load that one process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// The shard's index, from 0.
    pub index: u32,
    /// The number of shards.
    pub count: u32,
}

/// One load, from warm-up to drain.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoadSpec {
    /// The server's address.
    pub address: SocketAddr,
    /// The path of every request.
    pub path: String,
    /// What kind of request they are, and so what a right answer is.
    pub asks: workload::Kind,
    /// Whether the server's answers hold rows.
    pub has_rows: bool,
    /// The users of this shard, each with one connection.
    pub users: u32,
    /// The way in which requests follow each other.
    pub pace: Pace,
    /// The shard that this process runs.
    pub shard: Shard,
    /// The time before the window; where it is not of fixed length, the harness ends it.
    pub warmup: Warmup,
    /// The time that is measured.
    pub window: Nanos,
    /// The time after which a request counts as failed, and the longest time of the drain.
    pub timeout: Nanos,
    /// The seed from which requests and Poisson times are drawn.
    pub seed: u64,
    /// What the load does until the next request is due.
    #[serde(default)]
    pub waiting: Waiting,
    /// How long one Goose transaction continues to send requests; it sends at least one.
    pub slice: Nanos,
}

/// How long a Goose transaction goes on asking. Goose's own work for a transaction adds to the cost of a request (`make
/// bench-load` shows how much); spread over a tenth of a second it is negligible, and Goose still ends a user within that time.
pub const TRANSACTION: Nanos = Nanos(100_000_000);

/// One answer in so many is compared value by value where every answer must hold rows.
const COMPARED: u64 = 16;

impl LoadSpec {
    /// The workload of this shard: `W` is that of `asks`.
    #[must_use]
    pub fn workload<W: Workload>(&self) -> W {
        W::new(Setup {
            address: self.address,
            path: self.path.clone(),
            rows: if self.has_rows { Rows::seeded() } else { Rows::none() },
            seed: self.seed,
            shard: self.shard.index,
            compared: COMPARED,
        })
    }

    /// Divides the load among `count` processes: users as evenly as possible, and the rate by `count`.
    #[must_use]
    pub fn shards(&self, count: u32) -> Vec<LoadSpec> {
        let count = count.clamp(1, self.users.max(1));
        (0..count)
            .map(|index| LoadSpec {
                users: self.users / count + u32::from(index < self.users % count),
                shard: Shard { index, count },
                ..self.clone()
            })
            .collect()
    }
}

#[cfg(test)]
impl LoadSpec {
    /// A closed load of two users, for tests that need some load.
    pub(crate) fn example() -> LoadSpec {
        LoadSpec {
            address: (std::net::Ipv4Addr::LOCALHOST, 1).into(),
            path: "/idle".into(),
            asks: workload::Kind::Nothing,
            has_rows: false,
            users: 2,
            pace: Pace::Closed,
            shard: Shard { index: 0, count: 1 },
            warmup: Warmup::fixed(Nanos(0)),
            window: Nanos(1_000_000_000),
            timeout: Nanos(1_000_000_000),
            seed: 1,
            waiting: Waiting::Sleeps,
            slice: TRANSACTION,
        }
    }
}

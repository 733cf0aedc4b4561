//! Twenty lookups by id in one request, each a query of its own: one after the other, or all at once.

use rand::RngExt;
use rand_chacha::ChaCha12Rng;

use super::request::Template;
use super::rows::begins_an_array;
use super::sample::Sample;
use super::{Probe, Reply, Rows, Setup, Work, Workload, Wrong};

/// The ids of a request.
const IDS: usize = 20;

/// Asks for rows that are there, drawn evenly from all rows.
#[derive(Debug)]
struct Batch {
    path: String,
    template: Template,
    /// What comes after the ids in the query.
    way: &'static str,
    rows: Rows,
    rng: ChaCha12Rng,
    /// The answers that are compared value by value; the others must at least look right.
    sample: Sample,
}

/// The ids that are asked for.
type Ids = [u64; IDS];

impl Batch {
    fn new(setup: Setup, way: &'static str) -> Batch {
        let _ = setup.rows.truth();
        Batch {
            template: Template::get(&setup.path, setup.address),
            way,
            rng: setup.rng(),
            path: setup.path,
            rows: setup.rows,
            sample: Sample::new(setup.compared),
        }
    }

    fn ask(&mut self, request: &mut Vec<u8>) -> Ids {
        let ids = [(); IDS].map(|()| self.rng.random_range(1..=demo_data::ROWS));
        self.template.write_as_is(&query(&ids, self.way), request);
        ids
    }

    fn check(&mut self, ids: &[u64], reply: &Reply<'_>) -> Result<(), Wrong> {
        reply.expect_status(200)?;
        reply.expect_json()?;
        if !self.sample.has_next() {
            return if begins_an_array(reply.body) { Ok(()) } else { Err(Wrong::Value) };
        }
        self.rows.check_ids(ids, reply.body)
    }

    fn probes(&self) -> Vec<Probe> {
        let target = |ids: &str| format!("{}?ids={ids}{}", self.path, self.way);
        let refused = |ids: &str| Probe::refused("GET", target(ids), 400);
        let mut probes: Vec<Probe> = ["", "0", "-1", "a", "1,", "1;2", "9223372036854775808"]
            .into_iter()
            .map(refused)
            .collect();
        probes.push(refused(&vec!["1"; 101].join(",")));
        probes.push(Probe::refused("GET", &self.path, 400));
        // One id, the last one, the same twice, one that no row has, and as many as there may be.
        let hundred: Vec<u64> = (1..=100).collect();
        let lists = [vec![1], vec![demo_data::ROWS], vec![7, 7], vec![5, 1 << 62, 6], hundred];
        probes.extend(lists.into_iter().map(|ids| {
            let rows = self.rows.clone();
            Probe::get(format!("{}{}", self.path, query(&ids, self.way)), move |reply| {
                reply.expect_status(200)?;
                reply.expect_json()?;
                rows.check_ids(&ids, reply.body)
            })
        }));
        probes
    }
}

fn query(ids: &[u64], way: &str) -> String {
    let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
    format!("?ids={}{way}", ids.join(","))
}

/// Makes a workload of one way to look the ids up.
macro_rules! workload {
    ($(#[$meta:meta])* $name:ident, $way:literal) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name(Batch);

        impl Workload for $name {
            const PATH: &'static str = "/batch";

            type Question = Ids;

            fn new(setup: Setup) -> $name {
                $name(Batch::new(setup, $way))
            }

            fn ask(&mut self, request: &mut Vec<u8>) -> Ids {
                self.0.ask(request)
            }

            fn check(&mut self, ids: Ids, reply: &Reply<'_>) -> Result<(), Wrong> {
                self.0.check(&ids, reply)
            }

            fn probes(&self) -> Vec<Probe> {
                self.0.probes()
            }

            fn owes() -> Work {
                Work { queries: IDS as u64, changes: 0 }
            }
        }
    };
}

workload! {
    /// Asks for rows one after the other.
    OneByOne, ""
}

workload! {
    /// Asks for rows all at once.
    AtOnce, "&at_once=true"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup() -> Setup {
        Setup {
            address: "127.0.0.1:80".parse().unwrap(),
            path: "/batch".into(),
            rows: Rows::seeded(),
            seed: 9,
            shard: 0,
            compared: 1,
        }
    }

    #[test]
    fn the_row_of_each_id_is_right_in_its_order_alone() {
        let (mut workload, mut request) = (OneByOne::new(setup()), Vec::new());
        let ids = workload.ask(&mut request);
        let rows = ids.map(|id| Some(demo_data::row(demo_data::SEED, id - 1)));
        let mut check = |rows: &[Option<demo_data::Row>]| {
            let body = &serde_json::to_vec(rows).unwrap();
            workload.check(ids, &Reply { status: 200, content_type: b"application/json", body })
        };
        assert_eq!(check(&rows), Ok(()));
        assert_eq!(check(&rows[1..]), Err(Wrong::Count { got: 19, right: 20 }));
        let mut other = rows.clone();
        other.swap(3, 4);
        assert_eq!(check(&other), Err(Wrong::Value));
        other = rows.clone();
        other[5] = None;
        assert_eq!(check(&other), Err(Wrong::Value));
    }

    #[test]
    fn the_way_is_part_of_the_request() {
        let mut request = Vec::new();
        AtOnce::new(setup()).ask(&mut request);
        let at_once = String::from_utf8(request.clone()).unwrap();
        assert!(at_once.contains("&at_once=true HTTP/1.1\r\n"), "{at_once}");
        let ids = at_once.split("ids=").nth(1).unwrap().split('&').next().unwrap();
        assert_eq!(ids.split(',').count(), IDS);
        OneByOne::new(setup()).ask(&mut request);
        assert_eq!(at_once.replace("&at_once=true", ""), String::from_utf8(request).unwrap());
    }
}

//! Lookups of a name that the load draws: exactly that name's rows.

use rand::RngExt;
use rand_chacha::ChaCha12Rng;

use super::request::{Template, encode};
use super::rows::{begins_an_array, is_empty_array};
use super::sample::Sample;
use super::{Probe, Reply, Rows, Setup, Work, Workload, Wrong};

/// Asks for the names of rows that are there, drawn evenly from all rows.
#[derive(Debug)]
pub struct GivenName {
    path: String,
    template: Template,
    rows: Rows,
    rng: ChaCha12Rng,
    /// The answers that are compared value by value; the others must at least look right.
    sample: Sample,
}

/// The index of the row whose name is asked for.
type Index = u64;

impl Workload for GivenName {
    const PATH: &'static str = "/demo";

    type Question = Index;

    fn new(setup: Setup) -> GivenName {
        let _ = setup.rows.truth();
        GivenName {
            template: Template::get(&setup.path, setup.address),
            rng: setup.rng(),
            path: setup.path,
            rows: setup.rows,
            sample: Sample::new(setup.compared),
        }
    }

    fn ask(&mut self, request: &mut Vec<u8>) -> Index {
        let index = self.rng.random_range(0..demo_data::ROWS);
        self.template.write_name(&demo_data::row(demo_data::SEED, index).name, request);
        index
    }

    fn check(&mut self, index: Index, reply: &Reply<'_>) -> Result<(), Wrong> {
        reply.expect_status(200)?;
        reply.expect_json()?;
        if is_empty_array(reply.body) {
            return if self.rows.exist() { Err(Wrong::Missing) } else { Ok(()) };
        }
        if self.rows.exist() && !self.sample.has_next() {
            return if begins_an_array(reply.body) { Ok(()) } else { Err(Wrong::Value) };
        }
        self.rows.check_named(&demo_data::row(demo_data::SEED, index).name, reply.body)
    }

    fn probes(&self) -> Vec<Probe> {
        let target = |name: &str| format!("{}?name={}", self.path, encode(name));
        let mut probes = vec![Probe::refused("GET", target(""), 400)];
        // Names of one character have the most rows; upper and lower case must be distinguished.
        let many = ["a", "A", "+", "%", "&"];
        let hostile = ["a ", " a", "é", "' OR '1'='1", "a' -- "];
        probes.extend(many.into_iter().chain(hostile).map(|name| {
            let rows = self.rows.clone();
            Probe::get(target(name), move |reply| {
                reply.expect_status(200)?;
                reply.expect_json()?;
                rows.check_named(name, reply.body)
            })
        }));
        probes
    }

    fn owes() -> Work {
        Work { queries: 1, changes: 0 }
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;

    use super::super::rows::tests::{json, several};
    use super::*;

    fn workload(rows: Rows, shard: u32, compared: u64) -> GivenName {
        GivenName::new(Setup {
            address: "127.0.0.1:80".parse().unwrap(),
            path: "/demo".into(),
            rows,
            seed: 9,
            shard,
            compared,
        })
    }

    fn draw(shard: u32) -> Vec<(Index, Vec<u8>)> {
        let mut workload = workload(Rows::none(), shard, 1);
        let mut request = Vec::new();
        (0..50).map(|_| (workload.ask(&mut request), request.clone())).collect()
    }

    fn reply(body: &[u8]) -> Reply<'_> {
        Reply { status: 200, content_type: b"application/json", body }
    }

    #[test]
    fn a_given_name_is_a_rows_name_percent_encoded() {
        for (index, request) in draw(0) {
            let text = String::from_utf8(request).unwrap();
            let target = text.strip_prefix("GET /demo?name=").unwrap().split(' ').next().unwrap();
            let name = demo_data::row(demo_data::SEED, index).name;
            assert_eq!(percent_decode_str(target).decode_utf8().unwrap(), name);
        }
    }

    #[test]
    fn the_order_repeats_exactly_and_differs_between_shards() {
        assert_eq!(draw(0), draw(0));
        assert_ne!(draw(0), draw(1));
    }

    #[test]
    fn the_named_rows_are_right_and_nothing_else() {
        let several = several();
        let index = several[0].id - 1;
        let mut workload = workload(Rows::seeded(), 0, 1);
        assert_eq!(workload.check(index, &reply(&json(&several))), Ok(()));
        assert_eq!(workload.check(index, &reply(b" [ ] ")), Err(Wrong::Missing));
        let other = workload.check(index + 1, &reply(&json(&several)));
        assert!(matches!(other, Err(Wrong::Count { .. } | Wrong::Value)), "another name's rows");
    }

    #[test]
    fn one_in_so_many_is_compared_and_which_cannot_be_foreseen() {
        let drawn = || {
            let mut workload = workload(Rows::seeded(), 0, 4);
            let is_compared = |_| workload.check(5, &reply(b"[1]")).is_err();
            (0..400).map(is_compared).collect::<Vec<bool>>()
        };
        let (first, second) = (drawn(), drawn());
        // A binomial count of 400 with 1 in 4: outside of this once in a million.
        let count = first.iter().filter(|compared| **compared).count();
        assert!((57..=143).contains(&count), "{count}");
        assert_ne!(first, second);
        let mut workload = workload(Rows::seeded(), 0, 4);
        assert!((0..40).all(|_| workload.check(5, &reply(b"1")).is_err()), "rows are an array");
    }

    #[test]
    fn a_server_without_rows_may_only_be_empty() {
        let mut workload = workload(Rows::none(), 0, 16);
        assert_eq!(workload.check(5, &reply(b"[]")), Ok(()));
        for _ in 0..2 {
            assert!(workload.check(5, &reply(b"[1]")).is_err());
        }
    }
}

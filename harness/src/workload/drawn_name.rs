//! Lookups of a name that the load draws as the table's names are drawn: no row, or that name's.

use super::request::Template;
use super::rows::is_empty_array;
use super::{Probe, Reply, Rows, Setup, Work, Workload, Wrong};

/// Asks for the names of another table's rows: as likely to be there as a random name, but the same for the same seed.
#[derive(Debug)]
pub struct DrawnName {
    template: Template,
    rows: Rows,
    seed: u64,
    next: u64,
}

/// The name's place among those that are drawn.
type Index = u64;

impl DrawnName {
    fn name(&self, index: Index) -> String {
        demo_data::row(self.seed, index).name
    }
}

impl Workload for DrawnName {
    const PATH: &'static str = "/demo";

    type Question = Index;

    fn new(setup: Setup) -> DrawnName {
        let _ = setup.rows.truth();
        DrawnName {
            template: Template::get(&setup.path, setup.address),
            rows: setup.rows,
            // Not the table's own seed, whose names are all there. Shards are apart by far more than they ask.
            seed: setup.seed ^ !demo_data::SEED,
            next: u64::from(setup.shard) << 40,
        }
    }

    fn ask(&mut self, request: &mut Vec<u8>) -> Index {
        let index = self.next;
        self.next += 1;
        self.template.write_name(&self.name(index), request);
        index
    }

    fn check(&mut self, index: Index, reply: &Reply<'_>) -> Result<(), Wrong> {
        reply.expect_status(200)?;
        reply.expect_json()?;
        let name = self.name(index);
        let is_right = is_empty_array(reply.body) && self.rows.none_named(&name);
        if is_right { Ok(()) } else { self.rows.check_named(&name, reply.body) }
    }

    fn probes(&self) -> Vec<Probe> {
        // A given name's are asked at the same path.
        Vec::new()
    }

    fn owes() -> Work {
        Work { queries: 1, changes: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::tests::json;
    use super::*;

    fn workload(seed: u64, shard: u32) -> DrawnName {
        DrawnName::new(Setup {
            address: "127.0.0.1:80".parse().unwrap(),
            path: "/demo".into(),
            rows: Rows::seeded(),
            seed,
            shard,
            compared: 1,
        })
    }

    fn requests(seed: u64, shard: u32) -> Vec<Vec<u8>> {
        let mut workload = workload(seed, shard);
        let mut request = Vec::new();
        let mut next = || {
            workload.ask(&mut request);
            request.clone()
        };
        (0..50).map(|_| next()).collect()
    }

    #[test]
    fn the_names_are_the_same_for_the_same_seed_and_shard_only() {
        assert_eq!(requests(3, 0), requests(3, 0));
        assert_ne!(requests(3, 0), requests(4, 0));
        assert_ne!(requests(3, 0), requests(3, 1));
    }

    #[test]
    fn as_many_names_are_there_as_of_random_ones() {
        let workload = workload(3, 0);
        let found = (0..10_000).filter(|index| !workload.rows.none_named(&workload.name(*index)));
        // 62 are expected, ± 8: outside of this once in a million.
        let found = found.count();
        assert!((25..=100).contains(&found), "{found} of 10,000");
    }

    #[test]
    fn a_names_rows_are_right_and_no_rows_where_there_are_none() {
        let mut workload = workload(3, 0);
        let there = (0..).find(|index| !workload.rows.none_named(&workload.name(*index))).unwrap();
        let missing = (0..).find(|index| workload.rows.none_named(&workload.name(*index))).unwrap();
        let rows = Rows::seeded().truth().unwrap().rows_named(&workload.name(there));
        let mut check = |index, body: &[u8]| {
            let content_type = b"application/json";
            workload.check(index, &Reply { status: 200, content_type, body })
        };
        assert_eq!(check(there, &json(&rows)), Ok(()));
        assert!(check(there, b"[]").is_err());
        assert_eq!(check(missing, b"[]"), Ok(()));
        assert!(check(missing, &json(&rows)).is_err());
    }
}

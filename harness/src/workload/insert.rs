//! Insertions: a row with a new name, which is read back in the same transaction.

use std::time::{SystemTime, UNIX_EPOCH};

use demo_data::Row;

use super::request::Post;
use super::{Probe, Reply, Setup, Work, Workload, Wrong};

/// How far the database's clock may be from ours, in seconds.
const CLOCKS: u64 = 86_400;

/// Has rows inserted, whose names are those of another table.
#[derive(Debug)]
pub struct Insert {
    path: String,
    template: Post,
    seed: u64,
    next: u64,
}

/// The name's place among those that are drawn.
type Index = u64;

impl Insert {
    fn name(&self, index: Index) -> String {
        demo_data::row(self.seed, index).name
    }
}

impl Workload for Insert {
    const PATH: &'static str = "/insert";

    type Question = Index;

    fn new(setup: Setup) -> Insert {
        Insert {
            template: Post::json(&setup.path, setup.address),
            path: setup.path,
            // Not the table's own seed. Shards are apart by far more than they ask.
            seed: setup.seed ^ !demo_data::SEED,
            next: u64::from(setup.shard) << 40,
        }
    }

    fn ask(&mut self, request: &mut Vec<u8>) -> Index {
        let index = self.next;
        self.next += 1;
        self.template.write(&body(&self.name(index)), request);
        index
    }

    fn check(&mut self, index: Index, reply: &Reply<'_>) -> Result<(), Wrong> {
        reply.expect_status(200)?;
        reply.expect_json()?;
        check_inserted(&self.name(index), now(), reply.body)
    }

    fn probes(&self) -> Vec<Probe> {
        let refused = |body: &str| Probe::refused("POST", &self.path, 400).with_body(body);
        let mut probes = vec![
            Probe::refused("GET", &self.path, 405),
            refused("{}"),
            refused("[]"),
            refused(r#"{"name": 1}"#),
            refused(r#"{"name": "#),
            refused(&body("")),
            refused(&body(&"a".repeat(254))),
        ];
        let hostile = ["'); DROP TABLE demo_data; -- ", "é \u{1f980}", "\"\\\n", " ", "%s"];
        probes.extend(hostile.into_iter().map(|name| {
            let check = move |reply: &Reply<'_>| {
                reply.expect_status(200)?;
                reply.expect_json()?;
                check_inserted(name, now(), reply.body)
            };
            Probe::post(&self.path, check).with_body(body(name))
        }));
        probes
    }

    fn owes() -> Work {
        Work { queries: 1, changes: 1 }
    }
}

fn body(name: &str) -> String {
    serde_json::json!({ "name": name }).to_string()
}

/// The current time in Unix seconds.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs().cast_signed()
}

/// Passes if `body` is a row that was inserted with this name just now: its id is after all others, and its times are the
/// database's clock.
fn check_inserted(name: &str, now: i64, body: &[u8]) -> Result<(), Wrong> {
    let row: Row = serde_json::from_slice(body).map_err(|error| Wrong::Shape(error.to_string()))?;
    let is_now =
        row.create_time == row.update_time && row.create_time.timestamp().abs_diff(now) < CLOCKS;
    let is_right = row.id > demo_data::ROWS && row.name == name && is_now;
    if is_right { Ok(()) } else { Err(Wrong::Value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_right_with_its_name_a_new_id_and_the_time_now() {
        let drawn = demo_data::row(3, 7);
        let now = drawn.create_time.timestamp();
        let right = Row {
            id: demo_data::ROWS + 1,
            name: "a b".into(),
            update_time: drawn.create_time,
            ..drawn.clone()
        };
        let check =
            |row: &Row, now: i64| check_inserted("a b", now, &serde_json::to_vec(row).unwrap());
        assert_eq!(check(&right, now), Ok(()));
        assert_eq!(check(&right, now + 2 * 86_400), Err(Wrong::Value));
        for wrong in [
            Row { id: demo_data::ROWS, ..right.clone() },
            Row { name: "a b ".into(), ..right.clone() },
            Row { update_time: drawn.update_time, ..right.clone() },
        ] {
            assert_eq!(check(&wrong, now), Err(Wrong::Value), "{wrong:?}");
        }
        assert!(matches!(check_inserted("a", now, b"[]"), Err(Wrong::Shape(_))));
    }

    #[test]
    fn every_request_has_a_name_of_its_own() {
        let mut workload = Insert::new(Setup {
            address: "127.0.0.1:80".parse().unwrap(),
            path: "/insert".into(),
            rows: super::super::Rows::none(),
            seed: 3,
            shard: 1,
            compared: 1,
        });
        let mut request = Vec::new();
        let mut requests: Vec<_> = (0..50)
            .map(|_| {
                workload.ask(&mut request);
                request.clone()
            })
            .collect();
        assert!(requests.iter().all(|request| request.starts_with(b"POST /insert HTTP/1.1\r\n")));
        requests.sort();
        requests.dedup();
        assert_eq!(requests.len(), 50);
    }
}

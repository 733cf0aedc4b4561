//! Pages of rows by the beginning of their name: up to a hundred rows, in order.

use rand::RngExt;
use rand_chacha::ChaCha12Rng;

use super::request::{Template, encode};
use super::rows::{begins_an_array, is_empty_array};
use super::sample::Sample;
use super::{Probe, Reply, Rows, Setup, Work, Workload, Wrong};

/// The most rows of a page, by the contract.
const ROWS: usize = 100;

/// Asks for the names that begin with two characters: each of the 5,776 pairs begins about 173 of a million names.
#[derive(Debug)]
pub struct Page {
    path: String,
    template: Template,
    rows: Rows,
    rng: ChaCha12Rng,
    /// The answers that are compared value by value; the others must at least look right.
    sample: Sample,
}

/// The beginning of the names that are asked for.
type Prefix = [u8; 2];

fn text(prefix: &Prefix) -> &str {
    str::from_utf8(prefix).expect("the alphabet is ASCII")
}

impl Workload for Page {
    const PATH: &'static str = "/page";

    type Question = Prefix;

    fn new(setup: Setup) -> Page {
        let _ = setup.rows.truth();
        Page {
            template: Template::get(&setup.path, setup.address),
            rng: setup.rng(),
            path: setup.path,
            rows: setup.rows,
            sample: Sample::new(setup.compared),
        }
    }

    fn ask(&mut self, request: &mut Vec<u8>) -> Prefix {
        let alphabet = demo_data::ALPHABET;
        let prefix = [(); 2].map(|()| alphabet[self.rng.random_range(0..alphabet.len())]);
        self.template.write_with("?prefix=", text(&prefix), request);
        prefix
    }

    fn check(&mut self, prefix: Prefix, reply: &Reply<'_>) -> Result<(), Wrong> {
        reply.expect_status(200)?;
        reply.expect_json()?;
        if self.rows.exist() && !self.sample.has_next() {
            if is_empty_array(reply.body) {
                return Err(Wrong::Missing);
            }
            return if begins_an_array(reply.body) { Ok(()) } else { Err(Wrong::Value) };
        }
        self.rows.check_page(text(&prefix), ROWS, reply.body)
    }

    fn probes(&self) -> Vec<Probe> {
        let target = |prefix: &str| format!("{}?prefix={}", self.path, encode(prefix));
        let refused = |target: String| Probe::refused("GET", target, 400);
        let mut probes = vec![
            refused(self.path.clone()),
            refused(target("")),
            refused(target(&"a".repeat(254))),
            Probe::refused("POST", target("a"), 405),
        ];
        // One character begins thousands of names; some have a meaning in patterns and in URLs; some begin none.
        let few = ["a", "%", "_", "%%", "A_", "+", "&x", "zz!", "é", "a\u{10ffff}", "' OR '1'='1"];
        probes.extend(few.into_iter().map(|prefix| {
            let rows = self.rows.clone();
            Probe::get(target(prefix), move |reply| {
                reply.expect_status(200)?;
                reply.expect_json()?;
                rows.check_page(prefix, ROWS, reply.body)
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
    use super::super::rows::tests::json;
    use super::*;

    fn workload() -> Page {
        Page::new(Setup {
            address: "127.0.0.1:80".parse().unwrap(),
            path: "/page".into(),
            rows: Rows::seeded(),
            seed: 9,
            shard: 0,
            compared: 1,
        })
    }

    #[test]
    fn a_page_is_right_in_its_order_alone() {
        let mut workload = workload();
        let page = Rows::seeded().truth().unwrap().rows_beginning_with("Q%", ROWS);
        assert_eq!(page.len(), ROWS);
        assert!(page.iter().all(|row| row.name.starts_with("Q%")));
        assert!(page.is_sorted_by_key(|row| (row.name.clone(), row.id)));
        let mut check = |body: &[u8]| {
            let content_type = b"application/json";
            workload.check(*b"Q%", &Reply { status: 200, content_type, body })
        };
        assert_eq!(check(&json(&page)), Ok(()));
        assert_eq!(check(&json(&page[1..])), Err(Wrong::Count { got: 99, right: 100 }));
        let mut turned = page.clone();
        turned.swap(3, 4);
        assert_eq!(check(&json(&turned)), Err(Wrong::Value));
    }

    #[test]
    fn a_prefix_is_percent_encoded() {
        let (mut workload, mut request) = (workload(), Vec::new());
        for _ in 0..50 {
            let prefix = workload.ask(&mut request);
            let expected = format!("GET /page?prefix={} HTTP/1.1\r\n", encode(text(&prefix)));
            assert!(request.starts_with(expected.as_bytes()));
        }
    }
}

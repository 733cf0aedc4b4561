//! Lookups of a name that the server draws: no row, or one name's complete set.

use super::request::Template;
use super::rows::is_empty_array;
use super::{Probe, Reply, Rows, Setup, Work, Workload, Wrong};

/// Asks the server for a name of its own choice.
#[derive(Debug)]
pub struct RandomName {
    path: String,
    template: Template,
    rows: Rows,
}

impl Workload for RandomName {
    const PATH: &'static str = "/demo";

    type Question = ();

    fn new(setup: Setup) -> RandomName {
        let template = Template::get(&setup.path, setup.address);
        let _ = setup.rows.truth();
        RandomName { path: setup.path, template, rows: setup.rows }
    }

    fn ask(&mut self, request: &mut Vec<u8>) {
        self.template.write(request);
    }

    fn check(&mut self, (): (), reply: &Reply<'_>) -> Result<(), Wrong> {
        reply.expect_status(200)?;
        reply.expect_json()?;
        // 159 in 160 names have no rows.
        if is_empty_array(reply.body) {
            return Ok(());
        }
        self.rows.check_complete(reply.body)
    }

    fn probes(&self) -> Vec<Probe> {
        vec![Probe::refused("POST", &self.path, 405)]
    }

    fn owes() -> Work {
        Work { queries: 1, changes: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::tests::{json, several};
    use super::*;

    fn workload(rows: Rows) -> RandomName {
        RandomName::new(Setup {
            address: "127.0.0.1:80".parse().unwrap(),
            path: "/demo".into(),
            rows,
            seed: 1,
            shard: 0,
            compared: 1,
        })
    }

    fn check(rows: Rows, status: u16, content_type: &[u8], body: &[u8]) -> Result<(), Wrong> {
        workload(rows).check((), &Reply { status, content_type, body })
    }

    const JSON: &[u8] = b"application/json";

    #[test]
    fn the_name_is_the_servers_to_draw() {
        let mut workload = workload(Rows::none());
        let mut request = Vec::new();
        for _ in 0..3 {
            workload.ask(&mut request);
            assert!(request.starts_with(b"GET /demo HTTP/1.1\r\n"));
            assert_eq!(request.iter().filter(|byte| **byte == b'G').count(), 1, "once");
        }
    }

    #[test]
    fn no_row_is_right_and_so_is_one_names_complete_set() {
        let several = several();
        assert_eq!(check(Rows::seeded(), 200, JSON, b"[]"), Ok(()));
        assert_eq!(check(Rows::seeded(), 200, JSON, &json(&several)), Ok(()));
        let missing = check(Rows::seeded(), 200, JSON, &json(&several[1..]));
        assert_eq!(missing, Err(Wrong::Count { got: several.len() - 1, right: several.len() }));
        assert_eq!(check(Rows::none(), 200, JSON, b"[]"), Ok(()));
        assert!(check(Rows::none(), 200, JSON, &json(&several)).is_err());
    }

    #[test]
    fn status_and_type_come_before_the_value() {
        let check = |status, content_type| check(Rows::none(), status, content_type, b"x");
        assert!(matches!(check(500, JSON), Err(Wrong::Status { .. })));
        assert!(matches!(check(200, b"text/html"), Err(Wrong::Type { .. })));
        assert!(matches!(check(200, JSON), Err(Wrong::Shape(_))));
    }
}

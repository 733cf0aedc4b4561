//! Requests without a query: the answer is an empty array.

use super::request::Template;
use super::rows::is_empty_array;
use super::{Probe, Reply, Setup, Work, Workload, Wrong};

/// Asks for nothing.
#[derive(Debug)]
pub struct Nothing {
    template: Template,
}

impl Workload for Nothing {
    const PATH: &'static str = "/idle";

    type Question = ();

    fn new(setup: Setup) -> Nothing {
        Nothing { template: Template::get(&setup.path, setup.address) }
    }

    fn ask(&mut self, request: &mut Vec<u8>) {
        self.template.write(request);
    }

    fn check(&mut self, (): (), reply: &Reply<'_>) -> Result<(), Wrong> {
        reply.expect_status(200)?;
        reply.expect_json()?;
        if is_empty_array(reply.body) { Ok(()) } else { Err(Wrong::NotEmpty) }
    }

    fn probes(&self) -> Vec<Probe> {
        Vec::new()
    }

    fn owes() -> Work {
        Work::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Rows;
    use super::super::rows::tests::{json, several};
    use super::*;

    #[test]
    fn even_right_rows_are_wrong_where_none_were_asked_for() {
        let mut workload = Nothing::new(Setup {
            address: "127.0.0.1:80".parse().unwrap(),
            path: "/idle".into(),
            rows: Rows::seeded(),
            seed: 1,
            shard: 0,
            compared: 1,
        });
        let mut check = |body: &[u8]| {
            let content_type = b"application/json";
            workload.check((), &Reply { status: 200, content_type, body })
        };
        assert_eq!(check(b"[]"), Ok(()));
        assert_eq!(check(&json(&several())), Err(Wrong::NotEmpty));
    }
}

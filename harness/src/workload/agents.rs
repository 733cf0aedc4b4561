//! The agents with their status: a join, all of whose rows are answered.

use demo_data::Agent;

use super::request::Template;
use super::rows::begins_an_array;
use super::sample::Sample;
use super::{Probe, Reply, Setup, Work, Workload, Wrong};

/// Asks for all agents.
#[derive(Debug)]
pub struct Agents {
    path: String,
    template: Template,
    right: Vec<Agent>,
    /// The answers that are compared value by value; the others must at least look right.
    sample: Sample,
}

impl Workload for Agents {
    const PATH: &'static str = "/agents";

    type Question = ();

    fn new(setup: Setup) -> Agents {
        let agents = || demo_data::agents(demo_data::SEED).collect();
        Agents {
            template: Template::get(&setup.path, setup.address),
            path: setup.path,
            right: if setup.rows.exist() { agents() } else { Vec::new() },
            sample: Sample::new(setup.compared),
        }
    }

    fn ask(&mut self, request: &mut Vec<u8>) {
        self.template.write(request);
    }

    fn check(&mut self, (): (), reply: &Reply<'_>) -> Result<(), Wrong> {
        reply.expect_status(200)?;
        reply.expect_json()?;
        if !self.sample.has_next() {
            return if begins_an_array(reply.body) { Ok(()) } else { Err(Wrong::Value) };
        }
        let agents: Vec<Agent> =
            serde_json::from_slice(reply.body).map_err(|error| Wrong::Shape(error.to_string()))?;
        if agents.len() != self.right.len() {
            return Err(Wrong::Count { got: agents.len(), right: self.right.len() });
        }
        if agents == self.right { Ok(()) } else { Err(Wrong::Value) }
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
    use super::super::Rows;
    use super::*;

    #[test]
    fn the_agents_are_right_with_every_value_and_in_order() {
        let mut workload = Agents::new(Setup {
            address: "127.0.0.1:80".parse().unwrap(),
            path: "/agents".into(),
            rows: Rows::seeded(),
            seed: 1,
            shard: 0,
            compared: 1,
        });
        let mut check = |agents: &[Agent]| {
            let body = &serde_json::to_vec(agents).unwrap();
            workload.check((), &Reply { status: 200, content_type: b"application/json", body })
        };
        let mut agents: Vec<Agent> = demo_data::agents(demo_data::SEED).collect();
        assert_eq!(check(&agents), Ok(()));
        assert_eq!(check(&agents[..49]), Err(Wrong::Count { got: 49, right: 50 }));
        agents[7].online = !agents[7].online;
        assert_eq!(check(&agents), Err(Wrong::Value));
        agents[7].online = !agents[7].online;
        agents.swap(0, 1);
        assert_eq!(check(&agents), Err(Wrong::Value));
    }
}

//! Runs of before format 4, which do not record how servers relate to each other: it follows from their labels.

use super::run::RunFile;
use crate::definition::Role;
use crate::definition::server::RunServer;
use crate::workload::Kind;

/// The first format that records what a server answers and needs, and its relations.
const RELATIONS: u32 = 4;

/// Fills in what the run's format leaves out.
pub(super) fn complete(run: &mut RunFile) {
    if run.format >= RELATIONS {
        return;
    }
    for server in &mut run.server {
        let endpoints = run
            .cell
            .iter()
            .filter(|cell| !server.drives_itself || cell.scenario.asks == Kind::RandomName)
            .map(|cell| cell.scenario.endpoint().to_owned());
        server.answers = endpoints.collect();
        server.answers.sort();
        server.answers.dedup();
        let database = server.axes.get("database");
        server.needs =
            (database != registry::NONE).then(|| database.to_owned()).into_iter().collect();
    }
    let recorded = run.server.clone();
    for server in &mut run.server {
        let first = |is: &dyn Fn(&RunServer) -> bool| {
            recorded.iter().find(|other| is(other)).map(|other| other.name.clone())
        };
        let same = |other: &RunServer, axis| other.axes.get(axis) == server.axes.get(axis);
        let ceiling = |other: &RunServer| other.role == Role::Ceiling;
        let http = first(&|other| ceiling(other) && !other.has_database());
        let layer = first(&|other| ceiling(other) && other.has_database() && same(other, "layer"));
        let contender = first(&|other| {
            other.role == Role::Contender && same(other, "framework") && same(other, "layer")
        });
        let is_control = server.role == Role::Control && server.twin_of.is_none();
        server.control_of = contender.filter(|_| is_control);
        (server.ceilings.http, server.ceilings.layer) = (http, layer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::synthetic_run::{OTHER, SMALL, run, synthetic};
    use registry::Axes;

    #[test]
    fn relations_follow_from_the_labels_of_an_early_run() {
        let names = ["fast", "fast-direct", "alone", "nothing"];
        let mut run = run(&names.map(|name| synthetic(name, 50.0, SMALL))).run;
        let made_of = [
            (Role::Contender, "f", "orm", "mysql"),
            (Role::Control, "f", "orm", "mysql"),
            (Role::Ceiling, "none", "orm", "mysql"),
            (Role::Ceiling, "none", "none", "none"),
        ];
        for (server, (role, framework, layer, database)) in run.server.iter_mut().zip(made_of) {
            server.role = role;
            server.axes =
                Axes::from([("framework", framework), ("layer", layer), ("database", database)]);
        }
        run.server[2].drives_itself = true;
        let mut idle = run.cell[0].clone();
        (idle.scenario.path, idle.scenario.asks) = ("/idle".into(), Kind::Nothing);
        run.cell.push(idle);
        run.format = RELATIONS - 1;
        complete(&mut run);
        let [fast, direct, alone, nothing] = &run.server[..] else { panic!("four servers") };
        assert_eq!(
            (&fast.answers[..], &fast.needs[..]),
            (&["demo".into(), "idle".into()][..], &["mysql".into()][..])
        );
        assert_eq!((&alone.answers[..], &nothing.needs[..]), (&["demo".into()][..], &[][..]));
        assert_eq!((direct.control_of.as_deref(), &fast.control_of), (Some("fast"), &None));
        let ceilings = (fast.ceilings.http.as_deref(), fast.ceilings.layer.as_deref());
        assert_eq!(ceilings, (Some("nothing"), Some("alone")));
    }

    #[test]
    fn a_run_that_records_relations_is_left_alone() {
        let mut run = run(&[synthetic("a", 50.0, SMALL), synthetic("b", 40.0, OTHER)]).run;
        run.format = RELATIONS;
        let before = run.clone();
        complete(&mut run);
        assert_eq!(run, before);
    }
}

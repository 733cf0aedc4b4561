//! The cases of one endpoint, a module each. Cases that treat all endpoints alike take them from [`targets`].

pub(super) mod agents;
pub(super) mod batch;
pub(super) mod demo;
pub(super) mod drive;
pub(super) mod health;
pub(super) mod idle;
pub(super) mod insert;
pub(super) mod page;

use registry::Server;

/// The endpoints that every server has, whatever its `answers` name.
const EVERYWHERE: [&str; 3] = ["demo", "health", "idle"];

/// The endpoints that are asked with GET, and requests to them.
const TARGETS: [(&str, &str); 7] = [
    ("demo", "/demo?name=A"),
    ("health", "/health"),
    ("idle", "/idle"),
    ("page", "/page?prefix=A"),
    ("agents", "/agents"),
    ("batch", "/batch?ids=2,1"),
    ("batch", "/batch?ids=2,1&at_once=true"),
];

/// Whether the server has an endpoint.
pub(super) fn has(server: &Server, endpoint: &str) -> bool {
    EVERYWHERE.contains(&endpoint) || server.answers.iter().any(|answer| answer == endpoint)
}

/// Requests to each of the server's endpoints that are asked with GET; a healthy server answers 200.
pub(super) fn targets(server: &Server) -> Vec<&'static str> {
    let there = TARGETS.into_iter().filter(|(endpoint, _)| has(server, endpoint));
    there.map(|(_, target)| target).collect()
}

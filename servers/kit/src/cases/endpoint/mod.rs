//! The cases of one endpoint, a module each. Cases that treat all endpoints alike take them from [`TARGETS`].

pub(super) mod demo;
pub(super) mod drive;
pub(super) mod health;
pub(super) mod idle;

/// A request to each endpoint that every server has; a healthy server answers 200.
pub(super) const TARGETS: &[&str] = &["/demo?name=A", "/health", "/idle"];

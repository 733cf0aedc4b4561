//! What rankings are made against.

use crate::definition::Server;
use crate::format::folder::Raw;

/// What the servers of rankings are held against.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// The part of a run whose twins show how far apart copies of a server are: all that one study measured.
    pub twins: &'a Raw,
    /// The server that ratios are to, where a reader asks for it; no other takes its place.
    pub asked: Option<&'a str>,
    /// The baseline of the study; where it is not among the servers or was not measured, a driver takes its place if layers are
    /// compared, and else the first contender in the registry's order.
    pub baseline: Option<&'a str>,
    /// The axis whose values the study compares.
    pub compare: Option<&'a str>,
}

impl<'a> Basis<'a> {
    /// Whether the numbers of database connections are compared.
    pub(super) fn is_sweep(&self) -> bool {
        self.compare == Some(Server::POOL_SIZE_AXIS)
    }

    /// Where no study says more.
    #[must_use]
    pub fn of(twins: &'a Raw, asked: Option<&'a str>) -> Basis<'a> {
        Basis { twins, asked, baseline: None, compare: None }
    }
}

//! What a request costs on the wire between a server and its database.

use anyhow::{Result, ensure};

use super::traffic::{ask, warm};
use crate::{bench::Bench, packets::Tally, request::Request, subject::POOL};

/// The commands that requests of one kind send to the database.
pub(super) struct Cost {
    /// The kind, for people.
    pub(super) what: &'static str,
    pub(super) requests: Vec<Request>,
    /// The commands that each request sends.
    pub(super) owed: &'static [(&'static str, u64)],
    /// A command that each request may send besides, so often at most.
    pub(super) allowed: Option<(&'static str, u64)>,
}

impl Cost {
    /// Checks that the requests of `users` who ask `count` each, at once, send what they owe and nothing else. One user
    /// shows what every request sends, several what a pool sends in between.
    pub(super) async fn check(&self, bench: &Bench, users: u64, count: u64) -> Result<()> {
        let Self { what, requests, owed, allowed } = self;
        let (proxy, running) = (bench.proxy()?, bench.shared()?);
        // Then every connection is open and has prepared its statements.
        warm(proxy, running, POOL, requests).await?;
        for _ in 0..2 {
            ask(running, requests, users, count).await?;
        }
        let (before, accepted) = (proxy.snapshot(), proxy.accepted());
        ask(running, requests, users, count).await?;
        let sent = proxy.commands_since(&before)?;
        let asked = users * count;
        let owed = Tally::of(owed, asked);
        let (besides, most) = allowed.unwrap_or_default();
        let is_right = sent.count(besides) <= most * asked && sent.clone().without(besides) == owed;
        ensure!(
            is_right,
            "{asked} {what} sent {sent} to the database; {owed} are due, each a round trip of its own, and nothing else"
        );
        let opened = proxy.accepted() - accepted;
        ensure!(
            opened == 0,
            "{opened} connections to the database were opened for {asked} {what}: they are to be kept"
        );
        Ok(())
    }
}

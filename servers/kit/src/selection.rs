//! The servers that the kit tries when no test is named: those that meet each framework and each layer on each database.

use std::{collections::BTreeSet, env};

use anyhow::{Result, bail};
use registry::{Role, Server};

/// The variable that says which servers to try.
const VARIABLE: &str = "KIT_SERVERS";

/// The servers to try when no test is named: `KIT_SERVERS` is `all` for all of them, and `cover` or unset for those that
/// hold code which no server before them holds.
pub(crate) fn chosen(servers: &[Server]) -> Result<Vec<Server>> {
    match env::var(VARIABLE).as_deref() {
        Ok("all") => Ok(servers.to_vec()),
        Err(_) | Ok("" | "cover") => Ok(cover(servers)),
        Ok(other) => bail!("{VARIABLE} is {other:?}: set it to all or to cover"),
    }
}

/// The servers that have a value on an axis which no server before them has on the same database. What a server does is
/// the code of its framework and of its layer: one that shares both with servers before it holds none of its own. A
/// control is made of something else, unless it is a twin.
fn cover(servers: &[Server]) -> Vec<Server> {
    let mut seen = BTreeSet::new();
    let mut chosen = Vec::new();
    for server in servers {
        let mut is_new = server.role == Role::Control && server.twin_of.is_none();
        for (axis, value) in server.axes.iter() {
            is_new |= seen.insert((server.database(), axis, value));
        }
        if is_new {
            chosen.push(server.clone());
        }
    }
    chosen
}

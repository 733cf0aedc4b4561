//! What servers say of each other: names, controls and ceilings.

use std::collections::BTreeMap;

use crate::{Role, Server};

/// Passes if names are unique and every relation is to a server that can have it.
pub(crate) fn check(servers: &[Server]) -> Result<(), String> {
    let mut by_name = BTreeMap::new();
    for server in servers {
        if by_name.insert(server.name.as_str(), server).is_some() {
            return Err(format!(
                "the server {:?} is there twice; give each a name of its own",
                server.name
            ));
        }
    }
    for server in servers {
        check_server(server, &by_name).map_err(|message| format!("{}: {message}", server.name))?;
    }
    Ok(())
}

fn check_server(server: &Server, servers: &BTreeMap<&str, &Server>) -> Result<(), String> {
    let related = [("control_of", &server.control_of), ("twin_of", &server.twin_of)];
    for (field, name) in related {
        let Some(name) = name else { continue };
        if server.role != Role::Control {
            return Err(format!(
                "`{field}` is for controls; take it out, or write role = \"control\""
            ));
        }
        named(field, name, Role::Contender, "contender", servers)?;
    }
    if server.role == Role::Control {
        match (&server.control_of, &server.twin_of) {
            (None, None) => {
                return Err(
                    "a control needs `control_of`: the contender that it differs from".into()
                );
            }
            (Some(_), Some(_)) => {
                return Err(
                    "a control differs from its contender, and a twin does not: leave out \
                     `control_of` or `twin_of`"
                        .into(),
                );
            }
            _ => {}
        }
    }
    if let Some(name) = &server.ceilings.http {
        let ceiling = ceiling("ceilings.http", name, server, servers)?;
        if ceiling.has_database() {
            return Err(format!(
                "`ceilings.http` names {name:?}, which queries a database; name one that does not"
            ));
        }
    }
    if let Some(name) = &server.ceilings.layer {
        let ceiling = ceiling("ceilings.layer", name, server, servers)?;
        if !ceiling.has_database() {
            return Err(format!(
                "`ceilings.layer` names {name:?}, which queries no database; name one that does"
            ));
        }
    }
    Ok(())
}

/// The ceiling of this name, which must be another server than the one that is held against it.
fn ceiling<'a>(
    field: &str,
    name: &str,
    server: &Server,
    servers: &BTreeMap<&str, &'a Server>,
) -> Result<&'a Server, String> {
    if name == server.name {
        return Err(format!("`{field}` is the server itself; name another one, or leave it out"));
    }
    named(field, name, Role::Ceiling, "ceiling", servers)
}

/// The server of this name, which must have this role.
fn named<'a>(
    field: &str,
    name: &str,
    role: Role,
    word: &str,
    servers: &BTreeMap<&str, &'a Server>,
) -> Result<&'a Server, String> {
    match servers.get(name) {
        None => Err(format!(
            "`{field}` names {name:?}, which is no server; add its entry, or name another"
        )),
        Some(server) if server.role != role => {
            Err(format!("`{field}` names {name:?}, which is no {word}; name one that is"))
        }
        Some(server) => Ok(server),
    }
}

//! The file: templates by name, and the entries of the servers.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::entry::Entry;
use crate::toml_file::read_toml;
use crate::{Error, Server};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    template: BTreeMap<String, Entry>,
    server: Vec<Entry>,
}

/// Reads every server of the file, written out in full.
pub(crate) fn read(path: &Path) -> Result<Vec<Server>, Error> {
    let file: File = read_toml(path)?;
    let servers = file.servers();
    servers.map_err(|message| Error::Invalid { path: path.to_owned(), message })
}

impl File {
    fn servers(&self) -> Result<Vec<Server>, String> {
        if let Some((name, _)) = self.template.iter().find(|(_, entry)| entry.name.is_some()) {
            return Err(format!("the template {name:?} has a `name`; only a server has one"));
        }
        self.server.iter().enumerate().map(|(place, entry)| self.server(place, entry)).collect()
    }

    fn server(&self, place: usize, entry: &Entry) -> Result<Server, String> {
        let Some(name) = &entry.name else {
            return Err(format!("the server number {} has no `name`; give it one", place + 1));
        };
        let full = self.with_templates(entry).map_err(|message| format!("{name}: {message}"))?;
        full.server(name).map_err(|message| format!("{name}: {message}"))
    }

    /// The entry over its template, and that over its own.
    fn with_templates(&self, entry: &Entry) -> Result<Entry, String> {
        let mut full = entry.clone();
        let mut seen = Vec::new();
        while let Some(name) = full.template.take() {
            let template = self.template.get(&name).ok_or_else(|| {
                let known: Vec<_> = self.template.keys().map(String::as_str).collect();
                format!("there is no template {name:?}; there are: {}", known.join(", "))
            })?;
            if seen.contains(&name) {
                return Err(format!("the template {name:?} is its own template; let one be first"));
            }
            full = full.over(template.clone());
            seen.push(name);
        }
        Ok(full)
    }
}

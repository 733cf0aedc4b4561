//! A study as its file has it: a question, and which servers, scenarios and loads answer it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::profile::Profile;
use super::scenario::{Catalogue, check_among};
use super::select::ServerSelection;
use super::study::{Published, StudyCell};
use super::{DefinitionError, Registry, Role, Server, TomlError, read_toml};

/// A study, read from `<name>.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// Its name: the file's.
    #[serde(skip)]
    pub name: String,
    #[serde(skip)]
    path: PathBuf,
    /// The question, as a reader would ask it.
    pub question: String,
    /// Whether a run measures it where no study is named.
    #[serde(default)]
    pub default: bool,
    /// Which servers answer it; all of the registry, unless the file says otherwise.
    #[serde(default)]
    pub servers: ServerSelection,
    /// Which scenarios under which loads answer it.
    pub cells: Vec<CellGroup>,
    /// The axis whose values are compared, within servers that are equal on every other axis; absent where whole servers are
    /// compared.
    pub compare: Option<String>,
    /// The axes that may differ along with that one: a driver speaks one database's protocol.
    #[serde(default)]
    pub along: Vec<String>,
    /// The contender that ratios are to; absent where it is the first of those that are compared, in the registry's order.
    pub baseline: Option<String>,
    /// Numbers of database connections: each server is measured with each of them, under a name of its own. Empty where all
    /// servers have the usual number.
    #[serde(default)]
    pub pool_sizes: Vec<u32>,
    /// What others have published about it.
    #[serde(default)]
    pub published: Vec<Published>,
}

/// Each of some scenarios under each of some loads.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellGroup {
    /// The names of the scenarios.
    pub scenarios: Vec<String>,
    /// The names of the loads.
    pub loads: Vec<String>,
    /// The names of the profiles that measure them; empty for all.
    #[serde(default)]
    pub profiles: Vec<String>,
}

impl CellGroup {
    /// Its cells in order: scenario by scenario.
    pub fn cells(&self) -> impl Iterator<Item = StudyCell> {
        self.scenarios.iter().flat_map(|scenario| {
            let cell = |load: &String| StudyCell { scenario: scenario.clone(), load: load.clone() };
            self.loads.iter().map(cell)
        })
    }

    /// Whether a profile measures them.
    #[must_use]
    pub fn is_in(&self, profile: &str) -> bool {
        self.profiles.is_empty() || self.profiles.iter().any(|name| name == profile)
    }
}

/// What follows a study's name where two commits are compared in its cells.
pub const CHANGE: &str = ".change";

impl Study {
    /// Reads every file in `folder`, in the order of names; they must name scenarios and loads of `catalogue`, and some of
    /// `profiles`.
    ///
    /// # Errors
    /// When one is unreadable, malformed, or names what is not there.
    pub fn read_all(
        folder: &Path,
        catalogue: &Catalogue,
        profiles: &[Profile],
    ) -> Result<Vec<Study>, DefinitionError> {
        let unreadable = |cause| TomlError::Unreadable { path: folder.to_owned(), cause };
        let entries = fs::read_dir(folder).map_err(unreadable)?;
        let entries: Result<Vec<_>, _> = entries.collect();
        let mut paths: Vec<_> =
            entries.map_err(unreadable)?.into_iter().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        paths.sort();
        paths.into_iter().map(|path| Study::read(path, catalogue, profiles)).collect()
    }

    fn read(
        path: PathBuf,
        catalogue: &Catalogue,
        profiles: &[Profile],
    ) -> Result<Study, DefinitionError> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let study = Study { name, path: path.clone(), ..read_toml(&path)? };
        match study.check(catalogue, profiles) {
            Ok(()) => Ok(study),
            Err(message) => Err(study.error(message)),
        }
    }

    fn error(&self, message: String) -> DefinitionError {
        DefinitionError::Inconsistent { path: self.path.clone(), message }
    }

    fn check(&self, catalogue: &Catalogue, profiles: &[Profile]) -> Result<(), String> {
        if self.question.trim().is_empty() {
            return Err("a study needs a question, as a reader would ask it".into());
        }
        if self.cells.is_empty() {
            return Err("it has no cells, so no run answers it; add [[cells]]".into());
        }
        for group in &self.cells {
            if group.scenarios.is_empty() || group.loads.is_empty() {
                return Err("[[cells]] needs at least one scenario and one load".into());
            }
            catalogue.check_names(&group.scenarios, &group.loads)?;
            let known = profiles.iter().map(|profile| profile.name.as_str());
            check_among("profile", &group.profiles, known)?;
        }
        for profile in profiles {
            let mut seen = BTreeSet::new();
            for cell in self.all_cells(&profile.name) {
                let StudyCell { scenario, load } = &cell;
                if !seen.insert((scenario.clone(), load.clone())) {
                    let profile = &profile.name;
                    return Err(format!(
                        "{scenario} under {load} is there twice in profile {profile}; leave one out"
                    ));
                }
            }
        }
        let mut seen = BTreeSet::new();
        match self.pool_sizes.iter().find(|size| **size == 0 || !seen.insert(**size)) {
            Some(0) => {
                Err("a pool of 0 connections answers nothing; give pool_sizes above 0".into())
            }
            Some(size) => Err(format!("the pool size {size} is there twice; leave one out")),
            None => Ok(()),
        }
    }

    fn all_cells(&self, profile: &str) -> impl Iterator<Item = StudyCell> {
        self.cells.iter().filter(move |group| group.is_in(profile)).flat_map(CellGroup::cells)
    }

    /// The cells that a profile measures, in the file's order.
    #[must_use]
    pub fn cells_in(&self, profile: &str) -> Vec<StudyCell> {
        self.all_cells(profile).collect()
    }

    /// The study in which two commits are compared in this one's cells: `NAME.change`, with a question of its own.
    #[must_use]
    pub fn of_commits(&self, question: String) -> Study {
        Study {
            name: format!("{}{CHANGE}", self.name),
            path: self.path.clone(),
            question,
            default: false,
            servers: self.servers.clone(),
            cells: self.cells.clone(),
            compare: Some(Server::REVISION_AXIS.to_owned()),
            along: Vec::new(),
            baseline: None,
            pool_sizes: Vec::new(),
            published: Vec::new(),
        }
    }

    /// The servers that answer it, in the registry's order; where it has pool sizes, each server with a pool once for each.
    ///
    /// # Errors
    /// When a name, an axis or its value is not in the registry, or nothing is left.
    pub fn servers_in(&self, registry: &Registry) -> Result<Vec<Server>, DefinitionError> {
        let servers = self.servers.of(registry).map_err(|message| self.error(message))?;
        let axes = registry.axes();
        let named = self.compare.iter().chain(&self.along).map(String::as_str);
        for axis in named.filter(|axis| *axis != Server::POOL_SIZE_AXIS) {
            if !axes.contains(axis) {
                let axes: Vec<_> = axes.into_iter().collect();
                return Err(self.error(format!(
                    "no server has the axis {axis:?} to compare by; there are: {}",
                    axes.join(", ")
                )));
            }
        }
        if self.pool_sizes.is_empty() {
            return self.with_baseline(servers.into_iter().cloned().collect());
        }
        let variants = servers.into_iter().flat_map(|server| {
            if server.has_database() {
                self.pool_sizes.iter().map(|size| server.with_pool_size(*size)).collect()
            } else {
                // It has no pool to vary.
                vec![server.clone()]
            }
        });
        self.with_baseline(variants.collect())
    }

    /// The servers, if the baseline is a contender among them.
    fn with_baseline(&self, servers: Vec<Server>) -> Result<Vec<Server>, DefinitionError> {
        let Some(baseline) = &self.baseline else { return Ok(servers) };
        let contenders = servers.iter().filter(|server| server.role == Role::Contender);
        let names: Vec<&str> = contenders.map(|server| server.name.as_str()).collect();
        if names.contains(&baseline.as_str()) {
            return Ok(servers);
        }
        Err(self.error(format!(
            "its baseline {baseline:?} is no contender that it compares; there are: {}",
            names.join(", ")
        )))
    }

    /// Those of `studies` that have these names, or the default ones without a name.
    ///
    /// # Errors
    /// When there is no study of a name, or none is the default.
    pub fn named<'a>(
        studies: &'a [Study],
        names: &[String],
    ) -> Result<Vec<&'a Study>, DefinitionError> {
        let known = || studies.iter().map(|study| study.name.as_str());
        if let Some(unknown) = names.iter().find(|name| !known().any(|known| known == *name)) {
            return Err(DefinitionError::Unknown {
                kind: "study",
                name: unknown.clone(),
                known: known().collect::<Vec<_>>().join(", "),
            });
        }
        let is_chosen = |study: &&Study| match names {
            [] => study.default,
            names => names.contains(&study.name),
        };
        let chosen: Vec<_> = studies.iter().filter(is_chosen).collect();
        if chosen.is_empty() {
            let known = known().collect::<Vec<_>>().join(", ");
            return Err(DefinitionError::NoDefaultStudy { known });
        }
        Ok(chosen)
    }
}

#[cfg(test)]
mod tests;

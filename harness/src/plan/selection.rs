//! The selection of servers and cells that a run measures for its studies.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::cell::Cell;
use crate::definition::scenario::Catalogue;
use crate::definition::study::{RunStudy, StudyCell};
use crate::definition::{
    Commits, DefinitionError, Filter, Profile, Registry, Role, Server, Study, select,
};

/// The servers and cells of a run, and the studies that they answer.
pub(super) struct Selection {
    /// The servers in the registry's order, with the twins at the end.
    pub(super) servers: Vec<Server>,
    pub(super) cells: Vec<Cell>,
    pub(super) studies: Vec<RunStudy>,
}

impl Selection {
    /// Selects the union of the studies' servers and cells, as far as the profile has them and the filter matches
    /// them.
    ///
    /// # Errors
    /// When a filter matches nothing, or nothing of a study is left.
    pub(super) fn of(
        registry: &Registry,
        catalogue: &Catalogue,
        studies: &[&Study],
        profile: &Profile,
        filter: &Filter,
    ) -> Result<Selection, DefinitionError> {
        let of_studies: Vec<Vec<Server>> =
            studies.iter().map(|study| study.servers_in(registry)).collect::<Result<_, _>>()?;
        Selection::among(&of_studies, registry, catalogue, studies, profile, filter)
    }

    /// Selects the servers of two commits, and the cells of the studies in which they are compared.
    ///
    /// # Errors
    /// When a filter matches nothing, nothing of a study is left, or only one commit has a server.
    pub(super) fn of_commits(
        commits: &Commits,
        catalogue: &Catalogue,
        studies: &[&Study],
        profile: &Profile,
        filter: &Filter,
    ) -> Result<Selection, DefinitionError> {
        let known: Vec<Vec<Server>> =
            studies.iter().map(|study| commits.known(study)).collect::<Result<_, _>>()?;
        let known = known.concat();
        let wanted = select("server", &known, &filter.servers, |server| &server.name)?;
        let is_wanted = |server: &Server| wanted.iter().any(|one| one.name == server.name);
        let of_studies: Vec<Vec<Server>> = studies
            .iter()
            .map(|study| commits.servers(study, is_wanted))
            .collect::<Result<_, _>>()?;
        let studies: Vec<Study> =
            studies.iter().map(|study| study.of_commits(commits.question())).collect();
        let studies: Vec<&Study> = studies.iter().collect();
        let filter = Filter { servers: Vec::new(), ..filter.clone() };
        let order = &commits.head.registry;
        Selection::among(&of_studies, order, catalogue, &studies, profile, &filter)
    }

    /// The same for servers that are known by study.
    fn among(
        of_studies: &[Vec<Server>],
        registry: &Registry,
        catalogue: &Catalogue,
        studies: &[&Study],
        profile: &Profile,
        filter: &Filter,
    ) -> Result<Selection, DefinitionError> {
        let all = union(registry, of_studies.iter().flatten());
        let servers = select("server", &all, &filter.servers, |server| &server.name)?;
        let mut servers: Vec<Server> = servers.into_iter().cloned().collect();
        let cells = cells(catalogue, studies, profile, filter)?;
        // A twin says nothing without its original.
        let names: BTreeSet<String> = servers.iter().map(|server| server.name.clone()).collect();
        servers.retain(|server| server.twin_of.as_ref().is_none_or(|of| names.contains(of)));
        let mut selected = Vec::new();
        for (study, of_study) in studies.iter().zip(of_studies) {
            selected.push(narrowed(study, of_study, profile, &servers, &cells)?);
        }
        servers.retain(|server| selected.iter().any(|study| study.has_server(&server.name)));
        for study in &mut selected {
            for twin in twins(study, &servers)? {
                study.servers.push(twin.name.clone());
                if !servers.iter().any(|server| server.name == twin.name) {
                    servers.push(twin);
                }
            }
        }
        let mut cells = cells;
        cells.retain(|cell| {
            selected.iter().any(|study| study.has_cell(&cell.scenario.name, &cell.load.name))
        });
        Ok(Selection { servers, cells, studies: selected })
    }
}

/// Whether a server has a cell: the server can be measured under its load, and a study has both.
pub(super) fn has(studies: &[RunStudy], server: &Server, cell: &Cell) -> bool {
    let is_asked = |study: &RunStudy| {
        study.has_server(&server.name) && study.has_cell(&cell.scenario.name, &cell.load.name)
    };
    cell.is_of(&server.answers, server.drives_itself)
        && (studies.is_empty() || studies.iter().any(is_asked))
}

/// Each server once, in the registry's order; a server before its variants, and those by the number of connections.
fn union<'a>(registry: &Registry, servers: impl Iterator<Item = &'a Server>) -> Vec<Server> {
    let mut servers: Vec<&Server> = servers.collect();
    let place = |server: &Server| {
        let names = registry.servers().iter();
        names.take_while(|known| known.name != server.original()).count()
    };
    servers.sort_by_key(|server| (place(server), server.pool_size));
    servers.dedup_by(|a, b| a.name == b.name);
    servers.into_iter().cloned().collect()
}

/// The cells that the profile measures of any study, each once, with their times.
fn cells(
    catalogue: &Catalogue,
    studies: &[&Study],
    profile: &Profile,
    filter: &Filter,
) -> Result<Vec<Cell>, DefinitionError> {
    let mut cells: Vec<StudyCell> = Vec::new();
    for cell in studies.iter().flat_map(|study| study.cells_in(&profile.name)) {
        if !cells.contains(&cell) {
            cells.push(cell);
        }
    }
    let scenarios = select("scenario", &cells, &filter.scenarios, |cell| &cell.scenario)?;
    let loads = select("load", &cells, &filter.loads, |cell| &cell.load)?;
    Ok(scenarios
        .into_iter()
        .filter(|cell| loads.contains(cell))
        .map(|StudyCell { scenario, load }| Cell {
            scenario: find(&catalogue.scenarios, scenario, |scenario| &scenario.name),
            load: find(&catalogue.loads, load, |load| &load.name),
            times: profile.times(scenario, load),
        })
        .collect())
}

/// The part of a study that a run measures, given its servers and cells: the servers that have a cell, and the cells
/// that a server has.
///
/// # Errors
/// When nothing is left.
fn narrowed(
    study: &Study,
    of_study: &[Server],
    profile: &Profile,
    servers: &[Server],
    cells: &[Cell],
) -> Result<RunStudy, DefinitionError> {
    let empty = |why: String| DefinitionError::EmptyStudy { study: study.name.clone(), why };
    let mut of_profile = study.cells_in(&profile.name);
    if of_profile.is_empty() {
        return Err(empty(format!("the profile {} measures no cell of it", profile.name)));
    }
    of_profile.retain(|cell| {
        cells.iter().any(|c| (&c.scenario.name, &c.load.name) == (&cell.scenario, &cell.load))
    });
    let servers = servers.iter().filter(|server| of_study.iter().any(|s| s.name == server.name));
    let mut selected = RunStudy {
        name: study.name.clone(),
        question: study.question.clone(),
        compare: study.compare.clone(),
        along: study.along.clone(),
        baseline: study.baseline.clone(),
        servers: servers.clone().map(|server| server.name.clone()).collect(),
        cells: of_profile,
        published: study.published.clone(),
    };
    if selected.servers.is_empty() {
        return Err(empty("none of its servers is selected".into()));
    }
    if selected.cells.is_empty() {
        return Err(empty("none of its cells is selected".into()));
    }
    let studies = [selected.clone()];
    selected.cells.retain(|wanted| {
        let is_it = |cell: &&Cell| {
            (&cell.scenario.name, &cell.load.name) == (&wanted.scenario, &wanted.load)
        };
        let mut servers = servers.clone();
        cells.iter().find(is_it).is_some_and(|cell| servers.any(|s| has(&studies, s, cell)))
    });
    selected.servers = servers
        .clone()
        .filter(|server| cells.iter().any(|cell| has(&studies, server, cell)))
        .map(|server| server.name.clone())
        .collect();
    if selected.servers.is_empty() {
        return Err(empty("no selected server can be asked for a selected cell".into()));
    }
    Ok(selected)
}

/// The twins that a run makes for the servers that a study compares, in however many groups: what twins differ by is taken
/// to be the same for all.
///
/// # Errors
/// When a study compares servers on an axis, and no two of them are equal on all others.
fn twins(study: &RunStudy, servers: &[Server]) -> Result<Vec<Server>, DefinitionError> {
    let of_study = servers.iter().filter(|server| study.has_server(&server.name));
    let apart: BTreeSet<&str> =
        of_study.clone().filter_map(|server| server.twin_of.as_deref()).collect();
    let contenders = of_study.filter(|server| server.role == Role::Contender);
    let Some(axis) = &study.compare else {
        return Ok(copies(&contenders.collect::<Vec<_>>(), &apart));
    };
    let mut groups: Vec<(BTreeMap<String, String>, Vec<&Server>)> = Vec::new();
    for server in contenders {
        let Some(key) = study.other_axes(&server.axes, server.pool_size) else { continue };
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, group)) => group.push(server),
            None => groups.push((key, vec![server])),
        }
    }
    let is_compared = |(_, group): &&(_, Vec<&Server>)| group.len() > 1;
    if groups.len() > 1 && !groups.iter().any(|group| is_compared(&group)) {
        let names = groups.iter().flat_map(|(key, _)| key.keys()).collect::<BTreeSet<_>>();
        let differs = |name: &&&String| {
            groups.iter().any(|(key, _)| key.get(**name) != groups[0].0.get(**name))
        };
        let differing: Vec<&str> = names.iter().filter(differs).map(|name| name.as_str()).collect();
        return Err(DefinitionError::EmptyStudy {
            study: study.name.clone(),
            why: format!(
                "it compares servers that differ in nothing but {axis}, and all of these differ in more ({})",
                differing.join(", ")
            ),
        });
    }
    let compared = groups.iter().filter(is_compared).flat_map(|(_, group)| group.iter().copied());
    Ok(copies(&compared.collect::<Vec<_>>(), &apart))
}

/// The number of twins of a study, as far as it has as many contenders: the variance between a server and its twin can
/// then be told from that of the trials.
const TWINS: usize = 3;
/// The suffix of a copy's name.
const TWIN: &str = ".twin";

/// Copies of contenders, spread over their order, so that with the twins that are built `apart`, which are named by their
/// originals, there are [`TWINS`].
pub(super) fn copies(contenders: &[&Server], apart: &BTreeSet<&str>) -> Vec<Server> {
    let (built, without): (Vec<&Server>, Vec<&Server>) =
        contenders.iter().partition(|server| apart.contains(server.name.as_str()));
    let wanted = TWINS.saturating_sub(built.len()).min(without.len());
    let spread = |i: usize| i * (without.len() - 1) / (wanted - 1).max(1);
    (0..wanted).map(|i| copy(without[spread(i)])).collect()
}

/// A copy of a server under another name, so that the difference between the two is the run's own noise.
fn copy(server: &Server) -> Server {
    let name = match server.name.split_once('@') {
        // With the dot after the `@`, pages would take the name for an address of mail.
        Some((name, side)) => format!("{name}{TWIN}@{side}"),
        None => format!("{}{TWIN}", server.name),
    };
    Server {
        name,
        role: Role::Control,
        twin_of: Some(server.name.clone()),
        built_apart: false,
        ..server.clone()
    }
}

/// The item called `name`, which exists because studies were checked against the catalogue when they were read.
fn find<T: Clone>(items: &[T], name: &str, name_of: impl Fn(&T) -> &str) -> T {
    items
        .iter()
        .find(|item| name_of(item) == name)
        .expect("a study names only what the catalogue holds")
        .clone()
}

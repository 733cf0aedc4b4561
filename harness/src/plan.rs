//! The order of a run: which server when, and which of its cells in which order.

use std::time::Duration;

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;

use crate::definition::cell::Cell;
use crate::definition::scenario::Catalogue;
use crate::definition::server::RunServer;
use crate::definition::{DefinitionError, Filter, Profile, Registry, Role, Server, select};

/// One server's turn within a block: it is started, its cells are measured in this order, it is stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Index into the plan's servers.
    pub server: usize,
    /// Indices into the plan's cells.
    pub cells: Vec<usize>,
    /// The seed of its requests: that of the block, so that all its servers are asked alike.
    pub seed: u64,
}

/// One pass over all cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Every server once.
    pub turns: Vec<Turn>,
}

/// All that a run will do, in order.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What orders and requests are drawn from.
    pub seed: u64,
    /// The profile's name.
    pub profile: String,
    /// Who is measured.
    pub servers: Vec<Server>,
    /// What is measured of each.
    pub cells: Vec<Cell>,
    /// In which order.
    pub blocks: Vec<Block>,
}

/// What a turn costs besides its warm-ups and windows: start, health, drain and stop.
const TURN_OVERHEAD: Duration = Duration::from_millis(900);
/// How much longer than the least a warm-up takes on average.
const WARMUP_STRETCH: f64 = 1.3;
/// What a trial costs besides its warm-up and window: the load's own start and end.
const TRIAL_OVERHEAD: Duration = Duration::from_millis(350);

impl Plan {
    /// Selects servers and cells and draws every order from `seed`.
    ///
    /// # Errors
    /// When a filter matches nothing.
    pub fn new(
        registry: &Registry,
        catalogue: &Catalogue,
        profile: &Profile,
        filter: &Filter,
        seed: u64,
    ) -> Result<Plan, DefinitionError> {
        let mut servers: Vec<Server> =
            select("server", registry.servers(), &filter.servers, |server| &server.name)?
                .into_iter()
                .cloned()
                .collect();
        servers.extend(twin(&servers));
        let cells = select("scenario", &profile.cell, &filter.scenarios, |cell| &cell.scenario)?;
        let loads = select("load", &profile.cell, &filter.loads, |cell| &cell.load)?;
        let cells: Vec<Cell> = cells
            .into_iter()
            .filter(|cell| loads.contains(cell))
            .map(|times| Cell {
                scenario: find(&catalogue.scenarios, &times.scenario, |scenario| &scenario.name),
                load: find(&catalogue.loads, &times.load, |load| &load.name),
                times: times.clone(),
            })
            .collect();
        let is_of_any = |cell: &Cell| servers.iter().any(|server| cell.is_of(server.drives_itself));
        if !cells.iter().any(is_of_any) {
            return Err(DefinitionError::NoMatch {
                kind: "cell",
                pattern: "these scenarios under these loads".into(),
                known: profile
                    .cell
                    .iter()
                    .map(|cell| format!("{} × {}", cell.scenario, cell.load))
                    .collect::<Vec<_>>()
                    .join(", "),
            });
        }
        Ok(Plan {
            seed,
            profile: profile.name.clone(),
            blocks: draw(seed, profile.blocks, &servers, &cells),
            servers,
            cells,
        })
    }

    /// A recorded run's plan: the same cells in the same order, of the servers that have those names now.
    ///
    /// # Errors
    /// When the registry lacks one of `servers`.
    pub fn repeat(
        seed: u64,
        profile: &str,
        blocks: u32,
        servers: &[RunServer],
        cells: &[Cell],
        registry: &Registry,
    ) -> Result<Plan, DefinitionError> {
        let servers = servers
            .iter()
            .map(|recorded| {
                let name = recorded.twin_of.as_ref().unwrap_or(&recorded.name);
                let found = registry.servers().iter().find(|server| server.name == *name);
                let server = found.ok_or_else(|| DefinitionError::NoMatch {
                    kind: "server",
                    pattern: recorded.name.clone(),
                    known: registry
                        .servers()
                        .iter()
                        .map(|server| server.name.as_str())
                        .collect::<Vec<_>>()
                        .join(", "),
                })?;
                // A twin keeps its recorded name, which its trials bear.
                Ok(Server {
                    name: recorded.name.clone(),
                    role: recorded.role,
                    twin_of: recorded.twin_of.clone(),
                    ..server.clone()
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Plan {
            seed,
            profile: profile.to_owned(),
            blocks: draw(seed, blocks, &servers, cells),
            servers,
            cells: cells.to_vec(),
        })
    }

    /// How many trials there are.
    #[must_use]
    pub fn trials(&self) -> usize {
        self.blocks.iter().flat_map(|block| &block.turns).map(|turn| turn.cells.len()).sum()
    }

    /// How long the blocks will take, calibration and verification aside.
    #[must_use]
    pub fn expected(&self) -> Duration {
        let of_cell = |&cell: &usize| {
            let times = &self.cells[cell].times;
            // A noisy rate takes some slices more than the least to be called steady.
            Duration::from(times.warmup().least).mul_f64(WARMUP_STRETCH)
                + times.window()
                + TRIAL_OVERHEAD
        };
        let turns = self.blocks.iter().flat_map(|block| &block.turns);
        turns.map(|turn| turn.cells.iter().map(of_cell).sum::<Duration>() + TURN_OVERHEAD).sum()
    }
}

/// What a twin's name has besides that of the server that it is.
const TWIN: &str = ".twin";

/// The first contender once more, under another name: what the two differ by is the run's own noise.
fn twin(servers: &[Server]) -> Option<Server> {
    servers.iter().find(|server| server.role == Role::Contender).map(twin_of)
}

fn twin_of(server: &Server) -> Server {
    Server {
        name: format!("{}{TWIN}", server.name),
        role: Role::Control,
        twin_of: Some(server.name.clone()),
        ..server.clone()
    }
}

/// The item of that name: profiles were checked against the catalogue when they were read.
fn find<T: Clone>(items: &[T], name: &str, name_of: impl Fn(&T) -> &str) -> T {
    items
        .iter()
        .find(|item| name_of(item) == name)
        .expect("a profile names only what the catalogue holds")
        .clone()
}

/// Each block draws from a stream of its own, so that a longer run begins like a shorter one.
fn draw(seed: u64, blocks: u32, servers: &[Server], cells: &[Cell]) -> Vec<Block> {
    (0..blocks)
        .map(|block| {
            let mut rng = ChaCha12Rng::seed_from_u64(seed);
            rng.set_stream(u64::from(block) + 1);
            // One for all servers of a block: they are asked the same, at the same moments.
            let seed = rng.next_u64();
            let mut order: Vec<usize> = (0..servers.len()).collect();
            order.shuffle(&mut rng);
            let turns = order
                .into_iter()
                .map(|server| {
                    let mut order: Vec<usize> = (0..cells.len()).collect();
                    order.shuffle(&mut rng);
                    order.retain(|&cell| cells[cell].is_of(servers[server].drives_itself));
                    Turn { server, cells: order, seed }
                })
                .collect();
            Block { turns }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::profile;
    use crate::definition::scenario::{self, Asks, Load, LoadKind, Scenario};
    use crate::definition::server::{DatabaseLabel, Labels};
    use crate::units::PerSecond;
    use proptest::prelude::*;

    fn server(name: &str, drives_itself: bool) -> Server {
        let word = || "x".to_owned();
        Server {
            name: name.to_owned(),
            role: if drives_itself { Role::Ceiling } else { Role::Contender },
            labels: Labels {
                language: word(),
                framework: word(),
                layer: word(),
                runtime: word(),
                database: DatabaseLabel::Mysql,
            },
            dockerfile: word(),
            build: vec![word()],
            version: vec![word()],
            run: vec![word()],
            env: Default::default(),
            drives_itself,
            twin_of: None,
        }
    }

    /// Contenders, and one that drives itself.
    fn servers(contenders: usize) -> Vec<Server> {
        (0..contenders)
            .map(|i| server(&format!("s{i}"), false))
            .chain([server("alone", true)])
            .collect()
    }

    /// Every other one is closed.
    fn cells(count: usize) -> Vec<Cell> {
        let cell = |i: usize| {
            let rate = scenario::Rate::Fixed(PerSecond(10.0));
            let open = LoadKind::Open { rate, arrivals: scenario::Arrivals::Constant };
            Cell {
                scenario: Scenario {
                    name: "c".into(),
                    path: "/c".into(),
                    asks: Asks::RandomName,
                    about: String::new(),
                },
                load: Load {
                    name: format!("l{i}"),
                    users: 1,
                    kind: if i.is_multiple_of(2) { LoadKind::Closed } else { open },
                },
                times: profile::CellTimes {
                    scenario: "c".into(),
                    load: format!("l{i}"),
                    warmup_ms: 1,
                    warmup_limit_ms: 0,
                    window_ms: 1,
                },
            }
        };
        (0..count).map(cell).collect()
    }

    proptest! {
        #[test]
        fn each_block_visits_every_cell_once(seed: u64, blocks in 1u32..6, contenders in 1usize..12, count in 1usize..5) {
            let (servers, cells) = (servers(contenders), cells(count));
            let plan = draw(seed, blocks, &servers, &cells);
            prop_assert_eq!(plan.len(), blocks as usize);
            for block in &plan {
                let mut visited: Vec<_> = block.turns.iter()
                    .flat_map(|turn| turn.cells.iter().map(|cell| (turn.server, *cell)))
                    .collect();
                visited.sort_unstable();
                // The last drives itself: it has no open cell.
                let all: Vec<_> = (0..=contenders)
                    .flat_map(|s| (0..count).map(move |c| (s, c)))
                    .filter(|(s, c)| *s < contenders || c % 2 == 0)
                    .collect();
                prop_assert_eq!(visited, all);
            }
        }

        #[test]
        fn the_seed_is_all_that_the_order_depends_on(seed: u64) {
            let (servers, cells) = (servers(9), cells(2));
            let draw = |seed, blocks| draw(seed, blocks, &servers, &cells);
            prop_assert_eq!(draw(seed, 4), draw(seed, 4));
            // A longer run begins like a shorter one.
            prop_assert_eq!(&draw(seed, 8)[..4], &draw(seed, 4)[..]);
            prop_assert_ne!(draw(seed, 4), draw(seed.wrapping_add(1), 4));
        }
    }

    #[test]
    fn orders_differ_between_blocks() {
        let plan = draw(7, 8, &servers(9), &cells(2));
        assert!(plan.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn the_first_contender_has_a_twin() {
        let mut servers = servers(2);
        servers.rotate_right(1);
        let twin = twin(&servers).unwrap();
        assert_eq!((twin.name.as_str(), twin.twin_of.as_deref()), ("s0.twin", Some("s0")));
        assert_eq!(twin.role, Role::Control, "it does not compete");
        assert!(super::twin(&servers[..1]).is_none());
    }
}

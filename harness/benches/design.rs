//! Measures which order of measuring servers resolves the smallest differences in equal time.
//!
//! A recording of one server and its twin, in many short slices of the same load, is the machine's mood with no difference
//! between servers in it. The bench gives its slices to made-up servers in the order of each design, as often as the
//! recording has room, and prints how far the ratio of two such servers is from 1: that is the noise which the design
//! leaves in a true ratio, as it is and at an equal cost of the load. It also prints how far the machine's mood of one slice
//! tells that of later ones, and how far two starts of a server differ.
//!
//! Arguments: `record FOLDER` makes such a recording (a quarter of an hour; an interrupted one continues), and `FOLDER` alone
//! analyses one.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use stackmark::format::folder;
use stackmark::format::journal::{Entry, Trial};
use stackmark::observe::usage::Usage;

/// The server of the recording, by the name in `benches/truth/servers.toml`.
const SERVER: &str = "^copy-1$";
/// A window and the shortest settling before it.
const SLICE: [&str; 4] = ["--window", "250ms", "--settle", "50ms"];
/// Blocks and rounds: two servers × 16 starts × 60 slices, 0.39 s each.
const SIZE: [&str; 4] = ["--blocks", "16", "--rounds", "60"];
/// The numbers of servers of a run: two commits with their twins, and a study with its own.
const SERVERS: [usize; 2] = [4, 15];
/// The slices of the recording that make one slice of a design.
const LENGTHS: [usize; 5] = [1, 2, 4, 8, 16];
/// The made-up runs of each design.
const DRAWS: usize = 400;
/// The length of a made-up run as a share of the recording, so that runs begin at different places of it.
const SHARE: f64 = 0.5;

/// The mean of each start of a server in a block, and the variance of that mean if slices were independent.
type Starts = BTreeMap<(String, u32), (f64, f64)>;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["record", folder] => record(Path::new(folder)),
        [folder] => analyse(Path::new(folder)),
        _ => {
            eprintln!("say `record FOLDER` to make a recording, or FOLDER to analyse one");
            std::process::exit(2);
        }
    }
}

fn record(out: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackmark"));
    let registry = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/truth/servers.toml");
    command.arg("run").arg("--registry").arg(registry);
    if out.exists() {
        command.arg("--resume").arg(out);
    } else {
        command.args(["-s", SERVER, "-l", "closed-64", "-c", "^demo$"]).args(SLICE).args(SIZE);
        command.arg("--out").arg(out);
    }
    let status = command.status().expect("stackmark can be started");
    std::process::exit(status.code().unwrap_or(1));
}

/// One slice of the recording.
struct Slice {
    /// The start that it belongs to: its server and block.
    start: (String, u32),
    /// The logarithm of the server's CPU time per right answer.
    value: f64,
    /// The same of the load.
    load: f64,
}

fn analyse(folder: &Path) {
    let raw = folder::read(folder).unwrap_or_else(|error| {
        eprintln!("{error}");
        std::process::exit(2);
    });
    let slices: Vec<Slice> = raw.entries.iter().filter_map(slice).collect();
    let starts = means(&slices);
    let mood = mood(&slices, &starts);
    println!(
        "{} slices of one server: the standard deviation of their logarithm is {}",
        mood.len(),
        percent(deviation(&mood))
    );
    let correlations =
        [1, 2, 4, 8, 16, 32].map(|lag| format!("{lag}: {:.2}", correlation(&mood, lag)));
    println!(
        "the correlation of a slice with the one that is so many later: {}",
        correlations.join(", ")
    );
    println!("the standard deviation between starts: {}\n", percent(between(&starts)));
    println!(
        "| servers | slice | order | standard deviation of a true ratio of 1 | × drawn, slice 1 | × at an equal cost of the load |"
    );
    println!("|---|---|---|---|---|---|");
    let loads: Vec<f64> = slices.iter().map(|slice| slice.load).collect();
    for servers in SERVERS {
        let mut first = None;
        for length in LENGTHS {
            for order in [Order::Drawn, Order::Mirrored, Order::Williams] {
                let (noise, adjusted) = noise(&mood, &loads, servers, length, order);
                let first = *first.get_or_insert(noise);
                println!(
                    "| {servers} | {length} | {} | {} | {:.2} | {:.2} |",
                    order.name(),
                    percent(noise),
                    noise / first,
                    adjusted / noise
                );
            }
        }
    }
}

fn slice(entry: &Entry) -> Option<Slice> {
    let Entry::Trial(trial) = entry else { return None };
    let Trial { server, block, measured, .. } = &**trial;
    let answers = measured.record.right_in_window as f64 / measured.record.window.as_secs();
    let cost = |used: Usage| {
        let busy = used.cpu.as_secs() / used.seconds(measured.resources.interval);
        (busy / answers).ln()
    };
    Some(Slice {
        start: (server.clone(), *block),
        value: cost(measured.resources.server),
        load: cost(measured.resources.load),
    })
}

/// What is left of the slices without the differences between the two starts of a block: the machine's mood, with mean 0.
fn mood(slices: &[Slice], starts: &Starts) -> Vec<f64> {
    let mut blocks: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for ((_, block), (mean, _)) in starts {
        blocks.entry(*block).or_default().push(*mean);
    }
    let of_start = |(server, block): &(String, u32)| {
        let both = &blocks[block];
        starts[&(server.clone(), *block)].0 - both.iter().sum::<f64>() / both.len() as f64
    };
    let mut mood: Vec<f64> =
        slices.iter().map(|slice| slice.value - of_start(&slice.start)).collect();
    let mean = mood.iter().sum::<f64>() / mood.len() as f64;
    mood.iter_mut().for_each(|value| *value -= mean);
    mood
}

/// The mean of each start, and the variance of that mean if slices were independent.
fn means(slices: &[Slice]) -> Starts {
    let mut all: BTreeMap<(String, u32), Vec<f64>> = BTreeMap::new();
    for slice in slices {
        all.entry(slice.start.clone()).or_default().push(slice.value);
    }
    let summary = |values: Vec<f64>| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (mean, deviation(&values).powi(2) / values.len() as f64)
    };
    all.into_iter().map(|(start, values)| (start, summary(values))).collect()
}

/// The standard deviation that a start adds to a server's slices: of the difference between the server and its twin in the
/// same block, which share the machine's mood, without what the slices themselves explain.
fn between(starts: &Starts) -> f64 {
    let mut blocks: BTreeMap<u32, Vec<(f64, f64)>> = BTreeMap::new();
    for ((_, block), summary) in starts {
        blocks.entry(*block).or_default().push(*summary);
    }
    let pairs: Vec<_> = blocks.values().filter(|pair| pair.len() == 2).collect();
    let differences: Vec<f64> = pairs.iter().map(|pair| pair[0].0 - pair[1].0).collect();
    let within: f64 =
        pairs.iter().map(|pair| pair[0].1 + pair[1].1).sum::<f64>() / pairs.len() as f64;
    ((deviation(&differences).powi(2) - within).max(0.0) / 2.0).sqrt()
}

fn deviation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (values.len() as f64 - 1.0)).sqrt()
}

/// The correlation of values, whose mean is 0, with those `lag` later.
fn correlation(values: &[f64], lag: usize) -> f64 {
    let products: f64 = values.iter().zip(&values[lag..]).map(|(a, b)| a * b).sum();
    let squares: f64 = values.iter().map(|value| value * value).sum();
    products / squares
}

/// The order of a round's servers.
#[derive(Clone, Copy)]
enum Order {
    /// Drawn for each round.
    Drawn,
    /// Drawn for each odd round, and that in reverse for the even one after it.
    Mirrored,
    /// Rows of a square in which each server follows each other one equally often.
    Williams,
}

impl Order {
    fn name(self) -> &'static str {
        match self {
            Order::Drawn => "drawn",
            Order::Mirrored => "drawn, then reversed",
            Order::Williams => "Williams square",
        }
    }

    /// The order of round `number`, given that of the round before.
    fn round(
        self,
        number: usize,
        servers: usize,
        last: &[usize],
        rng: &mut impl Rng,
    ) -> Vec<usize> {
        match self {
            Order::Mirrored if number % 2 == 1 => last.iter().rev().copied().collect(),
            Order::Drawn | Order::Mirrored => {
                let mut order: Vec<usize> = (0..servers).collect();
                order.shuffle(rng);
                order
            }
            Order::Williams => {
                // 0, 1, n-1, 2, n-2 … and its shifts; for an odd number of servers, every second row is reversed.
                let zigzag = |i: usize| if i % 2 == 1 { i.div_ceil(2) } else { servers - i / 2 };
                let mut row: Vec<usize> = (0..servers)
                    .map(|i| (zigzag(i) + number / (1 + servers % 2)) % servers)
                    .collect();
                if servers % 2 == 1 && number % 2 == 1 {
                    row.reverse();
                }
                row
            }
        }
    }
}

/// The standard deviation of the logarithm of the ratio of two servers that are the same, over made-up runs and pairs: of the
/// ratio as it is, and at an equal cost of the load by analysis of covariance, with one slope for all servers of a run.
fn noise(mood: &[f64], loads: &[f64], servers: usize, length: usize, order: Order) -> (f64, f64) {
    let mut rng = ChaCha12Rng::seed_from_u64(1);
    let rounds = (mood.len() as f64 * SHARE) as usize / (servers * length);
    let slices = rounds * servers * length;
    let (mut plain, mut adjusted) = (0.0, 0.0);
    for _ in 0..DRAWS {
        let begin = rng.random_range(0..=mood.len() - slices);
        let mut turns = mood[begin..].chunks(length).zip(loads[begin..].chunks(length));
        let mut costs = vec![Pair::default(); servers];
        let (mut squares, mut products) = (0.0, 0.0);
        let mut row = Vec::new();
        for number in 0..rounds {
            row = order.round(number, servers, &row, &mut rng);
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            let of_turn = |(mood, loads)| Pair { server: mean(mood), load: mean(loads) };
            let round: Vec<Pair> = turns.by_ref().take(servers).map(of_turn).collect();
            let middle = Pair::mean(&round);
            for (&server, turn) in row.iter().zip(&round) {
                let (of_server, of_load) = (turn.server - middle.server, turn.load - middle.load);
                squares += of_load * of_load;
                products += of_load * of_server;
                costs[server].server += of_server / rounds as f64;
                costs[server].load += of_load / rounds as f64;
            }
        }
        let slope = products / squares;
        let at_equal_load = |cost: &Pair| cost.server - slope * cost.load;
        // The mean square of the differences of all pairs.
        let of_pairs = |of: &dyn Fn(&Pair) -> f64| {
            2.0 * deviation(&costs.iter().map(of).collect::<Vec<f64>>()).powi(2)
        };
        plain += of_pairs(&|cost| cost.server);
        adjusted += of_pairs(&at_equal_load);
    }
    ((plain / DRAWS as f64).sqrt(), (adjusted / DRAWS as f64).sqrt())
}

/// The logarithms of what an answer costs the server and the load.
#[derive(Clone, Copy, Default)]
struct Pair {
    server: f64,
    load: f64,
}

impl Pair {
    fn mean(all: &[Pair]) -> Pair {
        let mean = |of: fn(&Pair) -> f64| all.iter().map(of).sum::<f64>() / all.len() as f64;
        Pair { server: mean(|one| one.server), load: mean(|one| one.load) }
    }
}

fn percent(share: f64) -> String {
    format!("{:.2}%", 100.0 * share)
}

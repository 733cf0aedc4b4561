//! Every figure of a measured cell, once: its name, label, unit, meaning and value. `summary.csv`, `summary.json`, its
//! schema and the tables all take theirs from here.

use crate::measure::counted::CountFigures;
use crate::measure::{Figures, Response};
use crate::stats::Estimate;

use super::position::Position;
use Better::{Less, More, Neither};
use Read::{Estimated, Known, Number, Said, Word};

/// A cell's figures, and how they compare with those of the other servers.
pub(super) struct MeasuredCell<'a> {
    pub(super) figures: &'a Figures,
    pub(super) position: Position,
    /// What the server was counted to execute in the cell's scenario, if it was.
    pub(super) counted: Option<CountFigures>,
}

/// One figure of a measured cell.
pub(super) struct Figure {
    /// Its name in files for programs.
    pub(super) name: &'static str,
    /// What people call it; its unit follows.
    label: &'static str,
    /// What it is measured in.
    pub(super) unit: Unit,
    /// Which of two values is the better one.
    pub(super) better: Better,
    /// What it means, as the schema has it.
    pub(super) about: &'static str,
    /// How it is read from a cell.
    pub(super) read: Read,
}

/// Which of two values is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Better {
    More,
    Less,
    Neither,
}

/// What a figure is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    PerSecond,
    Micros,
    MicrosPerRequest,
    PerRequest,
    Mebibytes,
    Millis,
    /// A whole number.
    Count,
    /// A fraction: 1 is all of it.
    Share,
    /// A fraction that is 0 at best, so that a tenth of a percent counts.
    Loss,
    /// No number.
    Word,
}

/// How a figure is read from a cell.
#[derive(Clone, Copy)]
pub(super) enum Read {
    /// An estimate with its interval.
    Estimated(fn(&MeasuredCell) -> Option<Estimate>),
    /// A number without an interval, where it is known.
    Number(fn(&MeasuredCell) -> Option<f64>),
    /// A number without an interval that every cell has.
    Known(fn(&MeasuredCell) -> f64),
    /// A word that every cell has.
    Word(fn(&MeasuredCell) -> String),
    /// A word, where there is one.
    Said(fn(&MeasuredCell) -> Option<String>),
}

/// A figure's value in one cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Estimate(Estimate),
    Number(f64),
    Word(String),
}

impl Figure {
    const fn new(
        name: &'static str,
        (label, unit): (&'static str, Unit),
        better: Better,
        read: Read,
        about: &'static str,
    ) -> Figure {
        Figure { name, label, unit, better, about, read }
    }

    /// Whether it comes from counts, which few runs have: it is left out of the others' files.
    pub(super) fn is_counted(&self) -> bool {
        is_equal(self.name, INSTRUCTIONS) || is_equal(self.name, ALLOCATIONS)
    }

    /// Its value; absent where the cell has none.
    pub(super) fn value(&self, cell: &MeasuredCell) -> Option<Value> {
        match self.read {
            Estimated(of) => of(cell).map(Value::Estimate),
            Number(of) => of(cell).map(Value::Number),
            Known(of) => Some(Value::Number(of(cell))),
            Word(of) => Some(Value::Word(of(cell))),
            Said(of) => of(cell).map(Value::Word),
        }
    }

    /// Its label and unit, as a table's heading.
    pub(super) fn heading(&self) -> String {
        format!("{}{}", self.label, self.unit.suffix())
    }
}

impl Unit {
    /// The unit after a label.
    fn suffix(self) -> &'static str {
        match self {
            Unit::PerSecond => " req/s",
            Unit::Micros => " µs",
            Unit::Millis => " ms",
            Unit::MicrosPerRequest => " µs/req",
            Unit::PerRequest => "/req",
            Unit::Mebibytes => " MiB",
            Unit::Count | Unit::Share | Unit::Loss | Unit::Word => "",
        }
    }

    /// A number in this unit, with as many digits as a reader needs.
    pub(super) fn text(self, number: f64) -> String {
        match self {
            Unit::Share => format!("{:.0}%", 100.0 * number),
            Unit::Loss => format!("{:.1}%", 100.0 * number),
            Unit::Count => format!("{number:.0}"),
            _ => format!("{number:.1}"),
        }
    }

    /// The unit's name in the schema; absent for words.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Unit::Count => Some("count"),
            Unit::Share | Unit::Loss => Some("share"),
            Unit::Word => None,
            Unit::PerRequest => Some("per request"),
            other => Some(other.suffix().trim_start()),
        }
    }
}

impl Better {
    /// The word for it in the schema; absent where neither is better.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            More => Some("more"),
            Less => Some("less"),
            Neither => None,
        }
    }
}

/// The figure of this name. In a constant, an unknown name is an error of the compiler.
pub(super) const fn named(name: &str) -> &'static Figure {
    let mut index = 0;
    while index < FIGURES.len() {
        if is_equal(FIGURES[index].name, name) {
            return &FIGURES[index];
        }
        index += 1;
    }
    panic!("no figure has this name")
}

const fn is_equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut index = 0;
    while index < a.len() && index < b.len() && a[index] == b[index] {
        index += 1;
    }
    index == a.len() && index == b.len()
}

/// The figures that come from counts.
const INSTRUCTIONS: &str = "instructions_per_req";
const ALLOCATIONS: &str = "allocations_per_req";

fn percentile(cell: &MeasuredCell, of: impl Fn(&Response) -> Option<Estimate>) -> Option<Estimate> {
    cell.figures.response.as_ref().and_then(of)
}

/// All figures, in the order in which files list them.
pub(super) const FIGURES: &[Figure] = &[
    Figure::new(
        "goodput_rps",
        ("goodput", Unit::PerSecond),
        More,
        Estimated(|cell| Some(cell.figures.goodput)),
        "Right answers per second.",
    ),
    Figure::new(
        "p50_us",
        ("p50", Unit::Micros),
        Less,
        Estimated(|cell| percentile(cell, |response| response.p50)),
        "Of an open load: microseconds from due to the last byte that half of the requests do not exceed. A percentile \
         that falls among requests without a right answer is absent, as is one whose 95% interval over blocks reaches \
         farther than a factor of 1.25.",
    ),
    Figure::new(
        "p90_us",
        ("p90", Unit::Micros),
        Less,
        Estimated(|cell| percentile(cell, |response| response.p90)),
        "Of an open load: microseconds from due to the last byte that nine tenths of the requests do not exceed.",
    ),
    Figure::new(
        "p99_us",
        ("p99", Unit::Micros),
        Less,
        Estimated(|cell| percentile(cell, |response| response.p99)),
        "Of an open load: microseconds from due to the last byte that 99 in 100 requests do not exceed.",
    ),
    Figure::new(
        "p999_us",
        ("p99.9", Unit::Micros),
        Less,
        Estimated(|cell| percentile(cell, |response| response.p999)),
        "Of an open load: microseconds from due to the last byte that 999 in 1,000 requests do not exceed.",
    ),
    Figure::new(
        "max_us",
        ("max", Unit::Micros),
        Less,
        Number(|cell| cell.figures.response.as_ref().map(|response| response.max)),
        "Of an open load: the longest time from due to the last byte of a right answer, in microseconds, of all trials: \
         an observation, and no estimate.",
    ),
    Figure::new(
        "server_cpu_us_per_req",
        ("server CPU", Unit::MicrosPerRequest),
        Less,
        Estimated(|cell| cell.figures.server_cpu),
        "The server's CPU time per right answer, in microseconds. It and all figures of CPU time are over the trials whose \
         readings of CPU time span their windows, and absent where those are fewer than two.",
    ),
    Figure::new(
        INSTRUCTIONS,
        ("instructions", Unit::PerRequest),
        Less,
        Estimated(|cell| cell.counted.map(|counted| counted.instructions)),
        "Instructions that the server executes in user space per request of the scenario, as valgrind's callgrind counts \
         them with one user and one worker thread. The kernel's work, waiting, caches and threads that hinder each other \
         are not in it. Only in runs that were counted.",
    ),
    Figure::new(
        ALLOCATIONS,
        ("allocations", Unit::PerRequest),
        Less,
        Estimated(|cell| cell.counted.map(|counted| counted.allocations)),
        "How often the server asks its allocator for memory per request of the scenario, as callgrind counts the calls. \
         Only in runs that were counted.",
    ),
    Figure::new(
        "db_cpu_us_per_req",
        ("database CPU", Unit::MicrosPerRequest),
        Less,
        Estimated(|cell| cell.figures.db_cpu),
        "The database's CPU time per right answer, in microseconds; absent if it was not observed.",
    ),
    Figure::new(
        "loader_cpu_us_per_req",
        ("load CPU", Unit::MicrosPerRequest),
        Neither,
        Estimated(|cell| cell.figures.load_cpu),
        "The load's CPU time per right answer, in microseconds; absent where the server drove itself.",
    ),
    Figure::new(
        "server_rss_mib",
        ("server memory", Unit::Mebibytes),
        Less,
        Known(|cell| cell.figures.server_rss),
        "The server's anonymous memory, in MiB: the largest reading of all trials.",
    ),
    Figure::new(
        "bottleneck",
        ("limit", Unit::Word),
        Neither,
        Word(|cell| cell.figures.limit.name()),
        "What was saturated in most trials: `server`, `database`, `load`, several joined by ` + `, `pool?`, `none` or \
         `unknown`. `pool?` is inferred: no CPU was saturated, and there were more users than connections, so requests \
         may have waited for one.",
    ),
    Figure::new(
        "load_cpu_share",
        ("load's share of its CPUs", Unit::Share),
        Neither,
        Number(|cell| cell.figures.load.cpu_share),
        "The load's share of its CPUs' time, in the worst trial; 1 is all of it. Absent where the server drove itself.",
    ),
    Figure::new(
        "own_lateness_p99_us",
        ("load's own lateness p99", Unit::Micros),
        Less,
        Number(|cell| cell.figures.load.own_lateness_p99),
        "Of an open load: the 99th percentile of how late it was by its own doing, in microseconds, in the worst trial.",
    ),
    Figure::new(
        "own_lateness_p50_us",
        ("load's own lateness p50", Unit::Micros),
        Less,
        Estimated(|cell| cell.figures.load.own_lateness_p50),
        "Of an open load: the median of how late it was by its own doing, in microseconds. The percentiles of the response \
         times hold the load's own lateness.",
    ),
    Figure::new(
        "achieved",
        ("achieved", Unit::Share),
        More,
        Number(|cell| cell.figures.load.achieved),
        "Of an open load: right answers within the window over requests due in it, in the worst trial.",
    ),
    Figure::new(
        "littles_law_residual",
        ("residual of Little's law", Unit::Loss),
        Less,
        Known(|cell| cell.figures.load.littles_law_residual),
        "How far rate × mean response is from the mean number of requests in the system, as a fraction, in the worst trial.",
    ),
    Figure::new(
        "server_switches_per_req",
        ("server switches", Unit::PerRequest),
        Less,
        Estimated(|cell| cell.figures.resources.server.switches),
        "The server's context switches per request that was sent, from the load's start to its drain.",
    ),
    Figure::new(
        "server_involuntary_switches_per_req",
        ("server involuntary switches", Unit::PerRequest),
        Less,
        Estimated(|cell| cell.figures.resources.server.involuntary),
        "The same, where it had to give up its CPU to another.",
    ),
    Figure::new(
        "server_threads",
        ("server threads", Unit::Count),
        Neither,
        Number(|cell| cell.figures.resources.server.threads),
        "The server's threads: the largest number of all trials.",
    ),
    Figure::new(
        "server_files",
        ("server files", Unit::Count),
        Neither,
        Number(|cell| cell.figures.resources.server.files),
        "The server's open file descriptors: the largest number of all trials.",
    ),
    Figure::new(
        "server_throttled",
        ("server throttled", Unit::Loss),
        Less,
        Number(|cell| cell.figures.resources.server.throttled),
        "The largest share of any window that a quota of its own kept the server from running.",
    ),
    Figure::new(
        "db_switches_per_req",
        ("database switches", Unit::PerRequest),
        Less,
        Estimated(|cell| cell.figures.resources.db.switches),
        "The database's context switches per request that was sent, from the load's start to its drain.",
    ),
    Figure::new(
        "db_rss_mib",
        ("database memory", Unit::Mebibytes),
        Less,
        Number(|cell| cell.figures.resources.db.memory_mib),
        "The database's anonymous memory, in MiB: the largest reading of all trials.",
    ),
    Figure::new(
        "loader_rss_mib",
        ("load memory", Unit::Mebibytes),
        Neither,
        Number(|cell| cell.figures.resources.load.memory_mib),
        "The load's anonymous memory, in MiB: the largest reading of all trials.",
    ),
    Figure::new(
        "throttled",
        ("throttled", Unit::Loss),
        Less,
        Number(|cell| cell.figures.resources.throttled),
        "The largest share of any window that a quota on all parts together kept them from running.",
    ),
    Figure::new(
        "stolen",
        ("taken by the host", Unit::Loss),
        Less,
        Number(|cell| cell.figures.resources.stolen),
        "The largest share of any window that the host took from the CPUs of any part.",
    ),
    Figure::new(
        "other_work",
        ("other work", Unit::Loss),
        Less,
        Number(|cell| Some(cell.figures.resources.other?.median)),
        "The share of all CPUs of the run that went to other work, neither to a part nor to the harness, in the median trial.",
    ),
    Figure::new(
        "other_work_max",
        ("other work at most", Unit::Loss),
        Less,
        Number(|cell| Some(cell.figures.resources.other?.largest)),
        "The share of all CPUs of the run that went to other work, in the worst trial.",
    ),
    Figure::new(
        "db_queries_per_req",
        ("queries", Unit::PerRequest),
        Neither,
        Estimated(|cell| cell.figures.resources.queries),
        "SELECT statements that the database counted, per request that was sent, from the load's start to its drain.",
    ),
    Figure::new(
        "db_prepares_per_req",
        ("prepares", Unit::PerRequest),
        Less,
        Estimated(|cell| cell.figures.resources.prepares),
        "Statements that the database prepared, per request that was sent, from the load's start to its drain.",
    ),
    Figure::new(
        "db_rows_per_req",
        ("rows", Unit::PerRequest),
        Neither,
        Estimated(|cell| cell.figures.resources.rows),
        "Look-ups through an index and rows read, per request that was sent, from the load's start to its drain.",
    ),
    Figure::new(
        "db_hidden_per_req",
        ("other round trips", Unit::PerRequest),
        Less,
        Estimated(|cell| cell.figures.resources.extra_round_trips),
        "Pings, resets and other round trips that no request asked for, per request that was sent, from the load's start \
         to its drain.",
    ),
    Figure::new(
        "db_connections",
        ("connections", Unit::Count),
        Neither,
        Number(|cell| cell.figures.resources.connections),
        "The server's connections to the database: the largest number of all trials.",
    ),
    Figure::new(
        "server_cpu_share",
        ("server's share of its CPUs", Unit::Share),
        Neither,
        Estimated(|cell| cell.figures.resources.server.cpu_share),
        "The server's share of its CPUs' time; 1 is all of it.",
    ),
    Figure::new(
        "db_cpu_share",
        ("database's share of its CPUs", Unit::Share),
        Neither,
        Estimated(|cell| cell.figures.resources.db.cpu_share),
        "The database's share of its CPUs' time; 1 is all of it.",
    ),
    Figure::new(
        "first_answer_ms",
        ("first answer", Unit::Millis),
        Less,
        Estimated(|cell| cell.figures.start.first_answer),
        "Of all starts of the server: milliseconds from the start of its process to its first right answer to a health check. \
         Absent in containers.",
    ),
    Figure::new(
        "idle_memory_mib",
        ("idle memory", Unit::Mebibytes),
        Less,
        Estimated(|cell| cell.figures.start.idle_memory),
        "Of all starts of the server: anonymous memory after its first right answer, in MiB.",
    ),
    Figure::new(
        "idle_resident_mib",
        ("idle resident memory", Unit::Mebibytes),
        Less,
        Estimated(|cell| cell.figures.start.idle_resident),
        "Of all starts of the server: resident memory after its first right answer, with the pages of files, in MiB.",
    ),
    Figure::new(
        "peak_memory_mib",
        ("memory at its peak", Unit::Mebibytes),
        Less,
        Estimated(|cell| cell.figures.start.peak_memory),
        "Over blocks: the server's largest anonymous memory in any window of the block, whatever the cell, in MiB.",
    ),
    Figure::new(
        "program_mib",
        ("program", Unit::Mebibytes),
        Less,
        Number(|cell| cell.figures.start.program),
        "The size of the server's program as it was built, in MiB; absent for an interpreter, and in containers.",
    ),
    Figure::new(
        "image_mib",
        ("image", Unit::Mebibytes),
        Less,
        Number(|cell| cell.figures.start.image),
        "The size of the server's image, in MiB; absent outside of containers.",
    ),
    Figure::new(
        "letters",
        ("letters", Unit::Word),
        Neither,
        Said(|cell| cell.position.letters.clone()),
        "Of contenders, in the load whose figure orders them: two servers of a ranking share a letter exactly where they are \
         not shown to differ. `a` is that of the first.",
    ),
    Figure::new(
        "goodput_of_null",
        ("goodput, of HTTP alone", Unit::Share),
        More,
        Number(|cell| cell.position.of_null.map(|share| share.part)),
        "Of a closed load: goodput over that of the ceiling without a database. A lower bound where goodput is one, an \
         upper bound where the ceiling's is, and absent where both are.",
    ),
    Figure::new(
        "goodput_of_alone",
        ("goodput, of the layer alone", Unit::Share),
        More,
        Number(|cell| cell.position.of_alone.map(|share| share.part)),
        "Of a closed load: goodput over that of the ceiling that is the server's layer alone. A lower bound where goodput \
         is one, an upper bound where the ceiling's is, and absent where both are.",
    ),
];

/// What the schema says of the flag that goes with goodput.
pub(super) const IS_LOWER_BOUND: &str =
    "Whether goodput is only a lower bound: something other than the server was the limit.";

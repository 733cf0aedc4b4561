//! `stackmark load`: puts a load on one URL, for a user or as a process of the harness.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use url::{Position, Url};

use super::interrupt;
use crate::args::{self, Arrivals};
use crate::definition::scenario::{self, Catalogue};
use crate::definition::warmup::Warmup;
use crate::load::goose::{LoadError, attack};
use crate::load::protocol::{Command, Event};
use crate::load::spec::{Shard, TRANSACTION};
use crate::load::timer::Waiting;
use crate::load::window::TurningPoint;
use crate::load::{LoadRecord, LoadSpec, Pace};
use crate::os::{self, process};
use crate::report::table::Table;
use crate::units::{Moment, Nanos, PerSecond};
use crate::workload::{self, Visitor, Workload};
use crate::workspace::Workspace;

/// The time between the command and the first request, in which Goose starts its users.
const START_DELAY: Duration = Duration::from_millis(50);

/// Runs the verb.
///
/// # Errors
/// When the URL, the scenario or a number is invalid, or the load cannot be started.
pub fn run(args: &args::Load) -> anyhow::Result<ExitCode> {
    if let Some(cpu) = args.cpu {
        process::place(std::process::id(), &[cpu].into_iter().collect())
            .with_context(|| format!("this process may not use CPU {cpu}; choose another"))?;
    }
    if args.spec {
        return child();
    }
    let spec = specification(args)?;
    let record = match spec.asks.visit(ByHand(&spec)) {
        Err(LoadError::Interrupted) => return Ok(interrupt::exit_code()),
        result => result?,
    };
    print(&spec, &record).print(args.format)?;
    Ok(if record.right == 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// A load that a user started: nothing else ends its warm-up, or reads its events.
struct ByHand<'a>(&'a LoadSpec);

impl Visitor for ByHand<'_> {
    type Output = Result<LoadRecord, LoadError>;

    fn visit<W: Workload>(self) -> Self::Output {
        let workload = self.0.workload::<W>();
        let start = Moment::now() + START_DELAY.into();
        attack(self.0, workload, start, std::future::pending(), |_| {})
    }
}

/// Runs loads for the harness, one after the other: reads and writes JSON lines.
fn child() -> anyhow::Result<ExitCode> {
    let (sender, mut commands) = unbounded_channel();
    thread::spawn(move || {
        for line in io::stdin().lines() {
            let command = line
                .context("cannot read the harness's message")
                .and_then(|line| serde_json::from_str(&line).context("cannot understand it"));
            // The receiver lives as long as the process.
            let _ = sender.send(command);
        }
        // The harness wants no more loads, or is gone. Where this process is not tied to it, as in another container, only
        // this end shows that.
        std::process::exit(0);
    });
    loop {
        let Command::SetUp(spec) = next(&mut commands)? else { bail!("there is no load yet") };
        spec.asks.visit(UnderHarness { spec: &spec, commands: &mut commands })?;
    }
}

type Commands = UnboundedReceiver<anyhow::Result<Command>>;

fn next(commands: &mut Commands) -> anyhow::Result<Command> {
    commands.blocking_recv().context("the harness has ended")?
}

/// A load that the harness started. Commands of the harness begin it and end its warm-up.
struct UnderHarness<'a> {
    spec: &'a LoadSpec,
    commands: &'a mut Commands,
}

impl Visitor for UnderHarness<'_> {
    type Output = anyhow::Result<()>;

    fn visit<W: Workload>(self) -> anyhow::Result<()> {
        let UnderHarness { spec, commands } = self;
        let workload = spec.workload::<W>();
        say(&Event::Ready)?;
        let Command::Go { start } = next(commands)? else { bail!("the load has not begun yet") };
        let window = async {
            match commands.recv().await {
                Some(Ok(Command::Measure { from })) => from,
                other => {
                    let reason = match other {
                        Some(Err(error)) => format!("{error:#}"),
                        _ => "the harness said something that belongs in no load".to_owned(),
                    };
                    // The harness gives the load up then, and this process.
                    let _ = say(&Event::Failed { reason });
                    std::future::pending().await
                }
            }
        };
        let report = |point| {
            // A failure means that the harness has ended; so will this process.
            let _ = say(&match point {
                TurningPoint::WarmingUp(right) => Event::WarmingUp { right },
                TurningPoint::Window(start, end) => Event::Window { start, end },
            });
        };
        let last = match attack(spec, workload, start, window, report) {
            Ok(record) => Event::Record(Box::new(record)),
            Err(error) => Event::Failed { reason: error.to_string() },
        };
        say(&last)
    }
}

fn say(event: &Event) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, event)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

fn specification(args: &args::Load) -> anyhow::Result<LoadSpec> {
    let (address, mut path) = parse_url(args.url.as_deref().unwrap_or_default())?;
    let mut asks = workload::Kind::at(&path).unwrap_or(workload::Kind::RandomName);
    let mut timeout = scenario::TIMEOUT.0;
    if let Some(name) = &args.scenario {
        let workspace = Workspace::find()?;
        let catalogue = Catalogue::read(&workspace.scenarios())?;
        let Some(scenario) = catalogue.scenarios.iter().find(|scenario| scenario.name == *name)
        else {
            let known: Vec<_> =
                catalogue.scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
            bail!("there is no scenario {name:?}; there are: {}", known.join(", "));
        };
        path.clone_from(&scenario.path);
        asks = scenario.asks;
        timeout = scenario.timeout.0;
    }
    let timeout = args.timeout.unwrap_or(timeout);
    if args.users == 0 {
        bail!("a load needs users; give --users at least 1");
    }
    if args.window.is_zero() || timeout.is_zero() {
        bail!("a window or timeout of 0 measures nothing; give --window and --timeout more than 0");
    }
    let pace = match args.rate {
        None => Pace::Closed,
        Some(rate) if rate > 0.0 && rate.is_finite() => Pace::Open {
            rate: PerSecond(rate),
            arrivals: match args.arrivals {
                Arrivals::Constant => scenario::Arrivals::Constant,
                Arrivals::Poisson => scenario::Arrivals::Poisson,
            },
        },
        Some(rate) => {
            bail!("{rate} is not a rate; give --rate a number above 0")
        }
    };
    Ok(LoadSpec {
        address,
        path,
        asks,
        has_rows: true,
        users: args.users,
        pace,
        shard: Shard { index: 0, count: 1 },
        warmup: Warmup::fixed(args.warmup.into()),
        window: args.window.into(),
        timeout: timeout.into(),
        seed: args.seed,
        waiting: if args.spin { Waiting::Spins } else { Waiting::Sleeps },
        slice: TRANSACTION,
    })
}

/// Parses `http://HOST[:PORT][/PATH][?QUERY]`, with port 80 and the path `/demo` by default.
fn parse_url(text: &str) -> anyhow::Result<(SocketAddr, String)> {
    let url = Url::parse(text).ok().filter(|url| {
        let plain = url.username().is_empty() && url.password().is_none();
        url.scheme() == "http" && plain && url.fragment().is_none()
    });
    let url = url.with_context(|| {
        format!("{text:?} is not a valid URL; write it like http://127.0.0.1:8080/demo")
    })?;
    let address = os::url::address(&url, 80)
        .with_context(|| format!("the host of {text:?} has no address; correct it"))?;
    let names_a_path = text.get("http://".len()..).is_some_and(|rest| rest.contains('/'));
    let path = match &url[Position::BeforePath..Position::AfterQuery] {
        "/" if !names_a_path => "/demo",
        path => path,
    };
    Ok((address, path.to_owned()))
}

fn print(spec: &LoadSpec, record: &LoadRecord) -> Table {
    let micros = |latency: Nanos| format!("{:.0}", latency.as_micros().0);
    let mut table = Table::new(&["figure", "value"]);
    let mut row = |figure: &str, value: String| table.row(vec![figure.into(), value]);
    row("users", record.users.to_string());
    row("window s", format!("{:.3}", record.window.as_secs()));
    if let Pace::Open { rate, .. } = spec.pace {
        row("rate req/s", format!("{:.1}", rate.0));
    }
    row("goodput req/s", format!("{:.1}", record.goodput()));
    row("sent", record.sent.to_string());
    row("right", record.right.to_string());
    for (class, errors) in &record.errors {
        row(&format!("errors: {}", class.name()), errors.count.to_string());
    }
    row("in flight at the end", record.in_flight.to_string());
    row("never sent", record.unsent.to_string());
    row("reconnects", record.reconnects.to_string());
    for (name, latencies) in [
        ("response", &record.response),
        ("service", &record.service),
        ("lateness", &record.lateness),
    ] {
        for (quantile, text) in
            [(0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"), (1.0, "max")]
        {
            row(&format!("{name} {text} µs"), micros(latencies.quantile(quantile)));
        }
    }
    if let Some(residual) = record.littles_law_residual() {
        row("Little's law residual", format!("{:+.2}%", 100.0 * residual));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::parse_url;

    #[test]
    fn a_url_names_an_address_and_a_path() {
        for (url, address, path) in [
            ("http://127.0.0.1:8080/idle", "127.0.0.1:8080", "/idle"),
            ("http://127.0.0.1", "127.0.0.1:80", "/demo"),
            ("http://127.0.0.1:8080/", "127.0.0.1:8080", "/"),
            ("http://[::1]", "[::1]:80", "/demo"),
            ("http://[::1]/demo?name=a", "[::1]:80", "/demo?name=a"),
            ("http://[::1]:8080/demo", "[::1]:8080", "/demo"),
        ] {
            let (found, found_path) = parse_url(url).unwrap();
            assert_eq!((found.to_string().as_str(), found_path.as_str()), (address, path), "{url}");
        }
    }

    #[test]
    fn other_urls_are_refused() {
        let refused = [
            "",
            "127.0.0.1:80",
            "https://127.0.0.1/",
            "http://me:p@127.0.0.1/",
            "http://[::1/",
            "http://:80/",
        ];
        for url in refused {
            let error = parse_url(url).unwrap_err().to_string();
            assert!(error.contains("write it like http://127.0.0.1:8080/demo"), "{url}: {error}");
        }
    }
}

//! Prices in words: what each pair costs over all kinds of work, what it costs for one, and a line for a first look.

use crate::compare::Verdict;
use crate::measure::block::Metric;

use super::super::answer::joined;
use super::super::number::{self, with_ends, with_interval};
use super::{Over, Pair, Price, Prices, Ratio, Side, What};

/// What sentences tell besides the server's CPU time, in order.
const OTHERS: [What; 5] = [
    What::Instructions,
    What::Measured(Metric::DatabaseCpu),
    What::Measured(Metric::Goodput),
    What::Measured(Metric::P50),
    What::Measured(Metric::P99),
];
const CPU: What = What::Measured(Metric::ServerCpu);

/// A ratio and what it is of.
struct Told<'a> {
    price: &'a Price,
    ratio: Ratio,
    /// Such as `` `demo`, database x ``.
    of: String,
}

impl Prices {
    /// A sentence or two for each pair.
    #[must_use]
    pub fn in_words(&self) -> Vec<String> {
        self.pairs.iter().map(|pair| pair.in_words(&self.scenarios)).collect()
    }

    /// A sentence for each pair that was measured in a scenario, with all its figures.
    pub fn of_scenario<'a>(
        &'a self,
        scenario: &'a str,
    ) -> impl Iterator<Item = (&'a Pair, String)> {
        self.pairs.iter().filter_map(move |pair| Some((pair, pair.in_scenario(scenario)?)))
    }

    /// A sentence for each value, over all kinds of work and wherever it was measured.
    #[must_use]
    pub fn headline(&self) -> Vec<String> {
        let mut said: Vec<(&str, String)> = Vec::new();
        let mut sentences = Vec::new();
        for pair in &self.pairs {
            let key = (pair.value.as_str(), pair.own_over());
            if said.contains(&key) {
                continue;
            }
            let alike = self.pairs.iter().filter(|one| (one.value.as_str(), one.own_over()) == key);
            let told: Vec<Told> =
                alike.flat_map(|one| one.told(&self.scenarios, CPU, true)).collect();
            let Some(text) = range(&told, &format!("the server CPU of {}", key.1)) else {
                continue;
            };
            sentences.push(format!("`{}` takes {text}.", pair.value));
            said.push(key);
        }
        sentences
    }
}

impl Pair {
    /// Where it was measured, such as `database x`.
    pub(in super::super) fn place_in_words(&self) -> String {
        let place = self.place.iter().map(|(axis, value)| format!("{axis} {value}"));
        place.collect::<Vec<_>>().join(", ")
    }

    /// What it is held against, for a table.
    pub(in super::super) fn over_in_table(&self) -> &str {
        match self.kind {
            Over::Driver | Over::Reference => &self.over_value,
            Over::LayerAlone => "the layer alone",
            Over::HttpAlone => "HTTP alone",
        }
    }

    /// What it is held against, for a heading of a chart.
    pub(in super::super) fn over_in_chart(&self) -> &str {
        match self.kind {
            Over::Driver => "its driver",
            _ => self.over_in_table(),
        }
    }

    fn over_in_words(&self) -> String {
        match self.kind {
            Over::Driver => format!("its driver `{}`", self.over_value),
            _ => self.own_over(),
        }
    }

    /// What it is held against, the same for each driver.
    fn own_over(&self) -> String {
        match self.kind {
            Over::Driver => "its own driver".to_owned(),
            Over::Reference => format!("`{}`", self.over_value),
            Over::LayerAlone => "its layer alone".to_owned(),
            Over::HttpAlone => "HTTP alone".to_owned(),
        }
    }

    /// The ratios of a figure, scenario by scenario.
    fn told(&self, scenarios: &[String], what: What, with_place: bool) -> Vec<Told<'_>> {
        let told = scenarios.iter().filter_map(|scenario| {
            let price = self.price(scenario, what)?;
            let mut of = format!("`{scenario}`");
            if with_place && !self.place.is_empty() {
                of += &format!(" with {}", self.place_in_words());
            }
            Some(Told { price, ratio: price.ratio?, of })
        });
        told.collect()
    }

    fn in_words(&self, scenarios: &[String]) -> String {
        let cpu = self.told(scenarios, CPU, false);
        let what = format!("the server CPU of {}", self.over_in_words());
        let mut text = match (self.place.is_empty(), range(&cpu, &what)) {
            (_, None) => format!("`{}` has no CPU time to be compared", self.value),
            (true, Some(range)) => format!("`{}` takes {range}", self.value),
            (false, Some(range)) => {
                format!("With {}, `{}` takes {range}", self.place_in_words(), self.value)
            }
        };
        let of = |verdict: Verdict| {
            let alike = cpu.iter().filter(|told| told.ratio.verdict == verdict);
            let alike: Vec<String> = alike.map(|told| told.of.clone()).collect();
            (!alike.is_empty()).then(|| joined(&alike))
        };
        text += &of(Verdict::Equivalent)
            .map(|of| format!("; it is shown to be within 3% for {of}"))
            .unwrap_or_default();
        text += &of(Verdict::Undecided)
            .map(|of| format!("; no difference is shown for {of}"))
            .unwrap_or_default();
        let others: Vec<String> = OTHERS
            .iter()
            .filter_map(|what| range_of(&self.told(scenarios, *what, false), *what))
            .chain(
                self.is_bounded().then(|| "goodput not compared, both being lower bounds".into()),
            )
            .collect();
        if others.is_empty() {
            text + "."
        } else {
            format!("{text}. Besides that: {}.", others.join("; "))
        }
    }

    /// Whether its goodput was measured, and is nowhere more than a lower bound on both sides.
    fn is_bounded(&self) -> bool {
        let goodput = || {
            let of = |price: &&Price| price.what == What::Measured(Metric::Goodput);
            self.prices.iter().filter(of)
        };
        let is_bound = |side: Option<Side>| side.is_some_and(|side| side.is_bound);
        goodput().next().is_some()
            && goodput().all(|price| is_bound(price.own) && is_bound(price.over))
    }

    /// All that is known of it in a scenario; absent where it has no ratio there.
    fn in_scenario(&self, scenario: &str) -> Option<String> {
        let figures = std::iter::once(&CPU).chain(&OTHERS);
        let told: Vec<String> = figures
            .filter_map(|what| {
                let price = self.price(scenario, *what)?;
                price.in_words(*what == CPU)
            })
            .collect();
        if told.is_empty() {
            return None;
        }
        let place = match self.place.is_empty() {
            true => String::new(),
            false => format!(", {}", self.place_in_words()),
        };
        Some(format!("`{}` over {}{place}: {}.", self.value, self.over_in_words(), told.join("; ")))
    }
}

impl Price {
    /// The ratio with its verdict, and where asked for both figures.
    fn in_words(&self, with_figures: bool) -> Option<String> {
        let ratio = self.ratio?;
        let times = self.times(&ratio)?;
        let noun = self.what.noun();
        let rate = self.rate.as_ref().map(|rate| format!(" at {rate} req/s")).unwrap_or_default();
        let figures = match (self.own, self.over) {
            (Some(own), Some(over)) if with_figures => {
                let [own, over] = [own, over].map(|side| self.what.figure(&side));
                format!(" ({own} instead of {over}{})", self.what.unit())
            }
            _ => String::new(),
        };
        let verdict = match ratio.verdict {
            Verdict::Different => "",
            Verdict::Equivalent => " the same within 3%,",
            Verdict::Undecided => " not shown to differ,",
        };
        Some(format!("{noun}{rate}{verdict} {times} times{figures}"))
    }

    /// The ratio as text; absent where both figures are lower bounds.
    fn times(&self, ratio: &Ratio) -> Option<String> {
        let is_bound = |side: Option<Side>| side.is_some_and(|side| side.is_bound);
        let text = number::ratio(&ratio.estimate);
        number::quotient(&text, is_bound(self.own), is_bound(self.over))
    }
}

impl What {
    /// What sentences call it.
    fn noun(self) -> &'static str {
        match self {
            What::Measured(metric) => super::super::metric_name::short(metric),
            What::Instructions => "instructions",
        }
    }

    fn unit(self) -> &'static str {
        match self {
            What::Measured(Metric::Goodput) => " req/s",
            What::Measured(_) => " µs",
            What::Instructions => "",
        }
    }

    /// A figure without its unit.
    fn figure(self, side: &Side) -> String {
        let text = match self {
            What::Measured(Metric::P50 | Metric::P99) => with_ends(&side.estimate),
            What::Measured(_) | What::Instructions => with_interval(&side.estimate),
        };
        format!("{}{text}", if side.is_bound { "≥ " } else { "" })
    }
}

/// The least and the most of some ratios, as `x times WHAT for A`, or `x to y times WHAT, least for A and most for B`.
fn range(told: &[Told], what: &str) -> Option<String> {
    let (least, most) = ends(told)?;
    let (low, high) = (least.price.times(&least.ratio)?, most.price.times(&most.ratio)?);
    Some(match told.len() {
        1 => format!("{low} times {what} for {}", least.of),
        2 => format!("{low} times {what} for {} and {high} times for {}", least.of, most.of),
        _ => {
            format!("{low} to {high} times {what}, least for {} and most for {}", least.of, most.of)
        }
    })
}

/// A figure that is told besides, in few words.
fn range_of(told: &[Told], what: What) -> Option<String> {
    let (least, most) = ends(told)?;
    // Rates differ by scenario, and one of them would stand for all.
    let load = least.price.rate.as_ref().map(|_| " under the open load").unwrap_or_default();
    let noun = what.noun();
    let all =
        |verdict: Verdict| told.len() > 1 && told.iter().all(|one| one.ratio.verdict == verdict);
    if all(Verdict::Equivalent) {
        return Some(format!("{noun}{load} the same within 3% for each"));
    }
    let (low, high) = (least.price.times(&least.ratio)?, most.price.times(&most.ratio)?);
    let unsure = if all(Verdict::Undecided) { " not shown to differ," } else { "" };
    Some(match told.len() {
        1 => format!("{noun}{load} {low} times for {}", least.of),
        _ => format!(
            "{noun}{load}{unsure} {low} times for {} to {high} times for {}",
            least.of, most.of
        ),
    })
}

/// The least and the largest ratio.
fn ends<'a, 'b>(told: &'b [Told<'a>]) -> Option<(&'b Told<'a>, &'b Told<'a>)> {
    let mean = |told: &&Told| told.ratio.estimate.mean;
    let by_mean = |one: &&Told, other: &&Told| mean(one).total_cmp(&mean(other));
    told.iter().min_by(by_mean).zip(told.iter().max_by(by_mean))
}

//! What one value of the compared axis costs over another, for each kind of work: within a group of servers that are equal in
//! all else, each over the group's reference, and over the ceilings that have nothing on that axis.
//!
//! The reference is the driver itself where layers are compared: the server whose layer is its driver, since what an ORM
//! costs is its difference from its own driver. Elsewhere it is the ranking's baseline.

mod gather;
#[cfg(test)]
mod tests;
mod words;

use crate::compare::Verdict;
use crate::measure::block::Metric;
use crate::stats::Estimate;

use super::number;
use super::table::Table;

/// The prices of a chapter.
#[derive(Clone, Debug)]
pub struct Prices {
    /// The scenarios, in the order of the run's cells.
    pub scenarios: Vec<String>,
    /// In the order of the rankings.
    pub pairs: Vec<Pair>,
}

/// What one server costs over another that is equal in all but the compared axis.
#[derive(Clone, Debug)]
pub struct Pair {
    /// What the ranking's servers have in common, if it is one of several groups.
    pub group: Option<String>,
    /// The axes and values that tell the pair from those of the same two values, such as the database.
    pub place: Vec<(String, String)>,
    /// The server that is priced.
    pub server: String,
    /// The server that it is held against.
    pub over: String,
    /// The value of the compared axis that is priced.
    pub value: String,
    /// That of the other.
    pub over_value: String,
    /// What the other is to it.
    pub kind: Over,
    /// In each figure, scenario by scenario.
    pub prices: Vec<Price>,
}

/// What a server is held against, what is most to the point first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Over {
    /// The driver that its layer calls.
    Driver,
    /// Its layer without HTTP.
    LayerAlone,
    /// HTTP without a database.
    HttpAlone,
    /// Another value of the compared axis.
    Reference,
}

/// One figure of a pair.
#[derive(Clone, Debug)]
pub struct Price {
    /// The scenario's name.
    pub scenario: String,
    /// The load's name; absent for what was counted.
    pub load: Option<String>,
    /// The rate of an open load, as text.
    pub rate: Option<String>,
    /// What is priced.
    pub what: What,
    /// The server's figure, where it has one.
    pub own: Option<Side>,
    /// The other's.
    pub over: Option<Side>,
    /// The server's over the other's; absent where both are lower bounds, and where they share too little.
    pub ratio: Option<Ratio>,
}

/// What is priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A figure that was measured.
    Measured(Metric),
    /// Instructions per request.
    Instructions,
}

/// One side's figure.
#[derive(Clone, Copy, Debug)]
pub struct Side {
    /// The figure.
    pub estimate: Estimate,
    /// Whether it is only a lower bound.
    pub is_bound: bool,
}

/// One figure over the other.
#[derive(Clone, Copy, Debug)]
pub struct Ratio {
    /// With its 95% interval.
    pub estimate: Estimate,
    /// Corrected for what was compared together.
    pub p_value: f64,
    /// The result of the test.
    pub verdict: Verdict,
}

impl Prices {
    /// What must be known to read the table.
    #[must_use]
    pub fn legend(&self) -> String {
        let http = self.pairs.iter().any(|pair| pair.kind == Over::HttpAlone);
        format!(
            "The server's CPU time per request over that of the other, with its 95% interval over blocks; the two differ in the \
             compared axis alone{}. `=` is shown to be within 3%, and `?` is not decided; all others are shown to differ. \
             `prices.csv` has every figure of every pair.",
            if http { ", but HTTP alone has no database either" } else { "" }
        )
    }

    /// The server's CPU time over the other's: a row for each pair, a column for each scenario.
    #[must_use]
    pub fn table(&self) -> Table {
        let has_places = self.pairs.iter().any(|pair| !pair.place.is_empty());
        let mut headings: Vec<String> = Vec::new();
        headings.extend(has_places.then(|| "where".to_owned()));
        headings.push("× server CPU of".to_owned());
        headings.extend(self.scenarios.iter().cloned());
        let mut table = Table::new(&headings);
        for pair in &self.pairs {
            let mut cells: Vec<String> = Vec::new();
            cells.extend(has_places.then(|| pair.place_in_words()));
            cells.push(format!("{} over {}", pair.value, pair.over_in_table()));
            let text = |scenario: &String| match pair.cpu(scenario).and_then(|price| price.ratio) {
                Some(ratio) => format!("{}{}", number::ratio(&ratio.estimate), mark(&ratio)),
                None => "–".to_owned(),
            };
            cells.extend(self.scenarios.iter().map(text));
            table.row(cells);
        }
        table
    }
}

/// What a verdict adds to a ratio.
fn mark(ratio: &Ratio) -> &'static str {
    match ratio.verdict {
        Verdict::Different => "",
        Verdict::Equivalent => " =",
        Verdict::Undecided => " ?",
    }
}

impl Pair {
    /// The server's CPU time in a scenario: under its first closed load, or under its first open one.
    #[must_use]
    pub fn cpu(&self, scenario: &str) -> Option<&Price> {
        self.price(scenario, What::Measured(Metric::ServerCpu))
    }

    /// The first price of a figure in a scenario that has a ratio; of those under closed loads, if there are such.
    fn price(&self, scenario: &str, what: What) -> Option<&Price> {
        let of = || {
            let prices = self.prices.iter().filter(|price| price.ratio.is_some());
            prices.filter(|price| price.scenario == scenario && price.what == what)
        };
        of().find(|price| price.rate.is_none()).or_else(|| of().next())
    }
}

impl What {
    /// Its name in files for programs: that of its figure.
    pub(super) fn id(self) -> &'static str {
        match self {
            What::Measured(metric) => super::metric_name::id(metric),
            What::Instructions => "instructions_per_req",
        }
    }
}

impl Over {
    /// Its name in files for programs.
    pub(super) fn id(self) -> &'static str {
        match self {
            Over::Driver => "driver",
            Over::Reference => "reference",
            Over::LayerAlone => "layer alone",
            Over::HttpAlone => "http alone",
        }
    }
}

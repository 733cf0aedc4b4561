//! The sentences that a ranking's table needs.

use crate::compare::{Copies, MARGIN, TWINS};
use crate::measure::warning::Warning;

use super::answer::{UNORDERED, joined};
use super::counted;
use super::metric_name::short;
use super::number::{self, percent};
use super::ranking::{Control, Ranking, Row};

impl Ranking {
    /// What must be known to read the table.
    #[must_use]
    pub fn legend(&self) -> String {
        if !self.rows.iter().any(|row| row.capacity().or(row.steady()).is_some()) {
            return UNORDERED.to_owned();
        }
        let is_ordered = self.rows.iter().any(|row| self.was_measured(row));
        let order = match (&self.closed, self.by_goodput) {
            _ if !is_ordered => UNORDERED,
            (Some(_), true) if self.is_sweep => {
                "In the order of their numbers of database connections. They are compared by the goodput that this database \
                 and this machine served."
            }
            (Some(_), true) => {
                "Ordered by goodput, most first, as the pairs compare block by block."
            }
            (Some(_), false) => {
                "Ordered by server CPU per request, least first, as the pairs compare block by block: something \
                 other than the servers was the limit, so goodput cannot order them."
            }
            (None, _) => {
                "Ordered by server CPU per request, least first, as the pairs compare block by block."
            }
        };
        let compared = is_ordered.then(|| {
            "Servers share a letter exactly where they are not shown to differ: the data cannot tell them apart, or show them \
             to be within 3% of each other."
                .to_owned()
        });
        let sentences = [
            Some(order.to_owned()),
            compared,
            self.noise(),
            self.resolution_in_words(),
            self.ratios_in_words(),
            self.controls_in_words(),
            Some(self.loads_in_words()),
            self.percentiles_in_words(),
            self.lateness_in_words(),
            self.has_counts().then(|| counted::LEGEND.to_owned()),
            Some("± and (–): 95% intervals over blocks. ≥: a lower bound.".to_owned()),
        ];
        sentences.into_iter().flatten().collect::<Vec<_>>().join(" ") + &self.conditions
    }

    /// Which columns are under which load.
    pub(super) fn loads_in_words(&self) -> String {
        let closed = self.closed.as_ref();
        let closed = closed.map(|load| format!("Goodput, server CPU and limit under `{load}`."));
        let rest = if self.closed.is_some() { "The rest" } else { "All" };
        let open = self.open.as_ref().map(|(load, _)| format!("{rest} under `{load}`."));
        closed.into_iter().chain(open).collect::<Vec<_>>().join(" ")
    }

    /// What twins show of the noise between copies; absent where nothing is ordered.
    pub(super) fn noise(&self) -> Option<String> {
        let is_ordered = self.rows.iter().any(|row| self.was_measured(row));
        is_ordered.then(|| self.noise_in_words())
    }

    /// What twins show of the noise between copies.
    fn noise_in_words(&self) -> String {
        match self.ordering().map(|compared| compared.noise.copies).unwrap_or_default() {
            Copies::Unknown => "Too few twins: no server was measured twice, so nothing shows how far two copies of the \
                same server are apart."
                .to_owned(),
            Copies::Floor { ln, twins } => format!(
                "Too few twins to widen the intervals ({twins} of at least {TWINS}): a difference counts only where it \
                 is larger than {between}, {floor}.",
                between = if twins == 1 {
                    "that of a server to its own twin"
                } else {
                    "those of servers to their own twins"
                },
                floor = percent(ln.exp()),
            ),
            Copies::Variance(excess) => format!(
                "The intervals of ratios hold what {} twins show: beyond the sampling error, two copies of a server \
                 are {} apart (standard deviation).",
                excess.count,
                percent(excess.factor()),
            ),
        }
    }

    /// Which differences the table can show.
    fn resolution_in_words(&self) -> Option<String> {
        let under = |load: Option<&str>| -> Vec<String> {
            let of_load = self.compared.iter().filter(|one| Some(one.load.as_str()) == load);
            let found = of_load.filter_map(|one| Some((one.pairs.resolution()?, one.metric)));
            let told = found.enumerate().map(|(place, (ratio, metric))| {
                let or_more = if place == 0 { " or more" } else { "" };
                format!("{}{or_more} in {}", amount(ratio), short(metric))
            });
            told.collect()
        };
        let closed = under(self.closed.as_deref());
        let open = under(self.open.as_ref().map(|(load, _)| load.as_str()));
        let under_open = match (self.closed.is_some(), self.rate()) {
            (false, _) => String::new(),
            (true, Some(rate)) => format!("at {rate} req/s "),
            (true, None) => "under the open load ".to_owned(),
        };
        let open = (!open.is_empty()).then(|| format!("{under_open}of {}", joined(&open)));
        let closed = (!closed.is_empty()).then(|| format!("of {}", joined(&closed)));
        let told: Vec<String> = closed.into_iter().chain(open).collect();
        let told = told.join(", and ");
        (!told.is_empty()).then(|| format!("Differences {told} are found nine times in ten."))
    }

    /// What the column of ratios is.
    fn ratios_in_words(&self) -> Option<String> {
        let baseline = self.baseline.as_ref()?;
        let what = if self.by_goodput { "goodput" } else { "server CPU per request" };
        Some(format!("×: {what} over that of the baseline, {}.", baseline.name))
    }

    fn controls_in_words(&self) -> Option<String> {
        let told: Vec<String> = self
            .controls
            .iter()
            .filter_map(|Control { name, contender, cost, is_bound }| {
                // Where goodput orders, no contender's is a bound.
                let cost = number::quotient(&number::ratio(&cost.ratio), *is_bound, false)?;
                Some(format!("{name} / {contender} = {cost}"))
            })
            .collect();
        (!told.is_empty()).then(|| format!("Controls: {}.", told.join("; ")))
    }

    /// Why percentiles are not there.
    pub(super) fn percentiles_in_words(&self) -> Option<String> {
        let mut responses = self.rows.iter().filter_map(Row::response);
        let is_absent = responses.any(|one| one.p50.is_none() || one.p99.is_none());
        is_absent.then(|| {
            "No percentile is shown whose interval reaches farther than a factor of 1.25: slow requests come together, in \
             some blocks and not in others."
                .to_owned()
        })
    }

    /// How much of the percentiles is the load's own.
    pub(super) fn lateness_in_words(&self) -> Option<String> {
        let steady = self.rows.iter().filter_map(Row::steady);
        let medians =
            steady.filter_map(|figures| Some(figures.load.own_lateness_p50?.mean.round()));
        let (least, most) = medians
            .fold((f64::INFINITY, 0f64), |(least, most), one| (least.min(one), most.max(one)));
        let (late, of) = self.late();
        let late = (late > 0)
            .then(|| format!("it shares its CPUs, and in {late} of {of} trials that made it late"));
        // Runs without a record of lateness have none.
        if most < 1.0 {
            return late
                .map(|late| format!("The percentiles hold the load's own lateness: {late}."));
        }
        let range =
            if least < most { format!("{least:.0} to {most:.0}") } else { format!("{most:.0}") };
        let late = late.map(|late| format!("; {late}")).unwrap_or_default();
        Some(format!(
            "Of the response times, {range} µs are the load's own lateness (p50, by server){late}."
        ))
    }

    /// In how many trials of the open load a load without CPUs of its own was late, and of how many.
    fn late(&self) -> (usize, usize) {
        let open = self.rows.iter().filter_map(|row| row.open.as_ref());
        let of = open.clone().map(|measurement| measurement.trials).sum();
        let late =
            open.flat_map(|measurement| &measurement.warnings).map(|warning| match warning {
                Warning::Late { trials, invalid: false, .. } => *trials,
                _ => 0,
            });
        (late.sum(), of)
    }
}

/// A ratio of at least 1 as a difference.
pub(super) fn amount(ratio: f64) -> String {
    debug_assert!(ratio >= MARGIN, "nothing below the margin is promised");
    if ratio < 2.0 { percent(ratio) } else { format!("a factor of {ratio:.1}") }
}

#[cfg(test)]
mod tests {

    use crate::definition::Role;
    use crate::format::folder::Raw;
    use crate::format::synthetic_run::{
        LARGE, OTHER, SMALL, SyntheticServer, open_cell, run, run_under, synthetic,
    };
    use crate::measure::measurements;
    use crate::report::ranking::rankings;

    fn legend(raw: &Raw) -> String {
        rankings(raw, &measurements(raw))[0].legend()
    }

    /// A server is the limit of what keeps its CPU busy.
    fn busy(name: &'static str, part: f64) -> SyntheticServer {
        SyntheticServer { load_cpu: 1.0, ..synthetic(name, part * 100.0, SMALL) }
    }

    #[track_caller]
    fn says(raw: &Raw, words: &str) {
        let legend = legend(raw);
        assert!(legend.contains(words), "{legend}");
    }

    #[test]
    fn what_is_known_of_noise_is_told() {
        let twin = |name, of| SyntheticServer { twin_of: Some(of), ..synthetic(name, 50.2, OTHER) };
        let three = || {
            [synthetic("a", 50.0, SMALL), synthetic("b", 50.0, SMALL), synthetic("c", 50.0, SMALL)]
        };
        let with = |twins: Vec<SyntheticServer>| {
            run(&three().into_iter().chain(twins).collect::<Vec<_>>())
        };
        says(&with(vec![]), " Too few twins: no server was measured twice, ");
        says(
            &with(vec![twin("a.2", "a")]),
            " Too few twins to widen the intervals (1 of at least 3): ",
        );
        says(
            &with(vec![twin("a.2", "a"), twin("a.3", "a"), twin("a.4", "a")]),
            "(1 of at least 3)",
        );
        let twins = vec![twin("a.2", "a"), twin("b.2", "b"), twin("c.2", "c")];
        says(&with(twins), " The intervals of ratios hold what 3 twins show: ");
    }

    #[test]
    fn what_a_table_can_show_is_told() {
        let pair = |own| run(&[synthetic("a", 50.0, SMALL), synthetic("b", 50.0, own)]);
        says(
            &pair(OTHER),
            " Differences of 3.0% or more in server CPU are found nine times in ten. ",
        );
        let legend = legend(&pair(LARGE));
        let (_, after) = legend.split_once(" Differences of ").unwrap();
        let percent: f64 = after.split_once('%').unwrap().0.parse().unwrap();
        // A standard deviation of 10% over 8 blocks is an error of 3.6%, of which it takes (2.365 + 1.4 to 1.7) times.
        assert!((12.0..18.0).contains(&percent), "{percent}");
    }

    #[test]
    fn percentiles_that_blocks_do_not_tell_are_explained() {
        let apart = [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0];
        let raw = |own| run_under(&[synthetic("a", 50.0, own)], &[open_cell("open", 2_000.0)]);
        says(&raw(apart), " No percentile is shown whose interval reaches farther ");
        assert!(!legend(&raw(SMALL)).contains("No percentile is shown"));
    }

    #[test]
    fn without_figures_no_order_is_told() {
        let mut raw = run(&[synthetic("a", 50.0, SMALL)]);
        raw.entries.clear();
        let told = "No server has a figure to be ordered by; the notes say why.";
        assert_eq!(legend(&raw), told);
    }

    #[test]
    fn a_control_that_is_a_bound_is_told_as_one() {
        let told = |part: f64| {
            let control = SyntheticServer { role: Role::Control, ..busy("control", part) };
            run(&[busy("a", 0.98), control])
        };
        says(&told(0.98), "Controls: control / a = 1.0");
        says(&told(0.6), "Controls: control / a = ≥ 1.0");
    }
}

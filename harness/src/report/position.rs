//! Where a cell stands among its scenario's: its letters, and its goodput as a part of its ceilings'.

use crate::measure::Measurement;

use super::number;
use super::ranking::{Ranking, Row};

/// What is known of a cell's standing: each where the ranking has it from this cell.
#[derive(Clone, Debug, Default)]
pub(super) struct Position {
    /// Those that it shares with the servers from which it is not shown to differ.
    pub(super) letters: Option<String>,
    /// Its goodput over that of HTTP alone.
    pub(super) of_null: Option<Share>,
    /// Its goodput over that of its layer alone.
    pub(super) of_alone: Option<Share>,
}

impl Position {
    /// The position of the cell that is measured.
    pub(super) fn of(measurement: &Measurement, rankings: &[Ranking]) -> Position {
        let of_load = |ranking: &&Ranking| ranking.has(&measurement.scenario, &measurement.load);
        let found = rankings.iter().filter(of_load).find_map(|ranking| {
            let row = ranking.rows.iter().find(|row| row.server == measurement.server)?;
            Some((ranking, row))
        });
        let Some((ranking, row)) = found else { return Position::default() };
        let load = Some(measurement.load.as_str());
        let closed = (ranking.closed.as_deref() == load).then_some(row);
        Position {
            letters: row.letters.clone().filter(|_| ranking.ordering_load() == load),
            of_null: closed.and_then(|row| Share::of(row, ranking.http_alone(row)?)),
            of_alone: closed.and_then(|row| Share::of(row, ranking.layer_alone(row)?)),
        }
    }
}

/// A server's goodput as a part of a ceiling's. Of two lower bounds there is none: nothing follows from them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Share {
    /// 1 is all of it.
    pub(super) part: f64,
    /// Whether the server's goodput is only a lower bound; then so is the part.
    is_of_bound: bool,
    /// Whether the ceiling's is; then the part is an upper bound.
    is_by_bound: bool,
}

impl Share {
    /// Absent where either has no goodput.
    pub(super) fn of(row: &Row, ceiling: &Row) -> Option<Share> {
        let (own, whole) = (row.capacity()?, ceiling.capacity()?);
        (!own.lower_bound || !whole.lower_bound).then(|| Share {
            part: own.goodput.mean / whole.goodput.mean,
            is_of_bound: own.lower_bound,
            is_by_bound: whole.lower_bound,
        })
    }

    /// The share as tables write it.
    pub(super) fn text(&self) -> Option<String> {
        let percent = format!("{:.0}%", 100.0 * self.part);
        number::quotient(&percent, self.is_of_bound, self.is_by_bound)
    }
}

impl Ranking {
    /// The ceiling that is HTTP alone.
    pub(super) fn http_alone(&self, row: &Row) -> Option<&Row> {
        self.row(row.ceilings.http.as_deref()?)
    }

    /// The ceiling that is a server's layer alone.
    pub(super) fn layer_alone(&self, row: &Row) -> Option<&Row> {
        self.row(row.ceilings.layer.as_deref()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Role;
    use crate::format::synthetic_run::{OTHER, SMALL, SyntheticServer, run, synthetic};
    use crate::measure::measurements;
    use crate::report::ranking::rankings;

    /// What is said of a server that is `busy` with 8,700 answers beside a layer alone with 10,000; a server is
    /// the limit of what keeps its CPU busy.
    fn part(busy: f64, alone_busy: f64) -> Option<String> {
        let of = |name, goodput, busy: f64, own| SyntheticServer {
            goodput,
            load_cpu: 1.0,
            ..synthetic(name, busy * 1e6 / goodput, own)
        };
        let alone = of("alone", 10_000.0, alone_busy, OTHER);
        let raw =
            run(&[of("a", 8_700.0, busy, SMALL), SyntheticServer { role: Role::Ceiling, ..alone }]);
        let measurements = measurements(&raw);
        Position::of(&measurements[0], &rankings(&raw, &measurements)).of_alone?.text()
    }

    #[test]
    fn parts_of_bounds_are_bounds_or_nothing() {
        assert_eq!(part(0.98, 0.98).as_deref(), Some("87%"));
        assert_eq!(part(0.6, 0.98).as_deref(), Some("≥ 87%"));
        assert_eq!(part(0.98, 0.6).as_deref(), Some("≤ 87%"));
        assert_eq!(part(0.6, 0.6), None);
    }
}

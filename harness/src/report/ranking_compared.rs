//! What a ranking's servers are to each other: their order and letters, their ratios, and what controls tell.

use crate::compare::{Comparison, Noise, Pairs, within_noise};
use crate::definition::Role;
use crate::definition::cell::Cell;
use crate::format::folder::Raw;
use crate::measure::block::Metric;
use crate::stats::Estimate;

use super::basis::Basis;
use super::ranking::{Baseline, Compared, Control, LAYER, Ranking, Row};

impl Ranking {
    /// Compares the servers under each load, and orders them by the figure that orders.
    pub(super) fn compare(&mut self, raw: &Raw, basis: Basis) {
        let competes = self.rows.iter().filter(|row| row.competes());
        let competing: Vec<String> = competes.map(|row| row.server.clone()).collect();
        let cells =
            raw.run.cell.iter().filter(|cell| self.has(&cell.scenario.name, &cell.load.name));
        let metrics =
            cells.flat_map(|cell| Metric::of_cell(cell).iter().map(move |metric| (cell, *metric)));
        let compared: Vec<Compared> = metrics
            .map(|(cell, metric)| {
                let noise = Noise::of(basis.twins, cell, metric);
                let compared = if self.is_sweep { Pairs::as_served } else { Pairs::of };
                let pairs = compared(raw, cell, &competing, metric, noise);
                Compared { load: cell.load.name.clone(), metric, noise, pairs }
            })
            .collect();
        self.compared = compared;
        let Some(cell) = self.ordering_cell(raw) else { return };
        let Some(Compared { noise, pairs, .. }) = self.ordering().cloned() else { return };
        let place = |row: &Row| {
            let order = pairs.order();
            order.iter().position(|name| *name == row.server).unwrap_or(order.len())
        };
        // Those that do not compete come last already, and keep their order.
        let connections = |row: &Row| if self.is_sweep { row.pool_size } else { None };
        self.rows.sort_by_key(|row| (!row.competes(), connections(row), place(row)));
        self.baseline = self.chosen(raw, basis);
        let letters = pairs.letters();
        let metric = self.metric();
        let baseline = self.baseline.as_ref().map(|baseline| baseline.name.clone());
        let is_sweep = self.is_sweep;
        for row in &mut self.rows {
            let own = letters.iter().find(|(name, _)| *name == row.server);
            row.letters = own.map(|(_, letters)| letters.clone());
            row.is_unbeaten = pairs.is_unbeaten(&row.server);
            row.ratio = baseline.as_deref().filter(|baseline| *baseline != row.server).and_then(
                |baseline| match is_sweep && row.competes() {
                    true => of_pair(&pairs, &row.server, baseline),
                    false => within_noise(raw, cell, (&row.server, baseline), metric, noise),
                },
            );
        }
        self.controls = self.controls(raw, cell, noise);
    }

    /// One contender over another in one metric under one load, as all pairs are compared there.
    pub(super) fn comparison(
        &self,
        load: &str,
        metric: Metric,
        a: &str,
        b: &str,
    ) -> Option<Comparison> {
        let is_it = |compared: &&Compared| compared.load == load && compared.metric == metric;
        of_pair(&self.compared.iter().find(is_it)?.pairs, a, b)
    }

    /// The pairs in the figure that orders.
    pub(super) fn ordering(&self) -> Option<&Compared> {
        let load = self.ordering_load()?;
        let metric = self.metric();
        self.compared.iter().find(|compared| compared.load == load && compared.metric == metric)
    }

    fn ordering_cell<'a>(&self, raw: &'a Raw) -> Option<&'a Cell> {
        let load = self.ordering_load()?;
        let is_it = |cell: &&Cell| cell.scenario.name == self.scenario && cell.load.name == load;
        raw.run.cell.iter().find(is_it)
    }

    /// The server that ratios are to. Only a server without a figure gives way to another: a baseline that depended on the
    /// figures would be the luckiest of the best.
    fn chosen(&self, raw: &Raw, basis: Basis) -> Option<Baseline> {
        let measured = |name: &str| self.row(name).filter(|row| self.was_measured(row));
        let registered = || raw.run.server.iter().map(|server| server.name.as_str());
        let row = match basis.asked {
            Some(name) => measured(name),
            None => basis
                .baseline
                .into_iter()
                .filter_map(measured)
                .chain(
                    registered()
                        .filter_map(measured)
                        .filter(|row| basis.compare == Some(LAYER) && row.is_driver()),
                )
                .chain(registered().filter_map(measured))
                .find(|row| row.competes())
                .or_else(|| registered().find_map(measured)),
        };
        row.map(|row| Baseline { name: row.server.clone(), is_bound: self.is_bound(row) })
    }

    /// Each control against the contender that it is a control of.
    fn controls(&self, raw: &Raw, cell: &Cell, noise: Noise) -> Vec<Control> {
        let controls =
            self.rows.iter().filter(|row| row.role == Role::Control && row.twin_of.is_none());
        let compared = controls.filter_map(|control| {
            let contender = self.row(control.control_of.as_deref()?)?;
            let pair = (control.server.as_str(), contender.server.as_str());
            Some(Control {
                name: control.server.clone(),
                contender: contender.server.clone(),
                cost: within_noise(raw, cell, pair, self.metric(), noise)?,
                is_bound: self.is_bound(control),
            })
        });
        compared.collect()
    }
}

/// One server over another, as all pairs are compared.
pub(super) fn of_pair(pairs: &Pairs, a: &str, b: &str) -> Option<Comparison> {
    pairs.iter().find_map(|(one, other, comparison)| match *comparison? {
        comparison if (one, other) == (a, b) => Some(comparison),
        comparison if (other, one) == (a, b) => Some(inverse(comparison)),
        _ => None,
    })
}

/// b over a, of a over b.
fn inverse(comparison: Comparison) -> Comparison {
    let Estimate { mean, lo, hi, count } = comparison.ratio;
    let ratio = Estimate { mean: 1.0 / mean, lo: 1.0 / hi, hi: 1.0 / lo, count };
    Comparison { ratio, ..comparison }
}

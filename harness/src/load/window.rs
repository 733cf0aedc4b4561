//! The course of a load: warm-up, window, and the wait for the last answers.

use std::pin::pin;

use super::engine::Engine;
use super::spec::LoadSpec;
use super::warmup::COUNT_INTERVAL;
use crate::units::Moment;
use crate::workload::Workload;

/// A turning point of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurningPoint {
    /// A slice of the warm-up has passed, in which so many right answers came.
    WarmingUp(u64),
    /// It is known when the window begins and ends. Said as early as possible: what is measured at these moments must not wait
    /// for a process that is busy then.
    Window(Moment, Moment),
}

/// The window of a load that begins at `start`.
#[derive(Debug)]
pub struct Window<'a, W: Workload, R> {
    /// The load.
    pub engine: &'a Engine<W>,
    /// What it was asked to do.
    pub spec: &'a LoadSpec,
    /// When its first request is due.
    pub start: Moment,
    /// Called at its turning points.
    pub report: R,
}

impl<W: Workload, R: Fn(TurningPoint)> Window<'_, W, R> {
    /// Opens the window after the warm-up, which may end at the moment that `from` resolves to, and reports it.
    /// Resolves when every request has been answered, or has had its full time.
    pub async fn run(self, from: impl Future<Output = Moment>) {
        let start = self.warm_up(from).await;
        let Some((start, end)) = self.engine.open_window(start) else { return };
        (self.report)(TurningPoint::Window(start, end));
        tokio::select! {
            () = self.engine.finished() => {}
            () = sleep_until(end + self.spec.timeout) => {}
        }
    }

    /// Waits until it is known when the window begins, and reports each slice of a warm-up that is not of fixed length.
    async fn warm_up(&self, from: impl Future<Output = Moment>) -> Moment {
        if self.spec.warmup.is_fixed() {
            return self.start + self.spec.warmup.least;
        }
        let mut from = pin!(from);
        let mut slice_end = self.start;
        let mut before = 0;
        loop {
            slice_end = slice_end + COUNT_INTERVAL;
            tokio::select! {
                biased;
                moment = &mut from => return moment,
                () = sleep_until(slice_end) => {}
            }
            let answered = self.engine.answered().unwrap_or(before);
            (self.report)(TurningPoint::WarmingUp(answered - before));
            before = answered;
        }
    }
}

async fn sleep_until(moment: Moment) {
    tokio::time::sleep(moment.since(Moment::now()).into()).await;
}

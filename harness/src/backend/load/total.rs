//! The shards' messages, added up to the events of one load.

use std::collections::VecDeque;

use super::LoadEvent;
use crate::failure::Error;
use crate::load::LoadRecord;
use crate::load::protocol::Event;

/// What the shards of a load have reported.
pub(super) struct Total {
    /// By shard, the right answers in slices of the warm-up that not all shards have reported yet.
    slices: Vec<VecDeque<u64>>,
    record: LoadRecord,
    /// How many shards have yet to send their record.
    left: usize,
}

impl Total {
    /// The total of a load that has begun.
    pub(super) fn new(shards: usize) -> Total {
        let slices = vec![VecDeque::new(); shards];
        Total { slices, record: LoadRecord::default(), left: shards }
    }

    /// Adds the message of a shard, and returns the event that it completes.
    ///
    /// # Errors
    /// When the shard failed, or the message is not one of this stage.
    pub(super) fn add(&mut self, shard: u32, event: Event) -> Result<Option<LoadEvent>, Error> {
        Ok(match event {
            Event::WarmingUp { right } => self.slice(shard, right).map(LoadEvent::WarmingUp),
            // The shards have agreed on the moment, so the first may speak for all of them.
            Event::Window { start, end } => {
                (shard == 0).then_some(LoadEvent::Window { start, end, warmup: None })
            }
            Event::Record(record) => {
                self.record.add(&record);
                self.left = self.left.saturating_sub(1);
                (self.left == 0).then(|| LoadEvent::Record(std::mem::take(&mut self.record).into()))
            }
            Event::Ready | Event::Failed { .. } => return Err(unexpected(event)),
        })
    }

    /// The right answers of all shards in a slice, when the last of them has reported it.
    fn slice(&mut self, shard: u32, right: u64) -> Option<u64> {
        self.slices[shard as usize].push_back(right);
        if self.slices.iter().any(VecDeque::is_empty) {
            return None;
        }
        Some(self.slices.iter_mut().filter_map(VecDeque::pop_front).sum())
    }
}

/// The failure that a message amounts to which no stage or another one expects.
pub(super) fn unexpected(event: Event) -> Error {
    match event {
        Event::Failed { reason } => Error::Failed(reason),
        _ => Error::Failed("unexpected message from the load process".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Moment;

    #[test]
    fn two_shards_make_one_load() {
        let mut total = Total::new(2);
        let mut add = |shard, event| total.add(shard, event).unwrap();
        let slice = |right| Event::WarmingUp { right };
        assert_eq!(add(0, slice(3)), None);
        assert_eq!(add(0, slice(5)), None);
        assert_eq!(add(1, slice(40)), Some(LoadEvent::WarmingUp(43)));
        assert_eq!(add(1, slice(60)), Some(LoadEvent::WarmingUp(65)));
        let (start, end) = (Moment(3), Moment(5));
        assert_eq!(add(1, Event::Window { start, end }), None);
        let window = LoadEvent::Window { start, end, warmup: None };
        assert_eq!(add(0, Event::Window { start, end }), Some(window));
        let record = |right| Event::Record(Box::new(LoadRecord { right, ..LoadRecord::default() }));
        assert_eq!(add(1, record(100)), None);
        let Some(LoadEvent::Record(whole)) = add(0, record(20)) else { panic!("no record") };
        assert_eq!(whole.right, 120);
    }

    #[test]
    fn a_shard_that_fails_or_speaks_out_of_turn_fails_the_load() {
        let mut total = Total::new(1);
        let reason = "no descriptors".to_owned();
        let failed = total.add(0, Event::Failed { reason: reason.clone() });
        assert_eq!(failed, Err(Error::Failed(reason)));
        let Err(Error::Failed(reason)) = total.add(0, Event::Ready) else { panic!("it passed") };
        assert!(reason.contains("unexpected message"), "{reason}");
    }
}

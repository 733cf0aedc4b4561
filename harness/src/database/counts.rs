//! What a load made the database do.

use serde::{Deserialize, Serialize};

use crate::database::Counters;

/// What the database did from a load's start until it was drained, warm-up included, for all its clients but the
/// harness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DbCounts {
    /// SELECT statements carried out, prepared or not.
    pub queries: u64,
    /// Executions of prepared statements.
    pub executions: u64,
    /// Preparations of statements.
    pub prepares: u64,
    /// Prepared statements given back.
    pub closes: u64,
    /// Round trips that no one asked for: pings, resets, SET, BEGIN, COMMIT and ROLLBACK.
    pub hidden: u64,
    /// Look-ups through an index, whether they found a row or not, and rows read on from there or in a scan.
    pub rows_read: u64,
    /// Pages that were not in memory.
    pub pages_read: u64,
    /// Bytes sent to the clients.
    pub bytes_sent: u64,
    /// Bytes had from them.
    pub bytes_received: u64,
    /// Connections made, or tried.
    pub connects: u64,
    /// Connections that were open when the load had drained.
    pub connections: u64,
}

impl DbCounts {
    /// Between two readings, in which the harness's own questions are left out but for its one connection.
    #[must_use]
    pub fn between(first: &Counters, last: &Counters) -> DbCounts {
        let count = |of: &dyn Fn(&Counters) -> u64| of(last).saturating_sub(of(first));
        DbCounts {
            queries: count(&|c| c.com_select),
            executions: count(&|c| c.com_stmt_execute),
            prepares: count(&|c| c.com_stmt_prepare),
            closes: count(&|c| c.com_stmt_close),
            hidden: count(&|c| {
                c.com_admin_commands
                    + c.com_set_option
                    + c.com_begin
                    + c.com_commit
                    + c.com_rollback
            }),
            rows_read: count(&|c| {
                c.handler_read_key + c.handler_read_next + c.handler_read_rnd_next
            }),
            pages_read: count(&|c| c.innodb_buffer_pool_reads),
            bytes_sent: count(&|c| c.bytes_sent),
            bytes_received: count(&|c| c.bytes_received),
            connects: count(&|c| c.connections),
            connections: last.threads_connected.saturating_sub(1),
        }
    }
}

/// The database's counters, as if the harness never read them: `SHOW GLOBAL STATUS` counts as a question, fills
/// and scans a table of its own, and its answer counts as bytes.
#[derive(Clone, Copy, Debug)]
pub struct ReadingCost {
    one: Counters,
    readings: u64,
}

impl ReadingCost {
    /// With two readings in a row, between which nobody else asked.
    #[must_use]
    pub fn new(first: &Counters, second: &Counters) -> ReadingCost {
        ReadingCost { one: second.combine(first, u64::saturating_sub), readings: 0 }
    }

    /// The counters of the next reading, without what earlier ones cost.
    pub fn next(&mut self, read: &Counters) -> Counters {
        let readings = self.readings;
        self.readings += 1;
        // Levels do not grow with each reading.
        let one = Counters { threads_connected: 0, uptime: 0, ..self.one };
        read.combine(&one, |read, one| read.saturating_sub(one * readings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_leave_no_trace_in_what_they_read() {
        let read = |own: u64, queries: u64| Counters {
            questions: own + queries,
            com_select: queries,
            com_admin_commands: 2 * queries,
            handler_read_rnd_next: 500 * own,
            handler_read_key: queries,
            handler_read_next: 3 * queries,
            bytes_sent: 16_000 * own + 100 * queries,
            threads_connected: 33,
            ..Counters::default()
        };
        let mut unread = ReadingCost::new(&read(1, 10), &read(2, 10));
        let first = unread.next(&read(3, 10));
        let second = unread.next(&read(4, 110));
        let third = unread.next(&read(5, 130));
        let counts = DbCounts::between(&first, &second);
        assert_eq!((counts.queries, counts.hidden), (100, 200));
        assert_eq!((counts.rows_read, counts.bytes_sent, counts.connections), (400, 10_000, 32));
        assert_eq!(DbCounts::between(&second, &third).bytes_sent, 2_000);
    }
}

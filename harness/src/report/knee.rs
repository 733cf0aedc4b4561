//! What a sweep says in words: from how many database connections on more of them are not shown to serve more.

use crate::measure::block::Metric;

use super::number::{self, with_interval};
use super::ranking::{Compared, Ranking, Row};
use super::ranking_compared::of_pair;

impl Ranking {
    /// The number of connections from which on more are not shown to serve more; absent where servers do not differ in it.
    #[must_use]
    pub fn knee(&self) -> Option<String> {
        let load = self.closed.as_deref()?;
        let is_goodput =
            |compared: &&Compared| compared.load == load && compared.metric == Metric::Goodput;
        let pairs = &self.compared.iter().find(is_goodput)?.pairs;
        let sized = self.rows.iter().filter(|row| row.competes());
        let mut sized: Vec<(u32, &Row)> =
            sized.filter_map(|row| Some((row.pool_size?, row))).collect();
        sized.sort_by_key(|(size, _)| *size);
        let (size, row) = sized.iter().find(|(_, row)| pairs.is_unbeaten(&row.server))?;
        let ((least, fewest), (most, last)) = (sized.first()?, sized.last()?);
        let goodput = |row: &Row| Some(with_interval(&row.capacity()?.goodput));
        let told = if size == most && size != least {
            format!(
                "no number up to {most} connections, the most that were tried, is shown to be enough: {} {} req/s",
                serve(*most),
                goodput(row)?
            )
        } else {
            format!(
                "from {size} connection{} on, more are not shown to serve more: {} {} req/s",
                if *size == 1 { "" } else { "s" },
                serve(*size),
                goodput(row)?
            )
        };
        let over = |other: &Row| {
            let ratio = of_pair(pairs, &other.server, &row.server)?.ratio;
            Some(format!("{} times as many", number::ratio(&ratio)))
        };
        let mut others: Vec<String> = Vec::new();
        if size != least {
            others.push(format!("{} {}", serve(*least), goodput(fewest)?));
        }
        let (top, best) =
            sized.iter().find(|(_, row)| pairs.order().first() == Some(&row.server))?;
        if top != size && top != most {
            others.push(format!("{top}, the best, {}", over(best)?));
        }
        if size != most {
            others.push(format!("{} {}", serve(*most), over(last)?));
        }
        let group = self.group.as_ref().map(|group| format!(", {group}")).unwrap_or_default();
        let limit = match row.capacity()?.limit.name() {
            none if none == "none" => String::new(),
            limit => format!(" (limit: {limit})"),
        };
        let others: String = others.iter().map(|other| format!("; {other}")).collect();
        Some(format!("`{}`{group}: {told}{limit}{others}.", self.scenario))
    }
}

/// So many connections as a subject.
fn serve(connections: u32) -> String {
    format!("{connections} serve{}", if connections == 1 { "s" } else { "" })
}

#[cfg(test)]
mod tests {
    use crate::definition::study::{RunStudy, StudyCell};
    use crate::format::folder::Raw;
    use crate::format::synthetic_run::{OTHER, SMALL, SyntheticServer, run, synthetic};
    use crate::report::chapter::chapters;

    /// A sweep in which each number of connections serves so much; the database is the limit, so all of it are lower bounds.
    fn sweep(served: &[(&'static str, u32, f64)]) -> Raw {
        let servers: Vec<SyntheticServer> = served
            .iter()
            .enumerate()
            .map(|(place, (name, _, goodput))| SyntheticServer {
                goodput: *goodput,
                goodput_noise: if place % 2 == 0 { SMALL } else { OTHER },
                ..synthetic(name, 50.0, SMALL)
            })
            .collect();
        let mut raw = run(&servers);
        for (server, (_, size, _)) in raw.run.server.iter_mut().zip(served) {
            server.pool_size = Some(*size);
        }
        raw.run.study = vec![RunStudy {
            name: "sweep".into(),
            question: "How many?".into(),
            compare: Some("pool_size".into()),
            along: Vec::new(),
            baseline: None,
            servers: served.iter().map(|(name, ..)| (*name).to_owned()).collect(),
            cells: vec![StudyCell { scenario: "demo".into(), load: "closed-64".into() }],
            published: Vec::new(),
        }];
        raw
    }

    #[track_caller]
    fn says(raw: &Raw, expected: &str) {
        let answer = chapters(raw)[0].answer.join("|");
        assert!(answer.contains(expected), "{answer}");
    }

    #[test]
    fn the_knee_is_found_where_all_goodput_is_a_lower_bound() {
        let raw = sweep(&[
            ("s.pool-16", 16, 8_020.0),
            ("s.pool-1", 1, 1_000.0),
            ("s.pool-4", 4, 4_000.0),
            ("s.pool-8", 8, 8_000.0),
        ]);
        says(&raw, "`demo`: from 8 connections on, more are not shown to serve more: 8 serve 7,99");
        says(&raw, "; 1 serves 999.9 ± 3.2;");
        says(&raw, "; 16 serve 1.0");
        let chapters = chapters(&raw);
        let ranking = &chapters[0].rankings[0];
        let order: Vec<u32> = ranking.rows.iter().filter_map(|row| row.pool_size).collect();
        assert_eq!(order, [1, 4, 8, 16], "a sweep stands in its own order");
        assert!(ranking.legend().starts_with("In the order of their numbers"));
    }

    #[test]
    fn a_sweep_that_is_not_at_its_end_has_no_knee() {
        let raw = sweep(&[("s.pool-1", 1, 1_000.0), ("s.pool-2", 2, 2_000.0)]);
        says(&raw, "`demo`: no number up to 2 connections, the most that were tried, is shown");
        says(&raw, ": 2 serve 1,999.8 ± 6.4 req/s; 1 serves 1,000.5");
    }

    #[test]
    fn one_connection_can_be_enough() {
        let raw = sweep(&[("s.pool-1", 1, 1_000.0), ("s.pool-2", 2, 1_002.0)]);
        says(&raw, "`demo`: from 1 connection on, more are not shown to serve more: 1 serves 1,0");
    }
}

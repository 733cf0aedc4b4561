//! Whether an answer is right, by the rows' truth.

use demo_data::{Row, Truth};

use super::probe::Answer;
use super::record::ErrorKind;
use super::requests::Question;

/// One in so many answers to given names is compared value by value; of the others, status, type,
/// length and that there are rows. All non-empty answers to random names are compared.
const SAMPLE: u64 = 16;

/// Checks the answers of one load.
#[derive(Debug)]
pub struct Check {
    /// Absent where the server has no rows to answer with.
    truth: Option<Truth>,
    given: u64,
}

impl Check {
    /// `has_rows`: whether right answers hold rows at all.
    #[must_use]
    pub fn new(has_rows: bool) -> Check {
        Check { truth: has_rows.then(|| Truth::new(demo_data::SEED, demo_data::ROWS)), given: 0 }
    }

    /// # Errors
    /// The class of what is wrong with `answer`.
    pub fn answer(&mut self, question: Question, answer: &Answer<'_>) -> Result<(), ErrorKind> {
        if answer.status != 200 {
            return Err(ErrorKind::Status);
        }
        if !answer.json {
            return Err(ErrorKind::Type);
        }
        let right = if is_empty_array(answer.body) {
            // Right unless a row was asked for that is there.
            self.truth.is_none() || !matches!(question, Question::RowNamed(_))
        } else {
            self.has_right_rows(question, answer.body)
        };
        if right { Ok(()) } else { Err(ErrorKind::Value) }
    }

    fn has_right_rows(&mut self, question: Question, body: &[u8]) -> bool {
        let Some(truth) = &self.truth else { return false };
        match question {
            Question::Nothing => false,
            Question::RowNamed(index) => {
                self.given += 1;
                // The first is always among the sample.
                if self.given % SAMPLE != 1 {
                    return body.trim_ascii_start().starts_with(b"[");
                }
                is_all_rows_named(truth, &truth.row(index).name, body)
            }
            Question::RandomName => {
                let Ok(rows) = serde_json::from_slice::<Vec<Row>>(body) else { return false };
                rows.first().is_some_and(|first| same_rows(truth, &first.name, rows.clone()))
            }
        }
    }
}

/// Whether `body` is an empty JSON array, white space aside.
#[must_use]
pub fn is_empty_array(body: &[u8]) -> bool {
    let inner = body.trim_ascii().strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
    inner.is_some_and(|inner| inner.trim_ascii().is_empty())
}

/// Whether `body` holds exactly the rows with that name, in any order.
#[must_use]
pub fn is_all_rows_named(truth: &Truth, name: &str, body: &[u8]) -> bool {
    serde_json::from_slice::<Vec<Row>>(body).is_ok_and(|rows| same_rows(truth, name, rows))
}

fn same_rows(truth: &Truth, name: &str, mut rows: Vec<Row>) -> bool {
    rows.sort_unstable_by_key(|row| row.id);
    rows == truth.rows_named(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(question: Question, body: &[u8]) -> Result<(), ErrorKind> {
        Check::new(true).answer(question, &Answer { status: 200, json: true, body })
    }

    fn json(rows: &[Row]) -> Vec<u8> {
        serde_json::to_vec(rows).unwrap()
    }

    #[test]
    fn only_the_whole_truth_is_right() {
        let truth = Truth::new(demo_data::SEED, demo_data::ROWS);
        let several = truth.rows_named("a");
        assert!(several.len() > 20, "a one-character name has about 52 rows");
        let index = several[0].id - 1;
        let mut reversed = several.clone();
        reversed.reverse();
        let mut changed = several.clone();
        changed[3].update_time = changed[4].create_time - chrono_second();
        for (question, empty_is_right) in
            [(Question::RowNamed(index), false), (Question::RandomName, true)]
        {
            assert_eq!(check(question, &json(&several)), Ok(()));
            assert_eq!(check(question, &json(&reversed)), Ok(()), "rows have no order");
            assert_eq!(
                check(question, &json(&several[1..])),
                Err(ErrorKind::Value),
                "one is missing"
            );
            assert_eq!(check(question, &json(&changed)), Err(ErrorKind::Value), "a value is wrong");
            assert_eq!(check(question, b"[{}]"), Err(ErrorKind::Value));
            assert_eq!(check(question, b" [ ] \n").is_ok(), empty_is_right);
        }
        assert_eq!(check(Question::Nothing, &json(&several)), Err(ErrorKind::Value));
    }

    fn chrono_second() -> std::time::Duration {
        std::time::Duration::from_secs(1)
    }

    #[test]
    fn status_and_type_come_before_the_value() {
        let mut check = Check::new(true);
        let mut class =
            |status, json| check.answer(Question::RandomName, &Answer { status, json, body: b"x" });
        assert_eq!(class(500, true), Err(ErrorKind::Status));
        assert_eq!(class(200, false), Err(ErrorKind::Type));
        assert_eq!(class(200, true), Err(ErrorKind::Value));
    }

    #[test]
    fn a_server_without_rows_may_only_be_empty() {
        let mut check = Check::new(false);
        let mut ok = |body| {
            check.answer(Question::RowNamed(5), &Answer { status: 200, json: true, body }).is_ok()
        };
        assert!(ok(b"[]".as_slice()));
        assert!(!ok(b"[1]".as_slice()));
    }
}

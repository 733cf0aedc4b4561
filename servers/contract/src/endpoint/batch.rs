//! `GET /batch`: the rows of many ids, each by a query of its own.

use std::ops::RangeInclusive;

use serde::Deserialize;

use crate::{
    Refusal,
    store::{Batch, within_deadline},
};

/// The endpoint's path.
pub const PATH: &str = "/batch";

/// The numbers of ids that a request can have.
pub const IDS: RangeInclusive<usize> = 1..=100;

/// The query string; unknown parameters are ignored, a second `ids` is an error.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Parameters {
    /// The ids, with commas between them.
    #[serde(default)]
    pub ids: String,
    /// Whether they are looked up all at once, and not one after the other.
    #[serde(default)]
    pub at_once: bool,
}

impl Parameters {
    /// The ids.
    pub fn ids(&self) -> Result<Vec<i64>, Refusal> {
        let parse = |id: &str| id.parse::<i64>().ok().filter(|id| *id > 0);
        let ids: Option<Vec<i64>> = self.ids.split(',').map(parse).collect();
        match ids {
            Some(ids) if IDS.contains(&ids.len()) => Ok(ids),
            Some(ids) => Err(Refusal::BadRequest(format!(
                "ids must be 1 to 100 numbers, these are {}; ask for fewer",
                ids.len()
            ))),
            None => Err(Refusal::BadRequest(
                "ids must be numbers from 1 on with commas between them, as in ids=5,17".to_owned(),
            )),
        }
    }
}

/// Looks the ids up; the answer is the array of their rows in the order of the ids, with `null` where there is none.
pub async fn answer<S: Batch>(
    store: &S,
    parameters: Parameters,
) -> Result<Vec<Option<S::Row>>, Refusal> {
    let ids = parameters.ids()?;
    Ok(if parameters.at_once {
        within_deadline(store.find_at_once(ids)).await?
    } else {
        within_deadline(store.find_one_by_one(ids)).await?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(query: &str) -> Result<Vec<i64>, String> {
        let parameters: Parameters = serde_urlencoded::from_str(query).unwrap();
        parameters.ids().map_err(|refusal| format!("{} {refusal}", refusal.status()))
    }

    #[test]
    fn ids_are_a_list_of_up_to_a_hundred_numbers() {
        assert_eq!(ids("ids=5"), Ok(vec![5]));
        assert_eq!(ids("ids=17,5,17&x=1"), Ok(vec![17, 5, 17]));
        assert_eq!(ids("ids=9223372036854775807"), Ok(vec![i64::MAX]));
        for bad in ["", "ids=", "ids=1,", "ids=0", "ids=-3", "ids=a", "ids=9223372036854775808"] {
            assert!(
                ids(bad).unwrap_err().starts_with("400 ids must be numbers from 1 on"),
                "{bad}"
            );
        }
        let many = |count: usize| format!("ids={}", vec!["7"; count].join(","));
        assert_eq!(ids(&many(100)).unwrap().len(), 100);
        assert!(ids(&many(101)).unwrap_err().contains("these are 101"));
    }

    #[test]
    fn one_after_the_other_is_the_default() {
        let at_once = |query| serde_urlencoded::from_str::<Parameters>(query).map(|p| p.at_once);
        assert_eq!(at_once("ids=5"), Ok(false));
        assert_eq!(at_once("ids=5&at_once=true"), Ok(true));
        assert!(at_once("ids=5&at_once=maybe").is_err());
    }
}

use chrono::NaiveDateTime;
use serde::{Serialize, Serializer};

/// Writes a timestamp read in a UTC session as `2024-08-20T01:00:00Z`; for `#[serde(serialize_with = …)]`.
///
/// For a model without a zone, as mysql_async and Diesel read one; one that holds a `DateTime<Utc>` needs no such attribute.
pub fn serialize_utc<S: Serializer>(
    time: &NaiveDateTime,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    time.and_utc().serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_seconds_end_in_z() {
        #[derive(Serialize)]
        struct Row(#[serde(serialize_with = "serialize_utc")] NaiveDateTime);
        let time = chrono::NaiveDate::from_ymd_opt(2024, 8, 20)
            .and_then(|d| d.and_hms_opt(1, 0, 0))
            .unwrap();
        assert_eq!(serde_json::to_string(&Row(time)).unwrap(), r#""2024-08-20T01:00:00Z""#);
    }
}

//! Parsers for the output of other generators: the number of answered requests, and the seconds that they took.

/// Parses the output of wrk, as in "  273511 requests in 3.00s, 35.2MB read".
pub(crate) fn wrk(text: &str) -> Option<(f64, f64)> {
    let line = text.lines().find(|line| line.contains(" requests in "))?;
    let mut fields = line.split_whitespace();
    let requests = fields.next()?.parse().ok()?;
    Some((requests, fields.nth(2)?.trim_end_matches("s,").parse().ok()?))
}

/// Parses the output of ab, as in "Time taken for tests:   1.002 seconds" and "Complete requests:      29122".
pub(crate) fn ab(text: &str) -> Option<(f64, f64)> {
    let field = |name: &str| -> Option<f64> {
        let line = text.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().find_map(|word| word.parse().ok())
    };
    Some((field("Complete requests:")?, field("Time taken for tests:")?))
}

/// Parses the JSON of oha. Requests that the end of the run cut off count as errors, not as answers.
pub(crate) fn oha(text: &str) -> Option<(f64, f64)> {
    let json: serde_json::Value = serde_json::from_str(text).ok()?;
    let codes = json["statusCodeDistribution"].as_object()?;
    let requests: f64 = codes.values().filter_map(serde_json::Value::as_f64).sum();
    Some((requests, json["summary"]["total"].as_f64()?))
}

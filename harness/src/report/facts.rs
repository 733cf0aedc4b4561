//! What a run's files say of the machine, as lines of text: whatever they hold, so that a new fact is shown too.

use serde::Serialize;
use serde_json::Value;

/// Names and values, ordered by name. What is unknown is left out.
///
/// # Errors
/// When the facts cannot be encoded.
pub(super) fn facts(of: &impl Serialize) -> anyhow::Result<Vec<(String, String)>> {
    let mut facts = Vec::new();
    gather("", &serde_json::to_value(of)?, &mut facts);
    // Other crates may ask serde_json to keep the order of insertion.
    facts.sort();
    Ok(facts)
}

fn gather(name: &str, value: &Value, facts: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Object(members) => {
            for (member, value) in members {
                let path =
                    if name.is_empty() { member.clone() } else { format!("{name} · {member}") };
                gather(&path, value, facts);
            }
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (number, item) in (1..).zip(items) {
                gather(&format!("{name} · {number}"), item, facts);
            }
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(text).collect();
            facts.push((name.replace('_', " "), items.join(", ")));
        }
        scalar => facts.push((name.replace('_', " "), text(scalar))),
    }
    facts.retain(|(_, text)| !text.is_empty());
}

fn text(scalar: &Value) -> String {
    match scalar {
        Value::String(text) => text.clone(),
        Value::Bool(is) => if *is { "yes" } else { "no" }.to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::facts;
    use serde_json::json;

    #[test]
    fn every_fact_has_a_line() {
        let of = json!({"cpu": "Model", "governor": "", "own": true, "none": null,
            "settings": {"b_c": "2", "a": 1}, "caches": ["L1", "L2"]});
        let found = facts(&of).unwrap();
        let lines: Vec<_> = found.iter().map(|(name, text)| format!("{name}={text}")).collect();
        let expected =
            ["caches=L1, L2", "cpu=Model", "own=yes", "settings · a=1", "settings · b c=2"];
        assert_eq!(lines, expected);
    }
}

//! A cell's figures in the export, and their part of its schema.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::rounded;
use crate::report::figures::{FIGURES, Figure, IS_LOWER_BOUND, MeasuredCell, Read, Value};
use crate::stats::Estimate;

/// The flag that follows goodput.
const BOUND: (&str, &str) = ("goodput_rps", "goodput_is_lower_bound");

/// The figures of a cell: a member for each of [`FIGURES`], be it null, but for those that come from counts, which are
/// left out.
pub(super) struct CellFigures<'a>(pub(super) MeasuredCell<'a>);

/// An estimate over blocks, with its two-sided 95% confidence interval.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Figure")]
pub(super) struct Interval {
    /// The mean; of times, the geometric mean.
    estimate: f64,
    /// The interval's lower end; absent if it is beyond all numbers.
    lo: Option<f64>,
    /// The interval's upper end; absent if it is beyond all numbers.
    hi: Option<f64>,
    /// How many values it rests on.
    count: usize,
}

impl Interval {
    /// Absent where there is no number: JSON has no infinity.
    pub(super) fn of(estimate: Estimate, rounded: fn(f64) -> f64) -> Option<Interval> {
        let end = |end: f64| end.is_finite().then(|| rounded(end));
        estimate.mean.is_finite().then(|| Interval {
            estimate: rounded(estimate.mean),
            lo: end(estimate.lo),
            hi: end(estimate.hi),
            count: estimate.count,
        })
    }
}

impl Serialize for CellFigures<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let CellFigures(cell) = self;
        let mut map = serializer.serialize_map(None)?;
        for figure in FIGURES {
            match figure.value(cell) {
                // A run without counts has no members for them.
                None if figure.is_counted() => {}
                None => map.serialize_entry(figure.name, &())?,
                Some(Value::Estimate(estimate)) => {
                    map.serialize_entry(figure.name, &Interval::of(estimate, rounded))?;
                }
                Some(Value::Number(number)) => {
                    map.serialize_entry(figure.name, &rounded(number))?;
                }
                Some(Value::Word(word)) => map.serialize_entry(figure.name, &word)?,
            }
            if figure.name == BOUND.0 {
                map.serialize_entry(BOUND.1, &cell.figures.lower_bound)?;
            }
        }
        map.end()
    }
}

impl JsonSchema for CellFigures<'_> {
    fn schema_name() -> Cow<'static, str> {
        "CellFigures".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut properties = serde_json::Map::new();
        let mut required = Vec::new();
        for figure in FIGURES {
            properties.insert(figure.name.to_owned(), described(figure, generator).into());
            if !figure.is_counted() {
                required.push(figure.name);
            }
            if figure.name == BOUND.0 {
                let mut flag = generator.subschema_for::<bool>();
                flag.insert("description".into(), IS_LOWER_BOUND.into());
                properties.insert(BOUND.1.to_owned(), flag.into());
                required.push(BOUND.1);
            }
        }
        json_schema!({
            "description": "The figures of a cell.",
            "type": "object",
            "properties": properties,
            "required": required,
        })
    }
}

/// A figure's type, meaning, unit, and which of two values is the better one.
fn described(figure: &Figure, generator: &mut SchemaGenerator) -> Schema {
    let mut schema = match figure.read {
        Read::Estimated(_) => generator.subschema_for::<Option<Interval>>(),
        Read::Number(_) => generator.subschema_for::<Option<f64>>(),
        Read::Known(_) => generator.subschema_for::<f64>(),
        Read::Word(_) => generator.subschema_for::<String>(),
        Read::Said(_) => generator.subschema_for::<Option<String>>(),
    };
    schema.insert("description".into(), figure.about.into());
    let more = [("unit", figure.unit.name()), ("better", figure.better.name())];
    for (keyword, text) in more {
        if let Some(text) = text {
            schema.insert(keyword.into(), text.into());
        }
    }
    schema
}

//! Histograms of nanoseconds as text, for `#[serde(with = …)]`: the V2 encoding of HdrHistogram, deflated, in base64.

use base64::{Engine, prelude::BASE64_STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{Deserializer as Decoder, Serializer as Encoder, V2DeflateSerializer},
};
use serde::{Deserialize, Deserializer, Serializer, de, ser::Error as _};

/// The least value that is distinguished from its neighbours.
const LOW: u64 = 1;

/// The largest value; a longer one is counted as this one.
const HIGH: u64 = 120_000_000_000;

/// The significant digits that are kept.
const DIGITS: u8 = 3;

/// Makes an empty histogram.
#[must_use]
pub fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(LOW, HIGH, DIGITS).expect("the bounds are those of a histogram")
}

/// # Errors
/// When the histogram cannot be encoded.
pub fn serialize<S: Serializer>(
    histogram: &Histogram<u64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(histogram, &mut bytes).map_err(S::Error::custom)?;
    serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
}

/// # Errors
/// When the text is not a histogram, or one of other bounds, which could not be added to others.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Histogram<u64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = BASE64_STANDARD.decode(text).map_err(de::Error::custom)?;
    let histogram: Histogram<u64> =
        Decoder::new().deserialize(&mut bytes.as_slice()).map_err(de::Error::custom)?;
    if (histogram.low(), histogram.high(), histogram.sigfig()) != (LOW, HIGH, DIGITS) {
        return Err(de::Error::custom(
            "a histogram of other bounds than 1 ns to 120 s with 3 digits",
        ));
    }
    Ok(histogram)
}

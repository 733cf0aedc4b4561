//! HDR histograms as text: the V2 encoding, deflated, in base64.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{
    Deserializer as Decoder, Serializer as Encoder, V2DeflateSerializer,
};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// The least value that is told from its neighbours, in nanoseconds,
pub const LOW: u64 = 1;
/// the largest that is counted,
pub const HIGH: u64 = 120_000_000_000;
/// and how many significant digits are kept.
pub const DIGITS: u8 = 3;

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
/// When the text is not a histogram.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Histogram<u64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = BASE64_STANDARD.decode(text).map_err(D::Error::custom)?;
    let histogram: Histogram<u64> =
        Decoder::new().deserialize(&mut bytes.as_slice()).map_err(D::Error::custom)?;
    // Others could not be added to ours.
    if (histogram.low(), histogram.high(), histogram.sigfig()) != (LOW, HIGH, DIGITS) {
        return Err(D::Error::custom("a histogram of other bounds than 1 ns to 120 s, 3 digits"));
    }
    Ok(histogram)
}

use base64::{Engine, prelude::BASE64_STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{Serializer as _, V2DeflateSerializer},
};
use serde::{Serialize, Serializer, ser::Error};

/// What a drive tells, a line of JSON each.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Event {
    /// The window begins now.
    WindowStart {
        /// How long the warm-up was, in nanoseconds.
        warmup_ns: u64,
        /// Whether the rate was steady at its end.
        steady: bool,
    },
    /// The window ends now.
    WindowEnd,
    /// All requests have ended. The last event.
    Driven(Box<Driven>),
    /// It came to nothing. The last event.
    Failed {
        /// Why, in one sentence.
        reason: String,
    },
}

impl Event {
    /// The event with the end of its line.
    pub(crate) fn line(&self) -> String {
        let mut line = serde_json::to_string(self)
            .expect("numbers, strings and a histogram within its bounds are serialisable");
        line.push('\n');
        line
    }
}

/// All that a drive has measured. A request belongs to the window in which it was sent: `sent = right + errors`.
#[derive(Debug, Serialize)]
pub(crate) struct Driven {
    /// Requests sent within the window.
    pub(crate) sent: u64,
    /// Those that found their rows, at once or after the window's end.
    pub(crate) right: u64,
    /// All others.
    pub(crate) errors: u64,
    /// Right answers that came within the window, whenever they were asked for.
    pub(crate) right_in_window: u64,
    /// How long the window was.
    pub(crate) window_ns: u64,
    /// Time between sent and done within the window, of all requests together.
    pub(crate) in_system_ns: u64,
    /// From sent to done, of the `right`: nanoseconds, 3 significant digits from 1 ns to 2 minutes.
    #[serde(serialize_with = "encode")]
    pub(crate) response: Histogram<u64>,
    /// Every request from the start to the last answer, the warm-up's included.
    pub(crate) asked_in_all: u64,
}

/// The V2 encoding, deflated, in base64.
fn encode<S: Serializer>(histogram: &Histogram<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(histogram, &mut bytes).map_err(S::Error::custom)?;
    serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
}

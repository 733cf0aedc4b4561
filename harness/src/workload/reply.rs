//! An answer, and what can be wrong with it.

/// An HTTP answer, read whole.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    /// The status code.
    pub status: u16,
    /// The content type with its parameters; empty if there was none.
    pub content_type: &'a [u8],
    /// The body.
    pub body: &'a [u8],
}

impl Reply<'_> {
    /// Passes if the status is `status`.
    ///
    /// # Errors
    /// [`Wrong::Status`].
    pub fn expect_status(&self, status: u16) -> Result<(), Wrong> {
        if self.status == status {
            Ok(())
        } else {
            Err(Wrong::Status { got: self.status, right: status })
        }
    }

    /// Passes if the content is JSON by its type.
    ///
    /// # Errors
    /// [`Wrong::Type`].
    pub fn expect_json(&self) -> Result<(), Wrong> {
        const JSON: &str = "application/json";
        let kind = self.content_type.split(|byte| *byte == b';').next().unwrap_or_default();
        if kind.trim_ascii().eq_ignore_ascii_case(JSON.as_bytes()) {
            return Ok(());
        }
        Err(Wrong::Type { got: String::from_utf8_lossy(kind).into_owned(), right: JSON })
    }
}

/// What is wrong with an answer: the end of a sentence about its request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Another status.
    #[error("was answered with status {got} where {right} is right")]
    Status {
        /// The answer's.
        got: u16,
        /// The right one.
        right: u16,
    },
    /// Another content type.
    #[error("was answered as {got:?}, not as {right}")]
    Type {
        /// The answer's.
        got: String,
        /// The right one.
        right: &'static str,
    },
    /// A body that is no array of rows.
    #[error("was answered with no rows of the contract's shape ({0})")]
    Shape(String),
    /// Too few rows, or too many.
    #[error("was answered with {got} rows where {right} are right")]
    Count {
        /// Rows in the answer.
        got: usize,
        /// Rows that there are.
        right: usize,
    },
    /// No rows for a name that has some.
    #[error("was answered with no rows where there are some")]
    Missing,
    /// The right number of rows, but other values.
    #[error("was answered with a wrong value")]
    Value,
    /// A body where there is nothing to answer with.
    #[error("was answered with more than an empty array")]
    NotEmpty,
    /// A refusal that does not say why.
    #[error("was refused without {{\"error\": …}}")]
    Unexplained,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_known_by_its_type_alone() {
        let reply = |content_type| Reply { status: 200, content_type, body: b"" };
        for json in ["application/json", "Application/JSON ; charset=utf-8"] {
            assert_eq!(reply(json.as_bytes()).expect_json(), Ok(()));
        }
        let error = reply(b"text/html;x=application/json").expect_json().unwrap_err();
        assert_eq!(error.to_string(), "was answered as \"text/html\", not as application/json");
        assert!(reply(b"").expect_json().is_err());
    }
}

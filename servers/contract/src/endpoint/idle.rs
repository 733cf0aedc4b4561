//! `GET /idle`: the same as `/demo`, without the query.

use super::demo::Parameters;
use crate::Refusal;

/// The endpoint's path.
pub const PATH: &str = "/idle";

/// Checks or draws the name; the answer is an array without rows.
pub fn answer(parameters: Parameters) -> Result<Vec<()>, Refusal> {
    parameters.into_name()?;
    Ok(Vec::new())
}

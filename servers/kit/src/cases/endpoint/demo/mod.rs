//! `GET /demo`.

pub(in crate::cases) mod lookups;
pub(in crate::cases) mod names;

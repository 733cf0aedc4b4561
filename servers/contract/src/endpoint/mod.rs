//! The endpoints, a module each: `PATH`, the parameters, and `answer`, which makes the body of a 200 or a
//! [`Refusal`](crate::Refusal). A framework routes the path, extracts the parameters and encodes what comes out.

pub mod agents;
pub mod batch;
pub mod demo;
pub mod health;
pub mod idle;
pub mod insert;
pub mod page;

//! The tables, an entity each.

pub(crate) mod agent_status;
pub(crate) mod agents;
pub(crate) mod demo_data;

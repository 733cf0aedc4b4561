//! What people read: tables and pages, from measurements alone.

pub mod table;

//! The verbs of the command line, one file each.

mod answers;
mod backend;
pub mod build;
pub mod cmp;
mod commits;
pub mod count;
pub mod db;
mod derived;
pub mod doctor;
mod gate;
pub mod interrupt;
pub mod list;
pub mod load;
pub mod manifests;
pub mod netprobe;
pub mod rank;
pub mod report;
pub mod run;
pub mod service;
mod splice;
pub mod verify;

//! The private database and the loader, tried on real servers.

mod lifecycle;
mod postgres;
mod seeding;
mod support;

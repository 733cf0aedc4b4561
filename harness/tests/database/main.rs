//! The private database and the loader, tried on real servers.

mod lifecycle;
mod seeding;
mod support;

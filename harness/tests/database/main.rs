//! The private database and the loader, against real servers.

mod lifecycle;
mod seeding;
mod support;

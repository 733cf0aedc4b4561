use std::hint::black_box;

use contract::{
    endpoint::{
        demo::{ALPHABET, random_name},
        page::{self, Range},
    },
    store::{Whole, within_deadline},
};
use drive::Work;

/// The ids of a batch.
const IDS: usize = 20;

/// What one user asks its layer for, drawn as the harness draws what it asks a server with HTTP for.
#[derive(Debug)]
pub(crate) enum Question {
    Demo(String),
    Page(Range),
    Agents,
    Insert(String),
    Batch(Vec<i64>),
    BatchAtOnce(Vec<i64>),
}

impl Question {
    /// Draws a question of this kind.
    pub(crate) fn draw(work: Work) -> Question {
        match work {
            Work::Demo => Question::Demo(random_name()),
            Work::DemoName => Question::Demo(name_of_a_row()),
            Work::Page => Question::Page(random_page()),
            Work::Agents => Question::Agents,
            Work::Insert => Question::Insert(random_name()),
            Work::Batch => Question::Batch(random_ids()),
            Work::BatchAtOnce => Question::BatchAtOnce(random_ids()),
        }
    }

    /// Asks it, and returns whether it was answered in time. Nobody reads the rows: without the black boxes the compiler
    /// could leave them out.
    pub(crate) async fn ask<S: Whole>(self, store: &S) -> bool {
        match self {
            Question::Demo(name) => {
                black_box(within_deadline(store.find_by_name(name)).await).is_ok()
            }
            Question::Page(range) => {
                black_box(within_deadline(store.find_page(range)).await).is_ok()
            }
            Question::Agents => black_box(within_deadline(store.agents()).await).is_ok(),
            Question::Insert(name) => black_box(within_deadline(store.insert(name)).await).is_ok(),
            Question::Batch(ids) => {
                black_box(within_deadline(store.find_one_by_one(ids)).await).is_ok()
            }
            Question::BatchAtOnce(ids) => {
                black_box(within_deadline(store.find_at_once(ids)).await).is_ok()
            }
        }
    }
}

fn random_page() -> Range {
    let prefix = [(); 2].map(|()| char::from(ALPHABET[fastrand::usize(..ALPHABET.len())]));
    let parameters = page::Parameters { prefix: prefix.iter().collect() };
    parameters.range().expect("a prefix may have two characters")
}

/// The name of a row that is there.
fn name_of_a_row() -> String {
    demo_data::row(demo_data::SEED, fastrand::u64(..demo_data::ROWS)).name
}

fn random_ids() -> Vec<i64> {
    (0..IDS).map(|_| fastrand::u64(1..=demo_data::ROWS).cast_signed()).collect()
}

//! The progress bar of a seeding.

use std::sync::Arc;
use std::time::Duration;

use demo_data::ROWS;
use demo_data::loader::{Progress, Step};
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

/// A bar on standard error, drawn in a terminal only and removed when the last clone is dropped. Warnings are printed
/// everywhere, so that a log has them too.
#[must_use]
pub fn bar() -> Progress {
    let bar = ProgressBar::new(ROWS).with_finish(ProgressFinish::AndClear).with_style(
        ProgressStyle::with_template(
            "{spinner} {msg:24} {wide_bar} {human_pos}/{human_len} rows  {elapsed}",
        )
        .expect("the template is a constant; a test draws it"),
    );
    bar.enable_steady_tick(Duration::from_millis(100));
    Arc::new(move |step| match step {
        Step::Checking => bar.set_message("checking the table"),
        Step::Waiting => bar.set_message("waiting for another process that is seeding"),
        Step::Loading(rows) => {
            bar.set_message("loading rows");
            bar.set_position(rows);
        }
        Step::BulkLoadForbidden => bar.suspend(|| {
            eprintln!(
                "stackmark: the database forbids LOAD DATA LOCAL INFILE (local_infile = 0), \
                 so the rows go by batched INSERTs, which takes several times longer"
            );
        }),
        Step::Indexing => bar.set_message("indexing the names"),
        Step::Proving => bar.set_message("proving the checksum"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_drawn() {
        let progress = bar();
        for step in [Step::Checking, Step::Waiting, Step::Loading(1), Step::Indexing, Step::Proving]
        {
            progress(step);
        }
    }
}

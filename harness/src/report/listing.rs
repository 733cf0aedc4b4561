//! `results/README.md`: which runs there are.

use crate::format::folder::Raw;
use crate::format::journal::Entry;
use crate::report::table::Format;

use super::table::Table;

/// One run, as far as it can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// When it began.
    began: String,
    /// Its cells in the table.
    cells: Vec<String>,
}

impl Listed {
    /// A run.
    #[must_use]
    pub fn of(raw: &Raw) -> Listed {
        let (run, machine) = (&raw.run, &raw.machine);
        let ending = if raw.entries.contains(&Entry::Finished) { "finished" } else { "stopped" };
        let cells = [
            run.began.split('T').next().unwrap_or_default().to_owned(),
            link(&raw.name),
            run.label.clone(),
            run.profile.clone(),
            run.backend.clone(),
            run.blocks.to_string(),
            run.server.len().to_string(),
            machine.commit.clone(),
            ending.to_owned(),
        ];
        Listed { began: run.began.clone(), cells: cells.into() }
    }

    /// A run that this version cannot read: another one wrote it, or it is damaged.
    #[must_use]
    pub fn unreadable(name: &str) -> Listed {
        let mut cells = vec!["–".to_owned(); HEADINGS.len() - 1];
        cells[1] = link(name);
        cells.push("not readable by this version".into());
        Listed { began: String::new(), cells }
    }
}

const HEADINGS: [&str; 9] =
    ["date", "run", "label", "profile", "backend", "blocks", "servers", "commit", "ending"];

fn link(name: &str) -> String {
    format!("[{name}]({name}/README.md)")
}

/// The page's text: the newest run first, those that cannot be read last.
///
/// # Errors
/// When the table cannot be encoded.
pub fn page(mut runs: Vec<Listed>) -> anyhow::Result<String> {
    runs.sort_by(|a, b| (&b.began, &a.cells[1]).cmp(&(&a.began, &b.cells[1])));
    let mut table = Table::new(&HEADINGS);
    for run in runs {
        table.row(run.cells);
    }
    Ok(format!(
        "# Runs\n\n{}\nA run is never rewritten: `raw/` holds what was measured, and `stackmark report` rebuilds all else \
         from it, this page included. Each run's `summary.json` follows [summary.schema.json](summary.schema.json).\n",
        table.render(Format::Markdown)?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_run_is_first_and_none_is_left_out() {
        let run = |name: &str, began: &str| {
            let listed = Listed::unreadable(name);
            Listed { began: began.into(), ..listed }
        };
        let runs =
            vec![run("old", "2026-01-01"), Listed::unreadable("odd"), run("new", "2026-02-02")];
        let text = page(runs).unwrap();
        let place = |name: &str| text.find(&link(name)).unwrap();
        assert!(place("new") < place("old") && place("old") < place("odd"), "{text}");
    }
}

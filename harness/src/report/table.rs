//! One table, in the four formats that every listing has.

use std::collections::BTreeMap;
use std::env;
use std::io::{self, IsTerminal, Write};

use anyhow::Context;
use clap::ValueEnum;
use comfy_table::{Cell, Color, TableStyle};

/// How a listing is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns for a terminal
    Table,
    /// A Markdown table
    Markdown,
    /// Comma-separated values
    Csv,
    /// One JSON array
    Json,
}

/// Rows of text under headings.
#[derive(Clone, Debug)]
pub struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
    /// By row and column; shown on a terminal only.
    painted: BTreeMap<(usize, usize), Paint>,
}

/// Why a cell has a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Nothing is shown to be better, or it is shown to have become better.
    Best,
    /// It is shown to have become worse.
    Worse,
    /// It must be known to read the row.
    Warning,
}

impl Paint {
    fn colour(self) -> Color {
        match self {
            Paint::Best => Color::Green,
            Paint::Worse => Color::Red,
            Paint::Warning => Color::Yellow,
        }
    }
}

impl Table {
    /// An empty one.
    #[must_use]
    pub fn new<H: ToString>(headings: &[H]) -> Table {
        Table {
            headings: headings.iter().map(ToString::to_string).collect(),
            rows: Vec::new(),
            painted: BTreeMap::new(),
        }
    }

    /// Adds a row; it has as many cells as there are headings.
    pub fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.headings.len());
        self.rows.push(cells);
    }

    /// What the columns are.
    #[must_use]
    pub fn headings(&self) -> &[String] {
        &self.headings
    }

    /// All rows, each with as many cells as there are headings.
    #[must_use]
    pub fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }

    /// Colours a cell of the last row.
    pub fn paint(&mut self, column: usize, paint: Paint) {
        debug_assert!(column < self.headings.len());
        self.painted.insert((self.rows.len().saturating_sub(1), column), paint);
    }

    /// Several tables in one, each with its values of the first columns, which tell them apart. Columns go by their
    /// place: the first table's headings name them.
    #[must_use]
    pub fn stacked(first: &[&str], tables: &[(Vec<String>, Table)]) -> Table {
        let mut headings: Vec<String> = first.iter().map(ToString::to_string).collect();
        headings
            .extend(tables.first().map(|(_, table)| table.headings.clone()).unwrap_or_default());
        let rows = tables.iter().flat_map(|(values, table)| {
            table.rows.iter().map(|row| values.iter().chain(row).cloned().collect())
        });
        Table { headings, rows: rows.collect(), painted: BTreeMap::new() }
    }

    /// The table as text in `format`.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn render(&self, format: Format) -> anyhow::Result<String> {
        match format {
            Format::Table => Ok(self.aligned(TableStyle::default())),
            Format::Markdown => {
                // What a server says of itself may hold what would end a cell.
                let escaped = |cell: &String| unmarked(cell).replace('|', "\\|");
                let table = Table {
                    headings: self.headings.iter().map(escaped).collect(),
                    rows: self.rows.iter().map(|row| row.iter().map(escaped).collect()).collect(),
                    painted: BTreeMap::new(),
                };
                Ok(table.aligned(comfy_table::presets::ASCII_MARKDOWN))
            }
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(Vec::new());
                writer.write_record(&self.headings)?;
                for row in &self.rows {
                    writer.write_record(row)?;
                }
                Ok(String::from_utf8(writer.into_inner().context("a table in memory")?)?)
            }
            Format::Json => {
                let rows: Vec<serde_json::Map<_, _>> = self
                    .rows
                    .iter()
                    .map(|row| {
                        let cells = row.iter().map(|cell| serde_json::Value::from(cell.as_str()));
                        self.headings.iter().cloned().zip(cells).collect()
                    })
                    .collect();
                Ok(serde_json::to_string_pretty(&rows)? + "\n")
            }
        }
    }

    /// To standard output.
    ///
    /// # Errors
    /// When it cannot be written; a reader that has seen enough (`| head`) is none.
    pub fn print(&self, format: Format) -> anyhow::Result<()> {
        print(&self.render(format)?)
    }

    fn aligned(&self, style: TableStyle) -> String {
        let mut table = comfy_table::Table::new();
        let rows = self.rows.iter().enumerate().map(|(row, cells)| {
            let cells = cells.iter().enumerate().map(move |(column, text)| {
                match self.painted.get(&(row, column)) {
                    Some(paint) => Cell::new(text).fg(paint.colour()),
                    None => Cell::new(text),
                }
            });
            cells.collect::<Vec<Cell>>()
        });
        table.load_style(style).set_header(&self.headings).add_rows(rows);
        // https://no-color.org: any value but an empty one.
        let is_plain = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if is_plain || !io::stdout().is_terminal() {
            table.force_no_tty();
        }
        let lines = table.lines().map(|line| line.trim_end().to_owned() + "\n");
        lines.collect()
    }
}

/// Text that holds no markup, and no end of a line, for a Markdown page.
#[must_use]
pub fn unmarked(text: &str) -> String {
    text.replace('<', "&lt;").replace(['\n', '\r'], " ")
}

/// Text to standard output.
///
/// # Errors
/// When it cannot be written; a reader that has seen enough (`| head`) is none.
pub fn print(text: &str) -> anyhow::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_is_no_markup() {
        let mut table = Table::new(&["<b>"]);
        table.row(vec!["a|b <script>\nc".into()]);
        let text = table.render(Format::Markdown).unwrap();
        assert!(text.contains("a\\|b &lt;script> c") && text.contains("&lt;b>"), "{text}");
        assert!(
            table.render(Format::Csv).unwrap().contains("<script>"),
            "a program reads it as it is"
        );
    }
}

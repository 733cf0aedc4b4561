//! The databases that the kit is given, one of each family.

use std::{env, sync::OnceLock};

use anyhow::{Context as _, Result, ensure};
use url::Url;

use crate::family::{Asked, Client, Family};

/// The command that runs the suite with a database of each family.
const SUITE: &str =
    "cargo run --release -p stackmark -- db exec -- cargo test -p kit --test servers";

/// The database that the variable of its family names.
pub(crate) struct Database {
    pub(crate) family: &'static dyn Family,
    url: OnceLock<Url>,
}

impl Database {
    /// The database of a family, whose variable is not read yet.
    pub(crate) fn new(family: &'static dyn Family) -> Self {
        Self { family, url: OnceLock::new() }
    }

    /// Reads the variable, and checks that the database holds the whole tables. Once that is done, it is not done again.
    pub(crate) async fn open(&self) -> Result<()> {
        if self.url.get().is_some() {
            return Ok(());
        }
        let variable = self.family.variable();
        let text = env::var(variable).ok().filter(|text| !text.is_empty());
        let text =
            text.with_context(|| format!("{variable} is not set: run the suite as `{SUITE}`"))?;
        let url = Url::parse(&text).ok().filter(|url| url.scheme() == self.family.name());
        let url = url.with_context(|| {
            format!("{variable} is no {}://user:password@host:port/database", self.family.name())
        })?;
        let mut client = self
            .family
            .connect(&url)
            .await
            .with_context(|| format!("the database of {variable} cannot be reached"))?;
        for (table, rows) in [("demo_data", demo_data::ROWS), ("agents", demo_data::AGENTS)] {
            // Rows that come after were inserted by servers.
            let count = format!("SELECT CONCAT(COUNT(*)) FROM {table} WHERE id <= {rows}");
            let counted = client.text(&count).await.with_context(|| {
                format!(
                    "the database of {variable} has no table {table}: run the suite as `{SUITE}`"
                )
            })?;
            let counted = counted.concat().concat();
            ensure!(
                counted == rows.to_string(),
                "{table} has {counted} rows instead of {rows} in the database of {variable}: run the suite as `{SUITE}`"
            );
        }
        self.url.get_or_init(|| url);
        Ok(())
    }

    /// The database's URL, with its password.
    pub(crate) fn url(&self) -> &Url {
        self.url.get().expect("a database is opened before the tests that need it begin")
    }

    /// Host and port.
    pub(crate) fn address(&self) -> Result<String> {
        let host = self
            .url()
            .host_str()
            .with_context(|| format!("{} names no host", self.family.variable()))?;
        Ok(format!("{host}:{}", self.url().port().unwrap_or(self.family.default_port())))
    }

    /// A connection of the kit's own.
    pub(crate) fn connect(&self) -> Asked<'_, Box<dyn Client>> {
        self.family.connect(self.url())
    }
}

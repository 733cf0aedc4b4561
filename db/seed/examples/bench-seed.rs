//! Compares the loader with each database's own client, which loads the same rows from a file.
//!
//! Both drop the table, create it, load it, index it and analyze it, with the same statements in database sessions with the
//! same settings. They alternate, and take turns at being first. The tables are seeded afterwards, and proved again.
//! `MYSQL_URL` and `POSTGRES_URL` name the databases; one that is not set is left out.

use std::{
    env,
    fs::{self, File},
    io::Write,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use demo_data::loader::{self, Progress, SeedReport, Table, Way, mysql, postgres};
use mysql_async::Opts;
use tokio::runtime::Runtime;
use tokio_postgres::config::Host;

fn main() -> Result<()> {
    let pairs: usize = match env::args().nth(1) {
        Some(pairs) => pairs.parse().context("the one argument is a number of pairs")?,
        None => 5,
    };
    ensure!(pairs > 0, "nothing is compared in 0 pairs: ask for 5 or more");
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("rows");
    write_rows(&file).context("the ready file for the clients needs 200 MB")?;
    let name = file.to_str().context("the folder for temporary files has a plain name")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mysql_url, postgres_url) = (env::var("MYSQL_URL"), env::var("POSTGRES_URL"));
    ensure!(
        mysql_url.is_ok() || postgres_url.is_ok(),
        "set MYSQL_URL or POSTGRES_URL to a database to load"
    );
    if let Ok(url) = mysql_url {
        compare("mysql", pairs, &mut Mysql::open(&runtime, url, name)?)?;
    }
    if let Ok(url) = postgres_url {
        let script = folder.path().join("script");
        compare("postgres", pairs, &mut Postgres::open(&runtime, url, name, &script)?)?;
    }
    Ok(())
}

/// The two ways to load a database.
trait Loaded {
    /// By the loader.
    fn loader(&mut self) -> Result<()>;

    /// By the database's own client.
    fn client(&mut self) -> Result<()>;

    /// Proves the table.
    fn ensure(&mut self) -> Result<SeedReport>;
}

fn compare(family: &str, pairs: usize, loaded: &mut dyn Loaded) -> Result<()> {
    println!("{family}\npair  loader  client  ratio");
    let mut ratios = Vec::new();
    for pair in 1..=pairs {
        let (mut ours, mut theirs) = (Duration::ZERO, Duration::ZERO);
        for turn in 0..2 {
            let begin = Instant::now();
            if (pair + turn) % 2 == 0 {
                loaded.loader()?;
                ours = begin.elapsed();
            } else {
                loaded.client()?;
                theirs = begin.elapsed();
            }
        }
        let (ours, theirs) = (ours.as_secs_f64(), theirs.as_secs_f64());
        let ratio = ours / theirs;
        println!("{pair:4}  {ours:5.2}s  {theirs:5.2}s  {ratio:5.3}");
        ratios.push(ratio);
    }
    ratios.sort_unstable_by(f64::total_cmp);
    println!(
        "loader / client: median {:.3}, from {:.3} to {:.3} over {pairs} pairs (at most 1.1 is wanted)",
        (ratios[(pairs - 1) / 2] + ratios[pairs / 2]) / 2.0,
        ratios[0],
        ratios[pairs - 1],
    );
    let begin = Instant::now();
    let report = loaded.ensure()?;
    ensure!(report.loaded.is_none(), "the last table was wrong: {}", report.found);
    println!("the seeded table was proved in {:.2} s", begin.elapsed().as_secs_f64());
    Ok(())
}

fn silent() -> Progress {
    Arc::new(|_| ())
}

fn write_rows(file: &Path) -> Result<()> {
    let mut file = File::create(file)?;
    for (chunk, _) in loader::text(Table::PUBLISHED) {
        file.write_all(&chunk)?;
    }
    Ok(())
}

fn run(client: &str, package: &str, command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.with_context(|| format!("{client} is missing: install {package}"))?;
    if !status.success() {
        bail!("{client} failed: its message is above");
    }
    Ok(())
}

struct Mysql<'a> {
    runtime: &'a Runtime,
    url: String,
    connection: mysql::Connection,
    script: String,
}

impl Mysql<'_> {
    fn open<'a>(runtime: &'a Runtime, url: String, file: &str) -> Result<Mysql<'a>> {
        let mut connection = runtime.block_on(mysql::Connection::open(&url))?;
        let dialect = runtime.block_on(connection.dialect())?;
        let (create_table, create_index) = (dialect.create_table(), dialect.create_index());
        let script = format!(
            "SET time_zone = '+00:00'; DROP TABLE IF EXISTS demo_data; {create_table} {}; {create_index} \
             ANALYZE TABLE demo_data;",
            mysql::load_data_sql(file)
        );
        Ok(Mysql { runtime, url, connection, script })
    }
}

impl Loaded for Mysql<'_> {
    fn loader(&mut self) -> Result<()> {
        let way = self.runtime.block_on(self.connection.reload(Table::PUBLISHED, &silent()))?;
        ensure!(
            way == Way::BulkLoad,
            "the server forbids LOAD DATA LOCAL INFILE: set local_infile = 1"
        );
        Ok(())
    }

    fn client(&mut self) -> Result<()> {
        let opts = Opts::from_url(&self.url)?;
        let mut command = Command::new("mariadb");
        command
            .args(["--no-defaults", "--protocol=tcp", "--skip-ssl", "--local-infile=1"])
            .args(["--host", opts.ip_or_hostname(), "--port", &opts.tcp_port().to_string()])
            .args(["--user", opts.user().unwrap_or_default()])
            .args(["--database", opts.db_name().unwrap_or_default(), "--execute", &self.script])
            .args(["--silent", "--silent"])
            .env("MYSQL_PWD", opts.pass().unwrap_or_default());
        run("the mariadb client", "mariadb-client-core", &mut command)
    }

    fn ensure(&mut self) -> Result<SeedReport> {
        Ok(self.runtime.block_on(mysql::ensure(&self.url, Table::PUBLISHED, &silent()))?)
    }
}

struct Postgres<'a> {
    runtime: &'a Runtime,
    url: String,
    connection: postgres::Connection,
    script: &'a Path,
}

impl Postgres<'_> {
    fn open<'a>(
        runtime: &'a Runtime,
        url: String,
        file: &str,
        script: &'a Path,
    ) -> Result<Postgres<'a>> {
        let connection = runtime.block_on(postgres::Connection::open(&url))?;
        let copy = postgres::COPY.replace("STDIN", &format!("'{}'", file.replace('\'', "''")));
        let text = format!(
            "SET TIME ZONE 'UTC';\nBEGIN;\nDROP TABLE IF EXISTS demo_data;\n{}\n\\{}\n{}\nCOMMIT;\n{};\n",
            postgres::CREATE_TABLE,
            copy.replacen("COPY", "copy", 1),
            postgres::CREATE_INDEX,
            postgres::ANALYZE,
        );
        fs::write(script, text)?;
        Ok(Postgres { runtime, url, connection, script })
    }
}

impl Loaded for Postgres<'_> {
    fn loader(&mut self) -> Result<()> {
        self.runtime.block_on(self.connection.reload(Table::PUBLISHED, &silent()))?;
        Ok(())
    }

    fn client(&mut self) -> Result<()> {
        let config: tokio_postgres::Config = self.url.parse()?;
        let Some(Host::Tcp(host)) = config.get_hosts().first() else {
            bail!("POSTGRES_URL names no host");
        };
        let password =
            String::from_utf8_lossy(config.get_password().unwrap_or_default()).into_owned();
        let mut command = Command::new("psql");
        command
            .args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file"])
            .arg(self.script)
            .env("PGHOST", host)
            .env("PGPORT", config.get_ports().first().unwrap_or(&5432).to_string())
            .env("PGUSER", config.get_user().unwrap_or_default())
            .env("PGDATABASE", config.get_dbname().unwrap_or_default())
            .env("PGPASSWORD", password);
        run("psql", "postgresql-client", &mut command)
    }

    fn ensure(&mut self) -> Result<SeedReport> {
        Ok(self.runtime.block_on(postgres::ensure(&self.url, Table::PUBLISHED, &silent()))?)
    }
}

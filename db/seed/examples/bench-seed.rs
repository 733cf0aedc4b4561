//! Compares the loader with the `mariadb` client, which loads the same rows from a file.
//!
//! Both drop the table that DATABASE_URL names, create it, load it, index it and analyze it, with the same statements
//! in database sessions with the same settings. They alternate, and take turns at being first. The table is seeded
//! afterwards.

use std::{
    env,
    fs::File,
    io::Write,
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use demo_data::loader::mysql::{self, Connection};
use demo_data::loader::{Progress, Table, Way};
use mysql_async::Opts;

fn main() -> Result<()> {
    let pairs: usize = match env::args().nth(1) {
        Some(pairs) => pairs.parse().context("the one argument is a number of pairs")?,
        None => 5,
    };
    ensure!(pairs > 0, "nothing is compared in 0 pairs: ask for 5 or more");
    let url = env::var("DATABASE_URL").context("set DATABASE_URL to a database to load")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut conn = runtime.block_on(Connection::open(&url))?;
    let dialect = runtime.block_on(conn.dialect())?;
    let (create_table, create_index) = (dialect.create_table(), dialect.create_index());

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("rows");
    write_rows(&file).context("the ready file for the client needs 200 MB")?;
    let name = file.to_str().context("the folder for temporary files has a plain name")?;
    let script = format!(
        "SET time_zone = '+00:00'; DROP TABLE IF EXISTS demo_data; {create_table} {}; {create_index} \
         ANALYZE TABLE demo_data;",
        mysql::load_data_sql(name)
    );

    println!("pair  loader  client  ratio");
    let mut ratios = Vec::new();
    for pair in 1..=pairs {
        let mut ours = Duration::ZERO;
        let mut theirs = Duration::ZERO;
        for turn in 0..2 {
            let begin = Instant::now();
            if (pair + turn) % 2 == 0 {
                let silent: Progress = Arc::new(|_| ());
                let way = runtime.block_on(conn.reload(Table::PUBLISHED, &silent))?;
                ensure!(
                    way == Way::BulkLoad,
                    "the server forbids LOAD DATA LOCAL INFILE: set local_infile = 1"
                );
                ours = begin.elapsed();
            } else {
                client(&url, &script)?;
                theirs = begin.elapsed();
            }
        }
        let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
        println!(
            "{pair:4}  {:5.2}s  {:5.2}s  {ratio:5.3}",
            ours.as_secs_f64(),
            theirs.as_secs_f64()
        );
        ratios.push(ratio);
    }
    ratios.sort_unstable_by(f64::total_cmp);
    println!(
        "loader / client: median {:.3}, from {:.3} to {:.3} over {pairs} pairs (at most 1.25 is wanted)",
        (ratios[(pairs - 1) / 2] + ratios[pairs / 2]) / 2.0,
        ratios[0],
        ratios[pairs - 1],
    );
    let begin = Instant::now();
    let silent: Progress = Arc::new(|_| ());
    let report = runtime.block_on(mysql::ensure(&url, Table::PUBLISHED, &silent))?;
    ensure!(report.loaded.is_none(), "the last table was wrong: {}", report.found);
    println!("the seeded table was proved in {:.2} s", begin.elapsed().as_secs_f64());
    Ok(())
}

fn write_rows(file: &Path) -> Result<()> {
    let mut file = File::create(file)?;
    for (chunk, _) in mysql::text(Table::PUBLISHED) {
        file.write_all(&chunk)?;
    }
    Ok(())
}

fn client(url: &str, script: &str) -> Result<()> {
    let opts = Opts::from_url(url)?;
    let status = Command::new("mariadb")
        .args(["--no-defaults", "--protocol=tcp", "--skip-ssl", "--local-infile=1"])
        .args(["--host", opts.ip_or_hostname(), "--port", &opts.tcp_port().to_string()])
        .args(["--user", opts.user().unwrap_or_default()])
        .args(["--database", opts.db_name().unwrap_or_default(), "--execute", script])
        .args(["--silent", "--silent"])
        .env("MYSQL_PWD", opts.pass().unwrap_or_default())
        .stdout(std::process::Stdio::null())
        .status()
        .context("the mariadb client is missing: install mariadb-client-core")?;
    if !status.success() {
        bail!("the mariadb client failed: its message is above");
    }
    Ok(())
}

//! The private PostgreSQL and its loader, where they differ from MariaDB's.

use std::fs;
use std::sync::Arc;

use demo_data::Checksum;
use demo_data::loader::postgres::{self, Connection};
use demo_data::loader::{LoadError, Progress, SeedReport, State, Step, Way};
use nix::sys::signal::Signal;
use stackmark::database::counters::{Counter, CounterReader};
use stackmark::os::stop::Stop;
use stackmark::service::{self, Lease};
use tempfile::TempDir;

use crate::support::{
    SMALL, block_on, checkout, database, free_port, output, signal, silent, stackmark, text, until,
};

/// A checkout with its private PostgreSQL.
struct Private {
    folder: TempDir,
    lease: Lease,
}

impl Private {
    fn start() -> Private {
        let folder = checkout();
        let lease = lease(&folder);
        Private { folder, lease }
    }

    fn url(&self) -> &str {
        self.lease.url().expose()
    }

    /// The URL with another login.
    fn url_of(&self, login: &str) -> String {
        let (_, place) = self.url().rsplit_once('@').expect("it has a login");
        format!("postgres://{login}@{place}")
    }

    fn execute(&self, statements: &str) {
        block_on(async {
            let mut connection = Connection::open(self.url()).await.expect("it is up");
            let done = connection.execute(statements).await;
            done.unwrap_or_else(|error| panic!("{statements}: {error}"));
        });
    }

    fn ensure(&self) -> Result<SeedReport, LoadError> {
        block_on(postgres::ensure(self.url(), SMALL, &silent()))
    }

    fn state(&self) -> State {
        block_on(async {
            let mut connection = Connection::open(self.url()).await.expect("it is up");
            let expected = Checksum::expected(SMALL.seed, SMALL.rows);
            connection.state(expected).await.expect("it answers")
        })
    }
}

fn lease(folder: &TempDir) -> Lease {
    let service = service::named(&["postgres".to_owned()]).expect("it is a service")[0];
    Lease::private(folder.path(), service, &Stop::never()).expect("PostgreSQL is installed")
}

#[test]
fn a_seeded_table_is_proved_and_left_alone() {
    let private = Private::start();
    let first = private.ensure().expect("an empty database can be seeded");
    assert_eq!((first.found, first.loaded), (State::Missing, Some(Way::BulkLoad)));
    let second = private.ensure().expect("it is seeded");
    assert_eq!((second.found, second.loaded), (State::Seeded, None));
}

#[test]
fn any_damage_is_seen_and_mended() {
    let private = Private::start();
    private.ensure().expect("an empty database can be seeded");
    for damage in [
        "UPDATE demo_data SET name = name || ' ' WHERE id = 7",
        "UPDATE demo_data SET name = upper(name) WHERE id = 8",
        "UPDATE demo_data SET update_time = update_time + INTERVAL '1 second' WHERE id = 60000",
        "UPDATE demo_data SET id = 60001 WHERE id = 1",
        "DELETE FROM demo_data WHERE id = 3",
        "INSERT INTO demo_data (id, name) VALUES (70000, 'a')",
        "TRUNCATE TABLE demo_data",
        "DROP INDEX demo_data_name",
        "CREATE INDEX ON demo_data (create_time)",
        "CREATE INDEX ON demo_data (name) WHERE id > 5",
        "ALTER TABLE demo_data ALTER name TYPE varchar(255) COLLATE \"default\"",
        "ALTER TABLE demo_data ALTER name TYPE varchar(254) COLLATE \"C\"",
        "ALTER TABLE demo_data ALTER create_time DROP NOT NULL",
        "ALTER TABLE demo_data ALTER create_time TYPE timestamptz",
        "ALTER TABLE demo_data ADD COLUMN more int",
        "ALTER TABLE demo_data SET UNLOGGED",
        "ALTER TABLE demo_data ENABLE ROW LEVEL SECURITY",
    ] {
        private.execute(damage);
        let state = private.state();
        assert!(matches!(state, State::Differs { ours: true, .. }), "{damage}: {state}");
        private.ensure().unwrap_or_else(|error| panic!("{damage}: {error}"));
        assert_eq!(private.state(), State::Seeded, "{damage}");
    }
    for damage in [
        "UPDATE agents SET name = 'x' WHERE id = 7",
        "DELETE FROM agent_status WHERE agent_id = 7",
        "DROP TABLE agents",
    ] {
        private.execute(damage);
        private.ensure().unwrap_or_else(|error| panic!("{damage}: {error}"));
        private.execute(
            "SELECT 1 / (count(*) = 50)::int FROM agents JOIN agent_status ON id = agent_id",
        );
    }
}

#[test]
fn a_seeding_interrupted_at_any_step_is_done_again() {
    let private = Private::start();
    for point in [Step::Loading(0), Step::Indexing, Step::Proving] {
        private.execute("DROP TABLE IF EXISTS demo_data");
        let reached = Arc::new(tokio::sync::Notify::new());
        let here = reached.clone();
        let progress: Progress = Arc::new(move |step| {
            if std::mem::discriminant(&step) == std::mem::discriminant(&point) {
                here.notify_one();
            }
        });
        block_on(async {
            tokio::select! {
                biased;
                () = reached.notified() => {}
                done = postgres::ensure(private.url(), SMALL, &progress) => {
                    panic!("{point:?} was never seen: {done:?}")
                }
            }
        });
        private.ensure().unwrap_or_else(|error| panic!("{point:?}: {error}"));
        assert_eq!(private.state(), State::Seeded, "{point:?}");
    }
}

#[test]
fn two_that_seed_at_once_do_not_meet() {
    let private = Private::start();
    let reports = block_on(async {
        let (one, two) = (silent(), silent());
        let url = private.url();
        tokio::join!(postgres::ensure(url, SMALL, &one), postgres::ensure(url, SMALL, &two))
    });
    let loaded = [reports.0, reports.1].map(|report| report.expect("both succeed").loaded);
    assert_eq!(loaded.iter().flatten().count(), 1, "the second finds the work done");
    assert_eq!(private.state(), State::Seeded);
}

#[test]
fn what_may_not_be_done_is_said_with_its_mend() {
    let private = Private::start();
    let refused = |mend: &str| {
        let error = private.ensure().expect_err("it is refused").to_string();
        assert!(error.contains(mend), "{error}");
    };
    private.execute("CREATE TABLE demo_data (mine int)");
    refused("holds a table demo_data that stackmark did not make");
    private.execute("SELECT mine FROM demo_data; DROP TABLE demo_data, agents");
    private.execute("CREATE TABLE agents (mine int)");
    refused("holds a table agents that stackmark did not make");
    private.execute("SELECT mine FROM agents; DROP TABLE agents");

    private.execute("ALTER DATABASE stackmark SET default_transaction_read_only = on");
    refused("name the primary");
    private.execute(
        "BEGIN READ WRITE; ALTER DATABASE stackmark RESET default_transaction_read_only; COMMIT",
    );

    private.execute("CREATE SCHEMA mine; REVOKE CREATE ON SCHEMA mine FROM stackmark");
    private.execute("ALTER DATABASE stackmark SET search_path = mine");
    refused("permission denied for schema mine");
    refused("GRANT CREATE ON SCHEMA");
}

#[test]
fn a_wrong_url_gets_one_sentence_and_no_password() {
    let private = Private::start();
    let (_, place) = private.url().rsplit_once('@').expect("it has a login");
    let (address, _) = place.rsplit_once('/').expect("it has a path");
    for (url, mend) in [
        (format!("postgres://me:s3cret@127.0.0.1:{}/bench", free_port()), "start it"),
        (private.url_of("me:s3cret"), "correct user and password"),
        (format!("postgres://me:s3cret@{address}"), "end it with one"),
        (format!("postgres://me:s3cret@{place}?sslmode=require"), "it has parameters"),
    ] {
        let seed = ["db", "seed", "postgres"];
        let output = output(stackmark(private.folder.path()).args(seed).env("DATABASE_URL", &url));
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(mend), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
}

#[test]
fn a_server_of_the_other_kind_is_named() {
    let private = Private::start();
    let mariadb = crate::support::private(private.folder.path()).expect("MariaDB is installed");
    let (_, place) = mariadb.url().expose().rsplit_once('@').expect("it has a login");
    let error = block_on(postgres::ensure(&format!("postgres://a:b@{place}"), SMALL, &silent()));
    let error = error.expect_err("MariaDB answers there");
    assert!(matches!(error, LoadError::OtherKind { .. }), "{error:?}");
}

#[test]
fn a_server_that_demands_tls_is_named() {
    let private = Private::start();
    let logins = private.folder.path().join(".stackmark/postgres/data/pg_hba.conf");
    fs::write(logins, "hostssl all all 127.0.0.1/32 scram-sha-256\n").expect("it is writable");
    let pid = i32::try_from(private.lease.pid().expect("it is private")).expect("it fits");
    signal(pid, Signal::SIGHUP);
    let mut last = None;
    until("it refuses what is not encrypted", || {
        last = private.ensure().err();
        last.is_some()
    });
    assert!(matches!(last, Some(LoadError::DemandsTls { .. })), "{last:?}");
}

#[test]
fn settings_and_counters_are_the_servers_own() {
    let private = Private::start();
    let database = database(&private.lease);
    let settings = database.settings().expect("it answers");
    for (name, value) in [("time_zone", "UTC"), ("autovacuum", "off"), ("max_connections", "2048")]
    {
        assert_eq!(settings.get(name).map(String::as_str), Some(value), "{name}");
    }
    let reader = CounterReader::new(database).expect("it answers");
    let before = reader.read(database).expect("it answers");
    let again = reader.read(database).expect("it answers");
    for counter in [Counter::Queries, Counter::Changes, Counter::Prepares, Counter::PagesTouched] {
        assert!(before.get(counter).is_some(), "the server has {counter:?}");
        assert_eq!(again.get(counter), before.get(counter), "{counter:?}: readings leave no trace");
    }
    private.execute("CREATE TABLE few (n int); INSERT INTO few VALUES (7)");
    private.execute("SELECT n FROM few");
    let after = reader.read(database).expect("it answers");
    let more =
        |counter| after.get(counter).zip(again.get(counter)).map(|(after, before)| after - before);
    assert_eq!(more(Counter::Changes), Some(1));
    // Each connection asks for the version besides.
    assert_eq!(more(Counter::Queries), Some(3));
}

#[test]
fn a_crashed_server_recovers_and_a_lost_password_is_drawn_anew() {
    let private = Private::start();
    private.ensure().expect("an empty database can be seeded");
    let pid = i32::try_from(private.lease.pid().expect("it is private")).expect("it fits");
    signal(pid, Signal::SIGKILL);
    let Private { folder, lease } = private;
    drop(lease);
    fs::remove_file(folder.path().join(".stackmark/postgres/password")).expect("it is there");
    let again = Private { lease: self::lease(&folder), folder };
    assert_eq!(again.state(), State::Seeded);
}

#[test]
fn other_users_can_neither_read_the_folder_nor_log_in() {
    use std::os::unix::fs::PermissionsExt;
    let private = Private::start();
    let folder = private.folder.path().join(".stackmark/postgres");
    let mode = |path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(folder.clone()), 0o700);
    assert_eq!(mode(folder.join("data")), 0o700);
    assert_eq!(mode(folder.join("password")), 0o600);
    for login in ["postgres", "postgres:", "stackmark:", "stackmark:x"] {
        let error = block_on(postgres::ensure(&private.url_of(login), SMALL, &silent()));
        assert!(error.is_err(), "{login}");
    }
}

//! Seeding: afterwards the table is right, whatever was there before and whatever interrupts.

use std::sync::Arc;

use demo_data::loader::mysql;
use demo_data::loader::{LoadError, Progress, State, Step, Way};
use stackmark::os::stop::Stop;

use crate::support::{
    Foreign, SMALL, block_on, checkout, database, ensure, execute, free_port, output, private,
    silent, stackmark, state, text,
};

#[test]
fn a_seeded_table_is_proved_and_left_alone() {
    let folder = checkout();
    let lease = private(folder.path()).expect("MariaDB is installed");
    let url = lease.url().expose();

    let first = ensure(url).expect("an empty schema can be seeded");
    assert_eq!((first.found, first.loaded), (State::Missing, Some(Way::BulkLoad)));
    let second = ensure(url).expect("it is seeded");
    assert_eq!((second.found, second.loaded), (State::Seeded, None));
}

#[test]
fn any_damage_is_seen_and_mended() {
    let folder = checkout();
    let lease = private(folder.path()).expect("MariaDB is installed");
    let url = lease.url().expose();
    ensure(url).expect("an empty schema can be seeded");
    for damage in [
        "UPDATE demo_data SET name = CONCAT(name, ' ') WHERE id = 7",
        "UPDATE demo_data SET name = UPPER(name) WHERE id = 8",
        "UPDATE demo_data SET update_time = update_time + INTERVAL 1 SECOND WHERE id = 60000",
        "UPDATE demo_data SET id = 60001 WHERE id = 1",
        "DELETE FROM demo_data WHERE id = 3",
        "INSERT INTO demo_data (name) VALUES ('a')",
        "TRUNCATE TABLE demo_data",
        "ALTER TABLE demo_data DROP INDEX demo_data_name",
        "ALTER TABLE demo_data ADD INDEX (create_time)",
        "ALTER TABLE demo_data MODIFY name varchar(255) COLLATE utf8mb4_general_ci NOT NULL",
        "ALTER TABLE demo_data MODIFY name varchar(254) COLLATE utf8mb4_nopad_bin NOT NULL",
        "ALTER TABLE demo_data MODIFY create_time timestamp NULL",
        "ALTER TABLE demo_data MODIFY create_time datetime NOT NULL",
        "ALTER TABLE demo_data ADD COLUMN more int",
        "ALTER TABLE demo_data ENGINE = Aria",
    ] {
        execute(url, damage);
        assert!(
            matches!(state(url), State::Differs { ours: true, .. }),
            "{damage}: {}",
            state(url)
        );
        ensure(url).unwrap_or_else(|error| panic!("{damage}: {error}"));
        assert_eq!(state(url), State::Seeded, "{damage}");
    }
}

#[test]
fn a_seeding_interrupted_at_any_step_is_done_again() {
    let folder = checkout();
    let lease = private(folder.path()).expect("MariaDB is installed");
    let url = lease.url().expose();
    for point in [Step::Loading(0), Step::Indexing, Step::Proving] {
        execute(url, "DROP TABLE IF EXISTS demo_data");
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
                done = mysql::ensure(url, SMALL, &progress) => panic!("{point:?} was never seen: {done:?}"),
            }
        });
        ensure(url).unwrap_or_else(|error| panic!("{point:?}: {error}"));
        assert_eq!(state(url), State::Seeded, "{point:?}");
    }
}

#[test]
fn two_that_seed_at_once_do_not_meet() {
    let folder = checkout();
    let lease = private(folder.path()).expect("MariaDB is installed");
    let url = lease.url().expose();
    let reports = block_on(async {
        let (one, two) = (silent(), silent());
        tokio::join!(mysql::ensure(url, SMALL, &one), mysql::ensure(url, SMALL, &two))
    });
    let loaded = [reports.0, reports.1].map(|report| report.expect("both succeed").loaded);
    assert_eq!(loaded.iter().flatten().count(), 1, "the second finds the work done");
    assert_eq!(state(url), State::Seeded);
}

#[test]
fn without_local_infile_the_rows_go_by_inserts() {
    let foreign = Foreign::start(&["--local-infile=0"]);
    let said = Arc::new(std::sync::Mutex::new(Vec::new()));
    let hear = said.clone();
    let progress: Progress =
        Arc::new(move |step| hear.lock().expect("no thread panics").push(step));
    let report = block_on(mysql::ensure(&foreign.url, SMALL, &progress)).expect("it can be seeded");
    assert_eq!(report.loaded, Some(Way::Inserts));
    assert!(said.lock().expect("no thread panics").contains(&Step::BulkLoadForbidden));
    assert_eq!(state(&foreign.url), State::Seeded);
}

#[test]
fn a_server_that_vanishes_in_the_midst_is_named() {
    let foreign = Foreign::start(&[]);
    let url = foreign.url.clone();
    let running = std::sync::Mutex::new(Some(foreign));
    let progress: Progress = Arc::new(move |step| {
        if matches!(step, Step::Loading(_)) {
            drop(running.lock().expect("no thread panics").take());
        }
    });
    let error = block_on(mysql::ensure(&url, SMALL, &progress)).expect_err("the server is gone");
    assert!(matches!(error, LoadError::Lost { .. }), "{error:?}");
}

#[test]
fn a_missing_schema_is_made_where_that_is_allowed() {
    let foreign = Foreign::start(&[]);
    let fresh = foreign.schema("fresh");
    ensure(&fresh).expect("the account may make this one");
    assert_eq!(state(&fresh), State::Seeded);

    let error = ensure(&foreign.schema("theirs")).expect_err("the account may not make this one");
    assert!(matches!(error, LoadError::NotPermitted { .. }), "{error:?}");
    assert!(error.to_string().contains("GRANT"), "{error}");
}

#[test]
fn a_wrong_url_gets_one_sentence_and_no_password() {
    let foreign = Foreign::start(&[]);
    let folder = checkout();
    let port = foreign.port;
    for (url, mend) in [
        (format!("mysql://me:s3cret@127.0.0.1:{}/bench", free_port()), "start it"),
        (format!("mysql://me:s3cret@127.0.0.1:{port}/bench"), "correct user and password"),
        (format!("mysql://me:s3cret@127.0.0.1:{port}"), "end it with one"),
        (format!("mysql://me:s3cret@127.0.0.1:{port}/bench?ssl=1"), "it has parameters"),
        (format!("redis://me:s3cret@127.0.0.1:{port}/bench"), "or postgres://"),
        ("s3cret".to_owned(), "write it as mysql://"),
    ] {
        let output = output(
            stackmark(folder.path()).args(["db", "seed", "mariadb"]).env("DATABASE_URL", &url),
        );
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(mend), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
}

#[test]
fn a_table_of_others_is_left_alone() {
    let folder = checkout();
    let lease = private(folder.path()).expect("MariaDB is installed");
    let url = lease.url().expose();
    for (table, mine) in [
        ("demo_data", "CREATE TABLE demo_data (mine int)"),
        ("agents", "CREATE TABLE agents (mine int)"),
    ] {
        execute(url, &format!("DROP TABLE IF EXISTS {table}"));
        execute(url, mine);
        let error = ensure(url).expect_err("it is not ours");
        assert!(error.to_string().contains(&format!("holds a table {table} that")), "{error}");
        execute(url, &format!("SELECT mine FROM {table}"));
        execute(url, &format!("DROP TABLE {table}"));
    }
    ensure(url).expect("nothing is in the way any more");
}

#[test]
fn the_published_table_is_proved_and_not_loaded_again() {
    let folder = checkout();
    let lease = private(folder.path()).expect("MariaDB is installed");
    let ensure =
        || database(&lease).ensure_seeded(&silent(), &Stop::never()).expect("it is seeded");
    assert_eq!(ensure().loaded, Some(Way::BulkLoad));
    // How long that takes, `make bench-seed` prints.
    assert_eq!(ensure().loaded, None);
}

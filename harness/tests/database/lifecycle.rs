//! The private server starts, stays or stops as requested, and survives damage.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use stackmark::database::counters::{Counter, CounterReader, Counters};
use stackmark::service::Origin;

use crate::support::{
    checkout, database, execute, output, private, private_pid, signal, stackmark, text, until,
};

#[test]
fn a_lease_takes_down_what_it_brought_up() {
    let folder = checkout();
    let lease = private(folder.path()).expect("MariaDB is installed");
    let pid = lease.pid().expect("it is private");
    assert_eq!(lease.origin(), Origin::Private { pid });
    assert!(database(&lease).version().expect("it answers").contains("MariaDB"));
    assert_eq!(private_pid(folder.path()), i32::try_from(pid).ok());
    lease.stop().expect("it ends");
    assert_eq!(private_pid(folder.path()), None);
}

#[test]
fn a_lease_leaves_what_was_up() {
    let folder = checkout();
    let up = output(stackmark(folder.path()).args(["db", "up", "mariadb"]));
    assert!(up.status.success(), "{}", text(&up));
    let pid = private_pid(folder.path());
    assert!(pid.is_some());
    drop(private(folder.path()).expect("it is up"));
    assert_eq!(private_pid(folder.path()), pid);
    for _ in 0..2 {
        let down = output(stackmark(folder.path()).args(["db", "down", "mariadb"]));
        assert!(down.status.success(), "{}", text(&down));
        assert_eq!(private_pid(folder.path()), None);
    }
}

#[test]
fn settings_and_counters_are_the_servers_own() {
    let folder = checkout();
    let lease = private(folder.path()).expect("MariaDB is installed");
    let database = database(&lease);
    let settings = database.settings().expect("it answers");
    for (name, value) in [
        ("time_zone", "+00:00"),
        ("collation_server", "utf8mb4_nopad_bin"),
        ("max_connections", "4096"),
    ] {
        assert_eq!(settings.get(name).map(String::as_str), Some(value), "{name}");
    }
    let reader = CounterReader::new(database).expect("it answers");
    let read = || reader.read(database).expect("it answers");
    let before = read();
    let again = read();
    for counter in Counter::ALL {
        let (before, again) = (before.get(counter), again.get(counter));
        assert!(before.is_some(), "the server has {counter:?}");
        // The digits of the counters themselves are bytes that are sent, and they grow.
        if counter != Counter::BytesSent {
            assert_eq!(again, before, "{counter:?}: readings leave no trace, over one connection");
        }
    }
    execute(lease.url().expose(), "SELECT 1");
    let connects = |counters: &Counters| counters.get(Counter::Connects);
    assert_eq!(connects(&read()), connects(&before).map(|connects| connects + 1));
}

#[test]
fn other_users_can_neither_read_the_folder_nor_log_in() {
    use std::os::unix::fs::PermissionsExt;
    let folder = checkout();
    let lease = private(folder.path()).expect("MariaDB is installed");
    let db = folder.path().join(".stackmark/db");
    let mode = |path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(db.clone()), 0o700);
    assert_eq!(mode(db.join("password")), 0o600);
    let (_, place) = lease.url().expose().rsplit_once('@').expect("it has a login");
    for login in ["root", "root:", "stackmark:", ":"] {
        let url = format!("mysql://{login}@{place}");
        let refused = output(
            stackmark(folder.path()).args(["db", "status", "mariadb"]).env("DATABASE_URL", &url),
        );
        assert_eq!(refused.status.code(), Some(2), "{login}: {}", text(&refused));
    }
}

#[test]
fn two_ups_at_once_start_one_server() {
    let folder = checkout();
    let ups = [(); 2].map(|()| {
        let mut up = stackmark(folder.path());
        up.args(["db", "up", "mariadb"])
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary was built")
    });
    for mut up in ups {
        assert!(up.wait().expect("it ends").success());
    }
    let down = output(stackmark(folder.path()).args(["db", "down", "mariadb"]));
    assert!(down.status.success(), "{}", text(&down));
    assert_eq!(private_pid(folder.path()), None);
}

#[test]
fn a_second_lease_waits_for_the_first() {
    let folder = checkout();
    let first = private(folder.path()).expect("MariaDB is installed");
    let root = folder.path().to_owned();
    let second = thread::spawn(move || private(&root).map(|lease| database(&lease).version()));
    thread::sleep(Duration::from_millis(300));
    assert!(!second.is_finished());
    let down = output(stackmark(folder.path()).args(["db", "down", "mariadb"]));
    assert_eq!(down.status.code(), Some(2), "{}", text(&down));
    first.stop().expect("it ends");
    let version = second.join().expect("it does not panic").expect("the first is gone");
    assert!(version.expect("it answers").contains("MariaDB"));
}

#[test]
fn a_crashed_server_and_its_traces_do_not_matter() {
    let folder = checkout();
    let up = output(stackmark(folder.path()).args(["db", "up", "mariadb"]));
    assert!(up.status.success(), "{}", text(&up));
    let crashed = private_pid(folder.path()).expect("it is up");
    signal(crashed, Signal::SIGKILL);
    until("it is gone", || private_pid(folder.path()).is_none());

    // The file's process id now belongs to a process that is not the database.
    let mut stranger =
        std::process::Command::new("sleep").arg("60").spawn().expect("sleep is there");
    fs::write(folder.path().join(".stackmark/db/detached"), stranger.id().to_string())
        .expect("it is writable");
    fs::write(folder.path().join(".stackmark/db/data/pid"), stranger.id().to_string())
        .expect("it is writable");
    let down = output(stackmark(folder.path()).args(["db", "down", "mariadb"]));
    assert!(text(&down).contains("was down"), "{}", text(&down));
    let up = output(stackmark(folder.path()).args(["db", "up", "mariadb"]));
    assert!(up.status.success(), "{}", text(&up));
    assert!(stranger.try_wait().expect("it is our child").is_none(), "the stranger lives");
    stranger.kill().expect("it lives");
    stranger.wait().expect("it is our child");

    let down = output(stackmark(folder.path()).args(["db", "down", "mariadb"]));
    assert!(down.status.success(), "{}", text(&down));
}

#[test]
fn a_killed_harness_takes_its_server_along_and_the_next_one_repairs() {
    let folder = checkout();
    let mut seeding = stackmark(folder.path())
        .args(["db", "seed", "mariadb"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary was built with this test");
    // The table's file appears when the first rows arrive.
    let file = folder.path().join(".stackmark/db/data/stackmark/demo_data.ibd");
    until("the loading begins", || file.metadata().is_ok_and(|file| file.len() > 10_000_000));
    seeding.kill().expect("it is still at it");
    seeding.wait().expect("it is our child");
    until("the server is gone", || private_pid(folder.path()).is_none());

    let again = output(stackmark(folder.path()).args(["db", "seed", "mariadb"]));
    assert!(again.status.success(), "{}", text(&again));
    assert!(text(&again).contains("was loaded"), "{}", text(&again));
    let proved = output(stackmark(folder.path()).args([
        "db",
        "exec",
        "--database",
        "mariadb",
        "--",
        "sh",
        "-c",
        "exit 7",
    ]));
    assert_eq!(proved.status.code(), Some(7), "{}", text(&proved));
}

#[test]
fn a_half_made_data_folder_is_made_anew() {
    let folder = checkout();
    let half = folder.path().join(".stackmark/db/data.half/mysql");
    fs::create_dir_all(&half).expect("the folder is new");
    fs::write(half.join("db.frm"), "half").expect("the folder is writable");
    let lease = private(folder.path()).expect("MariaDB is installed");
    assert!(database(&lease).version().expect("it answers").contains("MariaDB"));
}

#[test]
fn a_damaged_data_folder_is_named_with_its_mend() {
    let folder = checkout();
    private(folder.path()).expect("MariaDB is installed").stop().expect("it ends");
    fs::write(folder.path().join(".stackmark/db/data/ibdata1"), [0; 4096]).expect("it is writable");
    let up = output(stackmark(folder.path()).args(["db", "up", "mariadb"]));
    assert_eq!(up.status.code(), Some(2), "{}", text(&up));
    assert!(text(&up).contains("deleting"), "{}", text(&up));
    assert_eq!(text(&up).lines().count(), 1, "{}", text(&up));
}

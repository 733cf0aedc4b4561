//! The cost of a run of the kit, server by server, and the processes that ended without a case to blame.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Mutex, MutexGuard},
    time::Instant,
};

/// The accounts of one run of the kit.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    accounts: Mutex<BTreeMap<String, Account>>,
    deaths: Mutex<Vec<String>>,
}

#[derive(Debug)]
struct Account {
    cases: u32,
    starts: u32,
    first: Instant,
    last: Instant,
}

impl Ledger {
    /// Counts a process of `server` that is about to be started.
    pub(crate) fn count_start(&self, server: &str) {
        self.update(server, |account| account.starts += 1);
    }

    /// Counts a case of `server` that has ended.
    pub(crate) fn count_case(&self, server: &str) {
        self.update(server, |account| account.cases += 1);
    }

    /// Reports a process that ended although no case has been found to end it.
    pub(crate) fn report_death(&self, sentence: String) {
        lock(&self.deaths).push(sentence);
    }

    /// The processes that ended although no case has been found to end them, a sentence each.
    pub(crate) fn deaths(&self) -> Vec<String> {
        lock(&self.deaths).clone()
    }

    /// A line for each server: its cases, its processes, and the time from its first process to the end of its last case.
    pub(crate) fn summary(&self) -> String {
        let mut text = String::new();
        for (server, account) in lock(&self.accounts).iter() {
            let Account { cases, starts, first, last } = account;
            let seconds = last.duration_since(*first).as_secs_f64();
            writeln!(text, "{server}: {cases} cases, {starts} processes started, {seconds:.1} s")
                .expect("writing to memory does not fail");
        }
        text
    }

    fn update(&self, server: &str, change: impl FnOnce(&mut Account)) {
        let now = Instant::now();
        let mut accounts = lock(&self.accounts);
        let account = accounts.entry(server.to_owned()).or_insert(Account {
            cases: 0,
            starts: 0,
            first: now,
            last: now,
        });
        account.last = now;
        change(account);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder of the lock panics")
}

use std::{
    env,
    hint::{black_box, spin_loop},
    time::{Duration, Instant},
};

use contract::{
    Settings, SettingsError,
    endpoint::page::Range,
    store::{Agents, Batch, Insert, Lookup, Page, Store, StoreError},
};

/// A store whose lookups cost more than they need.
#[derive(Clone)]
pub(crate) struct Burning<S> {
    store: S,
    burn: Burn,
}

/// What a lookup burns.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Burn {
    /// A length of time, however many instructions that takes.
    Time(Duration),
    /// A number of turns of a loop, which are always the same instructions, however long they take.
    Turns(u64),
}

impl Burn {
    /// What the variables `BURN_TURNS` and `BURN_NS` ask for; the first comes first.
    fn asked(turns: Option<&str>, nanos: Option<&str>) -> Result<Burn, SettingsError> {
        let number = |text: Option<&str>| text.and_then(|text| text.parse().ok());
        let turns = number(turns).map(Burn::Turns);
        let time = number(nanos).map(|nanos| Burn::Time(Duration::from_nanos(nanos)));
        turns.or(time).ok_or(SettingsError::Required {
            name: "BURN_NS",
            expected: "a whole number of nanoseconds, or BURN_TURNS a number of turns",
        })
    }

    fn burn(self) {
        match self {
            Burn::Time(burn) => spin(burn),
            Burn::Turns(turns) => (0..turns).for_each(|turn| {
                black_box(turn);
            }),
        }
    }
}

impl<S: Store> Store for Burning<S> {
    fn open(settings: &Settings) -> Result<Burning<S>, SettingsError> {
        let [turns, nanos] = ["BURN_TURNS", "BURN_NS"].map(|name| env::var(name).ok());
        let burn = Burn::asked(turns.as_deref(), nanos.as_deref())?;
        Ok(Burning { store: S::open(settings)?, burn })
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }
}

impl<S: Lookup> Lookup for Burning<S> {
    type Row = S::Row;

    async fn find_by_name(&self, name: String) -> Result<Vec<S::Row>, StoreError> {
        self.burn.burn();
        self.store.find_by_name(name).await
    }
}

impl<S: Page> Page for Burning<S> {
    async fn find_page(&self, range: Range) -> Result<Vec<S::Row>, StoreError> {
        self.store.find_page(range).await
    }
}

impl<S: Agents> Agents for Burning<S> {
    type Agent = S::Agent;

    async fn agents(&self) -> Result<Vec<S::Agent>, StoreError> {
        self.store.agents().await
    }
}

impl<S: Insert> Insert for Burning<S> {
    async fn insert(&self, name: String) -> Result<S::Row, StoreError> {
        self.store.insert(name).await
    }
}

impl<S: Batch> Batch for Burning<S> {
    async fn find_by_id(&self, id: i64) -> Result<Option<S::Row>, StoreError> {
        self.store.find_by_id(id).await
    }

    async fn find_one_by_one(&self, ids: Vec<i64>) -> Result<Vec<Option<S::Row>>, StoreError> {
        self.store.find_one_by_one(ids).await
    }
}

/// Burns CPU time.
///
/// The monotonic clock measures it: the thread's CPU clock is a system call, which costs as much as what is to be burnt.
/// Some microseconds are hardly ever interrupted.
fn spin(burn: Duration) {
    let start = Instant::now();
    while start.elapsed() < burn {
        spin_loop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_come_before_time_and_one_of_both_must_be_asked_for() {
        let time = Burn::Time(Duration::from_nanos(7));
        assert_eq!(Burn::asked(None, Some("7")).ok(), Some(time));
        assert_eq!(Burn::asked(Some("3"), Some("7")).ok(), Some(Burn::Turns(3)));
        assert!(Burn::asked(Some("much"), None).is_err());
    }

    #[test]
    fn it_burns_what_is_asked_for() {
        let start = Instant::now();
        spin(Duration::from_millis(2));
        assert!(start.elapsed() >= Duration::from_millis(2));
    }
}

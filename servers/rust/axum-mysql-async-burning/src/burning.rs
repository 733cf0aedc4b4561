use std::{
    env,
    hint::spin_loop,
    time::{Duration, Instant},
};

use contract::{
    Settings, SettingsError,
    store::{Lookup, Store, StoreError},
};

/// A store whose lookups cost more than they need.
#[derive(Clone)]
pub(crate) struct Burning<S> {
    store: S,
    burn: Duration,
}

impl<S: Store> Store for Burning<S> {
    fn open(settings: &Settings) -> Result<Burning<S>, SettingsError> {
        let nanos = env::var("BURN_NS").ok().and_then(|text| text.parse().ok());
        let burn = nanos.map(Duration::from_nanos).ok_or(SettingsError::Required {
            name: "BURN_NS",
            expected: "a whole number of nanoseconds",
        })?;
        Ok(Burning { store: S::open(settings)?, burn })
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }
}

impl<S: Lookup> Lookup for Burning<S> {
    type Row = S::Row;

    async fn find_by_name(&self, name: String) -> Result<Vec<S::Row>, StoreError> {
        spin(self.burn);
        self.store.find_by_name(name).await
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
    fn it_burns_what_is_asked_for() {
        let start = Instant::now();
        spin(Duration::from_millis(2));
        assert!(start.elapsed() >= Duration::from_millis(2));
    }
}

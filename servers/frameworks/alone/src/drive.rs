use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use contract::store::Whole;
use drive::{Event, Load, SLICE, SteadyRate, Work};
use rustix::time::{ClockId, clock_gettime};
use tokio::{
    sync::{mpsc, watch},
    task::{JoinError, JoinSet},
    time::sleep_until,
};

use crate::{
    question::Question,
    recorder::{Exchange, Recorders, Window},
};

/// How long before the window its beginning is said, so that who measures in it is told in time.
const AHEAD: Duration = Duration::from_millis(100);

/// The client that has asked for the drive has closed its connection.
struct Gone;

/// Drives `load` on `store` and sends the events. The drive ends early when the server is to stop, and when its client
/// has gone; its users have ended when this returns.
pub(crate) async fn drive<S: Whole>(
    store: S,
    load: Load,
    mut stopped: watch::Receiver<bool>,
    events: mpsc::Sender<String>,
) {
    let mut users = JoinSet::new();
    let outcome = tokio::select! {
        measured = measure(store, load, &mut users, &events) => measured,
        () = events.closed() => Err(Gone),
        // An error would mean that the server has ended, which is as good a reason to stop.
        _ = stopped.wait_for(|stopped| *stopped) => {
            Ok(Event::Failed { reason: "the server stops".to_owned() })
        }
    };
    users.shutdown().await;
    if let Ok(last) = outcome {
        // If the client has gone by now, nobody needs the last event.
        let _ = send(&events, &last).await;
    }
}

/// Runs warm-up, window and drain, and returns the last event.
async fn measure<S: Whole>(
    store: S,
    load: Load,
    users: &mut JoinSet<()>,
    events: &mpsc::Sender<String>,
) -> Result<Event, Gone> {
    let recorders = Arc::new(Recorders::new(load.users));
    let origin = Instant::now();
    for user in 0..load.users {
        users.spawn(ask(store.clone(), load.work, user, Arc::clone(&recorders), origin));
    }
    let steady = warm_up(load, &recorders, origin).await;
    let window = recorders.open(nanos(AHEAD), || {
        let start = since(origin) + nanos(AHEAD);
        Window { start, end: start + nanos(load.window) }
    });
    let start_ns = monotonic() + window.start.saturating_sub(since(origin));
    send(events, &Event::Window { start_ns, warmup_ns: window.start, steady }).await?;
    Ok(match drain(users).await {
        Ok(()) => Event::Driven(Box::new(recorders.sum(window.end - window.start))),
        Err(panicked) => Event::Failed { reason: format!("the layer failed: {panicked}") },
    })
}

/// Waits until the rate is steady, which is true, or until the warm-up has reached its limit, which is false.
async fn warm_up(load: Load, recorders: &Recorders, origin: Instant) -> bool {
    let mut rate = SteadyRate::new(load.warmup);
    let mut counted = 0;
    let mut slice_end = SLICE;
    while slice_end <= load.warmup_limit {
        sleep_until((origin + slice_end).into()).await;
        let answered = recorders.answered();
        if rate.slice(answered - counted) {
            return true;
        }
        counted = answered;
        slice_end += SLICE;
    }
    sleep_until((origin + load.warmup_limit).into()).await;
    false
}

/// Is one user, who asks one question after another until the window has ended.
async fn ask<S: Whole>(
    store: S,
    work: Work,
    user: usize,
    recorders: Arc<Recorders>,
    origin: Instant,
) {
    let mut end = u64::MAX;
    loop {
        let question = Question::draw(work);
        let sent = since(origin);
        if sent >= end {
            return;
        }
        let right = question.ask(&store).await;
        let done = since(origin);
        if let Some(known) = recorders.get(user).done(Exchange { sent, done, right }) {
            end = known;
        }
    }
}

/// Waits for the last answers.
async fn drain(users: &mut JoinSet<()>) -> Result<(), JoinError> {
    while let Some(ended) = users.join_next().await {
        ended?;
    }
    Ok(())
}

async fn send(events: &mpsc::Sender<String>, event: &Event) -> Result<(), Gone> {
    let mut line = serde_json::to_string(event)
        .expect("numbers, strings and a histogram within its bounds are serialisable");
    line.push('\n');
    events.send(line).await.map_err(|_| Gone)
}

/// The current time on the system's monotonic clock, in nanoseconds.
fn monotonic() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    // Both numbers are non-negative on this clock.
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

fn since(origin: Instant) -> u64 {
    nanos(origin.elapsed())
}

fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).expect("584 years fit")
}

#[cfg(test)]
mod tests {
    use contract::{
        Settings, SettingsError,
        endpoint::page::Range,
        store::{Agents, Batch, Insert, Lookup, Page, Store, StoreError},
    };
    use serde_json::Value;
    use tokio::time::sleep;

    use super::*;

    const SHORT: Load = Load {
        work: Work::Demo,
        users: 8,
        warmup: Duration::from_millis(200),
        warmup_limit: Duration::from_millis(600),
        window: Duration::from_millis(300),
    };
    const LONG: Load = Load { window: Duration::from_secs(3_600), ..SHORT };

    /// A store that answers after a millisecond, and short names with an error.
    #[derive(Clone)]
    struct Fake;

    impl Store for Fake {
        fn open(_: &Settings) -> Result<Fake, SettingsError> {
            Ok(Fake)
        }

        async fn ping(&self) -> Result<(), StoreError> {
            Ok(())
        }
    }

    impl Lookup for Fake {
        type Row = ();

        async fn find_by_name(&self, name: String) -> Result<Vec<()>, StoreError> {
            sleep(Duration::from_millis(1)).await;
            if name.len() < 100 { Err(StoreError::Deadline) } else { Ok(Vec::new()) }
        }
    }

    impl Page for Fake {
        async fn find_page(&self, _: Range) -> Result<Vec<()>, StoreError> {
            Ok(Vec::new())
        }
    }

    impl Agents for Fake {
        type Agent = ();

        async fn agents(&self) -> Result<Vec<()>, StoreError> {
            Ok(Vec::new())
        }
    }

    impl Insert for Fake {
        async fn insert(&self, _: String) -> Result<(), StoreError> {
            Err(StoreError::vanished())
        }
    }

    impl Batch for Fake {
        async fn find_by_id(&self, _: i64) -> Result<Option<()>, StoreError> {
            Ok(None)
        }

        async fn find_one_by_one(&self, ids: Vec<i64>) -> Result<Vec<Option<()>>, StoreError> {
            Ok(vec![None; ids.len()])
        }
    }

    fn value(line: Option<String>) -> Value {
        serde_json::from_str(&line.expect("there is another event")).unwrap()
    }

    #[tokio::test]
    async fn the_counts_add_up() {
        let (_stop, stopped) = watch::channel(false);
        let (events, mut lines) = mpsc::channel(4);
        drive(Fake, SHORT, stopped, events).await;
        let start = value(lines.recv().await);
        assert_eq!(start["event"], "window");
        assert!(start["start_ns"].as_u64().unwrap() < monotonic(), "{start}");
        let warmup = start["warmup_ns"].as_u64().unwrap();
        assert!((400_000_000..800_000_000).contains(&warmup), "{warmup} ns");
        let driven = value(lines.recv().await);
        assert_eq!(driven["event"], "driven");
        assert_eq!(lines.recv().await, None);

        let count = |field: &str| driven[field].as_u64().unwrap();
        assert_eq!(count("sent"), count("right") + count("errors"));
        assert!(count("errors") > 0 && count("right") > 0, "{driven}");
        assert!(count("requests_total") > count("sent"), "{driven}");
        assert_eq!(count("window_ns"), 300_000_000);
        // Each user always has a request in the system, but for the time it takes to send the next.
        let full = 8 * count("window_ns");
        assert!((full / 2..=full).contains(&count("in_system_ns")), "{driven}");
    }

    #[tokio::test]
    async fn a_server_that_stops_ends_it() {
        let (stop, stopped) = watch::channel(false);
        let (events, mut lines) = mpsc::channel(4);
        let drive = tokio::spawn(drive(Fake, LONG, stopped, events));
        assert_eq!(value(lines.recv().await)["event"], "window");
        stop.send_replace(true);
        assert_eq!(value(lines.recv().await)["event"], "failed");
        assert_eq!(lines.recv().await, None);
        drive.await.unwrap();
    }

    #[tokio::test]
    async fn a_client_that_leaves_ends_it() {
        let (_stop, stopped) = watch::channel(false);
        let (events, mut lines) = mpsc::channel(4);
        let drive = tokio::spawn(drive(Fake, LONG, stopped, events));
        assert_eq!(value(lines.recv().await)["event"], "window");
        drop(lines);
        drive.await.unwrap();
    }
}

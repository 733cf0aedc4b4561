//! A TCP proxy between a server and its database, which can slow, hold and cut connections and counts what passes.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::sleep,
};

use crate::{
    family::Family,
    packets::{Reader, Sent, Tally},
    port::Port,
    wait::until,
};

/// The proxy's treatment of bytes and connections.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    /// All bytes pass, the client's after this delay.
    Forward(Duration),
    /// A black hole: connections are accepted and stay open, no byte passes. Held bytes pass when the mode changes.
    Hold,
    /// Connections are cut and refused.
    Refuse,
}

/// All bytes pass at once.
pub(crate) const OPEN: Mode = Mode::Forward(Duration::ZERO);

#[derive(Default)]
struct Record {
    open: usize,
    peak: usize,
    accepted: u64,
    streams: BTreeMap<u64, ClientStream>,
}

/// The client's side of one connection.
struct ClientStream {
    reader: Box<dyn Reader>,
    sent: Sent,
}

/// A running proxy with its own port. It accepts connections as long as this value lives.
pub(crate) struct Proxy {
    port: Port,
    mode: watch::Sender<Mode>,
    record: Arc<Mutex<Record>>,
}

/// The commands of every connection so far.
pub(crate) struct Snapshot(BTreeMap<u64, Tally>);

impl Proxy {
    /// Starts a proxy to a database of `family` at `upstream` (`host:port`).
    pub(crate) async fn start(
        upstream: String,
        mode: Mode,
        family: &'static dyn Family,
    ) -> Result<Self> {
        let port = Port::free();
        let (sender, receiver) = watch::channel(mode);
        let record = Arc::new(Mutex::new(Record::default()));
        let proxy = Self { port, mode: sender, record: Arc::clone(&record) };
        tokio::spawn(accept(proxy.address(), upstream, family, receiver, record));
        proxy.settled().await?;
        Ok(proxy)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Changes the mode and waits until it holds for new connections.
    pub(crate) async fn set(&self, mode: Mode) -> Result<()> {
        self.mode.send_replace(mode);
        self.settled().await
    }

    async fn settled(&self) -> Result<()> {
        let refuse = *self.mode.borrow() == Mode::Refuse;
        // Connecting to see would count as a connection: ask for the port instead.
        until(Duration::from_secs(2), || async {
            let taken = std::net::TcpListener::bind(self.address()).is_err();
            (taken != refuse).then_some(())
        })
        .await
        .context("the kit's proxy did not change its mode")
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        lock(&self.record)
    }

    /// Connections open now.
    pub(crate) fn open(&self) -> usize {
        self.record().open
    }

    /// The most connections ever open at once.
    pub(crate) fn peak(&self) -> usize {
        self.record().peak
    }

    /// Connections ever opened.
    pub(crate) fn accepted(&self) -> u64 {
        self.record().accepted
    }

    /// Commands of all connections so far.
    pub(crate) fn total(&self) -> Tally {
        let mut total = Tally::default();
        for stream in self.record().streams.values() {
            total.add(stream.sent.tally());
        }
        total
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let record = self.record();
        let tallies = record.streams.iter().map(|(id, stream)| (*id, stream.sent.tally().clone()));
        Snapshot(tallies.collect())
    }

    /// The commands that were sent since `earlier`, without the set-up of connections that had executed nothing by then.
    pub(crate) fn commands_since(&self, earlier: &Snapshot) -> Result<Tally> {
        let mut sent = Tally::default();
        for commands in self.each_since(earlier)? {
            sent.add(&commands);
        }
        Ok(sent)
    }

    /// How many connections have executed something since `earlier`.
    pub(crate) fn busy_since(&self, earlier: &Snapshot) -> Result<usize> {
        let sent = self.each_since(earlier)?;
        Ok(sent.iter().filter(|commands| commands.executions().sum() > 0).count())
    }

    /// The commands of each connection that were sent since `earlier`.
    fn each_since(&self, earlier: &Snapshot) -> Result<Vec<Tally>> {
        let record = self.record();
        let mut each = Vec::new();
        for (id, stream) in &record.streams {
            ensure!(
                !stream.reader.is_opaque(),
                "the server speaks TLS or compression to its database; the contract asks for the plain protocol"
            );
            let before = earlier.0.get(id).cloned().unwrap_or_default();
            let grown = stream.sent.tally().since(&before);
            let is_set_up = before.executions().sum() > 0;
            each.push(if is_set_up { grown } else { grown.executions() });
        }
        Ok(each)
    }
}

fn lock(record: &Mutex<Record>) -> MutexGuard<'_, Record> {
    record.lock().expect("no holder of the lock panics")
}

async fn accept(
    address: SocketAddr,
    upstream: String,
    family: &'static dyn Family,
    mut mode: watch::Receiver<Mode>,
    record: Arc<Mutex<Record>>,
) {
    loop {
        if mode.wait_for(|mode| *mode != Mode::Refuse).await.is_err() {
            return;
        }
        // The port may be asked for by `settled` at this very moment: try again.
        let Ok(listener) = TcpListener::bind(address).await else {
            sleep(Duration::from_millis(1)).await;
            continue;
        };
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                refuse = mode.wait_for(|mode| *mode == Mode::Refuse) => match refuse {
                    Ok(_) => break,
                    // The proxy is gone.
                    Err(_) => return,
                },
            };
            if let Ok((client, _)) = accepted {
                tokio::spawn(connection(
                    client,
                    upstream.clone(),
                    family,
                    mode.clone(),
                    Arc::clone(&record),
                ));
            }
        }
    }
}

async fn connection(
    client: TcpStream,
    upstream: String,
    family: &'static dyn Family,
    mut mode: watch::Receiver<Mode>,
    record: Arc<Mutex<Record>>,
) {
    let id = {
        let mut record = lock(&record);
        record.accepted += 1;
        record.open += 1;
        record.peak = record.peak.max(record.open);
        let id = record.accepted;
        let stream = ClientStream { reader: family.reader(), sent: Sent::default() };
        record.streams.insert(id, stream);
        id
    };
    let mut cut = mode.clone();
    let pumps = async {
        mode.wait_for(|mode| matches!(mode, Mode::Forward(_))).await.ok()?;
        let server = TcpStream::connect(upstream).await.ok()?;
        client.set_nodelay(true).ok()?;
        server.set_nodelay(true).ok()?;
        let (client_read, client_write) = client.into_split();
        let (server_read, server_write) = server.into_split();
        let counter = Arc::clone(&record);
        let watch = move |bytes: &[u8]| {
            if let Some(stream) = lock(&counter).streams.get_mut(&id) {
                stream.reader.feed(bytes, &mut stream.sent);
            }
        };
        tokio::select! {
            _ = pump(client_read, server_write, mode.clone(), true, watch) => {}
            _ = pump(server_read, client_write, mode.clone(), false, |_: &[u8]| {}) => {}
        }
        Some(())
    };
    tokio::select! {
        _ = pumps => {}
        _ = cut.wait_for(|mode| *mode == Mode::Refuse) => {}
    }
    lock(&record).open -= 1;
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut mode: watch::Receiver<Mode>,
    delayed: bool,
    mut watch: impl FnMut(&[u8]),
) -> Option<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        watch(&buffer[..read]);
        let open = *mode.wait_for(|mode| matches!(mode, Mode::Forward(_))).await.ok()?;
        if let Mode::Forward(delay) = open
            && delayed
            && !delay.is_zero()
        {
            sleep(delay).await;
        }
        to.write_all(&buffer[..read]).await.ok()?;
    }
}

use std::{process, thread, time::Duration};

use tokio::sync::oneshot;

/// The longest time from the signal to the process's end; the contract allows 5 s.
const LAST_EXIT: Duration = Duration::from_secs(4);

/// The request to stop: SIGTERM, or Ctrl-C.
#[derive(Debug)]
pub struct Shutdown(oneshot::Receiver<()>);

impl Shutdown {
    /// Catches the signals from now on: a server must not die of one that comes while it starts.
    ///
    /// After the first signal the process has four seconds to end by itself: a client that never reads its answer, or a
    /// driver that never returns, must not keep it alive.
    pub(crate) fn on_signal() -> Result<Shutdown, ctrlc::Error> {
        let (sender, receiver) = oneshot::channel();
        let mut sender = Some(sender);
        ctrlc::set_handler(move || {
            // Nobody listens any more when the server has stopped already; then the process is about to end.
            let _ = sender.take().map(|sender| sender.send(()));
            thread::sleep(LAST_EXIT);
            process::exit(0);
        })?;
        Ok(Shutdown(receiver))
    }

    /// Resolves when the server is to stop; at once if the signal has come already.
    pub async fn requested(self) {
        // The handler keeps the sender until it sends.
        let _ = self.0.await;
    }
}

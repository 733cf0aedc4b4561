//! One part of a trial, as it is observed: the server, the database, or the load.

use std::io;

use super::container::Container;
use super::processes::Processes;
use crate::observe::usage::Usage;
use crate::units::Nanos;

/// What is read to know what a part has used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meter {
    processes: Processes,
    /// The container that has these processes and no others: then CPU time and memory are its own account.
    container: Option<Container>,
}

impl Meter {
    /// Processes on this machine.
    #[must_use]
    pub fn of(processes: Processes) -> Meter {
        Meter { processes, container: None }
    }

    /// All that runs in the container of the process `pid`.
    ///
    /// # Errors
    /// When the process is gone, or its container cannot be seen from here.
    pub fn contained(pid: u32) -> io::Result<Meter> {
        let container = Container::of(pid)?;
        let others = container.processes().into_iter().filter(|other| *other != pid);
        let processes = Processes::these(std::iter::once(pid).chain(others).collect());
        Ok(Meter { processes, container: Some(container) })
    }

    /// CPU time since it started.
    ///
    /// # Errors
    /// When it is gone.
    pub fn cpu(&self) -> io::Result<Nanos> {
        match &self.container {
            // Its group may outlive it.
            Some(container) if self.processes.first_runs() => container.cpu(),
            Some(_) => Err(io::Error::other("its first process has ended")),
            None => self.processes.cpu(),
        }
    }

    /// Anonymous memory, now.
    #[must_use]
    pub fn anonymous_kib(&self) -> u64 {
        match &self.container {
            Some(container) => container.anonymous_kib(),
            None => self.processes.anonymous_kib(),
        }
    }

    /// What it has used, with the CPU time that was read before: all parts' at one moment.
    #[must_use]
    pub fn usage(&self, cpu: Nanos) -> Usage {
        let usage = self.processes.usage(cpu);
        match &self.container {
            Some(container) => Usage {
                anonymous_kib: container.anonymous_kib(),
                throttled: container.throttled(),
                ..usage
            },
            None => usage,
        }
    }
}

//! The only module with `unsafe` code: calls of the kernel that no safe interface offers.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::errno::Errno;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getpid, getppid};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Ties the process that `command` will start to this one, before its first instruction: it receives `signal` when
/// the calling thread ends, runs on the CPUs of `mask`, and leads a process group of its own.
pub(crate) fn tie(command: &mut Command, mask: Option<CpuSet>, signal: Signal) {
    let parent = getpid();
    command.process_group(0);
    // SAFETY: between fork and exec only async-signal-safe calls are made (prctl, getppid,
    // sched_setaffinity), and nothing is allocated: an `Errno` converts into an `io::Error` in place.
    unsafe {
        command.pre_exec(move || {
            prctl::set_pdeathsig(signal)?;
            // The parent may have died before the line above: then no signal will come.
            if getppid() != parent {
                return Err(Errno::ESRCH.into());
            }
            if let Some(mask) = &mask {
                sched_setaffinity(Pid::from_raw(0), mask)?;
            }
            Ok(())
        });
    }
}

/// A file descriptor that its holder owns and never replaces.
#[derive(Debug)]
pub(crate) struct Owned(OwnedFd);

impl AsRawFd for Owned {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl AsFd for Owned {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Registers `fd` with tokio, to be notified when it becomes readable. Must be called within a tokio runtime.
///
/// # Errors
/// When the kernel cannot watch `fd`.
pub(crate) fn watch(fd: OwnedFd) -> io::Result<AsyncFd<Owned>> {
    // SAFETY: `Owned` owns its descriptor, gives no way to replace it, and closes it only when the
    // `AsyncFd` that holds it is dropped.
    Ok(unsafe { AsyncFd::register_with_interest(Owned(fd), Interest::READABLE) }?)
}

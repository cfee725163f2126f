//! Process 1 of the pid namespace. When it ends, the kernel kills every other process in there.
//!
//! It ends when the other end of the lifeline closes, which happens however the broker dies. It never reads from the
//! lifeline, whose messages are for the worker. It ignores SIGCHLD, so that the kernel reaps processes that become its children.
//!
//! It also ends with a zone's worker, and with a template's once the microprocesses are gone too; so a failed start
//! leaves nothing behind.

use crate::credentials;
use crate::jail::close_all_but;
use crate::sys::{self, SingleThreaded};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};
use seccompiler::BpfProgram;
use std::os::fd::{AsFd, BorrowedFd};

/// The worker's number: the second process of the namespace.
const WORKER: i32 = 2;

/// How often it looks whether the last microprocess of a dead template has gone.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 250_000_000 };

/// Init's life. Any failure ends it, and so the namespace: the worker, or the broker, sees that.
pub(crate) fn run(lifeline: BorrowedFd<'_>, go: OwnedFd, zone: bool, filter: &BpfProgram, alone: &SingleThreaded) -> ! {
    match prepare(lifeline, go, filter, alone) {
        // It ends with its descriptors open, because the filter does not allow `close`.
        Some(worker) => sys::exit(watch(lifeline, worker.as_fd(), zone)),
        None => sys::exit(1),
    }
}

/// As little as possible stays: two descriptors, no rights, five system calls. Gives a pidfd of the worker.
fn prepare(lifeline: BorrowedFd<'_>, go: OwnedFd, filter: &BpfProgram, alone: &SingleThreaded) -> Option<OwnedFd> {
    // The worker speaks when our uid is mapped and it exists itself; end of file: it never will.
    let mut byte = [0];
    let spoken = rustix::io::retry_on_intr(|| rustix::io::read(&go, &mut byte)).ok()?;
    if spoken != 1 {
        return None;
    }
    let worker = match pidfd_open(Pid::from_raw(WORKER)?, PidfdFlags::empty()) {
        Ok(worker) => worker,
        // The worker has ended already.
        Err(_) => sys::exit(0),
    };
    let mut keep = [sys::number(lifeline), sys::number(worker.as_fd())];
    keep.sort_unstable();
    std::mem::forget(go);
    close_all_but(&keep, alone).ok()?;
    // A working folder would keep the old root alive; `/` follows the worker into the new one.
    rustix::process::chdir("/").ok()?;
    let _ = rustix::process::setsid();
    sys::ignore_children().ok()?;
    credentials::forbid_capabilities().ok()?;
    credentials::become_nobody(true, alone).ok()?;
    credentials::drop_capabilities(true).ok()?;
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).ok()?;
    rustix::thread::set_no_new_privs(true).ok()?;
    seccompiler::apply_filter(filter).ok()?;
    Some(worker)
}

/// Waits for the broker or the worker to go. Gives the exit status.
fn watch(lifeline: BorrowedFd<'_>, worker: BorrowedFd<'_>, zone: bool) -> i32 {
    let mut orphaned = false;
    loop {
        // No event is asked for on the lifeline: a hang-up is always told, and data is none of our business.
        let mut ends =
            [PollFd::from_borrowed_fd(lifeline, PollFlags::empty()), PollFd::from_borrowed_fd(worker, PollFlags::IN)];
        let watched = if orphaned { &mut ends[..1] } else { &mut ends[..] };
        match poll(watched, orphaned.then_some(&LOOK)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return 1,
        }
        if !ends[0].revents().is_empty() {
            return 0;
        }
        orphaned |= !ends[1].revents().is_empty();
        if orphaned && (zone || sys::is_alone()) {
            return 0;
        }
    }
}

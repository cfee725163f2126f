//! The three futex calls, on words that other processes share.
//!
//! Shared futexes (no `FUTEX_PRIVATE_FLAG`): the two sides map the same memfd at different addresses. A wrong value in
//! such a word costs a spurious wake-up, nothing else; every caller checks its condition again.

use crate::wait::{INTERRUPT, system_call};
use rustix::io::Errno;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// How a wait ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Woken {
    /// A signal handler ran, just before perhaps ([`crate::wait`]).
    Interrupted,
    /// The time is over.
    TimedOut,
    /// Woken, or the word had another value already.
    Maybe,
}

/// Sleep while `word` is `expected`, for at most `timeout`.
pub(crate) fn wait(word: &AtomicU32, expected: u32, timeout: Option<Duration>) -> Woken {
    let timeout = timeout.map(timespec);
    let pointer = timeout.as_ref().map_or(std::ptr::null(), |timeout| timeout as *const libc::timespec);
    let arguments = [word.as_ptr() as u64, libc::FUTEX_WAIT as u64, expected.into(), pointer as u64, 0, 0];
    // SAFETY: FUTEX_WAIT reads one aligned u32 at `word`, which is borrowed, and the timespec, which lives on this
    // stack. There is no safe wrapper that takes a shared (non-private) futex in memory of another process's making.
    match unsafe { system_call(libc::SYS_futex, arguments, INTERRUPT) } {
        Ok(_) => Woken::Maybe,
        Err(error) => woken(error),
    }
}

/// Wake whoever sleeps on `word`.
pub(crate) fn wake(word: &AtomicU32) {
    // SAFETY: FUTEX_WAKE uses the address of `word` as a key only; the word is borrowed and stays mapped.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX) };
}

/// One word to wait for, as `futex_waitv(2)` takes it (Linux 5.16).
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Waiter {
    value: u64,
    address: u64,
    flags: u32,
    reserved: u32,
}

impl Waiter {
    pub(crate) fn new(word: &AtomicU32, expected: u32) -> Self {
        const FUTEX2_SIZE_U32: u32 = 2;
        Self { value: expected.into(), address: word.as_ptr() as u64, flags: FUTEX2_SIZE_U32, reserved: 0 }
    }
}

/// The most words one wait takes: `FUTEX_WAITV_MAX`.
pub(crate) const MAX_WAITERS: usize = 128;

/// Sleep while every word has its expected value, until that time of [`crate::clock::monotonic`] at most.
///
/// The caller keeps the words mapped for the duration, as `Waiter` holds their addresses only.
pub(crate) fn wait_any(waiters: &[Waiter], until: Option<Duration>) -> Woken {
    debug_assert!(waiters.len() <= MAX_WAITERS);
    let until = until.map(timespec);
    let pointer = until.as_ref().map_or(std::ptr::null(), |until| until as *const libc::timespec);
    // SAFETY: the kernel reads `len` entries of the slice, one u32 at each address and the timespec, which lives on this
    // stack; a bad address is EFAULT. The libc crate has no wrapper for this call.
    let result = unsafe {
        libc::syscall(libc::SYS_futex_waitv, waiters.as_ptr(), waiters.len(), 0, pointer, libc::CLOCK_MONOTONIC)
    };
    match result {
        0.. => Woken::Maybe,
        _ => woken(Errno::from_raw_os_error(errno())),
    }
}

fn timespec(time: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: time.as_secs().min(i64::MAX as u64) as libc::time_t,
        tv_nsec: time.subsec_nanos() as libc::c_long,
    }
}

/// Why a wait failed.
fn woken(error: Errno) -> Woken {
    match error {
        Errno::TIMEDOUT => Woken::TimedOut,
        Errno::INTR => Woken::Interrupted,
        _ => Woken::Maybe,
    }
}

fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

//! What has been used up: of a grant by one client, or of a host service's allowance by all of them. One page, kept by the broker for as long as
//! that counts, written by the zone.
//!
//! The zone counts, since it alone sees every call; the broker keeps the page, so that neither another channel nor another
//! instance of the zone starts the count afresh. The client never gets it. A zone that is subverted can spoil the account
//! of its own clients with itself, which is no more than it can do anyway.
//!
//! | offset | word | meaning |
//! |---|---|---|
//! | 0 | calls | how many have been admitted |
//! | 8 | ready at | when the next call is due, in nanoseconds of `CLOCK_MONOTONIC` |
//! | 16 | written | how many bytes a host service has written, or sent; its instances count here together |
//! | 24 | received | how many it has received, the same |

use crate::shared::{Access, ChannelError, Shared};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;

const PAGE: usize = 4096;
const CALLS: usize = 0;
const READY_AT: usize = 8;
const WRITTEN: usize = 16;
const RECEIVED: usize = 24;

/// What of a host service's bytes is counted by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ByteCount {
    /// Written, or sent.
    Written,
    /// Received.
    Received,
}

impl ByteCount {
    fn place(self) -> usize {
        match self {
            Self::Written => WRITTEN,
            Self::Received => RECEIVED,
        }
    }
}

/// A new account, with nothing used.
pub fn create() -> Result<OwnedFd, ChannelError> {
    let descriptor = memfd_create("cloison-account", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    ftruncate(&descriptor, PAGE as u64)?;
    fcntl_add_seals(&descriptor, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    Ok(descriptor)
}

/// The zone's end.
#[derive(Debug)]
pub struct Account {
    memory: Shared,
}

impl Account {
    /// Map what the broker sent.
    pub fn open(descriptor: &OwnedFd) -> Result<Self, ChannelError> {
        Ok(Self { memory: Shared::map_sealed(descriptor, PAGE, Access::ReadWrite)? })
    }

    /// How many calls have been admitted.
    #[inline]
    pub fn calls(&self) -> u64 {
        self.memory.wide(CALLS).load(Ordering::Relaxed)
    }

    /// Count one more call.
    #[inline]
    pub fn count(&self) {
        self.memory.wide(CALLS).store(self.calls().saturating_add(1), Ordering::Relaxed);
    }

    /// Count one call less: it was counted, and then not made.
    pub fn give_call_back(&self) {
        let less = |calls: u64| Some(calls.saturating_sub(1));
        let _ = self.memory.wide(CALLS).fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Set when the next call is due, in nanoseconds, to what `next` makes of it, unless that says no. Of several at once each counts.
    #[inline]
    pub fn advance<E>(&self, next: impl Fn(u64) -> Result<u64, E>) -> Result<(), E> {
        let place = self.memory.wide(READY_AT);
        let mut seen = place.load(Ordering::Relaxed);
        loop {
            match place.compare_exchange_weak(seen, next(seen)?, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(now) => seen = now,
            }
        }
    }

    /// Count so many bytes, if they do not make more than `most`.
    pub fn take_bytes(&self, count: ByteCount, bytes: u64, most: u64) -> bool {
        let add = |taken: u64| taken.checked_add(bytes).filter(|sum| *sum <= most);
        self.memory.wide(count.place()).fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).is_ok()
    }

    /// Count up to so many bytes, as far as they do not make more than `most`; how many that is.
    pub fn take_some_bytes(&self, count: ByteCount, bytes: u64, most: u64) -> u64 {
        let free = |taken: u64| most.saturating_sub(taken).min(bytes);
        let add = |taken: u64| Some(taken.saturating_add(free(taken)));
        let before = self.memory.wide(count.place()).fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        before.map_or(0, free)
    }

    /// Count so many bytes less: they were taken, and then not used.
    pub fn give_bytes_back(&self, count: ByteCount, bytes: u64) {
        let less = |taken: u64| Some(taken.saturating_sub(bytes));
        let _ = self.memory.wide(count.place()).fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

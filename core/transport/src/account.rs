//! What has been used up: of a grant by all of its holders, or of a host service's allowance by all of its clients. One page, kept by the broker
//! for as long as that counts, written by the zone.
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
//! | 32 | bytes | how many bytes of arguments and results calls have carried |
//! | 40 | processor | how long calls have run, in nanoseconds of their threads' processor time |
//! | 48 | refused | how many calls have been refused |

use crate::shared::{Access, ChannelError, Shared};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;

const PAGE: usize = 4096;
const CALLS: usize = 0;
const READY_AT: usize = 8;
const WRITTEN: usize = 16;
const RECEIVED: usize = 24;
const BYTES: usize = 32;
const CPU_NS: usize = 40;
const REFUSED: usize = 48;

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

/// What stands on an account of a grant.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct AccountState {
    /// How many calls have been admitted.
    pub calls: u64,
    /// When the next call is due, in nanoseconds of `CLOCK_MONOTONIC`.
    pub ready_at: u64,
    /// How many bytes calls have carried.
    pub bytes: u64,
    /// How long calls have run, in nanoseconds of processor time.
    pub cpu_ns: u64,
    /// How many calls have been refused.
    pub refused: u64,
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

    /// All that stands on it.
    pub fn state(&self) -> AccountState {
        let word = |place| self.memory.wide(place).load(Ordering::Relaxed);
        AccountState {
            calls: word(CALLS),
            ready_at: word(READY_AT),
            bytes: word(BYTES),
            cpu_ns: word(CPU_NS),
            refused: word(REFUSED),
        }
    }

    /// Begin with what stood on another one.
    pub fn restore(&self, state: &AccountState) {
        let AccountState { calls, ready_at, bytes, cpu_ns, refused } = *state;
        for (place, word) in
            [(CALLS, calls), (READY_AT, ready_at), (BYTES, bytes), (CPU_NS, cpu_ns), (REFUSED, refused)]
        {
            self.memory.wide(place).store(word, Ordering::Relaxed);
        }
    }

    /// How many calls have been admitted.
    #[inline]
    pub fn calls(&self) -> u64 {
        self.memory.wide(CALLS).load(Ordering::Relaxed)
    }

    /// Count one more call, if that does not make more than `most`. Of several at once each counts.
    #[inline]
    pub fn take_call(&self, most: Option<u64>) -> bool {
        self.take(CALLS, 1, most)
    }

    /// Count one call less: it was taken, and then not made.
    #[inline]
    pub fn give_call_back(&self) {
        self.give_back(CALLS, 1);
    }

    /// How many bytes calls have carried.
    pub fn carried(&self) -> u64 {
        self.memory.wide(BYTES).load(Ordering::Relaxed)
    }

    /// Count bytes that a call brings, if that does not make more than `most`.
    #[inline]
    pub fn take_carried(&self, bytes: u64, most: Option<u64>) -> bool {
        self.take(BYTES, bytes, most)
    }

    /// Count bytes that a call has brought, however many that makes.
    #[inline]
    pub fn add_carried(&self, bytes: u64) {
        self.take(BYTES, bytes, None);
    }

    /// Count bytes less: they were taken for a call that was not made.
    pub fn give_carried_back(&self, bytes: u64) {
        self.give_back(BYTES, bytes);
    }

    /// How long calls have run, in nanoseconds of processor time.
    pub fn cpu_ns(&self) -> u64 {
        self.memory.wide(CPU_NS).load(Ordering::Relaxed)
    }

    /// Count processor time that a call has taken.
    pub fn add_cpu(&self, nanoseconds: u64) {
        self.take(CPU_NS, nanoseconds, None);
    }

    /// How many calls have been refused.
    pub fn refused(&self) -> u64 {
        self.memory.wide(REFUSED).load(Ordering::Relaxed)
    }

    /// Count a call that was refused.
    pub fn count_refused(&self) {
        self.add_refused(1);
    }

    /// Count so many.
    pub fn add_refused(&self, count: u64) {
        self.take(REFUSED, count, None);
    }

    /// Add to a count, if that does not make more than `most`.
    #[inline]
    fn take(&self, place: usize, count: u64, most: Option<u64>) -> bool {
        let place = self.memory.wide(place);
        match most {
            // Nobody compares it with anything; it would take centuries to overflow.
            None => {
                place.fetch_add(count, Ordering::Relaxed);
                true
            }
            Some(most) => {
                let add = |taken: u64| taken.checked_add(count).filter(|sum| *sum <= most);
                place.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).is_ok()
            }
        }
    }

    fn give_back(&self, place: usize, count: u64) {
        let less = |taken: u64| Some(taken.saturating_sub(count));
        let _ = self.memory.wide(place).fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
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
        self.give_back(count.place(), bytes);
    }
}

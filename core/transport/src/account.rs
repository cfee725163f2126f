//! What a client has used of a grant: one page, kept by the broker for as long as the client lives, written by the zone.
//!
//! The zone counts, since it alone sees every call; the broker keeps the page, so that neither another channel nor another
//! instance of the zone starts the count afresh. The client never gets it. A zone that is subverted can spoil the account
//! of its own clients with itself, which is no more than it can do anyway.
//!
//! | offset | word | meaning |
//! |---|---|---|
//! | 0 | calls | how many have been admitted |
//! | 8 | ready at | when the next call is due, in nanoseconds of `CLOCK_MONOTONIC` |

use crate::shared::{Access, ChannelError, Shared};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;

const PAGE: usize = 4096;
const CALLS: usize = 0;
const READY_AT: usize = 8;

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

    /// When the next call is due, in nanoseconds.
    #[inline]
    pub fn ready_at(&self) -> u64 {
        self.memory.wide(READY_AT).load(Ordering::Relaxed)
    }

    /// Set when the next call is due.
    #[inline]
    pub fn set_ready_at(&self, nanoseconds: u64) {
        self.memory.wide(READY_AT).store(nanoseconds, Ordering::Relaxed);
    }
}

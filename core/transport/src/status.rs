//! What a zone is doing: one page for each zone instance, shared with the broker alone.
//!
//! | offset | word | written by |
//! |---|---|---|
//! | 0 | bell: raised when the broker has sent a message | broker |
//! | 4 | 1 while the zone sleeps | zone |
//! | 64 | the channel whose call is running, 0 for none | zone |
//! | 72 | its function | zone |
//! | 80 | since when, in nanoseconds of `CLOCK_MONOTONIC_COARSE` | zone |
//! | 88 | how many calls have begun | zone |
//!
//! What the zone writes is a claim about itself: lying makes the broker end that zone too early or too late, and
//! touches nobody else.

use crate::clock::monotonic_coarse;
use crate::doorbell;
use crate::futex;
use crate::shared::{Access, ChannelError, Shared};
use cloison_capabilities::message::ChannelId;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const PAGE: usize = 4096;
const BELL: usize = 0;
const SLEEPS: usize = 4;
const CHANNEL: usize = 64;
const FUNCTION: usize = 72;
const SINCE: usize = 80;
const CALLS: usize = 88;

pub use crate::clock::{COARSE_LAG, monotonic};

/// A call that a zone says is running.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Running {
    /// For which channel.
    pub channel: ChannelId,
    /// Which function.
    pub function: u32,
    /// Since when, see [`monotonic`]; up to [`COARSE_LAG`] too early.
    pub since: Duration,
}

/// The broker's end.
#[derive(Debug)]
pub struct Status {
    memory: Shared,
}

impl Status {
    /// A new page, and the descriptor for the zone.
    pub fn create() -> Result<(Self, OwnedFd), ChannelError> {
        let descriptor = memfd_create("cloison-status", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&descriptor, PAGE as u64)?;
        fcntl_add_seals(&descriptor, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        Ok((Self { memory: Shared::map(&descriptor, PAGE, Access::ReadWrite)? }, descriptor))
    }

    /// Make the zone look at its control socket.
    pub fn ring(&self) {
        let bell = self.memory.word(BELL);
        let value = bell.load(Ordering::Relaxed).wrapping_add(1);
        doorbell::ring(bell, self.memory.word(SLEEPS), value, futex::wake);
    }

    /// What the zone says it is running.
    pub fn running(&self) -> Option<Running> {
        let channel = self.memory.wide(CHANNEL).load(Ordering::Acquire);
        if channel == 0 {
            return None;
        }
        let running = Running {
            channel: ChannelId(channel),
            function: self.memory.word(FUNCTION).load(Ordering::Relaxed),
            since: Duration::from_nanos(self.memory.wide(SINCE).load(Ordering::Relaxed)),
        };
        // A call that ended while we read it is not running.
        (self.memory.wide(CHANNEL).load(Ordering::Acquire) == channel).then_some(running)
    }

    /// How many calls the zone says have begun.
    pub fn calls(&self) -> u64 {
        self.memory.wide(CALLS).load(Ordering::Relaxed)
    }
}

/// The zone's end.
#[derive(Debug)]
pub(crate) struct StatusWriter {
    memory: Shared,
    calls: u64,
}

impl StatusWriter {
    pub(crate) fn open(descriptor: &OwnedFd) -> Result<Self, ChannelError> {
        Ok(Self { memory: Shared::map_sealed(descriptor, PAGE, Access::ReadWrite)?, calls: 0 })
    }

    pub(crate) fn bell(&self) -> &AtomicU32 {
        self.memory.word(BELL)
    }

    pub(crate) fn sleeps(&self) -> &AtomicU32 {
        self.memory.word(SLEEPS)
    }

    #[inline]
    pub(crate) fn begin(&mut self, channel: ChannelId, function: u32) {
        self.calls += 1;
        self.memory.word(FUNCTION).store(function, Ordering::Relaxed);
        self.memory.wide(SINCE).store(monotonic_coarse().as_nanos() as u64, Ordering::Relaxed);
        self.memory.wide(CALLS).store(self.calls, Ordering::Relaxed);
        self.memory.wide(CHANNEL).store(channel.0, Ordering::Release);
    }

    #[inline]
    pub(crate) fn end(&self) {
        self.memory.wide(CHANNEL).store(0, Ordering::Release);
    }
}

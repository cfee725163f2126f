//! What a zone is doing: one page for each zone instance, shared with the broker alone.
//!
//! | offset | word | written by |
//! |---|---|---|
//! | 0 | bell: raised when the broker has sent a message | broker |
//! | 4 | how many of the zone's threads sleep on the bell | zone |
//! | 64 · (1 + n) | **row** n, of the zone's thread n: | |
//! | + 0 | the channel whose call is running, 0 for none | zone |
//! | + 8 | its function | zone |
//! | + 16 | since when, in nanoseconds of `CLOCK_MONOTONIC_COARSE` | zone |
//! | + 24 | how many calls have begun | zone |
//! | + 32 | of a batch, which call it is | zone |
//! | + 40 | has the library written beyond a room: 1 and the parameter, or all ones for none of them; 0 if not | zone |
//! | + 48 | how many bytes that room had | zone |
//!
//! A call that waits for a callable of its client does not count as running. When it goes on, its beginning is moved by as long
//! as it has waited.
//!
//! What the zone writes is a claim about itself. A false one makes the broker end that zone too early or too late, and affects
//! nobody else.

use crate::clock::monotonic_coarse;
use crate::doorbell;
use crate::futex;
use crate::shared::{Access, ChannelError, Shared};
use cloison_contract::message::ChannelId;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const PAGE: usize = 4096;
const BELL: usize = 0;
const SLEEPS: usize = 4;
const ROWS: usize = 64;
const ROW_BYTES: usize = 64;
const CHANNEL: usize = 0;
const FUNCTION: usize = 8;
const SINCE: usize = 16;
const CALLS: usize = 24;
const INDEX: usize = 32;
const OVERRUN: usize = 40;
const OVERRUN_BYTES: usize = 48;

/// The most threads of one zone that serve calls.
pub const MAX_THREADS: usize = (PAGE - ROWS) / ROW_BYTES;

pub use crate::clock::{COARSE_LAG, monotonic};

/// A call that a zone says is running.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RunningCall {
    /// For which channel.
    pub channel: ChannelId,
    /// Which function.
    pub function: u32,
    /// Which call of a batch, from 0; means nothing for any other call.
    pub index: u64,
    /// Since when, see [`monotonic`]; up to [`COARSE_LAG`] too early.
    pub since: Duration,
    /// What the library has written beyond, if that is why the zone has ended.
    pub overrun: Option<Overrun>,
}

/// Room that a library has written beyond.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Overrun {
    /// The position of the parameter that the room was for, if it was for one of the function that runs.
    pub parameter: Option<u32>,
    /// How many bytes it had.
    pub bytes: u64,
}

/// The broker's end.
#[derive(Debug)]
pub struct StatusPage {
    memory: Shared,
}

impl StatusPage {
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

    /// What the zone says it is running: of several calls, the one that has written beyond its room, or else the one that
    /// began first.
    pub fn running(&self) -> Option<RunningCall> {
        self.all_running().min_by_key(|running| (running.overrun.is_none(), running.since))
    }

    /// All calls that the zone says it is running.
    pub fn all_running(&self) -> impl Iterator<Item = RunningCall> {
        (0..MAX_THREADS).filter_map(|thread| self.row(ROWS + thread * ROW_BYTES))
    }

    fn row(&self, row: usize) -> Option<RunningCall> {
        let channel = self.memory.wide(row + CHANNEL).load(Ordering::Acquire);
        if channel == 0 {
            return None;
        }
        let running = RunningCall {
            channel: ChannelId(channel),
            function: self.memory.word(row + FUNCTION).load(Ordering::Relaxed),
            index: self.memory.wide(row + INDEX).load(Ordering::Relaxed),
            since: Duration::from_nanos(self.memory.wide(row + SINCE).load(Ordering::Relaxed)),
            overrun: overrun(&self.memory, row),
        };
        // A call that ended while we read it is not running.
        (self.memory.wide(row + CHANNEL).load(Ordering::Acquire) == channel).then_some(running)
    }

    /// How many calls the zone says have begun.
    pub fn calls(&self) -> u64 {
        let of = |thread| self.memory.wide(ROWS + thread * ROW_BYTES + CALLS).load(Ordering::Relaxed);
        (0..MAX_THREADS).map(of).fold(0, u64::wrapping_add)
    }
}

fn overrun(memory: &Shared, row: usize) -> Option<Overrun> {
    let parameter = match memory.wide(row + OVERRUN).load(Ordering::Acquire) {
        0 => return None,
        u64::MAX => None,
        position => Some((position - 1) as u32),
    };
    Some(Overrun { parameter, bytes: memory.wide(row + OVERRUN_BYTES).load(Ordering::Relaxed) })
}

/// The zone's end.
#[derive(Debug)]
pub(crate) struct StatusWriter {
    memory: Shared,
}

impl StatusWriter {
    pub(crate) fn open(descriptor: &OwnedFd) -> Result<Self, ChannelError> {
        Ok(Self { memory: Shared::map_sealed(descriptor, PAGE, Access::ReadWrite)? })
    }

    pub(crate) fn bell(&self) -> &AtomicU32 {
        self.memory.word(BELL)
    }

    pub(crate) fn sleeps(&self) -> &AtomicU32 {
        self.memory.word(SLEEPS)
    }
}

/// A thread's row in the page: what it is running.
#[derive(Clone, Debug)]
pub struct ThreadRow {
    page: Arc<StatusWriter>,
    at: usize,
}

impl ThreadRow {
    /// `None` beyond [`MAX_THREADS`].
    pub(crate) fn new(page: Arc<StatusWriter>, thread: usize) -> Option<Self> {
        (thread < MAX_THREADS).then(|| Self { page, at: ROWS + thread * ROW_BYTES })
    }

    /// Which of the page's rows it is, from 0.
    pub fn number(&self) -> usize {
        (self.at - ROWS) / ROW_BYTES
    }

    /// The library has written beyond a room: this process ends next. Stores alone, so that the handler of a signal may call it.
    pub fn overran(&self, overrun: Overrun) {
        let parameter = overrun.parameter.map_or(u64::MAX, |position| u64::from(position) + 1);
        self.page.memory.wide(self.at + OVERRUN_BYTES).store(overrun.bytes, Ordering::Relaxed);
        self.page.memory.wide(self.at + OVERRUN).store(parameter, Ordering::Release);
    }

    /// Which function runs here, or ran here last.
    pub fn function(&self) -> u32 {
        self.page.memory.word(self.at + FUNCTION).load(Ordering::Relaxed)
    }

    /// Of a batch: which of its calls runs here, or ran here last; `None` if none had begun.
    pub fn index(&self) -> Option<u64> {
        Some(self.page.memory.wide(self.at + INDEX).load(Ordering::Relaxed)).filter(|index| *index != u64::MAX)
    }

    /// Takes off the page what the previous process in this row has written beyond, if that ended it.
    pub fn take_overrun(&self) -> Option<Overrun> {
        let overrun = overrun(&self.page.memory, self.at);
        if overrun.is_some() {
            self.page.memory.wide(self.at + OVERRUN).store(0, Ordering::Relaxed);
        }
        overrun
    }

    /// A call begins.
    #[inline]
    pub fn begin(&self, channel: ChannelId, function: u32) {
        let calls = self.page.memory.wide(self.at + CALLS);
        calls.store(calls.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        self.run(channel, function, monotonic_coarse());
    }

    /// `count` calls begin, of which this is the first.
    #[inline]
    pub fn begin_many(&self, channel: ChannelId, function: u32, count: u64) {
        let calls = self.page.memory.wide(self.at + CALLS);
        calls.store(calls.load(Ordering::Relaxed).wrapping_add(count), Ordering::Relaxed);
        // The first one is yet to come.
        self.page.memory.wide(self.at + INDEX).store(u64::MAX, Ordering::Relaxed);
        self.run(channel, function, monotonic_coarse());
    }

    /// The next call of many that began together.
    #[inline]
    pub fn next(&self, function: u32) {
        let index = self.page.memory.wide(self.at + INDEX);
        index.store(index.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        self.page.memory.word(self.at + FUNCTION).store(function, Ordering::Relaxed);
    }

    /// What is running now, as [`ThreadRow::resume`] takes it up again. Nothing is, from now on.
    pub fn pause(&self) -> Option<Paused> {
        let memory = &self.page.memory;
        let channel = memory.wide(self.at + CHANNEL).load(Ordering::Relaxed);
        let paused = (channel != 0).then(|| Paused {
            channel: ChannelId(channel),
            function: memory.word(self.at + FUNCTION).load(Ordering::Relaxed),
            index: memory.wide(self.at + INDEX).load(Ordering::Relaxed),
            used: monotonic_coarse()
                .saturating_sub(Duration::from_nanos(memory.wide(self.at + SINCE).load(Ordering::Relaxed))),
        });
        self.end();
        paused
    }

    /// Go on with a call: the time it has used counts, the time since does not.
    pub fn resume(&self, paused: Option<Paused>) {
        match paused {
            Some(paused) => {
                // Calls inside of a callable may have been a batch.
                self.page.memory.wide(self.at + INDEX).store(paused.index, Ordering::Relaxed);
                self.run(paused.channel, paused.function, monotonic_coarse().saturating_sub(paused.used));
            }
            None => self.end(),
        }
    }

    #[inline]
    fn run(&self, channel: ChannelId, function: u32, since: Duration) {
        let memory = &self.page.memory;
        memory.word(self.at + FUNCTION).store(function, Ordering::Relaxed);
        memory.wide(self.at + SINCE).store(since.as_nanos() as u64, Ordering::Relaxed);
        memory.wide(self.at + CHANNEL).store(channel.0, Ordering::Release);
    }

    /// The call has ended.
    #[inline]
    pub fn end(&self) {
        self.page.memory.wide(self.at + CHANNEL).store(0, Ordering::Release);
    }
}

/// A call that does not run at the moment.
#[derive(Clone, Copy, Debug)]
pub struct Paused {
    channel: ChannelId,
    function: u32,
    index: u64,
    used: Duration,
}

//! What a zone is doing: one page for each zone instance, shared with the broker alone.
//!
//! | offset | word | written by |
//! |---|---|---|
//! | 0 | bell: raised when the broker has sent a message | broker |
//! | 4 | how many of the zone's threads sleep on the bell | zone |
//! | 8 | when the broker looks at the rows next, in nanoseconds of `CLOCK_MONOTONIC` | broker |
//! | 16 | where each call has a process of its own: how much of the present one's processor time is counted by now, in nanoseconds | zone |
//! | 64 · (1 + n) | **row** n, of the zone's thread n: | |
//! | + 0 | the channel whose call is running, 0 for none | zone |
//! | + 8 | its function | zone |
//! | + 16 | since when, in nanoseconds of `CLOCK_MONOTONIC_COARSE` | zone |
//! | + 24 | how many calls have begun | zone |
//! | + 32 | of a batch, which call it is | zone |
//! | + 40 | has the library written beyond a room: 1 and the parameter, or all ones for none of them; 0 if not | zone |
//! | + 48 | how many bytes that room had | zone |
//! | + 56 | of a batch, when all its calls must have ended, in nanoseconds of the same clock; 0 for any other call | zone |
//!
//! A call that waits for a callable of its client does not count as running. When it goes on, its beginning is moved by as long
//! as it has waited.
//!
//! The broker looks at the rows when the time of the first call there is over, and else as seldom as the longest call of the zone allows.
//! A call that may take less, and began after the broker's latest look, would be found late. So whoever begins one compares its end with the
//! time of the next look, and is told to tell the broker if that is later ([`ThreadRow::begin`]). Each side writes before it reads,
//! with a fence between: either the broker sees the call or the call sees when the broker looks.
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
use std::sync::atomic::{AtomicU32, Ordering, fence};
use std::time::Duration;

const PAGE: usize = 4096;
const BELL: usize = 0;
const SLEEPS: usize = 4;
const LOOK: usize = 8;
const COUNTED: usize = 16;
const ROWS: usize = 64;
const ROW_BYTES: usize = 64;
const CHANNEL: usize = 0;
const FUNCTION: usize = 8;
const SINCE: usize = 16;
const CALLS: usize = 24;
const INDEX: usize = 32;
const OVERRUN: usize = 40;
const OVERRUN_BYTES: usize = 48;
const UNTIL: usize = 56;

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
    /// Of a batch: when all its calls must have ended, on the same clock.
    pub until: Option<Duration>,
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

    /// The broker looks next at that time, see [`monotonic`]. Comes before it looks now: what it does not see then sees this.
    pub fn will_look(&self, at: Duration) {
        self.memory.wide(LOOK).store(nanoseconds(at), Ordering::Relaxed);
        fence(Ordering::SeqCst);
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
            // Before the times, which are written before it: a call does not seem older than it is.
            function: self.memory.word(row + FUNCTION).load(Ordering::Acquire),
            index: self.memory.wide(row + INDEX).load(Ordering::Relaxed),
            since: Duration::from_nanos(self.memory.wide(row + SINCE).load(Ordering::Relaxed)),
            until: until(self.memory.wide(row + UNTIL).load(Ordering::Relaxed)),
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

/// The word for a time.
fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn until(word: u64) -> Option<Duration> {
    (word != 0).then(|| Duration::from_nanos(word))
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

    /// So much of the processor time of this process, which makes one call, is counted.
    pub fn add_counted(&self, nanoseconds: u64) {
        let counted = self.page.memory.wide(COUNTED);
        counted.store(counted.load(Ordering::Relaxed).saturating_add(nanoseconds), Ordering::Relaxed);
    }

    /// Takes off the page how much was counted of the previous process.
    pub fn take_counted(&self) -> u64 {
        self.page.memory.wide(COUNTED).swap(0, Ordering::Relaxed)
    }

    /// Takes off the page what the previous process in this row has written beyond, if that ended it.
    pub fn take_overrun(&self) -> Option<Overrun> {
        let overrun = overrun(&self.page.memory, self.at);
        if overrun.is_some() {
            self.page.memory.wide(self.at + OVERRUN).store(0, Ordering::Relaxed);
        }
        overrun
    }

    /// A call begins that may take so long. Whether that is over before the broker looks: then it has to be told.
    #[inline]
    #[must_use]
    pub fn begin(&self, channel: ChannelId, function: u32, deadline: Duration) -> bool {
        let calls = self.page.memory.wide(self.at + CALLS);
        calls.store(calls.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        let now = monotonic_coarse();
        self.run(channel, function, now, None);
        self.ends_unseen(now.saturating_add(deadline))
    }

    /// `count` calls begin that may take so long together. Returns what [`ThreadRow::begin`] does.
    #[inline]
    #[must_use]
    pub fn begin_many(&self, channel: ChannelId, function: u32, count: u64, deadline: Duration) -> bool {
        let calls = self.page.memory.wide(self.at + CALLS);
        calls.store(calls.load(Ordering::Relaxed).wrapping_add(count), Ordering::Relaxed);
        // The first one is yet to come.
        self.page.memory.wide(self.at + INDEX).store(u64::MAX, Ordering::Relaxed);
        let now = monotonic_coarse();
        let until = now.saturating_add(deadline);
        self.run(channel, function, now, Some(until));
        self.ends_unseen(until)
    }

    /// The next call of many that began together, and how long it may take if that is less than all of them together. Returns what
    /// [`ThreadRow::begin`] does.
    #[inline]
    #[must_use]
    pub fn next(&self, function: u32, deadline: Option<Duration>) -> bool {
        let memory = &self.page.memory;
        let index = memory.wide(self.at + INDEX);
        index.store(index.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        let Some(deadline) = deadline else {
            // It ends when all do: nobody has to look at the clock.
            memory.word(self.at + FUNCTION).store(function, Ordering::Release);
            return false;
        };
        let now = monotonic_coarse();
        memory.wide(self.at + SINCE).store(nanoseconds(now), Ordering::Relaxed);
        memory.word(self.at + FUNCTION).store(function, Ordering::Release);
        self.ends_unseen(now.saturating_add(deadline))
    }

    /// Whether the broker looks only after that time, which is by the coarse clock.
    #[inline]
    fn ends_unseen(&self, until: Duration) -> bool {
        fence(Ordering::SeqCst);
        nanoseconds(until.saturating_add(COARSE_LAG)) < self.page.memory.wide(LOOK).load(Ordering::Relaxed)
    }

    /// What is running now, as [`ThreadRow::resume`] takes it up again. Nothing is, from now on.
    pub fn pause(&self) -> Option<Paused> {
        let memory = &self.page.memory;
        let channel = memory.wide(self.at + CHANNEL).load(Ordering::Relaxed);
        let now = monotonic_coarse();
        let paused = (channel != 0).then(|| Paused {
            channel: ChannelId(channel),
            function: memory.word(self.at + FUNCTION).load(Ordering::Relaxed),
            index: memory.wide(self.at + INDEX).load(Ordering::Relaxed),
            used: now.saturating_sub(Duration::from_nanos(memory.wide(self.at + SINCE).load(Ordering::Relaxed))),
            left: until(memory.wide(self.at + UNTIL).load(Ordering::Relaxed)).map(|until| until.saturating_sub(now)),
        });
        self.end();
        paused
    }

    /// Go on with a call, whose function may take so long: the time it has used counts, the time since does not. Returns what
    /// [`ThreadRow::begin`] does.
    #[must_use]
    pub fn resume(&self, paused: Option<Paused>, deadline: impl FnOnce(u32) -> Duration) -> bool {
        let Some(paused) = paused else {
            self.end();
            return false;
        };
        // Calls inside of a callable may have been a batch.
        self.page.memory.wide(self.at + INDEX).store(paused.index, Ordering::Relaxed);
        let now = monotonic_coarse();
        let (since, until) = (now.saturating_sub(paused.used), paused.left.map(|left| now.saturating_add(left)));
        self.run(paused.channel, paused.function, since, until);
        let own = since.saturating_add(deadline(paused.function));
        self.ends_unseen(until.map_or(own, |until| own.min(until)))
    }

    #[inline]
    fn run(&self, channel: ChannelId, function: u32, since: Duration, until: Option<Duration>) {
        let memory = &self.page.memory;
        memory.wide(self.at + SINCE).store(nanoseconds(since), Ordering::Relaxed);
        memory.wide(self.at + UNTIL).store(until.map_or(0, nanoseconds), Ordering::Relaxed);
        memory.word(self.at + FUNCTION).store(function, Ordering::Release);
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
    /// Of a batch: how long all its calls together may still take.
    left: Option<Duration>,
}

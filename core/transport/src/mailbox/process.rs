//! A process's end: put records into the outbox, take them from the inbox, sleep in between.

use super::ring::{Full, RingError, RingPlace, RingReader, RingWriter};
use super::{
    IN_BELL, IN_HEAD, IN_JUMP, IN_SLEEPS, IN_TAIL, INBOX, OUT_BELL, OUT_HEAD, OUT_JUMP, OUT_SLEEPS, OUT_TAIL, OUT_WAITS,
};
use super::{OUTBOX, OUTBOX_BYTES, SMALLEST_INBOX_BYTES};
use crate::doorbell::Spin;
use crate::futex::{self, Woken};
use crate::shared::{Access, ChannelError, Shared};
use std::os::fd::OwnedFd;
use std::sync::atomic::{Ordering, fence};
use std::time::{Duration, Instant};

/// How long a wait for the router lasts before the process looks again by itself.
const ROOM: Duration = Duration::from_millis(50);
/// How long a process may spin for a record before it sleeps, while spinning pays.
const SPIN: Duration = Duration::from_micros(30);

/// How a wait for records ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Waited {
    /// There may be one.
    Maybe,
    /// A signal has arrived.
    Interrupted,
    /// The time is over.
    TimedOut,
}

/// A process's mailbox.
#[derive(Debug)]
pub struct Mailbox {
    memory: Shared,
    bell: OwnedFd,
    outbox: RingWriter,
    inbox: RingReader,
    spin: Spin,
}

impl Mailbox {
    /// From the two descriptors that [`super::create`] made.
    pub fn attach(memory: &OwnedFd, bell: OwnedFd) -> Result<Self, ChannelError> {
        let memory = Shared::map_sealed(memory, INBOX + SMALLEST_INBOX_BYTES as usize, Access::ReadWrite)?;
        let inbox_bytes = (memory.len() - INBOX) as u64;
        let outbox = RingPlace { start: OUTBOX, bytes: OUTBOX_BYTES, tail: OUT_TAIL, head: OUT_HEAD, jump: OUT_JUMP };
        let inbox = RingPlace { start: INBOX, bytes: inbox_bytes, tail: IN_TAIL, head: IN_HEAD, jump: IN_JUMP };
        Ok(Self { memory, bell, outbox: RingWriter::new(outbox), inbox: RingReader::new(inbox), spin: Spin::new(SPIN) })
    }

    /// Put a record in and tell the router. With [`Full`], nothing was put in: the router has not come round to it, and
    /// [`Mailbox::wait_for_room`] waits until it has.
    ///
    /// # Errors
    ///
    /// The router has broken the protocol, which ends all communication.
    pub fn put(&mut self, kind: u32, pieces: &[&[u8]]) -> Result<Result<(), Full>, RingError> {
        let put = self.outbox.push(&self.memory, kind, pieces)?;
        self.ring();
        Ok(put)
    }

    fn ring(&self) {
        fence(Ordering::SeqCst);
        let sleeps = self.memory.word(OUT_SLEEPS);
        if sleeps.load(Ordering::Relaxed) != 0 && sleeps.swap(0, Ordering::Relaxed) != 0 {
            // It cannot be full: nobody rings so often.
            let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
        }
    }

    /// Wait until the router has taken something, for a while at most.
    pub fn wait_for_room(&mut self) -> Waited {
        let (waits, bell) = (self.memory.word(OUT_WAITS), self.memory.word(OUT_BELL));
        let seen = bell.load(Ordering::Acquire);
        waits.store(1, Ordering::Relaxed);
        self.ring();
        let woken = match self.outbox.look(&self.memory) {
            Ok(false) => futex::wait(bell, seen, Some(ROOM)),
            _ => Woken::Maybe,
        };
        waits.store(0, Ordering::Relaxed);
        match woken {
            Woken::Interrupted => Waited::Interrupted,
            Woken::Maybe | Woken::TimedOut => Waited::Maybe,
        }
    }

    /// The next record of the inbox, copied into `body`; its kind.
    pub fn take(&mut self, body: &mut Vec<u8>) -> Result<Option<u32>, RingError> {
        self.inbox.pop(&self.memory, body)
    }

    /// Whether there is a record.
    #[inline]
    pub fn has_more(&self) -> bool {
        self.inbox.has_more(&self.memory)
    }

    /// Wait for a record, until then at most.
    pub fn wait(&mut self, until: Option<Instant>) -> Waited {
        let (memory, inbox) = (&self.memory, &self.inbox);
        if self.spin.until(|| inbox.has_more(memory).then_some(())).is_some() {
            return Waited::Maybe;
        }
        let (sleeps, bell) = (memory.word(IN_SLEEPS), memory.word(IN_BELL));
        let seen = bell.load(Ordering::Acquire);
        sleeps.store(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        let woken = if inbox.has_more(memory) {
            Woken::Maybe
        } else {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            match left {
                Some(Duration::ZERO) => Woken::TimedOut,
                left => futex::wait(bell, seen, left),
            }
        };
        sleeps.store(0, Ordering::Relaxed);
        match woken {
            Woken::Interrupted => Waited::Interrupted,
            Woken::TimedOut => Waited::TimedOut,
            Woken::Maybe => Waited::Maybe,
        }
    }

    #[cfg(test)]
    pub(super) fn memory(&self) -> &Shared {
        &self.memory
    }
}

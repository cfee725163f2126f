//! The client's end of a call channel: one call at a time.

use crate::doorbell::{self, Spin};
use crate::futex::{self, Woken};
use crate::layout::{
    ARENA, CLIENT_INSIDE, CLIENT_SLEEPS, ENDED, REPLY, REPLY_BLOCK, REQUEST, REQUEST_BLOCK, SERVER_SLEEPS, next,
};
use crate::shared::{Access, Arena, ChannelError, Shared};
use crate::terms::{TermsState, TermsView};
use cloison_contract::call::{MAX_WORDS, Reply, Request, Status};
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long a wait may spin: as long as it takes to wake a zone on another core of a virtual machine.
const SPIN: Duration = Duration::from_micros(100);

/// An arena that has grown beyond this is given back once it has not been needed for [`QUIET_CALLS`] calls.
const SMALL_BYTES: u64 = 1 << 20;
const QUIET_CALLS: u32 = 64;

/// Why a call has no reply.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CallError {
    /// The time is over. The channel cannot be used any more: a reply may still come.
    #[error("the deadline has passed")]
    DeadlineExceeded,
    /// The broker ended the channel and knows why.
    #[error("the channel has ended")]
    Ended,
    /// A signal arrived. [`Caller::resume`] goes on waiting.
    #[error("interrupted by a signal")]
    Interrupted,
    /// The zone's reply makes no sense.
    #[error("the zone's reply is malformed")]
    Malformed,
}

/// The client's end.
#[derive(Debug)]
pub struct Caller {
    arena: Arena,
    terms: TermsView,
    sequence: u32,
    spin: Spin,
    deadline: Duration,
    since: Option<Instant>,
    touched: u64,
    /// How far into the arena the running call has reached.
    reached: u64,
    quiet: u32,
    reply: Reply,
    /// A call goes on, in which others are made.
    inside: bool,
}

impl Caller {
    /// Map what the broker sent.
    pub fn open(channel: OwnedFd, terms: OwnedFd) -> Result<Self, ChannelError> {
        Ok(Self {
            arena: Arena { memory: Shared::map_sealed(&channel, ARENA, Access::ReadWrite)? },
            terms: TermsView::open(&terms)?,
            sequence: 0,
            spin: Spin::new(SPIN),
            deadline: Duration::ZERO,
            since: None,
            touched: 0,
            reached: 0,
            quiet: 0,
            reply: Reply { status: Status::Ok, count: 0, words: [0; MAX_WORDS] },
            inside: false,
        })
    }

    /// The bulk part.
    pub fn arena(&self) -> &Arena {
        &self.arena
    }

    /// Whether a call may be posted: the broker has neither ended the channel nor revoked its grant, and the zone was not replaced, unless
    /// this is a call inside of one that goes on there.
    #[inline]
    pub fn is_live(&self) -> bool {
        match self.terms.state() {
            TermsState::Live => true,
            TermsState::Closing => self.inside,
            TermsState::Ended | TermsState::Revoked => false,
        }
    }

    /// Whether what is posted now is seen: also of what belongs to a call that was made before the zone was replaced.
    pub fn is_heard(&self) -> bool {
        !self.terms.state().is_over()
    }

    /// Say whether a call goes on, in which others are made: those are for the same zone.
    pub fn set_inside(&mut self, inside: bool) {
        self.inside = inside;
        self.arena.memory.word(CLIENT_INSIDE).store(u32::from(inside), Ordering::SeqCst);
    }

    /// How many callables the zone has stopped waiting for so far, as the broker says.
    pub fn callback_timeouts(&self) -> u32 {
        self.terms.callback_timeouts()
    }

    /// The last reply: copied, with a known status and a count in range. Its words are unchecked claims.
    pub fn reply(&self) -> &Reply {
        &self.reply
    }

    /// Post `request` and wait for its reply, for `deadline` at most. [`Caller::reply`] has the words.
    #[inline]
    pub fn call(&mut self, request: &Request, deadline: Duration) -> Result<Status, CallError> {
        self.post(request, deadline);
        self.resume()
    }

    /// Post `request`, and do something else until [`Caller::resume`] waits for its reply. Nothing else may be posted meanwhile.
    #[inline]
    pub fn post(&mut self, request: &Request, deadline: Duration) {
        let memory = &self.arena.memory;
        let count = (request.count as usize).min(MAX_WORDS);
        memory.word(REQUEST_BLOCK).store(request.function, Ordering::Relaxed);
        memory.word(REQUEST_BLOCK + 4).store(count as u32, Ordering::Relaxed);
        memory.wide(REQUEST_BLOCK + 8).store(request.arena_used, Ordering::Relaxed);
        memory.store_words(REQUEST_BLOCK + 16, &request.words[..count]);
        self.sequence = next(self.sequence);
        self.deadline = deadline;
        self.since = None;
        self.reached = request.arena_used;
        doorbell::ring(memory.word(REQUEST), memory.word(SERVER_SLEEPS), self.sequence, futex::wake);
    }

    /// Wait for the reply to what was posted last, or go on waiting for it after an interruption.
    #[inline]
    pub fn resume(&mut self) -> Result<Status, CallError> {
        let (memory, sequence) = (&self.arena.memory, self.sequence);
        if self.spin.until(|| answered(memory, sequence).then_some(())).is_none() {
            self.sleep()?;
        }
        self.take()
    }

    /// Go on waiting, for so long at most.
    pub fn resume_for(&mut self, patience: Duration) -> Result<Status, CallError> {
        self.deadline = self.since.map_or(Duration::ZERO, |since| since.elapsed()) + patience;
        self.resume()
    }

    /// Sleep until there is an answer, in the order that [`doorbell`] asks for.
    fn sleep(&mut self) -> Result<(), CallError> {
        // The first sleep begins now; only a later one has to look how much of the time is over.
        let slept = self.since;
        let since = *self.since.get_or_insert_with(Instant::now);
        let mut left = slept.map_or(Some(self.deadline), |since| self.deadline.checked_sub(since.elapsed()));
        let (reply, sleeps) = (self.arena.memory.word(REPLY), self.arena.memory.word(CLIENT_SLEEPS));
        loop {
            doorbell::lie_down(sleeps);
            let seen = reply.load(Ordering::Acquire);
            let woken = if answered(&self.arena.memory, self.sequence) {
                Woken::Maybe
            } else {
                left.map_or(Woken::TimedOut, |left| futex::wait(reply, seen, Some(left)))
            };
            doorbell::get_up(sleeps);
            if answered(&self.arena.memory, self.sequence) {
                return Ok(());
            }
            match woken {
                Woken::Interrupted => return Err(CallError::Interrupted),
                Woken::TimedOut => return Err(CallError::DeadlineExceeded),
                Woken::Maybe => left = self.deadline.checked_sub(since.elapsed()),
            }
        }
    }

    /// Copy the reply out and check it. A reply that arrives after the end of the grant is dropped.
    #[inline]
    fn take(&mut self) -> Result<Status, CallError> {
        let memory = &self.arena.memory;
        // The broker sets the terms, then its bit: who looks in the other order and has seen the bit sees the terms.
        let number = memory.word(REPLY).load(Ordering::Acquire);
        if self.terms.state().is_over() {
            return Err(CallError::Ended);
        }
        if number != self.sequence {
            return Err(CallError::Malformed); // the zone set a bit that is the broker's
        }
        let status = memory.word(REPLY_BLOCK).load(Ordering::Relaxed);
        let status = Status::try_from(status).map_err(|_| CallError::Malformed)?;
        let count = memory.word(REPLY_BLOCK + 4).load(Ordering::Relaxed);
        if count as usize > MAX_WORDS {
            return Err(CallError::Malformed);
        }
        memory.load_words(REPLY_BLOCK + 8, &mut self.reply.words[..count as usize]);
        self.reply.status = status;
        self.reply.count = count;
        Ok(status)
    }

    /// Say how far into the arena the reply just read reached, so that memory a big call needed is given back once it is
    /// not needed any more.
    #[inline]
    pub fn settle(&mut self, reached: u64) {
        let reached = self.reached.max(reached);
        self.touched = self.touched.max(reached);
        if self.touched <= SMALL_BYTES {
            return;
        }
        if reached > SMALL_BYTES {
            self.quiet = 0;
            return;
        }
        self.quiet += 1;
        if self.quiet >= QUIET_CALLS {
            self.trim();
        }
    }

    /// How much memory the arena holds beyond a small size, as far as is known.
    #[inline]
    pub fn held_bytes(&self) -> u64 {
        self.touched.saturating_sub(SMALL_BYTES)
    }

    /// Give back what the arena has beyond a small size.
    pub fn trim(&mut self) {
        self.arena.release_from(SMALL_BYTES);
        self.touched = 0;
        self.quiet = 0;
    }
}

/// Whether the reply is there, or the broker has ended the channel.
#[inline]
fn answered(memory: &Shared, sequence: u32) -> bool {
    let reply = memory.word(REPLY).load(Ordering::Acquire);
    reply == sequence || reply & ENDED != 0
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::channel::Channel;

    /// The channel ends while its client takes replies: at each moment it is a reply or the end, never one that makes no sense.
    #[test]
    fn an_end_in_the_middle_of_taking_a_reply_is_an_end() {
        for _ in 0..5000 {
            let (channel, descriptors) = Channel::create(4096).expect("a channel");
            let mut caller = Caller::open(descriptors.channel, descriptors.terms).expect("its client's end");
            std::thread::scope(|scope| {
                scope.spawn(|| channel.end(TermsState::Revoked));
                let end = loop {
                    // Nothing is posted, and so nothing is missing: each time it is an empty reply.
                    if let Err(end) = caller.take() {
                        break end;
                    }
                };
                assert_eq!(end, CallError::Ended);
            });
        }
    }
}

//! The zone's end of one channel, for the thread that runs its call.
//!
//! Whoever waits for requests ([`crate::server::Server`]) looks at a channel only while it is **idle**. Once a request has
//! been taken, the channel is **busy**: it belongs to the thread that runs the call, which may answer with questions and wait for what
//! comes back ([`ServerChannel::ask`]), until it has given the call's end ([`ServerChannel::reply`]).
//!
//! ```text
//!            Server::wait takes a request                    ask
//!   idle ────────────────────────────────────▶ busy ◀─────────────────────┐
//!     ▲                                        │ │ └── posts a question,   │
//!     └─────────── reply, or abandon ──────────┘ └──── takes what the client answers
//! ```
//!
//! Whatever is posted answers the newest request that has been taken. A call that ends while its client is not listening
//! (it has a question to answer) ends with [`ServerChannel::abandon`]: nothing is posted, and the client's next request finds the
//! channel idle.

use crate::clock::monotonic;
use crate::doorbell::{self, Spin};
use crate::futex::{self, Waiter, Woken};
use crate::layout::{ARENA, CLIENT_SLEEPS, ENDED, REPLY, REPLY_BLOCK, REQUEST, REQUEST_BLOCK, SERVER_SLEEPS};
use crate::server::{SPIN, ServerBells};
use crate::shared::{Access, Arena, ChannelError, Shared};
use crate::terms::TermsView;
use crate::turns::Turns;
use cloison_contract::call::{MAX_WORDS, Reply, Request};
use cloison_contract::message::ChannelId;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

mod relay;

pub use relay::Relayed;

/// Why a question has no answer (yet).
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unanswered {
    /// The broker has rung, and nobody else listens: look at the control socket, then [`ServerChannel::listen`] again.
    #[error("the broker has rung")]
    Control,
    /// The time is over.
    #[error("the deadline has passed")]
    Deadline,
    /// The client has been detached.
    #[error("the client is gone")]
    Gone,
}

/// The zone's end of one channel.
#[derive(Debug)]
pub struct ServerChannel {
    id: ChannelId,
    arena: Arena,
    terms: TermsView,
    bell: Arc<ServerBells>,
    turns: Turns,
    /// 1 once the client has been detached.
    gone: AtomicU32,
    /// Held by the thread that posts a question: one at a time.
    spin: Mutex<Spin>,
}

impl ServerChannel {
    pub(crate) fn open(
        id: ChannelId,
        channel: &OwnedFd,
        terms: &OwnedFd,
        bell: Arc<ServerBells>,
    ) -> Result<Self, ChannelError> {
        Ok(Self {
            id,
            arena: Arena { memory: Shared::map_sealed(channel, ARENA, Access::ReadWrite)? },
            terms: TermsView::open(terms)?,
            bell,
            turns: Turns::new(),
            gone: AtomicU32::new(0),
            spin: Mutex::new(Spin::new(SPIN)),
        })
    }

    /// Which channel it is.
    pub fn id(&self) -> ChannelId {
        self.id
    }

    /// The bulk part.
    #[inline]
    pub fn arena(&self) -> &Arena {
        &self.arena
    }

    /// Whether the client's grant has been taken back.
    #[inline]
    pub fn revoked(&self) -> bool {
        self.terms.state().is_over() || self.gone()
    }

    /// Whether the client has been detached.
    #[inline]
    pub fn gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed) != 0
    }

    /// Mark the client as detached, and wake the thread that waits for it: its wait ends with [`Unanswered::Gone`].
    pub(crate) fn leave(&self) {
        self.gone.store(1, Ordering::SeqCst);
        futex::wake(&self.gone);
    }

    /// For the thread that waits for requests: take one, if the channel is idle.
    #[inline]
    pub(crate) fn take(&self, request: &mut Request) -> bool {
        let taken = self.turns.take(|| self.posted()).is_some();
        if taken {
            self.copy(request);
        }
        taken
    }

    /// The word that changes with the next request, and what it is now; `None` if there is one to be taken.
    pub(crate) fn waiter(&self) -> Option<Waiter> {
        self.turns.expected(|| self.posted()).map(|expected| Waiter::new(self.arena.memory.word(REQUEST), expected))
    }

    /// Whether a call of it runs.
    pub(crate) fn is_busy(&self) -> bool {
        self.turns.is_busy()
    }

    pub(crate) fn sleeps(&self) -> &AtomicU32 {
        self.arena.memory.word(SERVER_SLEEPS)
    }

    /// Post the call's end. The channel is idle afterwards.
    #[inline]
    pub fn reply(&self, reply: &Reply) {
        // Before the client can see the reply, and so before it can post the next request.
        self.turns.end();
        self.post(reply);
    }

    /// End a call whose client does not listen, because it has yet to answer a question. The channel is idle afterwards.
    pub fn abandon(&self) {
        self.turns.end();
        // The client may have posted something meanwhile, which no thread has taken.
        self.bell.knock();
    }

    /// Post a question, and wait for the client's next request until that time ([`crate::status::monotonic`]).
    pub fn ask(&self, question: &Reply, request: &mut Request, until: Duration) -> Result<(), Unanswered> {
        self.post(question);
        self.listen(request, until)
    }

    /// Wait for the client's next request, without saying anything.
    pub fn listen(&self, request: &mut Request, until: Duration) -> Result<(), Unanswered> {
        let mut spin = self.spin.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            // Before anything else: otherwise a client that posts fast enough would never see its deadline pass.
            if monotonic() >= until {
                return Err(Unanswered::Deadline);
            }
            let found = spin.until(|| self.heard()).unwrap_or(Err(None));
            match found {
                Ok(posted) => {
                    self.turns.serve(posted);
                    self.copy(request);
                    return Ok(());
                }
                Err(Some(unanswered)) => return Err(unanswered),
                Err(None) => drop(self.sleep(until)),
            }
        }
    }

    /// What has arrived, if anything: a request's number, or why there is none.
    #[inline]
    fn heard(&self) -> Option<Result<u32, Option<Unanswered>>> {
        if let Some(posted) = self.turns.next(self.posted()) {
            return Some(Ok(posted));
        }
        if self.gone() {
            return Some(Err(Some(Unanswered::Gone)));
        }
        self.bell.rung_for_nobody().then_some(Err(Some(Unanswered::Control)))
    }

    /// Sleep until a word changes or the time is over, in the order that [`doorbell`] asks for.
    fn sleep(&self, until: Duration) -> Woken {
        doorbell::lie_down(self.sleeps());
        let bell = self.bell.lie_down();
        let waiters =
            [Waiter::new(self.arena.memory.word(REQUEST), self.turns.served()), Waiter::new(&self.gone, 0), bell];
        let woken = if self.heard().is_some() { Woken::Maybe } else { futex::wait_any(&waiters, Some(until)) };
        self.bell.get_up();
        doorbell::get_up(self.sleeps());
        woken
    }

    #[inline]
    fn posted(&self) -> u32 {
        self.arena.memory.word(REQUEST).load(Ordering::Acquire)
    }

    #[inline]
    fn post(&self, reply: &Reply) {
        let memory = &self.arena.memory;
        let count = (reply.count as usize).min(MAX_WORDS);
        memory.word(REPLY_BLOCK).store(reply.status as u32, Ordering::Relaxed);
        memory.word(REPLY_BLOCK + 4).store(count as u32, Ordering::Relaxed);
        memory.store_words(REPLY_BLOCK + 8, &reply.words[..count]);
        let number = self.turns.served() & !ENDED;
        let word = memory.word(REPLY);
        doorbell::ring(word, memory.word(CLIENT_SLEEPS), number, futex::wake);
        // The broker may have ended the channel before this was written over its word of that. It sets the terms first, so they say so
        // here, or its word comes later. A client that runs a callable looks at the word when it comes back.
        if self.terms.state().is_over() {
            word.fetch_or(ENDED, Ordering::SeqCst);
            futex::wake(word);
        }
    }

    /// One copy of the request block; a count out of range becomes the largest, which no function has.
    #[inline]
    fn copy(&self, request: &mut Request) {
        let memory = &self.arena.memory;
        // The data is on another cache line than the words: ask for both at once.
        memory.prefetch(ARENA);
        request.function = memory.word(REQUEST_BLOCK).load(Ordering::Relaxed);
        request.count = memory.word(REQUEST_BLOCK + 4).load(Ordering::Relaxed).min(MAX_WORDS as u32);
        request.arena_used = memory.wide(REQUEST_BLOCK + 8).load(Ordering::Relaxed);
        memory.load_words(REQUEST_BLOCK + 16, &mut request.words[..request.count as usize]);
    }
}

//! The zone's end of all its call channels: one thread, many clients.
//!
//! The zone waits for whichever comes first: a request on any channel, or the broker's bell. It spins for a moment after
//! a call, since the next one often follows at once, and then sleeps on all words with one `futex_waitv`. What a client
//! writes into its channel can cost a wake-up or that client's own reply, and nothing of another's.

use crate::doorbell::{self, Spin};
use crate::futex::{self, MAX_WAITERS, Waiter};
use crate::layout::{ARENA, CLIENT_SLEEPS, ENDED, REPLY, REPLY_BLOCK, REQUEST, REQUEST_BLOCK, SERVER_SLEEPS};
use crate::shared::{Access, Arena, ChannelError, Shared};
use crate::status::StatusWriter;
use crate::terms::{State, TermsView};
use cloison_capabilities::call::{MAX_WORDS, Reply, Request};
use cloison_capabilities::message::ChannelId;
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long to spin after a call, as the next one often follows at once.
const SPIN: Duration = Duration::from_micros(100);

/// The most clients of one instance: `futex_waitv` takes 128 words, and one is the broker's bell.
pub const MAX_CHANNELS: usize = MAX_WAITERS - 1;

/// A channel's place in the server, valid until it is detached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Slot(usize);

/// What there is to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// The broker has rung: look at the control socket.
    Control,
    /// A client has posted a request, which has been copied to where [`Server::wait`] was told. Nothing in it has been
    /// checked except that `count` is in range; words beyond it are those of earlier requests.
    Request {
        /// For [`Server::begin`], [`Server::arena`] and [`Server::reply`].
        slot: Slot,
        /// Whose.
        id: ChannelId,
    },
}

#[derive(Debug)]
struct Attached {
    id: ChannelId,
    arena: Arena,
    terms: TermsView,
    served: u32,
}

/// The zone's end of all its channels.
#[derive(Debug)]
pub struct Server {
    status: StatusWriter,
    heard: u32,
    channels: Vec<Option<Attached>>,
    /// Where the next search begins, so that no client can starve the others.
    next: usize,
    spin: Spin,
}

impl Server {
    /// Map the status page that came with the first message.
    pub fn new(status: OwnedFd) -> Result<Self, ChannelError> {
        let status = StatusWriter::open(&status)?;
        // Nothing has been heard yet: what the broker sent before now is looked at on the first turn.
        let heard = status.bell().load(Ordering::Acquire).wrapping_sub(1);
        Ok(Self { status, heard, channels: Vec::new(), next: 0, spin: Spin::new(SPIN) })
    }

    /// Serve another client.
    pub fn attach(&mut self, id: ChannelId, channel: OwnedFd, terms: OwnedFd) -> Result<(), ChannelError> {
        let attached = Attached {
            id,
            arena: Arena { memory: Shared::map_sealed(&channel, ARENA, Access::ReadWrite)? },
            terms: TermsView::open(&terms)?,
            served: 0,
        };
        match self.channels.iter().position(Option::is_none) {
            Some(free) => self.channels[free] = Some(attached),
            None if self.channels.len() < MAX_CHANNELS => self.channels.push(Some(attached)),
            None => return Err(ChannelError::TooMany),
        }
        Ok(())
    }

    /// Forget a client.
    pub fn detach(&mut self, id: ChannelId) {
        for slot in &mut self.channels {
            if slot.as_ref().is_some_and(|attached| attached.id == id) {
                *slot = None;
            }
        }
    }

    /// Wait for something to do. A request is copied to `request`: it is too large to be handed about.
    pub fn wait(&mut self, request: &mut Request) -> Turn {
        loop {
            let (status, heard, channels, next) = (&self.status, &mut self.heard, &mut self.channels, &mut self.next);
            if let Some(found) = self.spin.until(|| look(status, heard, channels, next, request)) {
                return found;
            }
            self.sleep();
        }
    }

    /// Sleep until a word changes, in the order that [`doorbell`] asks for.
    fn sleep(&mut self) {
        let mut waiters = Vec::with_capacity(self.channels.len() + 1);
        doorbell::lie_down(self.status.sleeps());
        waiters.push(Waiter::new(self.status.bell(), self.heard));
        for attached in self.channels.iter().flatten() {
            doorbell::lie_down(attached.arena.memory.word(SERVER_SLEEPS));
            waiters.push(Waiter::new(attached.arena.memory.word(REQUEST), attached.served));
        }
        // The kernel compares every word with what has been served before it lets us sleep: that is the second look.
        futex::wait_any(&waiters);
        doorbell::get_up(self.status.sleeps());
        for attached in self.channels.iter().flatten() {
            doorbell::get_up(attached.arena.memory.word(SERVER_SLEEPS));
        }
    }

    /// Note in the status page that this call is running now.
    #[inline]
    pub fn begin(&mut self, slot: Slot, function: u32) {
        if let Some(Some(attached)) = self.channels.get(slot.0) {
            self.status.begin(attached.id, function);
        }
    }

    /// Answer the request that [`Server::wait`] gave for this slot.
    #[inline]
    pub fn reply(&mut self, slot: Slot, reply: &Reply) {
        self.status.end();
        let Some(Some(attached)) = self.channels.get(slot.0) else { return };
        let memory = &attached.arena.memory;
        let count = (reply.count as usize).min(MAX_WORDS);
        memory.word(REPLY_BLOCK).store(reply.status as u32, Ordering::Relaxed);
        memory.word(REPLY_BLOCK + 4).store(count as u32, Ordering::Relaxed);
        memory.store_words(REPLY_BLOCK + 8, &reply.words[..count]);
        doorbell::ring(memory.word(REPLY), memory.word(CLIENT_SLEEPS), attached.served & !ENDED, futex::wake);
    }

    /// The bulk part of that client's channel; `None` if it has been detached.
    #[inline]
    pub fn arena(&self, slot: Slot) -> Option<&Arena> {
        self.channels.get(slot.0)?.as_ref().map(|attached| &attached.arena)
    }

    /// Whether that client's grant has been taken back.
    #[inline]
    pub fn revoked(&self, slot: Slot) -> bool {
        self.channels.get(slot.0).and_then(Option::as_ref).is_none_or(|attached| attached.terms.state() != State::Live)
    }
}

/// The bell, or the next client that has posted something, in turn.
#[inline]
fn look(
    status: &StatusWriter,
    heard: &mut u32,
    channels: &mut [Option<Attached>],
    next: &mut usize,
    request: &mut Request,
) -> Option<Turn> {
    let bell = status.bell().load(Ordering::Acquire);
    if bell != *heard {
        *heard = bell;
        return Some(Turn::Control);
    }
    let count = channels.len();
    for step in 0..count {
        let index = if *next + step < count { *next + step } else { *next + step - count };
        let Some(attached) = &mut channels[index] else { continue };
        let posted = attached.arena.memory.word(REQUEST).load(Ordering::Acquire);
        if posted == attached.served {
            continue;
        }
        // The data is on another line than the words: ask for both at once.
        attached.arena.memory.prefetch(ARENA);
        attached.served = posted;
        *next = if index + 1 < count { index + 1 } else { 0 };
        copy(&attached.arena, request);
        return Some(Turn::Request { slot: Slot(index), id: attached.id });
    }
    None
}

/// One copy of the request block; a count out of range becomes the largest, which no function has.
#[inline]
fn copy(arena: &Arena, request: &mut Request) {
    let memory = &arena.memory;
    request.function = memory.word(REQUEST_BLOCK).load(Ordering::Relaxed);
    request.count = memory.word(REQUEST_BLOCK + 4).load(Ordering::Relaxed).min(MAX_WORDS as u32);
    request.arena_used = memory.wide(REQUEST_BLOCK + 8).load(Ordering::Relaxed);
    memory.load_words(REQUEST_BLOCK + 16, &mut request.words[..request.count as usize]);
}

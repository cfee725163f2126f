//! The call channel to a zone.
//!
//! It is opened at the first call. When it ends, the call that waited learns why; the next call opens a new one.

use crate::client::{BrokerLink, Host};
use cloison_contract::message::{ChannelId, End};
use cloison_transport::client::Caller;
use std::cell::{Cell, RefCell, RefMut};
use std::marker::PhantomData;

/// The channel in use, if there is one, and what became of those before.
#[derive(Debug)]
pub struct Connection<H: Host> {
    channel: RefCell<Option<OpenChannel<H>>>,
    /// Which channel it is: handles, buffers and views are of one, and stale when it is not that any more.
    epoch: Cell<u64>,
    /// How many requests have been posted.
    calls: Cell<u64>,
    /// Why the last channel ended.
    lost: RefCell<Option<Lost>>,
}

impl<H: Host> Default for Connection<H> {
    fn default() -> Self {
        Self { channel: RefCell::default(), epoch: Cell::default(), calls: Cell::default(), lost: RefCell::default() }
    }
}

/// How much of an arena is not counted as memory of this process.
const UNCOUNTED_BYTES: u64 = 1 << 20;

/// A channel.
#[derive(Debug)]
pub struct OpenChannel<H: Host> {
    pub(crate) id: ChannelId,
    /// The client's end.
    pub caller: Caller,
    /// How much of what its arena holds is counted as memory of this process.
    counted: u64,
    /// Something was posted for whose end nobody has waited yet.
    pub left: bool,
    host: PhantomData<H>,
}

impl<H: Host> OpenChannel<H> {
    pub(crate) fn new(id: ChannelId, caller: Caller) -> Self {
        Self { id, caller, counted: 0, left: false, host: PhantomData }
    }

    /// Note how far into the arena a call has reached. What the arena holds from now on counts.
    #[inline]
    pub fn settle(&mut self, reached: u64) {
        self.caller.settle(reached);
        self.count();
    }

    /// Never more than half of what is left: what has happened already must not be what ends the process.
    #[inline]
    fn count(&mut self) {
        let held = self.caller.held_bytes();
        if held != self.counted {
            let held = held.min(self.counted.saturating_add(H::free_bytes() / 2));
            H::recount(self.counted, held);
            self.counted = held;
        }
    }

    /// Whether there is memory for arguments that reach so far into the arena. What earlier calls have left there is given back
    /// first if it is much, and `idle` says that nobody needs it.
    #[inline]
    pub fn has_room(&mut self, used: u64, idle: bool) -> bool {
        if idle && self.counted > H::free_bytes() / 2 {
            self.caller.trim();
            self.count();
        }
        used <= UNCOUNTED_BYTES || used - UNCOUNTED_BYTES <= H::free_bytes().saturating_add(self.counted)
    }
}

impl<H: Host> Drop for OpenChannel<H> {
    fn drop(&mut self) {
        H::recount(self.counted, 0);
    }
}

/// Why a channel ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Lost {
    /// The broker says so.
    End(End),
    /// We gave it up in a call of that function.
    GivenUp(Box<str>),
}

impl<H: Host> Connection<H> {
    /// Which channel is in use, or was last. It changes as soon as a channel is known to have ended.
    #[inline]
    pub fn epoch(&self) -> u64 {
        self.epoch.get()
    }

    /// How many callables its zone has given up, as the broker says; 0 while nobody can know.
    pub fn given_up(&self) -> u32 {
        let channel = self.channel.try_borrow();
        channel.ok().and_then(|channel| channel.as_ref().map(|open| open.caller.callback_timeouts())).unwrap_or(0)
    }

    /// How many requests have been posted.
    pub fn calls(&self) -> u64 {
        self.calls.get()
    }

    /// One more request is posted.
    #[inline]
    pub fn count_call(&self) {
        H::note_contact();
        self.calls.set(self.calls.get() + 1);
    }

    /// Whether what belongs to the channel can still be there.
    pub fn is_live(&self) -> bool {
        match self.channel.try_borrow() {
            Ok(channel) => channel.as_ref().is_some_and(|open| open.caller.is_live()),
            Err(_) => true,
        }
    }

    /// Whether the channel has ended, or the one before was to a zone that was replaced: what is offered may be something else by now.
    #[cold]
    pub fn may_be_behind(&self) -> bool {
        let ended = match self.channel.try_borrow() {
            Ok(channel) => channel.as_ref().is_some_and(|open| !open.caller.is_live()),
            Err(_) => false,
        };
        ended || self.lost_by_replacement()
    }

    fn lost_by_replacement(&self) -> bool {
        matches!(&*self.lost.borrow(), Some(Lost::End(End::Replaced { .. })))
    }

    /// Copy a range of the arena.
    pub fn read(&self, offset: u64, length: u64) -> Option<Vec<u8>> {
        let channel = self.channel.try_borrow().ok()?;
        channel.as_ref()?.caller.arena().read(offset, length).ok()
    }

    /// The channel, for a moment in which no callable runs; `None` if it is in use.
    #[inline]
    pub(crate) fn borrow(&self) -> Option<RefMut<'_, Option<OpenChannel<H>>>> {
        self.channel.try_borrow_mut().ok()
    }

    /// If there is a channel, it has ended: learn why.
    #[cold]
    pub(crate) fn bury<B: BrokerLink>(
        &self,
        slot: &mut Option<OpenChannel<H>>,
        broker: &B,
    ) -> Result<Option<End>, B::Error> {
        let Some(last) = slot.take() else { return Ok(None) };
        self.next_epoch();
        let end = broker.why(last.id)?;
        self.lost.replace(end.clone().map(Lost::End));
        Ok(end)
    }

    /// Why the channel of that epoch has ended, if it is the last one that has, and somebody knows.
    #[cold]
    pub fn fate<B: BrokerLink>(&self, epoch: u64, broker: &B) -> Option<Lost> {
        if let Ok(mut channel) = self.channel.try_borrow_mut()
            && channel.as_ref().is_some_and(|open| !open.caller.is_live())
        {
            // Whoever does not answer is missed at the next call.
            let _ = self.bury(&mut channel, broker);
        }
        self.lost().filter(|_| epoch + 1 == self.epoch())
    }

    /// Whether the zone that the channel of that epoch led to was replaced, as far as is known.
    pub fn was_replaced(&self, epoch: u64) -> bool {
        epoch + 1 == self.epoch() && self.lost_by_replacement()
    }

    /// Why the last channel ended, if that is known.
    #[cold]
    pub fn lost(&self) -> Option<Lost> {
        self.lost.borrow().clone()
    }

    /// If the last channel ended in a batch of ours: in which of its calls, as the zone said.
    pub fn fatal_call(&self) -> Option<u64> {
        match &*self.lost.borrow() {
            Some(Lost::End(
                End::Exited { ran, .. }
                | End::Signaled { ran, .. }
                | End::DeadlineExceeded { ran }
                | End::Unwanted { ran },
            )) => ran.as_ref()?.own,
            _ => None,
        }
    }

    fn next_epoch(&self) {
        self.epoch.set(self.epoch.get() + 1);
        self.lost.take();
    }

    /// Drop a channel on which a call of that function is still running, and tell the broker.
    pub fn give_up<B: BrokerLink>(&self, channel: &mut Option<OpenChannel<H>>, function: &str, broker: &B) {
        if let Some(open) = channel.take() {
            self.next_epoch();
            self.lost.replace(Some(Lost::GivenUp(function.into())));
            broker.overdue(open.id);
        }
    }
}

//! The broker's part of a call channel: make its memory, and end it.
//!
//! After the two descriptors have been sent, the broker keeps one mapping of the channel for a single purpose: to wake
//! a client that waits for a reply which will not come. Of what the peers write there it reads no more than four words, to learn whether
//! a call is under way when the zone is replaced: claims, by which a peer that lies loses its own calls or keeps them for a while.

use crate::futex;
use crate::layout::{ARENA, CLIENT_INSIDE, ENDED, REPLY, REPLY_BLOCK, REQUEST};
use crate::shared::{Access, ChannelError, Shared};
use crate::terms::{Terms, TermsState};
use cloison_contract::call::Status;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;

/// A channel as the broker holds it.
#[derive(Debug)]
pub struct Channel {
    memory: Shared,
    terms: Terms,
}

/// What the client and the zone each get.
#[derive(Debug)]
pub struct Descriptors {
    /// The channel's memory, for reading and writing.
    pub channel: OwnedFd,
    /// The terms' page, for reading.
    pub terms: OwnedFd,
}

impl Channel {
    /// New memory with an arena of `call_bytes`. It is sparse: it takes what calls have touched.
    pub fn create(call_bytes: u64) -> Result<(Self, Descriptors), ChannelError> {
        let channel = memfd_create("cloison-channel", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&channel, (ARENA as u64).saturating_add(call_bytes).next_multiple_of(4096))?;
        fcntl_add_seals(&channel, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        let memory = Shared::map(&channel, ARENA, Access::ReadWrite)?;
        let (terms, terms_descriptor) = Terms::create()?;
        Ok((Self { memory, terms }, Descriptors { channel, terms: terms_descriptor }))
    }

    /// Note on the terms' page that the zone no longer waits for a callable of the client, which is told next.
    pub fn note_callback_timeout(&self) {
        self.terms.note_callback_timeout();
    }

    /// Change the terms to `state` and wake the client if it waits.
    pub fn end(&self, state: TermsState) {
        self.terms.set(state);
        let reply = self.memory.word(REPLY);
        // The word belongs to the zone, which may be alive and overwrite the bit: it looks at the terms then, and sets the bit again
        // (`ServerChannel::post`). A zone that does not has its client wait until its own deadline.
        reply.fetch_or(ENDED, Ordering::SeqCst);
        futex::wake(reply);
    }

    /// Let the client call nothing more here, and what it has called end as it would.
    pub fn close(&self) {
        self.terms.set(TermsState::Closing);
    }

    /// The number of the newest request, if its call has ended, and no other one that it was part of goes on.
    pub fn answered(&self) -> Option<u32> {
        let posted = self.posted();
        let answered = self.memory.word(REPLY).load(Ordering::SeqCst) & !ENDED == posted;
        let asks = self.memory.word(REPLY_BLOCK).load(Ordering::SeqCst) == Status::Callback as u32;
        let inside = self.memory.word(CLIENT_INSIDE).load(Ordering::SeqCst) != 0;
        (answered && !asks && !inside).then_some(posted)
    }

    /// The number of the newest request.
    pub fn posted(&self) -> u32 {
        self.memory.word(REQUEST).load(Ordering::SeqCst)
    }

    /// Give the arena's pages back to the kernel, also those that a peer keeps mapped: a channel that has ended must not cost
    /// memory for as long as somebody holds on to it.
    pub fn release(&self) {
        self.memory.release(ARENA, self.memory.len() - ARENA);
    }
}

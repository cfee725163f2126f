//! Whether a grant is still alive, and how often its zone has given up one of its callables: one page that the broker alone can
//! write.
//!
//! The broker maps the page for writing first and then seals it against any further writable mapping
//! (`F_SEAL_FUTURE_WRITE`), so handing out the descriptor hands out reading and nothing else. Client and zone look at it
//! at each call: it costs one load from a line that nobody writes.

use crate::shared::{Access, ChannelError, Shared};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;

const PAGE: usize = 4096;
const STATE: usize = 0;
/// On a cache line of its own, because each call reads the state.
const CALLBACK_TIMEOUTS: usize = 64;

/// Whether calls may run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum TermsState {
    /// Calls may run.
    Live = 0,
    /// The grant was taken back.
    Revoked = 1,
    /// The zone is gone.
    Ended = 2,
    /// The zone was replaced: what has been called ends as it would, and nothing more is to be called. For who calls: a zone goes on
    /// serving whatever is posted, until the broker ends the channel.
    Closing = 3,
}

impl TermsState {
    /// Whether nothing runs any more whose end anybody hears of.
    #[inline]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Revoked | Self::Ended)
    }
}

/// The broker's end: it can change the state.
#[derive(Debug)]
pub struct Terms {
    memory: Shared,
}

impl Terms {
    /// A live page, and the descriptor to hand out.
    pub fn create() -> Result<(Self, OwnedFd), ChannelError> {
        let descriptor = memfd_create("cloison-terms", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&descriptor, PAGE as u64)?;
        let memory = Shared::map(&descriptor, PAGE, Access::ReadWrite)?;
        fcntl_add_seals(&descriptor, SealFlags::SHRINK | SealFlags::GROW | SealFlags::FUTURE_WRITE | SealFlags::SEAL)?;
        Ok((Self { memory }, descriptor))
    }

    /// Change the state, for everybody at once.
    pub fn set(&self, state: TermsState) {
        self.memory.word(STATE).store(state as u32, Ordering::SeqCst);
    }

    /// Count a callable that the zone no longer waits for.
    pub fn note_callback_timeout(&self) {
        self.memory.word(CALLBACK_TIMEOUTS).fetch_add(1, Ordering::Release);
    }
}

/// The client's and the zone's end.
#[derive(Debug)]
pub struct TermsView {
    memory: Shared,
}

impl TermsView {
    /// Map what the broker sent, for reading.
    pub fn open(descriptor: &OwnedFd) -> Result<Self, ChannelError> {
        Ok(Self { memory: Shared::map_sealed(descriptor, PAGE, Access::Read)? })
    }

    /// How many callables the zone has given up so far, wrapping around.
    pub fn callback_timeouts(&self) -> u32 {
        self.memory.word(CALLBACK_TIMEOUTS).load(Ordering::Acquire)
    }

    /// The state now.
    #[inline]
    pub fn state(&self) -> TermsState {
        match self.memory.word(STATE).load(Ordering::Acquire) {
            0 => TermsState::Live,
            1 => TermsState::Revoked,
            3 => TermsState::Closing,
            _ => TermsState::Ended,
        }
    }
}

//! The router's end of one process's mailbox.

use super::ring::{Full, RingError, RingPlace, RingReader, RingWriter};
use super::{
    IN_BELL, IN_HEAD, IN_JUMP, IN_SLEEPS, IN_TAIL, INBOX, OUT_BELL, OUT_HEAD, OUT_JUMP, OUT_SLEEPS, OUT_TAIL, OUT_WAITS,
};
use super::{OUTBOX, OUTBOX_BYTES, SMALLEST_INBOX_BYTES};
use crate::futex;
use crate::shared::{Access, ChannelError, Shared};
use rustix::event::{EventfdFlags, eventfd};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{Ordering, fence};

/// What a process rings when the router sleeps: an `eventfd`.
#[derive(Debug)]
pub struct MailboxBell(OwnedFd);

impl AsFd for MailboxBell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The router's end.
#[derive(Debug)]
pub struct RouterEnd {
    memory: Shared,
    /// Readable when the process has rung. Whoever has put it into an `epoll` set may take it out of here and close it: the set hears
    /// it for as long as the process has its own (`epoll(7)`, questions and answers, 6).
    pub bell: Option<MailboxBell>,
    outbox: RingReader,
    inbox: RingWriter,
    inbox_bytes: u64,
}

/// The memory of a new mailbox whose inbox holds `inbox_bytes`, at least [`SMALLEST_INBOX_BYTES`]: the router's end, and what
/// [`super::Mailbox::attach`] takes, memory and bell.
pub fn create(inbox_bytes: u64) -> Result<(RouterEnd, [OwnedFd; 2]), ChannelError> {
    let inbox_bytes = inbox_bytes.max(SMALLEST_INBOX_BYTES).next_multiple_of(4096);
    let memfd = memfd_create("cloison-mailbox", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    ftruncate(&memfd, (INBOX as u64).saturating_add(inbox_bytes))?;
    fcntl_add_seals(&memfd, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
    let copy = rustix::io::fcntl_dupfd_cloexec(&bell, 3)?;
    let end = open(&memfd, bell, inbox_bytes)?;
    end.memory.word(OUT_SLEEPS).store(1, Ordering::Relaxed);
    Ok((end, [memfd, copy]))
}

/// The router's end of a mailbox that another process of ours has made, of that size, and that nothing has gone through yet.
///
/// # Errors
///
/// It is smaller, or could become so.
pub fn open(memory: &OwnedFd, bell: OwnedFd, inbox_bytes: u64) -> Result<RouterEnd, ChannelError> {
    let inbox_bytes = inbox_bytes.max(SMALLEST_INBOX_BYTES).next_multiple_of(4096);
    let bytes = (INBOX as u64).saturating_add(inbox_bytes).try_into().unwrap_or(usize::MAX);
    let memory = Shared::map_sealed(memory, bytes, Access::ReadWrite)?;
    let outbox = RingPlace { start: OUTBOX, bytes: OUTBOX_BYTES, tail: OUT_TAIL, head: OUT_HEAD, jump: OUT_JUMP };
    let inbox = RingPlace { start: INBOX, bytes: inbox_bytes, tail: IN_TAIL, head: IN_HEAD, jump: IN_JUMP };
    Ok(RouterEnd {
        memory,
        bell: Some(MailboxBell(bell)),
        outbox: RingReader::new(outbox),
        inbox: RingWriter::new(inbox),
        inbox_bytes,
    })
}

impl RouterEnd {
    /// The size of the inbox.
    pub fn inbox_bytes(&self) -> u64 {
        self.inbox_bytes
    }

    /// The next record of the outbox, copied into `body`; its kind.
    ///
    /// # Errors
    ///
    /// The process has broken the protocol.
    pub fn take(&mut self, body: &mut Vec<u8>) -> Result<Option<u32>, RingError> {
        let taken = self.outbox.pop(&self.memory, body)?;
        if taken.is_some() && self.memory.word(OUT_WAITS).load(Ordering::Relaxed) != 0 {
            let bell = self.memory.word(OUT_BELL);
            bell.fetch_add(1, Ordering::Release);
            futex::wake(bell);
        }
        Ok(taken)
    }

    /// Whether the process says that it sleeps until a record comes.
    pub fn is_awaited(&self) -> bool {
        self.memory.word(IN_SLEEPS).load(Ordering::Relaxed) != 0
    }

    /// The outbox was empty: ask to be told of more. `false` if there is more already, and nobody will tell.
    pub fn lie_down(&self) -> bool {
        self.memory.word(OUT_SLEEPS).store(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if self.outbox.has_more(&self.memory) {
            self.memory.word(OUT_SLEEPS).store(0, Ordering::Relaxed);
            return false;
        }
        true
    }

    /// Give memory back that what has been taken out of the inbox stood in; how many records of the greatest length find room there now.
    ///
    /// # Errors
    ///
    /// The process has broken the protocol.
    pub fn settle(&mut self) -> Result<usize, RingError> {
        self.inbox.look(&self.memory)?;
        Ok(self.inbox.rooms())
    }

    /// Put a record into the inbox and wake the process if it sleeps.
    ///
    /// # Errors
    ///
    /// The process has broken the protocol.
    pub fn put(&mut self, kind: u32, pieces: &[&[u8]]) -> Result<Result<(), Full>, RingError> {
        let put = self.inbox.push(&self.memory, kind, pieces)?;
        if put.is_ok() {
            let bell = self.memory.word(IN_BELL);
            bell.fetch_add(1, Ordering::Release);
            fence(Ordering::SeqCst);
            if self.memory.word(IN_SLEEPS).load(Ordering::Relaxed) != 0 {
                futex::wake(bell);
            }
        }
        Ok(put)
    }
}

//! Records in a ring of shared memory, from one writer to one reader.
//!
//! A record is its length and its kind, 32 bits each, then its body, filled up to a multiple of eight bytes. It may go around
//! the end of the ring. A writer who finds the ring empty may go on at its first byte: it publishes from where it has jumped.
//!
//! What has been taken is the writer's again. It gives the pages of a large ring back to the kernel when there are enough of them, so
//! that a ring takes as much memory as waits in it, and [`KEPT`] at most beyond that.

use crate::shared::Shared;
use std::sync::atomic::Ordering;

/// The longest body. Beyond that, memory of its own costs less than copies through two rings.
pub const RECORD_BYTES: usize = 64 << 10;
const HEADER: u64 = 8;
/// A ring that has run empty begins again once it is that far from its first byte.
const FAR: u64 = 4096;
/// How much of what has been taken a ring keeps the memory of. A smaller ring keeps all of it.
pub(super) const KEPT: u64 = 1 << 20;
const PAGE: u64 = 4096;

/// There is no room for the record, at present.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the ring is full")]
pub struct Full;

/// The other side has broken the protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RingError {
    /// It has taken more than was put in, or taken something back.
    #[error("a position that cannot be")]
    Position,
    /// A record is longer than what is there, or than any may be.
    #[error("a record of an impossible length")]
    Length,
}

/// Where a ring lies, and where its two published positions stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct RingPlace {
    pub(super) start: usize,
    pub(super) bytes: u64,
    pub(super) tail: usize,
    pub(super) head: usize,
    /// Where the word stands that says from which position the writer has jumped last; 0 if never.
    pub(super) jump: usize,
}

impl RingPlace {
    fn write(&self, memory: &Shared, at: u64, bytes: &[u8]) {
        let at = at % self.bytes;
        let (first, rest) = bytes.split_at(bytes.len().min((self.bytes - at) as usize));
        memory.copy_in(self.start + at as usize, first);
        memory.copy_in(self.start, rest);
    }

    /// Give back the pages that lie wholly between two positions, at most a ring apart.
    fn release(&self, memory: &Shared, from: u64, to: u64) {
        let (from, to) = (from.next_multiple_of(PAGE), to - to % PAGE);
        if from < to {
            let at = from % self.bytes;
            let first = (to - from).min(self.bytes - at);
            memory.release(self.start + at as usize, first as usize);
            memory.release(self.start, (to - from - first) as usize);
        }
    }

    fn read(&self, memory: &Shared, at: u64, bytes: &mut [u8]) {
        let at = at % self.bytes;
        let middle = bytes.len().min((self.bytes - at) as usize);
        let (first, rest) = bytes.split_at_mut(middle);
        memory.copy_out(self.start + at as usize, first);
        memory.copy_out(self.start, rest);
    }
}

/// The writing end.
#[derive(Debug)]
pub(super) struct RingWriter {
    place: RingPlace,
    tail: u64,
    head: u64,
    /// The last jump, from and to. Nothing is left before it.
    jump: (u64, u64),
    /// What has been taken before that position has no pages any more.
    released: u64,
}

impl RingWriter {
    pub(super) fn new(place: RingPlace) -> Self {
        Self { place, tail: 0, head: 0, jump: (0, 0), released: 0 }
    }

    /// Whether everything has been taken.
    pub(super) fn look(&mut self, memory: &Shared) -> Result<bool, RingError> {
        let mut head = memory.wide(self.place.head).load(Ordering::Acquire);
        if head == self.jump.0 {
            head = self.jump.1;
        }
        if head < self.head || head > self.tail {
            return Err(RingError::Position);
        }
        self.head = head;
        self.release(memory);
        Ok(head == self.tail)
    }

    /// How many records of the greatest length find room, as far as the last look has shown.
    pub(super) fn rooms(&self) -> usize {
        ((self.place.bytes - (self.tail - self.head)) / (HEADER + RECORD_BYTES as u64)) as usize
    }

    /// Give back the pages of what has been taken, if they are many. The reader looks at none of them again. Some may hold records of
    /// the next turn already: those stay.
    fn release(&mut self, memory: &Shared) {
        if self.place.bytes > KEPT && self.head - self.released > KEPT / 2 {
            let written = self.tail.saturating_sub(self.place.bytes);
            self.place.release(memory, self.released.max(written), self.head);
            self.released = self.head - self.head % PAGE;
        }
    }

    /// The ring goes on at its first byte, after that position. It keeps the memory of its beginning, which it uses again.
    fn jumped(&mut self, from: u64, memory: &Shared) {
        if self.place.bytes > KEPT {
            let beginning = from - from % self.place.bytes;
            // The rest of the last turn, or what lies beyond the beginning of this one.
            match self.released < beginning {
                true => self.place.release(memory, self.released, beginning),
                false => {
                    let kept = self.released.max(beginning + KEPT / 2);
                    self.place.release(memory, kept, from.next_multiple_of(PAGE));
                }
            }
        }
        self.released = self.tail;
    }

    /// Put a record in whose body is the pieces, one after the other. The reader has yet to be woken.
    pub(super) fn push(&mut self, memory: &Shared, kind: u32, pieces: &[&[u8]]) -> Result<Result<(), Full>, RingError> {
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        debug_assert!(length <= RECORD_BYTES);
        let size = HEADER + (length as u64).next_multiple_of(8);
        if self.look(memory)? && self.tail % self.place.bytes >= FAR {
            let from = self.tail;
            self.tail = from.next_multiple_of(self.place.bytes);
            self.head = self.tail;
            self.jumped(from, memory);
            self.jump = (from, self.tail);
            memory.wide(self.place.jump).store(from, Ordering::Relaxed);
        }
        if size > self.place.bytes - (self.tail - self.head) {
            return Ok(Err(Full));
        }
        self.place.write(memory, self.tail, &header(length as u32, kind));
        let mut at = self.tail + HEADER;
        for piece in pieces {
            self.place.write(memory, at, piece);
            at += piece.len() as u64;
        }
        self.tail += size;
        memory.wide(self.place.tail).store(self.tail, Ordering::Release);
        Ok(Ok(()))
    }
}

fn header(length: u32, kind: u32) -> [u8; 8] {
    (u64::from(kind) << 32 | u64::from(length)).to_le_bytes()
}

/// The reading end.
#[derive(Debug)]
pub(super) struct RingReader {
    place: RingPlace,
    head: u64,
}

impl RingReader {
    pub(super) fn new(place: RingPlace) -> Self {
        Self { place, head: 0 }
    }

    /// The next record: its kind; its body is copied into `body`.
    pub(super) fn pop(&mut self, memory: &Shared, body: &mut Vec<u8>) -> Result<Option<u32>, RingError> {
        let tail = memory.wide(self.place.tail).load(Ordering::Acquire);
        if tail == self.head {
            return Ok(None);
        }
        if self.head != 0 && memory.wide(self.place.jump).load(Ordering::Relaxed) == self.head {
            self.head = self.head.next_multiple_of(self.place.bytes);
        }
        if tail < self.head || tail - self.head > self.place.bytes {
            return Err(RingError::Position);
        }
        let there = tail - self.head;
        if there < HEADER {
            return Err(RingError::Length);
        }
        let mut header = [0; HEADER as usize];
        self.place.read(memory, self.head, &mut header);
        let header = u64::from_le_bytes(header);
        let (kind, length) = ((header >> 32) as u32, header & u64::from(u32::MAX));
        let size = HEADER + length.next_multiple_of(8);
        if length > RECORD_BYTES as u64 || size > there {
            return Err(RingError::Length);
        }
        body.clear();
        body.resize(length as usize, 0);
        self.place.read(memory, self.head + HEADER, body);
        self.head += size;
        self.publish(memory);
        Ok(Some(kind))
    }

    fn publish(&self, memory: &Shared) {
        memory.wide(self.place.head).store(self.head, Ordering::Release);
    }

    /// Whether the writer has published more than was taken; nothing is checked.
    pub(super) fn has_more(&self, memory: &Shared) -> bool {
        memory.wide(self.place.tail).load(Ordering::Acquire) != self.head
    }
}

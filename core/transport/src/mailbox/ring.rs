//! Records in a ring of shared memory, from one writer to one reader.
//!
//! A record is its length and its kind, 32 bits each, then its body, filled up to a multiple of eight bytes. It may go around
//! the end of the ring. A record of kind [`SKIP`] has no body and stands for the rest of the ring.

use crate::shared::Shared;
use std::sync::atomic::Ordering;

/// The longest body.
pub const RECORD_BYTES: usize = 32 << 10;
const HEADER: u64 = 8;
/// The rest of the ring is unused.
const SKIP: u32 = u32::MAX;
/// A ring that has run empty begins again once it is that far from its first byte.
const FAR: u64 = 4096;

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
pub(super) struct Place {
    pub(super) start: usize,
    pub(super) bytes: u64,
    pub(super) tail: usize,
    pub(super) head: usize,
}

impl Place {
    fn write(&self, memory: &Shared, at: u64, bytes: &[u8]) {
        let at = at % self.bytes;
        let (first, rest) = bytes.split_at(bytes.len().min((self.bytes - at) as usize));
        memory.copy_in(self.start + at as usize, first);
        memory.copy_in(self.start, rest);
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
pub(super) struct Writer {
    place: Place,
    tail: u64,
    head: u64,
}

impl Writer {
    pub(super) fn new(place: Place) -> Self {
        Self { place, tail: 0, head: 0 }
    }

    /// Whether everything has been taken.
    pub(super) fn look(&mut self, memory: &Shared) -> Result<bool, RingError> {
        let head = memory.wide(self.place.head).load(Ordering::Acquire);
        if head < self.head || head > self.tail {
            return Err(RingError::Position);
        }
        self.head = head;
        Ok(head == self.tail)
    }

    /// Put a record in whose body is the pieces, one after the other. The reader has yet to be woken.
    pub(super) fn push(&mut self, memory: &Shared, kind: u32, pieces: &[&[u8]]) -> Result<Result<(), Full>, RingError> {
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        debug_assert!(length <= RECORD_BYTES && kind != SKIP);
        let size = HEADER + (length as u64).next_multiple_of(8);
        if self.look(memory)? && self.tail % self.place.bytes >= FAR {
            self.place.write(memory, self.tail, &header(0, SKIP));
            self.tail = self.tail.next_multiple_of(self.place.bytes);
        }
        if size > self.place.bytes - (self.tail - self.head) {
            memory.wide(self.place.tail).store(self.tail, Ordering::Release);
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
pub(super) struct Reader {
    place: Place,
    head: u64,
}

impl Reader {
    pub(super) fn new(place: Place) -> Self {
        Self { place, head: 0 }
    }

    /// The next record: its kind; its body is copied into `body`.
    pub(super) fn pop(&mut self, memory: &Shared, body: &mut Vec<u8>) -> Result<Option<u32>, RingError> {
        loop {
            let tail = memory.wide(self.place.tail).load(Ordering::Acquire);
            if tail < self.head || tail - self.head > self.place.bytes {
                return Err(RingError::Position);
            }
            let there = tail - self.head;
            if there == 0 {
                return Ok(None);
            }
            let mut header = [0; HEADER as usize];
            if there < HEADER {
                return Err(RingError::Length);
            }
            self.place.read(memory, self.head, &mut header);
            let header = u64::from_le_bytes(header);
            let (kind, length) = ((header >> 32) as u32, header & u64::from(u32::MAX));
            if kind == SKIP {
                self.head = (self.head + 1).next_multiple_of(self.place.bytes);
                if self.head > tail {
                    return Err(RingError::Length);
                }
                self.publish(memory);
                continue;
            }
            let size = HEADER + length.next_multiple_of(8);
            if length > RECORD_BYTES as u64 || size > there {
                return Err(RingError::Length);
            }
            body.clear();
            body.resize(length as usize, 0);
            self.place.read(memory, self.head + HEADER, body);
            self.head += size;
            self.publish(memory);
            return Ok(Some(kind));
        }
    }

    fn publish(&self, memory: &Shared) {
        memory.wide(self.place.head).store(self.head, Ordering::Release);
    }

    /// Whether the writer has published more than was taken; nothing is checked.
    pub(super) fn has_more(&self, memory: &Shared) -> bool {
        memory.wide(self.place.tail).load(Ordering::Acquire) != self.head
    }
}

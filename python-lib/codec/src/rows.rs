//! Calls of a batch and their replies as rows in the arena; the format is said in [`cloison_contract::call`].

use crate::violation::ProtocolViolation;
use cloison_contract::call::{MAX_WORDS, Status};

/// How many bytes a row has before its words.
const HEAD_BYTES: usize = size_of::<[u64; 2]>();

/// A word that is the result of an earlier call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Link {
    /// Which word of the call.
    pub word: u32,
    /// Which call of the batch, from 0.
    pub call: u32,
    /// Which word of its reply.
    pub result: u32,
}

/// How many bytes a call takes.
pub fn row_bytes(words: usize, links: usize) -> u64 {
    (HEAD_BYTES + words * 8 + links * 16) as u64
}

/// What stands before the words of a call without links.
pub fn head(function: u32, words: usize) -> [u64; 2] {
    [u64::from(function) | (words as u64) << 32, 0]
}

/// Append a call.
#[inline]
pub fn push(rows: &mut Vec<u8>, function: u32, words: &[u64], links: &[Link]) {
    let [head, _] = head(function, words.len());
    for word in [head, links.len() as u64].iter().chain(words) {
        rows.extend_from_slice(&word.to_le_bytes());
    }
    for link in links {
        rows.extend_from_slice(&u64::from(link.word).to_le_bytes());
        rows.extend_from_slice(&(u64::from(link.call) << 32 | u64::from(link.result)).to_le_bytes());
    }
}

/// The replies of a batch, as the zone claims them.
#[derive(Debug)]
pub struct Replies<'a> {
    rest: &'a [u8],
    /// The words of the reply that was read last.
    pub words: [u64; MAX_WORDS],
}

impl<'a> Replies<'a> {
    /// Nothing read yet.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, words: [0; MAX_WORDS] }
    }

    /// The next reply: how the call ended and how many words it has.
    #[inline]
    pub fn read_next(&mut self) -> Result<(Status, usize), ProtocolViolation> {
        let (head, rest) = self.rest.split_first_chunk::<8>().ok_or(ProtocolViolation::Words)?;
        let head = u64::from_le_bytes(*head);
        let status = Status::try_from(head as u32).map_err(|_| ProtocolViolation::Words)?;
        let count = (head >> 32) as usize;
        let words =
            rest.get(..count.saturating_mul(8)).filter(|_| count <= MAX_WORDS).ok_or(ProtocolViolation::Words)?;
        for (word, bytes) in self.words.iter_mut().zip(words.chunks_exact(8)) {
            *word = u64::from_le_bytes(bytes.try_into().unwrap_or_default());
        }
        self.rest = &rest[words.len()..];
        Ok((status, count))
    }

    /// Whether all has been read.
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }
}

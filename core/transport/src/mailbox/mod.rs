//! Mailboxes: a pair of rings between one process and the router.
//!
//! A process puts **records** into its *outbox*; the router takes them, looks who wrote them (whose memory it is), and puts
//! others into the *inbox* of whom they are for. Each ring has one writer and one reader, and no process ever sees another
//! one's memory. The rings say nothing about what is in a record: its kind is a number, its body bytes.
//!
//! | offset | size | word | written by |
//! |---|---|---|---|
//! | 0 | 8 | `OUT_TAIL`: bytes ever put into the outbox | process |
//! | 8 | 8 | `IN_HEAD`: bytes ever taken from the inbox | process |
//! | 16 | 4 | `IN_SLEEPS`: 1 while the process sleeps on `IN_BELL` | process |
//! | 20 | 4 | `OUT_WAITS`: 1 while the process waits on `OUT_BELL` for room | process |
//! | 24 | 8 | `OUT_JUMP`: the position from which the outbox went on at its first byte | process |
//! | 64 | 8 | `OUT_HEAD`: bytes ever taken from the outbox | router |
//! | 72 | 4 | `OUT_SLEEPS`: 1 when the router has emptied the outbox and wants to be told of more | router |
//! | 76 | 4 | `OUT_BELL`: raised when the router has made room and somebody waits for it | router |
//! | 128 | 8 | `IN_TAIL`: bytes ever put into the inbox | router |
//! | 136 | 4 | `IN_BELL`: raised with every record | router |
//! | 144 | 8 | `IN_JUMP`: as `OUT_JUMP`, for the inbox | router |
//! | 4096 | `OUTBOX_BYTES` | the outbox | process |
//! | … | as many as there are | the inbox | router |
//!
//! Each side keeps its own positions to itself and only publishes copies: what a peer writes over them harms the peer.
//! What it reads of the other side's positions is a claim, checked against the size of the ring.
//!
//! The memory is sparse, and a ring that has run empty begins again at its first byte, so that a process which now and then
//! sends or receives a little has touched two pages of each.

mod parcel;
mod process;
mod ring;
mod router;

pub use parcel::{ParcelView, create_parcel, fill_parcel, needs_parcel, seal_parcel};
pub use process::{Mailbox, Waited};
pub use ring::{Full, RECORD_BYTES, RingError};
pub use router::{MailboxBell, RouterEnd, create, open};

/// See the table above.
const OUT_TAIL: usize = 0;
const IN_HEAD: usize = 8;
const IN_SLEEPS: usize = 16;
const OUT_WAITS: usize = 20;
const OUT_JUMP: usize = 24;
const OUT_HEAD: usize = 64;
const OUT_SLEEPS: usize = 72;
const OUT_BELL: usize = 76;
const IN_TAIL: usize = 128;
const IN_BELL: usize = 136;
const IN_JUMP: usize = 144;
const OUTBOX: usize = 4096;

/// The size of every outbox.
pub const OUTBOX_BYTES: u64 = 256 << 10;
/// The smallest inbox.
pub const SMALLEST_INBOX_BYTES: u64 = 128 << 10;
const INBOX: usize = OUTBOX + OUTBOX_BYTES as usize;

#[cfg(test)]
mod tests;

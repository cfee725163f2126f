//! Where each word of a call channel stands, and who writes it. Offsets in bytes.
//!
//! | offset | size | word | written by |
//! |---|---|---|---|
//! | 0 | 4 | [`REQUEST`]: number of the newest request | client |
//! | 4 | 4 | [`CLIENT_SLEEPS`]: 1 while the client sleeps on `REPLY` | client |
//! | 8 | 528 | [`REQUEST_BLOCK`] | client |
//! | 536 | 4 | [`CLIENT_INSIDE`]: 1 while a callable of the client's runs | client |
//! | 576 | 4 | [`REPLY`]: number of the newest reply; the broker sets [`ENDED`] | zone, broker |
//! | 580 | 4 | [`SERVER_SLEEPS`]: how many threads of the zone sleep on `REQUEST` | zone |
//! | 584 | 520 | [`REPLY_BLOCK`] | zone |
//! | 4096 | … | [`ARENA`] | both |
//!
//! Words of different writers stand on different cache lines. A number and the first words that go with it stand on the
//! same one: moving a line from one core to another is most of what a hot call costs, and this way a request of up to five
//! words, and a reply of up to six, is one line. Both sides *can* write everything: the table says who does, and neither
//! relies on it.

use cloison_contract::call::MAX_WORDS;

/// Number of the newest request.
pub const REQUEST: usize = 0;
/// 1 while the client sleeps on [`REPLY`].
pub const CLIENT_SLEEPS: usize = 4;
/// 1 while a callable of the client's runs, or its answer is on the way: calls that are made meanwhile are part of another one.
pub const CLIENT_INSIDE: usize = 536;
/// Number of the newest reply.
pub const REPLY: usize = 576;
/// How many threads of the zone sleep on [`REQUEST`].
pub const SERVER_SLEEPS: usize = 580;
/// Function (u32), count (u32), bytes used of the arena (u64), words.
pub const REQUEST_BLOCK: usize = 8;
/// Status (u32), count (u32), words.
pub const REPLY_BLOCK: usize = 584;
/// Bulk data, to the end.
pub const ARENA: usize = 4096;

/// Set in [`REPLY`] by the broker so that a waiting client looks at its [`crate::terms`].
pub const ENDED: u32 = 1 << 31;

const _: () = assert!(REQUEST_BLOCK + 16 + MAX_WORDS * 8 <= CLIENT_INSIDE);
const _: () = assert!(CLIENT_INSIDE < REPLY && REPLY.is_multiple_of(64));
const _: () = assert!(REPLY_BLOCK + 8 + MAX_WORDS * 8 <= ARENA);

/// The number after `sequence`; bit 31 belongs to [`ENDED`].
pub const fn next(sequence: u32) -> u32 {
    (sequence + 1) & !ENDED
}

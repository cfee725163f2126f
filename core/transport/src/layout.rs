//! Where each word of a call channel stands, and who writes it. Offsets in bytes.
//!
//! | offset | size | word | written by |
//! |---|---|---|---|
//! | 0 | 4 | [`REQUEST`]: number of the newest request | client |
//! | 4 | 4 | [`CLIENT_SLEEPS`]: 1 while the client sleeps on `REPLY` | client |
//! | 64 | 4 | [`REPLY`]: number of the newest reply; the broker sets [`ENDED`] | zone, broker |
//! | 68 | 4 | [`SERVER_SLEEPS`]: 1 while the zone sleeps on `REQUEST` | zone |
//! | 128 | 528 | [`REQUEST_BLOCK`] | client |
//! | 704 | 520 | [`REPLY_BLOCK`] | zone |
//! | 4096 | … | [`ARENA`] | both |
//!
//! Words of different writers stand on different cache lines. Both sides *can* write everything: the table says who
//! does, and neither relies on it.

use cloison_capabilities::call::MAX_WORDS;

/// Number of the newest request.
pub const REQUEST: usize = 0;
/// 1 while the client sleeps on [`REPLY`].
pub const CLIENT_SLEEPS: usize = 4;
/// Number of the newest reply.
pub const REPLY: usize = 64;
/// 1 while the zone sleeps on [`REQUEST`].
pub const SERVER_SLEEPS: usize = 68;
/// Function (u32), count (u32), bytes used of the arena (u64), words.
pub const REQUEST_BLOCK: usize = 128;
/// Status (u32), count (u32), words.
pub const REPLY_BLOCK: usize = 704;
/// Bulk data, to the end.
pub const ARENA: usize = 4096;

/// Set in [`REPLY`] by the broker so that a waiting client looks at its [`crate::terms`].
pub const ENDED: u32 = 1 << 31;

const _: () = assert!(REQUEST_BLOCK + 16 + MAX_WORDS * 8 <= REPLY_BLOCK);
const _: () = assert!(REPLY_BLOCK + 8 + MAX_WORDS * 8 <= ARENA);

/// The number after `sequence`; bit 31 belongs to [`ENDED`].
pub const fn next(sequence: u32) -> u32 {
    (sequence + 1) & !ENDED
}

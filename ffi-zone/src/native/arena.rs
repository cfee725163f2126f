//! Copies within a client's part of its channel, and into it.
//!
//! One of the modules of this crate that contain `unsafe`.

use crate::native::ffi::copy;
use cloison_transport::Arena;

/// Copies bytes from one place of the arena to another; `false` if either is not all there.
pub fn copy_within(arena: &Arena, from: u64, to: u64, bytes: u64) -> bool {
    let Some((source, target)) = arena.pointer(from, bytes).zip(arena.pointer(to, bytes)) else { return false };
    // SAFETY: both come from the arena's own bounds check, for this length.
    unsafe { copy(source, target, bytes as usize) };
    true
}

//! Private memory for one call's buffers, used again for the next.
//!
//! In a shared zone, arguments are copied here before the library looks at them, and the library writes its results
//! here: no client can change bytes under its feet. Strings come here in every zone, because their NUL has to be
//! added.
//!
//! The region is one mapping with an inaccessible page behind it. It is handed out from the front; [`Scratch::reset`]
//! takes it all back. What a library is to fill is zero beforehand ([`Scratch::room`]), so that a function which
//! claims to have written more than it did gives nobody another client's bytes. Memory that only a rare large call
//! needed goes back to the kernel after `PATIENCE` smaller ones, or when a client leaves.
//!
//! One of the modules of this crate that contain `unsafe`.

use cloison_capabilities::call::ARENA_ALIGNMENT;
use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap_anonymous, mprotect};
use std::ffi::c_void;
use std::ptr::NonNull;

/// Calls that need much less memory before what they do not need is given back.
const PATIENCE: u32 = 64;
/// Memory that is always kept.
const KEPT_BYTES: usize = 256 * 1024;
const PAGE_BYTES: usize = 4096;

/// A piece of the scratch region: offset and length. Valid until [`Scratch::reset`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Piece {
    offset: usize,
    bytes: usize,
}

impl Piece {
    /// How long it is.
    pub fn bytes(self) -> usize {
        self.bytes
    }
}

/// The region.
pub struct Scratch {
    base: NonNull<u8>,
    capacity: usize,
    /// Handed out in this call.
    used: usize,
    /// Everything from here on is zero.
    dirty: usize,
    /// How many calls in a row needed less than a quarter of `dirty`.
    modest: u32,
}

impl Scratch {
    /// How much address space a region takes that holds `call_bytes` of buffers: what alignment and final NULs may
    /// add, and the page behind.
    pub const fn footprint(call_bytes: u64) -> u64 {
        call_bytes.next_multiple_of(PAGE_BYTES as u64) + (MARGIN + PAGE_BYTES) as u64
    }

    /// Maps a region that holds `call_bytes` of buffers. Costs no memory until it is used.
    pub fn new(call_bytes: u64) -> rustix::io::Result<Self> {
        let total = usize::try_from(Self::footprint(call_bytes)).map_err(|_| rustix::io::Errno::NOMEM)?;
        let capacity = total - PAGE_BYTES;
        // SAFETY: a new private mapping wherever the kernel likes, whose last page is then made inaccessible.
        let base = unsafe {
            let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
            let base = mmap_anonymous(std::ptr::null_mut(), total, ProtFlags::READ | ProtFlags::WRITE, flags)?;
            mprotect(base.byte_add(capacity), PAGE_BYTES, MprotectFlags::empty())?;
            base
        };
        let base = NonNull::new(base.cast()).ok_or(rustix::io::Errno::NOMEM)?;
        Ok(Self { base, capacity, used: 0, dirty: 0, modest: 0 })
    }

    /// Takes everything back.
    pub fn reset(&mut self) {
        self.dirty = self.dirty.max(self.used);
        if self.dirty > KEPT_BYTES {
            self.modest = if self.used < self.dirty / 4 { self.modest + 1 } else { 0 };
            if self.modest >= PATIENCE {
                self.trim();
            }
        }
        self.used = 0;
    }

    /// Gives back to the kernel what is not always kept. Nothing may be handed out.
    pub fn trim(&mut self) {
        self.modest = 0;
        if self.dirty <= KEPT_BYTES {
            return;
        }
        // SAFETY: the range lies inside the mapping and holds nothing anybody still needs; it reads as zero afterwards.
        let advised = unsafe {
            let start = self.base.as_ptr().add(KEPT_BYTES).cast::<c_void>();
            madvise(start, self.dirty - KEPT_BYTES, Advice::LinuxDontNeed)
        };
        if advised.is_ok() {
            self.dirty = KEPT_BYTES;
        }
    }

    /// How many bytes one more piece could have.
    pub fn left(&self) -> usize {
        self.capacity.saturating_sub(self.used.next_multiple_of(ARENA_ALIGNMENT as usize))
    }

    /// Room for bytes that the caller writes at once. It may hold an earlier call's bytes.
    pub fn piece(&mut self, bytes: usize) -> Option<Piece> {
        if bytes > self.left() {
            return None;
        }
        let offset = self.used.next_multiple_of(ARENA_ALIGNMENT as usize);
        self.used = offset + bytes;
        Some(Piece { offset, bytes })
    }

    /// Room for bytes that the library writes: zero.
    pub fn room(&mut self, bytes: usize) -> Option<Piece> {
        let piece = self.piece(bytes)?;
        let stale = self.dirty.saturating_sub(piece.offset).min(bytes);
        self.bytes_mut(piece)[..stale].fill(0);
        Some(piece)
    }

    /// What stands there.
    pub fn bytes(&self, piece: Piece) -> &[u8] {
        // SAFETY: pieces lie inside the mapping, which is this value's own; whatever bytes C wrote are valid bytes, and
        // C is not running while a reference exists.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr().add(piece.offset), piece.bytes) }
    }

    /// What stands there, to be written.
    pub fn bytes_mut(&mut self, piece: Piece) -> &mut [u8] {
        // SAFETY: as for `bytes`, and the exclusive borrow of the region excludes other references.
        unsafe { std::slice::from_raw_parts_mut(self.base.as_ptr().add(piece.offset), piece.bytes) }
    }

    /// Where it stands: never NULL, not even for an empty piece.
    pub fn pointer(&mut self, piece: Piece) -> *mut u8 {
        // SAFETY: pieces lie inside the mapping.
        unsafe { self.base.as_ptr().add(piece.offset) }
    }
}

/// One alignment gap and one NUL for each parameter, rounded up to pages.
const MARGIN: usize =
    (crate::ffi::MAX_PARAMETERS * (ARENA_ALIGNMENT as usize + 1)).next_multiple_of(PAGE_BYTES) + PAGE_BYTES;

impl Drop for Scratch {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own and nothing borrows from it any more.
        let _ = unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), self.capacity + PAGE_BYTES) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_zero_whatever_the_previous_call_left() {
        let mut scratch = Scratch::new(1 << 20).expect("mapping");
        let secret = scratch.piece(5000).expect("fits");
        scratch.bytes_mut(secret).fill(0xa5);
        scratch.reset();
        scratch.piece(100).expect("fits");
        let room = scratch.room(10_000).expect("fits");
        assert!(scratch.bytes(room).iter().all(|byte| *byte == 0));
    }

    #[test]
    fn holds_what_it_promises_and_no_more() {
        let mut scratch = Scratch::new(1 << 20).expect("mapping");
        for _ in 0..crate::ffi::MAX_PARAMETERS {
            assert!(scratch.piece((1 << 20) / crate::ffi::MAX_PARAMETERS + 1).is_some());
        }
        assert_eq!(scratch.piece(1 << 20), None);
        assert_eq!(scratch.piece(usize::MAX), None);
        scratch.reset();
        assert!(scratch.piece(1 << 20).is_some());
    }

    #[test]
    fn empty_pieces_have_addresses() {
        let mut scratch = Scratch::new(0).expect("mapping");
        let piece = scratch.piece(0).expect("fits");
        assert!(!scratch.pointer(piece).is_null());
    }

    #[test]
    fn memory_of_a_rare_large_call_is_given_back() {
        let mut scratch = Scratch::new(4 << 20).expect("mapping");
        let large = scratch.piece(4 << 20).expect("fits");
        scratch.bytes_mut(large).fill(1);
        for _ in 0..=PATIENCE {
            scratch.reset();
            scratch.piece(10);
        }
        assert_eq!(scratch.dirty, KEPT_BYTES);
        scratch.reset();
        let room = scratch.room(4 << 20).expect("fits");
        assert!(scratch.bytes(room).iter().all(|byte| *byte == 0));
    }
}

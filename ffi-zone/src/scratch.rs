//! Private memory for one call's buffers, used again for the next.
//!
//! In a shared zone, arguments are copied here before the library looks at them, and the library writes its results
//! here: no client can change bytes under its feet. Strings come here in every zone, because their NUL has to be
//! added.
//!
//! The region is one mapping with an inaccessible page behind it, for one thread of ours. The library knows addresses in it
//! for the time of the call to which they were given, and only of what was given: what it is to keep stands elsewhere
//! ([`crate::retained`]). So references to a part's bytes exist before its call and after it, and not during it; while a
//! call stands on a callback, its own pieces are left alone, and the part that the callback uses is another one. That holds
//! whatever threads the library has. One that goes on writing behind its call's end breaks its manifest, as one does that
//! writes anywhere else: this process alone suffers, and it is sandboxed.
//!
//! The region is handed out as a stack: each call opens a [`Part`] behind what the calls that are running have taken, and gives it back at its end. A callback that calls
//! again opens another part behind that; only the latest part hands anything out, so that parts never overlap. What a
//! library is to fill is zero beforehand ([`Part::room`]), so that a function which claims to have written more than it did
//! gives nobody another client's bytes. Memory that only a rare large call needed goes back to the kernel after
//! `PATIENCE` smaller ones, or when a client leaves.
//!
//! One of the modules of this crate that contain `unsafe`.

use cloison_capabilities::call::ARENA_ALIGNMENT;
use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap_anonymous, mprotect};
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::NonNull;

/// Calls that need much less memory before what they do not need is given back.
const PATIENCE: u32 = 64;
/// Memory that is always kept.
const KEPT_BYTES: usize = 256 * 1024;
const PAGE_BYTES: usize = 4096;

/// A piece of a part: offset in the region and length. Only the part that handed it out knows what to do with it.
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

    /// Its first `bytes`.
    pub fn first(self, bytes: usize) -> Self {
        Self { bytes: self.bytes.min(bytes), ..self }
    }
}

/// The region.
pub struct Scratch {
    base: NonNull<u8>,
    capacity: usize,
    /// How many parts are open.
    depth: Cell<usize>,
    /// Handed out.
    used: Cell<usize>,
    /// The most that was handed out at once since the first part was opened.
    peak: Cell<usize>,
    /// Everything from here on is zero.
    dirty: Cell<usize>,
    /// How many calls in a row needed less than a quarter of `dirty`.
    modest: Cell<u32>,
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
        let none = || Cell::new(0);
        Ok(Self { base, capacity, depth: none(), used: none(), peak: none(), dirty: none(), modest: Cell::new(0) })
    }

    /// Opens a part for one call, behind those of the calls that are running.
    #[inline]
    pub fn open(&self) -> Part<'_> {
        let depth = self.depth.get() + 1;
        self.depth.set(depth);
        Part { scratch: self, start: self.used.get(), end: self.used.get(), depth }
    }

    /// Gives back to the kernel what is not always kept, unless a call is running.
    pub fn trim(&self) {
        if self.depth.get() != 0 {
            return;
        }
        self.modest.set(0);
        if self.dirty.get() <= KEPT_BYTES {
            return;
        }
        // SAFETY: the range lies inside the mapping and no part is open; it reads as zero afterwards.
        let advised = unsafe {
            let start = self.base.as_ptr().add(KEPT_BYTES).cast::<c_void>();
            madvise(start, self.dirty.get() - KEPT_BYTES, Advice::LinuxDontNeed)
        };
        if advised.is_ok() {
            self.dirty.set(KEPT_BYTES);
        }
    }

    /// The last part has been closed.
    #[inline]
    fn rest(&self) {
        let (peak, dirty) = (self.peak.replace(0), self.dirty.get());
        if dirty > KEPT_BYTES {
            self.modest.set(if peak < dirty / 4 { self.modest.get() + 1 } else { 0 });
            if self.modest.get() >= PATIENCE {
                self.trim();
            }
        }
    }
}

/// What one call has taken of the region; given back when it is dropped.
pub struct Part<'a> {
    scratch: &'a Scratch,
    start: usize,
    /// Where its last piece ends.
    end: usize,
    depth: usize,
}

impl Part<'_> {
    /// How many bytes one more piece could have.
    #[inline]
    pub fn left(&self) -> usize {
        match self.scratch.depth.get() == self.depth {
            true => self.scratch.capacity.saturating_sub(self.next()),
            false => 0,
        }
    }

    #[inline]
    fn next(&self) -> usize {
        self.scratch.used.get().next_multiple_of(ARENA_ALIGNMENT as usize)
    }

    /// Room for bytes that the caller writes at once. It may hold an earlier call's bytes. `None` when there is no room,
    /// and while a later part is open.
    #[inline]
    pub fn piece(&mut self, bytes: usize) -> Option<Piece> {
        if bytes > self.left() || self.scratch.depth.get() != self.depth {
            return None;
        }
        let (scratch, offset) = (self.scratch, self.next());
        let used = offset + bytes;
        scratch.used.set(used);
        scratch.peak.set(scratch.peak.get().max(used));
        self.end = used;
        Some(Piece { offset, bytes })
    }

    /// Room for bytes that the library writes: zero.
    pub fn room(&mut self, bytes: usize) -> Option<Piece> {
        let piece = self.piece(bytes)?;
        let stale = self.scratch.dirty.get().saturating_sub(piece.offset).min(bytes);
        self.bytes_mut(piece)[..stale].fill(0);
        Some(piece)
    }

    /// A piece of this part; anything else is a mistake of ours.
    #[inline]
    fn own(&self, piece: Piece) -> NonNull<u8> {
        assert!(piece.offset >= self.start && piece.offset + piece.bytes <= self.end, "a piece of another part");
        // SAFETY: pieces lie inside the mapping.
        unsafe { self.scratch.base.add(piece.offset) }
    }

    /// What stands there.
    #[inline]
    pub fn bytes(&self, piece: Piece) -> &[u8] {
        // SAFETY: pieces lie inside the mapping, and those of this part in no other part; whatever bytes C wrote are
        // valid bytes. No call that was given this piece runs while the reference exists: see the module.
        unsafe { std::slice::from_raw_parts(self.own(piece).as_ptr(), piece.bytes) }
    }

    /// What stands there, to be written.
    #[inline]
    pub fn bytes_mut(&mut self, piece: Piece) -> &mut [u8] {
        // SAFETY: as for `bytes`, and the exclusive borrow of the part excludes other references.
        unsafe { std::slice::from_raw_parts_mut(self.own(piece).as_ptr(), piece.bytes) }
    }

    /// The eight bytes from there on.
    pub fn word(&self, piece: Piece, at: usize) -> u64 {
        let mut word = [0; 8];
        word.copy_from_slice(&self.bytes(piece)[at..at + 8]);
        u64::from_le_bytes(word)
    }

    /// Writes the eight bytes from there on.
    pub fn set_word(&mut self, piece: Piece, at: usize, word: u64) {
        self.bytes_mut(piece)[at..at + 8].copy_from_slice(&word.to_le_bytes());
    }

    /// Where it stands: never NULL, not even for an empty piece.
    #[inline]
    pub fn pointer(&self, piece: Piece) -> *mut u8 {
        self.own(piece).as_ptr()
    }
}

impl Drop for Part<'_> {
    #[inline]
    fn drop(&mut self) {
        let scratch = self.scratch;
        // Out of turn, nothing is given back before the region's end: pieces of a part that is still open stay its own.
        if scratch.depth.get() == self.depth {
            scratch.dirty.set(scratch.dirty.get().max(scratch.used.get()));
            scratch.used.set(self.start);
            scratch.depth.set(self.depth - 1);
            if self.depth == 1 {
                scratch.rest();
            }
        }
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
        let scratch = Scratch::new(1 << 20).expect("mapping");
        let mut part = scratch.open();
        let secret = part.piece(5000).expect("fits");
        part.bytes_mut(secret).fill(0xa5);
        drop(part);
        let mut part = scratch.open();
        part.piece(100).expect("fits");
        let room = part.room(10_000).expect("fits");
        assert!(part.bytes(room).iter().all(|byte| *byte == 0));
    }

    #[test]
    fn calls_inside_of_calls_stand_behind_each_other() {
        let scratch = Scratch::new(1 << 20).expect("mapping");
        let mut outer = scratch.open();
        let own = outer.piece(100).expect("fits");
        outer.bytes_mut(own).fill(1);
        for _ in 0..3 {
            let mut inner = scratch.open();
            let other = inner.piece(100).expect("fits");
            inner.bytes_mut(other).fill(2);
            assert_eq!((outer.piece(1), outer.left()), (None, 0), "the inner one is open");
        }
        assert!(outer.bytes(own).iter().all(|byte| *byte == 1));
        let after = outer.room(100).expect("the inner one is closed");
        assert!(outer.bytes(after).iter().all(|byte| *byte == 0));
    }

    #[test]
    fn parts_closed_out_of_turn_give_nothing_away() {
        let scratch = Scratch::new(1 << 20).expect("mapping");
        let outer = scratch.open();
        let mut inner = scratch.open();
        let piece = inner.piece(100).expect("fits");
        drop(outer);
        inner.bytes_mut(piece).fill(2);
        let mut third = scratch.open();
        let other = third.room(100).expect("fits");
        assert!(third.pointer(other) >= inner.pointer(piece).wrapping_add(100));
    }

    #[test]
    fn holds_what_it_promises_and_no_more() {
        let scratch = Scratch::new(1 << 20).expect("mapping");
        let mut part = scratch.open();
        for _ in 0..crate::ffi::MAX_PARAMETERS {
            assert!(part.piece((1 << 20) / crate::ffi::MAX_PARAMETERS + 1).is_some());
        }
        assert_eq!(part.piece(1 << 20), None);
        assert_eq!(part.piece(usize::MAX), None);
        drop(part);
        assert!(scratch.open().piece(1 << 20).is_some());
    }

    #[test]
    fn empty_pieces_have_addresses() {
        let scratch = Scratch::new(0).expect("mapping");
        let mut part = scratch.open();
        let piece = part.piece(0).expect("fits");
        assert!(!part.pointer(piece).is_null());
    }

    #[test]
    fn memory_of_a_rare_large_call_is_given_back() {
        let scratch = Scratch::new(4 << 20).expect("mapping");
        let mut part = scratch.open();
        let large = part.piece(4 << 20).expect("fits");
        part.bytes_mut(large).fill(1);
        drop(part);
        for _ in 0..=PATIENCE {
            scratch.open().piece(10);
        }
        assert_eq!(scratch.dirty.get(), KEPT_BYTES);
        let mut part = scratch.open();
        let room = part.room(4 << 20).expect("fits");
        assert!(part.bytes(room).iter().all(|byte| *byte == 0));
    }
}

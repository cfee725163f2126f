//! Private memory for one call's buffers, used again for the next.
//!
//! In a shared zone, arguments are copied here before the library looks at them, and the library writes its results
//! here: no client can change bytes under its feet. Strings come here in every zone, because their NUL has to be
//! added.
//!
//! ```text
//!  stack, as large as one call may be │ page │ slot │ page │ slot │ page │ …      (pages are inaccessible)
//! ```
//!
//! The region is one mapping, for one thread of ours. The library knows addresses in it for the time of the call to which
//! they were given, and only of what was given: what it is to keep stands elsewhere ([`crate::objects::retained`]). So
//! references to a part's bytes exist before its call and after it, and not during it; while a call stands on a callback, its
//! own pieces are left alone, and the part that the callback uses is another one. That holds whatever threads the library has.
//! One that goes on writing behind its call's end breaks its manifest, as one does that writes anywhere else: this process
//! alone suffers, and it is sandboxed.
//!
//! Its first part is handed out as a stack: each call
//! opens a [`ScratchPart`] behind what the calls that are running have taken, and gives it back at its end. A callback that calls
//! again opens another part behind that; only the latest part hands anything out, so that parts never overlap. What a
//! library is to fill is zero beforehand ([`ScratchPart::room`]), so that a function which claims to have written more than it did
//! gives nobody another client's bytes. Memory that only a rare large call needed goes back to the kernel after
//! `PATIENCE` smaller ones, or when a client leaves. Behind the stack stand slots for what the library writes
//! ([`ScratchPart::fenced`]), which are handed out and given back in the same way; a room ends where its slot does. What is too large
//! for a slot ends where the stack does, if nobody else has that place.
//!
//! One of the modules of this crate that contain `unsafe`.

use crate::native::fences::{FENCE_BYTES, PAGE_BYTES, PATTERN, Region, SLOT_BYTES, SLOTS, STRIDE, is_whole};
use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap_anonymous, mprotect};
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::NonNull;

/// Calls that need much less memory before what they do not need is given back.
const PATIENCE: u32 = 64;
/// Memory that is always kept.
const KEPT_BYTES: usize = 256 * 1024;
/// No C type is aligned more strictly.
const ALIGNMENT: usize = 64;
/// Room in a slot starts at a multiple of this, as what `malloc` gives does.
const SLOT_ALIGNMENT: usize = 16;

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
    /// Everything from here on is zero, but for what `dirty_edge` says.
    dirty: Cell<usize>,
    /// The stack ends here: behind it stands the room that ends at the inaccessible page, if there is one.
    edge: Cell<usize>,
    /// How many bytes before that page may not be zero.
    dirty_edge: Cell<usize>,
    /// How many calls in a row needed less than a quarter of what is dirty.
    modest: Cell<u32>,
    /// Slots handed out, of those that there are: none before the first is wanted.
    slots: Cell<usize>,
    usable_slots: Cell<Option<usize>>,
    /// By slot: how many bytes at its end may not be zero.
    dirty_slots: [Cell<usize>; SLOTS],
    /// For the explanation of faults.
    fault: Option<&'static Region>,
}

impl Scratch {
    /// How much address space a region takes that holds `call_bytes` of buffers: what alignment, fences and final NULs may
    /// add, the page behind, and the slots.
    pub const fn footprint(call_bytes: u64) -> u64 {
        call_bytes.next_multiple_of(PAGE_BYTES as u64) + (MARGIN + BEHIND) as u64
    }

    /// Maps a region that holds `call_bytes` of buffers. Costs no memory until it is used.
    pub fn new(call_bytes: u64) -> rustix::io::Result<Self> {
        let total = usize::try_from(Self::footprint(call_bytes)).map_err(|_| rustix::io::Errno::NOMEM)?;
        let capacity = total - BEHIND;
        // SAFETY: a new private mapping wherever the kernel likes, whose first part is then made accessible.
        let base = unsafe {
            let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
            let base = mmap_anonymous(std::ptr::null_mut(), total, ProtFlags::empty(), flags)?;
            mprotect(base, capacity, MprotectFlags::READ | MprotectFlags::WRITE)?;
            base
        };
        let base = NonNull::<u8>::new(base.cast()).ok_or(rustix::io::Errno::NOMEM)?;
        let none = || Cell::new(0);
        Ok(Self {
            base,
            capacity,
            depth: none(),
            used: none(),
            peak: none(),
            dirty: none(),
            edge: Cell::new(capacity),
            dirty_edge: none(),
            modest: Cell::new(0),
            slots: none(),
            usable_slots: Cell::new(None),
            dirty_slots: [const { Cell::new(0) }; SLOTS],
            fault: Region::claim(base.addr().get() + capacity),
        })
    }

    /// How many slots there are. They cost nothing before the first is wanted.
    #[inline]
    fn usable_slots(&self) -> usize {
        self.usable_slots.get().unwrap_or_else(|| self.make_slots())
    }

    #[cold]
    fn make_slots(&self) -> usize {
        let accessible = |slot: &usize| {
            // SAFETY: the slot lies in the mapping, and nobody has used it before.
            unsafe {
                let start = self.base.as_ptr().add(self.slot_start(*slot)).cast();
                mprotect(start, SLOT_BYTES, MprotectFlags::READ | MprotectFlags::WRITE).is_ok()
            }
        };
        let usable = (0..SLOTS).take_while(accessible).count();
        self.usable_slots.set(Some(usable));
        usable
    }

    const fn slot_start(&self, slot: usize) -> usize {
        self.capacity + PAGE_BYTES + slot * STRIDE
    }

    /// Opens a part for one call, behind those of the calls that are running.
    #[inline]
    pub fn open(&self) -> ScratchPart<'_> {
        let depth = self.depth.get() + 1;
        self.depth.set(depth);
        let (start, slots) = (self.used.get(), self.slots.get());
        ScratchPart { scratch: self, start, end: start, slots, has_edge: false, has_pattern: false, depth }
    }

    /// Gives back to the kernel what is not always kept, unless a call is running.
    pub fn trim(&self) {
        if self.depth.get() != 0 {
            return;
        }
        self.modest.set(0);
        if self.dirty_bytes() <= KEPT_BYTES {
            return;
        }
        if self.dirty.get() > KEPT_BYTES && self.give_back(KEPT_BYTES, self.dirty.get()) {
            self.dirty.set(KEPT_BYTES);
        }
        let edge = self.capacity - self.dirty_edge.get();
        if self.give_back(edge - edge % PAGE_BYTES, self.capacity) {
            self.dirty_edge.set(0);
        }
    }

    /// Gives back the pages from one offset in the stack to another; no part is open.
    fn give_back(&self, start: usize, end: usize) -> bool {
        // SAFETY: the range lies inside the mapping and no part is open; it reads as zero afterwards.
        start >= end
            || unsafe {
                let first = self.base.as_ptr().add(start).cast::<c_void>();
                madvise(first, end - start, Advice::LinuxDontNeed).is_ok()
            }
    }

    /// How much of the stack may not be zero.
    #[inline]
    fn dirty_bytes(&self) -> usize {
        self.dirty.get() + self.dirty_edge.get()
    }

    /// How much of what stands from `offset` on may not be zero, of so many bytes, but for what `dirty_edge` says.
    #[inline]
    fn stale(&self, offset: usize, bytes: usize) -> usize {
        self.dirty.get().saturating_sub(offset).min(bytes)
    }

    /// How much before `end` may not be zero for what `dirty_edge` says, of so many bytes.
    #[inline]
    fn stale_edge(&self, end: usize, bytes: usize) -> usize {
        end.saturating_sub(self.capacity - self.dirty_edge.get()).min(bytes)
    }

    /// The last part has been closed.
    #[inline]
    fn rest(&self) {
        let (peak, dirty) = (self.peak.replace(0), self.dirty_bytes());
        if dirty > KEPT_BYTES {
            self.modest.set(if peak < dirty / 4 { self.modest.get() + 1 } else { 0 });
            if self.modest.get() >= PATIENCE {
                self.trim();
            }
        }
    }
}

/// What one call has taken of the region; given back when it is dropped.
pub struct ScratchPart<'a> {
    scratch: &'a Scratch,
    start: usize,
    /// Where its last piece ends.
    end: usize,
    /// Its first slot.
    slots: usize,
    /// It has the room that ends where the stack does.
    has_edge: bool,
    /// It has a room in the stack with the pattern behind it.
    has_pattern: bool,
    depth: usize,
}

impl ScratchPart<'_> {
    /// How many bytes one more piece could have that the library writes.
    #[inline]
    pub fn left(&self) -> usize {
        self.free().saturating_sub(FENCE_BYTES)
    }

    /// How many bytes one more piece could have.
    #[inline]
    fn free(&self) -> usize {
        match self.scratch.depth.get() == self.depth {
            true => self.scratch.edge.get().saturating_sub(self.next()),
            false => 0,
        }
    }

    #[inline]
    fn next(&self) -> usize {
        self.scratch.used.get().next_multiple_of(ALIGNMENT)
    }

    /// Room for bytes that the caller writes at once. It may hold an earlier call's bytes. `None` when there is no room,
    /// and while a later part is open.
    #[inline]
    pub fn piece(&mut self, bytes: usize) -> Option<Piece> {
        if bytes > self.free() || self.scratch.depth.get() != self.depth {
            return None;
        }
        let (scratch, offset) = (self.scratch, self.next());
        let used = offset + bytes;
        scratch.used.set(used);
        self.end = used;
        self.note_peak();
        Some(Piece { offset, bytes })
    }

    #[inline]
    fn note_peak(&self) {
        let scratch = self.scratch;
        scratch.peak.set(scratch.peak.get().max(scratch.used.get() + scratch.capacity - scratch.edge.get()));
    }

    /// Room for bytes that the library writes: zero.
    pub fn room(&mut self, bytes: usize) -> Option<Piece> {
        let piece = self.piece(bytes)?;
        let stale = self.scratch.stale(piece.offset, bytes);
        let edge = self.scratch.stale_edge(piece.offset + bytes, bytes);
        let room = self.bytes_mut(piece);
        room[..stale].fill(0);
        room[bytes - edge..].fill(0);
        Some(piece)
    }

    /// Room for bytes that the library writes, behind which stands what [`crate::native::fences`] says: zero, unless the caller
    /// writes it all at once (`filled`). Whose room it is, `parameter` says.
    #[inline]
    pub fn fenced(&mut self, bytes: usize, parameter: usize, filled: bool) -> Option<Piece> {
        let scratch = self.scratch;
        let slot = scratch.slots.get();
        if bytes > SLOT_BYTES || slot >= scratch.usable_slots() || scratch.depth.get() != self.depth {
            return self.fenced_in_stack(bytes, parameter, filled);
        }
        scratch.slots.set(slot + 1);
        let (taken, end) = (bytes.next_multiple_of(SLOT_ALIGNMENT), scratch.slot_start(slot) + SLOT_BYTES);
        let stale = scratch.dirty_slots[slot].replace(taken.max(scratch.dirty_slots[slot].get())).min(taken);
        let piece = Piece { offset: end - taken, bytes };
        if !filled && stale > 0 {
            // SAFETY: the last bytes of a slot that nobody else has.
            unsafe { scratch.base.add(end - stale).write_bytes(0, stale) };
        }
        self.fence_mut(piece).copy_from_slice(&PATTERN[..taken - bytes]);
        if let Some(fault) = scratch.fault {
            fault.lend(slot, parameter, bytes);
        }
        Some(piece)
    }

    /// The first such room that is open ends where the stack does; behind others stands the pattern.
    #[cold]
    fn fenced_in_stack(&mut self, bytes: usize, parameter: usize, filled: bool) -> Option<Piece> {
        let scratch = self.scratch;
        if scratch.edge.get() != scratch.capacity || bytes == 0 {
            let piece = self.room(bytes.checked_add(FENCE_BYTES)?)?.first(bytes);
            let fence = self.fence_mut(piece);
            fence.copy_from_slice(&PATTERN);
            if let Some(fault) = scratch.fault {
                fault.lend_patterned(parameter, bytes, fence.as_mut_ptr());
            }
            self.has_pattern = true;
            return Some(piece);
        }
        let taken = bytes.checked_next_multiple_of(SLOT_ALIGNMENT).filter(|taken| *taken <= self.free())?;
        let piece = Piece { offset: scratch.capacity - taken, bytes };
        let stale = scratch.stale(piece.offset, taken);
        let edge = scratch.stale_edge(scratch.capacity, taken);
        scratch.edge.set(piece.offset);
        self.has_edge = true;
        self.note_peak();
        if !filled {
            let room = self.bytes_mut(Piece { offset: piece.offset, bytes: taken });
            room[..stale].fill(0);
            room[taken - edge..].fill(0);
        }
        self.fence_mut(piece).copy_from_slice(&PATTERN[..taken - bytes]);
        if let Some(fault) = scratch.fault {
            fault.lend_large(parameter, bytes);
        }
        Some(piece)
    }

    /// How much of the pattern stands behind a piece that [`Self::fenced`] has handed out.
    #[inline]
    fn fence_bytes(&self, piece: Piece) -> usize {
        match piece.offset < self.scratch.edge.get() {
            true => FENCE_BYTES,
            false => piece.bytes.next_multiple_of(SLOT_ALIGNMENT) - piece.bytes,
        }
    }

    #[inline]
    fn fence_mut(&mut self, piece: Piece) -> &mut [u8] {
        let fence = Piece { offset: piece.offset + piece.bytes, bytes: self.fence_bytes(piece) };
        self.bytes_mut(fence)
    }

    /// Whether the library has written nothing behind a piece that [`Self::fenced`] has handed out.
    #[inline]
    pub fn is_whole(&self, piece: Piece) -> bool {
        let fence = Piece { offset: piece.offset + piece.bytes, bytes: self.fence_bytes(piece) };
        is_whole(self.bytes(fence))
    }

    /// A piece of this part; anything else is a mistake of ours.
    #[inline]
    fn own(&self, piece: Piece) -> NonNull<u8> {
        let scratch = self.scratch;
        let (first, end) = match piece.offset {
            // Also what is empty at its end.
            offset if self.has_edge && (scratch.edge.get()..=scratch.capacity).contains(&offset) => {
                (scratch.edge.get(), scratch.capacity)
            }
            offset if offset < scratch.capacity => (self.start, self.end),
            _ => (scratch.slot_start(self.slots), scratch.slot_start(scratch.slots.get())),
        };
        assert!(piece.offset >= first && piece.offset + piece.bytes <= end, "a piece of another part");
        // SAFETY: pieces lie inside the mapping.
        unsafe { scratch.base.add(piece.offset) }
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

impl Drop for ScratchPart<'_> {
    #[inline]
    fn drop(&mut self) {
        let scratch = self.scratch;
        // Out of turn, nothing is given back before the region's end: pieces of a part that is still open stay its own.
        if scratch.depth.get() == self.depth {
            scratch.dirty.set(scratch.dirty.get().max(scratch.used.get()));
            scratch.used.set(self.start);
            scratch.slots.set(self.slots);
            if self.has_edge {
                scratch.dirty_edge.set(scratch.dirty_edge.get().max(scratch.capacity - scratch.edge.get()));
                scratch.edge.set(scratch.capacity);
                if let Some(fault) = scratch.fault {
                    fault.take_back_large();
                }
            }
            if let Some(fault) = scratch.fault.filter(|_| self.has_pattern) {
                fault.take_back_pattern();
            }
            scratch.depth.set(self.depth - 1);
            if self.depth == 1 {
                scratch.rest();
            }
        }
    }
}

/// One alignment gap, one NUL and one fence for each parameter, rounded up to pages.
const MARGIN: usize =
    (crate::native::ffi::MAX_PARAMETERS * (ALIGNMENT + 1 + FENCE_BYTES)).next_multiple_of(PAGE_BYTES) + PAGE_BYTES;

/// What stands behind the stack.
const BEHIND: usize = PAGE_BYTES + SLOTS * STRIDE;

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(fault) = self.fault {
            fault.give_back();
        }
        // SAFETY: the mapping is this value's own and nothing borrows from it any more.
        let _ = unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), self.capacity + BEHIND) };
    }
}

#[cfg(test)]
mod tests;

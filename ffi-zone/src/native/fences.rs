//! What stands behind the room that a library is to write to, and what happens when it writes beyond.
//!
//! A manifest that promises a library more room than there is corrupts the zone's memory, and nobody would know why a later
//! call is wrong. So room is fenced:
//!
//! | room | behind it |
//! |---|---|
//! | in the scratch region, up to [`SLOT_BYTES`] | an inaccessible page; between its end and the page, at most 15 bytes of a pattern |
//! | in the scratch region, the first that is larger, or that comes when all slots are taken | the same, as it ends where the region's stack does |
//! | in the scratch region, further ones | [`FENCE_BYTES`] of the pattern |
//! | in a channel's arena (zones of one client) | the same pattern; behind the arena, an inaccessible page |
//! | memory that the library keeps | the same pattern |
//! | one number | `SCALAR_FENCE`: 56 bytes of the pattern |
//!
//! A page of its own for each room that has only a pattern would be made and taken away in each call, as rooms are where the call
//! before has left off: 7 µs where one thread runs and 18 µs where two do, since the kernel has to tell the other processors. A
//! call takes 1 to 4 µs. A pattern costs 5 ns.
//!
//! A pattern is looked at when the function has returned. If it is damaged, the process says so on its status page and
//! aborts: whatever else it would do, it would do with memory that it cannot trust. An inaccessible page ends the process
//! by itself; `explain` is called by the handler of that signal, and writes to the status page who had the room.
//!
//! One of the modules of this crate that contain `unsafe`.

use cloison_transport::status::{MAX_THREADS, Overrun, ThreadRow};
use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};

/// How many rooms of a scratch region have an inaccessible page of their own.
pub const SLOTS: usize = 8;
/// The most bytes of such a room.
pub const SLOT_BYTES: usize = 64 << 10;
/// How much of the pattern stands behind other rooms.
pub const FENCE_BYTES: usize = 64;
/// Smaller than any page.
pub(crate) const PAGE_BYTES: usize = 4096;
/// From the start of one slot to that of the next.
pub(crate) const STRIDE: usize = SLOT_BYTES + PAGE_BYTES;

/// No byte of it is zero, and no two that follow each other are the same, so that neither zeroes nor repeated bytes look like it.
pub(crate) const PATTERN: [u8; FENCE_BYTES] = {
    let mut pattern = [0; FENCE_BYTES];
    let mut index = 0;
    while index < FENCE_BYTES {
        pattern[index] = 0xa7 ^ ((index as u8).wrapping_mul(53) | 1) ^ if index.is_multiple_of(2) { 0x50 } else { 0 };
        index += 1;
    }
    pattern
};

/// How much of it stands behind one number, in words: together they are a cache line.
pub(crate) const SCALAR_FENCE_WORDS: usize = FENCE_BYTES / 8 - 1;

/// What stands behind one number.
pub(crate) const SCALAR_FENCE: [u64; SCALAR_FENCE_WORDS] = {
    let mut words = [0; SCALAR_FENCE_WORDS];
    let mut index = 0;
    while index < SCALAR_FENCE_WORDS {
        let (_, rest) = PATTERN.split_at(index * 8);
        words[index] = u64::from_le_bytes(*rest.first_chunk().expect("longer than the words"));
        index += 1;
    }
    words
};

/// Whether nobody has written there.
#[inline]
pub(crate) fn is_whole(fence: &[u8]) -> bool {
    *fence == PATTERN[..fence.len()]
}

/// Where the threads of this process say what they run.
static ROWS: [OnceLock<ThreadRow>; MAX_THREADS] = [const { OnceLock::new() }; MAX_THREADS];

thread_local! {
    /// This thread's, and 1.
    static ROW: Cell<usize> = const { Cell::new(0) };
}

/// This thread's calls are noted there, from now on.
pub(crate) fn report_to(row: &ThreadRow) {
    let number = row.number();
    if let Some(place) = ROWS.get(number) {
        place.get_or_init(|| row.clone());
        ROW.set(number + 1);
    }
}

fn report(row: usize, overrun: Overrun) {
    if let Some(row) = row.checked_sub(1).and_then(|row| ROWS.get(row)?.get()) {
        row.overran(overrun);
    }
}

/// The library has written beyond the room of that parameter (`None`: of something that it keeps), which had so many bytes.
#[cold]
pub(crate) fn overran(parameter: Option<usize>, bytes: u64) -> ! {
    report(ROW.get(), Overrun { parameter: parameter.map(|index| index as u32), bytes });
    std::process::abort()
}

/// One scratch region, as the handler of a signal sees it.
pub(crate) struct Region {
    /// Its first inaccessible page; 0 if nobody has it.
    start: AtomicUsize,
    row: AtomicUsize,
    /// Which parameter has each slot, and 1; and how many of its bytes. 0 for none.
    lent: [AtomicU64; SLOTS],
    /// The same of the room that ends where the stack does.
    large: AtomicU64,
    /// The same of the latest room in the stack that has the pattern behind it, and where that stands; 0 for none.
    patterned: AtomicU64,
    pattern: AtomicPtr<u8>,
}

/// Regions of threads that serve, and of some that the library has made.
const REGIONS: usize = 2 * MAX_THREADS;

static TABLE: [Region; REGIONS] = [const {
    Region {
        start: AtomicUsize::new(0),
        row: AtomicUsize::new(0),
        lent: [const { AtomicU64::new(0) }; SLOTS],
        large: AtomicU64::new(0),
        patterned: AtomicU64::new(0),
        pattern: AtomicPtr::new(std::ptr::null_mut()),
    }
}; REGIONS];

/// A parameter, and how many bytes its room has.
const LENT_BITS: u32 = 48;

fn pack(parameter: usize, bytes: usize) -> u64 {
    (parameter as u64 + 1) << LENT_BITS | bytes as u64
}

impl Region {
    /// For a region of this thread's whose first inaccessible page stands there. `None` if there are too many: its faults are
    /// not explained then.
    pub(crate) fn claim(start: usize) -> Option<&'static Self> {
        let free =
            |region: &&Self| region.start.compare_exchange(0, start, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        let region = TABLE.iter().find(free)?;
        region.row.store(ROW.get(), Ordering::Release);
        Some(region)
    }

    pub(crate) fn give_back(&self) {
        self.lent.iter().chain([&self.large, &self.patterned]).for_each(|lent| lent.store(0, Ordering::Relaxed));
        self.take_back_pattern();
        self.start.store(0, Ordering::Release);
    }

    #[inline]
    pub(crate) fn lend(&self, slot: usize, parameter: usize, bytes: usize) {
        self.lent[slot].store(pack(parameter, bytes), Ordering::Relaxed);
    }

    pub(crate) fn lend_large(&self, parameter: usize, bytes: usize) {
        self.large.store(pack(parameter, bytes), Ordering::Relaxed);
    }

    /// Behind the room of that parameter in the stack stands the pattern, from that address on.
    pub(crate) fn lend_patterned(&self, parameter: usize, bytes: usize, pattern: *mut u8) {
        self.take_back_pattern();
        self.patterned.store(pack(parameter, bytes), Ordering::Relaxed);
        self.pattern.store(pattern, Ordering::Release);
    }

    /// What stands there now is anybody's.
    pub(crate) fn take_back_pattern(&self) {
        self.pattern.store(std::ptr::null_mut(), Ordering::Relaxed);
    }

    /// Nobody has the room that ends where the stack does any more.
    pub(crate) fn take_back_large(&self) {
        self.large.store(0, Ordering::Relaxed);
    }

    /// Whoever runs into the page behind the stack has come from the room that ends there, or through the pattern behind another one.
    fn blamed_behind_stack(&self) -> &AtomicU64 {
        let pattern = self.pattern.load(Ordering::Acquire).cast::<[u8; FENCE_BYTES]>();
        // SAFETY: it stands in the region's stack, which is accessible until the region is given back, and whoever does that takes this back first.
        match !pattern.is_null() && unsafe { pattern.read_volatile() } != PATTERN {
            true => &self.patterned,
            false => &self.large,
        }
    }

    /// Who has what stands before that address, if it is in an inaccessible page of this region's.
    fn blamed(&self, address: usize) -> Option<u64> {
        let start = self.start.load(Ordering::Acquire);
        let offset = address.checked_sub(start).filter(|_| start != 0)?;
        let lent = match offset.checked_sub(PAGE_BYTES) {
            None => self.blamed_behind_stack(),
            Some(offset) if offset % STRIDE >= SLOT_BYTES => self.lent.get(offset / STRIDE)?,
            Some(_) => return None,
        };
        Some(lent.load(Ordering::Relaxed)).filter(|lent| *lent != 0)
    }
}

/// An access to that address has failed. For the handler of that signal: nothing here allocates or waits.
pub(crate) fn explain(address: usize) {
    let found = TABLE.iter().find_map(|region| Some((region, region.blamed(address)?)));
    if let Some((region, lent)) = found {
        let (parameter, bytes) = ((lent >> LENT_BITS) as u32 - 1, lent & ((1 << LENT_BITS) - 1));
        report(region.row.load(Ordering::Acquire), Overrun { parameter: Some(parameter), bytes });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_is_like_nothing_that_libraries_write() {
        assert!(PATTERN.iter().all(|byte| *byte != 0));
        assert!(PATTERN.windows(2).all(|two| two[0] != two[1]));
    }

    #[test]
    fn a_fault_is_the_room_s_before_it() {
        let start = 0x7000_0000_0000;
        let region = Region::claim(start).expect("free");
        region.lend(1, 2, 100);
        region.lend_large(3, 1 << 20);
        let slot = |slot: usize| start + PAGE_BYTES + slot * STRIDE;
        let blamed = |address| region.blamed(address).map(|lent| (lent >> LENT_BITS, lent & 0xffff_ffff));
        assert_eq!(blamed(slot(2) - 1), Some((3, 100)));
        assert_eq!(blamed(slot(2) - PAGE_BYTES), Some((3, 100)));
        assert_eq!((blamed(slot(2)), blamed(slot(1))), (None, None), "inside of slots");
        assert_eq!(blamed(slot(1) - 1), None, "nobody has the first one");
        assert_eq!(blamed(start), Some((4, 1 << 20)));
        let mut pattern = PATTERN;
        region.lend_patterned(5, 300, pattern.as_mut_ptr());
        assert_eq!(blamed(start), Some((4, 1 << 20)), "it has not come through the pattern");
        *std::hint::black_box(&mut pattern[7]) = 0;
        assert_eq!(blamed(start), Some((6, 300)));
        region.take_back_pattern();
        assert_eq!(blamed(start), Some((4, 1 << 20)));
        region.take_back_large();
        assert_eq!(blamed(start), None);
        assert_eq!((blamed(start - 1), blamed(slot(SLOTS) + STRIDE)), (None, None));
        region.give_back();
        assert_eq!(blamed(start), None);
    }
}

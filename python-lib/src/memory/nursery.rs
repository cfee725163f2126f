//! Where a microprocess makes its small objects: a region that the template has never written to.
//!
//! A fork shares its template's pages until it writes to them. The allocator puts the next small object wherever a slot is free, which is all
//! over the template's pages, and freeing one writes to the page that it stood in. So a microprocess that begins would copy dozens
//! of pages for a few kilobytes. Here new objects stand side by side, and small objects of the template are not freed: they
//! stay where they are, in pages that stay shared.
//!
//! When the region is used up, everything goes on as without it.

use std::alloc::Layout;
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

const BYTES: usize = 1 << 20;
/// Sizes are rounded up to a multiple of this, which is the alignment, too.
const STEP: usize = 16;
/// The largest object that is made here.
const LARGEST: usize = 512;

#[repr(C, align(4096))]
struct Region(UnsafeCell<[u8; BYTES]>);

// SAFETY: a microprocess has one thread.
unsafe impl Sync for Region {}

static REGION: Region = Region(UnsafeCell::new([0; BYTES]));
static STATE: AtomicU8 = AtomicU8::new(CLOSED);
/// How much of the region has been given away.
static USED: AtomicUsize = AtomicUsize::new(0);
/// For each size, the address of the last slot that was freed, which holds that of the one before; 0 is none.
static FREE: [AtomicUsize; LARGEST / STEP] = [const { AtomicUsize::new(0) }; LARGEST / STEP];

/// A template: nothing is made here.
const CLOSED: u8 = 0;
/// A microprocess: all small objects that are not in the region are the template's.
const OPEN: u8 = 1;
/// The region has been used up, so some are this process's own.
const FULL: u8 = 2;

/// From now on small objects are made here. To be called once, right after the fork.
pub(crate) fn open() {
    STATE.store(OPEN, Ordering::Relaxed);
}

fn is_small(layout: Layout) -> bool {
    layout.size() <= LARGEST && layout.align() <= STEP
}

fn class(size: usize) -> usize {
    size.max(1).div_ceil(STEP) - 1
}

fn holds(pointer: *const u8) -> bool {
    pointer.addr().wrapping_sub(REGION.0.get().addr()) < BYTES
}

/// Memory for an object; null if it has to come from elsewhere.
#[inline]
pub(super) fn take(layout: Layout) -> *mut u8 {
    if STATE.load(Ordering::Relaxed) == CLOSED || !is_small(layout) {
        return std::ptr::null_mut();
    }
    let class = class(layout.size());
    let free = FREE[class].load(Ordering::Relaxed);
    if free != 0 {
        let slot = std::ptr::with_exposed_provenance_mut::<usize>(free);
        // SAFETY: `give_back` has put it into this list: it is a free slot of the region, aligned, and holds the next one's address.
        FREE[class].store(unsafe { slot.read() }, Ordering::Relaxed);
        return slot.cast();
    }
    let used = USED.load(Ordering::Relaxed);
    let after = used + (class + 1) * STEP;
    if after > BYTES {
        STATE.store(FULL, Ordering::Relaxed);
        return std::ptr::null_mut();
    }
    USED.store(after, Ordering::Relaxed);
    // SAFETY: `used` is less than the region's length.
    unsafe { REGION.0.get().cast::<u8>().add(used) }
}

/// Take an object back; false if it has to be freed elsewhere.
///
/// # Safety
///
/// Nobody uses the object any more, and it was allocated with that layout.
#[inline]
pub(super) unsafe fn give_back(pointer: *mut u8, layout: Layout) -> bool {
    let state = STATE.load(Ordering::Relaxed);
    if state == CLOSED {
        return false;
    }
    if !holds(pointer) {
        return state == OPEN && is_small(layout);
    }
    let list = &FREE[class(layout.size())];
    // SAFETY: it is a slot of the region, which has room for a word and is aligned for one, and nobody uses it.
    unsafe { pointer.cast::<usize>().write(list.load(Ordering::Relaxed)) };
    list.store(pointer.expose_provenance(), Ordering::Relaxed);
    true
}

/// Whether an object stays where it is when it gets another size; `None` if that is decided elsewhere.
#[inline]
pub(super) fn stays(pointer: *const u8, layout: Layout, new_size: usize) -> Option<bool> {
    match STATE.load(Ordering::Relaxed) {
        CLOSED => None,
        _ if holds(pointer) => Some(new_size <= LARGEST && class(layout.size()) == class(new_size)),
        OPEN if is_small(layout) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 8).unwrap()
    }

    /// The region is this program's one, so all is tried in one test, in an order. Other tests of this program allocate here, too, in
    /// their own threads; so none of them may run: this one forks.
    #[test]
    fn slots_are_used_again_and_what_is_not_here_is_told_apart() {
        // SAFETY: the child calls nothing that takes a lock, and ends by `_exit`.
        let child = unsafe { libc::fork() };
        if child == 0 {
            crate::process::exit(i32::from(!try_all()));
        }
        let mut status = 0;
        // SAFETY: the child is ours, and the status is a local.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert_eq!(status, 0, "the child says which step has failed by its status");
    }

    fn try_all() -> bool {
        let mut elsewhere = [0_u8; 64];
        let outside = elsewhere.as_mut_ptr();
        // SAFETY: it is not used.
        if !take(layout(8)).is_null() || unsafe { give_back(outside, layout(64)) } {
            return false; // a template
        }
        open();
        let (one, other) = (take(layout(17)), take(layout(32)));
        let apart = !one.is_null() && other.addr() - one.addr() == 32 && one.addr() % STEP == 0;
        // SAFETY: they are not used any more.
        let freed = unsafe { give_back(one, layout(17)) && give_back(other, layout(32)) };
        let again = take(layout(20)) == other && take(layout(31)) == one && take(layout(24)) != one;
        let large = take(layout(LARGEST + 1)).is_null() && take(Layout::from_size_align(16, 64).unwrap()).is_null();
        let resized = stays(one, layout(17), 32) == Some(true)
            && stays(one, layout(17), 33) == Some(false)
            && stays(outside, layout(64), 65) == Some(false)
            && stays(outside, layout(LARGEST + 1), 4096).is_none();
        // SAFETY: it is not used: small, so it is the template's and stays; large, so it is somebody else's.
        let kept = unsafe { give_back(outside, layout(64)) && !give_back(outside, layout(LARGEST + 1)) };
        let mut taken = 0;
        while !take(layout(LARGEST)).is_null() {
            taken += 1;
        }
        // SAFETY: as above; now it may be this process's own.
        let full =
            taken > 2000 && unsafe { !give_back(outside, layout(64)) } && stays(outside, layout(64), 65).is_none();
        // SAFETY: it is not used any more.
        let still = unsafe { give_back(one, layout(17)) } && take(layout(17)) == one;
        apart && freed && again && large && resized && kept && full && still
    }
}

//! The memory budget of a microprocess, counted where memory is allocated.
//!
//! The kernel's limit (set by the sandbox) is the wall; it ends whoever runs into it without a word. This count comes
//! first and is kinder:
//!
//! - one request beyond the budget fails, which Python sees as `MemoryError`;
//! - many small ones, which Rust code cannot see fail, may use a reserve beyond the budget, and the interpreter raises
//!   `MemoryError` at its next instruction;
//! - when the reserve is gone too, the process says so and ends with [`EXHAUSTED`].
//!
//! What the arenas of call channels hold is counted too, once they have grown beyond their first MiB.
//!
//! A microprocess has one thread, so the counters need no atomic additions, only atomic types.

pub(crate) mod nursery;

use crate::interrupt;
use mimalloc::MiMalloc;
use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// mimalloc maps memory in arenas, the first of which is 1 GiB unless told otherwise. `RLIMIT_DATA` counts what is mapped,
/// so arenas have to be small for that limit to mean anything. Options can be set only before the first allocation,
/// which is before `main`: hence a constructor.
#[used]
#[unsafe(link_section = ".init_array")]
static SMALL_ARENAS: extern "C" fn() = {
    extern "C" fn small_arenas() {
        /// `mi_option_arena_reserve` of mimalloc 3, in KiB.
        const ARENA_RESERVE: libc::c_int = 23;
        const ARENA_KIB: libc::c_long = 64 << 10;
        unsafe extern "C" {
            fn mi_option_set(option: libc::c_int, value: libc::c_long);
        }
        // SAFETY: it writes one entry of a table, whose bounds it checks itself, and allocates nothing.
        unsafe { mi_option_set(ARENA_RESERVE, ARENA_KIB) }
    }
    small_arenas
};

/// The exit status of a process that ran out of memory: as if killed, which is what it would be otherwise.
pub const EXHAUSTED: i32 = cloison_contract::process::EXHAUSTED_STATUS;

/// A request of at least this part of the reserve, and of [`LARGE_BYTES`], is refused when it does not fit; a smaller one goes to
/// the reserve. Python's collector takes up to half a megabyte at a time, and cannot do without.
const LARGE_PART: usize = 16;
const LARGE_BYTES: usize = 64 << 10;

static BUDGET_BYTES: AtomicUsize = AtomicUsize::new(usize::MAX);
static RESERVE_BYTES: AtomicUsize = AtomicUsize::new(0);
static USED_BYTES: AtomicUsize = AtomicUsize::new(0);
/// The interpreter is told when more than this is in use, which is more than the budget.
static WARN_BEYOND: AtomicUsize = AtomicUsize::new(0);
/// Once it has been told, it is not told again for the same occasion before less than this is in use: unwinding frees a
/// little and allocates a little, and a second `MemoryError` would hit the handler of the first.
static REARM_BELOW: AtomicUsize = AtomicUsize::new(0);
static REFUSED: AtomicBool = AtomicBool::new(false);

/// The allocator of the microprocess: mimalloc, counted.
pub struct Counted;

/// Set the budget of this process, what is in use already included.
pub fn limit(budget_bytes: u64) {
    let budget = usize::try_from(budget_bytes).unwrap_or(usize::MAX);
    RESERVE_BYTES.store((budget / 16).clamp(1 << 20, 16 << 20), Ordering::Relaxed);
    BUDGET_BYTES.store(budget, Ordering::Relaxed);
}

/// Give back what the allocator keeps for later: in a template, pages that its children would have in their tables.
pub fn collect() {
    unsafe extern "C" {
        fn mi_collect(force: bool);
    }
    // SAFETY: it touches nothing but free memory of this thread's heap, and there is one thread.
    unsafe { mi_collect(true) }
}

/// How many bytes are allocated now.
pub fn used_bytes() -> usize {
    USED_BYTES.load(Ordering::Relaxed)
}

/// Count memory that was not allocated here and is held all the same: `now` bytes where `before` were counted.
pub fn recount(before: u64, now: u64) {
    give_back(before as usize);
    take(now as usize);
}

/// Whether the budget is used up.
pub fn over_budget() -> bool {
    used_bytes() > BUDGET_BYTES.load(Ordering::Relaxed)
}

/// How many bytes may still be allocated before the budget is used up.
#[inline]
pub fn free_bytes() -> u64 {
    BUDGET_BYTES.load(Ordering::Relaxed).saturating_sub(used_bytes()) as u64
}

/// End the process with a message if it aborts for want of memory. Async-signal-safe.
pub fn exit_if_exhausted() {
    if REFUSED.load(Ordering::Relaxed) {
        exit_exhausted();
    }
}

// SAFETY: every method hands its arguments unchanged to mimalloc, which upholds the contract; the only difference is that
// some requests are answered with null, which the contract allows.
unsafe impl GlobalAlloc for Counted {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !admit(layout.size()) {
            return std::ptr::null_mut();
        }
        let young = nursery::take(layout);
        if !young.is_null() {
            return counted(young, layout.size());
        }
        // SAFETY: as the caller promises.
        counted(unsafe { MiMalloc.alloc(layout) }, layout.size())
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !admit(layout.size()) {
            return std::ptr::null_mut();
        }
        let young = nursery::take(layout);
        if !young.is_null() {
            // SAFETY: it has as many bytes.
            unsafe { young.write_bytes(0, layout.size()) };
            return counted(young, layout.size());
        }
        // SAFETY: as the caller promises.
        counted(unsafe { MiMalloc.alloc_zeroed(layout) }, layout.size())
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        give_back(layout.size());
        // SAFETY: as the caller promises; what the nursery does not take is mimalloc's.
        unsafe {
            if !nursery::give_back(pointer, layout) {
                MiMalloc.dealloc(pointer, layout);
            }
        }
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if new_size > layout.size() && !admit(new_size - layout.size()) {
            return std::ptr::null_mut();
        }
        match nursery::stays(pointer, layout, new_size) {
            None => {}
            Some(true) => {
                give_back(layout.size());
                take(new_size);
                return pointer;
            }
            Some(false) => {
                // SAFETY: as the caller promises; the two do not overlap, and each has at least as many bytes as are copied.
                return unsafe { self.move_to_new(pointer, layout, new_size) };
            }
        }
        // SAFETY: as the caller promises.
        let moved = unsafe { MiMalloc.realloc(pointer, layout, new_size) };
        if moved.is_null() {
            REFUSED.store(true, Ordering::Relaxed);
        } else {
            give_back(layout.size());
            take(new_size);
        }
        moved
    }
}

impl Counted {
    /// # Safety
    ///
    /// As for [`GlobalAlloc::realloc`].
    unsafe fn move_to_new(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller promises that the new size is one; old and new do not overlap, and each has as many bytes as are copied;
        // the old one is not used any more.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(new_size, layout.align()));
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(pointer, layout.size().min(new_size));
                self.dealloc(pointer, layout);
            }
            moved
        }
    }
}

#[inline]
fn take(size: usize) {
    USED_BYTES.store(USED_BYTES.load(Ordering::Relaxed).wrapping_add(size), Ordering::Relaxed);
}

#[inline]
fn give_back(size: usize) {
    let used = USED_BYTES.load(Ordering::Relaxed).wrapping_sub(size);
    USED_BYTES.store(used, Ordering::Relaxed);
    if used < REARM_BELOW.load(Ordering::Relaxed) {
        rearm();
    }
}

/// So much has been freed that the next time the reserve is begun is another occasion.
#[cold]
fn rearm() {
    REARM_BELOW.store(0, Ordering::Relaxed);
    WARN_BEYOND.store(0, Ordering::Relaxed);
}

#[inline]
fn counted(pointer: *mut u8, size: usize) -> *mut u8 {
    if pointer.is_null() {
        REFUSED.store(true, Ordering::Relaxed);
    } else {
        take(size);
    }
    pointer
}

/// Whether `size` more bytes may be had.
#[inline]
fn admit(size: usize) -> bool {
    let wanted = USED_BYTES.load(Ordering::Relaxed).saturating_add(size);
    wanted <= BUDGET_BYTES.load(Ordering::Relaxed) || admit_beyond(wanted, size)
}

/// The reserve, from which small requests are still served. The interpreter is told when it is begun, and again
/// whenever another quarter of it is gone, so that handlers of `MemoryError` have room to work.
#[cold]
fn admit_beyond(wanted: usize, size: usize) -> bool {
    let budget = BUDGET_BYTES.load(Ordering::Relaxed);
    let reserve = RESERVE_BYTES.load(Ordering::Relaxed);
    if size >= LARGE_BYTES.max(reserve / LARGE_PART) || wanted > budget.saturating_add(reserve) {
        REFUSED.store(true, Ordering::Relaxed);
        interrupt::memory_error_is_told();
        return false;
    }
    if wanted > WARN_BEYOND.load(Ordering::Relaxed) {
        WARN_BEYOND.store(wanted.saturating_add(reserve / 4), Ordering::Relaxed);
        REARM_BELOW.store(budget.saturating_sub(reserve / 2), Ordering::Relaxed);
        interrupt::raise(interrupt::MEMORY);
    }
    true
}

fn exit_exhausted() -> ! {
    let mut text = [0_u8; 96];
    let length = message(&mut text, BUDGET_BYTES.load(Ordering::Relaxed) >> 20);
    // Standard error may be closed; there is nobody left to tell then.
    let _ = rustix::io::write(rustix::stdio::stderr(), &text[..length]);
    crate::process::exit(EXHAUSTED)
}

/// The message, made without allocating.
fn message(text: &mut [u8], mebibytes: usize) -> usize {
    use std::io::Write;
    let mut rest: &mut [u8] = text;
    let room = rest.len();
    let _ = writeln!(rest, "cloison: memory limit of {mebibytes} MiB reached, the microprocess ends");
    room - rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `RLIMIT_DATA` counts, in bytes.
    fn mapped_bytes() -> usize {
        let status = std::fs::read_to_string("/proc/self/status").expect("a process has a status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmData:")).expect("Linux says what is mapped");
        line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number of KiB") << 10
    }

    /// An option is a bare number to mimalloc, and its numbers are not the same in all its versions. If this one were
    /// another option's, the first arena would be 1 GiB, all of which is mapped from the first allocation on.
    #[test]
    fn arenas_are_small() {
        const BYTES: usize = 100 << 20;
        let large = vec![1_u8; BYTES];
        let mapped = mapped_bytes();
        assert!(std::hint::black_box(&large).len() <= mapped, "what is allocated is mapped");
        assert!(mapped < 1 << 30, "{} MiB are mapped, for {} MiB in use", mapped >> 20, used_bytes() >> 20);
    }

    #[test]
    fn the_message_names_the_limit() {
        let mut text = [0; 96];
        let length = message(&mut text, 256);
        assert_eq!(&text[..length], b"cloison: memory limit of 256 MiB reached, the microprocess ends\n".as_slice());
    }
}

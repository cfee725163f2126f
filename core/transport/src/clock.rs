//! The clock that both sides of the wall read.

use std::mem::MaybeUninit;
use std::time::Duration;

/// The time on `CLOCK_MONOTONIC`, which is the same for all processes. Read without entering the kernel: libc knows the
/// vDSO, which rustix looks for in a place that is not mapped in a sandbox.
#[inline]
pub fn monotonic() -> Duration {
    let mut now = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: clock_gettime writes the whole structure; with this clock and a good pointer it cannot fail. `Instant` reads
    // the same clock and hides its value.
    let now = unsafe {
        libc::clock_gettime(libc::CLOCK_MONOTONIC, now.as_mut_ptr());
        now.assume_init()
    };
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

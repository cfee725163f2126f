//! The clock that both sides of the wall read.

use std::mem::MaybeUninit;
use std::time::Duration;

/// The time on `CLOCK_MONOTONIC`, which is the same for all processes. Read without entering the kernel: libc knows the
/// vDSO, which rustix looks for in a place that is not mapped in a sandbox.
#[inline]
pub fn monotonic() -> Duration {
    read(libc::CLOCK_MONOTONIC)
}

/// How far the coarse clock may lag behind: one tick of the slowest kernels.
pub const COARSE_LAG: Duration = Duration::from_millis(10);

/// The same time as of the last tick: a fraction of the cost, for the path of a call.
#[inline]
pub fn monotonic_coarse() -> Duration {
    read(libc::CLOCK_MONOTONIC_COARSE)
}

#[inline]
fn read(clock: libc::clockid_t) -> Duration {
    let mut now = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: clock_gettime writes the whole structure; with these clocks and a good pointer it cannot fail. `Instant` reads
    // the same clock and hides its value.
    let now = unsafe {
        libc::clock_gettime(clock, now.as_mut_ptr());
        now.assume_init()
    };
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

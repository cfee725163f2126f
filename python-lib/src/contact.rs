//! How often this process has had to do with others: what it has read before that may be old since then.

use std::cell::Cell;

thread_local! {
    // The interpreter has one thread.
    static CONTACTS: Cell<u64> = const { Cell::new(0) };
}

/// Something is said, heard or waited for: a call, a message, the broker, a stream, sleep.
#[inline]
pub fn note() {
    CONTACTS.set(CONTACTS.get().wrapping_add(1));
}

/// How often that was so.
#[inline]
pub fn count() -> u64 {
    CONTACTS.get()
}

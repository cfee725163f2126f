//! C that runs while a question is put together: a function that a length is worked out with.
//!
//! The client's turn has begun, so that a question of that function's would wait for its own end. It is refused at once, and
//! with it the question that was put together. A function that asks on another thread and waits for it runs into the deadline of
//! the call, as any function does that never ends.

use std::cell::Cell;

#[derive(Clone, Copy, PartialEq)]
enum Quiet {
    No,
    Yes,
    /// And a question was refused.
    Broken,
}

thread_local! {
    static QUIET: Cell<Quiet> = const { Cell::new(Quiet::No) };
}

/// Runs C on this thread, which must not ask. `None` if it has tried to.
pub(super) fn without_questions<T>(run: impl FnOnce() -> T) -> Option<T> {
    QUIET.set(Quiet::Yes);
    let done = run();
    (QUIET.replace(Quiet::No) == Quiet::Yes).then_some(done)
}

/// Whether this thread must not ask. Whoever wants to know is about to.
pub(crate) fn is_quiet() -> bool {
    let quiet = QUIET.get() != Quiet::No;
    if quiet {
        QUIET.set(Quiet::Broken);
    }
    quiet
}

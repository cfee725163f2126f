//! Calls inside of callables inside of calls: how deep, and what of the arena they have taken.

use std::cell::Cell;
use std::time::Duration;

/// Where the calls of a capability stand.
#[derive(Debug, Default)]
pub struct Nesting {
    /// How many callables are running.
    depth: Cell<u64>,
    /// How much of the arena is in use by calls that run.
    mark: Cell<u64>,
    /// How long callables have taken in the outermost call.
    pub callables_took: Cell<Duration>,
}

impl Nesting {
    /// How many callables are running.
    pub fn depth(&self) -> u64 {
        self.depth.get()
    }

    /// From here on the arena is free.
    #[inline]
    pub fn mark(&self) -> u64 {
        self.mark.get()
    }

    /// A callable begins or ends.
    pub fn set_place(&self, depth: u64, mark: u64) {
        self.depth.set(depth);
        self.mark.set(mark);
    }
}

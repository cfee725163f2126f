//! Calls inside of callables inside of calls: how deep, and what of the arena they have taken.

use cloison_contract::call::{MAX_WORDS, Request};
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

    /// A request of so many words, all 0. Inside a callable, what it brings stands behind what the call that runs has brought.
    #[inline]
    pub fn request(&self, function: u32, words: u32) -> Request {
        Request { function, count: words, arena_used: self.mark(), words: [0; MAX_WORDS] }
    }

    /// A request of one word.
    pub fn request_of(&self, function: u32, word: u64) -> Request {
        let mut request = self.request(function, 1);
        request.words[0] = word;
        request
    }
}

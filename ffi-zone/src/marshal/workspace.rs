//! What one thread needs for its calls, made once and used again.
//!
//! A call takes a `CallState` and a [`ScratchPart`] of the scratch region; a call inside of a callback of that call takes the next
//! ones. Each call has its own to itself, so nothing that is shared is borrowed while C runs.

use crate::callback::callables::ClosureId;
use crate::marshal::call::Held;
use crate::native::ffi::{Frame, MAX_PARAMETERS};
use crate::native::scratch::{Scratch, ScratchPart};
use crate::objects::retained::Retained;
use cloison_contract::call::MAX_DEPTH;
use std::cell::Cell;

/// Frames and memory of one thread's calls.
pub struct Workspace {
    scratch: Scratch,
    /// Those that no call has taken. The first ones are taken first and stay warm.
    states: [Cell<Option<Box<CallState>>>; MAX_DEPTH + 1],
    depth: Cell<usize>,
}

/// What one call works with.
pub(crate) struct CallState {
    pub(crate) frame: Frame,
    /// For the functions that serve others: capacities, messages, `free`.
    pub(crate) nested: Frame,
    pub(crate) held: [Held; MAX_PARAMETERS],
    /// The handles of the parameters that are objects, or that give one.
    pub(crate) words: [u64; MAX_PARAMETERS],
    /// Handles that this call uses.
    pub(crate) pinned: Vec<u64>,
    /// Handles that it ends.
    pub(crate) consumed: Vec<u64>,
    /// Handles that it has made.
    pub(crate) fresh: Vec<u64>,
    /// What the library keeps, by parameter, until the handle is known that it goes with.
    pub(crate) kept: Vec<(usize, Retained)>,
    /// Function pointers that it has been lent.
    pub(crate) closures: Vec<ClosureId>,
}

impl CallState {
    fn new() -> Box<Self> {
        Box::new(Self {
            frame: Frame::default(),
            nested: Frame::default(),
            held: [Held::Null; MAX_PARAMETERS],
            words: [0; MAX_PARAMETERS],
            pinned: Vec::new(),
            consumed: Vec::new(),
            fresh: Vec::new(),
            kept: Vec::new(),
            closures: Vec::new(),
        })
    }
}

/// A call's state and a part of the scratch region, taken for one call.
pub(crate) struct Seat<'a> {
    pub(crate) state: Box<CallState>,
    pub(crate) part: ScratchPart<'a>,
    workspace: &'a Workspace,
    depth: usize,
}

impl Workspace {
    /// Makes room for calls whose buffers have up to `call_bytes`.
    pub fn new(call_bytes: u64) -> rustix::io::Result<Self> {
        let states = [const { Cell::new(None) }; MAX_DEPTH + 1];
        states[0].set(Some(CallState::new()));
        Ok(Self { scratch: Scratch::new(call_bytes)?, states, depth: Cell::new(0) })
    }

    /// Memory for the arguments or results of a callback.
    pub(crate) fn part(&self) -> ScratchPart<'_> {
        self.scratch.open()
    }

    /// What the next call works with; `None` when calls are nested too deep.
    #[inline]
    pub(crate) fn seat(&self) -> Option<Seat<'_>> {
        let depth = self.depth.get();
        let state = self.states.get(depth)?.take().unwrap_or_else(CallState::new);
        self.depth.set(depth + 1);
        Some(Seat { state, part: self.scratch.open(), workspace: self, depth })
    }

    /// Gives back the memory of large calls.
    pub fn trim(&self) {
        self.scratch.trim();
    }
}

impl Seat<'_> {
    /// Gives it back.
    #[inline]
    pub(crate) fn leave(self) {
        self.workspace.depth.set(self.depth);
        self.workspace.states[self.depth].set(Some(self.state));
    }
}

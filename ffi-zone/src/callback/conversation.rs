//! A client's call while it runs: whose turn it is, what has failed, and what the client has yet to answer.
//!
//! A conversation is a stack. At its bottom is the call that the client has made; on a call stands the question that C
//! asks while it runs; on a question the call that the client makes instead of answering; and so on.
//!
//! ```text
//!   Call          C runs here, on one thread or on several; the client waits
//!   CallbackCall  the client's turn: an answer ends this level, a call starts one on top
//!   Call          the client's: everybody waits for it
//! ```
//!
//! Threads of a library that ask at the same time take turns: a question is asked while a call is on top, and a call
//! ends while nothing is on top of it. Everything else waits; all of it has an end, because questions have deadlines and calls
//! are watched by the broker.
//!
//! **Between calls.** A thread of the library's own that asks while no call runs waits for the client's next one, for as long as
//! the callable may take, and asks as soon as C runs in that. That call does not end before. If none comes, C gets the
//! callback's error value, and the next call is not made: the client is told instead. Threads that serve calls do not wait for
//! another client's call: there, C gets the error value at once.
//!
//! **Failure.** Once a callable has raised, taken too long, or been answered with nonsense, the call on which the question
//! stood has failed: no further question is asked in it, C gets the callback's error value at once, and the call ends with
//! that failure, whatever C says.
//!
//! **Budget.** All callables that one outermost call leads to share a time, as the deadline of one does not bound how many C
//! calls: a thread that waits for them serves nobody else. It runs while a question stands on the outermost call, so that
//! calls inside of callables are in it. A question that outlasts it is overdue like one that outlasts its own deadline.
//!
//! **Timeouts.** A question that was given up is still open for the client, which is busy with its callable. What
//! it posts until it has answered is told why it has timed out; only then is it back where the zone is.
//!
//! Time that the client takes is not the library's: the row of the status page is paused from the question to its answer.

use crate::marshal::refusal::Refusal;
use cloison_contract::call::{ANSWER, MAX_DEPTH, Request, Status};
use cloison_transport::status::{ThreadRow, monotonic};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The level of a call that stands on nothing.
const OUTERMOST: usize = 1;

/// A client's conversation; empty while none of its calls runs.
#[derive(Default)]
pub(crate) struct Conversation {
    talk: Mutex<Talk>,
    changed: Condvar,
    /// How many questions have been given up and not been answered yet.
    timed_out: AtomicU64,
}

#[derive(Default)]
struct Talk {
    levels: Vec<Level>,
    /// How many of the levels are questions.
    questions: u64,
    budget: Budget,
    /// What is told to a client that answers after a timeout.
    overdue: Option<Box<Refusal>>,
    /// How many threads wait for C to run in a call of the client's, and how many of those for the next call.
    sleeping: usize,
    waiting: usize,
    /// The last one that has waited in vain.
    missed: Option<Box<Refusal>>,
    /// The client has left: nobody waits for it.
    closed: bool,
}

impl Talk {
    /// C runs, so that there is somebody to ask; or nobody will ever listen.
    fn is_open(&self) -> bool {
        self.closed || matches!(self.levels.last(), Some(Level::Call { started: true, .. }))
    }
}

/// What the callables of the outermost call may take together.
#[derive(Clone, Copy, Default)]
struct Budget {
    whole: Duration,
    used: Duration,
    /// Since when a question stands on the outermost call.
    since: Duration,
}

impl Budget {
    /// When it is over, if nothing ends before.
    fn until(self) -> Duration {
        self.since.saturating_add(self.whole.saturating_sub(self.used))
    }
}

enum Level {
    Call {
        row: ThreadRow,
        /// C runs, or has run.
        started: bool,
        /// How much of the arena is in use.
        in_use: u64,
        failure: Option<Box<Refusal>>,
        /// Handles of objects that callables have given to C: pinned until it has run.
        given: Vec<u64>,
    },
    CallbackCall,
}

/// A question that may be put.
pub(crate) struct QuestionTurn {
    /// From 1.
    pub(crate) depth: u64,
    /// How much of the arena is in use.
    pub(crate) in_use: u64,
    /// Until when all callables of the outermost call have time.
    pub(crate) until: Duration,
    /// How much that is altogether.
    pub(crate) budget: Duration,
    /// Where the calls of this conversation are noted.
    pub(crate) row: ThreadRow,
}

/// How a question ended, if not well.
pub(crate) enum Failed {
    /// With an answer, or because there is nobody to answer.
    Answered(Box<Refusal>),
    /// The client has yet to answer.
    Overdue(Box<Refusal>),
}

impl Conversation {
    /// A call begins: its level.
    pub(crate) fn enter(&self, row: &ThreadRow) -> usize {
        let mut talk = self.talk();
        if talk.levels.is_empty() {
            talk.budget = Budget::default();
        }
        talk.levels.push(Level::Call { row: row.clone(), started: false, in_use: 0, failure: None, given: Vec::new() });
        talk.levels.len()
    }

    /// C is about to run; so much of the arena is in use, and so much time do callables have if this is the outermost call.
    pub(crate) fn start(&self, level: usize, bytes: u64, callables: Duration) {
        let mut talk = self.talk();
        if level == OUTERMOST {
            talk.budget.whole = callables;
        }
        if let Some(Level::Call { in_use, started, .. }) = talk.levels.get_mut(level - 1) {
            (*in_use, *started) = (bytes, true);
        }
        if talk.sleeping > 0 {
            drop(talk);
            self.changed.notify_all();
        }
    }

    /// C has run: what has failed since it [started](Self::start), once no other thread asks any more, nor waits to.
    pub(crate) fn settle(&self, level: usize) -> Option<Box<Refusal>> {
        let open = |talk: &mut Talk| talk.levels.len() > level || talk.waiting > 0 && talk.is_open();
        let mut talk = self.changed.wait_while(self.talk(), open).unwrap_or_else(PoisonError::into_inner);
        match talk.levels.last_mut() {
            Some(Level::Call { failure, .. }) => failure.take(),
            Some(Level::CallbackCall) | None => None,
        }
    }

    /// C has run: which objects callables have given it meanwhile, each as often as it has been given.
    pub(crate) fn given(&self, level: usize) -> Vec<u64> {
        match self.on_top(level).levels.last_mut() {
            Some(Level::Call { given, .. }) => std::mem::take(given),
            Some(Level::CallbackCall) | None => Vec::new(),
        }
    }

    /// The call ends. Whether the client waits for that: it does not while it has a question to answer.
    ///
    /// Before that, [`Conversation::given`].
    pub(crate) fn leave(&self, level: usize) -> bool {
        let mut talk = self.on_top(level);
        talk.levels.pop();
        drop(talk);
        self.changed.notify_all();
        !self.has_timed_out()
    }

    /// Waits until that level is on top.
    fn on_top(&self, level: usize) -> MutexGuard<'_, Talk> {
        let covered = |talk: &mut Talk| talk.levels.len() > level;
        self.changed.wait_while(self.talk(), covered).unwrap_or_else(PoisonError::into_inner)
    }

    /// A thread of the library's own wants to ask, and waits for so long for C to run in a call if it does not yet. What the client is told if
    /// none comes, `missed` says.
    pub(crate) fn ask_between_calls(
        &self,
        patience: Duration,
        missed: impl FnOnce() -> Box<Refusal>,
    ) -> Option<QuestionTurn> {
        let mut talk = self.talk();
        // One that has only begun counts as a next one: it would be over before a thread that merely sleeps wakes up.
        if !talk.is_open() {
            (talk.sleeping, talk.waiting) = (talk.sleeping + 1, talk.waiting + 1);
            let closed = |talk: &mut Talk| !talk.is_open();
            let waited = self.changed.wait_timeout_while(talk, patience, closed);
            (talk, _) = waited.unwrap_or_else(PoisonError::into_inner);
            (talk.sleeping, talk.waiting) = (talk.sleeping - 1, talk.waiting - 1);
            // A call may wait for that.
            self.changed.notify_all();
            if talk.levels.is_empty() && !talk.closed {
                talk.missed = Some(missed());
                return None;
            }
        }
        self.ask_in(talk)
    }

    /// A thread wants to ask. `None` if it cannot: no call is running, or the one that is has failed.
    pub(crate) fn ask(&self) -> Option<QuestionTurn> {
        self.ask_in(self.talk())
    }

    fn ask_in(&self, mut talk: MutexGuard<'_, Talk>) -> Option<QuestionTurn> {
        let busy = |talk: &mut Talk| match talk.levels.last() {
            Some(Level::Call { started, .. }) => !started,
            Some(Level::CallbackCall) => true,
            None => false,
        };
        talk.sleeping += 1;
        let mut talk = self.changed.wait_while(talk, busy).unwrap_or_else(PoisonError::into_inner);
        talk.sleeping -= 1;
        let depth = talk.questions + 1;
        let Some(Level::Call { row, in_use, failure, .. }) = talk.levels.last_mut() else { return None };
        if failure.is_some() {
            return None;
        }
        if depth > MAX_DEPTH as u64 {
            let text = format_args!("callbacks are nested more than {MAX_DEPTH} deep");
            *failure = Some(Refusal::new(Status::TooMany, text));
            return None;
        }
        let (row, in_use) = (row.clone(), *in_use);
        if talk.questions == 0 {
            talk.budget.since = monotonic();
        }
        let (until, budget) = (talk.budget.until(), talk.budget.whole);
        talk.levels.push(Level::CallbackCall);
        talk.questions = depth;
        Some(QuestionTurn { depth, in_use, until, budget, row })
    }

    /// The question is over, one way or the other. Whether well.
    pub(crate) fn asked(&self, failed: Option<Failed>, pinned: Vec<u64>) -> bool {
        let mut talk = self.talk();
        talk.levels.pop();
        talk.questions -= 1;
        if talk.questions == 0 {
            let Budget { used, since, .. } = talk.budget;
            talk.budget.used = used.saturating_add(monotonic().saturating_sub(since));
        }
        let well = failed.is_none();
        let refusal = match failed {
            Some(Failed::Overdue(refusal)) => {
                talk.overdue = Some(refusal.clone());
                self.timed_out.fetch_add(1, Ordering::Relaxed);
                Some(refusal)
            }
            Some(Failed::Answered(refusal)) => Some(refusal),
            None => None,
        };
        if let Some(Level::Call { failure, given, .. }) = talk.levels.last_mut() {
            if refusal.is_some() {
                *failure = refusal;
            }
            given.extend(pinned);
        }
        drop(talk);
        self.changed.notify_all();
        well
    }

    /// What the client has to be told before its next call, as callables have waited for that in vain.
    pub(crate) fn take_missed(&self) -> Option<Box<Refusal>> {
        self.talk().missed.take()
    }

    /// The client has left.
    pub(crate) fn close(&self) {
        self.talk().closed = true;
        self.changed.notify_all();
    }

    /// Whether the client has a question to answer that was given up.
    #[inline]
    pub(crate) fn has_timed_out(&self) -> bool {
        self.timed_out.load(Ordering::Relaxed) != 0
    }

    /// What a client that has timed out is told about this request of its.
    pub(crate) fn tell_timeout(&self, request: &Request) -> Box<Refusal> {
        let talk = self.talk();
        let timed_out = self.timed_out.load(Ordering::Relaxed);
        if request.function == ANSWER {
            if request.words[0] != talk.questions + timed_out {
                self.timed_out.store(0, Ordering::Relaxed);
                return Refusal::new(Status::Malformed, "an answer to another question");
            }
            self.timed_out.store(timed_out.saturating_sub(1), Ordering::Relaxed);
        }
        talk.overdue.clone().unwrap_or_else(|| Refusal::overdue(None, ""))
    }

    fn talk(&self) -> MutexGuard<'_, Talk> {
        self.talk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

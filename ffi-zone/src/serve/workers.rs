//! The threads that run calls.
//!
//! There are as many as the manifest says (`threads`, default 1: then there is nothing here but the first one). They are made
//! before the seal, which closes itself around all of them, wait until the job queue opens, and then take turns: one holds the server and
//! waits for requests, the others wait for it or run calls.
//!
//! Where objects of a type belong to the thread that made them, the first thread does not take turns: it runs all calls that
//! have to do with such objects ([`crate::serve::affinity`]), one after the other, and nothing else.

use crate::marshal::Marshal;
use crate::marshal::workspace::Workspace;
use crate::native::fences;
use crate::serve;
use crate::serve::clients::Client;
use cloison_contract::call::{Reply, Request};
use cloison_contract::message::ChannelId;
use cloison_transport::status::ThreadRow;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};

/// What a thread needs for its calls.
pub(crate) struct WorkerContext {
    pub(crate) workspace: Workspace,
    /// Where it says what it runs.
    pub(crate) row: ThreadRow,
    /// Whose call was the latest here.
    pub(crate) latest: Cell<Option<ChannelId>>,
}

thread_local! {
    /// This thread's, for calls that are made inside of callbacks.
    static CONTEXT: RefCell<Option<Rc<WorkerContext>>> = const { RefCell::new(None) };
    /// Whether this is the first thread.
    static FIRST: Cell<bool> = const { Cell::new(false) };
}

/// The most bytes of one call that is made inside of a callback on a thread of the library's own.
const FOREIGN_CALL_BYTES: u64 = 1 << 20;

impl WorkerContext {
    /// This thread's own, from now on.
    pub(crate) fn settle(marshal: &Marshal, row: ThreadRow) -> rustix::io::Result<Rc<Self>> {
        fences::report_to(&row);
        let context = Rc::new(Self { workspace: marshal.workspace()?, row, latest: Cell::new(None) });
        CONTEXT.set(Some(context.clone()));
        Ok(context)
    }

    /// This thread is the first from now on.
    pub(crate) fn be_first() {
        FIRST.set(true);
    }

    /// Whether this thread has one: it serves calls, or a question of the library's is asked on it.
    pub(crate) fn is_here() -> bool {
        CONTEXT.with_borrow(Option::is_some)
    }

    /// Whose call was the latest on this thread.
    pub(crate) fn latest_here() -> Option<ChannelId> {
        CONTEXT.with_borrow(|context| context.as_ref()?.latest.get())
    }

    /// Whether this thread is the first.
    pub(crate) fn is_first() -> bool {
        FIRST.get()
    }

    /// Runs `task` with this thread's context. A thread of the library's gets one for the occasion.
    pub(crate) fn visit<T>(row: &ThreadRow, task: impl FnOnce(&Self) -> T) -> rustix::io::Result<T> {
        if let Some(context) = CONTEXT.with_borrow(Clone::clone) {
            return Ok(task(&context));
        }
        fences::report_to(row);
        let workspace = Workspace::new(FOREIGN_CALL_BYTES)?;
        let context = Rc::new(Self { workspace, row: row.clone(), latest: Cell::new(None) });
        CONTEXT.set(Some(context.clone()));
        let done = task(&context);
        CONTEXT.set(None);
        Ok(done)
    }
}

/// What the first thread has to do for the others; until it opens, all threads wait at it.
#[derive(Default)]
pub(crate) struct JobQueue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    open: bool,
    ended: Option<serve::ServeError>,
    over: bool,
    jobs: VecDeque<Job>,
    /// The first thread does one of them.
    busy: bool,
}

/// Something that the first thread has to do.
pub(crate) enum Job {
    /// A client's call, from taking to replying.
    Call(Arc<Client>, Box<Request>),
    /// A client has left. The flag: the broker has been told already.
    End(Arc<Client>, bool),
    /// What clients have left behind may be in use no more.
    Sweep,
    /// A question is over that was asked elsewhere, where this client was shown these objects; who asked waits.
    Hide { client: ChannelId, row: ThreadRow, words: Vec<u64>, hidden: mpsc::SyncSender<()> },
    /// A call inside of a callback: what it is to be answered.
    Nested { client: Arc<Client>, row: ThreadRow, request: Box<Request>, reply: mpsc::SyncSender<(bool, Box<Reply>)> },
}

impl JobQueue {
    /// Serving begins.
    pub(crate) fn open(&self) {
        self.state().open = true;
        self.changed.notify_all();
    }

    /// Waits until serving begins. Whether it does.
    pub(crate) fn pass(&self) -> bool {
        let closed = |state: &mut State| !state.open && !state.over;
        let state = self.changed.wait_while(self.state(), closed).unwrap_or_else(PoisonError::into_inner);
        !state.over
    }

    /// Serving is over; the first reason counts.
    pub(crate) fn end(&self, ended: Option<serve::ServeError>) {
        let mut state = self.state();
        state.over = true;
        state.ended = state.ended.take().or(ended);
        // Nobody does them any more: who waits for one hears that.
        state.jobs.clear();
        drop(state);
        self.changed.notify_all();
    }

    /// Whether serving is over.
    pub(crate) fn is_over(&self) -> bool {
        self.state().over
    }

    /// Why it is.
    pub(crate) fn reason(&self) -> Option<serve::ServeError> {
        self.state().ended.take()
    }

    /// Something for the first thread.
    pub(crate) fn post(&self, job: Job) {
        let mut state = self.state();
        if !state.over {
            state.jobs.push_back(job);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Takes back this client's call, if it waits for the first thread. Whether it did.
    pub(crate) fn withdraw_call(&self, client: &Arc<Client>) -> bool {
        self.withdraw(|job| matches!(job, Job::Call(whose, _) if Arc::ptr_eq(whose, client)))
    }

    /// The same for its call inside of a callback.
    pub(crate) fn withdraw_nested(&self, client: &Arc<Client>) -> bool {
        self.withdraw(|job| matches!(job, Job::Nested { client: whose, .. } if Arc::ptr_eq(whose, client)))
    }

    fn withdraw(&self, is: impl Fn(&Job) -> bool) -> bool {
        let mut state = self.state();
        let before = state.jobs.len();
        state.jobs.retain(|job| !is(job));
        state.jobs.len() < before
    }

    /// Whether what is posted now has to wait.
    pub(crate) fn is_busy(&self) -> bool {
        let state = self.state();
        state.busy || !state.jobs.is_empty()
    }

    /// For the first thread: the next thing to do; `None` when serving is over.
    pub(crate) fn next(&self) -> Option<Job> {
        self.state().busy = false;
        let idle = |state: &mut State| !state.over && state.jobs.is_empty();
        let mut state = self.changed.wait_while(self.state(), idle).unwrap_or_else(PoisonError::into_inner);
        state.busy = !state.over;
        if state.over { None } else { state.jobs.pop_front() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

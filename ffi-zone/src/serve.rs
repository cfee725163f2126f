//! The loop: wait, check, call, reply.
//!
//! # Messages while serving
//!
//! | from | message | what happens | answer |
//! |---|---|---|---|
//! | broker | `Attach` | the channel is mapped, its grant becomes a [`crate::serve::policy::ClientPolicy`] | none |
//! | broker | `Detach` | who waits for the client is told, its objects end, large buffers are given back | `Detached` |
//! | broker | anything else | the zone ends: this is not the broker it knows | |
//!
//! # One call
//!
//! 1. Is the grant alive, and does it allow the function, now? (`Revoked`, `Denied`, `QuotaExceeded`)
//! 2. The status page says which function runs, for whom, since when: the broker enforces the deadline.
//! 3. [`Marshal::call`]: arguments, bounds, the call, results.
//! 4. The reply, unless the grant was taken back meanwhile: then that is the reply.
//!
//! # Who runs it
//!
//! The thread that waits holds the **dispatcher**: the server and the clients. A call that can do without anybody else waiting meanwhile
//! is run with it; that is the hot path of a zone with one thread or one client. For any other call the thread lets go of
//! the dispatcher first, so that another one can wait, or so that it can itself listen to the broker while a callable runs
//! (`conversation`). Objects of a client that leaves while C runs for another one on the same thread end when that
//! call has.
//!
//! Where each call has a process of its own, the first thread gives it the call and waits for nobody else (`per_call`).
//!
//! Crashes, `exit` and endless loops of the library need nothing here: they end or occupy this process, and the broker,
//! whose child it is, sees that.

mod affinity;
pub mod batch;
pub(crate) mod clients;
mod dispatcher;
pub mod observer;
mod per_call;
pub mod policy;
pub mod recorder;
mod requests;
pub mod thread_pool;
pub(crate) mod workers;

use crate::callback::callables::NoCallables;
use crate::callback::target::Callbacks;
use crate::marshal::Marshal;
use crate::marshal::refusal::{Refusal, empty_reply};
use crate::native::occupancy::Occupancy;
use crate::native::state::State;
use crate::serve::affinity::Affinity;
use crate::serve::batch::Single;
use crate::serve::clients::{Asking, Client};
use crate::serve::dispatcher::Dispatcher;
use crate::serve::observer::Observer;
use crate::serve::thread_pool::ThreadPool;
use crate::serve::workers::{Job, JobQueue, WorkerContext};
use cloison_contract::FunctionId;
use cloison_contract::call::{BATCH, FIRST_SPECIAL, Reply, Request, Status};
use cloison_contract::interface::Instances;
use cloison_contract::message::ChannelId;
use cloison_transport::ChannelError;
use cloison_transport::control::{Control, ControlError};
use cloison_transport::server::{Server, Turn};
use cloison_transport::status::{MAX_THREADS, ThreadRow, monotonic};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

/// Why serving ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A channel that the broker sent cannot be used.
    #[error("channel {0:?} cannot be attached: {1}")]
    Attach(ChannelId, ChannelError),
    /// The broker is gone, or what it sent is no message.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// A message that has no place here.
    #[error("unexpected message: {0}")]
    Unexpected(&'static str),
}

/// Why serving cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum Unready {
    /// A callback's types cannot be called.
    #[error("`{0}` cannot be called: {1}")]
    Callback(String, crate::callback::target::KindError),
    /// The kernel refused memory or a thread.
    #[error("no room for a thread's calls: {0}")]
    System(#[from] std::io::Error),
    /// More than [`MAX_THREADS`].
    #[error("a zone has at most {MAX_THREADS} threads")]
    TooManyThreads,
}

/// Everything that the threads share.
pub struct Service {
    pub(crate) control: Arc<Control>,
    pub(crate) marshal: Marshal,
    pub(crate) callbacks: Callbacks,
    pub(crate) occupancy: Occupancy,
    pub(crate) threads: usize,
    /// The first thread's.
    pub(crate) row: ThreadRow,
    pub(crate) affine: Affinity,
    /// By function.
    pub(crate) singles: Vec<Single>,
    pub(crate) dispatcher: Mutex<Dispatcher>,
    pub(crate) queue: JobQueue,
    /// This process runs a single call: the broker's messages are its fork server's to read.
    pub(crate) alone: AtomicBool,
    /// What a host service hears of besides calls.
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

/// Serves until the broker is gone.
pub fn run(control: Arc<Control>, server: Server, marshal: Marshal, state: State) -> Result<ServeError, Unready> {
    Ok(ThreadPool::new(control, server, marshal, state, None)?.serve())
}

impl Service {
    pub(crate) fn callbacks(&self) -> &Callbacks {
        &self.callbacks
    }

    /// Which words of that function stand alone.
    #[inline]
    pub(crate) fn single(&self, function: u32) -> Option<&Single> {
        self.singles.get(function as usize)
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.marshal.functions().interface.sandbox.instances == Instances::Shared
    }

    pub(crate) fn marshal(&self) -> &Marshal {
        &self.marshal
    }

    pub(crate) fn dispatcher(&self) -> MutexGuard<'_, Dispatcher> {
        self.dispatcher.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes turns at waiting until serving is over.
    pub(crate) fn work(self: &Arc<Self>, context: &WorkerContext) {
        let (mut request, mut reply) = (Box::new(Request::EMPTY), Box::new(empty_reply()));
        let mut dispatcher = self.dispatcher();
        while self.threads == 1 || !self.queue.is_over() {
            if !dispatcher.leaving.is_empty() {
                let leaving = std::mem::take(&mut dispatcher.leaving);
                drop(dispatcher);
                leaving.iter().for_each(|(client, told)| self.end(client, *told));
                dispatcher = self.dispatcher();
                continue;
            }
            match dispatcher.server.wait(&mut request) {
                Turn::Control => {
                    if let Err(ended) = self.messages(&mut dispatcher, false) {
                        return self.queue.end(Some(ended));
                    }
                }
                Turn::Request(slot) => {
                    let Some(Some(client)) = dispatcher.clients.get(slot.index()) else { continue };
                    if self.needs_nobody(&dispatcher, client, &request) {
                        self.plain(client, context, &request, &mut reply);
                    } else {
                        let client = client.clone();
                        client.begin();
                        drop(dispatcher);
                        self.dispatch(&client, context, &mut request, &mut reply);
                        if self.queue.is_over() {
                            return;
                        }
                        dispatcher = self.dispatcher();
                    }
                }
            }
        }
    }

    /// Whether a call can be run while nobody waits for requests and messages.
    #[inline]
    fn needs_nobody(&self, dispatcher: &Dispatcher, client: &Client, request: &Request) -> bool {
        if self.may_ask(client, request.function) {
            return false;
        }
        self.threads == 1
            || !dispatcher.server.has_several() && self.affine.is_none() && !self.is_blocking(request.function)
    }

    /// Whether C may ask something during that call.
    #[inline]
    fn may_ask(&self, client: &Client, function: u32) -> bool {
        client.has_callables()
            || client.conversation.has_timed_out()
            || !self.callbacks.is_empty() && (function >= FIRST_SPECIAL || self.callbacks.has(FunctionId(function)))
    }

    fn is_blocking(&self, function: u32) -> bool {
        function == BATCH || self.marshal.functions().declaration(FunctionId(function)).is_some_and(|f| f.blocking)
    }

    /// A call in which nothing is asked.
    #[inline]
    fn plain(self: &Arc<Self>, client: &Arc<Client>, context: &WorkerContext, request: &Request, reply: &mut Reply) {
        let stay = self.occupancy.enter(client.channel.id(), &context.latest);
        self.serve(client, context, &context.row, &NoCallables, request, reply);
        drop(stay);
        client.channel.reply(reply);
        self.sweep();
    }

    /// A call for which this thread has let go of the dispatcher.
    fn dispatch(
        self: &Arc<Self>,
        client: &Arc<Client>,
        context: &WorkerContext,
        request: &mut Box<Request>,
        reply: &mut Reply,
    ) {
        // Who has timed out is told so, whatever it wants.
        if self.affine.has(request.function) && !client.conversation.has_timed_out() {
            let request = std::mem::replace(request, Box::new(Request::EMPTY));
            return self.post(client, request);
        }
        self.run_one(client, context, request, reply);
    }

    /// A client's request, from its taking to the end of its call.
    pub(crate) fn run_one(
        self: &Arc<Self>,
        client: &Arc<Client>,
        context: &WorkerContext,
        request: &Request,
        reply: &mut Reply,
    ) {
        let stay = self.occupancy.enter(client.channel.id(), &context.latest);
        let listens = if client.conversation.has_timed_out() {
            self.refuse(client, &client.conversation.tell_timeout(request), request, reply);
            true
        } else if let Some(missed) = self.missed(client, request.function) {
            self.refuse(client, &missed, request, reply);
            true
        } else {
            self.conversed(client, context, &context.row, request, reply)
        };
        drop(stay);
        if listens {
            client.channel.reply(reply);
        } else {
            client.channel.abandon();
        }
        // Without the dispatcher: whoever waits with it goes on waiting.
        if client.end() {
            self.end(client, false);
        }
        self.sweep();
    }

    /// What the client is told instead of a call. (What closes an object is done whatever has been missed.)
    fn missed(&self, client: &Client, function: u32) -> Option<Box<Refusal>> {
        let is_call = function < FIRST_SPECIAL || function == BATCH;
        is_call.then(|| client.conversation.take_missed()).flatten()
    }

    /// A call in which C may ask. Whether the client waits for its end.
    pub(crate) fn conversed(
        self: &Arc<Self>,
        client: &Arc<Client>,
        context: &WorkerContext,
        row: &ThreadRow,
        request: &Request,
        reply: &mut Reply,
    ) -> bool {
        let level = client.conversation.enter(row);
        let asking = Asking { service: self, client, level };
        self.serve(client, context, row, &asking, request, reply);
        asking.release_given();
        client.conversation.leave(level)
    }

    /// A client's call inside of a callback, which has time until then. Whether it waits for the end.
    pub(crate) fn nested(
        self: &Arc<Self>,
        client: &Arc<Client>,
        row: &ThreadRow,
        request: &Request,
        reply: &mut Reply,
        until: Duration,
    ) -> bool {
        if self.affine.has(request.function) && !WorkerContext::is_first() {
            return self.elsewhere(client, row, request, reply, until);
        }
        let served = WorkerContext::visit(row, |context| self.conversed(client, context, row, request, reply));
        served.unwrap_or_else(|error| {
            let text = format_args!("no room for a call inside of a callback: {error}");
            self.refuse(client, &Refusal::new(Status::TooMany, text), request, reply);
            true
        })
    }

    /// The same on the first thread, if that gets to it in time: then its deadlines hold.
    fn elsewhere(
        &self,
        client: &Arc<Client>,
        row: &ThreadRow,
        request: &Request,
        reply: &mut Reply,
        until: Duration,
    ) -> bool {
        let (sender, receiver) = mpsc::sync_channel(1);
        let (whose, row, copy) = (client.clone(), row.clone(), Box::new(*request));
        self.queue.post(Job::Nested { client: whose, row, request: copy, reply: sender });
        let left = until.saturating_sub(monotonic());
        let answered = receiver.recv_timeout(left).ok();
        // What has begun by now ends.
        let answered =
            answered.or_else(|| if self.queue.withdraw_nested(client) { None } else { receiver.recv().ok() });
        let Some((told, answer)) = answered else {
            let text = "the thread to which such objects belong was busy for longer than the callable may take";
            self.refuse(client, &Refusal::overdue(None, text), request, reply);
            return true;
        };
        *reply = *answer;
        told
    }
}

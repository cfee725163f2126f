//! Each call in a process of its own (`instances = "per-call"`).
//!
//! ```text
//!  client            fork server                         child
//!    request ──────▶ takes it, clone ──────────────────▶ seals itself
//!                    waits for the child's end           admits, calls, answers: the channel is its own
//!    question ◀─────────────────────────────────────────
//!    answer ───────────────────────────────────────────▶
//!    reply ◀──────────────────────────────────────────── _exit(0)
//!                    has it answered? If not: Crashed
//! ```
//!
//! - The fork server is the zone's process, with the library loaded and no code of it running any more
//!   ([`cloison_sandbox::ForkServer`]). Each client has one of its own, as with `per-client`.
//! - What a call leaves behind, in the library and in ours, goes with the child: memory, locale, handlers, handles. What
//!   lives on is shared memory: the channel, the status page, and the account of what has been used of the grant.
//! - The fork server counts what processor time a child has had, with the threads that the library has made there, and however it has ended;
//!   a child counts that of each call in it as well, so that a batch has an end, and says on the status page how much that was.
//! - A child that dies takes nothing along: the fork server answers with [`Status::Crashed`] and serves the next call. A call
//!   that is overdue is the broker's to end, and ends the fork server too, as the status page says so.
//! - A batch is one call, and so is what a callback calls on the same channel: handles live as long as that.
//! - While a child runs, its fork server looks neither at other channels of the client nor at the broker's messages. The
//!   broker's bell wakes a child that waits for its client, and the terms tell it whether the client is still there.

use crate::marshal::refusal::{Refusal, empty_reply};
use crate::serve::clients::Client;
use crate::serve::dispatcher::Dispatcher;
use crate::serve::thread_pool::ThreadPool;
use crate::serve::workers::WorkerContext;
use crate::serve::{ServeError, Service};
use cloison_contract::Interface;
use cloison_contract::call::{ANSWER, BATCH, Reply, Request, Status};
use cloison_contract::message::{ChannelId, Overrun};
use cloison_sandbox::{ForkServer, Jail};
use cloison_transport::server::Turn;
use cloison_transport::server_channel::{ServerChannel, Unanswered};
use cloison_transport::status::{self, ThreadRow, monotonic};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Ends of calls are remembered for so many channels: more than one client has at a time.
const REMEMBERED: usize = 16;
/// A client that answers after a timeout is listened to again and again for so long.
const LONG: Duration = Duration::from_secs(3600);

impl ThreadPool {
    /// As [`ThreadPool::serve`], with each call in a process of its own.
    pub fn serve_apart(self, fork_server: Jail<ForkServer>) -> ServeError {
        let (service, context) = (&self.service, &*self.context);
        let interface = &service.marshal().functions().interface;
        let mut calls = Calls { fork_server, number: 0, ended: BTreeMap::new() };
        let (mut request, mut reply) = (Box::new(Request::EMPTY), Box::new(empty_reply()));
        loop {
            match service.next(&mut request) {
                Ok(client) if request.function == ANSWER => calls.answer_to_nobody(&client.channel, &request),
                Ok(client) => calls.run(interface, (&client, &context.row), &mut request, |number, request| {
                    service.marshal().handles().begin_call(number);
                    service.run_alone(&client, context, request, &mut reply);
                }),
                Err(ended) => return ended,
            }
        }
    }
}

impl Service {
    /// Whether this process runs a single call.
    pub(crate) fn is_alone(&self) -> bool {
        self.alone.load(Ordering::Relaxed)
    }

    /// For the fork server, which runs no calls itself: the next request, and whose it is.
    fn next(&self, request: &mut Request) -> Result<Arc<Client>, ServeError> {
        let mut dispatcher = self.dispatcher();
        loop {
            match dispatcher.server.wait(request) {
                Turn::Control => {
                    self.messages(&mut dispatcher, false)?;
                    std::mem::take(&mut dispatcher.leaving).iter().for_each(|(client, told)| self.end(client, *told));
                }
                Turn::Request(slot) => {
                    if let Some(Some(client)) = dispatcher.clients.get(slot.index()) {
                        return Ok(client.clone());
                    }
                }
            }
        }
    }

    /// One call, in the process that is made for it.
    fn run_alone(
        self: &Arc<Self>,
        client: &Arc<Client>,
        context: &WorkerContext,
        request: &mut Request,
        reply: &mut Reply,
    ) {
        self.alone.store(true, Ordering::Relaxed);
        client.begin();
        self.run_one(client, context, request, reply);
        // Nobody else knows which callback of its client's has timed out.
        while client.conversation.has_timed_out() {
            match client.channel.listen(request, monotonic() + LONG) {
                Ok(()) => self.run_one(client, context, request, reply),
                Err(Unanswered::Control) => self.hear(),
                Err(Unanswered::Deadline) => {}
                Err(Unanswered::Gone) => return,
            }
        }
    }
}

impl Dispatcher {
    /// Without a look at the broker's messages: who waits for a client that the broker has let go waits in vain.
    pub(crate) fn look_at_terms(&mut self) {
        self.server.hear();
        for client in self.clients.iter().flatten().filter(|client| client.channel.revoked()) {
            self.server.detach(client.channel.id());
        }
    }
}

/// The calls of one zone.
#[derive(Debug)]
struct Calls {
    fork_server: Jail<ForkServer>,
    /// How many there have been.
    number: u64,
    /// How the latest process of each channel has ended.
    ended: BTreeMap<ChannelId, cloison_sandbox::Ended>,
}

impl Calls {
    /// Lets `serve` run the request that has been taken from the client's channel, in a process of its own that has ended when this returns.
    /// The channel is idle then. However the process has ended, its processor time is counted.
    fn run(
        &mut self,
        interface: &Interface,
        (client, row): (&Client, &ThreadRow),
        request: &mut Request,
        serve: impl FnOnce(u64, &mut Request),
    ) {
        let channel = &*client.channel;
        let relayed = channel.relay();
        self.number += 1;
        let ended = self.fork_server.in_child(|_| serve(self.number, request));
        row.end();
        let counted = row.take_counted();
        let refusal = match ended {
            Ok((ended, time)) => {
                if let Some(policy) = &client.policy {
                    policy.took(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).saturating_sub(counted));
                }
                self.remember(channel.id(), ended);
                let overrun = row.take_overrun().map(|overrun| named(interface, row.function(), overrun));
                let index = row.index().filter(|_| request.function == BATCH);
                Refusal::crashed(ended, overrun, index)
            }
            Err(error) => Refusal::new(Status::TooMany, format_args!("no process for this call: {error}")),
        };
        if channel.take_back(relayed) {
            reply(channel, request, &refusal);
        }
    }

    fn remember(&mut self, channel: ChannelId, ended: cloison_sandbox::Ended) {
        self.ended.insert(channel, ended);
        while self.ended.len() > REMEMBERED {
            self.ended.pop_first();
        }
    }

    /// What a child has asked is answered when the child has ended.
    fn answer_to_nobody(&self, channel: &ServerChannel, request: &Request) {
        let refusal = match self.ended.get(&channel.id()) {
            Some(ended) => Refusal::crashed(*ended, None, None),
            None => Refusal::new(Status::Malformed, "nobody has asked"),
        };
        reply(channel, request, &refusal);
    }
}

/// With the parameter's name, if it is one of that function's.
fn named(interface: &Interface, function: u32, overrun: status::Overrun) -> Overrun {
    let parameters = interface.functions.get(function as usize).map(|function| &function.parameters);
    let parameter = overrun.parameter.and_then(|position| parameters?.get(position as usize));
    Overrun { parameter: parameter.map(|parameter| parameter.name.clone()), bytes: overrun.bytes }
}

#[cold]
fn reply(channel: &ServerChannel, request: &Request, refusal: &Refusal) {
    let mut reply = empty_reply();
    refusal.write(&mut reply, Some(channel.arena()), request.arena_used);
    channel.reply(&reply);
}

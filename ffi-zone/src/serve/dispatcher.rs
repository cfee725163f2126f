//! What the broker says, and who is there: the dispatcher, which the thread that waits holds.

use crate::callback::callables::NoCallables;
use crate::objects::handles;
use crate::serve::clients::Client;
use crate::serve::policy::{ClientPolicy, CountedQuota};
use crate::serve::recorder::Recorder;
use crate::serve::workers::{Job, WorkerContext};
use crate::serve::{ServeError, Service, recorder};
use cloison_contract::Grant;
use cloison_contract::call::{CLOSE, Request};
use cloison_contract::grant::Quota;
use cloison_contract::message::{ChannelId, FromZone, Telling, ToZone};
use cloison_contract::shape::Callback;
use cloison_transport::account::Account;
use cloison_transport::server::{ChannelSlot, Server};
use cloison_transport::status::ThreadRow;
use std::os::fd::OwnedFd;
use std::sync::{Arc, TryLockError, mpsc};

/// The channel of what runs for nobody that is still there.
const NOBODY: ChannelId = ChannelId(u64::MAX);

/// The server and the clients. The thread that waits for requests holds it.
pub(crate) struct Dispatcher {
    pub(crate) server: Server,
    /// By slot.
    pub(crate) clients: Vec<Option<Arc<Client>>>,
    /// Those that have left and whose objects have not ended. The flag: the broker has been told already.
    pub(crate) leaving: Vec<(Arc<Client>, bool)>,
}

impl Service {
    /// While a callable runs: what the broker has sent.
    pub(crate) fn hear(&self) {
        // Whoever holds the dispatcher looks at the bell, too.
        let mut dispatcher = match self.dispatcher.try_lock() {
            Ok(dispatcher) => dispatcher,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return std::thread::yield_now(),
        };
        if self.is_alone() {
            dispatcher.look_at_terms();
        } else if dispatcher.server.hear()
            && let Err(ended) = self.messages(&mut dispatcher, true)
        {
            self.queue.end(Some(ended));
        }
    }

    /// Everything that the broker has sent; `inside` of a call, the objects of a client that leaves have to wait.
    pub(crate) fn messages(&self, dispatcher: &mut Dispatcher, inside: bool) -> Result<(), ServeError> {
        while let Some((message, descriptors)) = self.control.try_receive::<ToZone>()? {
            match message {
                ToZone::Attach { channel, grant, quotas, tells, records, client } => {
                    self.attach(dispatcher, channel, (&grant, &quotas), (tells, records), descriptors)?;
                    if let (Some(observer), Some(client)) = (&self.observer, client) {
                        observer.attached(channel, client);
                    }
                }
                ToZone::Detach { channel } => self.detach(dispatcher, channel, inside)?,
                // It has woken who waited for it; nobody waits any more.
                ToZone::Interrupt { .. } => {}
                ToZone::Log => match (&self.observer, <[OwnedFd; 1]>::try_from(descriptors)) {
                    (Some(observer), Ok([file])) => observer.renewed(file),
                    _ => return Err(ServeError::Unexpected("`Log`, to who does not write one")),
                },
                ToZone::Library => return Err(ServeError::Unexpected("`Library`, while calls are served")),
                ToZone::Folder => return Err(ServeError::Unexpected("`Folder`, while calls are served")),
                ToZone::Machine(_) => return Err(ServeError::Unexpected("`Machine`, while calls are served")),
                ToZone::Secrets(_) => return Err(ServeError::Unexpected("`Secrets`, while calls are served")),
                ToZone::Execute(_) => return Err(ServeError::Unexpected("`Execute`, while calls are served")),
                ToZone::Program => return Err(ServeError::Unexpected("`Program`, while calls are served")),
                ToZone::Load { .. } => return Err(ServeError::Unexpected("a second `Load`")),
                ToZone::Serve { .. } => return Err(ServeError::Unexpected("a second `Serve`")),
            }
        }
        Ok(())
    }

    fn attach(
        &self,
        dispatcher: &mut Dispatcher,
        id: ChannelId,
        (grant, quotas): (&Grant, &[Quota]),
        (tells, records): (Telling, bool),
        descriptors: Vec<OwnedFd>,
    ) -> Result<(), ServeError> {
        let mut descriptors = descriptors.into_iter();
        let (Some(channel), Some(terms)) = (descriptors.next(), descriptors.next()) else {
            return Err(ServeError::Unexpected("`Attach` comes with a channel and its terms"));
        };
        let mut counted = Vec::with_capacity(quotas.len());
        for (quota, account) in quotas.iter().zip(descriptors) {
            let account = Account::open(&account).map_err(|error| ServeError::Attach(id, error))?;
            counted.push(CountedQuota { quota: *quota, account });
        }
        let slot = dispatcher.server.attach(id, channel, terms).map_err(|error| ServeError::Attach(id, error))?;
        let interface = &self.marshal.functions().interface;
        let policy = ClientPolicy::new(grant, interface, counted).ok();
        let policy = match records {
            true => policy.map(|policy| policy.recorded(interface, &Recorder::new(self.control.clone(), id))),
            false => policy,
        };
        let Some(channel) = dispatcher.server.channel(slot).cloned() else { return Ok(()) };
        dispatcher.place(slot, Client::new(channel, policy, tells));
        Ok(())
    }

    fn detach(&self, dispatcher: &mut Dispatcher, id: ChannelId, inside: bool) -> Result<(), ServeError> {
        self.observer.iter().for_each(|observer| observer.detached(id));
        recorder::forget(id);
        let client = dispatcher.server.detach(id).and_then(|slot| dispatcher.clients.get_mut(slot.index())?.take());
        match client {
            Some(client) if client.leave() || self.take_back(&client) => {
                if inside {
                    self.control.send(&FromZone::Detached { channel: id }, &[])?;
                }
                dispatcher.leaving.push((client, inside));
            }
            // Whoever runs its call ends it.
            Some(_) => {}
            None => self.control.send(&FromZone::Detached { channel: id }, &[])?,
        }
        Ok(())
    }

    /// Whether the client's call has not begun, and does not any more: it waited for the first thread.
    fn take_back(&self, client: &Arc<Client>) -> bool {
        let waited = self.queue.withdraw_call(client);
        if waited {
            client.channel.abandon();
            client.end();
        }
        waited
    }

    /// A call for the first thread. Its client may leave before that has time for it, or have left by now.
    pub(crate) fn post(&self, client: &Arc<Client>, request: Box<Request>) {
        self.queue.post(Job::Call(client.clone(), request));
        if client.is_gone() && self.take_back(client) {
            self.end(client, false);
        }
    }

    fn tell_detached(&self, client: &Client) {
        // If the broker does not hear it, it is gone.
        let _ = self.control.send(&FromZone::Detached { channel: client.channel.id() }, &[]);
    }

    /// Ends what a client has left behind.
    pub(crate) fn end(&self, client: &Arc<Client>, told: bool) {
        if !self.affine.is_none() && !WorkerContext::is_first() {
            // The broker does not wait for the first thread to have time.
            let now = !told && self.queue.is_busy();
            if now {
                self.tell_detached(client);
            }
            return self.queue.post(Job::End(client.clone(), told || now));
        }
        let id = client.channel.id();
        client.conversation.close();
        let ended = WorkerContext::visit(&self.row, |context| {
            // None of the zone's functions has that number: the zone's own deadline holds.
            let stay = self.occupancy.enter(id, &context.latest);
            self.begins(context.row.begin_many(id, CLOSE, 0, self.deadline(CLOSE)));
            let begun = client.policy.as_ref().and_then(ClientPolicy::begun);
            self.marshal.end_client(&context.workspace, id, &NoCallables);
            if let Some(policy) = &client.policy {
                policy.ended(begun);
            }
            context.row.end();
            drop(stay);
            context.workspace.trim();
        });
        debug_assert!(ended.is_ok(), "every thread that gets here has a context");
        client.forget_callables();
        if !told {
            self.tell_detached(client);
        }
    }

    /// Ends what clients that have left could not take along, if nobody uses it any more.
    #[inline]
    pub(crate) fn sweep(&self) {
        if self.marshal.handles().is_sweep_due() {
            self.sweep_now();
        }
    }

    /// Whether objects that such a callback is shown belong to the first thread, and this is another one.
    pub(crate) fn is_elsewhere(&self, callback: &Callback) -> bool {
        !WorkerContext::is_first() && self.affine.is_shown(&self.marshal.functions().interface, callback)
    }

    /// Has the first thread hide these objects, as what belongs to them does to it. Done when this returns, unless serving is
    /// over.
    pub(crate) fn hide_there(&self, row: &ThreadRow, client: ChannelId, words: Vec<u64>) {
        let (hidden, done) = mpsc::sync_channel(1);
        self.queue.post(Job::Hide { client, row: row.clone(), words, hidden });
        // The call in which the question was asked goes on, and with it its deadline.
        let _ = done.recv();
    }

    /// Frees what belonged to objects that were shown.
    pub(crate) fn free_hidden(&self, row: &ThreadRow, ended: Vec<handles::EndedObject>) {
        if ended.is_empty() {
            return;
        }
        let freed = WorkerContext::visit(row, |context| self.marshal.end(&context.workspace, ended, &NoCallables));
        debug_assert!(freed.is_ok(), "every thread that gets here has a context, or had one");
    }

    #[cold]
    fn sweep_now(&self) {
        if !self.affine.is_none() && !WorkerContext::is_first() {
            return self.queue.post(Job::Sweep);
        }
        let ended = self.marshal.handles().sweep();
        if ended.is_empty() {
            return;
        }
        let freed = WorkerContext::visit(&self.row, |context| {
            let stay = self.occupancy.enter(NOBODY, &context.latest);
            self.begins(context.row.begin_many(NOBODY, CLOSE, 0, self.deadline(CLOSE)));
            self.marshal.end(&context.workspace, ended, &NoCallables);
            context.row.end();
            drop(stay);
        });
        debug_assert!(freed.is_ok(), "every thread that gets here has a context");
    }
}

impl Dispatcher {
    fn place(&mut self, slot: ChannelSlot, client: Arc<Client>) {
        if self.clients.len() <= slot.index() {
            self.clients.resize(slot.index() + 1, None);
        }
        self.clients[slot.index()] = Some(client);
    }
}

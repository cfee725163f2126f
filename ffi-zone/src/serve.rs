//! The loop: wait, check, call, reply.
//!
//! # Messages while serving
//!
//! | from | message | what happens | answer |
//! |---|---|---|---|
//! | broker | `Attach` | the channel is mapped, its grant becomes a [`Policy`] | none |
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
//! The thread that waits holds the **front**: the server and the clients. A call that can do without anybody else waiting meanwhile
//! is run with it; that is the hot path of a zone with one thread or one client. For any other call the thread lets go of
//! the front first, so that another one can wait, or so that it can itself listen to the broker while a callable runs
//! ([`crate::conversation`]). Objects of a client that leaves while C runs for another one on the same thread end when that
//! call has.
//!
//! Where each call has a process of its own, the first thread gives it the call and waits for nobody else (`per_call`).
//!
//! Crashes, `exit` and endless loops of the library need nothing here: they end or occupy this process, and the broker,
//! whose child it is, sees that.

use crate::batch::{self, Single};
use crate::callables::{Callables, NoCallables};
use crate::clients::{Asking, Client};
use crate::limits;
use crate::marshal::{Marshal, Origin};
use crate::policy::{Denial, Policy};
use crate::questions::Callbacks;
use crate::refusal::{Refusal, empty_reply};
use crate::state::State;
use crate::workers::{Gate, Job, Station};
use cloison_capabilities::call::{ANSWER, BATCH, CLOSE, Reply, Request, SYNC, Status};
use cloison_capabilities::interface::Instances;
use cloison_capabilities::message::{ChannelId, FromZone, ToZone};
use cloison_capabilities::{FunctionId, Grant};
use cloison_transport::ChannelError;
use cloison_transport::account::Account;
use cloison_transport::control::{Control, ControlError};
use cloison_transport::server::{Server, Slot, Turn};
use cloison_transport::status::{MAX_THREADS, Row};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

/// Why serving ended.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
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
    Callback(String, crate::questions::KindError),
    /// The kernel refused memory or a thread.
    #[error("no room for a thread's calls: {0}")]
    System(#[from] std::io::Error),
    /// More than [`MAX_THREADS`].
    #[error("a zone has at most {MAX_THREADS} threads")]
    TooManyThreads,
}

/// Everything that the threads share.
pub struct Service {
    control: Arc<Control>,
    marshal: Marshal,
    callbacks: Callbacks,
    state: State,
    threads: usize,
    /// The first thread's.
    row: Row,
    /// By function: whether it makes or uses objects that belong to a thread. Empty if there are none.
    affine: Vec<bool>,
    /// By function.
    singles: Vec<Single>,
    front: Mutex<Front>,
    /// Which clients' calls run, where there are several threads.
    running: Mutex<Running>,
    gate: Gate,
    /// This process runs a single call: the broker's messages are its mother's to read.
    alone: AtomicBool,
}

/// What the thread that waits holds.
struct Front {
    server: Server,
    /// By slot.
    clients: Vec<Option<Arc<Client>>>,
    /// Those that have left and whose objects have not ended. The flag: the broker has been told already.
    leaving: Vec<(Arc<Client>, bool)>,
}

#[derive(Default)]
struct Running {
    count: usize,
    latest: Option<ChannelId>,
}

/// Serves until the broker is gone.
pub fn run(control: Arc<Control>, server: Server, marshal: Marshal, state: State) -> Result<Ended, Unready> {
    Ok(Service::new(control, server, marshal, state)?.serve())
}

/// A service, with its threads, that has not begun.
pub struct Crew {
    pub(crate) service: Arc<Service>,
    pub(crate) station: Rc<Station>,
}

impl Service {
    /// Makes the threads. This one is the first.
    pub fn new(control: Arc<Control>, server: Server, marshal: Marshal, state: State) -> Result<Crew, Unready> {
        let interface = &marshal.functions().interface;
        let threads = limits::serving(&interface.sandbox) as usize;
        let rows: Vec<Row> = (0..threads).map_while(|thread| server.row(thread)).collect();
        if rows.len() < threads {
            return Err(Unready::TooManyThreads);
        }
        let mut rows = rows.into_iter();
        let first = rows.next().ok_or(Unready::TooManyThreads)?;
        let callbacks = Callbacks::new(interface).map_err(|(id, error)| {
            let name = interface.functions.get(id.0 as usize).map_or("?", |function| &function.name);
            Unready::Callback(name.to_owned(), error)
        })?;
        let affine = if threads > 1 { crate::workers::affine(interface) } else { Vec::new() };
        let singles = interface.functions.iter().map(Single::of).collect();
        let front = Mutex::new(Front { server, clients: Vec::new(), leaving: Vec::new() });
        let (running, gate, alone) = (Mutex::default(), Gate::default(), AtomicBool::new(false));
        let service = Arc::new(Self {
            control,
            marshal,
            callbacks,
            state,
            threads,
            row: first.clone(),
            affine,
            singles,
            front,
            running,
            gate,
            alone,
        });
        let station = Station::settle(&service.marshal, first).map_err(std::io::Error::from)?;
        rows.try_for_each(|row| hire(&service, row)).inspect_err(|_| service.gate.end(None))?;
        Ok(Crew { service, station })
    }

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

    fn front(&self) -> MutexGuard<'_, Front> {
        self.front.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes turns at waiting until serving is over.
    fn work(self: &Arc<Self>, station: &Station) {
        let (mut request, mut reply) = (Box::new(Request::EMPTY), Box::new(empty_reply()));
        let mut front = self.front();
        while self.threads == 1 || !self.gate.is_over() {
            if !front.leaving.is_empty() {
                let leaving = std::mem::take(&mut front.leaving);
                drop(front);
                leaving.iter().for_each(|(client, told)| self.end(client, *told));
                front = self.front();
                continue;
            }
            match front.server.wait(&mut request) {
                Turn::Control => {
                    if let Err(ended) = self.messages(&mut front, false) {
                        return self.gate.end(Some(ended));
                    }
                }
                Turn::Request(slot) => {
                    let Some(Some(client)) = front.clients.get(slot.index()) else { continue };
                    if self.needs_nobody(&front, client, &request) {
                        self.plain(client, station, &request, &mut reply);
                    } else {
                        let client = client.clone();
                        client.begin();
                        drop(front);
                        self.dispatch(&client, station, &mut request, &mut reply);
                        if self.gate.is_over() {
                            return;
                        }
                        front = self.front();
                    }
                }
            }
        }
    }

    /// Whether a call can be run while nobody waits for requests and messages.
    #[inline]
    fn needs_nobody(&self, front: &Front, client: &Client, request: &Request) -> bool {
        if self.may_ask(client, request.function) {
            return false;
        }
        self.threads == 1
            || !front.server.has_several() && self.affine.is_empty() && !self.is_blocking(request.function)
    }

    /// Whether C may ask something during that call.
    #[inline]
    fn may_ask(&self, client: &Client, function: u32) -> bool {
        client.has_callables()
            || client.conversation.is_late()
            || !self.callbacks.is_empty() && (function >= SYNC || self.callbacks.has(FunctionId(function)))
    }

    fn is_blocking(&self, function: u32) -> bool {
        function == BATCH || self.marshal.functions().declaration(FunctionId(function)).is_some_and(|f| f.blocking)
    }

    /// A call in which nothing is asked.
    #[inline]
    fn plain(self: &Arc<Self>, client: &Arc<Client>, station: &Station, request: &Request, reply: &mut Reply) {
        self.hand_over(client, station);
        self.serve(client, station, &station.row, &NoCallables, request, reply);
        self.hand_back();
        client.line.reply(reply);
    }

    /// A call for which this thread has let go of the front.
    fn dispatch(
        self: &Arc<Self>,
        client: &Arc<Client>,
        station: &Station,
        request: &mut Box<Request>,
        reply: &mut Reply,
    ) {
        if self.is_affine(request.function) {
            let request = std::mem::replace(request, Box::new(Request::EMPTY));
            return self.gate.post(Job::Call(client.clone(), request));
        }
        self.run_one(client, station, request, reply);
    }

    /// A client's request, from its taking to the end of its call.
    pub(crate) fn run_one(
        self: &Arc<Self>,
        client: &Arc<Client>,
        station: &Station,
        request: &Request,
        reply: &mut Reply,
    ) {
        self.hand_over(client, station);
        let listens = if client.conversation.is_late() {
            self.refuse(client, &client.conversation.tell_late(request), request, reply);
            true
        } else {
            self.conversed(client, station, &station.row, request, reply)
        };
        self.hand_back();
        if listens {
            client.line.reply(reply);
        } else {
            client.line.abandon();
        }
        // Without the front: whoever waits with it goes on waiting.
        if client.end() {
            self.end(client, false);
        }
    }

    /// A call in which C may ask. Whether the client waits for its end.
    fn conversed(
        self: &Arc<Self>,
        client: &Arc<Client>,
        station: &Station,
        row: &Row,
        request: &Request,
        reply: &mut Reply,
    ) -> bool {
        let level = client.conversation.enter(row);
        let asking = Asking { service: self, client, level };
        self.serve(client, station, row, &asking, request, reply);
        client.conversation.leave(level)
    }

    /// A client's call inside of a callback. Whether it waits for the end.
    pub(crate) fn nested(
        self: &Arc<Self>,
        client: &Arc<Client>,
        row: &Row,
        request: &Request,
        reply: &mut Reply,
    ) -> bool {
        if self.is_affine(request.function)
            && let Some(told) = self.elsewhere(client, row, request, reply)
        {
            return told;
        }
        let served = Station::visit(row, |station| self.conversed(client, station, row, request, reply));
        served.unwrap_or_else(|error| {
            let text = format_args!("no room for a call inside of a callback: {error}");
            self.refuse(client, &Refusal::new(Status::TooMany, text), request, reply);
            true
        })
    }

    /// On the first thread, unless this is it.
    fn elsewhere(&self, client: &Arc<Client>, row: &Row, request: &Request, reply: &mut Reply) -> Option<bool> {
        if Station::is_first() {
            return None;
        }
        let (sender, receiver) = mpsc::sync_channel(1);
        let (client, row, request) = (client.clone(), row.clone(), Box::new(*request));
        self.gate.post(Job::Nested { client, row, request, reply: sender });
        let (told, answer) = receiver.recv().ok()?;
        *reply = *answer;
        Some(told)
    }

    fn is_affine(&self, function: u32) -> bool {
        !self.affine.is_empty() && self.affine.get(function as usize).copied().unwrap_or(function >= SYNC)
    }

    /// One request, up to its reply.
    #[inline]
    fn serve(
        &self,
        client: &Client,
        station: &Station,
        row: &Row,
        callables: &dyn Callables,
        request: &Request,
        reply: &mut Reply,
    ) {
        if request.function >= SYNC {
            return self.special(client, station, row, callables, request, reply);
        }
        if let Err(refusal) = self.admit(client, request) {
            return self.refuse(client, &refusal, request, reply);
        }
        row.begin(client.line.id(), request.function);
        self.call(client, station, callables, request, reply);
        row.end();
    }

    /// A call that has been admitted. How much of the arena is in use afterwards.
    #[inline]
    pub(crate) fn call(
        &self,
        client: &Client,
        station: &Station,
        callables: &dyn Callables,
        request: &Request,
        reply: &mut Reply,
    ) -> u64 {
        let mut origin = Origin::new(client.line.id(), client.line.arena(), callables);
        origin.bounds = client.policy.as_ref().and_then(|policy| policy.bounds(FunctionId(request.function)));
        let reached = self.marshal.call(&station.workspace, &origin, request, reply);
        if client.line.revoked() {
            self.refuse(client, &revoked(), request, reply);
        }
        reached
    }

    fn special(
        &self,
        client: &Client,
        station: &Station,
        row: &Row,
        callables: &dyn Callables,
        request: &Request,
        reply: &mut Reply,
    ) {
        match request.function {
            BATCH => batch::run(self, client, station, row, callables, request, reply),
            CLOSE | SYNC => {
                row.begin(client.line.id(), request.function);
                self.object(client, station, callables, request, reply);
                row.end();
            }
            _ => {
                debug_assert_eq!(request.function, ANSWER);
                let refusal = Refusal::new(Status::Malformed, "an answer to no question");
                self.refuse(client, &refusal, request, reply);
            }
        }
    }

    /// A request about an object instead of a function.
    pub(crate) fn object(
        &self,
        client: &Client,
        station: &Station,
        callables: &dyn Callables,
        request: &Request,
        reply: &mut Reply,
    ) {
        if client.line.revoked() {
            return self.refuse(client, &revoked(), request, reply);
        }
        let origin = Origin::new(client.line.id(), client.line.arena(), callables);
        match request.function {
            CLOSE => {
                callables.starts(request.arena_used);
                self.marshal.close(&station.workspace, &origin, request, reply);
                if let Some(refusal) = callables.ended() {
                    self.refuse(client, &refusal, request, reply);
                }
            }
            _ => self.marshal.sync(&origin, request, reply),
        }
    }

    /// Whether the client may make this call now.
    #[inline]
    pub(crate) fn admit(&self, client: &Client, request: &Request) -> Result<(), Box<Refusal>> {
        if client.line.revoked() {
            return Err(revoked());
        }
        let function = FunctionId(request.function);
        let admitted = client.policy.as_ref().ok_or(Denial::Function).and_then(|policy| policy.admit(function));
        admitted.map_err(|denial| self.denied(function, &denial))
    }

    /// Answers without a call.
    #[cold]
    pub(crate) fn refuse(&self, client: &Client, refusal: &Refusal, request: &Request, reply: &mut Reply) {
        refusal.write(reply, Some(client.line.arena()), request.arena_used);
    }

    #[cold]
    fn denied(&self, function: FunctionId, denial: &Denial) -> Box<Refusal> {
        let status = match denial {
            Denial::Calls(_) | Denial::Rate { .. } => Status::QuotaExceeded,
            Denial::Function => Status::Denied,
        };
        match self.marshal.functions().declaration(function) {
            Some(declared) => Refusal::new(status, format_args!("{}: {denial}", declared.name)),
            None => Refusal::new(Status::Malformed, format_args!("there is no function {}", function.0)),
        }
    }

    /// Another client's turn: nothing that the previous one's calls changed on this thread must be there, nor in the process,
    /// if no other call runs now. (While one does, what its library changes in the process is there for all: that is what
    /// `thread_safe` promises to be harmless.)
    #[inline]
    fn hand_over(&self, client: &Client, station: &Station) {
        let id = Some(client.line.id());
        if self.threads > 1 {
            let mut running = self.running();
            if running.count == 0 && running.latest.is_some_and(|latest| Some(latest) != id) {
                self.state.restore_process();
            }
            running.latest = id;
            running.count += 1;
        }
        if station.latest.get() != id && station.latest.replace(id).is_some() {
            self.state.restore_thread();
            if self.threads == 1 {
                self.state.restore_process();
            }
        }
    }

    /// The turn is over.
    #[inline]
    fn hand_back(&self) {
        if self.threads > 1 {
            self.running().count -= 1;
        }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// While a callable runs: what the broker has sent.
    pub(crate) fn hear(&self) {
        // Whoever holds the front looks at the bell, too.
        let Ok(mut front) = self.front.try_lock() else { return std::thread::yield_now() };
        if self.alone.load(Ordering::Relaxed) {
            front.look_at_terms();
        } else if front.server.hear()
            && let Err(ended) = self.messages(&mut front, true)
        {
            self.gate.end(Some(ended));
        }
    }

    /// Everything that the broker has sent; `inside` of a call, the objects of a client that leaves have to wait.
    fn messages(&self, front: &mut Front, inside: bool) -> Result<(), Ended> {
        while let Some((message, descriptors)) = self.control.try_receive::<ToZone>()? {
            match message {
                ToZone::Attach { channel, grant } => self.attach(front, channel, &grant, descriptors)?,
                ToZone::Detach { channel } => self.detach(front, channel, inside)?,
                ToZone::Load { .. } => return Err(Ended::Unexpected("a second `Load`")),
            }
        }
        Ok(())
    }

    fn attach(&self, front: &mut Front, id: ChannelId, grant: &Grant, descriptors: Vec<OwnedFd>) -> Result<(), Ended> {
        let mut descriptors = descriptors.into_iter();
        let (Some(channel), Some(terms)) = (descriptors.next(), descriptors.next()) else {
            return Err(Ended::Unexpected("`Attach` comes with a channel and its terms"));
        };
        let account = descriptors.next().map(|account| Account::open(&account));
        let account = account.transpose().map_err(|error| Ended::Attach(id, error))?;
        let slot = front.server.attach(id, channel, terms).map_err(|error| Ended::Attach(id, error))?;
        let policy = Policy::new(grant, &self.marshal.functions().interface, account).ok();
        let Some(line) = front.server.line(slot).cloned() else { return Ok(()) };
        front.place(slot, Client::new(line, policy));
        Ok(())
    }

    fn detach(&self, front: &mut Front, id: ChannelId, inside: bool) -> Result<(), Ended> {
        let client = front.server.detach(id).and_then(|slot| front.clients.get_mut(slot.index())?.take());
        match client {
            Some(client) if client.leave() => {
                if inside {
                    self.control.send(&FromZone::Detached { channel: id }, &[])?;
                }
                front.leaving.push((client, inside));
            }
            // Whoever runs its call ends it.
            Some(_) => {}
            None => self.control.send(&FromZone::Detached { channel: id }, &[])?,
        }
        Ok(())
    }

    /// Ends what a client has left behind.
    fn end(&self, client: &Arc<Client>, told: bool) {
        if !self.affine.is_empty() && !Station::is_first() {
            return self.gate.post(Job::End(client.clone()));
        }
        let id = client.line.id();
        let ended = Station::visit(&self.row, |station| {
            // None of the zone's functions has that number: the zone's own deadline holds.
            station.row.begin_many(id, CLOSE, 0);
            self.marshal.end_client(&station.workspace, id, &NoCallables);
            station.row.end();
            station.workspace.trim();
        });
        debug_assert!(ended.is_ok(), "every thread that gets here has a station");
        client.forget_callables();
        if !told {
            // If the broker does not hear it, it is gone.
            let _ = self.control.send(&FromZone::Detached { channel: id }, &[]);
        }
    }
}

impl Service {
    /// From now on this process runs a single call.
    pub(crate) fn be_alone(&self) {
        self.alone.store(true, Ordering::Relaxed);
    }

    /// For a process that runs no calls itself: the next request, and whose it is.
    pub(crate) fn next(&self, request: &mut Request) -> Result<Arc<Client>, Ended> {
        let mut front = self.front();
        loop {
            match front.server.wait(request) {
                Turn::Control => {
                    self.messages(&mut front, false)?;
                    std::mem::take(&mut front.leaving).iter().for_each(|(client, told)| self.end(client, *told));
                }
                Turn::Request(slot) => {
                    if let Some(Some(client)) = front.clients.get(slot.index()) {
                        return Ok(client.clone());
                    }
                }
            }
        }
    }
}

impl Front {
    /// Without a look at the broker's messages: who waits for a client that it has let go waits in vain.
    fn look_at_terms(&mut self) {
        self.server.hear();
        for client in self.clients.iter().flatten().filter(|client| client.line.revoked()) {
            self.server.detach(client.line.id());
        }
    }

    fn place(&mut self, slot: Slot, client: Arc<Client>) {
        if self.clients.len() <= slot.index() {
            self.clients.resize(slot.index() + 1, None);
        }
        self.clients[slot.index()] = Some(client);
    }
}

impl Crew {
    /// Serves until the broker is gone, or says something that no broker says.
    pub fn serve(self) -> Ended {
        let (service, station) = (&self.service, &*self.station);
        Station::be_first();
        service.gate.open();
        if service.affine.is_empty() {
            service.work(station);
        } else {
            service.first(station);
        }
        service.gate.end(None);
        service.gate.reason().unwrap_or(Ended::Control(ControlError::Closed))
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.service.gate.end(None);
    }
}

impl Service {
    /// The first thread's loop, where objects belong to it.
    fn first(self: &Arc<Self>, station: &Station) {
        let mut reply = Box::new(empty_reply());
        while let Some(job) = self.gate.next() {
            match job {
                Job::Call(client, request) => self.run_one(&client, station, &request, &mut reply),
                Job::End(client) => self.end(&client, false),
                Job::Nested { client, row, request, reply: sender } => {
                    let told = self.conversed(&client, station, &row, &request, &mut reply);
                    // Whoever asked waits for it.
                    let _ = sender.send((told, reply.clone()));
                }
            }
        }
    }
}

/// Another thread: it waits at the gate with its station ready.
fn hire(service: &Arc<Service>, row: Row) -> std::io::Result<()> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let service = service.clone();
    let run = move || {
        let station = Station::settle(&service.marshal, row);
        let ready = station.as_ref().map(|_| ()).map_err(|error| (*error).into());
        // If nobody hears it, the gate ends.
        let _ = sender.send(ready);
        if let Ok(station) = station
            && service.gate.pass()
        {
            service.work(&station);
        }
    };
    std::thread::Builder::new().name("calls".to_owned()).stack_size(limits::STACK_BYTES as usize).spawn(run)?;
    receiver.recv().unwrap_or_else(|_| Err(std::io::Error::other("a thread has ended early")))
}

#[cold]
fn revoked() -> Box<Refusal> {
    Refusal::new(Status::Revoked, "the grant has been revoked")
}

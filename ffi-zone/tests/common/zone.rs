//! A zone on threads of this process, and clients of it that can answer questions.

use super::{Argument, CALL_BYTES, explanation, request};
use cloison_contract::call::{ANSWER, MAX_WORDS, Reply, Request, Status};
use cloison_contract::message::{ChannelId, FromZone, Telling, ToZone};
use cloison_contract::{FunctionId, Grant, Interface};
use cloison_transport::account::Account;
use cloison_transport::channel::Channel;
use cloison_transport::client::Caller;
use cloison_transport::control::Control;
use cloison_transport::server::Server;
use cloison_transport::status::StatusPage;
use cloison_zone::marshal::Marshal;
use cloison_zone::marshal::functions::Functions;
use cloison_zone::native::state::State;
use cloison_zone::serve::{self, ServeError};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Longer than anything takes.
pub const LONG: Duration = Duration::from_secs(20);

/// A zone puts the process's environment and locale back, so there can only be one in a process at a time.
static ALONE: Mutex<()> = Mutex::new(());

pub struct Zone {
    _alone: MutexGuard<'static, ()>,
    control: Option<Control>,
    pub status: StatusPage,
    thread: Option<JoinHandle<ServeError>>,
    pub interface: Interface,
}

pub struct Client {
    pub id: ChannelId,
    pub channel: Channel,
    pub caller: Caller,
    /// What it has used.
    pub account: Account,
}

/// What C asks.
#[derive(Debug)]
pub struct CallbackQuestion {
    pub callable: u64,
    pub depth: u64,
    pub in_use: u64,
    pub words: Vec<u64>,
}

/// What a callable does.
pub enum Answer {
    Returns(Vec<u64>),
    Raises,
    /// Whatever a client could post; nothing must come of it.
    Posts(Box<Request>),
}

impl Zone {
    pub fn start(interface: Interface, functions: fn(Interface) -> Functions) -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let (control, theirs) = Control::pair().expect("sockets");
        let (status, page) = StatusPage::create().expect("status page");
        let own = interface.clone();
        let thread = std::thread::spawn(move || {
            let (marshal, server) = (Marshal::new(functions(own)), Server::new(page).expect("server"));
            serve::run(Arc::new(theirs), server, marshal, State::of_this_thread()).expect("threads")
        });
        Self { _alone: alone, control: Some(control), status, thread: Some(thread), interface }
    }

    pub fn control(&self) -> &Control {
        self.control.as_ref().expect("open")
    }

    pub fn attach(&self, id: u64, grant: Grant) -> Client {
        self.attach_telling(id, grant, Telling::Nothing)
    }

    /// One of whose calls the broker wants to hear.
    pub fn attach_telling(&self, id: u64, grant: Grant, tells: Telling) -> Client {
        let (channel, descriptors) = Channel::create(CALL_BYTES).expect("channel");
        let id = ChannelId(id);
        let account = cloison_transport::account::create().expect("account");
        let all = [descriptors.channel.as_fd(), descriptors.terms.as_fd(), account.as_fd()];
        self.control()
            .send(
                &ToZone::Attach { channel: id, quotas: vec![grant.quota], grant, tells, records: false, client: None },
                &all,
            )
            .expect("sent");
        self.status.ring();
        let account = Account::open(&account).expect("account");
        Client { id, channel, caller: Caller::open(descriptors.channel, descriptors.terms).expect("caller"), account }
    }

    /// Waits until the zone has let go of it.
    pub fn detach(&self, id: ChannelId) {
        self.leave(id);
        self.left(id);
    }

    pub fn leave(&self, id: ChannelId) {
        self.control().send(&ToZone::Detach { channel: id }, &[]).expect("sent");
        self.status.ring();
    }

    /// Waits until the zone has given up a callable of that client.
    pub fn callback_timeout(&self, id: ChannelId) {
        while !matches!(self.control().receive().expect("a message").0, FromZone::CallbackTimeout { channel } if channel == id)
        {
        }
    }

    pub fn left(&self, id: ChannelId) {
        let (message, _) = self.control().receive::<FromZone>().expect("answer");
        assert!(matches!(message, FromZone::Detached { channel } if channel == id), "{message:?}");
    }

    pub fn everything(&self) -> Grant {
        Grant::new((0..self.interface.functions.len()).map(|index| FunctionId(index as u32)))
    }

    pub fn id(&self, name: &str) -> FunctionId {
        self.interface.function(name).expect("such a function").0
    }

    pub fn call(&self, client: &mut Client, name: &str, arguments: &[Argument<'_>]) -> Reply {
        self.converse(client, name, arguments, |_, question| panic!("{question:?}"))
    }

    /// A call whose questions are answered.
    pub fn converse(
        &self,
        client: &mut Client,
        name: &str,
        arguments: &[Argument<'_>],
        answer: impl FnMut(&mut Client, &CallbackQuestion) -> Answer,
    ) -> Reply {
        let request = request(self.id(name), arguments, client.caller.arena());
        client.converse(&request, answer)
    }

    pub fn stop(mut self) -> ServeError {
        // Shut down and not only closed: a program that another test starts at this moment has copies of all descriptors until its
        // `exec`, and the zone, which looks when it is rung for, would see an open socket and wait for ever.
        let control = self.control.take().expect("open");
        rustix::net::shutdown(&control, rustix::net::Shutdown::Both).expect("a socket");
        drop(control);
        self.status.ring();
        self.thread.take().expect("running").join().expect("no panic")
    }
}

impl Client {
    pub fn converse(
        &mut self,
        request: &Request,
        mut answer: impl FnMut(&mut Self, &CallbackQuestion) -> Answer,
    ) -> Reply {
        let mut status = self.caller.call(request, LONG).expect("a reply");
        while status == Status::Callback {
            let question = CallbackQuestion::of(self.caller.reply());
            let next = match answer(self, &question) {
                Answer::Returns(results) => question.answer(1, &results),
                Answer::Raises => question.answer(0, &[]),
                Answer::Posts(request) => *request,
            };
            status = self.caller.call(&next, LONG).expect("a reply");
        }
        *self.caller.reply()
    }

    /// What stands at that place.
    pub fn bytes(&self, offset: u64, length: u64) -> Vec<u8> {
        self.caller.arena().read(offset, length).expect("in the arena")
    }

    pub fn explanation(&self, reply: &Reply) -> String {
        explanation(reply, self.caller.arena())
    }
}

impl CallbackQuestion {
    pub fn of(reply: &Reply) -> Self {
        let [callable, depth, in_use, words @ ..] = &reply.words[..reply.count as usize] else {
            panic!("{reply:?}");
        };
        Self { callable: *callable, depth: *depth, in_use: *in_use, words: words.to_vec() }
    }

    pub fn answer(&self, returned: u64, results: &[u64]) -> Request {
        let mut request = Request { function: ANSWER, count: 2, arena_used: self.in_use, words: [0; MAX_WORDS] };
        request.words[..2].copy_from_slice(&[self.depth, returned]);
        request.words[2..2 + results.len()].copy_from_slice(results);
        request.count += results.len() as u32;
        request
    }
}

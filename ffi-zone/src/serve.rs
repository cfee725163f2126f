//! The loop: wait, check, call, reply.
//!
//! # Messages while serving
//!
//! | from | message | what happens | answer |
//! |---|---|---|---|
//! | broker | `Attach` | the channel is mapped, its grant becomes a [`Policy`] | none |
//! | broker | `Detach` | the channel is unmapped, large buffers are given back | `Detached` |
//! | broker | anything else | the zone ends: this is not the broker it knows | |
//!
//! # One call
//!
//! 1. Is the grant alive, and does it allow the function, now? (`Revoked`, `Denied`, `QuotaExceeded`)
//! 2. The status page says which function runs, for whom, since when: the broker enforces the deadline.
//! 3. [`Marshal::call`]: arguments, bounds, the call, results.
//! 4. The reply, unless the grant was taken back meanwhile: then that is the reply.
//!
//! Crashes, `exit` and endless loops of the library need nothing here: they end or occupy this process, and the broker,
//! whose child it is, sees that.

use crate::marshal::Marshal;
use crate::per_call::Calls;
use crate::policy::{Denial, Policy};
use crate::refusal::Refusal;
use crate::state::State;
use cloison_capabilities::call::{Request, Status};
use cloison_capabilities::message::{ChannelId, FromZone, ToZone};
use cloison_capabilities::{FunctionId, Grant};
use cloison_transport::ChannelError;
use cloison_transport::account::Account;
use cloison_transport::control::{Control, ControlError};
use cloison_transport::line::Line;
use cloison_transport::server::{Server, Turn};
use cloison_transport::status::Row;
use std::os::fd::OwnedFd;

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

/// Serves until the broker is gone.
pub fn run(control: &Control, server: Server, marshal: Marshal, state: &State, mut calls: Option<Calls>) -> Ended {
    let row = server.row(0).expect("there is one");
    let mut service = Service { control, server, marshal, state, clients: Vec::new(), latest: None, row: row.clone() };
    let mut request = Request::EMPTY;
    loop {
        match service.server.wait(&mut request) {
            Turn::Control => {
                if let Err(ended) = service.messages() {
                    return ended;
                }
            }
            Turn::Request(slot) => {
                let Some(line) = service.server.line(slot).cloned() else { continue };
                match &mut calls {
                    Some(calls) => calls.run(&line, &row, &request, || service.request(&line, &request)),
                    None => service.request(&line, &request),
                }
            }
        }
    }
}

struct Service<'a> {
    control: &'a Control,
    server: Server,
    marshal: Marshal,
    state: &'a State,
    clients: Vec<Client>,
    /// Whose call was the latest.
    latest: Option<ChannelId>,
    row: Row,
}

struct Client {
    id: ChannelId,
    /// `None` if the grant made no sense: then nothing is allowed.
    policy: Option<Policy>,
}

impl Service<'_> {
    /// Everything that the broker has sent.
    fn messages(&mut self) -> Result<(), Ended> {
        while let Some((message, descriptors)) = self.control.try_receive::<ToZone>()? {
            match message {
                ToZone::Attach { channel, grant } => self.attach(channel, &grant, descriptors)?,
                ToZone::Detach { channel } => self.detach(channel)?,
                ToZone::Load { .. } => return Err(Ended::Unexpected("a second `Load`")),
            }
        }
        Ok(())
    }

    fn attach(&mut self, id: ChannelId, grant: &Grant, descriptors: Vec<OwnedFd>) -> Result<(), Ended> {
        let mut descriptors = descriptors.into_iter();
        let (Some(channel), Some(terms)) = (descriptors.next(), descriptors.next()) else {
            return Err(Ended::Unexpected("`Attach` comes with a channel and its terms"));
        };
        let account = descriptors.next().map(|account| Account::open(&account));
        let account = account.transpose().map_err(|error| Ended::Attach(id, error))?;
        self.server.attach(id, channel, terms).map_err(|error| Ended::Attach(id, error))?;
        let policy = Policy::new(grant, &self.marshal.functions().interface, account).ok();
        self.clients.push(Client { id, policy });
        Ok(())
    }

    fn detach(&mut self, id: ChannelId) -> Result<(), Ended> {
        self.server.detach(id);
        self.clients.retain(|client| client.id != id);
        self.marshal.trim();
        self.control.send(&FromZone::Detached { channel: id }, &[])?;
        Ok(())
    }

    #[inline]
    fn request(&mut self, line: &Line, request: &Request) {
        let refusal = match self.admit(line, request) {
            Ok(client) => return self.call(line, client, request),
            Err(refusal) => refusal,
        };
        line.reply(self.marshal.refuse(&refusal, request, Some(line.arena())));
    }

    /// Whether the client may make this call; its place among the clients.
    #[inline]
    fn admit(&mut self, line: &Line, request: &Request) -> Result<usize, Box<Refusal>> {
        let id = line.id();
        if line.revoked() {
            return Err(revoked());
        }
        let function = FunctionId(request.function);
        let index = self.clients.iter().position(|client| client.id == id);
        let policy = index.and_then(|index| self.clients[index].policy.as_mut());
        let admitted = policy.ok_or(Denial::Function).and_then(|policy| policy.admit(function));
        match (index, admitted) {
            (Some(index), Ok(())) => {
                if self.latest != Some(id) {
                    self.hand_over(id);
                }
                Ok(index)
            }
            (_, Err(denial)) => Err(self.denied(function, &denial)),
            (None, Ok(())) => Err(self.denied(function, &Denial::Function)),
        }
    }

    #[inline]
    fn call(&mut self, line: &Line, client: usize, request: &Request) {
        self.row.begin(line.id(), request.function);
        let bounds =
            self.clients[client].policy.as_ref().and_then(|policy| policy.bounds(FunctionId(request.function)));
        let mut reply = self.marshal.call(request, bounds, line.arena());
        if line.revoked() {
            reply = self.marshal.refuse(&revoked(), request, Some(line.arena()));
        }
        self.row.end();
        line.reply(reply);
    }

    /// Another client's turn: nothing that the previous one's calls changed must be there.
    fn hand_over(&mut self, id: ChannelId) {
        if self.latest.is_some() {
            self.state.restore();
        }
        self.latest = Some(id);
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
}

#[cold]
fn revoked() -> Box<Refusal> {
    Refusal::new(Status::Revoked, "the grant has been revoked")
}

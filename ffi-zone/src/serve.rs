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

use crate::callables::NoCallables;
use crate::marshal::{Marshal, Origin};
use crate::policy::{Denial, Policy};
use crate::refusal::{Refusal, empty_reply};
use crate::state::State;
use crate::workspace::Workspace;
use cloison_capabilities::call::{Reply, Request, Status};
use cloison_capabilities::message::{ChannelId, FromZone, ToZone};
use cloison_capabilities::{FunctionId, Grant};
use cloison_transport::ChannelError;
use cloison_transport::account::Account;
use cloison_transport::control::{Control, ControlError};
use cloison_transport::server::{Server, Slot, Turn};
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
pub fn run(control: &Control, server: Server, marshal: &Marshal, workspace: &Workspace, state: &State) -> Ended {
    let (clients, reply) = (Vec::new(), empty_reply());
    let mut service = Service { control, server, marshal, workspace, state, clients, latest: None, reply };
    let mut request = Request::EMPTY;
    loop {
        match service.server.wait(&mut request) {
            Turn::Control => {
                if let Err(ended) = service.messages() {
                    return ended;
                }
            }
            Turn::Request { slot, id } => service.request(slot, id, &request),
        }
    }
}

struct Service<'a> {
    control: &'a Control,
    server: Server,
    marshal: &'a Marshal,
    workspace: &'a Workspace,
    state: &'a State,
    clients: Vec<Client>,
    /// Whose call was the latest.
    latest: Option<ChannelId>,
    /// Too large to be handed about.
    reply: Reply,
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
        self.workspace.trim();
        self.control.send(&FromZone::Detached { channel: id }, &[])?;
        Ok(())
    }

    #[inline]
    fn request(&mut self, slot: Slot, id: ChannelId, request: &Request) {
        let refusal = match self.admit(slot, id, request) {
            Ok(client) => return self.call(slot, client, request),
            Err(refusal) => refusal,
        };
        refusal.write(&mut self.reply, self.server.arena(slot), request.arena_used);
        self.server.reply(slot, &self.reply);
    }

    /// Whether the client may make this call; its place among the clients.
    #[inline]
    fn admit(&mut self, slot: Slot, id: ChannelId, request: &Request) -> Result<usize, Box<Refusal>> {
        if self.server.revoked(slot) {
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
    fn call(&mut self, slot: Slot, client: usize, request: &Request) {
        self.server.begin(slot, request.function);
        let Client { id, policy } = &self.clients[client];
        let Some(arena) = self.server.arena(slot) else { return };
        let mut origin = Origin::new(*id, arena, &NoCallables);
        origin.bounds = policy.as_ref().and_then(|policy| policy.bounds(FunctionId(request.function)));
        self.marshal.call(self.workspace, &origin, request, &mut self.reply);
        if self.server.revoked(slot) {
            revoked().write(&mut self.reply, self.server.arena(slot), request.arena_used);
        }
        self.server.reply(slot, &self.reply);
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

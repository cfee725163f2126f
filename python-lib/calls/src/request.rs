//! A channel for a request, and the request on it.

use crate::client::{CallClient, Host};
use crate::connection::{Connection, OpenChannel};
use crate::conversation::ConversationEnd;
use crate::fault::CallFault;
use cloison_contract::call::{Request, Status};
use cloison_contract::message::End;
use cloison_transport::client::CallError;
use cloison_transport::{Arena, OutOfRange};
use std::cell::RefMut;

impl<H: Host> Connection<H> {
    /// The channel, for a moment in which no callable runs. What was left on it has ended.
    #[inline]
    pub fn channel<C: CallClient<Host = H>>(&self, client: &C) -> Result<RefMut<'_, Option<OpenChannel<H>>>, C::Error> {
        let mut channel = self.borrow().ok_or_else(|| client.fault(CallFault::Busy))?;
        if channel.as_ref().is_some_and(|open| open.left) {
            self.catch_up(&mut channel, client)?;
        }
        Ok(channel)
    }

    /// Wait for the end of what was left. How it ended is nobody's concern, but for a channel that is of no use any more.
    fn catch_up<C: CallClient<Host = H>>(
        &self,
        channel: &mut Option<OpenChannel<H>>,
        client: &C,
    ) -> Result<(), C::Error> {
        while let Some(open) = channel {
            match open.caller.resume() {
                Err(CallError::Interrupted) => client.look()?,
                // A question has no place here: what is left asks none.
                Ok(Status::Callback) | Err(CallError::DeadlineExceeded | CallError::Malformed) => {
                    self.give_up(channel, "close", client);
                }
                Ok(_) | Err(CallError::Ended) => {
                    open.left = false;
                    break;
                }
            }
        }
        Ok(())
    }

    /// Make one call, and come back at the first that happens: mostly its end.
    #[inline]
    pub fn call<'a, C: CallClient<Host = H>>(
        &'a self,
        client: &C,
        request: &Request,
        write: impl FnOnce(&Arena) -> Result<(), OutOfRange>,
    ) -> Result<FirstReply<'a, H>, C::Error> {
        let mut channel = self.channel(client)?;
        let open = match &mut *channel {
            Some(open) if open.caller.is_live() => open,
            slot => self.reopen(slot, client)?,
        };
        if !open.has_room(request.arena_used, client.nesting().mark() == 0) {
            return Err(client.fault(CallFault::NoMemory));
        }
        let outcome = self.post(open, client, request, write)?;
        Ok((channel, outcome))
    }

    /// Make a request that is about what the zone has: without a live channel it is stale. It is gone on with until it has ended.
    pub fn exchange<'a, C: CallClient<Host = H>>(
        &'a self,
        client: &C,
        request: &Request,
        write: impl FnOnce(&Arena) -> Result<(), OutOfRange>,
    ) -> Result<ConversationEnd<'a, H, C::Error, C::Asked>, C::Error> {
        let mut channel = self.channel(client)?;
        let Some(open) = channel.as_mut().filter(|open| open.caller.is_heard()) else {
            return Err(client.fault(CallFault::Stale));
        };
        let outcome = self.post(open, client, request, write)?;
        let mut end = self.converse(client, channel, outcome)?;
        match end.outcome {
            Ok(_) => Ok(end),
            Err(failure) => {
                let error = self.failed(client, failure, &mut end.channel);
                Err(end.raised.unwrap_or(error))
            }
        }
    }

    #[inline]
    fn post<C: CallClient<Host = H>>(
        &self,
        open: &mut OpenChannel<H>,
        client: &C,
        request: &Request,
        write: impl FnOnce(&Arena) -> Result<(), OutOfRange>,
    ) -> Result<Result<Status, CallError>, C::Error> {
        if write(open.caller.arena()).is_err() {
            let room = open.caller.arena().len();
            return Err(client.fault(CallFault::TooLarge { used: request.arena_used, room }));
        }
        self.count_call();
        Ok(open.caller.call(request, client.deadline()))
    }

    /// Post a request whose end nobody waits for: whatever is called next comes after it. Nothing is posted without a live channel. Not
    /// inside of callables, and not for what may ask something.
    pub fn leave<C: CallClient<Host = H>>(&self, client: &C, request: &Request) -> Result<(), C::Error> {
        let mut channel = self.channel(client)?;
        if let Some(open) = channel.as_mut().filter(|open| open.caller.is_live()) {
            self.count_call();
            open.caller.post(request, client.deadline());
            open.left = true;
        }
        Ok(())
    }

    /// Have a channel, for what is built in its arena before it is posted.
    pub fn ensure_open<C: CallClient<Host = H>>(&self, client: &C) -> Result<(), C::Error> {
        let mut channel = self.channel(client)?;
        match &mut *channel {
            Some(open) if open.caller.is_live() => Ok(()),
            slot => self.reopen(slot, client).map(drop),
        }
    }

    /// A first channel, or another one after the last has ended while nobody waited. If the grant was revoked, that is
    /// the answer.
    #[cold]
    fn reopen<'a, C: CallClient<Host = H>>(
        &self,
        slot: &'a mut Option<OpenChannel<H>>,
        client: &C,
    ) -> Result<&'a mut OpenChannel<H>, C::Error> {
        if let Some(end @ (End::Expired | End::Revoked)) = self.bury(slot, client)? {
            return Err(client.fault(CallFault::Ended(end)));
        }
        if client.nesting().depth() > 0 {
            // Calls wait for their ends on the channel that is gone; they have to hear of it first.
            return Err(client.fault(self.lost().into()));
        }
        match client.open()? {
            Some((id, caller)) => Ok(slot.insert(OpenChannel::new(id, caller))),
            None => Err(client.fault(CallFault::Outdated)),
        }
    }

    /// The error for a call without a reply.
    #[cold]
    pub fn failed<C: CallClient<Host = H>>(
        &self,
        client: &C,
        failure: CallError,
        channel: &mut Option<OpenChannel<H>>,
    ) -> C::Error {
        let fault = match failure {
            CallError::Ended => match self.bury(channel, client) {
                Ok(Some(end @ End::Replaced { unfinished: false })) if client.nesting().depth() == 0 => {
                    CallFault::NotBegun(end)
                }
                Ok(Some(end)) => CallFault::Ended(end),
                Ok(None) => CallFault::EndedUnexplained,
                Err(error) => return error,
            },
            CallError::DeadlineExceeded => {
                self.give_up(channel, client.function(), client);
                CallFault::DeadlineExceeded
            }
            CallError::Interrupted | CallError::Malformed => {
                self.give_up(channel, client.function(), client);
                CallFault::Broken(failure)
            }
        };
        client.fault(fault)
    }
}

/// The channel of a call, and the first that has happened on it.
pub type FirstReply<'a, H> = (RefMut<'a, Option<OpenChannel<H>>>, Result<Status, CallError>);

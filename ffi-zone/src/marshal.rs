//! From a request's words to a C call and back: the steps of a [`crate::plan::Plan`], carried out.
//!
//! Whatever stands in a request is a claim. Each word is checked here again, although an honest client has checked it
//! already; what the library says (lengths, strings) is a claim too and is checked against the room that it had.
//!
//! Where buffers are while the library runs:
//!
//! | | shared zone | one zone per client |
//! |---|---|---|
//! | input | copied to the scratch region | the arena itself |
//! | string | copied to the scratch region, with a NUL | the same |
//! | in-out | copied to the scratch region | copied behind the client's part of the arena |
//! | output | the scratch region, copied to the arena afterwards | the arena behind the client's part |
//!
//! Room for outputs is found before the call, so that a call whose results could not be delivered is not made.
//!
//! # Calls inside of calls
//!
//! While C runs, it may call a client's callable, and the client may then call again: on the same thread, through the
//! same [`Marshal`]. So a `Marshal` is only ever borrowed shared; what a call writes is its own desk and its own part of
//! the thread's [`Workspace`]. Several threads may each call with a workspace of their own.

use crate::call::Call;
use crate::callables::Callables;
use crate::functions::Functions;
use crate::policy::Bounds;
use crate::refusal::Refusal;
use crate::workspace::{Seat, Workspace};
use cloison_capabilities::FunctionId;
use cloison_capabilities::call::{Reply, Request, Status};
use cloison_capabilities::interface::Instances;
use cloison_capabilities::message::ChannelId;
use cloison_transport::Arena;

/// Whose call it is, and what goes with it.
pub struct Origin<'a> {
    /// Who calls.
    pub client: ChannelId,
    /// The bulk part of its channel.
    pub arena: &'a Arena,
    /// What its grant says about this function's arguments.
    pub bounds: Option<&'a Bounds>,
    /// Where callables become function pointers.
    pub callables: &'a dyn Callables,
}

impl<'a> Origin<'a> {
    /// A call of that client.
    pub fn new(client: ChannelId, arena: &'a Arena, callables: &'a dyn Callables) -> Self {
        Self { client, arena, bounds: None, callables }
    }
}

/// Everything that calls share.
pub struct Marshal {
    functions: Functions,
    direct: bool,
}

impl Marshal {
    /// Makes calls of these functions.
    pub fn new(functions: Functions) -> Self {
        Self { direct: functions.interface.sandbox.instances != Instances::Shared, functions }
    }

    /// What one thread needs for its calls.
    pub fn workspace(&self) -> rustix::io::Result<Workspace> {
        Workspace::new(self.functions.interface.sandbox.call_bytes)
    }

    /// The functions.
    pub fn functions(&self) -> &Functions {
        &self.functions
    }

    /// Makes the call, if its arguments fit and the bounds hold. How much of the arena is in use afterwards.
    #[inline]
    pub fn call(&self, workspace: &Workspace, origin: &Origin<'_>, request: &Request, reply: &mut Reply) -> u64 {
        reply.status = Status::Ok;
        reply.count = 0;
        let ended = match workspace.seat() {
            Some(mut seat) => {
                let ended = self.attempt(&mut seat, origin, request, reply);
                seat.leave();
                ended
            }
            None => Err(Refusal::new(Status::TooMany, "calls inside of callbacks are nested too deep")),
        };
        ended.unwrap_or_else(|refusal| {
            refusal.write(reply, Some(origin.arena), request.arena_used);
            request.arena_used
        })
    }

    #[inline]
    fn attempt(
        &self,
        seat: &mut Seat<'_>,
        origin: &Origin<'_>,
        request: &Request,
        reply: &mut Reply,
    ) -> Result<u64, Box<Refusal>> {
        let id = FunctionId(request.function);
        let Some((entry, function)) = self.functions.get(id).zip(self.functions.declaration(id)) else {
            return Err(Refusal::new(Status::Malformed, format_args!("there is no function {}", id.0)));
        };
        let mut call = Call {
            functions: &self.functions,
            entry,
            function,
            desk: &mut seat.desk,
            scratch: &mut seat.part,
            origin,
            arena: origin.arena,
            direct: self.direct,
            used: request.arena_used,
            cursor: request.arena_used,
            numbers: 0,
            cells: 0,
            outcome: None,
        };
        call.take(request)?;
        if let Some(bounds) = origin.bounds {
            call.hold(&bounds.early)?;
            call.make_rooms()?;
            call.hold(&bounds.late)?;
        } else {
            call.make_rooms()?;
        }
        origin.callables.starts(call.cursor);
        call.outcome = Some(entry.call(&mut call.desk.frame));
        if let Some(refusal) = origin.callables.ended() {
            return Err(refusal);
        }
        call.judge()?;
        let given = call.give(reply);
        call.free();
        given.map(|()| call.cursor)
    }
}

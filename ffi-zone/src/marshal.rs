//! From a request's words to a C call and back: what a [`crate::marshal::plan::CallPlan`] says, carried out.
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
//! | record, array of records or strings, wide number | the scratch region, made right there | the same |
//! | what the library keeps | memory that stays, see [`crate::objects::retained`] | the same |
//! | output | the scratch region, copied to the arena afterwards | the arena behind the client's part |
//!
//! Room for outputs is found before the call, so that a call whose results could not be delivered is not made.
//!
//! # Calls inside of calls
//!
//! While C runs, it may call a client's callable, and the client may then call again: on the same thread, through the
//! same [`Marshal`]. So a `Marshal` is only ever borrowed shared; what a call writes is its own `CallState` and its own part of
//! the thread's [`Workspace`]. Several threads may each call with a workspace of their own.

#![deny(clippy::wildcard_enum_match_arm)]

mod arguments;
mod bounds;
pub(crate) mod call;
#[allow(unsafe_code, reason = "C's arguments are where C says that they are")]
pub(crate) mod callback_call;
#[allow(unsafe_code, reason = "C is called with arguments that safe code has made")]
mod calling;
#[allow(unsafe_code, reason = "what C takes for an address is what the caller says is one")]
pub mod functions;
pub mod incoming;
pub mod number;
#[allow(unsafe_code, reason = "what C has left is read where C says that it is")]
pub(crate) mod outgoing;
mod outputs;
pub mod plan;
pub mod refusal;
#[allow(unsafe_code, reason = "what the library has given is freed by the function that frees it")]
pub(crate) mod results;
#[allow(unsafe_code, reason = "what C has left is read where C says that it is")]
pub(crate) mod shape;
pub(crate) mod tidy;
pub mod translation;
pub mod workspace;

use crate::callback::callables::CallbackSource;
use crate::marshal::call::{Call, Step};
use crate::marshal::calling::finish;
use crate::marshal::functions::Functions;
use crate::marshal::refusal::Refusal;
use crate::marshal::results::Ending;
use crate::marshal::workspace::{Seat, Workspace};
use crate::native::fences::overran;
use crate::native::ffi::Frame;
use crate::objects::handles::{EndedObject, HandleError, ZoneHandles};
use crate::serve::policy::Bounds;
use cloison_contract::FunctionId;
use cloison_contract::call::{ARENA_ALIGNMENT, Reply, Request, Status};
use cloison_contract::interface::Instances;
use cloison_contract::message::{ChannelId, LIMIT_TEXT_BYTES};
use cloison_transport::Arena;
use std::cell::Cell;
use std::time::Instant;

/// Whose call it is, and what goes with it.
pub struct Origin<'a> {
    /// Who calls.
    pub client: ChannelId,
    /// The bulk part of its channel.
    pub arena: &'a Arena,
    /// What its grant says about this function's arguments.
    pub bounds: Option<&'a Bounds>,
    /// Where callables become function pointers.
    pub callables: &'a dyn CallbackSource,
    /// What is said of the arguments when these are outside of what the grant allows, as much as is passed on.
    pub outside: Cell<Option<String>>,
}

impl<'a> Origin<'a> {
    /// A call of that client.
    pub fn new(client: ChannelId, arena: &'a Arena, callables: &'a dyn CallbackSource) -> Self {
        Self { client, arena, bounds: None, callables, outside: Cell::default() }
    }
}

/// Everything that calls share.
pub struct Marshal {
    functions: Functions,
    handles: ZoneHandles,
    direct: bool,
}

impl Marshal {
    /// Makes calls of these functions.
    pub fn new(functions: Functions) -> Self {
        let direct = functions.interface.sandbox.instances != Instances::Shared;
        Self { direct, handles: ZoneHandles::new(&functions.interface), functions }
    }

    /// What one thread needs for its calls.
    pub fn workspace(&self) -> rustix::io::Result<Workspace> {
        Workspace::new(self.functions.interface.sandbox.call_bytes)
    }

    /// The functions.
    pub fn functions(&self) -> &Functions {
        &self.functions
    }

    /// The objects that clients hold.
    pub fn handles(&self) -> &ZoneHandles {
        &self.handles
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
            if refusal.status() == Status::OutOfBounds {
                let text = refusal.text();
                origin.outside.set(Some(text[..text.floor_char_boundary(LIMIT_TEXT_BYTES)].to_owned()));
            }
            refusal.write(reply, Some(origin.arena), request.arena_used);
            request.arena_used
        })
    }

    #[inline]
    fn attempt(&self, seat: &mut Seat<'_>, origin: &Origin<'_>, request: &Request, reply: &mut Reply) -> Step<u64> {
        let id = FunctionId(request.function);
        let Some((entry, function)) = self.functions.get(id).zip(self.functions.declaration(id)) else {
            return Err(Refusal::new(Status::Malformed, format_args!("there is no function {}", id.0)));
        };
        let mut call = Call {
            functions: &self.functions,
            handles: &self.handles,
            id,
            entry,
            function,
            state: &mut seat.state,
            scratch: &mut seat.part,
            origin,
            arena: origin.arena,
            direct: self.direct,
            used: request.arena_used,
            cursor: request.arena_used,
            numbers: 0,
            pointed: 0,
            outcome: None,
            result: None,
            value_word: 0,
            succeeded: false,
        };
        let ended = make(&mut call, request, reply);
        if call.has_things() {
            call.tidy(ended.is_ok());
        }
        ended.map(|()| call.cursor)
    }

    /// Closes the handle that the request names.
    pub fn close(&self, workspace: &Workspace, origin: &Origin<'_>, request: &Request, reply: &mut Reply) {
        (reply.status, reply.count) = (Status::Ok, 0);
        let ended = match single(request) {
            Some(word) => self.handles.close(origin.client, word).map_err(|error| Refusal::handle(0, error)),
            None => Err(Refusal::new(Status::Malformed, "the request makes no sense")),
        };
        match ended {
            Ok(ended) => self.end(workspace, ended, origin.callables),
            Err(refusal) => refusal.write(reply, Some(origin.arena), request.arena_used),
        }
    }

    /// Whether the handle that the request names is still one.
    pub fn held(&self, origin: &Origin<'_>, request: &Request, reply: &mut Reply) {
        (reply.status, reply.count) = (Status::Ok, 0);
        let refusal = match single(request) {
            Some(word) if self.handles.is_held(origin.client, word) => return,
            Some(_) => Refusal::handle(0, HandleError::Stale),
            None => Refusal::new(Status::Malformed, "the request makes no sense"),
        };
        refusal.write(reply, Some(origin.arena), request.arena_used);
    }

    /// What the library has written by now to the block that the request names.
    pub fn sync(&self, origin: &Origin<'_>, request: &Request, reply: &mut Reply) {
        (reply.status, reply.count) = (Status::Ok, 2);
        let offset = request.arena_used.checked_next_multiple_of(ARENA_ALIGNMENT).unwrap_or(u64::MAX);
        let refusal = match single(request) {
            Some(number) => match self.handles.block(origin.client, number) {
                Some(block) if !block.is_whole() => overran(None, block.bytes() as u64),
                Some(block) if block.write_to(origin.arena, offset) => {
                    reply.words[..2].copy_from_slice(&[offset, block.bytes() as u64]);
                    return;
                }
                Some(block) => crate::marshal::outgoing::too_large(block.bytes() as u64, origin.arena),
                None => Refusal::handle(0, HandleError::Stale),
            },
            None => Refusal::new(Status::Malformed, "the request makes no sense"),
        };
        refusal.write(reply, Some(origin.arena), request.arena_used);
    }

    /// A client is gone: everything that it held ends.
    pub fn end_client(&self, workspace: &Workspace, client: ChannelId, callables: &dyn CallbackSource) {
        let ended = self.handles.close_all(client);
        self.end(workspace, ended, callables);
    }

    /// Does what is left to do about objects that have ended.
    pub fn end(&self, workspace: &Workspace, ended: Vec<EndedObject>, callables: &dyn CallbackSource) {
        match workspace.seat() {
            Some(mut seat) => {
                finish(&self.functions, &self.handles, &mut seat.state.nested, ended, callables);
                seat.leave();
            }
            None => finish(&self.functions, &self.handles, &mut Frame::default(), ended, callables),
        }
    }
}

/// The one word of a request that has one.
fn single(request: &Request) -> Option<u64> {
    (request.count == 1).then_some(request.words[0])
}

/// The steps of a call, in order.
#[inline]
fn make(call: &mut Call<'_, '_>, request: &Request, reply: &mut Reply) -> Step {
    let filled = call.decode(request)?;
    if let Some(bounds) = call.origin.bounds {
        call.hold(&bounds.early)?;
        let complete = call.make_outputs(filled)?;
        call.hold(&bounds.late)?;
        match &bounds.recorder {
            None => call.run(complete)?,
            Some(recorder) => {
                call.record(recorder);
                let began = Instant::now();
                let ran = call.run(complete);
                recorder.tell_end(began);
                ran?;
            }
        }
    } else {
        let complete = call.make_outputs(filled)?;
        call.run(complete)?;
    }
    // What a callable has done beats what the function says about it.
    let failed = call.origin.callables.ended();
    if let Err(refusal) = call.judge() {
        call.release(Ending::Failed);
        return Err(failed.unwrap_or(refusal));
    }
    call.succeeded = true;
    if let Some(refusal) = failed {
        call.release(Ending::NotGiven);
        return Err(refusal);
    }
    let given = call.encode(reply);
    call.release(if given.is_ok() { Ending::Given } else { Ending::NotGiven });
    given
}

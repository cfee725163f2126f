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

use crate::call::{Call, Held, Step};
use crate::ffi::{Frame, MAX_PARAMETERS};
use crate::functions::Functions;
use crate::policy::Bounds;
use crate::refusal::{Refusal, empty_reply};
use crate::scratch::Scratch;
use cloison_capabilities::FunctionId;
use cloison_capabilities::call::{Reply, Request, Status};
use cloison_capabilities::interface::Instances;
use cloison_transport::Arena;

/// Functions, and memory that every call uses again.
pub struct Marshal {
    functions: Functions,
    frame: Frame,
    /// For the functions that serve others: capacities, messages, `free`.
    nested: Frame,
    held: Box<[Held; MAX_PARAMETERS]>,
    scratch: Scratch,
    direct: bool,
    reply: Reply,
}

impl Marshal {
    /// Makes room for calls of these functions.
    pub fn new(functions: Functions) -> rustix::io::Result<Self> {
        let sandbox = &functions.interface.sandbox;
        Ok(Self {
            frame: Frame::default(),
            nested: Frame::default(),
            held: Box::new([Held::Null; MAX_PARAMETERS]),
            scratch: Scratch::new(sandbox.call_bytes)?,
            direct: sandbox.instances != Instances::Shared,
            reply: empty_reply(),
            functions,
        })
    }

    /// The functions.
    pub fn functions(&self) -> &Functions {
        &self.functions
    }

    /// Gives back the memory of large calls.
    pub fn trim(&mut self) {
        self.scratch.reset();
        self.scratch.trim();
    }

    /// Makes the call, if its arguments fit and the bounds hold.
    #[inline]
    pub fn call(&mut self, request: &Request, bounds: Option<&Bounds>, arena: &Arena) -> &Reply {
        self.scratch.reset();
        self.reply.status = Status::Ok;
        self.reply.count = 0;
        if let Err(refusal) = self.attempt(request, bounds, arena) {
            refusal.write(&mut self.reply, Some(arena), request.arena_used);
        }
        &self.reply
    }

    /// Answers without a call.
    #[cold]
    pub fn refuse(&mut self, refusal: &Refusal, request: &Request, arena: Option<&Arena>) -> &Reply {
        refusal.write(&mut self.reply, arena, request.arena_used);
        &self.reply
    }

    #[inline]
    fn attempt(&mut self, request: &Request, bounds: Option<&Bounds>, arena: &Arena) -> Step {
        let id = FunctionId(request.function);
        let Some((entry, function)) = self.functions.get(id).zip(self.functions.declaration(id)) else {
            return Err(Refusal::new(Status::Malformed, format_args!("there is no function {}", id.0)));
        };
        let mut call = Call {
            functions: &self.functions,
            entry,
            function,
            frame: &mut self.frame,
            nested: &mut self.nested,
            held: &mut self.held,
            scratch: &mut self.scratch,
            arena,
            direct: self.direct,
            used: request.arena_used,
            cursor: request.arena_used,
            numbers: 0,
            cells: 0,
            outcome: None,
        };
        call.take(request)?;
        if let Some(bounds) = bounds {
            call.hold(&bounds.early)?;
            call.make_rooms()?;
            call.hold(&bounds.late)?;
        } else {
            call.make_rooms()?;
        }
        call.outcome = Some(entry.call(call.frame));
        call.judge()?;
        let given = call.give(&mut self.reply);
        call.free();
        given
    }
}

//! Each call in a process of its own (`instances = "per-call"`).
//!
//! ```text
//!  client            mother                              child
//!    request ──────▶ takes it, clone ──────────────────▶ seals itself
//!                    waits for the child's end           admits, calls, answers: the channel is its own
//!    question ◀─────────────────────────────────────────
//!    answer ───────────────────────────────────────────▶
//!    reply ◀──────────────────────────────────────────── _exit(0)
//!                    has it answered? If not: Crashed
//! ```
//!
//! - The mother is the zone's process, with the library loaded and no code of it running any more
//!   ([`cloison_sandbox::Mother`]). Each client has one of its own, as with `per-client`.
//! - What a call leaves behind, in the library and in ours, goes with the child: memory, locale, handlers, handles. What
//!   lives on is shared memory: the channel, the status page, and the account of what has been used of the grant.
//! - A child that dies takes nothing along: the mother answers with [`Status::Crashed`] and serves the next call. A call
//!   that is overdue is the broker's to end, and ends the mother too, as the status page says so.
//! - A batch is one call, and so is what a callback calls on the same channel: handles live as long as that.
//! - While a child runs, its mother looks neither at other channels of the client nor at the broker's messages. The
//!   broker's bell wakes a child that waits for its client, and the terms tell it whether the client is still there.

use crate::refusal::{Refusal, empty_reply};
use cloison_capabilities::call::{ANSWER, Request, Status};
use cloison_capabilities::message::ChannelId;
use cloison_sandbox::{Ended, Jail, Mother};
use cloison_transport::line::Line;
use cloison_transport::status::Row;
use std::collections::BTreeMap;

/// The calls of one zone.
#[derive(Debug)]
pub struct Calls {
    mother: Jail<Mother>,
    /// How the latest process of each channel has ended.
    ended: BTreeMap<ChannelId, Ended>,
}

impl Calls {
    /// None yet.
    pub fn new(mother: Jail<Mother>) -> Self {
        Self { mother, ended: BTreeMap::new() }
    }

    /// Lets `serve` run the request that has been taken from `line`, in a process of its own that has ended when this returns.
    /// The line is idle then.
    pub fn run(&mut self, line: &Line, row: &Row, request: &Request, serve: impl FnOnce()) {
        if request.function == ANSWER {
            return self.answer_to_nobody(line, request);
        }
        let relayed = line.relay();
        let ended = self.mother.in_child(|_| serve());
        row.end();
        let refusal = match ended {
            Ok(ended) => {
                self.ended.insert(line.id(), ended);
                Refusal::crashed(ended)
            }
            Err(error) => Refusal::new(Status::TooMany, format_args!("no process for this call: {error}")),
        };
        if line.take_back(relayed) {
            reply(line, request, &refusal);
        }
    }

    /// A channel is no more.
    pub fn forget(&mut self, channel: ChannelId) {
        self.ended.remove(&channel);
    }

    /// What a child has asked is answered when the child has ended.
    fn answer_to_nobody(&self, line: &Line, request: &Request) {
        let refusal = match self.ended.get(&line.id()) {
            Some(ended) => Refusal::crashed(*ended),
            None => Refusal::new(Status::Malformed, "nobody has asked"),
        };
        reply(line, request, &refusal);
    }
}

#[cold]
fn reply(line: &Line, request: &Request, refusal: &Refusal) {
    let mut reply = empty_reply();
    refusal.write(&mut reply, Some(line.arena()), request.arena_used);
    line.reply(&reply);
}

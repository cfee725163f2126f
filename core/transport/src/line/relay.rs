//! A call that a process of its own runs, a copy of this one (`instances = "per-call"`).
//!
//! From the fork to its end, the line is the child's: this process looks at nothing of it. How many questions the child has asked
//! and answers it has taken stands in the child's own memory, which is gone then. But the channel remembers: the number of the
//! newest reply, and whether that was a question.
//!
//! | newest reply | newest request | what it means |
//! |---|---|---|
//! | any | as new | nobody waits: the call has ended, or its client has a question to answer |
//! | none since the fork, or a question | newer | the client waits, and will wait in vain |
//! | the call's end | newer | the next call has been posted already |
//!
//! The first client of a lie there is whoever tells it: a client can make the zone run calls that it has not asked for, in its
//! own name, or leave its own call without an answer.

use super::Line;
use crate::layout::{ENDED, REPLY, REPLY_BLOCK};
use cloison_contract::call::Status;
use std::sync::atomic::Ordering;

/// Where a line stood before its call was given away.
#[derive(Clone, Copy, Debug)]
pub struct Relayed {
    replied: u32,
}

impl Line {
    /// Remember where a busy line stands, before the process is made that runs its call.
    pub fn relay(&self) -> Relayed {
        Relayed { replied: self.replied() }
    }

    /// That process has ended. True if the client waits for an answer: [`Line::reply`] gives it one. Otherwise the line is idle.
    pub fn take_back(&self, relayed: Relayed) -> bool {
        let (posted, replied) = (self.posted(), self.replied());
        let question = self.arena.memory.word(REPLY_BLOCK).load(Ordering::Relaxed) == Status::Callback as u32;
        if posted & !ENDED == replied {
            self.turns.serve(posted);
            self.turns.end();
            return false;
        }
        if replied == relayed.replied || question {
            self.turns.serve(posted);
            return true;
        }
        self.turns.serve(replied);
        self.turns.end();
        false
    }

    fn replied(&self) -> u32 {
        self.arena.memory.word(REPLY).load(Ordering::Acquire) & !ENDED
    }
}

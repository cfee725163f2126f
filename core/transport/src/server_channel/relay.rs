//! A call that a process of its own runs, a copy of this one (`instances = "per-call"`).
//!
//! From the fork until the child has ended, the channel belongs to the child, and this process reads nothing of it. The child
//! counts questions and answers in its own memory, which ends with it. What remains is in the channel: the number of the newest
//! reply, and whether that was a question.
//!
//! | newest reply | newest request | what it means |
//! |---|---|---|
//! | any | as new | nobody waits: the call has ended, or its client has a question to answer |
//! | none since the fork, or a question | newer | the client waits, and will wait in vain |
//! | the call's end | newer | the next call has been posted already |
//!
//! A client that writes something else there harms itself alone: the zone then runs calls of that client which it has not asked
//! for, or leaves its call without an answer.

use super::ServerChannel;
use crate::layout::{ENDED, REPLY, REPLY_BLOCK};
use cloison_contract::call::Status;
use std::sync::atomic::Ordering;

/// Where a channel stood before its call was given to another process.
#[derive(Clone, Copy, Debug)]
pub struct Relayed {
    replied: u32,
}

impl ServerChannel {
    /// Remember where a busy channel stands, before the process is made that runs its call.
    pub fn relay(&self) -> Relayed {
        Relayed { replied: self.replied() }
    }

    /// Take the channel back after that process has ended. True if the client still waits for an answer, which
    /// [`ServerChannel::reply`] gives it. Otherwise the channel is idle.
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

//! What can happen between a request and its end: signals, and questions of the library to callables.
//!
//! ```text
//!  request ─▶ … ─▶ Callback: let go of the channel, run the callable, post its answer ─▶ … ─▶ the call's end
//!                        └─ calls inside of the callable are conversations of their own on the same channel
//! ```
//!
//! # Invariants
//!
//! - While a callable runs, the channel is not borrowed, [`Nesting::mark`](crate::Nesting::mark) says which part of the arena is taken, and
//!   [`Nesting::depth`](crate::Nesting::depth) how many questions are open. Both are as before when a conversation ends.
//! - Each question gets one answer, whatever the callable does: what it raises is answered as that, and raised when the call has
//!   ended. Only a signal or the end of the channel breaks a conversation off, and then the channel is gone.
//! - A channel that goes while a callable runs is seen by its epoch, and everything that waited on it ends.

use crate::client::{CallClient, CallableAnswer, CallableFailure, Host};
use crate::connection::{Connection, OpenChannel};
use crate::fault::CallFault;
use cloison_codec::ProtocolViolation;
use cloison_contract::call::{ANSWER, ANSWER_WORDS, ARENA_ALIGNMENT, MAX_DEPTH, Reply, Status};
use cloison_transport::client::CallError;
use cloison_transport::{Arena, OutOfRange};
use std::cell::RefMut;
use std::time::Duration;

/// How long a host service may take to end a wait that Ctrl-C is to end; then its channel is given up, and with it what it has open.
const PATIENCE: Duration = Duration::from_secs(1);

/// A conversation at its end.
pub struct ConversationEnd<'a, H: Host, E, A> {
    /// The channel, with the last reply.
    pub channel: RefMut<'a, Option<OpenChannel<H>>>,
    /// How it ended.
    pub outcome: Result<Status, CallError>,
    /// What a callable raised.
    pub raised: Option<E>,
    /// The callable that was asked last.
    pub asked: Option<A>,
}

/// What the zone asks.
struct ReceivedQuestion<Q> {
    asked: Q,
    depth: u64,
    /// From here on the arena is free.
    free: u64,
}

fn question<C: CallClient>(
    client: &C,
    reply: &Reply,
    arena: &Arena,
) -> Result<ReceivedQuestion<C::CallbackCall>, ProtocolViolation> {
    let words = &reply.words[..reply.count as usize];
    let [number, depth, used, ..] = words else { return Err(ProtocolViolation::Words) };
    if *depth != client.nesting().depth() + 1 || *depth > MAX_DEPTH as u64 || *used > arena.len() {
        return Err(ProtocolViolation::Question);
    }
    let asked = client.question(*number, words, arena).ok_or(ProtocolViolation::Question)?;
    Ok(ReceivedQuestion { asked, depth: *depth, free: used.next_multiple_of(ARENA_ALIGNMENT) })
}

/// What is said of a callable that has not returned.
fn not_returned<C: CallClient>(client: &C, depth: u64) -> CallableAnswer {
    let mut request = client.nesting().request(ANSWER, ANSWER_WORDS as u32);
    request.words[0] = depth;
    CallableAnswer { request, bulk: Vec::new() }
}

impl<H: Host> Connection<H> {
    /// Go on until the call ends.
    pub fn converse<'a, C: CallClient<Host = H>>(
        &'a self,
        client: &C,
        mut channel: RefMut<'a, Option<OpenChannel<H>>>,
        mut outcome: Result<Status, CallError>,
    ) -> Result<ConversationEnd<'a, H, C::Error, C::Asked>, C::Error> {
        let epoch = self.epoch();
        if client.nesting().depth() == 0 {
            client.nesting().callables_took.set(Duration::ZERO);
        }
        let (mut raised, mut asked, mut told, mut patient) = (None, None, None, false);
        loop {
            let Some(open) = &mut *channel else { return Err(self.gone(client, raised)) };
            outcome = match outcome {
                Err(CallError::Interrupted) if client.only_callback_timeout() => open.caller.resume(),
                Err(CallError::Interrupted) => match client.look() {
                    Ok(()) => open.caller.resume(),
                    Err(interrupt)
                        if client.waits()
                            && !patient
                            && client.is_interrupt(&interrupt)
                            && client.interrupt(open.id) =>
                    {
                        patient = true;
                        match open.caller.resume_for(PATIENCE) {
                            // It has just come to something, which is not to be lost: the program hears of both.
                            Ok(Status::Ok) => {
                                client.interrupt_later();
                                Ok(Status::Ok)
                            }
                            // A question has no place here: whoever waits asks none.
                            Ok(Status::Callback) | Err(_) => {
                                self.give_up(&mut channel, client.function(), client);
                                return Err(raised.unwrap_or(interrupt));
                            }
                            Ok(_) => return Err(raised.unwrap_or(interrupt)),
                        }
                    }
                    Err(interrupt) => {
                        self.give_up(&mut channel, client.function(), client);
                        return Err(raised.unwrap_or(interrupt));
                    }
                },
                Ok(Status::Callback) => {
                    let ReceivedQuestion { asked: question, depth, free } =
                        match question(client, open.caller.reply(), open.caller.arena()) {
                            Ok(question) => question,
                            Err(violation) => {
                                self.give_up(&mut channel, client.function(), client);
                                return Err(raised.unwrap_or_else(|| client.fault(CallFault::Violation(violation))));
                            }
                        };
                    asked = Some(client.asked(&question));
                    open.caller.set_inside(true);
                    drop(channel);
                    let answer = run(client, question, depth, free).unwrap_or_else(|failure| {
                        // The zone says more about a callable that has timed out.
                        if failure.timed_out {
                            told.get_or_insert(failure.raised)
                        } else {
                            raised.get_or_insert(failure.raised)
                        };
                        not_returned(client, depth)
                    });
                    channel = self.channel(client)?;
                    if self.epoch() != epoch {
                        return Err(self.gone(client, raised));
                    }
                    let Some(open) = &mut *channel else { return Err(self.gone(client, raised)) };
                    let answer = match answer.write(open.caller.arena()) {
                        Ok(()) => answer,
                        Err(OutOfRange) => {
                            let (used, room) = (answer.request.arena_used, open.caller.arena().len());
                            raised.get_or_insert_with(|| client.fault(CallFault::TooLarge { used, room }));
                            not_returned(client, depth)
                        }
                    };
                    self.count_call();
                    let outcome = open.caller.call(&answer.request, client.deadline());
                    open.caller.set_inside(client.nesting().depth() > 0);
                    outcome
                }
                outcome => {
                    // Unless the call has ended because of it, the answer was in time.
                    let told = told.filter(|_| outcome == Ok(Status::Raised));
                    return Ok(ConversationEnd { channel, outcome, raised: raised.or(told), asked });
                }
            };
        }
    }

    /// What ends a call whose channel went while a callable ran.
    #[cold]
    fn gone<C: CallClient<Host = H>>(&self, client: &C, raised: Option<C::Error>) -> C::Error {
        raised.unwrap_or_else(|| client.fault(self.lost().into()))
    }
}

/// Run a callable. Whatever it does, the nesting is afterwards as before.
fn run<C: CallClient>(
    client: &C,
    question: C::CallbackCall,
    depth: u64,
    free: u64,
) -> Result<CallableAnswer, CallableFailure<C::Error>> {
    let nesting = client.nesting();
    let before = (nesting.depth(), nesting.mark());
    nesting.set_place(depth, free);
    let answer = client.run(question, depth);
    let moved = nesting.depth() != depth;
    nesting.set_place(before.0, before.1);
    if moved {
        return Err(CallableFailure { raised: client.fault(CallFault::OutOfOrder), timed_out: false });
    }
    answer
}

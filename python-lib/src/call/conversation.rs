//! What can happen between a request and its end: signals, and questions of the library to Python callables.
//!
//! ```text
//!  request ─▶ … ─▶ Callback: let go of the channel, run the callable, post its answer ─▶ … ─▶ the call's end
//!                        └─ calls inside of the callable are conversations of their own on the same channel
//! ```
//!
//! # Invariants
//!
//! - While Python code runs, the channel is not borrowed, [`Nesting::mark`](crate::call::nesting::Nesting::mark) says which part of the arena is taken, and
//!   [`Nesting::depth`](crate::call::nesting::Nesting::depth) how many questions are open. Both are as before when a conversation ends.
//! - Each question gets one answer, whatever happens in Python: an exception is answered as one, and raised when the call has
//!   ended. Only a signal or the end of the channel breaks a conversation off, and then the channel is gone.
//! - A channel that goes while a callable runs is seen by its epoch, and everything that waited on it ends.

use crate::call::callback::{Callable, CallbackPlan};
use crate::call::callback_timeout::{self, Watched};
use crate::call::connection::Open;
use crate::call::session::Session;
use crate::errors::place::ArgumentPlace;
use crate::errors::raise;
use crate::interrupt;
use crate::marshal::arguments::Prepared;
use crate::marshal::plan::Plan;
use crate::marshal::results;
use crate::marshal::value::{self, Values};
use crate::objects::handle::MANY_DROPPED;
use cloison_codec::{DecodeError, ProtocolViolation};
use cloison_contract::call::{ANSWER, ANSWER_WORDS, ARENA_ALIGNMENT, MAX_DEPTH, Reply, Request, Status};
use cloison_transport::client::CallError;
use cloison_transport::{Arena, OutOfRange};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyTuple};
use rustpython_vm::{AsObject, PyObject, PyResult, VirtualMachine};
use std::cell::RefMut;
use std::rc::Rc;
use std::time::Duration;

/// How long a host service may take to end a wait that Ctrl-C is to end; then its channel is given up, and with it what it has open.
const PATIENCE: Duration = Duration::from_secs(1);

/// A conversation at its end.
pub struct ConversationEnd<'a> {
    /// The channel, with the last reply.
    pub channel: RefMut<'a, Option<Open>>,
    /// How it ended.
    pub outcome: Result<Status, CallError>,
    /// What a callable raised.
    pub raised: Option<PyBaseExceptionRef>,
    /// The callable that was asked last.
    pub asked: Option<Rc<CallbackPlan>>,
}

/// What the zone asks.
struct Question {
    callable: Callable,
    depth: u64,
    /// From here on the arena is free.
    free: u64,
    /// What the callable is given.
    given: Result<Values, DecodeError>,
}

impl Question {
    fn take(session: &Rc<Session>, reply: &Reply, arena: &Arena) -> Result<Self, ProtocolViolation> {
        let words = &reply.words[..reply.count as usize];
        let [number, depth, used, ..] = words else { return Err(ProtocolViolation::Words) };
        if *depth != session.nesting.depth() + 1 || *depth > MAX_DEPTH as u64 || *used > arena.len() {
            return Err(ProtocolViolation::Question);
        }
        let callable = session.callables.find(*number).ok_or(ProtocolViolation::Question)?;
        let given = results::take(session, arena, None, arena.len(), &callable.plan.given, words).values;
        Ok(Self { callable, depth: *depth, free: used.next_multiple_of(ARENA_ALIGNMENT), given })
    }
}

/// What the client says to a question.
struct Answer {
    request: Request,
    bulk: Vec<(u64, Vec<u8>)>,
}

impl Answer {
    /// The callable has not returned.
    fn raised(session: &Rc<Session>, depth: u64) -> Self {
        let mut prepared = Prepared::empty(ANSWER, ANSWER_WORDS as u32, session);
        prepared.request.words[0] = depth;
        Self { request: prepared.request, bulk: Vec::new() }
    }

    fn write(&self, arena: &Arena) -> Result<(), OutOfRange> {
        self.bulk.iter().try_for_each(|(offset, bytes)| arena.write(*offset, bytes))
    }
}

impl Session {
    /// Go on until the call ends.
    pub fn converse<'a>(
        self: &'a Rc<Self>,
        plan: &Plan,
        mut channel: RefMut<'a, Option<Open>>,
        mut outcome: Result<Status, CallError>,
        vm: &VirtualMachine,
    ) -> PyResult<ConversationEnd<'a>> {
        let epoch = self.connection().epoch();
        if self.nesting.depth() == 0 {
            self.nesting.callables_took.set(Duration::ZERO);
        }
        let (mut raised, mut asked, mut told, mut patient) = (None, None, None, false);
        loop {
            let Some(open) = &mut *channel else { return Err(self.gone(plan, raised, vm)) };
            outcome = match outcome {
                Err(CallError::Interrupted) if interrupt::is_callback_timeout_only() => open.caller.resume(),
                Err(CallError::Interrupted) => match interrupt::look(vm) {
                    Ok(()) => open.caller.resume(),
                    Err(interrupt)
                        if plan.waits
                            && !patient
                            && is_keyboard_interrupt(&interrupt, vm)
                            && open.interrupt().is_ok() =>
                    {
                        patient = true;
                        match open.caller.resume_for(PATIENCE) {
                            // It has just come to something, which is not to be lost: Python hears of both.
                            Ok(Status::Ok) => {
                                interrupt::raise(interrupt::INTERRUPT);
                                Ok(Status::Ok)
                            }
                            // A question has no place here: whoever waits asks none.
                            Ok(Status::Callback) | Err(_) => {
                                self.give_up(&mut channel, plan);
                                return Err(raised.unwrap_or(interrupt));
                            }
                            Ok(_) => return Err(raised.unwrap_or(interrupt)),
                        }
                    }
                    Err(interrupt) => {
                        self.give_up(&mut channel, plan);
                        return Err(raised.unwrap_or(interrupt));
                    }
                },
                Ok(Status::Callback) => {
                    let question = match Question::take(self, open.caller.reply(), open.caller.arena()) {
                        Ok(question) => question,
                        Err(violation) => {
                            self.give_up(&mut channel, plan);
                            return Err(raised.unwrap_or_else(|| {
                                raise::bad_reply(&self.description.name, plan, violation.into(), vm)
                            }));
                        }
                    };
                    asked = Some(question.callable.plan.clone());
                    let depth = question.depth;
                    open.caller.set_inside(true);
                    drop(channel);
                    let answer = self.run(question, vm);
                    let timed_out = callback_timeout::ended_with(answer.as_ref().err());
                    let answer = answer.unwrap_or_else(|error| {
                        // The zone says more about a callable that has timed out.
                        if timed_out {
                            told.get_or_insert(error)
                        } else {
                            raised.get_or_insert(error)
                        };
                        Answer::raised(self, depth)
                    });
                    channel = self.channel(plan, vm)?;
                    if self.connection().epoch() != epoch {
                        return Err(self.gone(plan, raised, vm));
                    }
                    let Some(open) = &mut *channel else { return Err(self.gone(plan, raised, vm)) };
                    let answer = match answer.write(open.caller.arena()) {
                        Ok(()) => answer,
                        Err(OutOfRange) => {
                            let room = open.caller.arena().len();
                            raised.get_or_insert_with(|| self.too_large(plan, answer.request.arena_used, room, vm));
                            Answer::raised(self, depth)
                        }
                    };
                    self.connection().count_call();
                    let outcome = open.caller.call(&answer.request, plan.deadline);
                    open.caller.set_inside(self.nesting.depth() > 0);
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

    /// Run a callable. Whatever it does, the line is afterwards as before.
    fn run(self: &Rc<Self>, question: Question, vm: &VirtualMachine) -> PyResult<Answer> {
        let (depth, mark) = (self.nesting.depth(), self.nesting.mark());
        self.nesting.set_place(question.depth, question.free);
        let answer = self.run_inside(&question.callable, question.given, question.depth, vm);
        let moved = self.nesting.depth() != question.depth;
        self.nesting.set_place(depth, mark);
        if moved {
            return Err(vm.new_runtime_error("a callable of a capability ended out of order"));
        }
        answer
    }

    fn run_inside(
        self: &Rc<Self>,
        Callable { object, plan }: &Callable,
        given: Result<Values, DecodeError>,
        depth: u64,
        vm: &VirtualMachine,
    ) -> PyResult<Answer> {
        let given = given.map_err(|error| raise::bad_question(&self.description.name, plan, error, vm))?;
        let given = value::each(given, &self.description.classes, vm)?;
        let count = given.len();
        let value = {
            let _watched = Watched::new(self, plan);
            object.vectorcall(given, count, None, vm)?
        };
        if self.home.handles.waiting() >= MANY_DROPPED {
            self.close_dropped(vm)?;
        }
        let mut prepared = Prepared::empty(ANSWER, plan.words, self);
        prepared.request.words[..ANSWER_WORDS].copy_from_slice(&[depth, 1]);
        let values = returned(plan, &value, vm)?;
        for (result, value) in plan.results.iter().zip(&values) {
            prepared.convert(result, value, ArgumentPlace::new(&plan.function, &result.name), vm)?;
        }
        Ok(Answer { bulk: prepared.bulk_copied(), request: prepared.request })
    }

    /// What ends a call whose channel went while a callable ran.
    #[cold]
    fn gone(&self, plan: &Plan, raised: Option<PyBaseExceptionRef>, vm: &VirtualMachine) -> PyBaseExceptionRef {
        raised.unwrap_or_else(|| self.lost(plan, vm))
    }
}

/// What Ctrl-C raises, as opposed to what else may have to be raised in the middle of a call.
fn is_keyboard_interrupt(raised: &PyBaseExceptionRef, vm: &VirtualMachine) -> bool {
    raised.fast_isinstance(vm.ctx.exceptions.keyboard_interrupt)
}

/// A callable's value, as its results.
fn returned<'a>(plan: &CallbackPlan, value: &'a PyObject, vm: &VirtualMachine) -> PyResult<Vec<&'a PyObject>> {
    match &*plan.results {
        [] => Ok(Vec::new()),
        [_] => Ok(vec![value]),
        several => match value.downcast_ref::<PyTuple>() {
            Some(tuple) if tuple.len() == several.len() => {
                Ok(tuple.as_slice().iter().map(|object| object.as_object()).collect())
            }
            _ => {
                let what = format!("a tuple of {}", several.len());
                let parameter = format!("the value of {}", plan.name);
                Err(ArgumentPlace::new(&plan.function, &parameter).type_error(&what, value, vm))
            }
        },
    }
}

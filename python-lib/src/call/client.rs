//! What a call does about signals, questions and faults: with the interpreter. When it does so, [`cloison_calls`] knows.

use crate::call::callback::Callable;
use crate::call::callback_timeout::{self, Watched};
use crate::call::connection::{self, ByLink, Microprocess};
use crate::call::session::Session;
use crate::errors;
use crate::errors::ends::REPLACED;
use crate::errors::place::ArgumentPlace;
use crate::errors::raise;
use crate::interrupt;
use crate::marshal::arguments::Prepared;
use crate::marshal::callback::CallbackPlan;
use crate::marshal::plan::Plan;
use crate::marshal::results;
use crate::marshal::value::{self, ZoneValues};
use crate::objects::handle::MANY_DROPPED;
use cloison_calls::{
    BrokerLink, CallClient, CallFault, CallableAnswer, CallableFailure, ConversationEnd, Lost, Nesting,
};
use cloison_codec::DecodeError;
use cloison_contract::call::{ANSWER, ANSWER_WORDS};
use cloison_contract::message::{ChannelId, End};
use cloison_transport::Arena;
use cloison_transport::client::Caller;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyTuple};
use rustpython_vm::{AsObject, PyObject, PyResult, VirtualMachine};
use std::rc::Rc;
use std::time::Duration;

/// A call of a function by a Python program, at its end.
pub type CallEnd<'a> = ConversationEnd<'a, Microprocess, PyBaseExceptionRef, Rc<CallbackPlan>>;

/// A call of a function by a Python program.
#[derive(Clone, Copy)]
pub struct PythonCall<'a> {
    session: &'a Rc<Session>,
    plan: &'a Plan,
    vm: &'a VirtualMachine,
}

impl Session {
    /// A call of that function.
    #[inline]
    pub fn client<'a>(self: &'a Rc<Self>, plan: &'a Plan, vm: &'a VirtualMachine) -> PythonCall<'a> {
        PythonCall { session: self, plan, vm }
    }

    /// What is raised for a call of that function.
    #[cold]
    pub fn fault(&self, plan: &Plan, fault: CallFault, vm: &VirtualMachine) -> PyBaseExceptionRef {
        let (capability, called) = (&self.description.name, &plan.name);
        let error = |what: &str| errors::new("Error", &format!("{capability}.{called}(): {what}"), &[], vm);
        match fault {
            CallFault::Broken(failure) => error(&failure.to_string()),
            CallFault::Busy => vm.new_runtime_error(format!("{capability}.{called}(): a call is under way already")),
            CallFault::DeadlineExceeded => raise::deadline_exceeded(capability, called, plan.deadline, vm),
            CallFault::Ended(end) => self.ended(plan, &end, vm),
            CallFault::EndedUnexplained => {
                errors::new("Error", "the call channel has ended and the broker does not say why", &[], vm)
            }
            CallFault::GivenUp(function) => error(&format!("its zone was given up in a call of {function}()")),
            CallFault::Gone => error("the zone is gone"),
            CallFault::NotBegun(end) => {
                self.may_call_again();
                self.ended(plan, &end, vm)
            }
            CallFault::NoMemory => vm.new_memory_error(format!("{called}(): no memory for the arguments")),
            CallFault::OutOfOrder => vm.new_runtime_error("a callable of a capability ended out of order"),
            CallFault::Outdated => {
                if let Err(error) = self.renew(vm) {
                    return error;
                }
                self.may_call_again();
                let text = format!("{capability}.{called}(): {REPLACED}, and is called in another way now");
                errors::new("ZoneReplaced", &text, &[], vm)
            }
            CallFault::Stale => {
                let replaced = matches!(self.connection().lost(), Some(Lost::End(End::Replaced { .. })));
                let class = if replaced { "ZoneReplaced" } else { "StaleHandle" };
                errors::new(class, &format!("{capability}.{called}: the zone is gone"), &[], vm)
            }
            CallFault::TooLarge { used, room } => vm.new_value_error(format!(
                "{capability}.{called}(): the arguments have {used} bytes, and a call carries {room} at most (`call_size` under \
                 [sandbox] of {})",
                self.description.interface.source
            )),
            CallFault::Violation(violation) => raise::bad_reply(capability, plan, violation.into(), vm),
        }
    }

    /// The error for a call during which the channel ended.
    fn ended(&self, plan: &Plan, end: &End, vm: &VirtualMachine) -> PyBaseExceptionRef {
        let ran = match end {
            End::DeadlineExceeded { ran } => ran.as_ref().map_or(&*plan.name, |ran| &ran.function),
            _ => &*plan.name,
        };
        let deadline = self.description.deadline(ran).unwrap_or(plan.deadline);
        raise::ended(&self.description.name, plan, end, deadline, vm)
    }
}

impl BrokerLink for PythonCall<'_> {
    type Error = PyBaseExceptionRef;

    fn why(&self, channel: ChannelId) -> PyResult<Option<End>> {
        ByLink(self.vm).why(channel)
    }

    fn overdue(&self, channel: ChannelId) {
        ByLink(self.vm).overdue(channel);
    }

    fn interrupt(&self, channel: ChannelId) -> bool {
        ByLink(self.vm).interrupt(channel)
    }
}

/// What the zone asks a Python callable.
pub struct PythonCallbackCall {
    callable: Callable,
    given: Result<ZoneValues, DecodeError>,
}

impl CallClient for PythonCall<'_> {
    type Host = Microprocess;
    type CallbackCall = PythonCallbackCall;
    type Asked = Rc<CallbackPlan>;

    #[inline]
    fn nesting(&self) -> &Nesting {
        &self.session.nesting
    }

    fn function(&self) -> &str {
        &self.plan.name
    }

    #[inline]
    fn deadline(&self) -> Duration {
        self.plan.deadline
    }

    fn waits(&self) -> bool {
        self.plan.waits
    }

    fn open(&self) -> PyResult<Option<(ChannelId, Caller)>> {
        let Session { description, held, edition, .. } = &**self.session;
        connection::open((&description.name, held.reference(), *edition), self.vm)
    }

    fn fault(&self, fault: CallFault) -> PyBaseExceptionRef {
        self.session.fault(self.plan, fault, self.vm)
    }

    fn look(&self) -> PyResult<()> {
        interrupt::look(self.vm)
    }

    fn only_callback_timeout(&self) -> bool {
        interrupt::is_callback_timeout_only()
    }

    fn is_interrupt(&self, raised: &PyBaseExceptionRef) -> bool {
        raised.fast_isinstance(self.vm.ctx.exceptions.keyboard_interrupt)
    }

    fn interrupt_later(&self) {
        interrupt::raise(interrupt::INTERRUPT);
    }

    fn question(&self, number: u64, words: &[u64], arena: &Arena) -> Option<PythonCallbackCall> {
        let callable = self.session.callables.find(number)?;
        let given = results::take(self.session, arena, None, arena.len(), &callable.plan.given, words).values;
        Some(PythonCallbackCall { callable, given })
    }

    fn asked(&self, question: &PythonCallbackCall) -> Rc<CallbackPlan> {
        question.callable.plan.clone()
    }

    fn run(
        &self,
        question: PythonCallbackCall,
        depth: u64,
    ) -> Result<CallableAnswer, CallableFailure<PyBaseExceptionRef>> {
        let answer = self.run_callable(question, depth);
        let timed_out = callback_timeout::ended_with(answer.as_ref().err());
        answer.map_err(|raised| CallableFailure { raised, timed_out })
    }
}

impl PythonCall<'_> {
    fn run_callable(&self, question: PythonCallbackCall, depth: u64) -> PyResult<CallableAnswer> {
        let (session, vm) = (self.session, self.vm);
        let PythonCallbackCall { callable: Callable { object, plan }, given } = question;
        let given = given.map_err(|error| raise::bad_question(&session.description.name, &plan, error, vm))?;
        let given = value::each(given, &session.description.classes, vm)?;
        let count = given.len();
        let value = {
            let _watched = Watched::new(session, &plan);
            object.vectorcall(given, count, None, vm)?
        };
        if session.home.handles.waiting() >= MANY_DROPPED {
            session.close_dropped(vm)?;
        }
        let mut prepared = Prepared::empty(ANSWER, plan.words, session);
        prepared.request.words[..ANSWER_WORDS].copy_from_slice(&[depth, 1]);
        let values = returned(&plan, &value, vm)?;
        for (result, value) in plan.results.iter().zip(&values) {
            prepared.convert(result, value, ArgumentPlace::new(&plan.function, &result.name), vm)?;
        }
        Ok(CallableAnswer { bulk: prepared.bulk_copied(), request: prepared.request })
    }
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

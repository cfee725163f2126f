//! A callable of a client's, as C sees it: a function that asks.
//!
//! C's arguments become the words of a question, the words of the answer become the value and what else C wants to be
//! given. Every word of an answer is a claim and is checked like an argument of a call. What goes wrong, whatever it is,
//! gives C the callback's error value; `conversation` remembers why.

use crate::callback::callables::ClosureId;
use crate::callback::conversation::{Failed, QuestionTurn};
use crate::marshal::callback_call::{CallbackCall, is_quiet};
use crate::marshal::refusal::{Refusal, empty_reply};
use crate::native::closures::{RawCall, Target};
use crate::native::ffi::{CallInterface, SignatureError};
use crate::serve::Service;
use crate::serve::clients::{self, Client};
use crate::serve::policy::ClientPolicy;
use crate::serve::workers::WorkerContext;
use cloison_contract::call::{ANSWER, MAX_WORDS, Reply, Request, Status};
use cloison_contract::message::FromZone;
use cloison_contract::shape::{Callback, Reached, Slots};
use cloison_contract::{FunctionId, Interface};
use cloison_transport::server_channel::Unanswered;
use cloison_transport::status::monotonic;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// A callback that cannot be served. The manifest's parser should have refused it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KindError {
    /// Its types cannot be called.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// C would get pointers to strings that nobody keeps.
    #[error("a callable cannot give strings to C inside of structs or arrays")]
    Texts,
    /// A question or an answer with more than [`MAX_WORDS`].
    #[error("more than {MAX_WORDS} words of arguments or results")]
    TooManyWords,
}

/// All kinds of callbacks that an interface has.
pub(crate) struct Callbacks {
    kinds: Vec<Arc<CallbackKind>>,
    /// By function: each of its parameters that is a callback, and which kind.
    of: Vec<Vec<(usize, usize)>>,
}

/// One kind: those that differ in nothing are one.
pub(crate) struct CallbackKind {
    /// What the manifest says.
    pub(crate) callback: Callback,
    /// What a question carries.
    pub(crate) question: Slots,
    /// What an answer carries.
    pub(crate) answer: Slots,
    /// What C calls.
    pub(crate) signature: CallInterface,
    deadline: Duration,
    /// For texts: the first parameter that is of this kind.
    pub(crate) name: String,
}

impl Callbacks {
    /// Prepares all callbacks of an interface.
    pub(crate) fn new(interface: &Interface) -> Result<Self, (FunctionId, KindError)> {
        let mut callbacks = Self { kinds: Vec::new(), of: vec![Vec::new(); interface.functions.len()] };
        for (index, function) in interface.functions.iter().enumerate() {
            for (position, parameter) in function.parameters.iter().enumerate() {
                let Some(callback) = parameter.shape.callback() else { continue };
                let deadline = callback.deadline.or(function.deadline).unwrap_or(interface.sandbox.deadline);
                let same = |kind: &Arc<CallbackKind>| kind.callback == *callback && kind.deadline == deadline;
                let kind = match callbacks.kinds.iter().position(same) {
                    Some(known) => known,
                    None => {
                        let name = format!("{} of {}", parameter.name, function.name);
                        let kind = CallbackKind::new(interface, callback, deadline, name);
                        callbacks.kinds.push(Arc::new(kind.map_err(|error| (FunctionId(index as u32), error))?));
                        callbacks.kinds.len() - 1
                    }
                };
                callbacks.of[index].push((position, kind));
            }
        }
        Ok(callbacks)
    }

    /// Which kind of callback that parameter is.
    pub(crate) fn kind(&self, function: FunctionId, parameter: usize) -> Option<usize> {
        let of = self.of.get(function.0 as usize)?;
        of.iter().find(|(position, _)| *position == parameter).map(|(_, kind)| *kind)
    }

    /// Whether that function takes any.
    #[inline]
    pub(crate) fn has(&self, function: FunctionId) -> bool {
        self.of.get(function.0 as usize).is_some_and(|of| !of.is_empty())
    }

    /// Whether there are none at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }
}

impl CallbackKind {
    fn new(interface: &Interface, callback: &Callback, deadline: Duration, name: String) -> Result<Self, KindError> {
        let (question, answer) = (callback.question_slots(), callback.answer_slots());
        if question.words() > MAX_WORDS || answer.words() > MAX_WORDS {
            return Err(KindError::TooManyWords);
        }
        // Pointers to strings would not outlive the question.
        let has_texts = |reached: Reached<'_>| match reached {
            Reached::Text | Reached::TooDeep(_) => true,
            Reached::Object(_) | Reached::Record(..) => false,
        };
        if answer.iter().any(|slot| slot.shape.reaches(&interface.types, has_texts)) {
            return Err(KindError::Texts);
        }
        let types = callback.parameters.iter().map(|parameter| &parameter.c_type);
        let signature = CallInterface::for_closure(&interface.types, types, &callback.result)?;
        Ok(Self { callback: callback.clone(), question, answer, signature, deadline, name })
    }
}

/// A callable of a client's, as C sees it.
pub(crate) struct CallableTarget {
    service: Weak<Service>,
    /// Weak: an address that C has kept must not keep the client's memory.
    client: Weak<Client>,
    kind: Arc<CallbackKind>,
    number: u64,
}

impl CallableTarget {
    /// `None` if there is no such kind, or no such number.
    pub(crate) fn new(service: &Arc<Service>, client: &Arc<Client>, kind: usize, number: u64) -> Option<Self> {
        let kind = service.callbacks().kinds.get(kind)?.clone();
        (number != 0).then(|| Self { service: Arc::downgrade(service), client: Arc::downgrade(client), kind, number })
    }
}

impl Target for CallableTarget {
    fn interface(&self) -> &CallInterface {
        &self.kind.signature
    }

    fn run(&self, call: RawCall<'_>) {
        // What C has called is gone: it gets zeroes.
        let Some(mut call) = CallbackCall::new(&self.kind, call) else { return };
        let answered = match (self.service.upgrade(), self.client.upgrade()) {
            (Some(service), Some(client)) if !is_quiet() => self.ask(&service, &client, &mut call),
            _ => false,
        };
        if !answered {
            call.give_error();
        }
        crate::native::state::after_call();
    }

    fn give_back(&self, closure: ClosureId) {
        // A client that is gone has taken all of its back.
        if let Some(client) = self.client.upgrade() {
            clients::release(&client, closure);
        }
    }
}

impl CallableTarget {
    /// Whether C has got an answer.
    fn ask(&self, service: &Arc<Service>, client: &Arc<Client>, call: &mut CallbackCall<'_>) -> bool {
        let turn = match WorkerContext::is_here() {
            true => client.conversation.ask(),
            false => client.conversation.ask_between_calls(self.kind.deadline, || self.missed()),
        };
        let Some(turn) = turn else { return false };
        let mut given = Vec::new();
        let failed = self.converse(service, client, call, &turn, &mut given).err();
        let (id, shown, row) = (client.channel.id(), call.shown(), turn.row.clone());
        let handles = service.marshal().handles();
        // Calls inside of the callable may have made objects that belong to what it was shown. Freeing them can ask, so that the
        // question has to be over before.
        if service.is_elsewhere(&self.kind.callback) && handles.hiding_frees(id, &shown) {
            let well = client.conversation.asked(failed, given);
            service.hide_there(&row, id, shown);
            return well;
        }
        let ended = handles.hide_all(id, &shown);
        let well = client.conversation.asked(failed, given);
        service.free_hidden(&row, ended);
        well
    }

    /// Asks, and serves what the client asks for until it answers.
    fn converse(
        &self,
        service: &Arc<Service>,
        client: &Arc<Client>,
        call: &mut CallbackCall<'_>,
        turn: &QuestionTurn,
        given: &mut Vec<u64>,
    ) -> Result<(), Failed> {
        if client.channel.revoked() {
            return Err(Failed::Answered(Refusal::new(Status::Revoked, "the grant has been revoked")));
        }
        let (mut reply, mut request) = (empty_reply(), Request::EMPTY);
        call.measure(service.marshal().functions()).map_err(Failed::Answered)?;
        let policy = client.policy.as_ref();
        if let Some(denial) = policy.and_then(ClientPolicy::all_carried) {
            service.used_up(client, FunctionId(turn.row.function()), &denial);
            let text = format_args!("{}: {denial}", self.kind.name);
            return Err(Failed::Answered(Refusal::new(Status::QuotaExceeded, text)));
        }
        call.question(service, client, self.number, turn, &mut reply).map_err(Failed::Answered)?;
        let asked = reply.words[2];
        // Whoever does not answer has been told all the same.
        if let Some(policy) = policy {
            policy.carried(asked.saturating_sub(turn.in_use));
        }
        let paused = turn.row.pause();
        let heard = self.hear(service, client, turn, &mut reply, &mut request);
        let interface = &service.marshal().functions().interface;
        service.begins(turn.row.resume(paused, |function| interface.deadline(function)));
        heard?;
        if let Some(policy) = policy {
            // What the client says of its answer's length counts for nobody but itself.
            policy.carried(request.arena_used.min(client.channel.arena().len()).saturating_sub(asked));
        }
        self.answered(service, client, call, turn, &request, given).map_err(Failed::Answered)
    }

    /// The client's turn: its answer is in `request`.
    fn hear(
        &self,
        service: &Arc<Service>,
        client: &Arc<Client>,
        turn: &QuestionTurn,
        reply: &mut Reply,
        request: &mut Request,
    ) -> Result<(), Failed> {
        let until = monotonic().saturating_add(self.kind.deadline).min(turn.until);
        let mut said = true;
        loop {
            let heard = match said {
                true => client.channel.ask(reply, request, until),
                false => client.channel.listen(request, until),
            };
            said = match heard {
                Ok(()) if client.conversation.has_timed_out() => {
                    let refusal = client.conversation.tell_timeout(request);
                    refusal.write(reply, Some(client.channel.arena()), request.arena_used);
                    true
                }
                Ok(()) if request.function == ANSWER => return Ok(()),
                Ok(()) => service.nested(client, &turn.row, request, reply, until),
                Err(Unanswered::Control) => {
                    service.hear();
                    false
                }
                Err(Unanswered::Deadline) => {
                    // Who does not hear it goes on with what nobody waits for.
                    let _ = service.control.try_send(&FromZone::CallbackTimeout { channel: client.channel.id() }, &[]);
                    return Err(Failed::Overdue(self.overdue(turn, until)));
                }
                Err(Unanswered::Gone) => {
                    return Err(Failed::Answered(Refusal::new(Status::Revoked, "the client is gone")));
                }
            };
        }
    }

    fn answered(
        &self,
        service: &Arc<Service>,
        client: &Arc<Client>,
        call: &mut CallbackCall<'_>,
        turn: &QuestionTurn,
        request: &Request,
        given: &mut Vec<u64>,
    ) -> Result<(), Box<Refusal>> {
        let words = &request.words[..request.count as usize];
        match words {
            [depth, 1, ..] if *depth == turn.depth => call.answer(service, client, turn, request, given),
            [depth, 0] if *depth == turn.depth => Err(Refusal::raised(turn.depth)),
            _ => {
                let text = format_args!("{}: the answer makes no sense", self.kind.name);
                Err(Refusal::new(Status::Malformed, text))
            }
        }
    }

    fn missed(&self) -> Box<Refusal> {
        let (name, deadline) = (&self.kind.name, self.kind.deadline.as_millis());
        let text = format_args!(
            "{name} was called by a thread of the library's while no call was running, and waited longer than its \
             {deadline} ms for the next one"
        );
        Refusal::overdue(None, text)
    }

    fn overdue(&self, turn: &QuestionTurn, until: Duration) -> Box<Refusal> {
        let name = &self.kind.name;
        if until < turn.until {
            let deadline = self.kind.deadline.as_millis();
            return Refusal::overdue(None, format_args!("{name} took longer than its {deadline} ms"));
        }
        let budget = turn.budget;
        let text = format_args!(
            "{name} ran when the callables of this call had taken {budget:?} together, which is all they may \
             (`callables` of the outermost function, or under [sandbox])"
        );
        Refusal::overdue(Some(budget), text)
    }
}

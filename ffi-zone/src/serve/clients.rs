//! What the zone knows of one client: its channel, its grant, the conversation it is in, and its callables that C has.

use crate::callback::callables::{BoundCallback, CallbackSource, ClosureId, Unbound};
use crate::callback::conversation::Conversation;
use crate::callback::target::CallableTarget;
use crate::marshal::refusal::Refusal;
use crate::native::closures;
use crate::serve::Service;
use crate::serve::policy::ClientPolicy;
use cloison_contract::FunctionId;
use cloison_contract::message::{CallRefusal, FromZone, Telling};
use cloison_transport::control::Control;
use cloison_transport::server_channel::ServerChannel;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many callables of one client C may have at once, where clients share the zone: no client takes them all.
const SHARED_CALLABLES: usize = 64;

/// One client.
pub(crate) struct Client {
    pub(crate) channel: Arc<ServerChannel>,
    /// `None` if the grant made no sense: then nothing is allowed.
    pub(crate) policy: Option<ClientPolicy>,
    pub(crate) conversation: Conversation,
    /// Of which calls the broker wants to hear.
    tells: Telling,
    /// Of how many of these it has not heard.
    untold: AtomicU64,
    callables: Mutex<Vec<Callable>>,
    /// How many there are.
    count: AtomicUsize,
    presence: Mutex<Presence>,
}

/// One of its callables, as C has it.
struct Callable {
    number: u64,
    /// Which kind of callback it is.
    kind: usize,
    closure: ClosureId,
    /// How many have bound it.
    uses: usize,
}

/// Whether its call runs, and whether it is still there.
#[derive(Clone, Copy, Default)]
struct Presence {
    running: bool,
    gone: bool,
}

impl Client {
    pub(crate) fn new(channel: Arc<ServerChannel>, policy: Option<ClientPolicy>, tells: Telling) -> Arc<Self> {
        Arc::new(Self {
            channel,
            policy,
            tells,
            untold: AtomicU64::default(),
            conversation: Conversation::default(),
            callables: Mutex::default(),
            count: AtomicUsize::new(0),
            presence: Mutex::default(),
        })
    }

    /// Tell the broker of a call, if it wants to hear of each.
    #[inline]
    pub(crate) fn tell(&self, control: &Control, function: FunctionId) {
        if self.tells == Telling::Calls {
            self.say(control, function, None);
        }
    }

    /// Tell the broker of a call that is refused, if it wants to hear of those.
    #[cold]
    pub(crate) fn tell_refusal(&self, control: &Control, function: FunctionId, refused: CallRefusal) {
        if self.tells != Telling::Nothing {
            self.say(control, function, Some(refused));
        }
    }

    /// Nothing waits for that: what does not go now is counted.
    fn say(&self, control: &Control, function: FunctionId, refused: Option<CallRefusal>) {
        let before = self.untold.swap(0, Ordering::Relaxed);
        let (channel, function) = (self.channel.id(), function.0);
        let called = FromZone::Called { channel, function, refused, untold: before };
        if control.try_send(&called, &[]).is_err() {
            self.untold.fetch_add(before.saturating_add(1), Ordering::Relaxed);
        }
    }

    /// Whether C has any of its callables.
    #[inline]
    pub(crate) fn has_callables(&self) -> bool {
        self.count.load(Ordering::Relaxed) != 0
    }

    /// Its call begins, and other threads may hear that it leaves.
    pub(crate) fn begin(&self) {
        self.presence().running = true;
    }

    /// Its call has ended. Whether it is for the caller to end the client, too.
    pub(crate) fn end(&self) -> bool {
        let mut presence = self.presence();
        presence.running = false;
        presence.gone
    }

    /// Whether it has left.
    pub(crate) fn is_gone(&self) -> bool {
        self.presence().gone
    }

    /// It leaves. Whether it is for the caller to end it; else it is for whoever runs its call.
    pub(crate) fn leave(&self) -> bool {
        let mut presence = self.presence();
        presence.gone = true;
        !presence.running
    }

    /// Takes all its callables back.
    pub(crate) fn forget_callables(&self) {
        let mut callables = self.callables();
        callables.drain(..).for_each(|callable| closures::release(callable.closure));
        self.count.store(0, Ordering::Relaxed);
    }

    fn callables(&self) -> MutexGuard<'_, Vec<Callable>> {
        self.callables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn presence(&self) -> MutexGuard<'_, Presence> {
        self.presence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call of a client's that may be answered with questions.
pub(crate) struct Asking<'a> {
    pub(crate) service: &'a Arc<Service>,
    pub(crate) client: &'a Arc<Client>,
    /// Its level in the conversation.
    pub(crate) level: usize,
}

impl Asking<'_> {
    /// What callables have given to C, it has no more.
    pub(crate) fn release_given(&self) {
        let given = self.client.conversation.given(self.level);
        if !given.is_empty() {
            self.service.marshal().handles().unpin(self.client.channel.id(), &given);
        }
    }
}

impl CallbackSource for Asking<'_> {
    /// A callable that C has already, as the same kind of callback, keeps its address: libraries compare them.
    fn bind(&self, function: FunctionId, parameter: usize, number: u64) -> Result<BoundCallback, Unbound> {
        if self.client.policy.as_ref().is_none_or(ClientPolicy::is_quiet) {
            return Err(Unbound::Denied);
        }
        let kind = self.service.callbacks().kind(function, parameter).ok_or(Unbound::Malformed)?;
        let mut callables = self.client.callables();
        if let Some(known) = callables.iter_mut().find(|known| (known.number, known.kind) == (number, kind)) {
            known.uses += 1;
            return Ok(BoundCallback { address: closures::address(known.closure), closure: known.closure });
        }
        if self.service.is_shared() && callables.len() >= SHARED_CALLABLES {
            return Err(Unbound::TooMany);
        }
        let target = CallableTarget::new(self.service, self.client, kind, number).ok_or(Unbound::Malformed)?;
        let closure = closures::allot(Arc::new(target)).ok_or(Unbound::TooMany)?;
        callables.push(Callable { number, kind, closure, uses: 1 });
        self.client.count.store(callables.len(), Ordering::Relaxed);
        Ok(BoundCallback { address: closures::address(closure), closure })
    }

    fn starts(&self, function: u32, in_use: u64) {
        let interface = &self.service.marshal().functions().interface;
        let own = interface.functions.get(function as usize).and_then(|function| function.callables);
        self.client.conversation.start(self.level, in_use, own.unwrap_or(interface.sandbox.callables));
    }

    fn ended(&self) -> Option<Box<Refusal>> {
        let refusal = self.client.conversation.settle(self.level);
        self.release_given();
        refusal
    }
}

/// Nothing calls it any more, as far as one of those is concerned who have bound it.
pub(crate) fn release(client: &Client, closure: ClosureId) {
    let mut callables = client.callables();
    let Some(index) = callables.iter().position(|callable| callable.closure == closure) else { return };
    callables[index].uses -= 1;
    if callables[index].uses == 0 {
        callables.swap_remove(index);
        client.count.store(callables.len(), Ordering::Relaxed);
        closures::release(closure);
    }
}

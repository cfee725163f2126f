//! One request, from its admission to its reply.

use crate::callback::callables::CallbackSource;
use crate::marshal::Origin;
use crate::marshal::refusal::Refusal;
use crate::serve::Service;
use crate::serve::batch;
use crate::serve::clients::Client;
use crate::serve::policy::{CallBegin, ClientPolicy, Denial};
use crate::serve::workers::WorkerContext;
use cloison_contract::FunctionId;
use cloison_contract::call::{ANSWER, BATCH, CLOSE, FIRST_SPECIAL, HELD, Reply, Request, SYNC, Status};
use cloison_contract::message::{CallRefusal, FromZone};
use cloison_transport::status::ThreadRow;
use std::time::Duration;

impl Service {
    /// One request, up to its reply.
    #[inline]
    pub(crate) fn serve(
        &self,
        client: &Client,
        context: &WorkerContext,
        row: &ThreadRow,
        callables: &dyn CallbackSource,
        request: &Request,
        reply: &mut Reply,
    ) {
        if request.function >= FIRST_SPECIAL {
            return self.special(client, context, row, callables, request, reply);
        }
        let brings = request.arena_used;
        if let Err(refusal) = self.admit(client, request, brings) {
            return self.refuse(client, &refusal, request, reply);
        }
        self.begins(row.begin(client.channel.id(), request.function, self.deadline(request.function)));
        self.call(client, context, callables, request, brings, reply);
        row.end();
    }

    /// A call that has been admitted with so many bytes. How much of the arena is in use afterwards.
    #[inline]
    pub(crate) fn call(
        &self,
        client: &Client,
        context: &WorkerContext,
        callables: &dyn CallbackSource,
        request: &Request,
        brings: u64,
        reply: &mut Reply,
    ) -> u64 {
        let mut origin = Origin::new(client.channel.id(), client.channel.arena(), callables);
        let policy = client.policy.as_ref();
        origin.bounds = policy.and_then(|policy| policy.bounds(FunctionId(request.function)));
        let begun = policy.and_then(ClientPolicy::begun);
        let reached = self.marshal.call(&context.workspace, &origin, request, reply);
        if let Some(policy) = policy {
            self.ends(policy, begun, context);
            if reply.status == Status::OutOfBounds {
                // The library has not been called, and what is said about that counts no more than the call does.
                policy.give_back(brings);
                policy.refused();
                let said = origin.outside.take().unwrap_or_default();
                client.tell_refusal(&self.control, FunctionId(request.function), CallRefusal::OutOfBounds { said });
            } else {
                policy.carried(reached.saturating_sub(request.arena_used));
            }
        }
        if client.channel.revoked() {
            self.refuse(client, &revoked(), request, reply);
        }
        reached
    }

    fn special(
        &self,
        client: &Client,
        context: &WorkerContext,
        row: &ThreadRow,
        callables: &dyn CallbackSource,
        request: &Request,
        reply: &mut Reply,
    ) {
        match request.function {
            BATCH => batch::run(self, client, context, row, callables, request, reply),
            CLOSE | HELD | SYNC => {
                self.begins(row.begin(client.channel.id(), request.function, self.deadline(request.function)));
                self.object(client, context, callables, request, reply);
                row.end();
            }
            _ => {
                debug_assert_eq!(request.function, ANSWER);
                let refusal = Refusal::new(Status::Malformed, "an answer to no question");
                self.refuse(client, &refusal, request, reply);
            }
        }
    }

    /// A request about an object instead of a function.
    pub(crate) fn object(
        &self,
        client: &Client,
        context: &WorkerContext,
        callables: &dyn CallbackSource,
        request: &Request,
        reply: &mut Reply,
    ) {
        if client.channel.revoked() {
            return self.refuse(client, &revoked(), request, reply);
        }
        if request.arena_used > client.channel.arena().len() {
            // What a callable is shown during the end of an object would stand behind that.
            let refusal = Refusal::new(Status::Malformed, "the request makes no sense");
            return self.refuse(client, &refusal, request, reply);
        }
        let policy = client.policy.as_ref();
        if request.function == SYNC
            && let Some(denial) = policy.and_then(ClientPolicy::all_used)
        {
            let refusal = Refusal::new(Status::QuotaExceeded, format_args!("memory that the library keeps: {denial}"));
            self.used_up(client, FunctionId(SYNC), &denial);
            return self.refuse(client, &refusal, request, reply);
        }
        let origin = Origin::new(client.channel.id(), client.channel.arena(), callables);
        // What frees an object is the library's code as well.
        let begun = policy.and_then(ClientPolicy::begun);
        match request.function {
            CLOSE => {
                callables.starts(CLOSE, request.arena_used);
                self.marshal.close(&context.workspace, &origin, request, reply);
                if let Some(refusal) = callables.ended() {
                    self.refuse(client, &refusal, request, reply);
                }
            }
            HELD => self.marshal.held(&origin, request, reply),
            _ => {
                self.marshal.sync(&origin, request, reply);
                if let Some(policy) = policy.filter(|_| reply.status == Status::Ok) {
                    policy.carried(reply.words[1]);
                }
            }
        }
        if let Some(policy) = policy {
            self.ends(policy, begun, context);
        }
    }

    /// What began so has ended. The fork server counts what its process has had besides.
    #[inline]
    fn ends(&self, policy: &ClientPolicy, begun: Option<CallBegin>, context: &WorkerContext) {
        let taken = policy.ended(begun);
        if taken != 0 && self.is_alone() {
            context.row.add_counted(taken);
        }
    }

    /// Whether the client may make this call now, which brings so many bytes.
    #[inline]
    pub(crate) fn admit(&self, client: &Client, request: &Request, brings: u64) -> Result<(), Box<Refusal>> {
        if client.channel.revoked() {
            return Err(revoked());
        }
        let function = FunctionId(request.function);
        let admitted = client.policy.as_ref().ok_or(Denial::Function).and_then(|policy| policy.admit(function, brings));
        admitted.map_err(|denial| self.denied(client, function, &denial))?;
        client.tell(&self.control, function);
        Ok(())
    }

    /// How long a call may take.
    #[inline]
    pub(crate) fn deadline(&self, function: u32) -> Duration {
        self.single(function).map_or(self.marshal.functions().interface.sandbox.deadline, |single| single.deadline)
    }

    /// A call begins; whether its time is over before the broker looks. If that cannot be said now, the broker finds it when it looks.
    #[inline]
    pub(crate) fn begins(&self, unseen: bool) {
        if unseen {
            let _ = self.control.try_send(&FromZone::Due, &[]);
        }
    }

    /// Answers without a call.
    #[cold]
    pub(crate) fn refuse(&self, client: &Client, refusal: &Refusal, request: &Request, reply: &mut Reply) {
        refusal.write(reply, Some(client.channel.arena()), request.arena_used);
    }

    /// Within a call, or where none is made, nothing more may be carried: that is a refusal as well.
    #[cold]
    pub(crate) fn used_up(&self, client: &Client, function: FunctionId, denial: &Denial) {
        if let Some(policy) = &client.policy {
            policy.refused();
        }
        if let Some(quota) = denial.quota() {
            client.tell_refusal(&self.control, function, CallRefusal::UsedUp(quota));
        }
    }

    #[cold]
    fn denied(&self, client: &Client, function: FunctionId, denial: &Denial) -> Box<Refusal> {
        let (status, refused) = match denial {
            Denial::Bytes(_) | Denial::Calls(_) | Denial::Cpu(_) | Denial::Rate { .. } => {
                (Status::QuotaExceeded, denial.quota().map(CallRefusal::UsedUp))
            }
            Denial::Expired => (Status::Revoked, None),
            Denial::Function => (Status::Denied, Some(CallRefusal::NotGranted)),
        };
        if let Some(refused) = refused {
            client.tell_refusal(&self.control, function, refused);
        }
        match self.marshal.functions().declaration(function) {
            Some(declared) => Refusal::new(status, format_args!("{}: {denial}", declared.name)),
            None => Refusal::new(Status::Malformed, format_args!("there is no function {}", function.0)),
        }
    }
}

#[cold]
fn revoked() -> Box<Refusal> {
    Refusal::new(Status::Revoked, "the grant has been revoked")
}

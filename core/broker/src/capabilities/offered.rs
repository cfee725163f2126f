//! Services that microprocesses serve: functions written in Python, as capabilities like any other.
//!
//! ```text
//! server   ── Offer ─▶ broker            a root of the table of grants, minted by the server, which holds it and gives it on
//! client   ── message ─▶ server          which function, with what, by which grant: a number, which is worth nothing by itself
//! server   ── Admit ─▶ broker            does that client hold it, is it alive, does it allow the function, is something left of it?
//! client   ◀─ message ── server          the answer
//! server   ── Served ─▶ broker           how large it was, and how long it took (`serving`)
//! ```
//!
//! Who the client is, the server knows from the router. A server that says something else spoils what its own service counts, and nothing
//! of anybody else's. A client that waits hears of the end of its grant from the router ([`Broker::tell_ended`]).

use crate::audit::{Audit, AuditEvent, AuditProcess};
use crate::broker::{Broker, Pid};
use crate::capabilities::finding::not_held;
use crate::capabilities::grants::{GrantKey, OfferedService};
use crate::capabilities::held::Doings;
use crate::capabilities::limiting::Limited;
use crate::capabilities::serving::AdmittedCall;
use crate::processes::process::Process;
use cloison_contract::message::{End, SERVICE_FUNCTIONS, SERVICE_NAME_BYTES, SERVICE_PARAMETERS, ToMicroprocess};
use cloison_contract::offered::OfferedFunction;
use cloison_contract::process::ProcessNumber;
use cloison_contract::{Interface, printable};
use cloison_transport::counting::Denial;
use std::collections::BTreeSet;
use std::time::Instant;

impl Broker {
    /// A process offers functions of its own.
    pub(crate) fn offer(&mut self, pid: Pid, name: String, functions: Vec<OfferedFunction>) -> ToMicroprocess {
        let denied = |message: String| ToMicroprocess::Denied { message };
        let Some(server) = self.processes.get(pid).and_then(Process::running).map(|running| running.reference) else {
            return denied("a process that runs nothing offers nothing".into());
        };
        if let Err(message) = self.may_be_called(&name, &functions) {
            return ToMicroprocess::Invalid { message };
        }
        let mut token = [0; 16];
        if let Err(error) = self.random(&mut token) {
            return denied(format!("there is no random token: {error}"));
        }
        let terms = functions.iter().map(|function| function.name.as_str()).collect::<Vec<_>>().join(", ");
        let service = OfferedService { server: server.send_only(), name, functions };
        let key = match self.grants.offer(service, token) {
            Ok(key) => key,
            Err(error) => return denied(error.to_string()),
        };
        self.hold(pid, key);
        self.note(|| {
            let who = self.auditee_numbered(server.number);
            AuditEvent::mint(self.grants.name(key), self.number_of(key), &terms).process(who)
        });
        match self.grants.get(key) {
            Some(entry) => ToMicroprocess::Offered(entry.reference),
            None => denied("the service is gone".into()),
        }
    }

    /// Whether a service may be called so, and its functions. Names are letters, digits and underscores: they are shown to operators, and stand
    /// in the audit trail.
    fn may_be_called(&self, name: &str, functions: &[OfferedFunction]) -> Result<(), String> {
        let is_name = |name: &str| {
            name.len() <= SERVICE_NAME_BYTES
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                && !name.starts_with(|first: char| first.is_ascii_digit())
                && !name.is_empty()
        };
        let parameters = || functions.iter().flat_map(|function| &function.parameters);
        let all_are = functions.iter().all(|one| is_name(&one.name)) && parameters().all(|one| is_name(&one.name));
        if !is_name(name) || !all_are {
            return Err(format!(
                "names of a service, of its functions and of their parameters have ASCII letters, digits and underscores, and {SERVICE_NAME_BYTES} characters at most"
            ));
        }
        if self.application.capabilities.contains_key(name) {
            return Err(format!(
                "{name:?} is a capability of {}, which nobody else is to be taken for\nhint: offer(…, name=…) calls it something else",
                self.application.manifest.display()
            ));
        }
        if functions.len() > SERVICE_FUNCTIONS {
            return Err(format!("{} functions are too many: {SERVICE_FUNCTIONS} are the most", functions.len()));
        }
        if let Some(twice) = named_twice(functions.iter().map(|function| function.name.as_str())) {
            return Err(format!("two functions are called `{twice}`"));
        }
        for OfferedFunction { name, parameters } in functions {
            if parameters.len() > SERVICE_PARAMETERS {
                return Err(format!("`{name}` has {} parameters: {SERVICE_PARAMETERS} are the most", parameters.len()));
            }
            if let Some(twice) = named_twice(parameters.iter().map(|parameter| parameter.name.as_str())) {
                return Err(format!("two parameters of `{name}` are called `{twice}`"));
            }
        }
        Ok(())
    }

    /// Whether that client may call a function of a service of this process's, as it says it wants to. Counts the call.
    pub(crate) fn admit(
        &mut self,
        pid: Pid,
        (grant, client): (u64, ProcessNumber),
        function: &str,
        bytes: u64,
    ) -> ToMicroprocess {
        let denied = |message: String| ToMicroprocess::Denied { message };
        let Some(server) = self.processes.get(pid).and_then(Process::running).map(|running| running.reference.number)
        else {
            return denied("a process that runs nothing serves nothing".into());
        };
        let found = self.grants.numbered(grant);
        let served = found.filter(|key| self.grants.service(*key).is_some_and(|one| one.server.number == server));
        let holds = |key: &GrantKey| {
            let process = self.numbers.get(&client).and_then(|client| self.processes.get(*client));
            process.is_some_and(|process| process.held.holds(*key))
        };
        // A number that is guessed says nothing of who else holds what.
        let Some(key) = served.filter(holds) else {
            // Of the process that asks: who else is meant is its word alone.
            self.note_denial(pid, |server| {
                let reason = format!("process {client} does not hold the capability of a service of its own");
                AuditEvent::deny(server, "", &reason).grant(grant)
            });
            return denied(not_held(client));
        };
        if let Some(end) = self.end_of_grant(key) {
            return ToMicroprocess::Because(end);
        }
        let name = self.grants.name(key).to_owned();
        let shown: String = function.chars().take(SERVICE_NAME_BYTES).collect();
        let called = format!("{name}.{}()", printable::line(&shown));
        let Some(service) = self.grants.service(key) else { return denied(format!("{called} is not there")) };
        let Some(id) = service.function(function) else {
            return self.not_admitted(
                (pid, client),
                (key, &shown),
                format!("{called} is not granted: the service has no such function"),
            );
        };
        if !self.grants.allows(key, id) {
            let why = match self.limited(key, function, None) {
                Some(Limited { by: Some(by), number, .. }) => {
                    format!("{by} has narrowed it to other functions (#{number})")
                }
                _ => "it was narrowed to other functions".to_owned(),
            };
            return self.not_admitted((pid, client), (key, function), format!("{called} is not granted: {why}"));
        }
        match self.grants.count_call(key, bytes) {
            Ok(()) => {}
            Err(Denial::Expired) => return ToMicroprocess::Because(End::Expired),
            Err(denial) => {
                let limited = self.limited(key, function, Some(&denial.to_string()));
                let whose = match &limited {
                    Some(Limited { by: Some(by), number, .. }) => format!(", as {by} has narrowed it (#{number})"),
                    _ => String::new(),
                };
                let reason = limited.map_or_else(|| denial.to_string(), |one| format!("{denial} ({})", one.whose()));
                self.note_refused((pid, client), (key, function), &reason);
                return ToMicroprocess::Exceeded {
                    message: format!("{called}: the grant is used up: {denial}{whose}"),
                };
            }
        }
        if self.audit.as_ref().is_some_and(Audit::each_call) {
            self.note(|| {
                let who = self.auditee_numbered(client);
                AuditEvent::call(who, &name, function).grant(self.number_of(key))
            });
        }
        let service = self.grants.way(key).last().map_or(0, |root| root.reference.number);
        let bounds = self.grants.bounds_of(key, id);
        let counted = self.grants.counted_on(key);
        let call = self.serves(pid, AdmittedCall { key, client, function: id, bytes, counted });
        ToMicroprocess::Admitted { service, call, bounds }
    }

    fn not_admitted(
        &mut self,
        (server, client): (Pid, ProcessNumber),
        (key, function): (GrantKey, &str),
        message: String,
    ) -> ToMicroprocess {
        self.grants.count_refused(key, 1);
        self.note_refused((server, client), (key, function), message.lines().next().unwrap_or_default());
        ToMicroprocess::Denied { message }
    }

    /// Tell the audit trail that a client was refused a call of a service, as it is told of what zones refuse.
    pub(super) fn note_refused(
        &self,
        (server, client): (Pid, ProcessNumber),
        (key, function): (GrantKey, &str),
        reason: &str,
    ) {
        let limit = |doings: &mut Doings| doings.served.admit(Instant::now());
        self.note_doing(server, limit, |server| {
            let event = AuditEvent::deny(self.auditee_numbered(client), self.grants.name(key), reason);
            event.function(function).grant(self.number_of(key)).by(server.number)
        });
    }

    /// Who the process of that number is, for the audit trail.
    pub(crate) fn auditee_numbered(&self, number: ProcessNumber) -> AuditProcess {
        let pid = self.numbers.get(&number).copied();
        pid.and_then(|pid| self.auditee(pid)).unwrap_or_else(|| AuditProcess::new(number, None, ""))
    }

    /// What stands for the interface of a service.
    pub(crate) fn service_interface(&self, key: GrantKey) -> Option<Interface> {
        let service = self.grants.service(key)?;
        Some(Interface::of_service(&service.name, &service.functions))
    }

    /// Tell those who may wait for an answer by a grant of a service that it is not alive any more: those who have asked what it is. Each hears
    /// of each grant once.
    pub(crate) fn tell_ended(&mut self) {
        let grants = &self.grants;
        for process in self.processes.values_mut() {
            let Some(number) = process.running().map(|running| running.reference.number) else { continue };
            for key in process.held.no_more_calls(|key| grants.end_of(key).is_some()) {
                if let Some(entry) = grants.get(key) {
                    self.router.grant_ended(number, entry.reference);
                }
            }
        }
    }
}

/// A name that is there twice.
fn named_twice<'n>(names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let mut seen = BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}

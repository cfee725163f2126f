//! Calls of services that their processes were told they may serve, until those say what has become of them.
//!
//! ```text
//! server   ◀─ Admitted ── broker         the number of the call, and the bounds for its arguments
//! server   ── NotMade ──▶ broker         a bound refuses them: the call does not count      or
//! server   ── Served ───▶ broker         it was answered, with so many bytes, after so much processor time
//! ```
//!
//! What a server says counts for a call that it was told of, once: it gives back no more than was counted, and says nothing of what another one
//! serves. What its own service counts it can spoil, as it could by answering nobody.

use crate::broker::{Broker, Pid};
use crate::capabilities::grants::GrantKey;
use crate::capabilities::limiting::Limited;
use cloison_contract::FunctionId;
use cloison_contract::message::{LIMIT_TEXT_BYTES, ToMicroprocess};
use cloison_contract::process::ProcessNumber;
use std::collections::BTreeMap;

/// How many calls one process serves at once: a function that serves others before it returns. Of the oldest nothing more is heard then.
const MOST_SERVED: usize = 64;

/// Those of one process.
#[derive(Debug, Default)]
pub(crate) struct AdmittedCalls {
    last: u64,
    calls: BTreeMap<u64, AdmittedCall>,
}

/// A call that was counted.
#[derive(Debug)]
pub(super) struct AdmittedCall {
    /// By which grant.
    pub(super) key: GrantKey,
    /// Whose.
    pub(super) client: ProcessNumber,
    /// Of which function.
    pub(super) function: FunctionId,
    /// How many bytes it has brought.
    pub(super) bytes: u64,
    /// On which grants.
    pub(super) counted: Vec<GrantKey>,
}

impl AdmittedCalls {
    fn add(&mut self, call: AdmittedCall) -> u64 {
        if self.calls.len() >= MOST_SERVED {
            self.calls.pop_first();
        }
        self.last += 1;
        self.calls.insert(self.last, call);
        self.last
    }
}

impl Broker {
    /// A process is about to serve a call: its number.
    pub(super) fn serves(&mut self, pid: Pid, call: AdmittedCall) -> u64 {
        self.processes.get_mut(pid).map_or(0, |process| process.served.add(call))
    }

    /// A process has answered a call of its service.
    pub(crate) fn has_served(&mut self, pid: Pid, call: u64, bytes: u64, cpu_ns: u64) {
        if let Some(call) = self.processes.get_mut(pid).and_then(|process| process.served.calls.remove(&call)) {
            self.grants.add_served(&call.counted, bytes, cpu_ns);
        }
    }

    /// A process does not make a call of its service, of whose arguments a bound says this: what its client is to hear.
    pub(crate) fn does_not_serve(&mut self, pid: Pid, call: u64, said: &str) -> ToMicroprocess {
        if said.len() > LIMIT_TEXT_BYTES {
            return ToMicroprocess::Invalid { message: "what is said of the bound is longer than that may be".into() };
        }
        let Some(call) = self.processes.get_mut(pid).and_then(|process| process.served.calls.remove(&call)) else {
            return ToMicroprocess::Invalid { message: "this process serves no such call".into() };
        };
        let AdmittedCall { key, client, function, bytes, counted } = call;
        self.grants.give_call_back(&counted, bytes);
        self.grants.count_refused(key, 1);
        let declared = self.grants.service(key).and_then(|service| service.functions.get(function.0 as usize));
        let function = declared.map_or_else(|| "?".to_owned(), |declared| declared.name.clone());
        let limited = self.limited(key, &function, Some(said));
        let whose = match &limited {
            Some(Limited { by: Some(by), number, .. }) => format!(", as {by} has narrowed it (#{number})"),
            _ => String::new(),
        };
        let reason = limited.map_or_else(|| said.to_owned(), |one| format!("{said} ({})", one.whose()));
        self.note_refused((pid, client), (key, &function), &reason);
        let capability = self.grants.name(key);
        let outside = format!("the arguments are outside of what this capability allows{whose}");
        ToMicroprocess::Denied { message: format!("{capability}.{function}(): {outside}: {said}") }
    }
}

#[cfg(test)]
mod tests {
    use super::{AdmittedCall, AdmittedCalls, MOST_SERVED};
    use crate::capabilities::grants::GrantKey;
    use cloison_contract::FunctionId;

    /// Each is there once, and those that are never heard of again have an end.
    #[test]
    fn so_many_are_kept_and_each_is_taken_once() {
        let mut served = AdmittedCalls::default();
        let call = |client| AdmittedCall {
            key: GrantKey::default(),
            client,
            function: FunctionId(0),
            bytes: 0,
            counted: Vec::new(),
        };
        let numbers: Vec<_> = (0..MOST_SERVED as u64 + 1).map(|client| served.add(call(client))).collect();
        assert_eq!(served.calls.len(), MOST_SERVED);
        assert!(served.calls.remove(&numbers[0]).is_none(), "the oldest has made room");
        assert_eq!(served.calls.remove(&numbers[1]).map(|call| call.client), Some(1));
        assert!(served.calls.remove(&numbers[1]).is_none());
    }
}

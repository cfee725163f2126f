//! Who holds what, from whom, how often it was used and refused: what `cloison caps` and `cloison why` say.

use crate::broker::Broker;
use crate::capabilities::grants::{GrantEnd, GrantKey, denials, of_bound};
use crate::capabilities::limiting::{Limited, OPERATOR};
use crate::capabilities::lines::GrantTerm;
use cloison_contract::grant::Narrowing;
use cloison_contract::message::NarrowRequest;
use cloison_contract::printable;
use cloison_contract::process::ProcessNumber;
use cloison_contract::{FunctionId, Interface};
use cloison_manifest::explain;
use cloison_transport::counting::Denial;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

/// How many capabilities one answer tells of, those with the lowest numbers: the broker does nothing else meanwhile.
pub const MOST_ROWS: usize = 20_000;

/// One capability of an application: what `cloison.toml` grants, or what was narrowed from that.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CapabilityRow {
    /// Its number, never used again in this application.
    pub number: u64,
    /// The name that it has in `cloison.toml`, or that what it comes from has there.
    pub name: String,
    /// What it was narrowed from.
    pub parent: Option<u64>,
    /// Who has narrowed it, or serves it; nobody for what `cloison.toml` grants.
    pub minter: Option<ProcessNumber>,
    /// For how long it has been there, in milliseconds.
    pub age_ms: u64,
    /// In how long it ends, in milliseconds.
    pub expires_ms: Option<u64>,
    /// Why it is not alive, if it is not: `revoked`, `expired`, or `ended` with the process that served it.
    pub ended: Option<String>,
    /// The functions that it allows, if those are fewer than what it comes from allows.
    pub functions: Option<Vec<String>>,
    /// How many functions it allows.
    pub allowed: u64,
    /// What it adds to the terms of what it comes from, a clause each.
    pub terms: Vec<String>,
    /// The line of `cloison.toml`, or the process that serves it.
    pub location: String,
    /// Who holds it.
    pub holders: Vec<HolderRow>,
    /// How many calls were made.
    pub calls: u64,
    /// How many were refused.
    pub refused: u64,
    /// How many bytes calls have carried.
    pub bytes: u64,
    /// How long calls have run, in nanoseconds of processor time; of a zone's counted only if there is a limit.
    pub cpu_ns: u64,
}

/// A microprocess that holds a capability.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct HolderRow {
    /// Its number.
    pub process: ProcessNumber,
    /// Its name, for people.
    pub name: Option<String>,
    /// What it runs.
    pub function: String,
    /// Who has given it first.
    pub giver: Option<ProcessNumber>,
    /// For how long it has held it, in milliseconds.
    pub age_ms: u64,
}

/// Whether a process may call a function, and why.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct WhyReport {
    /// Whether it may.
    pub allowed: bool,
    /// A sentence for each capability that has to do with it, or one that says what is missing.
    pub reasons: Vec<String>,
}

impl Broker {
    /// The capabilities, with those who hold them, and how many there are besides.
    pub(super) fn capability_rows(&self) -> (Vec<CapabilityRow>, u64) {
        let now = Instant::now();
        let mut holders: BTreeMap<GrantKey, Vec<HolderRow>> = BTreeMap::new();
        for process in self.processes.values() {
            let Some(running) = process.running() else { continue };
            for (key, holding) in process.held.iter() {
                holders.entry(key).or_default().push(HolderRow {
                    process: running.reference.number,
                    name: running.name.clone(),
                    function: running.function.clone(),
                    giver: holding.giver,
                    age_ms: milliseconds(now, holding.since),
                });
            }
        }
        let mut keys: Vec<_> = self.grants.iter().map(|(key, entry)| (entry.reference.number, key)).collect();
        keys.sort_unstable();
        // What comes from something has a higher number than that, so that its functions and its interface are known by then.
        let mut functions: HashMap<GrantKey, Arc<BTreeSet<FunctionId>>> = HashMap::new();
        let mut interfaces: HashMap<GrantKey, Arc<Interface>> = HashMap::new();
        let mut rows = Vec::with_capacity(keys.len().min(MOST_ROWS));
        let left_off = keys.len().saturating_sub(MOST_ROWS) as u64;
        for (_, key) in keys {
            let allowed = self.allowed(key, &functions);
            functions.insert(key, allowed.clone());
            let above = self.grants.parent(key).and_then(|parent| interfaces.get(&parent)).cloned();
            let Some(interface) = above.or_else(|| self.interface_of(key)) else { continue };
            interfaces.insert(key, interface.clone());
            if rows.len() < MOST_ROWS {
                let held = holders.remove(&key).unwrap_or_default();
                rows.extend(self.capability_row(key, (&allowed, &interface), held, now));
            }
        }
        for row in &mut rows {
            row.holders.sort_by_key(|holder| holder.process);
        }
        (rows, left_off)
    }

    /// The functions that a grant allows, where those are known of what it comes from.
    fn allowed(
        &self,
        key: GrantKey,
        known: &HashMap<GrantKey, Arc<BTreeSet<FunctionId>>>,
    ) -> Arc<BTreeSet<FunctionId>> {
        let above = self.grants.parent(key).and_then(|parent| known.get(&parent));
        match (above, self.grants.narrowing(key)) {
            (Some(above), Some(Narrowing { functions: None, .. })) => above.clone(),
            (Some(above), Some(Narrowing { functions: Some(functions), .. })) => Arc::new(&**above & functions),
            _ => Arc::new(self.grants.effective(key).functions),
        }
    }

    fn capability_row(
        &self,
        key: GrantKey,
        (allowed, interface): (&BTreeSet<FunctionId>, &Interface),
        holders: Vec<HolderRow>,
        now: Instant,
    ) -> Option<CapabilityRow> {
        let entry = self.grants.get(key)?;
        let name = self.grants.name(key);
        let parent = self.grants.parent(key);
        let fewer = self.grants.narrowing(key).is_some_and(|by| by.functions.is_some());
        let names = || allowed.iter().filter_map(|id| Some(interface.functions.get(id.0 as usize)?.name.clone()));
        let used = entry.used();
        Some(CapabilityRow {
            number: entry.reference.number,
            name: name.to_owned(),
            parent: parent.and_then(|parent| Some(self.grants.get(parent)?.reference.number)),
            minter: entry.minter,
            age_ms: milliseconds(now, entry.since),
            expires_ms: entry.expires().map(|at| at.saturating_duration_since(now).as_millis() as u64),
            ended: self.grants.end_of(key).map(|end| word(end).to_owned()),
            functions: fewer.then(|| names().collect()),
            allowed: allowed.len() as u64,
            terms: explain::terms(interface, &self.grants.own_terms(key)),
            location: self.location_of(key),
            holders,
            calls: used.calls,
            refused: used.refused,
            bytes: used.bytes,
            cpu_ns: used.cpu_ns,
        })
    }

    /// Take a capability back; whether it was alive. `None`: there is none of that number.
    pub(super) fn revoke_numbered(&mut self, number: u64) -> Option<bool> {
        let key = self.grants.numbered(number)?;
        Some(self.end_grant(key, OPERATOR))
    }

    /// Narrow a capability as it is, for all who hold it.
    pub(super) fn narrow_numbered(&mut self, number: u64, by: &NarrowRequest) -> Result<(), String> {
        let key = self.grants.numbered(number).ok_or("there is no capability of that number")?;
        let narrowing = self.narrowing(key, by)?;
        self.narrow_grant(key, &narrowing, by.expires_ms);
        Ok(())
    }

    /// Whether a process may call that function (`FUNCTION` or `CAPABILITY.FUNCTION`), and why. `None`: there is no such process.
    pub(super) fn why(&self, number: ProcessNumber, function: &str) -> Option<WhyReport> {
        let process = self.processes.get(*self.numbers.get(&number)?)?;
        let (capability, function) = match function.split_once('.') {
            Some((capability, function)) => (Some(capability), function),
            None => (None, function),
        };
        let mut why = WhyReport { allowed: false, reasons: Vec::new() };
        for (key, _) in process.held.iter() {
            let name = self.grants.name(key);
            if capability.is_some_and(|wanted| wanted != name) {
                continue;
            }
            let Some(reason) = self.why_by(key, function) else { continue };
            match reason {
                Ok(text) => {
                    why.allowed = true;
                    why.reasons.push(text);
                }
                Err(text) => why.reasons.push(text),
            }
        }
        if why.reasons.is_empty() {
            why.reasons.push(self.why_not(number, capability, function));
        }
        Some(why)
    }

    /// What one capability says of a function; `None` if it has nothing to do with it.
    fn why_by(&self, key: GrantKey, function: &str) -> Option<Result<String, String>> {
        let (name, entry) = (self.grants.name(key), self.grants.get(key)?);
        let interface = self.interface_of(key)?;
        let (id, declared) = interface.function(function)?;
        let location = self.location_of(key);
        let granting = if self.grants.service(key).is_some() { "the service of" } else { "`allow` at" };
        let what = format!("capability {name:?} #{}", entry.reference.number);
        if let Some(end) = self.grants.end_of(key) {
            let above = self.grants.ended_above(key).filter(|above| *above != entry.reference.number);
            let from = above.map(|number| format!(", as what it comes from is (#{number})")).unwrap_or_default();
            return Some(Err(format!("{what} is {}{from}{}", word(end), self.expired_by(key, end, function))));
        }
        if declared.internal {
            return Some(Err(format!("`{function}` is internal: {} keeps it for other functions", interface.source)));
        }
        if let Some(Limited { by, number, location }) = self.limited(key, function, None) {
            return Some(Err(match by {
                None => format!("{what}: {granting} {location} does not name `{function}`"),
                Some(by) => format!("{what}: {by} has narrowed it to functions without `{function}` (#{number})"),
            }));
        }
        let mut way: Vec<_> = self.grants.way(key).collect();
        way.reverse();
        let mut text = format!("{what}: {granting} {location} names `{function}`");
        for step in &way {
            let whose = |said: &str| self.limited_by(step, (id, function), Some(said)).map(|limited| limited.whose());
            for bound in step.bounds_of(id) {
                let whose = whose(&of_bound(&bound.text)).unwrap_or_default();
                text += &format!("; only if {} ({whose})", printable::line(&bound.text));
            }
            let used = step.used();
            for (_, denial) in denials(step.quota()).into_iter().flatten() {
                let whose = whose(&denial.to_string()).unwrap_or_default();
                let (most, used, unit) = match denial {
                    Denial::Calls(most) => (most, used.calls, "calls"),
                    Denial::Bytes(most) => (most, used.bytes, "bytes"),
                    Denial::Cpu(most) => (most, used.cpu_ns, "ns of processor time"),
                    Denial::Rate { calls, period_ms } => {
                        text += &format!("; {calls} calls in {period_ms} ms at most ({whose})");
                        continue;
                    }
                    Denial::Expired | Denial::Function => continue,
                };
                if used >= most {
                    return Some(Err(format!("{what}: all {most} {unit} are used up ({whose})")));
                }
                text += &format!("; {} of {most} {unit} are left ({whose})", most - used);
            }
        }
        Some(Ok(text))
    }

    /// Of a grant whose time is over: the line that says when that is, or who has narrowed it so.
    fn expired_by(&self, key: GrantKey, end: GrantEnd, function: &str) -> String {
        let ended = self.grants.ended_above(key).filter(|_| end == GrantEnd::Expired);
        let step = ended.and_then(|number| self.grants.numbered(number));
        match step.and_then(|key| Some((key, self.grants.get(key)?))) {
            Some((key, step)) => format!(" ({})", self.set_by(step, key, GrantTerm::Expires, function).whose()),
            None => String::new(),
        }
    }

    /// Why nothing that the process holds has to do with it.
    fn why_not(&self, number: ProcessNumber, capability: Option<&str>, function: &str) -> String {
        let offers = self.application.capabilities.iter().find(|(name, one)| {
            capability.is_none_or(|wanted| wanted == *name)
                && self.zones[one.zone].specification.interface.function(function).is_some()
        });
        let process = self.numbers.get(&number).and_then(|pid| self.processes.get(*pid));
        let holds = |capability: &str| {
            process.is_some_and(|process| process.held.iter().any(|(key, _)| self.grants.name(key) == capability))
        };
        match (offers, capability) {
            (Some((name, one)), _) => format!(
                "process {number} does not hold the capability {name:?}, which offers `{function}` ({}): spawn(…, capabilities=[{name:?}]), or a \
                 message, gives it",
                one.allow_location
            ),
            (None, Some(capability)) if self.application.capabilities.contains_key(capability) => {
                format!("the capability {capability:?} offers no function `{function}`")
            }
            (None, Some(capability)) if holds(capability) => format!("{capability:?} has no function `{function}`"),
            (None, Some(capability)) => self.denial(capability),
            (None, None) => {
                format!("no capability in {} offers a function `{function}`", self.application.manifest.display())
            }
        }
    }
}

fn milliseconds(now: Instant, since: Instant) -> u64 {
    u64::try_from(now.saturating_duration_since(since).as_millis()).unwrap_or(u64::MAX)
}

fn word(end: GrantEnd) -> &'static str {
    match end {
        GrantEnd::Revoked => "revoked",
        GrantEnd::Expired => "expired",
        GrantEnd::ServerGone => "ended",
    }
}

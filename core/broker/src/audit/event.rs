//! What there is to say, and the fields of a line.

use crate::processes::process::Running;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How much of a text that others wrote is kept, in characters.
pub const TEXT_CHARACTERS: usize = 256;

/// What has happened.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AuditKind {
    /// A process has called a function. Only where each call is asked for.
    Call,
    /// A zone has ended by itself, or because a call took too long.
    Crash,
    /// A process has given a grant to another one.
    Delegate,
    /// A process was refused something.
    Deny,
    /// A process has ended.
    End,
    /// The application has ended, as it should.
    Ended,
    /// A grant's time is over.
    Expire,
    /// The application has a capability, because its manifest says so.
    Mint,
    /// A process has made a narrower grant of one that it holds, or whoever runs the application has narrowed one as it is.
    Narrow,
    /// A process has let go of a grant.
    Release,
    /// A zone was replaced by whoever runs the application.
    Replace,
    /// A grant was taken back, and with it all that was made of it.
    Revoke,
    /// A process begins.
    Spawn,
    /// How often a grant was used by its holders since the last such line about it.
    Use,
}

impl AuditKind {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Call,
        Self::Crash,
        Self::Delegate,
        Self::Deny,
        Self::End,
        Self::Ended,
        Self::Expire,
        Self::Mint,
        Self::Narrow,
        Self::Release,
        Self::Replace,
        Self::Revoke,
        Self::Spawn,
        Self::Use,
    ];

    /// The word for it in a line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Crash => "crash",
            Self::Delegate => "delegate",
            Self::Deny => "deny",
            Self::End => "end",
            Self::Ended => "ended",
            Self::Expire => "expire",
            Self::Mint => "mint",
            Self::Narrow => "narrow",
            Self::Release => "release",
            Self::Replace => "replace",
            Self::Revoke => "revoke",
            Self::Spawn => "spawn",
            Self::Use => "use",
        }
    }
}

/// A microprocess, for people. Its texts are cut to [`TEXT_CHARACTERS`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AuditProcess {
    /// Its number in the application.
    pub number: u64,
    /// What it is called, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it runs.
    pub function: String,
}

impl AuditProcess {
    /// One of that number, name and function.
    pub fn new(number: u64, name: Option<&str>, function: &str) -> Self {
        Self { number, name: name.map(bounded), function: bounded(function) }
    }

    pub(crate) fn of(running: &Running) -> Self {
        Self::new(running.reference.number, running.name.as_deref(), &running.function)
    }
}

/// The fields of a line about an event. What does not belong to its kind is absent.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AuditRecord {
    /// The number of the line in its chain, from 0.
    pub seq: u64,
    /// When it happened, in UTC, as RFC 3339 has it, with microseconds.
    pub time: String,
    /// What has happened.
    pub event: AuditKind,
    /// The process that did it, or that it happened to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<AuditProcess>,
    /// The number of the process that spawned that one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<u64>,
    /// The number of the process that was given something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// The capability, by its name in the manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capability: Option<String>,
    /// The zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The number of the grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<u64>,
    /// The number of the grant that it was made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<u64>,
    /// How many grants that were made of it fell with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub derived: Option<u64>,
    /// The function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// How many calls there were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<u64>,
    /// How many calls were refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denials: Option<u64>,
    /// What a grant gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many events just before this one are not in the trail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped: Option<u64>,
}

/// The first line of a file, and of a run.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AuditHeader {
    /// The version of these lines: 1.
    pub audit: u32,
    /// The number of the line in its chain, from 0.
    pub seq: u64,
    /// What is run, for people.
    pub application: String,
    /// When the run began, in UTC, as RFC 3339 has it.
    pub started: String,
    /// Random, and the same in all headers of a run.
    pub nonce: String,
    /// The hash of the line before, unless this is the first of its chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// How many bytes of an unfinished line stood behind that one, and were cut off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub torn: Option<u64>,
}

/// Something to be noted. It has happened when this is made.
///
/// Texts are cut to [`TEXT_CHARACTERS`]. No text may hold what a call was given or has returned: `reason` and `terms` are the broker's
/// own words, with names of the manifest's.
#[derive(Clone, Debug)]
pub struct AuditEvent {
    at: Timestamp,
    record: Box<AuditRecord>,
}

impl AuditEvent {
    /// The application has a capability; `terms` is what it gives.
    pub fn mint(capability: &str, grant: u64, terms: &str) -> Self {
        Self::new(AuditKind::Mint).capability(capability).grant(grant).terms(terms)
    }

    /// `grant` is what a process has made of its grant `parent`, or a grant was narrowed as it is; `terms` is what was added.
    pub fn narrow(capability: &str, grant: u64, terms: &str) -> Self {
        Self::new(AuditKind::Narrow).capability(capability).grant(grant).terms(terms)
    }

    /// `process` has given `grant` to process `to`.
    pub fn delegate(process: AuditProcess, capability: &str, grant: u64, to: u64) -> Self {
        let mut event = Self::new(AuditKind::Delegate).process(process).capability(capability).grant(grant);
        event.record.to = Some(to);
        event
    }

    /// The holders of a grant have used it so often since the last such event; [`AuditUses`](super::AuditUses) knows how often that is.
    pub fn used(capability: &str, grant: u64, calls: u64, denials: u64) -> Self {
        let mut event = Self::new(AuditKind::Use).capability(capability).grant(grant);
        (event.record.calls, event.record.denials) = (Some(calls), Some(denials));
        event
    }

    /// `process` has called a function, where each call is asked for.
    pub fn call(process: AuditProcess, capability: &str, function: &str) -> Self {
        Self::new(AuditKind::Call).process(process).capability(capability).function(function)
    }

    /// `process` was refused something of a capability, which the application may not even have.
    pub fn deny(process: AuditProcess, capability: &str, reason: &str) -> Self {
        Self::new(AuditKind::Deny).process(process).capability(capability).reason(reason)
    }

    /// A grant was taken back, and `derived` others with it: one event for all of them.
    pub fn revoke(capability: &str, grant: u64, derived: u64, reason: &str) -> Self {
        let mut event = Self::new(AuditKind::Revoke).capability(capability).grant(grant).reason(reason);
        event.record.derived = Some(derived);
        event
    }

    /// A grant's time is over.
    pub fn expire(capability: &str, grant: u64) -> Self {
        Self::new(AuditKind::Expire).capability(capability).grant(grant)
    }

    /// `process` has let go of a grant.
    pub fn release(process: AuditProcess, capability: &str, grant: u64) -> Self {
        Self::new(AuditKind::Release).process(process).capability(capability).grant(grant)
    }

    /// An instance of a zone has ended, and nobody had asked it to.
    pub fn crash(zone: &str, reason: &str) -> Self {
        let mut event = Self::new(AuditKind::Crash).reason(reason);
        event.record.zone = Some(bounded(zone));
        event
    }

    /// Another instance of a zone has come in the place of those that it had, at the word of whoever runs the application. `reason` says what is
    /// other now.
    pub fn replace(zone: &str, reason: &str) -> Self {
        let mut event = Self::new(AuditKind::Replace).reason(reason);
        event.record.zone = Some(bounded(zone));
        event
    }

    /// `process` begins; process `by` has spawned it, if it is not the program itself.
    pub fn spawn(process: AuditProcess, by: Option<u64>) -> Self {
        let mut event = Self::new(AuditKind::Spawn).process(process);
        event.record.by = by;
        event
    }

    /// `process` has ended.
    pub fn end(process: AuditProcess, reason: &str) -> Self {
        Self::new(AuditKind::End).process(process).reason(reason)
    }

    /// The application has ended.
    pub(super) fn ended() -> Self {
        Self::new(AuditKind::Ended)
    }

    fn new(event: AuditKind) -> Self {
        let record = AuditRecord {
            seq: 0,
            time: String::new(),
            event,
            process: None,
            by: None,
            to: None,
            capability: None,
            zone: None,
            grant: None,
            parent: None,
            derived: None,
            function: None,
            calls: None,
            denials: None,
            terms: None,
            reason: None,
            dropped: None,
        };
        Self { at: Timestamp::now(), record: Box::new(record) }
    }

    /// Who did it, or whom it happened to.
    #[must_use]
    pub fn process(mut self, process: AuditProcess) -> Self {
        self.record.process = Some(process);
        self
    }

    /// The process whose word it is.
    #[must_use]
    pub(crate) fn by(mut self, number: u64) -> Self {
        self.record.by = Some(number);
        self
    }

    /// The number of the grant that it is about.
    #[must_use]
    pub fn grant(mut self, grant: u64) -> Self {
        self.record.grant = Some(grant);
        self
    }

    /// The function that it is about.
    #[must_use]
    pub fn function(mut self, function: &str) -> Self {
        self.record.function = Some(bounded(function));
        self
    }

    /// Why.
    #[must_use]
    pub fn reason(mut self, reason: &str) -> Self {
        self.record.reason = Some(bounded(reason));
        self
    }

    fn capability(mut self, capability: &str) -> Self {
        self.record.capability = (!capability.is_empty()).then(|| bounded(capability));
        self
    }

    /// The number of the grant that it was made of.
    #[must_use]
    pub fn parent(mut self, parent: u64) -> Self {
        self.record.parent = Some(parent);
        self
    }

    fn terms(mut self, terms: &str) -> Self {
        self.record.terms = (!terms.is_empty()).then(|| bounded(terms));
        self
    }

    /// So many others just before it are not in the trail.
    pub(crate) fn after(mut self, dropped: u64) -> Self {
        let dropped = self.record.dropped.unwrap_or(0).saturating_add(dropped);
        self.record.dropped = (dropped > 0).then_some(dropped);
        self
    }

    /// How many others just before it are not in the trail.
    pub(super) fn dropped(&self) -> u64 {
        self.record.dropped.unwrap_or(0)
    }

    /// As the line of that number.
    pub(super) fn numbered(mut self, seq: u64) -> AuditRecord {
        self.record.seq = seq;
        self.record.time = shown(self.at);
        *self.record
    }
}

/// `2026-01-31T12:00:00.000001Z`
pub(super) fn shown(at: Timestamp) -> String {
    format!("{at:.6}")
}

/// As much of a text as is kept.
pub(super) fn bounded(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

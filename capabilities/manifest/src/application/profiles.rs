//! `[microprocess.NAME]`: profiles, which are classes of microprocesses with capabilities and limits of their own.
//!
//! ```toml
//! [microprocess.worker]
//! memory = "64 MiB"
//! children = 0
//!
//! [microprocess.worker.capabilities.zlib]      # or `capabilities = ["zlib"]`: as whoever starts it holds it
//! allow = ["crc32"]
//! calls = 100
//! ```
//!
//! A profile grants nothing: a process that is started with it gets what is named here out of what its spawner holds, and no more of it
//! than is left here.

use super::read::{GrantTerms, allow, check_name, terms, whole_seconds};
use super::{Allow, CapabilityRequest, TermLocations, Written, services};
use crate::document::{DocumentReader, Table, TableEntry};
use crate::keys::TableName;
use cloison_contract::grant::Quota;
use cloison_contract::process::Priority;
use cloison_contract::spelling::did_you_mean;
use cloison_contract::types::Location;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;
use toml::de::DeValue;

/// One `[microprocess.NAME]`.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Where it stands.
    pub location: Location,
    /// What its microprocesses hold, by the names of `[capabilities]`.
    pub capabilities: BTreeMap<String, NarrowedCapability>,
    /// What they may use up.
    pub limits: ProfileLimits,
}

/// What a profile leaves of a capability. Whatever is `None`, `false` or empty stays as it is.
#[derive(Clone, Debug)]
pub struct NarrowedCapability {
    /// Where it is named.
    pub location: Location,
    /// `allow`
    pub allow: Option<Allow>,
    /// Where `allow` stands.
    pub allow_location: Option<Location>,
    /// `where`: function → bound.
    pub bounds: Vec<(Written, Written)>,
    /// `rate`, `calls`, `bytes`, `cpu`
    pub quota: Quota,
    /// `expires`: how long after the start of the microprocess.
    pub expires: Option<Duration>,
    /// `delegate = false`
    pub personal: bool,
    /// `callbacks = false`
    pub quiet: bool,
    /// Where the keys stand that say so.
    pub locations: TermLocations,
}

/// The limits of a profile. Without one, that of whoever starts the microprocess holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ProfileLimits {
    /// Address space, in bytes.
    pub memory_bytes: Option<u64>,
    /// Processor time, in seconds.
    pub cpu_seconds: Option<u64>,
    /// How long it may run.
    pub deadline: Option<Duration>,
    /// How many living children it may have.
    pub children: Option<u32>,
    /// How many call channels it may have open.
    pub channels: Option<u32>,
    /// Who comes first: it is no higher than that.
    pub priority: Option<Priority>,
    /// Its nice value, 0 to 19: it is no lower than that.
    pub nice: Option<u8>,
}

/// The capabilities that profiles may name.
pub(super) struct KnownCapabilities<'a> {
    /// All names of `[capabilities]`.
    pub(super) declared: &'a [&'a str],
    /// Those that could be read.
    pub(super) capabilities: &'a BTreeMap<String, CapabilityRequest>,
}

pub(super) fn read(
    reader: &mut DocumentReader,
    value: &TableEntry<'_>,
    known: &KnownCapabilities<'_>,
) -> BTreeMap<String, Profile> {
    let table = reader.table(value, "[microprocess]", "{ worker = { capabilities = [\"zlib\"] } }");
    let entries = table.map(|mut table| table.take_all()).unwrap_or_default();
    let profile = |entry: &TableEntry<'_>| Some((entry.key.to_owned(), profile(reader, entry, known)?));
    entries.iter().filter_map(profile).collect()
}

fn profile(reader: &mut DocumentReader, entry: &TableEntry<'_>, known: &KnownCapabilities<'_>) -> Option<Profile> {
    check_name(reader, entry, "a profile");
    let name = format!("[microprocess.{}]", entry.key);
    let table = reader.table(entry, name, "{ capabilities = [\"zlib\"] }")?;
    let mut table = table.of(TableName::Microprocess);
    let capabilities = table.take("capabilities").map(|value| capabilities(reader, entry.key, &value, known));
    let limits = limits(reader, &mut table);
    reader.finish(table);
    let location = reader.location(entry.key_span.start);
    Some(Profile { location, capabilities: capabilities.unwrap_or_default(), limits })
}

/// `["zlib"]`, or a table that narrows each.
fn capabilities(
    reader: &mut DocumentReader,
    profile: &str,
    value: &TableEntry<'_>,
    known: &KnownCapabilities<'_>,
) -> BTreeMap<String, NarrowedCapability> {
    let mut found = BTreeMap::new();
    match value.value {
        DeValue::Table(_) => {
            let table = reader.table(value, format!("[microprocess.{profile}.capabilities]"), "{ zlib = {} }");
            for entry in table.map(|mut table| table.take_all()).unwrap_or_default() {
                if is_known(reader, entry.key, &entry.key_span, known)
                    && let Some(narrowed) = narrowed(reader, profile, &entry, known)
                {
                    found.insert(entry.key.to_owned(), narrowed);
                }
            }
        }
        DeValue::Array(_) => {
            for name in reader.strings(value).unwrap_or_default() {
                if !is_known(reader, &name.text, &name.span, known) {
                    continue;
                }
                let as_it_is = NarrowedCapability {
                    location: reader.location(name.span.start),
                    allow: None,
                    allow_location: None,
                    bounds: Vec::new(),
                    quota: Quota::default(),
                    expires: None,
                    personal: false,
                    quiet: false,
                    locations: TermLocations::default(),
                };
                if found.insert(name.text.clone(), as_it_is).is_some() {
                    reader.error(name.span, format!("`{}` stands there twice", name.text));
                }
            }
        }
        _ => reader.wrong_kind(value, "an array of names of capabilities, or a table of tables", "[\"zlib\"]"),
    }
    found
}

/// Whether the application has a capability of that name, which is what a profile can give of.
fn is_known(reader: &mut DocumentReader, name: &str, span: &Range<usize>, known: &KnownCapabilities<'_>) -> bool {
    if known.declared.contains(&name) {
        return true;
    }
    let hint = match did_you_mean(name, known.declared.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.declared.is_empty() => {
            "a profile gives of what [capabilities.NAME] grants: there is none".to_owned()
        }
        None => format!("a profile gives of what [capabilities.NAME] grants: {}", known.declared.join(", ")),
    };
    reader.error_with_hint(span.clone(), format!("the application has no capability `{name}`"), hint);
    false
}

fn narrowed(
    reader: &mut DocumentReader,
    profile: &str,
    entry: &TableEntry<'_>,
    known: &KnownCapabilities<'_>,
) -> Option<NarrowedCapability> {
    let name = format!("[microprocess.{profile}.capabilities.{}]", entry.key);
    let mut table = reader.table(entry, name, "{ calls = 100 }")?.of(TableName::Narrowing);
    let zone = known.capabilities.get(entry.key).map(|request| &request.zone);
    if services::is_about_requests(zone) {
        refuse_requests(reader, &mut table, entry.key);
    }
    let allow_value = table.take("allow");
    let allow_location = allow_value.as_ref().map(|value| reader.location(value.key_span.start));
    let allow = allow_value.and_then(|value| allow(reader, &value));
    let GrantTerms { bounds, quota, expires, personal, quiet, locations } = terms(reader, &mut table);
    reader.finish(table);
    let location = reader.location(entry.key_span.start);
    Some(NarrowedCapability { location, allow, allow_location, bounds, quota, expires, personal, quiet, locations })
}

/// What these keys say of `http` is about requests, which its service knows and no narrowing does.
fn refuse_requests(reader: &mut DocumentReader, table: &mut Table<'_>, capability: &str) {
    for key in ["allow", "rate", "calls"] {
        if let Some(value) = table.take(key) {
            let message =
                format!("`{key}` of [capabilities.{capability}] is about requests, which a profile cannot narrow");
            let hint = "make a capability of its own with `zone = \"http\"` and fewer requests, and name that one here";
            reader.error_with_hint(value.key_span, message, hint);
        }
    }
}

fn limits(reader: &mut DocumentReader, table: &mut Table<'_>) -> ProfileLimits {
    let count = |reader: &mut DocumentReader, value: Option<TableEntry<'_>>| {
        value.and_then(|value| reader.count(&value)).map(|count| count as u32)
    };
    let memory_bytes = table.take("memory").and_then(|value| reader.size(&value));
    let cpu_seconds = table.take("cpu").and_then(|value| reader.duration(&value)).map(whole_seconds);
    let deadline = table.take("deadline").and_then(|value| reader.duration(&value));
    let children = count(reader, table.take("children"));
    let channels = count(reader, table.take("channels"));
    let [priority, nice] = ["priority", "nice"].map(|key| table.take(key));
    if let (Some(_), Some(nice)) = (&priority, &nice) {
        let message = "`priority` and `nice` say the same thing in two ways";
        reader.error_with_hint(nice.key_span.clone(), message, "leave one of them out");
    }
    let priority = priority.and_then(|value| self::priority(reader, &value));
    let nice = nice.and_then(|value| reader.count(&value)).map(|count| count as u8);
    ProfileLimits { memory_bytes, cpu_seconds, deadline, children, channels, priority, nice }
}

fn priority(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Priority> {
    let written = reader.string(value)?;
    let priority = Priority::find(&written.text);
    if priority.is_none() {
        let words = Priority::ALL.map(Priority::word);
        let hint = match did_you_mean(&written.text.to_lowercase(), words) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the priorities are {}", words.join(", ")),
        };
        reader.error_with_hint(written.span, format!("`{}` is no priority", written.text), hint);
    }
    priority
}

//! The tables of `cloison.toml`.

use super::audit;
use super::deterministic;
use super::profiles;
use super::services::{self, CapabilityEntry};
use super::{
    Allow, Application, ApplicationLimits, CapabilityRequest, EntryPoint, SecretSource, TermLocations, VersionRequest,
    Written,
};
use crate::document::{DocumentReader, Table, TableEntry};
use crate::keys::TableName;
use crate::manifest::layers;
use crate::version::WantedVersion;
use crate::{bundled, units};
use cloison_contract::grant::Quota;
use cloison_contract::host::HostService;
use cloison_contract::spelling::did_you_mean;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use toml::de::DeValue;

pub(super) fn application(reader: &mut DocumentReader, root: Table<'_>) -> Option<Application> {
    let mut root = root.of(TableName::Application);
    let app = root.take("app").and_then(|value| app(reader, &value)).unwrap_or_default();
    let capabilities_value = root.take("capabilities");
    let declared = capabilities_value.as_ref().map(names).unwrap_or_default();
    let capabilities = capabilities_value.map(|value| capabilities(reader, &value)).unwrap_or_default();
    keep_secrets(reader, &capabilities);
    one_value_each(reader, &capabilities);
    let limits = root.take("limits").map(|value| limits(reader, &value)).unwrap_or_default();
    let known = profiles::KnownCapabilities { declared: &declared, capabilities: &capabilities };
    let profiles = root.take("microprocess").map(|value| profiles::read(reader, &value, &known)).unwrap_or_default();
    let audit = root.take("audit").and_then(|value| audit::read(reader, &value));
    let clock = root.take("clock").and_then(|value| deterministic::clock(reader, &value));
    let seed = root.take("random").and_then(|value| deterministic::random(reader, &value));
    if root.has("zone") && root.has("functions") {
        let hint = "name it NAME.zone.toml and let `[capabilities.NAME] zone = \"NAME.zone.toml\"` point to it";
        reader.error_with_hint(0..0, "this is a zone's manifest, not an application's", hint);
        root.take_all();
    }
    reader.finish(root);
    Some(Application {
        source: Arc::clone(&reader.source),
        entry: app.entry,
        site_packages: app.site_packages,
        may_be_missing: app.may_be_missing,
        capabilities,
        profiles,
        limits,
        audit,
        clock,
        seed,
    })
}

/// No variable is a secret of one capability and passed to programs by another one.
fn keep_secrets(reader: &mut DocumentReader, capabilities: &BTreeMap<String, CapabilityRequest>) {
    let services = || capabilities.iter().filter_map(|(name, request)| Some((name, request.service.as_ref()?)));
    for (_, request) in services() {
        for source in &request.secrets {
            let SecretSource::Environment(variable) = source else { continue };
            let passes = |service: &HostService| match service {
                HostService::Env(env) => env.pass.contains(&variable.text),
                HostService::Files(_)
                | HostService::Http(_)
                | HostService::Log(_)
                | HostService::Net(_)
                | HostService::Process(_)
                | HostService::Sqlite(_) => false,
            };
            if let Some((name, _)) = services().find(|(_, request)| passes(&request.service)) {
                let message = format!("this secret is passed to programs by [capabilities.{name}]");
                let hint = format!("leave `{}` out of `pass`: the service sends it", variable.text);
                reader.error_with_hint(variable.span.clone(), message, hint);
            }
        }
    }
}

/// No variable is given by two capabilities: a program that holds both would have either.
fn one_value_each(reader: &mut DocumentReader, capabilities: &BTreeMap<String, CapabilityRequest>) {
    let mut given: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, request) in capabilities {
        let Some(HostService::Env(env)) = request.service.as_ref().map(|request| &request.service) else { continue };
        for variable in env.pass.iter().chain(env.variables.keys()) {
            if let Some(other) = given.insert(variable, name).filter(|other| other != name) {
                let message = format!("`{variable}` is given by [capabilities.{other}] as well");
                reader.error_with_hint(request.zone.span.clone(), message, "leave it out of one of them");
            }
        }
    }
}

#[derive(Default)]
struct App {
    entry: Option<EntryPoint>,
    site_packages: Vec<String>,
    may_be_missing: Vec<String>,
}

fn app(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<App> {
    let mut table = reader.table(value, "[app]", "{ entry = \"app:main\" }")?.of(TableName::App);
    let entry = table.take("entry").and_then(|value| entry(reader, &value));
    let site_packages = table.take("site_packages").and_then(|value| folders(reader, &value));
    let may_be_missing = table.take("may_be_missing").and_then(|value| layers(reader, &value));
    reader.finish(table);
    let (site_packages, may_be_missing) = (site_packages.unwrap_or_default(), may_be_missing.unwrap_or_default());
    Some(App { entry, site_packages, may_be_missing })
}

fn entry(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<EntryPoint> {
    let written = reader.string(value)?;
    let text = &written.text;
    let (message, hint) = match text.split_once(':') {
        Some((module, qualname)) if dotted(module) && dotted(qualname) => {
            let (module, qualname) = (module.to_owned(), qualname.to_owned());
            return Some(EntryPoint { module, qualname, span: written.span });
        }
        _ if text.contains('/') || text.ends_with(".py") => {
            let module = text.trim_end_matches(".py").trim_start_matches("./").replace('/', ".");
            (format!("`{text}` is a file, and `entry` is a function"), format!("write `entry = \"{module}:main\"`"))
        }
        _ if text.ends_with("()") => {
            (format!("`{text}` is a call, and `entry` is a function's name"), "leave out the parentheses".to_owned())
        }
        None if dotted(text) => {
            (format!("`{text}` names no function"), format!("`module:function`, as in `entry = \"{text}:main\"`"))
        }
        _ => (format!("`{text}` cannot be an entry"), "`module:function`, as in `entry = \"app:main\"`".to_owned()),
    };
    reader.error_with_hint(written.span, message, hint);
    None
}

fn dotted(text: &str) -> bool {
    let identifier = |part: &str| {
        part.starts_with(|first: char| first.is_alphabetic() || first == '_')
            && part.chars().all(|one| one.is_alphanumeric() || one == '_')
    };
    text.split('.').all(identifier)
}

fn folders(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Vec<String>> {
    let list = match value.value {
        DeValue::String(_) => vec![reader.string(value)?],
        _ => reader.strings(value)?,
    };
    let folder = |folder: Written| {
        let inside = !folder.text.starts_with('/') && folder.text.split('/').all(|part| part != "..");
        if !inside {
            let hint = "a folder below the application's own, relative to this file";
            reader.error_with_hint(folder.span, format!("`{}` is outside the application", folder.text), hint);
        }
        inside.then_some(folder.text)
    };
    list.into_iter().map(folder).collect()
}

fn capabilities(reader: &mut DocumentReader, value: &TableEntry<'_>) -> BTreeMap<String, CapabilityRequest> {
    let table = reader.table(value, "[capabilities]", "{ … }");
    let entries = table.map(|mut table| table.take_all()).unwrap_or_default();
    let request = |entry: &TableEntry<'_>| Some((entry.key.to_owned(), capability(reader, entry)?));
    entries.iter().filter_map(request).collect()
}

/// The keys of a table, if it is one.
fn names<'d>(value: &TableEntry<'d>) -> Vec<&'d str> {
    match value.value {
        DeValue::Table(table) => table.keys().map(|key| key.get_ref().as_ref()).collect(),
        _ => Vec::new(),
    }
}

/// A name that an author has chosen and Python asks for. `what` is what it is the name of.
pub(super) fn check_name(reader: &mut DocumentReader, entry: &TableEntry<'_>, what: &str) {
    if entry.key.is_empty() || entry.key.len() > 128 || entry.key.chars().any(char::is_control) {
        reader.error(entry.key_span.clone(), format!("this cannot be the name of {what}"));
    }
}

fn capability(reader: &mut DocumentReader, entry: &TableEntry<'_>) -> Option<CapabilityRequest> {
    let name = format!("[capabilities.{}]", entry.key);
    check_name(reader, entry, "a capability");
    let mut table =
        reader.table(entry, name.as_str(), "{ zone = \"zlib\", allow = [\"crc32\"] }")?.of(TableName::Capability);
    let zone = table.take("zone");
    if zone.is_none() {
        let hint = "a bundled binding (`zone = \"zlib\"`) or a file (`zone = \"mine.zone.toml\"`)";
        reader.missing(&table, "zone", hint);
    }
    let zone = zone.and_then(|value| reader.string(&value));
    if let Some(zone) =
        zone.as_ref().filter(|zone| !zone.text.ends_with(".toml") && bundled::find(&zone.text).is_none())
    {
        // What else is missing depends on what was meant.
        table.take_all();
        let meant = did_you_mean(&zone.text, bundled::names()).map(|meant| format!("did you mean `{meant}`? "));
        let hint = format!(
            "{}the bundled bindings are {}; a manifest of your own is a path that ends in .zone.toml",
            meant.unwrap_or_default(),
            bundled::names().collect::<Vec<_>>().join(", ")
        );
        reader.error_with_hint(zone.span.clone(), format!("there is no bundled binding `{}`", zone.text), hint);
        return None;
    }
    let version = table.take("version").and_then(|value| version(reader, &value));
    let about_requests = services::is_about_requests(zone.as_ref());
    let allow_value = table.take("allow");
    let GrantTerms { bounds, mut quota, expires, personal, quiet, locations } = terms(reader, &mut table);
    let Quota { rate, calls, .. } = quota;
    let own =
        CapabilityEntry { name: entry.key, offset: entry.key_span.start, allow: allow_value.clone(), rate, calls };
    let service = services::service(reader, &mut table, zone.as_ref(), &own);
    // Of a zone that is not said it is not known whether it needs that.
    if allow_value.is_none() && zone.is_some() && !services::is_service(zone.as_ref()) {
        let hint = "list the functions: `allow = [\"crc32\"]`; all of them are `allow = \"*\"`, none are `allow = []`";
        reader.missing(&table, "allow", hint);
    }
    let allow_at = allow_value.as_ref().map_or(entry.key_span.start, |value| value.key_span.start);
    let allow = match allow_value {
        Some(value) if !about_requests => allow(reader, &value),
        // What a service may do, its own keys say.
        _ => services::is_service(zone.as_ref()).then_some(Allow::All),
    };
    reader.finish(table);
    if about_requests {
        // What is counted are requests, and the service counts them.
        (quota.rate, quota.calls) = (None, None);
    }
    Some(CapabilityRequest {
        zone: zone?,
        version,
        allow: allow?,
        allow_location: reader.location(allow_at),
        bounds,
        quota,
        expires,
        personal,
        quiet,
        locations,
        service,
    })
}

/// What narrows a capability, in `[capabilities.NAME]` as in a profile.
pub(super) struct GrantTerms {
    pub(super) bounds: Vec<(Written, Written)>,
    pub(super) quota: Quota,
    pub(super) expires: Option<Duration>,
    pub(super) personal: bool,
    pub(super) quiet: bool,
    pub(super) locations: TermLocations,
}

/// The keys that say it.
pub(super) fn terms(reader: &mut DocumentReader, table: &mut Table<'_>) -> GrantTerms {
    let bounds = table.take("where").map(|value| bounds(reader, &value)).unwrap_or_default();
    let [rate, calls, bytes, cpu, expires, delegate, callbacks] =
        ["rate", "calls", "bytes", "cpu", "expires", "delegate", "callbacks"].map(|key| table.take(key));
    let at = |value: &Option<TableEntry<'_>>| value.as_ref().map(|value| reader.location(value.key_span.start));
    let locations = TermLocations {
        rate: at(&rate),
        calls: at(&calls),
        bytes: at(&bytes),
        cpu: at(&cpu),
        expires: at(&expires),
        delegate: at(&delegate),
        callbacks: at(&callbacks),
    };
    let rate = rate.and_then(|value| reader.parsed(&value, units::rate));
    let calls = calls.and_then(|value| reader.count(&value));
    let bytes = bytes.and_then(|value| reader.size(&value));
    let cpu = cpu.and_then(|value| reader.duration(&value));
    let expires = expires.and_then(|value| reader.duration(&value));
    let personal = delegate.and_then(|value| reader.boolean(&value)) == Some(false);
    let quiet = callbacks.and_then(|value| reader.boolean(&value)) == Some(false);
    let cpu_ns = cpu.map(|cpu| u64::try_from(cpu.as_nanos()).unwrap_or(u64::MAX));
    GrantTerms { bounds, quota: Quota { rate, calls, bytes, cpu_ns }, expires, personal, quiet, locations }
}

fn version(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<VersionRequest> {
    let wanted = reader.parsed(value, WantedVersion::parse)?;
    Some(VersionRequest { wanted, span: value.span.clone() })
}

pub(super) fn allow(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Allow> {
    let star = |text: &str| text == "*";
    match value.value {
        DeValue::String(text) if star(text) => Some(Allow::All),
        DeValue::String(text) => {
            let hint = format!("write `allow = [\"{text}\"]`");
            reader.error_with_hint(value.span.clone(), "`allow` is an array of functions, or \"*\"", hint);
            None
        }
        _ => {
            let functions = reader.strings(value)?;
            if let Some(all) = functions.iter().find(|function| star(&function.text)) {
                reader.error_with_hint(
                    all.span.clone(),
                    "`*` is no function",
                    "for all functions, write `allow = \"*\"`",
                );
                return None;
            }
            Some(Allow::Functions(functions))
        }
    }
}

/// `where = { compress2 = "sourceLen <= 1 MiB" }`
fn bounds(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Vec<(Written, Written)> {
    let table = reader.table(value, "`where`", "{ compress2 = \"sourceLen <= 1 MiB\" }");
    let entries = table.map(|mut table| table.take_all()).unwrap_or_default();
    let bound = |entry: &TableEntry<'_>| {
        let function = Written { text: entry.key.to_owned(), span: entry.key_span.clone() };
        Some((function, reader.string(entry)?))
    };
    entries.iter().filter_map(bound).collect()
}

fn limits(reader: &mut DocumentReader, value: &TableEntry<'_>) -> ApplicationLimits {
    let mut limits = ApplicationLimits::default();
    let table = reader.table(value, "[limits]", "{ memory = \"256 MiB\" }");
    let Some(mut table) = table.map(|table| table.of(TableName::Limits)) else { return limits };
    if let Some(size) = table.take("memory").and_then(|value| reader.size(&value)) {
        limits.memory_bytes = size;
    }
    if let Some(size) = table.take("mailbox").and_then(|value| reader.size(&value)) {
        limits.mailbox_bytes = size;
    }
    if let Some(count) = table.take("processes").and_then(|value| reader.count(&value)) {
        limits.processes = count as u32;
    }
    limits.children = match table.take("children").and_then(|value| reader.count(&value)) {
        Some(count) => count as u32,
        None => limits.processes,
    };
    if let Some(count) = table.take("channels").and_then(|value| reader.count(&value)) {
        limits.channels = count as u32;
    }
    limits.deadline = table.take("deadline").and_then(|value| reader.duration(&value));
    if let Some(count) = table.take("descriptors").and_then(|value| reader.count(&value)) {
        limits.descriptors = count as u32;
    }
    if let Some(time) = table.take("cpu").and_then(|value| reader.duration(&value)) {
        limits.cpu_seconds = whole_seconds(time);
    }
    reader.finish(table);
    limits
}

/// A time in seconds, rounded up.
pub(super) fn whole_seconds(time: Duration) -> u64 {
    time.as_millis().div_ceil(1000) as u64
}

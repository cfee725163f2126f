//! What an application may do, in plain words: one place for each sentence.
//!
//! `cloison run` asks with these sentences whether a manifest counts, `cloison add` says with them what a line gives,
//! `cloison explain` prints all of them, and `cloison diff` those that another manifest has not got ([`mod@crate::difference`]).
//! Each begins with a verb, so that it goes on from "the program may".

#![deny(clippy::wildcard_enum_match_arm)]

pub(crate) mod services;

use crate::application::{ApplicationLimits, ProfileLimits};
use crate::units::show_size;
use cloison_contract::deterministic::Deterministic;
use cloison_contract::grant::{Grant, Narrowing, Rate};
use cloison_contract::host::{HostService, SCRATCH};
use cloison_contract::interface::{
    FileRule, FunctionId, Instances, Interface, LibraryLocation, LibraryNeed, Needed, Sandbox,
};
use cloison_contract::process::Priority;
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;
use std::time::Duration;

/// How many functions a sentence names.
const NAMED: usize = 8;

/// Limits, and what each is for, in their order: `("memory", "256 MiB")`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Rows(pub Vec<(&'static str, String)>);

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// A number of something, in its unit, and how it is shown: `("memory", 268435456, "256 MiB")`. More of it is more.
pub(crate) type Measure = (&'static str, u128, String);

/// The number of what has no end.
pub(crate) const NO_END: u128 = u128::MAX;

/// What one capability lets a program do.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Permission {
    /// Its name in Python.
    pub capability: String,
    /// Which zone it is of: the name of the interface.
    pub zone: String,
    /// Where it is granted, as `FILE:LINE`.
    pub declared: String,
    /// Each goes on from "the program may".
    pub may: Vec<String>,
    /// What holds for all of that: conditions and counts.
    pub within: Vec<String>,
    /// All functions that may be called.
    pub functions: Vec<String>,
    /// The sandbox of a library; nothing for a service of Cloison's own, whose sandbox is what it gives.
    pub sandbox: Rows,
}

/// What microprocesses get that are started with a profile.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ProfilePermission {
    /// Its name, as `spawn` takes it.
    pub profile: String,
    /// Where it stands, as `FILE:LINE`.
    pub declared: String,
    /// What they hold, as far as whoever starts them holds it.
    pub capabilities: Vec<NarrowedPermission>,
    /// What they may use up; what is not there is as whoever starts them has it.
    pub limits: Rows,
}

/// What a profile leaves of one capability.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct NarrowedPermission {
    /// Its name in Python.
    pub capability: String,
    /// Where it is named, as `FILE:LINE`.
    pub declared: String,
    /// What holds for it besides what holds for the application.
    pub within: Vec<String>,
}

/// A capability of a C library. Where the sandbox of `interface` has what only some functions need, it is for the caller to
/// say what of that there is ([`Sandbox::under`]): all that are left count. It ends so long after the start as `expires` says.
pub fn library(
    capability: &str,
    declared: &str,
    interface: &Interface,
    (grant, expires): (&Grant, Option<Duration>),
) -> Permission {
    let functions = granted(interface, grant);
    let named = if functions.is_empty() { "no function".to_owned() } else { some(&functions) };
    let mut may = vec![call(&named, interface)];
    may.extend(interface.sandbox.every_file().map(|rule| open(rule, interface)));
    may.extend(interface.sandbox.every_port().into_iter().map(|port| connect(port, interface)));
    let further = interface.library.needs.iter().chain(&interface.library.preload);
    may.extend(further.map(|file| load(file, interface)));
    may.extend(interface.sandbox.scratch_bytes.map(|bytes| keep(bytes, interface)));
    Permission {
        capability: capability.to_owned(),
        zone: interface.name.clone(),
        declared: declared.to_owned(),
        may,
        within: terms(interface, grant).into_iter().chain(expires.map(for_so_long)).collect(),
        functions,
        sandbox: sandbox(interface),
    }
}

/// `call crc32 of libz.so.1`
pub(crate) fn call(functions: &str, interface: &Interface) -> String {
    format!("call {functions} of {}", interface.library.location.text())
}

/// `have libz.so.1 read /etc/hostname`
pub(crate) fn open(rule: &FileRule, interface: &Interface) -> String {
    let how = if rule.write { "read and write" } else { "read" };
    format!("have {} {how} {}", interface.library.location.text(), rule.path)
}

/// `have libcurl.so.4 connect to port 443 of any address`
pub(crate) fn connect(port: u16, interface: &Interface) -> String {
    format!("have {} connect to port {port} of any address", interface.library.location.text())
}

/// `have libz.so.1 load libmore.so with it`
pub(crate) fn load(file: &str, interface: &Interface) -> String {
    format!("have {} load {file} with it", interface.library.location.text())
}

/// `have libz.so.1 keep 64 MiB of files of its own at /tmp`
pub(crate) fn keep(bytes: u64, interface: &Interface) -> String {
    format!("have {} keep {} of files of its own at {SCRATCH}", interface.library.location.text(), size(bytes))
}

/// A capability of a host service. `folders` are the folders of the machine that go with it, in its order. It ends so long after the start as
/// `expires` says.
pub fn service(
    capability: &str,
    declared: &str,
    interface: &Interface,
    (grant, expires): (&Grant, Option<Duration>),
    service: &HostService,
    folders: &[String],
) -> Permission {
    let functions = granted(interface, grant);
    let (mut may, mut within) = services::says(service, folders);
    if functions.len() < offered(interface).count() {
        let only = if functions.is_empty() { "no function".to_owned() } else { some(&functions) };
        within.push(format!("by {only} of the service alone"));
    }
    if functions.is_empty() && offered(interface).next().is_some() {
        may = vec!["do nothing with it".to_owned()];
    }
    within.extend(terms(interface, grant));
    within.extend(expires.map(for_so_long));
    let (capability, zone, declared) = (capability.to_owned(), interface.name.clone(), declared.to_owned());
    let sandbox = if service.is_of_host() { Rows::default() } else { sandbox(interface) };
    Permission { capability, zone, declared, may, within, functions, sandbox }
}

/// `where`, what is counted, and what its holders may not do.
pub fn terms(interface: &Interface, grant: &Grant) -> Vec<String> {
    let bounds = grant
        .bounds
        .iter()
        .filter_map(|(id, bound)| Some(only_if(&interface.functions.get(id.0 as usize)?.name, &bound.text)));
    let quota = &grant.quota;
    let counted = [quota.rate.map(rate), quota.calls.map(calls), quota.bytes.map(carried), quota.cpu_ns.map(processor)];
    let kept = [grant.personal.then(|| PERSONAL.to_owned()), grant.quiet.then(|| QUIET.to_owned())];
    bounds.chain(counted.into_iter().chain(kept).flatten()).collect()
}

/// What a narrowing adds to the terms of what is narrowed, a clause each.
pub fn narrowing(interface: &Interface, by: &Narrowing) -> Vec<String> {
    let Narrowing { functions, bounds, quota, expires_ns: _, personal, quiet } = by;
    let (bounds, quota) = (bounds.clone(), *quota);
    let added = Grant { bounds, quota, personal: *personal, quiet: *quiet, ..Grant::default() };
    let mut said = terms(interface, &added);
    said.extend(functions.as_ref().map(|kept| {
        let names: Vec<_> =
            kept.iter().filter_map(|id| Some(interface.functions.get(id.0 as usize)?.name.as_str())).collect();
        if names.is_empty() { NO_FUNCTION.to_owned() } else { only_functions(&names.join(", ")) }
    }));
    said
}

/// What a profile leaves of one capability; `expires` is how long after the start of the microprocess it ends.
pub fn narrowed(
    capability: &str,
    declared: &str,
    interface: &Interface,
    by: &Narrowing,
    expires: Option<Duration>,
) -> NarrowedPermission {
    let within = narrowing(interface, by).into_iter().chain(expires.map(for_so_long_of_its_own)).collect();
    NarrowedPermission { capability: capability.to_owned(), declared: declared.to_owned(), within }
}

/// `of the functions only crc32`
pub(crate) fn only_functions(names: &str) -> String {
    format!("of the functions only {names}")
}

/// Of what allows none.
pub(crate) const NO_FUNCTION: &str = "of the functions none";

/// `for 60 s from its own start on`
pub(crate) fn for_so_long_of_its_own(duration: Duration) -> String {
    format!("for {} from its own start on", time(duration))
}

/// `for 60 s from the start on`
pub(crate) fn for_so_long(duration: Duration) -> String {
    format!("for {} from the start on", time(duration))
}

/// Of what nobody can give on.
pub(crate) const PERSONAL: &str = "without giving it to other processes";
/// Of what takes no callables.
pub(crate) const QUIET: &str = "without passing callables";

/// Whether a sentence of what may be done says that it is nothing.
pub(crate) fn gives_nothing(may: &str) -> bool {
    may.ends_with(" nothing")
        || may.starts_with("do nothing ")
        || may.starts_with("open no ")
        || may.starts_with("see no ")
}

/// `compress2 only if level <= 6`
pub(crate) fn only_if(function: &str, condition: &str) -> String {
    format!("{function} only if {condition}")
}

/// `5 calls altogether`
pub(crate) fn calls(calls: u64) -> String {
    format!("{calls} calls altogether")
}

/// `1 MiB of arguments and results altogether`
pub(crate) fn carried(bytes: u64) -> String {
    format!("{} of arguments and results altogether", show_size(bytes))
}

/// `2 s of processor time for calls altogether`
pub(crate) fn processor(nanoseconds: u64) -> String {
    format!("{} of processor time for calls altogether", time(Duration::from_nanos(nanoseconds)))
}

/// `10 calls in 1 s`
pub(crate) fn rate(rate: Rate) -> String {
    format!("{} calls in {}", rate.calls, time(Duration::from_millis(rate.period_ms)))
}

/// The limits of a zone, and what it reaches.
pub fn sandbox(interface: &Interface) -> Rows {
    let sandbox = &interface.sandbox;
    let parameters = interface.functions.iter().flat_map(|function| &function.parameters);
    let callables = parameters.into_iter().any(|parameter| parameter.shape.callback().is_some());
    let measures = sandbox_measures(sandbox).into_iter().filter(|(name, ..)| callables || *name != CALLABLES);
    let mut rows: Vec<_> = measures.map(|(name, _, shown)| (name, shown)).collect();
    rows.insert(if callables { 3 } else { 2 }, (INSTANCES, instances(sandbox.instances).to_owned()));
    let of_library = !matches!(interface.library.location, LibraryLocation::Host(_));
    let by = |functions: &BTreeSet<FunctionId>| {
        let names = functions.iter().filter_map(|id| Some(interface.functions.get(id.0 as usize)?.name.clone()));
        some(&names.collect::<Vec<_>>())
    };
    let how = |rule: &FileRule| if rule.write { "read and write" } else { "read" };
    let mut files: Vec<_> = sandbox.files.iter().map(|rule| format!("`{}` ({})", rule.path, how(rule))).collect();
    let mut ports: Vec<_> = sandbox.connect.iter().map(|port| format!("port {port} of any address")).collect();
    for Needed { what, by: functions } in &sandbox.needed {
        let by = by(functions);
        match what {
            LibraryNeed::File(rule) => files.push(format!("`{}` ({}, for {by})", rule.path, how(rule))),
            LibraryNeed::Connect(port) => ports.push(format!("port {port} of any address (for {by})")),
            LibraryNeed::Processes(most) => {
                let threads = rows.iter_mut().filter(|(name, _)| *name == THREADS);
                threads.for_each(|(_, shown)| *shown += &format!(", {most} for {by}"));
            }
        }
    }
    if of_library {
        rows.push(("network", if ports.is_empty() { "none".to_owned() } else { ports.join(", ") }));
    }
    // What a service reaches, and what a capability gives besides, is said where that is granted.
    if of_library && sandbox.roots.is_empty() {
        rows.push(("files", if files.is_empty() { "none".to_owned() } else { files.join(", ") }));
    }
    rows.extend(sandbox.scratch_bytes.map(|bytes| ("private folder", format!("{} at `{SCRATCH}`", size(bytes)))));
    if !sandbox.environment.is_empty() {
        let variables: Vec<_> = sandbox.environment.iter().map(|(name, value)| format!("`{name}={value}`")).collect();
        rows.push(("environment", variables.join(", ")));
    }
    for (what, libraries) in
        [("loaded before it", &interface.library.needs), ("loaded behind it", &interface.library.preload)]
    {
        if !libraries.is_empty() {
            rows.push((what, libraries.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ")));
        }
    }
    if !sandbox.may_be_missing.is_empty() {
        rows.push(("layers that may be missing", sandbox.may_be_missing.join(", ")));
    }
    Rows(rows)
}

/// The row that says how many zones there are.
pub(crate) const INSTANCES: &str = "instances";
const THREADS: &str = "threads of the library";
const CALLABLES: &str = "callables of a call, together";

/// How many zones there are of one.
pub(crate) fn instances(instances: Instances) -> &'static str {
    match instances {
        Instances::PerCall => "one for each call",
        Instances::PerClient => "one for each microprocess",
        Instances::Shared => "one for all",
    }
}

/// What of a sandbox is a number.
pub(crate) fn sandbox_measures(sandbox: &Sandbox) -> Vec<Measure> {
    let calls = ("one call carries", sandbox.call_bytes.into(), format!("at most {}", size(sandbox.call_bytes)));
    vec![
        measured_size("memory", sandbox.memory_bytes),
        measured_time("deadline of a call", sandbox.deadline),
        measured_time(CALLABLES, sandbox.callables),
        measured("calls at once", sandbox.threads),
        calls,
        measured(THREADS, sandbox.processes),
        measured("open descriptors", sandbox.descriptors),
        measured_size("largest file", sandbox.file_size_bytes),
    ]
}

fn measured(name: &'static str, count: u32) -> Measure {
    (name, count.into(), count.to_string())
}

fn measured_size(name: &'static str, bytes: u64) -> Measure {
    (name, bytes.into(), size(bytes))
}

fn measured_time(name: &'static str, long: Duration) -> Measure {
    (name, long.as_millis(), time(long))
}

/// The limits of each microprocess.
pub fn limits(limits: &ApplicationLimits) -> Rows {
    Rows(measures(limits).into_iter().map(|(name, _, shown)| (name, shown)).collect())
}

/// The same with their numbers.
pub(crate) fn measures(limits: &ApplicationLimits) -> Vec<Measure> {
    // A field that is not here is in no manifest's explanation, and in no comparison.
    let ApplicationLimits {
        memory_bytes,
        processes,
        children,
        channels,
        deadline,
        cpu_seconds,
        mailbox_bytes,
        descriptors,
    } = *limits;
    let whole = "time of the whole program";
    vec![
        measured_size("memory", memory_bytes),
        measured_time("processor time", Duration::from_secs(cpu_seconds)),
        deadline.map_or_else(|| (whole, NO_END, "none".to_owned()), |deadline| measured_time(whole, deadline)),
        measured("microprocesses at once", processes),
        measured("children of each", children),
        measured("open channels", channels),
        measured_size("messages that wait", mailbox_bytes),
        measured("open descriptors", descriptors),
    ]
}

/// The limits of a profile, as far as it has some: a microprocess has no more than `whole` besides.
pub fn profile_limits(limits: &ProfileLimits, whole: &ApplicationLimits) -> Rows {
    let ProfileLimits { memory_bytes, cpu_seconds, deadline, children, channels, priority, nice } = *limits;
    let rows = [
        memory_bytes.map(|bytes| ("memory", size(bytes.min(whole.memory_bytes)))),
        cpu_seconds.map(|seconds| ("processor time", time(Duration::from_secs(seconds.min(whole.cpu_seconds))))),
        deadline.map(|deadline| ("time", time(whole.deadline.map_or(deadline, |whole| whole.min(deadline))))),
        children.map(|count| ("children", count.min(whole.children).to_string())),
        channels.map(|count| ("open channels", count.min(whole.channels).to_string())),
        priority.map(|priority| ("priority", Priority::word(priority).to_owned())),
        nice.map(|nice| ("nice", nice.to_string())),
    ];
    Rows(rows.into_iter().flatten().collect())
}

/// What is the same in each run: a sentence each.
pub fn deterministic(deterministic: &Deterministic) -> Vec<String> {
    let clock = deterministic.clock.map(|clock| {
        let start = jiff::Timestamp::from_nanosecond(clock.start_ns.into())
            .map_or_else(|_| String::new(), |start| start.to_string());
        match clock.rate_millionths {
            0 => format!("Its clock stands at {start}."),
            1_000_000 => format!("Its clock begins at {start}."),
            rate => {
                format!("Its clock begins at {start}, and goes {} times as fast as the machine's.", rate as f64 / 1e6)
            }
        }
    });
    let seed = deterministic
        .seed
        .map(|seed| format!("All that is random comes out of the seed {seed}: nothing of it is a secret."));
    clock.into_iter().chain(seed).collect()
}

/// What no application may do that has only these services; each goes on from "the program may not".
pub fn denied<'s>(given: impl Iterator<Item = &'s HostService>) -> Vec<&'static str> {
    let given: Vec<_> = given.collect();
    let mut denied = services::denied(&given);
    let starts = given.iter().any(|service| matches!(service, HostService::Process(_)));
    denied.extend([
        if starts { "start any other program of the machine" } else { "start a program of the machine" },
        "load native code, or call any other function of a library",
        "see or signal any process but those that it has spawned or been told of",
    ]);
    denied
}

fn offered(interface: &Interface) -> impl Iterator<Item = (FunctionId, &str)> {
    let all = (0..).map(FunctionId).zip(&interface.functions);
    all.filter(|(_, function)| !function.internal).map(|(id, function)| (id, function.name.as_str()))
}

pub(crate) fn granted(interface: &Interface, grant: &Grant) -> Vec<String> {
    offered(interface).filter(|(id, _)| grant.allows(*id)).map(|(_, name)| name.to_owned()).collect()
}

/// `open, read and close`; of very many `open, read and 12 more functions`.
fn some(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    match names.len().saturating_sub(NAMED) {
        0 | 1 => and(&names),
        more => format!("{} and {more} more functions", names[..NAMED].join(", ")),
    }
}

/// `64 MiB`
pub fn size(bytes: u64) -> String {
    let units = [(1u64 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = units.into_iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{bytes} B"), |(unit, name)| format!("{} {name}", bytes / unit))
}

/// `10 s`
pub fn time(time: Duration) -> String {
    match time.as_secs() {
        _ if time.subsec_millis() > 0 => format!("{} ms", time.as_millis()),
        hours if hours > 0 && hours.is_multiple_of(3600) => format!("{} h", hours / 3600),
        seconds => format!("{seconds} s"),
    }
}

/// `a, b and c`
pub fn and(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{application, bundled, manifest};
    use cloison_contract::host::{FilesService, NetService};

    fn permission(binding: &str, rest: &str) -> Permission {
        let (file, text) = bundled::find(binding).unwrap();
        let interface = manifest::parse(file, text).unwrap();
        let text = format!("[capabilities.c]\nzone = \"{binding}\"\n{rest}");
        let application = application::parse("cloison.toml", &text).unwrap();
        let grant = application.grant("c", &interface).unwrap();
        let declared = &application.capabilities["c"];
        let terms = (&grant, declared.expires);
        match &declared.service {
            None => library("c", "cloison.toml:1", &interface, terms),
            Some(request) => {
                let folders: Vec<_> =
                    request.folders.iter().chain(&request.files).map(|folder| format!("./{}", folder.text)).collect();
                service("c", "cloison.toml:1", &interface, terms, &request.service, &folders)
            }
        }
    }

    #[test]
    fn a_library() {
        let found = permission("zlib", "allow = [\"crc32\", \"compress2\"]\nrate = \"10/s\"\ncalls = 5\n");
        assert_eq!(found.may, ["call crc32 and compress2 of libz.so.1"]);
        assert_eq!(found.within, ["10 calls in 1 s", "5 calls altogether"]);
        assert!(found.sandbox.0.contains(&("memory", "256 MiB".to_owned())) && found.functions.len() == 2);
        let found = permission("zlib", "allow = \"*\"\nwhere = { compress2 = \"level == 1\" }\n");
        let all = "call version, crc32, adler32, compress2, uncompress and compressBound of libz.so.1";
        assert_eq!((found.may[0].as_str(), found.within[0].as_str()), (all, "compress2 only if level == 1"));
        let bound = "len(source) <= 4096 && level in [1, 6] && source starts_with '\\x1f\\x8b'";
        let found = permission("zlib", &format!("allow = [\"compress2\"]\nwhere = {{ compress2 = '''{bound}''' }}\n"));
        assert_eq!(found.within, [format!("compress2 only if {bound}")]);
        assert_eq!(permission("zlib", "allow = []\n").may, ["call no function of libz.so.1"]);
        let many = &permission("libm", "allow = \"*\"\n").may[0];
        assert!(many.ends_with(" more functions of libm.so.6"), "{many}");
    }

    #[test]
    fn what_a_profile_leaves() {
        let (file, text) = bundled::find("zlib").unwrap();
        let interface = manifest::parse(file, text).unwrap();
        let text = "[capabilities.c]\nzone = \"zlib\"\nallow = \"*\"\n[limits]\nmemory = \"64 MiB\"\n\
                    [microprocess.w]\nmemory = \"1 GiB\"\nchildren = 0\npriority = \"low\"\n\
                    [microprocess.w.capabilities.c]\nallow = [\"crc32\", \"adler32\"]\ncalls = 5\nexpires = \"90 s\"\n";
        let application = application::parse("cloison.toml", text).unwrap();
        let grant = application.grant("c", &interface).unwrap();
        let (profile, kept) = (&application.profiles["w"], &application.profiles["w"].capabilities["c"]);
        let by = application.profile_narrowing("w", "c", &interface, &grant).unwrap();
        let within = narrowed("c", "cloison.toml:9", &interface, &by, kept.expires).within;
        let expected = ["5 calls altogether", "of the functions only crc32, adler32", "for 90 s from its own start on"];
        assert_eq!(within, expected);
        let limits = profile_limits(&profile.limits, &application.limits).0;
        let rows = [("memory", "64 MiB"), ("children", "0"), ("priority", "low")];
        assert_eq!(limits, rows.map(|(name, value)| (name, value.to_owned())), "no more than the application has");
    }

    #[test]
    fn files_of_the_machine() {
        let roots = "roots = [{ at = \"/data\", path = \"data\", allow = [\"read\", \"list\"] }, \
                     { at = \"/log\", path = \"log\", allow = [\"create\", \"append\"] }, \
                     { at = \"/no\", path = \"no\", allow = [] }]\nscratch = \"64 MiB\"\n";
        let found = permission("files", roots);
        let expected = [
            "read and list ./data, which it sees as /data",
            "create and append in ./log, which it sees as /log",
            "do nothing in ./no, which it sees as /no",
            "keep 64 MiB of files of its own at /tmp, which end with the microprocess",
        ];
        assert_eq!(found.may, expected);
        assert_eq!(found.within, ["256 files open at once", "files of at most 1 GiB", "4 GiB written altogether"]);
        let found = permission("files", "allow = [\"stat\"]\n");
        assert_eq!(
            (found.may[0].as_str(), found.within[1].as_str()),
            ("reach no folder", "by stat of the service alone")
        );
        assert_eq!(permission("files", "allow = []\n").may, ["do nothing with it"]);
    }

    #[test]
    fn places_of_networks() {
        let found =
            permission("net", "connect = [\"api.example.com:443\", \"10.1.0.0/16:*\"]\nlisten = [\"127.0.0.1:0\"]\n");
        let expected = ["connect to api.example.com:443", "connect to 10.1.0.0/16:*", "listen at 127.0.0.1:0"];
        assert_eq!(found.may, expected);
        let within = &found.within;
        assert!(
            within[0].starts_with("64 connections at once") && within[3].starts_with("names lead to no"),
            "{within:?}"
        );
        let found = permission("net", "connect = [\"127.0.0.1:80\"]\n");
        assert_eq!(found.within.len(), 3, "no name leads anywhere");
        assert_eq!(permission("net", "").may, ["reach no place"]);
    }

    #[test]
    fn requests_and_secrets() {
        let rest = "allow = [\"GET https://a.example.com/v1/*\", \"POST https://b.example.com/items\"]\n\
                    secret = { header = \"X-Key\", from = \"env:KEY\" }\nrate = \"5/s\"\ncalls = 100\n";
        let found = permission("http", rest);
        let expected = [
            "request GET https://a.example.com/v1/*",
            "request POST https://b.example.com/items",
            "have a secret that it never sees sent to a.example.com and b.example.com as X-Key",
        ];
        assert_eq!(found.may, expected);
        let within = found.within.join("; ");
        for part in [
            "answers of at most 16 MiB; 30 s for each; 64 connections at once",
            "5 calls in 1 s; 100 requests altogether",
        ] {
            assert!(within.contains(part), "no {part} in {within}");
        }
        let only = rest.replace("env:KEY\"", "env:KEY\", hosts = [\"b.example.com\"]");
        assert!(permission("http", &only).may[2].ends_with("sent to b.example.com as X-Key"));
        assert_eq!(permission("http", "allow = []\n").may, ["request nothing"]);
    }

    #[test]
    fn records_of_the_log() {
        let found = permission("log", "");
        assert_eq!((found.may, found.within.len()), (vec!["write records to standard error".to_owned()], 0));
        let found = permission("log", "file = \"app.log\"\nlevel = \"warning\"\nkeep = 2\nrate = \"100/s\"\n");
        assert_eq!(found.may, ["write records of level warning and above to ./app.log"]);
        assert_eq!(found.within, ["files of at most 10 MiB, the latest 2 earlier ones kept", "100 calls in 1 s"]);
        let found = permission("log", "file = \"app.log\"\nkeep = 0\n");
        assert_eq!(found.within, ["a file of at most 10 MiB, and no earlier one kept"]);
    }

    #[test]
    fn programs_that_may_be_started() {
        let commands = "commands = [\n{ path = \"/usr/bin/git\", arguments = [\"log\", [\"--oneline\", \"-n*\"], \"*\"], \
                        roots = [{ at = \"/repo\", path = \"repo\", allow = [\"read\", \"list\"] }] },\n\
                        { name = \"up\", path = \"bin/up\", arguments = [], programs = [\"/bin/gzip\"] },\n]\n";
        let found = permission("process", commands);
        let expected = [
            "start /usr/bin/git as git with the arguments `log [--oneline | -n*]… *`; that may read and list ./repo, which it sees as /repo",
            "start bin/up as up without arguments, which may start /bin/gzip; that sees no folder",
        ];
        assert_eq!(found.may, expected);
        assert_eq!(found.within[0], "4 at once");
        assert!(found.within[1].starts_with("git 256 MiB for each of 17 processes, 60 s of"), "{:?}", found.within);
        assert_eq!(permission("process", "").may, ["start nothing"]);
        let process = application::parse("t", "[capabilities.c]\nzone = \"process\"\n").unwrap();
        let service = &process.capabilities["c"].service.as_ref().unwrap().service;
        assert_eq!(denied(std::iter::once(service))[2], "start any other program of the machine");
    }

    #[test]
    fn what_is_denied_says_what_is_given_of_it() {
        let (files, net) = (HostService::Files(FilesService::default()), HostService::Net(NetService::default()));
        assert_eq!(denied(std::iter::empty())[..2], ["open a file of the machine", "use the network"]);
        let rest = ["open any other file of the machine", "use the network in any other way"];
        assert_eq!(denied([files, net].iter())[..2], rest);
        assert_eq!([and(&[]), and(&["a"]), and(&["a", "b", "c"])], ["", "a", "a, b and c"]);
    }
}

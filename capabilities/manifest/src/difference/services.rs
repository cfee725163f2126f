//! What a host service gives.

use super::pairs::Pairs;
use super::{Findings, plain, written};
use crate::application::{SecretSource, ServiceRequest};
use crate::explain;
use crate::explain::services::{self as says, Limit};
use cloison_contract::host::http::{HttpRule, HttpSecret, plain_name};
use cloison_contract::host::net::NetPlace;
use cloison_contract::host::sqlite::encloses;
use cloison_contract::host::{
    EnvService, FilesRoot, FilesService, HostService, HttpService, LogService, NetService, ProcessCommand,
    ProcessService, SCRATCH, SqliteService,
};
use std::collections::BTreeSet;
use std::net::SocketAddr;

/// Two capabilities of the same service.
pub(super) fn compare(findings: &mut Findings, old: &ServiceRequest, new: &ServiceRequest) {
    match (&old.service, &new.service) {
        (HostService::Env(before), HostService::Env(after)) => env(findings, before, after),
        (HostService::Files(before), HostService::Files(after)) => files(findings, (before, old), (after, new)),
        (HostService::Http(before), HostService::Http(after)) => http(findings, (before, old), (after, new)),
        (HostService::Log(before), HostService::Log(after)) => log(findings, before, after),
        (HostService::Net(before), HostService::Net(after)) => net(findings, before, after),
        (HostService::Process(before), HostService::Process(after)) => process(findings, (before, old), (after, new)),
        (HostService::Sqlite(before), HostService::Sqlite(after)) => sqlite(findings, (before, old), (after, new)),
        // Whoever compares has seen that they are the same one.
        _ => findings.more(format!("have the service {}", new.service.name())),
    }
    match (&old.service, &new.service) {
        // Those of programs are compared with their programs.
        (HostService::Process(_), _) | (_, HostService::Process(_)) => {}
        (old, new) => limits(findings, &says::limits(old), &says::limits(new)),
    }
}

/// A limit that only one of them has is about something that the other one does not give.
fn limits(findings: &mut Findings, old: &[Limit], new: &[Limit]) {
    for Limit { name, most, text } in new {
        if let Some(was) = old.iter().find(|other| other.name == *name) {
            findings.numbers(&was.most, most, format!("{text} (was {})", was.text));
        }
    }
}

/// No values: they may be secrets.
fn env(findings: &mut Findings, old: &EnvService, new: &EnvService) {
    let EnvService { pass, variables } = new;
    // What one says where it comes from, and what it is if the manifest says so.
    let has = |service: &EnvService, name: &String| {
        let passed = service.pass.contains(name).then_some(None);
        passed.or_else(|| service.variables.get(name).map(|value| Some(value.clone())))
    };
    let names: BTreeSet<&String> =
        old.pass.iter().chain(old.variables.keys()).chain(pass).chain(variables.keys()).collect();
    for name in names {
        match (has(old, name), has(new, name)) {
            (was, is) if was == is => {}
            (None, _) => findings.more(says::see(&[name])),
            (Some(_), None) => findings.lost(says::see(&[name])),
            (Some(_), Some(None)) => findings.more(format!("{}, as it is passed on", says::see(&[name]))),
            (Some(_), Some(Some(_))) => findings.more(format!("{}, with another value", says::see(&[name]))),
        }
    }
}

/// Folders, and how what is given of one is said.
fn roots(
    findings: &mut Findings,
    old: &[(&FilesRoot, &str)],
    new: &[(&FilesRoot, &str)],
    says: impl Fn(&FilesRoot, &str) -> String,
) {
    let of = |list: &[(&FilesRoot, &str)], root: &FilesRoot, folder: &str| -> Option<FilesRoot> {
        let same = || list.iter().filter(|(_, other)| plain(other) == plain(folder)).map(|(root, _)| *root);
        same().find(|other| other.at == root.at).or_else(|| same().next()).cloned()
    };
    for (root, folder) in new {
        match of(old, root, folder) {
            None if root.rights.any() => findings.more(says(root, folder)),
            None => findings.other(says(root, folder)),
            Some(was) => {
                let rights = root.rights.without(was.rights);
                if rights.any() {
                    findings.more(says(&FilesRoot { rights, at: root.at.clone() }, folder));
                }
                if was.at != root.at {
                    findings.other(format!("it sees {folder} as {} (was {})", root.at, was.at));
                }
            }
        }
    }
    for (root, folder) in old {
        let rights = of(new, root, folder).map_or(root.rights, |now| root.rights.without(now.rights));
        if rights.any() {
            findings.lost(says(&FilesRoot { rights, at: root.at.clone() }, folder));
        }
        uncovered(findings, new, &root.at);
    }
}

/// Where something of its own was seen that is gone, what an outer folder has there is seen now.
fn uncovered(findings: &mut Findings, new: &[(&FilesRoot, &str)], at: &str) {
    if new.iter().any(|(root, _)| root.at == at) {
        return;
    }
    for (outer, folder) in new.iter().filter(|(root, _)| root.rights.any() && encloses(&root.at, at)) {
        findings.more(format!("see at {at} what is in {folder}, which it sees as {}", outer.at));
    }
}

/// Roots with the texts of their folders.
fn placed<'r>(roots: &'r [FilesRoot], request: &'r ServiceRequest) -> Vec<(&'r FilesRoot, &'r str)> {
    roots.iter().zip(request.folders.iter().map(|folder| folder.text.as_str())).collect()
}

type Requested<'r, S> = (&'r S, &'r ServiceRequest);

fn files(findings: &mut Findings, old: Requested<'_, FilesService>, new: Requested<'_, FilesService>) {
    // The numbers are limits.
    let FilesService { roots, scratch_bytes, open_files: _, file_bytes: _, written_bytes: _ } = new.0;
    let after = placed(roots, new.1);
    self::roots(findings, &placed(&old.0.roots, old.1), &after, says::root_sentence);
    findings.amount(old.0.scratch_bytes, *scratch_bytes, says::scratch);
    if old.0.scratch_bytes.is_some() && scratch_bytes.is_none() {
        uncovered(findings, &after, SCRATCH);
    }
}

fn sqlite(findings: &mut Findings, old: Requested<'_, SqliteService>, new: Requested<'_, SqliteService>) {
    // The number is a limit.
    let SqliteService { roots, file_bytes: _ } = new.0;
    self::roots(findings, &placed(&old.0.roots, old.1), &placed(roots, new.1), says::databases);
}

fn http(findings: &mut Findings, old: Requested<'_, HttpService>, new: Requested<'_, HttpService>) {
    let HttpService {
        // What it is called, and where it stands.
        capability: _,
        location: _,
        rules,
        secrets: _,
        // Limits.
        request_bytes: _,
        response_bytes: _,
        time: _,
        connections: _,
        addresses,
        name_servers,
        rate,
        requests,
    } = new.0;
    findings.list(&old.0.rules, rules, HttpRule::covers, says::request);
    secrets(findings, old, new);
    findings.rate(old.0.rate, *rate);
    findings.terms(old.0.requests, *requests, |new, old| new <= old, says::requests);
    findings.list(&old.0.addresses, addresses, NetPlace::covers, |place| format!("have names lead to {place}"));
    asked(findings, &old.0.name_servers, name_servers);
    let trusted = |request: &ServiceRequest| {
        request.certificates.as_ref().map(|file| file.text.clone()).unwrap_or_else(|| "this machine".to_owned())
    };
    let (was, is) = (trusted(old.1), trusted(new.1));
    if plain(&was) != plain(&is) {
        findings.more(format!("trust the certificates of {is} (was {was})"));
    }
}

/// Who says where names lead.
fn asked(findings: &mut Findings, old: &[SocketAddr], new: &[SocketAddr]) {
    let servers = |list: &[SocketAddr]| match list {
        [] => "whom this machine asks".to_owned(),
        list => super::named(&list.iter().map(ToString::to_string).collect::<Vec<_>>()),
    };
    if old != new {
        findings.more(format!("have names looked up by {} (was {})", servers(new), servers(old)));
    }
}

/// A secret, where it comes from, and which hosts it is sent to.
struct SentSecret<'s> {
    secret: &'s HttpSecret,
    from: String,
    hosts: Vec<String>,
}

impl SentSecret<'_> {
    fn all<'s>((service, request): Requested<'s, HttpService>) -> Vec<SentSecret<'s>> {
        let of = |(secret, from): (&'s HttpSecret, &SecretSource)| SentSecret {
            secret,
            from: match from {
                SecretSource::Environment(name) => format!("env:{}", name.text),
                SecretSource::File(path) => format!("file:{}", plain(&path.text).display()),
            },
            hosts: says::sent_to(service, secret),
        };
        service.secrets.iter().zip(&request.secrets).map(of).collect()
    }

    fn is(&self, other: &SentSecret<'_>) -> bool {
        self.from == other.from
            && self.secret.header == other.secret.header
            && self.secret.prefix == other.secret.prefix
    }

    fn says(&self) -> String {
        let behind = match self.secret.prefix.as_str() {
            "" => String::new(),
            prefix => format!(" behind `{prefix}`"),
        };
        format!("{}, from {}{behind}", says::sent(self.secret, &self.hosts), self.from)
    }
}

fn secrets(findings: &mut Findings, old: Requested<'_, HttpService>, new: Requested<'_, HttpService>) {
    let (before, after) = (SentSecret::all(old), SentSecret::all(new));
    let pairs = Pairs::of(&before, &after, |one, other| one.is(other));
    pairs.added.iter().for_each(|index| findings.more(after[*index].says()));
    for (was, is) in pairs.both.iter().map(|(was, is)| (&before[*was], &after[*is])) {
        let sent = |list: &[String], hosts: &[String]| hosts.iter().all(|host| list.contains(host));
        if !sent(&was.hosts, &is.hosts) || !sent(&is.hosts, &was.hosts) {
            let what = format!("{} (was {})", is.says(), super::named(&was.hosts));
            findings.narrowed(sent(&was.hosts, &is.hosts), what);
        }
    }
    for index in &pairs.removed {
        findings.lost(before[*index].says());
        // Of several for one header the first counts.
        let header = |index: usize| plain_name(&before[index].secret.header);
        if pairs.uncovers(*index, |other| header(other) == header(*index)) {
            findings.more(format!("have another secret sent as {}", before[*index].secret.header));
        }
    }
    if !pairs.is_in_order() {
        findings.more("have its secrets looked through in another order".to_owned());
    }
}

fn log(findings: &mut Findings, old: &LogService, new: &LogService) {
    // Numbers are limits.
    let LogService { file, level, file_bytes: _, keep: _ } = new;
    let to = |file: &Option<String>| file.iter().cloned().collect::<Vec<_>>();
    let (was, is) = (says::log(old, &to(&old.file)), says::log(new, &to(file)));
    if old.file.as_deref().map(plain) != file.as_deref().map(plain) {
        findings.more(format!("{is} (was: {was})"));
    } else if old.level != *level {
        findings.narrowed(*level > old.level, format!("{is} (was: {was})"));
    }
}

fn net(findings: &mut Findings, old: &NetService, new: &NetService) {
    // Numbers are limits.
    let NetService { connect, listen, name_servers, connections: _, sent_bytes: _, received_bytes: _, location: _ } =
        new;
    findings.list(&old.connect, connect, NetPlace::covers, says::connect);
    findings.list(&old.listen, listen, NetPlace::covers, says::listen);
    asked(findings, &old.name_servers, name_servers);
}

fn process(findings: &mut Findings, old: Requested<'_, ProcessService>, new: Requested<'_, ProcessService>) {
    let ProcessService {
        commands,
        // They are compared with their commands.
        roots: _,
        at_once,
        location: _,
    } = new.0;
    let all = |(service, request): Requested<'_, ProcessService>, command: &ProcessCommand| {
        let limit = says::command_limit(command);
        format!("{} ({})", says::start(service, command, &written(request)), limit.text)
    };
    let before = &old.0.commands;
    let same = |one: &ProcessCommand, other: &ProcessCommand| {
        one.name == other.name && plain(&one.path) == plain(&other.path) && one.arguments == other.arguments
    };
    let pairs = Pairs::of(before, commands, same);
    pairs.added.iter().for_each(|index| findings.more(all(new, &commands[*index])));
    for (was, is) in &pairs.both {
        command(findings, (old, &before[*was]), (new, &commands[*is]));
    }
    for index in &pairs.removed {
        findings.lost(all(old, &before[*index]));
        // Of several with one name the first whose arguments fit counts.
        if pairs.uncovers(*index, |other| before[other].name == before[*index].name) {
            findings.more(format!("start {} on the terms of another entry", before[*index].name));
        }
    }
    if !pairs.is_in_order() {
        findings.more("have its commands looked through in another order".to_owned());
    }
    let (was, is) = (old.0.at_once, *at_once);
    findings.numbers(&[was.into()], &[is.into()], format!("start {is} at once (was {was})"));
}

type RequestedCommand<'r> = (Requested<'r, ProcessService>, &'r ProcessCommand);

/// The same command, with the same arguments.
fn command(findings: &mut Findings, old: RequestedCommand<'_>, new: RequestedCommand<'_>) {
    let ProcessCommand {
        name,
        path: _,
        arguments: _,
        environment,
        roots: _,
        folder,
        scratch_bytes,
        programs,
        // Limits.
        memory_bytes: _,
        cpu_seconds: _,
        time: _,
        output_bytes: _,
        processes: _,
        file_bytes,
    } = new.1;
    let run = says::run(new.1);
    let own = |((service, request), command): RequestedCommand<'_>| -> Vec<(FilesRoot, String)> {
        let folders = request.folders.iter().skip(command.roots.start).map(|folder| folder.text.clone());
        service.roots_of(command).iter().cloned().zip(folders).collect()
    };
    let (before, after) = (own(old), own(new));
    let (before, after): (Vec<_>, Vec<_>) = (
        before.iter().map(|(root, folder)| (root, folder.as_str())).collect(),
        after.iter().map(|(root, folder)| (root, folder.as_str())).collect(),
    );
    roots(findings, &before, &after, |root, folder| format!("start {run}: {}", says::root_sentence(root, folder)));
    for (root, folder) in after.iter().filter(|(root, _)| !before.iter().any(|(other, _)| other.at == root.at)) {
        // Its arguments may name what is there.
        findings.more(format!("start {run}, which sees {folder} as {}", root.at));
    }
    findings.list(
        &old.1.programs,
        programs,
        |one, other| plain(one) == plain(other),
        |program| format!("start {run}, which may start {program}"),
    );
    let variables: BTreeSet<&String> = old.1.environment.iter().chain(environment).map(|(name, _)| name).collect();
    for variable in variables {
        let value =
            |list: &[(String, String)]| list.iter().find(|(name, _)| name == variable).map(|(_, value)| value.clone());
        let (was, is) = (value(&old.1.environment), value(environment));
        // One that is gone may have forbidden something.
        let how = match (was, is) {
            (was, is) if was == is => continue,
            (None, _) => "with",
            (Some(_), None) => "without",
            (Some(_), Some(_)) => "with another value of",
        };
        findings.more(format!("start {run} {how} {variable} in its environment"));
    }
    if old.1.folder != *folder {
        findings.more(format!("start {run} in {folder} (was {})", old.1.folder));
    }
    findings.amount(old.1.scratch_bytes, *scratch_bytes, |bytes| {
        format!("start {run}, which may keep {} of files of its own at {SCRATCH}", explain::size(bytes))
    });
    let (was, is) = (says::command_limit(old.1), says::command_limit(new.1));
    findings.numbers(&was.most, &is.most, format!("{} (was {})", is.text, was.text));
    let largest = |bytes: u64| format!("{name}: files of at most {}", explain::size(bytes));
    let (was, is) = (old.1.file_bytes, *file_bytes);
    findings.numbers(&[was.into()], &[is.into()], format!("{} (was {})", largest(is), explain::size(was)));
}

//! Host services: a sentence for each place.

use super::{and, rate, size, time};
use cloison_contract::host::LogLevel;
use cloison_contract::host::http::{HttpRule, HttpSecret};
use cloison_contract::host::net::{NetHost, NetPlace, is_localhost};
use cloison_contract::host::{
    EnvService, FilesRoot, FilesService, HostService, HttpService, LogService, NetService, ProcessCommand,
    ProcessService, SCRATCH, SqliteService,
};
use std::collections::BTreeSet;
use std::time::Duration;

/// A limit of a service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Limit {
    /// Which one it is, among those of its capability.
    pub(crate) name: String,
    /// Its numbers: more of one is more.
    pub(crate) most: Vec<u128>,
    /// How it is said.
    pub(crate) text: String,
}

impl Limit {
    fn new(name: impl Into<String>, most: impl Into<u128>, text: String) -> Self {
        Self { name: name.into(), most: vec![most.into()], text }
    }
}

/// What it gives, and within which limits. `folders` are those of the machine that go with it, or the file that it writes.
pub(super) fn says(service: &HostService, folders: &[String]) -> (Vec<String>, Vec<String>) {
    let may = match service {
        HostService::Env(service) => vec![env(service)],
        HostService::Files(service) => files(service, folders),
        HostService::Http(service) => http(service),
        HostService::Log(service) => vec![log(service, folders)],
        HostService::Net(service) => net(service),
        HostService::Process(service) => process(service, folders),
        HostService::Sqlite(service) => sqlite(service, folders),
    };
    let mut within: Vec<_> = limits(service).into_iter().map(|limit| limit.text).collect();
    match service {
        HostService::Http(service) => within.extend(http_terms(service)),
        HostService::Net(service) => within.extend(net_terms(service)),
        HostService::Env(_)
        | HostService::Files(_)
        | HostService::Log(_)
        | HostService::Process(_)
        | HostService::Sqlite(_) => {}
    }
    (may, within)
}

/// Its limits, as far as they are about something that it gives.
pub(crate) fn limits(service: &HostService) -> Vec<Limit> {
    match service {
        HostService::Env(_) => Vec::new(),
        HostService::Files(service) => files_limits(service),
        HostService::Http(service) => http_limits(service),
        HostService::Log(service) => log_limits(service),
        HostService::Net(service) => net_limits(service),
        HostService::Process(service) => process_limits(service),
        HostService::Sqlite(service) => sqlite_limits(service),
    }
}

/// What of files and networks is denied to who has these.
pub(super) fn denied(given: &[&HostService]) -> Vec<&'static str> {
    let (mut files, mut network) = (false, false);
    for service in given {
        match service {
            HostService::Env(_) | HostService::Log(_) | HostService::Process(_) | HostService::Sqlite(_) => {}
            HostService::Files(_) => files = true,
            HostService::Http(_) | HostService::Net(_) => network = true,
        }
    }
    vec![
        if files { "open any other file of the machine" } else { "open a file of the machine" },
        if network { "use the network in any other way" } else { "use the network" },
    ]
}

/// Which variables it begins with. No values: they may be secrets.
fn env(service: &EnvService) -> String {
    let names: BTreeSet<&str> = service.pass.iter().chain(service.variables.keys()).map(String::as_str).collect();
    match names.is_empty() {
        true => "see no variable of the environment".to_owned(),
        false => see(&names.into_iter().collect::<Vec<_>>()),
    }
}

/// `see LANG and TZ in its environment`
pub(crate) fn see(names: &[&str]) -> String {
    format!("see {} in its environment", and(names))
}

/// Where its records go.
pub(crate) fn log(service: &LogService, files: &[String]) -> String {
    let to = match files {
        [file] => file.as_str(),
        _ => "standard error",
    };
    if service.level == LogLevel::Debug {
        return format!("write records to {to}");
    }
    format!("write records of level {} and above to {to}", service.level.word())
}

fn log_limits(service: &LogService) -> Vec<Limit> {
    let text = match (&service.file, service.keep) {
        (None, _) => return Vec::new(),
        (Some(_), 0) => format!("a file of at most {}, and no earlier one kept", size(service.file_bytes)),
        (Some(_), keep) => {
            format!("files of at most {}, the latest {keep} earlier ones kept", size(service.file_bytes))
        }
    };
    let most = vec![service.file_bytes.into(), service.keep.into()];
    vec![Limit { name: "files".to_owned(), most, text }]
}

/// Which programs may be started, and what each of them sees.
fn process(service: &ProcessService, folders: &[String]) -> Vec<String> {
    let all: Vec<_> = service.commands.iter().map(|command| start(service, command, folders)).collect();
    if all.is_empty() { vec!["start nothing".to_owned()] } else { all }
}

/// `start /usr/bin/git as git with the arguments …; that may …`
pub(crate) fn start(service: &ProcessService, command: &ProcessCommand, folders: &[String]) -> String {
    let others = match command.programs.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => String::new(),
        ref others => format!(", which may start {}", and(others)),
    };
    let roots = service.roots_of(command).iter().zip(folders.iter().skip(command.roots.start));
    let roots: Vec<_> = roots.map(|(root, folder)| root_sentence(root, folder)).collect();
    let sees = match roots.is_empty() {
        true => "that sees no folder".to_owned(),
        false => format!("that may {}", roots.join("; and ")),
    };
    format!("start {}{others}; {sees}", run(command))
}

/// `/usr/bin/git as git with the arguments …`
pub(crate) fn run(command: &ProcessCommand) -> String {
    let rules: Vec<_> = command.arguments.iter().map(ToString::to_string).collect();
    let with = match rules.is_empty() {
        true => "without arguments".to_owned(),
        false => format!("with the arguments `{}`", rules.join(" ")),
    };
    format!("{} as {} {with}", command.path, command.name)
}

fn process_limits(service: &ProcessService) -> Vec<Limit> {
    let at_once = Limit::new("at once", service.at_once, format!("{} at once", service.at_once));
    std::iter::once(at_once).chain(service.commands.iter().map(command_limit)).collect()
}

/// The limits of one program.
pub(crate) fn command_limit(command: &ProcessCommand) -> Limit {
    let text = format!(
        "{} {} for each of {} processes, {} of processor time for each, {} altogether, {} of output",
        command.name,
        size(command.memory_bytes),
        u64::from(command.processes) + 1,
        time(Duration::from_secs(command.cpu_seconds)),
        time(command.time),
        size(command.output_bytes)
    );
    let most = vec![
        command.memory_bytes.into(),
        command.processes.into(),
        command.cpu_seconds.into(),
        command.time.as_millis(),
        command.output_bytes.into(),
    ];
    Limit { name: command.name.clone(), most, text }
}

/// What files a program may reach.
fn files(service: &FilesService, folders: &[String]) -> Vec<String> {
    let roots = service.roots.iter().zip(folders).map(|(root, folder)| root_sentence(root, folder));
    let all: Vec<_> = roots.chain(service.scratch_bytes.map(scratch)).collect();
    if all.is_empty() { vec!["reach no folder".to_owned()] } else { all }
}

/// `keep 64 MiB of files of its own at /tmp, which end with the microprocess`
pub(crate) fn scratch(bytes: u64) -> String {
    format!("keep {} of files of its own at {SCRATCH}, which end with the microprocess", size(bytes))
}

/// `read and list ./data, which it sees as /data`
pub(crate) fn root_sentence(root: &FilesRoot, folder: &str) -> String {
    let rights = root.rights.words();
    let within = if root.rights.changes() { "in " } else { "" };
    match rights.is_empty() {
        true => format!("do nothing in {folder}, which it sees as {}", root.at),
        false => format!("{} {within}{folder}, which it sees as {}", and(&rights), root.at),
    }
}

fn files_limits(service: &FilesService) -> Vec<Limit> {
    let mut limits = vec![Limit::new("open", service.open_files, format!("{} files open at once", service.open_files))];
    if service.roots.iter().any(|root| root.rights.changes()) {
        limits.push(largest_file(service.file_bytes));
        let text = format!("{} written altogether", size(service.written_bytes));
        limits.push(Limit::new("written", service.written_bytes, text));
    }
    limits
}

fn largest_file(bytes: u64) -> Limit {
    Limit::new("file", bytes, format!("files of at most {}", size(bytes)))
}

/// Where databases may be: SQLite alone reaches these folders, and the program does by what it has SQLite do.
fn sqlite(service: &SqliteService, folders: &[String]) -> Vec<String> {
    let roots = service.roots.iter().zip(folders).map(|(root, folder)| databases(root, folder));
    std::iter::once("have databases in SQLite's memory".to_owned()).chain(roots).collect()
}

/// `have SQLite read databases in ./data, which it calls /data`
pub(crate) fn databases(root: &FilesRoot, folder: &str) -> String {
    let rights = root.rights.words();
    match rights.is_empty() {
        true => format!("open no database in {folder}, which it calls {}", root.at),
        false => format!("have SQLite {} databases in {folder}, which it calls {}", and(&rights), root.at),
    }
}

fn sqlite_limits(service: &SqliteService) -> Vec<Limit> {
    let changes = service.roots.iter().any(|root| root.rights.changes());
    changes.then(|| largest_file(service.file_bytes)).into_iter().collect()
}

/// What a program may request, and what goes with it that it never sees.
fn http(service: &HttpService) -> Vec<String> {
    let rules = service.rules.iter().map(request);
    let secrets = service.secrets.iter().map(|secret| sent(secret, &sent_to(service, secret)));
    let all: Vec<_> = rules.chain(secrets).collect();
    if service.rules.is_empty() { vec!["request nothing".to_owned()] } else { all }
}

/// `request GET https://api.example.com/v1/*`
pub(crate) fn request(rule: &HttpRule) -> String {
    format!("request {rule}")
}

/// The hosts that a secret is sent to, each once.
pub(crate) fn sent_to(service: &HttpService, secret: &HttpSecret) -> Vec<String> {
    let every: Vec<_> = match secret.hosts.is_empty() {
        true => service.rules.iter().map(|rule| rule.host.to_string()).collect(),
        false => secret.hosts.iter().map(ToString::to_string).collect(),
    };
    let mut hosts: Vec<String> = Vec::new();
    for host in every {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts
}

/// `have a secret that it never sees sent to api.example.com as X-Key`
pub(crate) fn sent(secret: &HttpSecret, hosts: &[String]) -> String {
    let hosts: Vec<_> = hosts.iter().map(String::as_str).collect();
    format!("have a secret that it never sees sent to {} as {}", and(&hosts), secret.header)
}

fn http_limits(service: &HttpService) -> Vec<Limit> {
    let size_of = |name: &str, bytes: u64| Limit::new(name, bytes, format!("{name} of at most {}", size(bytes)));
    vec![
        size_of("requests", service.request_bytes),
        size_of("answers", service.response_bytes),
        Limit::new("time", service.time.as_millis(), format!("{} for each", time(service.time))),
        connections(service.connections),
    ]
}

fn connections(count: u32) -> Limit {
    Limit::new("connections", count, format!("{count} connections at once"))
}

/// `100 requests altogether`
pub(crate) fn requests(requests: u64) -> String {
    format!("{requests} requests altogether")
}

fn http_terms(service: &HttpService) -> Vec<String> {
    let places: Vec<_> = service.addresses.iter().map(ToString::to_string).collect();
    let places: Vec<_> = places.iter().map(String::as_str).collect();
    let addresses = match places.is_empty() {
        true => NO_SPECIAL_ADDRESS.to_owned(),
        false => format!("{NO_SPECIAL_ADDRESS}, but for {}", and(&places)),
    };
    service.rate.map(rate).into_iter().chain(service.requests.map(requests)).chain([addresses]).collect()
}

/// Where names do not lead.
const NO_SPECIAL_ADDRESS: &str =
    "names lead to no private, loopback or otherwise special address that is not named itself";

/// Which places a program may reach, or be reached at.
fn net(service: &NetService) -> Vec<String> {
    let all: Vec<_> = service.connect.iter().map(connect).chain(service.listen.iter().map(listen)).collect();
    if all.is_empty() { vec!["reach no place".to_owned()] } else { all }
}

/// `connect to api.example.com:443`
pub(crate) fn connect(place: &NetPlace) -> String {
    format!("connect to {place}")
}

/// `listen at 127.0.0.1:8000`
pub(crate) fn listen(place: &NetPlace) -> String {
    format!("listen at {place}")
}

fn net_limits(service: &NetService) -> Vec<Limit> {
    let whole = |name: &str, bytes: u64| Limit::new(name, bytes, format!("{} {name} altogether", size(bytes)));
    vec![connections(service.connections), whole("sent", service.sent_bytes), whole("received", service.received_bytes)]
}

fn net_terms(service: &NetService) -> Option<String> {
    let named = |place: &NetPlace| match &place.host {
        NetHost::Name(name) => !is_localhost(name),
        NetHost::Any | NetHost::Below(_) => true,
        NetHost::Network { .. } => false,
    };
    service.connect.iter().any(named).then(|| NO_SPECIAL_ADDRESS.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloison_contract::host::FilesRights;

    /// A right that nobody has a word for would be given without being said.
    #[test]
    fn every_right_is_in_its_sentence() {
        let root = FilesRoot { at: "/x".into(), rights: FilesRights { append: true, ..FilesRights::ALL } };
        let sentence = root_sentence(&root, "y");
        assert!(FilesRights::WORDS.iter().all(|word| sentence.contains(word)), "{sentence}");
    }
}

//! Host services: a sentence for each place.

use super::{and, rate, size, time};
use cloison_contract::host::LogLevel;
use cloison_contract::host::net::{NetHost, NetPlace, is_localhost};
use cloison_contract::host::{
    EnvService, FilesRoot, FilesService, HostService, HttpService, LogService, NetService, ProcessCommand,
    ProcessService, SCRATCH, SqliteService,
};
use std::collections::BTreeSet;

/// What it gives, and within which limits. `folders` are those of the machine that go with it, or the file that it writes.
pub(super) fn says(service: &HostService, folders: &[String]) -> (Vec<String>, Vec<String>) {
    match service {
        HostService::Env(service) => (vec![env(service)], Vec::new()),
        HostService::Files(service) => (files(service, folders), files_limits(service)),
        HostService::Http(service) => (http(service), http_limits(service)),
        HostService::Log(service) => (vec![log(service, folders)], log_limits(service)),
        HostService::Net(service) => (net(service), net_limits(service)),
        HostService::Process(service) => (process(service, folders), process_limits(service)),
        HostService::Sqlite(service) => (sqlite(service, folders), sqlite_limits(service)),
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
        false => format!("see {} in its environment", and(&names.into_iter().collect::<Vec<_>>())),
    }
}

/// Where its records go.
fn log(service: &LogService, files: &[String]) -> String {
    let to = match files {
        [file] => file.as_str(),
        _ => "standard error",
    };
    match service.level {
        LogLevel::Debug => format!("write records to {to}"),
        level => format!("write records of level {} and above to {to}", level.word()),
    }
}

fn log_limits(service: &LogService) -> Vec<String> {
    match (&service.file, service.keep) {
        (None, _) => Vec::new(),
        (Some(_), 0) => vec![format!("a file of at most {}, and no earlier one kept", size(service.file_bytes))],
        (Some(_), keep) => {
            vec![format!("files of at most {}, the latest {keep} earlier ones kept", size(service.file_bytes))]
        }
    }
}

/// Which programs may be started, and what each of them sees.
fn process(service: &ProcessService, folders: &[String]) -> Vec<String> {
    let sentence = |command: &ProcessCommand| {
        let rules: Vec<_> = command.arguments.iter().map(ToString::to_string).collect();
        let with = match rules.is_empty() {
            true => "without arguments".to_owned(),
            false => format!("with the arguments `{}`", rules.join(" ")),
        };
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
        format!("start {} as {} {with}{others}; {sees}", command.path, command.name)
    };
    let all: Vec<_> = service.commands.iter().map(sentence).collect();
    if all.is_empty() { vec!["start nothing".to_owned()] } else { all }
}

fn process_limits(service: &ProcessService) -> Vec<String> {
    let each = service.commands.iter().map(|command| {
        format!(
            "{} {} for each of {} processes, {} of processor time for each, {} altogether, {} of output",
            command.name,
            size(command.memory_bytes),
            u64::from(command.processes) + 1,
            time(std::time::Duration::from_secs(command.cpu_seconds)),
            time(command.time),
            size(command.output_bytes)
        )
    });
    std::iter::once(format!("{} at once", service.at_once)).chain(each).collect()
}

/// What files a program may reach.
fn files(service: &FilesService, folders: &[String]) -> Vec<String> {
    let roots = service.roots.iter().zip(folders).map(|(root, folder)| root_sentence(root, folder));
    let scratch = service
        .scratch_bytes
        .map(|bytes| format!("keep {} of files of its own at {SCRATCH}, which end with the microprocess", size(bytes)));
    let all: Vec<_> = roots.chain(scratch).collect();
    if all.is_empty() { vec!["reach no folder".to_owned()] } else { all }
}

/// `read and list ./data, which it sees as /data`
fn root_sentence(root: &FilesRoot, folder: &str) -> String {
    let rights = root.rights.words();
    let within = if root.rights.changes() { "in " } else { "" };
    match rights.is_empty() {
        true => format!("do nothing in {folder}, which it sees as {}", root.at),
        false => format!("{} {within}{folder}, which it sees as {}", and(&rights), root.at),
    }
}

fn files_limits(service: &FilesService) -> Vec<String> {
    let mut limits = vec![format!("{} files open at once", service.open_files)];
    if service.roots.iter().any(|root| root.rights.changes()) {
        limits.push(format!("files of at most {}", size(service.file_bytes)));
        limits.push(format!("{} written altogether", size(service.written_bytes)));
    }
    limits
}

/// Where databases may be: SQLite alone reaches these folders, and the program does by what it has SQLite do.
fn sqlite(service: &SqliteService, folders: &[String]) -> Vec<String> {
    let roots = service.roots.iter().zip(folders).map(|(root, folder)| {
        let rights = root.rights.words();
        match rights.is_empty() {
            true => format!("open no database in {folder}, which it calls {}", root.at),
            false => format!("have SQLite {} databases in {folder}, which it calls {}", and(&rights), root.at),
        }
    });
    std::iter::once("have databases in SQLite's memory".to_owned()).chain(roots).collect()
}

fn sqlite_limits(service: &SqliteService) -> Vec<String> {
    let changes = service.roots.iter().any(|root| root.rights.changes());
    changes.then(|| format!("files of at most {}", size(service.file_bytes))).into_iter().collect()
}

/// What a program may request, and what goes with it that it never sees.
fn http(service: &HttpService) -> Vec<String> {
    let rules = service.rules.iter().map(|rule| format!("request {rule}"));
    let secrets = service.secrets.iter().map(|secret| {
        let every: Vec<_> = match secret.hosts.is_empty() {
            true => service.rules.iter().map(|rule| rule.host.to_string()).collect(),
            false => secret.hosts.iter().map(ToString::to_string).collect(),
        };
        let mut hosts: Vec<&str> = Vec::new();
        for host in &every {
            if !hosts.contains(&host.as_str()) {
                hosts.push(host);
            }
        }
        format!("have a secret that it never sees sent to {} as {}", and(&hosts), secret.header)
    });
    let all: Vec<_> = rules.chain(secrets).collect();
    if service.rules.is_empty() { vec!["request nothing".to_owned()] } else { all }
}

fn http_limits(service: &HttpService) -> Vec<String> {
    let mut limits = vec![
        format!("requests of at most {}", size(service.request_bytes)),
        format!("answers of at most {}", size(service.response_bytes)),
        format!("{} for each", time(service.time)),
        format!("{} connections at once", service.connections),
    ];
    limits.extend(service.rate.map(rate));
    limits.extend(service.requests.map(|requests| format!("{requests} requests altogether")));
    let places: Vec<_> = service.addresses.iter().map(ToString::to_string).collect();
    let places: Vec<_> = places.iter().map(String::as_str).collect();
    limits.push(match places.is_empty() {
        true => NO_SPECIAL_ADDRESS.to_owned(),
        false => format!("{NO_SPECIAL_ADDRESS}, but for {}", and(&places)),
    });
    limits
}

/// Where names do not lead.
const NO_SPECIAL_ADDRESS: &str =
    "names lead to no private, loopback or otherwise special address that is not named itself";

/// Which places a program may reach, or be reached at.
fn net(service: &NetService) -> Vec<String> {
    let lines = |verb: &'static str, places: &[NetPlace]| -> Vec<String> {
        places.iter().map(|place| format!("{verb} {place}")).collect()
    };
    let all = [lines("connect to", &service.connect), lines("listen at", &service.listen)].concat();
    if all.is_empty() { vec!["reach no place".to_owned()] } else { all }
}

fn net_limits(service: &NetService) -> Vec<String> {
    let mut limits = vec![
        format!("{} connections at once", service.connections),
        format!("{} sent altogether", size(service.sent_bytes)),
        format!("{} received altogether", size(service.received_bytes)),
    ];
    let named = |place: &NetPlace| match &place.host {
        NetHost::Name(name) => !is_localhost(name),
        NetHost::Any | NetHost::Below(_) => true,
        NetHost::Network { .. } => false,
    };
    if service.connect.iter().any(named) {
        limits.push(NO_SPECIAL_ADDRESS.to_owned());
    }
    limits
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

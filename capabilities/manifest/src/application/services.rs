//! What `[capabilities.NAME]` says of a host service: a file for each.

mod env;
mod files;
mod http;
pub(super) mod log;
mod net;
mod process;
mod sqlite;

use super::Written;
use crate::document::{DocumentReader, Table, TableEntry};
use crate::keys::{self, TableName};
use cloison_contract::grant::Rate;
use cloison_contract::host::HostService;

/// A host service as one capability asks for it.
#[derive(Clone, Debug)]
pub struct ServiceRequest {
    /// Its configuration.
    pub service: HostService,
    /// The folders of the machine that it needs, in the configuration's order, relative to `cloison.toml`.
    pub folders: Vec<Written>,
    /// Files that it writes, or programs that it starts, relative to `cloison.toml`.
    pub files: Vec<Written>,
    /// Where its secrets come from, in the configuration's order.
    pub secrets: Vec<SecretSource>,
    /// The file of certificates that it trusts, relative to `cloison.toml`.
    pub certificates: Option<Written>,
}

/// `from` of a secret.
#[derive(Clone, Debug)]
pub enum SecretSource {
    /// A variable of the environment.
    Environment(Written),
    /// A file, relative to `cloison.toml`.
    File(Written),
}

impl ServiceRequest {
    /// One that needs nothing besides its configuration.
    fn plain(service: HostService) -> Self {
        Self { service, folders: Vec::new(), files: Vec::new(), secrets: Vec::new(), certificates: None }
    }
}

/// What of a capability's table is for every service: its name, its `allow` if it is for the service to read, and where it stands.
pub(super) struct CapabilityEntry<'d> {
    pub(super) name: &'d str,
    pub(super) offset: usize,
    pub(super) allow: Option<TableEntry<'d>>,
    pub(super) rate: Option<Rate>,
    pub(super) calls: Option<u64>,
}

/// Whether `allow`, `rate` and `calls` of such a capability are about something else than functions.
pub(super) fn is_about_requests(zone: Option<&Written>) -> bool {
    zone.is_some_and(|zone| zone.text == "http")
}

/// Whether `zone` is the name of a host service.
pub(super) fn is_service(zone: Option<&Written>) -> bool {
    zone.is_some_and(|zone| HostService::NAMES.contains(&zone.text.as_str()))
}

/// The keys of the service that `zone` names, if it is one.
pub(super) fn service(
    reader: &mut DocumentReader,
    table: &mut Table<'_>,
    zone: Option<&Written>,
    entry: &CapabilityEntry<'_>,
) -> Option<ServiceRequest> {
    let zone = zone.map_or("", |zone| zone.text.as_str());
    refuse_others(reader, table, zone);
    match zone {
        "env" => Some(env::read(reader, table)),
        "files" => Some(files::read(reader, table)),
        "http" => Some(http::read(reader, table, entry)),
        "log" => Some(log::read(reader, table)),
        "net" => Some(net::read(reader, table, entry.offset)),
        "process" => Some(process::read(reader, table, entry.offset)),
        "sqlite3" => Some(sqlite::read(reader, table)),
        _ => None,
    }
}

/// Keys that are for other services.
fn refuse_others(reader: &mut DocumentReader, table: &mut Table<'_>, zone: &str) {
    for key in keys::of(TableName::Capability).filter(|key| !key.of.is_empty()) {
        let services: Vec<_> = key.of.split(", ").map(|one| one.trim_matches('`')).collect();
        if services.contains(&zone) {
            continue;
        }
        if let Some(value) = table.take(key.name) {
            let meant = services.join("\"` and `zone = \"");
            let hint = format!("leave it out, or make a capability of its own with `zone = \"{}\"`", services[0]);
            reader.error_with_hint(value.key_span, format!("`{}` is for `zone = \"{meant}\"`", key.name), hint);
        }
    }
}

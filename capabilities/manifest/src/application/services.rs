//! What `[capabilities.NAME]` says of a host service: a file for each.

mod files;
mod net;
mod sqlite;

use super::Written;
use crate::document::{DocumentReader, Table};
use crate::keys::{self, TableName};
use cloison_contract::host::HostService;

/// A host service as one capability asks for it.
#[derive(Clone, Debug)]
pub struct ServiceRequest {
    /// Its configuration.
    pub service: HostService,
    /// The folders of the machine that it needs, in the configuration's order, relative to `cloison.toml`.
    pub folders: Vec<Written>,
}

/// Whether `zone` is the name of a host service.
pub(super) fn is_service(zone: Option<&Written>) -> bool {
    zone.is_some_and(|zone| HostService::NAMES.contains(&zone.text.as_str()))
}

/// The keys of the service that `zone` names, if it is one. `offset` is where the capability stands.
pub(super) fn service(
    reader: &mut DocumentReader,
    table: &mut Table<'_>,
    zone: Option<&Written>,
    offset: usize,
) -> Option<ServiceRequest> {
    let zone = zone.map_or("", |zone| zone.text.as_str());
    refuse_others(reader, table, zone);
    match zone {
        "files" => Some(files::read(reader, table)),
        "net" => Some(net::read(reader, table, offset)),
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

//! Host services: zones in Rust, which offer what the machine has (files, networks) instead of what a C library has.
//!
//! A service is a zone like any other: it has an [`Interface`] with C declarations, a grant, a channel,
//! handles. What it has besides is the configuration of one capability of one application, which `cloison.toml` holds and
//! the broker sends with [`ToZone::Serve`](crate::message::ToZone).
//!
//! # To add a service
//!
//! One file each: its configuration here, its keys in `capabilities/manifest/src/application/services/`, what it needs of the machine in
//! `core/broker/src/services/`, its code in `capabilities/host/src/`, and its manifest in `capabilities/manifest/bindings/`. The compiler
//! names the places where [`HostService`] is taken apart.

pub mod files;
pub mod net;
pub mod sqlite;

pub use files::{FilesRights, FilesRoot, FilesService, MOST_ROOTS, NAME_BYTES, SCRATCH, is_plain_path};
pub use net::NetService;
pub use sqlite::SqliteService;

use crate::Interface;
use serde::{Deserialize, Serialize};

/// What one capability configures.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum HostService {
    /// `zone = "files"`
    Files(FilesService),
    /// `zone = "net"`
    Net(NetService),
    /// `zone = "sqlite3"`
    Sqlite(SqliteService),
}

impl HostService {
    /// The names of all services, by which `zone` of a capability calls them.
    pub const NAMES: [&str; 3] = ["files", "net", "sqlite3"];

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Files(_) => "files",
            Self::Net(_) => "net",
            Self::Sqlite(_) => "sqlite3",
        }
    }

    /// Makes what the service's manifest says be what the capability says.
    pub fn configure(&self, interface: &mut Interface) {
        match self {
            Self::Files(files) => files.configure(interface),
            Self::Net(net) => net.configure(interface),
            Self::Sqlite(sqlite) => sqlite.configure(interface),
        }
    }

    /// Whether `cloison-host` serves it. If not, it is the zone of a library, which is configured in the same way.
    pub fn is_of_host(&self) -> bool {
        !matches!(self, Self::Sqlite(_))
    }
}

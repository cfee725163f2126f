//! Host services: zones in Rust, which offer what the machine has (files, networks) instead of what a C library has.
//!
//! A service is a zone like any other: it has an [`Interface`] with C declarations, a grant, a channel,
//! handles. What it has besides is the configuration of one capability of one application, which `cloison.toml` holds and
//! the broker sends with [`ToZone::Serve`](crate::message::ToZone).
//!
//! # To add a service
//!
//! One file each: its configuration here, its keys in `capabilities/manifest/src/application/services/`, what it needs of the machine in
//! `core/broker/src/services/`, its code in `capabilities/host/src/`, and its manifest in `capabilities/manifest/bindings/`; what it gives
//! in plain words in `capabilities/manifest/src/explain/services.rs`, what of it is more or less in
//! `capabilities/manifest/src/difference/services.rs`, and its command in `cli/src/add/`. The compiler names the
//! places where [`HostService`] is taken apart.

pub mod env;
pub mod files;
pub mod http;
pub mod log;
pub mod net;
pub mod process;
pub mod sqlite;

pub use env::EnvService;
pub use files::{FilesRights, FilesRoot, FilesService, MOST_ROOTS, NAME_BYTES, SCRATCH, is_plain_path};
pub use http::HttpService;
pub use log::{LogLevel, LogService};
pub use net::NetService;
pub use process::{ProcessCommand, ProcessService};
pub use sqlite::SqliteService;

use crate::Interface;
use serde::{Deserialize, Serialize};

/// What one capability configures.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum HostService {
    /// `zone = "env"`
    Env(EnvService),
    /// `zone = "files"`
    Files(FilesService),
    /// `zone = "http"`
    Http(HttpService),
    /// `zone = "log"`
    Log(LogService),
    /// `zone = "net"`
    Net(NetService),
    /// `zone = "process"`
    Process(ProcessService),
    /// `zone = "sqlite3"`
    Sqlite(SqliteService),
}

impl HostService {
    /// The names of all services, by which `zone` of a capability calls them.
    pub const NAMES: [&str; 7] = ["env", "files", "http", "log", "net", "process", "sqlite3"];

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Env(_) => "env",
            Self::Files(_) => "files",
            Self::Http(_) => "http",
            Self::Log(_) => "log",
            Self::Net(_) => "net",
            Self::Process(_) => "process",
            Self::Sqlite(_) => "sqlite3",
        }
    }

    /// Makes what the service's manifest says be what the capability says.
    pub fn configure(&self, interface: &mut Interface) {
        match self {
            Self::Env(_) => {}
            Self::Files(files) => files.configure(interface),
            Self::Http(http) => http.configure(interface),
            Self::Log(log) => log.configure(interface),
            Self::Net(net) => net.configure(interface),
            Self::Process(process) => process.configure(interface),
            Self::Sqlite(sqlite) => sqlite.configure(interface),
        }
    }

    /// The folders of the machine that it gives.
    pub fn roots(&self) -> &[FilesRoot] {
        match self {
            Self::Files(files) => &files.roots,
            Self::Process(process) => &process.roots,
            Self::Sqlite(sqlite) => &sqlite.roots,
            Self::Env(_) | Self::Http(_) | Self::Log(_) | Self::Net(_) => &[],
        }
    }

    /// Whether `cloison-host` serves it. If not, it is the zone of a library, which is configured in the same way.
    pub fn is_of_host(&self) -> bool {
        !matches!(self, Self::Sqlite(_))
    }
}

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

pub use files::{FilesRights, FilesRoot, FilesService, MOST_ROOTS, NAME_BYTES, SCRATCH, is_plain_path};
pub use net::NetService;

use crate::Interface;
use serde::{Deserialize, Serialize};

/// What one capability configures.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum HostService {
    /// `zone = "files"`
    Files(FilesService),
    /// `zone = "net"`
    Net(NetService),
}

impl HostService {
    /// The names of all services, as `library = { host = "…" }` of their manifests has them.
    pub const NAMES: [&str; 2] = ["files", "net"];

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Files(_) => "files",
            Self::Net(_) => "net",
        }
    }

    /// Makes what the service's manifest says be what the capability says.
    pub fn configure(&self, interface: &mut Interface) {
        match self {
            Self::Files(files) => files.configure(interface),
            Self::Net(net) => net.configure(interface),
        }
    }
}

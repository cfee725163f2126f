//! `cloison.toml`: what an application asks for.
//!
//! ```toml
//! [app]
//! entry = "app:main"                      # optional; else a file is run as `__main__`
//! site_packages = ["vendor"]              # folders, relative to this file, for third-party packages
//! may_be_missing = ["landlock"]           # layers that this application can do without
//!
//! [capabilities.zlib]
//! zone = "zlib"                           # a bundled binding, or a path to a .zone.toml
//! version = "1"                           # optional: every 1.x.y of its interface will do
//! allow = ["crc32", "compress2"]          # required; "*" is everything, [] is nothing
//! where = { compress2 = "sourceLen <= 1 MiB" }
//! rate = "1000/s"
//! calls = 100000
//!
//! [limits]                                # for each microprocess
//! memory = "256 MiB"
//!
//! [microprocess.worker]                   # for those that are started with `profile="worker"`
//! capabilities = ["zlib"]                 # or a table, each with what narrows it
//! memory = "64 MiB"
//!
//! [audit]                                 # what becomes of authority is written down
//! file = "audit.jsonl"
//! ```

mod audit;
mod deterministic;
mod grant;
mod profiles;
mod read;
mod services;

pub use crate::diagnostic::Written;
pub use audit::AuditSettings;
pub use deterministic::ClockRequest;
pub(crate) use grant::bound_fits;
pub use grant::{bound_again, narrowing};
pub use profiles::{NarrowedCapability, Profile, ProfileLimits};
pub use services::{SecretSource, ServiceRequest};

use crate::diagnostic::{Diagnostics, SourceFile};
use crate::version::WantedVersion;
use cloison_contract::grant::Quota;
use cloison_contract::types::Location;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// What `cloison.toml` says.
#[derive(Clone, Debug)]
pub struct Application {
    /// The file, for errors.
    pub source: Arc<SourceFile>,
    /// `app.entry`; without it a file runs as `__main__`.
    pub entry: Option<EntryPoint>,
    /// `app.site_packages`: folders relative to the file.
    pub site_packages: Vec<String>,
    /// `app.may_be_missing`: layers that microprocesses can do without.
    pub may_be_missing: Vec<String>,
    /// `[capabilities.NAME]`
    pub capabilities: BTreeMap<String, CapabilityRequest>,
    /// `[microprocess.NAME]`
    pub profiles: BTreeMap<String, Profile>,
    /// `[limits]`
    pub limits: ApplicationLimits,
    /// `[audit]`
    pub audit: Option<AuditSettings>,
    /// `[clock]`
    pub clock: Option<ClockRequest>,
    /// `[random] seed`
    pub seed: Option<u64>,
}

/// `"module:qualname"`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EntryPoint {
    /// `package.module`
    pub module: String,
    /// `function`, or `Class.function`.
    pub qualname: String,
    /// Where it stands.
    pub span: Range<usize>,
}

/// One `[capabilities.NAME]`.
#[derive(Clone, Debug)]
pub struct CapabilityRequest {
    /// A bundled binding's name, or a path to a `.zone.toml` relative to `cloison.toml`.
    pub zone: Written,
    /// `version`: which versions of its interface will do; every one if it is not said.
    pub version: Option<VersionRequest>,
    /// `allow`
    pub allow: Allow,
    /// Where `allow` stands: this line is what a denial names.
    pub allow_location: Location,
    /// `where`: function → bound.
    pub bounds: Vec<(Written, Written)>,
    /// `rate`, `calls`, `bytes`, `cpu`
    pub quota: Quota,
    /// `expires`: how long after the application's start.
    pub expires: Option<Duration>,
    /// `delegate = false`
    pub personal: bool,
    /// `callbacks = false`
    pub quiet: bool,
    /// Where the keys stand that say so.
    pub locations: TermLocations,
    /// What it says of a host service, if `zone` is one.
    pub service: Option<ServiceRequest>,
}

/// Where the keys stand that narrow a capability; nothing of those that are not there. Bounds have places of their own.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TermLocations {
    /// `rate`
    pub rate: Option<Location>,
    /// `calls`
    pub calls: Option<Location>,
    /// `bytes`
    pub bytes: Option<Location>,
    /// `cpu`
    pub cpu: Option<Location>,
    /// `expires`
    pub expires: Option<Location>,
    /// `delegate`
    pub delegate: Option<Location>,
    /// `callbacks`
    pub callbacks: Option<Location>,
}

/// `version` of a capability.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VersionRequest {
    /// What is asked for.
    pub wanted: WantedVersion,
    /// Where it stands.
    pub span: Range<usize>,
}

/// `allow`
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Allow {
    /// `"*"`: all that are not internal.
    All,
    /// These; none if empty.
    Functions(Vec<Written>),
}

/// `[limits]`, for each microprocess. Every default but that of `deadline` is finite.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ApplicationLimits {
    /// Address space, in bytes. Default 512 MiB.
    pub memory_bytes: u64,
    /// How many microprocesses there may be at once. Default 1000.
    pub processes: u32,
    /// How many living children each of them may have. Default as many as `processes`.
    pub children: u32,
    /// How many call channels each of them may have open. Default 64.
    pub channels: u32,
    /// How long the program may run, and with it each of its processes. Default for ever.
    pub deadline: Option<Duration>,
    /// Processor time, in seconds. Default one hour.
    pub cpu_seconds: u64,
    /// How many bytes of messages may wait in one mailbox. Default 16 MiB.
    pub mailbox_bytes: u64,
    /// Open descriptors. Default 64.
    pub descriptors: u32,
}

impl Default for ApplicationLimits {
    fn default() -> Self {
        Self {
            memory_bytes: 512 << 20,
            processes: 1000,
            children: 1000,
            channels: 64,
            deadline: None,
            cpu_seconds: 3600,
            mailbox_bytes: 16 << 20,
            descriptors: 64,
        }
    }
}

impl Application {
    /// Where something stands that was read here.
    pub fn location(&self, written: &Written) -> Location {
        crate::diagnostic::location(&self.source.text, written.span.start)
    }
}

/// Reads `cloison.toml`. `file_name` is what errors show.
pub fn parse(file_name: &str, text: &str) -> Result<Application, Diagnostics> {
    crate::document::read(file_name, text, read::application)
}

#[cfg(test)]
mod tests;

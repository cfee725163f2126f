//! The mirror of `cloison.toml`.
#![allow(dead_code, reason = "read for its shape alone")]

use super::values::{Duration, Expression, Named, OneOrMany, Size};
use schemars::JsonSchema;
use serde::Deserialize;

/// What one application runs, which zones it may use, and how much of each.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Cloison application")]
pub struct Application {
    /// What is run.
    pub app: Option<App>,
    /// What the application may call, by the names that `cloison.capability()` asks for.
    #[serde(default)]
    pub capabilities: Named<Capability>,
    /// Limits of each microprocess.
    pub limits: Option<Limits>,
}

/// `[app]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// `"module:function"`; without it the folder's `__main__.py` runs.
    #[schemars(regex(pattern = "^[^:/]+:[^:/()]+$"))]
    pub entry: Option<String>,
    /// Folders with third-party packages, relative to this file.
    pub site_packages: Option<Vec<String>>,
    /// Layers of the sandbox without which microprocesses start all the same.
    pub may_be_missing: Option<Vec<String>>,
}

/// `[capabilities.NAME]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Capability {
    /// A bundled binding (`"zlib"`), or a path to a `.zone.toml`, relative to this file.
    pub zone: String,
    /// The functions that may be called; `"*"` is all that are not internal.
    pub allow: OneOrMany,
    /// Function → what must hold for its arguments.
    #[serde(rename = "where", default)]
    pub bounds: Named<Expression>,
    /// Calls in a time: `"1000/s"`, `"10/5 s"`.
    #[schemars(regex(pattern = r"^\s*[0-9][0-9_]*\s*/.+$"))]
    pub rate: Option<String>,
    /// So many calls altogether.
    pub calls: Option<u64>,
}

/// `[limits]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Memory of one microprocess. Default 512 MiB.
    pub memory: Option<Size>,
    /// Processor time of one microprocess. Default 1 h.
    pub cpu: Option<Duration>,
    /// Open descriptors. Default 64.
    #[schemars(range(min = 16, max = 65536))]
    pub descriptors: Option<u32>,
    /// Microprocesses at once. Default 1000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub processes: Option<u32>,
    /// Bytes of messages that may wait. Default 16 MiB.
    pub mailbox: Option<Size>,
}

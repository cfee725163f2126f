//! The layers by name, and the report of what became of each.
//!
//! | layer | what it keeps away | needed |
//! |---|---|---|
//! | [`USER_NAMESPACE`] | the user's own uid and rights over files | yes |
//! | [`MOUNT_NAMESPACE`] | every file of the machine: the root is empty but for what was declared | yes |
//! | [`PID_NAMESPACE`] | other processes: they have no number in here | yes |
//! | [`NETWORK_NAMESPACE`] | every network, loopback and abstract sockets included | yes |
//! | [`IPC_NAMESPACE`] | System V and POSIX queues and segments | yes |
//! | [`UTS_NAMESPACE`] | the machine's name | yes |
//! | [`CGROUP_NAMESPACE`] | the name of our own group | no |
//! | [`NO_NEW_PRIVILEGES`] | set-uid programs | yes |
//! | [`CAPABILITIES`] | root's rights | yes |
//! | [`LANDLOCK`] | opening files, TCP ports, abstract sockets and signals that leave the jail | yes |
//! | [`SECCOMP`] | system calls nobody here needs | yes |
//! | [`RLIMITS`] | using the machine up | yes |
//! | [`ENVIRONMENT`] | the user's environment variables | yes |
//! | [`DESCRIPTORS`] | whatever else was open | yes |
//! | [`KEYRING`] | the user's keys | no |
//! | [`MEMORY`] | turning written memory into code | no |
//!
//! One that is needed stops the start when it is missing, unless `may_be_missing` names it.

use crate::error::Error;
use cloison_contract::message::{Layer, LayerState};

/// `user-namespace`
pub const USER_NAMESPACE: &str = "user-namespace";
/// `mount-namespace`
pub const MOUNT_NAMESPACE: &str = "mount-namespace";
/// `pid-namespace`
pub const PID_NAMESPACE: &str = "pid-namespace";
/// `network-namespace`
pub const NETWORK_NAMESPACE: &str = "network-namespace";
/// `ipc-namespace`
pub const IPC_NAMESPACE: &str = "ipc-namespace";
/// `uts-namespace`
pub const UTS_NAMESPACE: &str = "uts-namespace";
/// `cgroup-namespace`
pub const CGROUP_NAMESPACE: &str = "cgroup-namespace";
/// `no-new-privileges`
pub const NO_NEW_PRIVILEGES: &str = "no-new-privileges";
/// `capabilities`
pub const CAPABILITIES: &str = "capabilities";
/// `landlock`
pub const LANDLOCK: &str = "landlock";
/// `seccomp`
pub const SECCOMP: &str = "seccomp";
/// `rlimits`
pub const RLIMITS: &str = "rlimits";
/// `environment`
pub const ENVIRONMENT: &str = "environment";
/// `descriptors`
pub const DESCRIPTORS: &str = "descriptors";
/// `keyring`
pub const KEYRING: &str = "keyring";
/// `memory`
pub const MEMORY: &str = "memory";

/// Those that go on together: they are made by one system call.
pub(crate) const NAMESPACES: [&str; 6] =
    [USER_NAMESPACE, MOUNT_NAMESPACE, PID_NAMESPACE, NETWORK_NAMESPACE, IPC_NAMESPACE, UTS_NAMESPACE];

/// Those without which a start stops, unless `may_be_missing` names them.
pub const REQUIRED: [&str; 13] = [
    CAPABILITIES,
    DESCRIPTORS,
    ENVIRONMENT,
    IPC_NAMESPACE,
    LANDLOCK,
    MOUNT_NAMESPACE,
    NETWORK_NAMESPACE,
    NO_NEW_PRIVILEGES,
    PID_NAMESPACE,
    RLIMITS,
    SECCOMP,
    USER_NAMESPACE,
    UTS_NAMESPACE,
];

/// Those without which a start always goes on.
const OPTIONAL: [&str; 3] = [CGROUP_NAMESPACE, KEYRING, MEMORY];

/// What became of each layer so far.
#[derive(Debug)]
pub(crate) struct Report {
    layers: Vec<Layer>,
    may_be_missing: Vec<String>,
}

impl Report {
    /// Nothing tried yet.
    pub(crate) fn new(may_be_missing: &[String]) -> Report {
        Report { layers: Vec::with_capacity(16), may_be_missing: may_be_missing.to_vec() }
    }

    /// Goes on with an earlier one.
    pub(crate) fn resume(layers: Vec<Layer>, may_be_missing: &[String]) -> Report {
        Report { layers, may_be_missing: may_be_missing.to_vec() }
    }

    /// In force.
    pub(crate) fn on(&mut self, name: &str, detail: impl Into<String>) {
        self.push(name, LayerState::On, detail.into());
    }

    /// More to say about one that is in force.
    pub(crate) fn add(&mut self, name: &str, detail: String) {
        if let Some(layer) = self.layers.iter_mut().find(|layer| layer.name == name) {
            layer.detail += &detail;
        }
    }

    /// Is it in force?
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.layers.iter().any(|layer| layer.name == name && layer.state == LayerState::On)
    }

    /// Not asked for.
    pub(crate) fn off(&mut self, name: &str) {
        self.push(name, LayerState::Off, "not asked for".into());
    }

    /// Not to be had: an error unless the start may go on without it.
    pub(crate) fn unavailable(&mut self, name: &'static str, detail: impl Into<String>) -> Result<(), Error> {
        let detail = detail.into();
        if !OPTIONAL.contains(&name) && !self.may_be_missing.iter().any(|missing| missing == name) {
            return Err(Error::Missing { name, detail });
        }
        self.push(name, LayerState::Unavailable, detail);
        Ok(())
    }

    /// The entries, one for each layer, in the order in which they were put up.
    pub(crate) fn into_layers(self) -> Vec<Layer> {
        self.layers
    }

    /// A later word on a layer replaces the earlier one.
    fn push(&mut self, name: &str, state: LayerState, detail: String) {
        self.layers.retain(|layer| layer.name != name);
        self.layers.push(Layer { name: name.into(), state, detail });
    }
}

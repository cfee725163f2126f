//! The layers of the sandbox, by name.

use serde::{Deserialize, Serialize};

/// One enforcement mechanism: what it keeps away, and whether a start needs it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LayerName {
    /// The user's own uid and rights over files.
    UserNamespace,
    /// Every file of the machine: the root is empty but for what was declared.
    MountNamespace,
    /// Other processes: they have no number in here.
    PidNamespace,
    /// Every network, loopback and abstract sockets included.
    NetworkNamespace,
    /// System V and POSIX queues and segments.
    IpcNamespace,
    /// The machine's name.
    UtsNamespace,
    /// The name of our own group.
    CgroupNamespace,
    /// Set-uid programs.
    NoNewPrivileges,
    /// Root's rights.
    Capabilities,
    /// Opening files, TCP ports, abstract sockets and signals that leave the jail.
    Landlock,
    /// System calls nobody here needs.
    Seccomp,
    /// Using the machine up.
    Rlimits,
    /// The user's environment variables.
    Environment,
    /// Whatever else was open.
    Descriptors,
    /// The user's keys.
    Keyring,
    /// Turning written memory into code.
    Memory,
}

impl LayerName {
    /// All of them, in the order in which they are put on.
    pub const ALL: [Self; 16] = [
        Self::UserNamespace,
        Self::MountNamespace,
        Self::PidNamespace,
        Self::NetworkNamespace,
        Self::IpcNamespace,
        Self::UtsNamespace,
        Self::CgroupNamespace,
        Self::NoNewPrivileges,
        Self::Capabilities,
        Self::Landlock,
        Self::Seccomp,
        Self::Rlimits,
        Self::Environment,
        Self::Descriptors,
        Self::Keyring,
        Self::Memory,
    ];

    /// What manifests and reports call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserNamespace => "user-namespace",
            Self::MountNamespace => "mount-namespace",
            Self::PidNamespace => "pid-namespace",
            Self::NetworkNamespace => "network-namespace",
            Self::IpcNamespace => "ipc-namespace",
            Self::UtsNamespace => "uts-namespace",
            Self::CgroupNamespace => "cgroup-namespace",
            Self::NoNewPrivileges => "no-new-privileges",
            Self::Capabilities => "capabilities",
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
            Self::Rlimits => "rlimits",
            Self::Environment => "environment",
            Self::Descriptors => "descriptors",
            Self::Keyring => "keyring",
            Self::Memory => "memory",
        }
    }

    /// The layer of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layer| layer.name() == name)
    }

    /// Whether a start stops when this layer is missing, unless `may_be_missing` names it. A start never stops because another
    /// layer is missing.
    pub const fn is_required(self) -> bool {
        match self {
            Self::CgroupNamespace | Self::Keyring | Self::Memory => false,
            Self::UserNamespace
            | Self::MountNamespace
            | Self::PidNamespace
            | Self::NetworkNamespace
            | Self::IpcNamespace
            | Self::UtsNamespace
            | Self::NoNewPrivileges
            | Self::Capabilities
            | Self::Landlock
            | Self::Seccomp
            | Self::Rlimits
            | Self::Environment
            | Self::Descriptors => true,
        }
    }

    /// The layers that `may_be_missing` can name.
    pub fn required() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|layer| layer.is_required())
    }
}

impl std::fmt::Display for LayerName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_is_in_the_list_once_and_found_by_its_name() {
        for (index, layer) in LayerName::ALL.into_iter().enumerate() {
            assert_eq!(layer as usize, index, "{layer}");
            assert_eq!(LayerName::named(layer.name()), Some(layer));
        }
        assert_eq!(LayerName::Memory as usize + 1, LayerName::ALL.len());
        assert_eq!(LayerName::named("nothing"), None);
    }
}

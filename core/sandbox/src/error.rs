//! Why a jail could not be entered: one variant for each step.

use crate::layer::LayerName;
use std::io;
use std::path::PathBuf;

/// A step that failed. The cause is the host or the launcher, because no other code has run yet.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No process could be made for a call.
    #[error("cannot make the process of a call: {0}")]
    Call(io::Error),
    /// A capability could not be given up.
    #[error("cannot give up capabilities ({step}): {source}")]
    Capabilities {
        /// Which part of it.
        step: &'static str,
        /// The kernel's answer.
        source: io::Error,
    },
    /// Descriptors could not be closed.
    #[error("cannot close the descriptors that were not declared: {0}")]
    Close(io::Error),
    /// A zone that forks for each call has other threads or processes.
    #[error(
        "a constructor of the library has made {0}, and a zone with `instances = \"per-call\"` has to be alone to fork"
    )]
    Company(&'static str),
    /// A declared descriptor is a folder.
    #[error("descriptor {0} is a folder; from a folder one can walk to others")]
    DirectoryDescriptor(i32),
    /// The environment is not empty.
    #[error("the environment is not empty (it has {0}); start this program with an empty one")]
    Environment(String),
    /// seccomp refused a filter.
    #[error("cannot install the seccomp policy `{policy}`: {source}")]
    Filter {
        /// The policy.
        policy: &'static str,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A folder of a host service cannot be brought inside.
    #[error("cannot bring the folder {path} inside: {message}")]
    Folder {
        /// Where it is, as far as that is known.
        path: PathBuf,
        /// What went wrong.
        message: String,
    },
    /// The uid or gid could not be changed.
    #[error("cannot become an unprivileged user ({step}): {source}")]
    Identity {
        /// Which part of it.
        step: &'static str,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The new pid namespace has no init, or it could not be told to go on.
    #[error("cannot start the namespace's init: {0}")]
    Init(io::Error),
    /// Landlock refused.
    #[error("cannot restrict with Landlock: {0}")]
    Landlock(String),
    /// A program of the machine is started in namespaces of its own, and there are none.
    #[error("a program needs namespaces of its own, and there are none")]
    Apart,
    /// The library's file cannot be brought inside.
    #[error("cannot bring the library {path} inside: {message}")]
    Library {
        /// Where it is, as far as that is known.
        path: PathBuf,
        /// What went wrong.
        message: String,
    },
    /// A resource limit could not be set.
    #[error("cannot set {name} to {value}: {source}")]
    Limit {
        /// `RLIMIT_…`
        name: &'static str,
        /// To what.
        value: u64,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A layer that was asked for is not to be had.
    #[error("the layer `{name}` is not available: {detail}")]
    Missing {
        /// Which layer.
        name: LayerName,
        /// Why.
        detail: String,
    },
    /// A mount could not be made.
    #[error("cannot build the new root ({step} {}): {source}", path.display())]
    Mount {
        /// Which part of it.
        step: &'static str,
        /// Of what.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// no_new_privs could not be set.
    #[error("cannot set no_new_privs: {0}")]
    NoNewPrivileges(io::Error),
    /// A process attribute could not be set.
    #[error("cannot set {name}: {source}")]
    Process {
        /// `PR_SET_…` and the like.
        name: &'static str,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A private folder is mounted in a root of its own, and there is none.
    #[error("`scratch` needs a mount namespace, and there is none")]
    Scratch,
    /// The process has more than one thread.
    #[error("this process has several threads; a jail would not hold the others")]
    Threads,
    /// The kernel reports that the seal is on, but what it forbids still works: a filter of a constructor answers in its place.
    #[error("the seal does not hold: {0}; something that ran while the library was loaded answers its system calls")]
    Unsealed(&'static str),
    /// The worker could not be made.
    #[error("cannot start the worker: {0}")]
    Worker(io::Error),
}

impl Error {
    /// Whether the machine has too little left of something, so that it may work later.
    pub fn is_shortage(&self) -> bool {
        let code = match self {
            Error::Call(source)
            | Error::Capabilities { source, .. }
            | Error::Close(source)
            | Error::Filter { source, .. }
            | Error::Identity { source, .. }
            | Error::Init(source)
            | Error::Limit { source, .. }
            | Error::Mount { source, .. }
            | Error::NoNewPrivileges(source)
            | Error::Process { source, .. }
            | Error::Worker(source) => source.raw_os_error(),
            _ => None,
        };
        let short = [libc::EAGAIN, libc::EMFILE, libc::ENFILE, libc::ENOMEM, libc::ENOSPC, libc::EUSERS];
        code.is_some_and(|code| short.contains(&code))
    }

    /// A process attribute that could not be set.
    pub(crate) fn process(name: &'static str, error: rustix::io::Errno) -> Error {
        Error::Process { name, source: error.into() }
    }

    /// What the user could do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Missing { name, .. } => Some(missing_hint(*name)),
            Error::Company(_) => Some("`instances = \"per-client\"` gives each client a zone of its own".into()),
            Error::Mount { .. } => Some("run `cloison doctor` to see which layers this kernel has".into()),
            _ => None,
        }
    }
}

/// What to do about a missing layer.
fn missing_hint(name: LayerName) -> String {
    let cause = match name {
        LayerName::Landlock => "boot with `lsm=landlock,…` on a kernel of 5.13 or later",
        LayerName::Seccomp => "this kernel was built without seccomp filters",
        _ => {
            "allow user namespaces: sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone or \
              kernel.apparmor_restrict_unprivileged_userns"
        }
    };
    format!("{cause}; or write `may_be_missing = [\"{name}\"]` to go on without it")
}

//! Which mechanisms this kernel has for this user, found out by trying.
//!
//! The truth about a jail is the report of a jail ([`Jail::layers`](crate::Jail::layers)); this explains one that is not
//! to be had, and says what the transport needs besides. Nothing here changes the process that asks: what would is tried
//! in a child.

use crate::layer::LayerName;
use crate::sys;
use cloison_contract::message::{Layer, LayerState};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use std::io;

/// `futex-waitv`: a zone sleeps on all its channels at once with it (Linux 5.16).
pub const FUTEX_WAITV: &str = "futex-waitv";
/// `memfd-sealing`: memory that its other side cannot shrink under our feet.
pub const MEMFD_SEALING: &str = "memfd-sealing";

/// All of them.
pub fn all() -> Vec<Layer> {
    vec![user_namespaces(), landlock(), seccomp(), memory(), futex_waitv(), memfd_sealing()]
}

/// Can this user make the namespaces of a jail?
pub fn user_namespaces() -> Layer {
    let made = sys::try_namespaces(sys::OwnNamespaces::ALL);
    entry(
        LayerName::UserNamespace.name(),
        made,
        "user, mount, pid, network, ipc, uts and cgroup namespaces can be made",
    )
}

/// Which Landlock is there?
pub fn landlock() -> Layer {
    let mut found = entry(LayerName::Landlock.name(), sys::landlock_abi(), "");
    if found.state == LayerState::On {
        found.detail = sys::landlock_abi().map(|abi| format!("ABI {abi}")).unwrap_or_default();
    }
    found
}

/// Are there filters that can kill a process?
pub fn seccomp() -> Layer {
    entry(LayerName::Seccomp.name(), sys::seccomp_can_kill(), "filters that end a process")
}

/// Can memory that was written be kept from becoming code?
pub fn memory() -> Layer {
    entry(LayerName::Memory.name(), sys::try_deny_write_execute(), "written memory never becomes code")
}

/// Can one thread sleep on several words?
pub fn futex_waitv() -> Layer {
    entry(FUTEX_WAITV, sys::futex_waitv_exists(), "a zone sleeps on all its channels at once")
}

/// Can shared memory be kept from shrinking?
pub fn memfd_sealing() -> Layer {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let sealed = memfd_create("cloison-probe", flags)
        .and_then(|memory| fcntl_add_seals(memory, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL));
    entry(MEMFD_SEALING, sealed.map_err(io::Error::from), "shared memory keeps its size")
}

fn entry<T>(name: &str, tried: io::Result<T>, detail: &str) -> Layer {
    let (state, detail) = match tried {
        Ok(_) => (LayerState::On, detail.to_owned()),
        Err(error) => (LayerState::Unavailable, error.to_string()),
    };
    Layer { name: name.to_owned(), state, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_probe_answers_and_leaves_no_child() {
        for layer in all() {
            assert!(layer.state == LayerState::On || !layer.detail.is_empty(), "{layer:?}");
        }
        assert!(rustix::process::wait(rustix::process::WaitOptions::NOHANG).is_err(), "a probe's child is left");
    }
}

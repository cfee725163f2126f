//! Who the worker is: nobody, inside and outside, with no rights to lose or regain.

use crate::error::Error;
use crate::sys::{self, SingleThreaded};
use rustix::io::Errno;
use rustix::process::{Gid, Uid, getegid, geteuid};
use rustix::thread::{CapabilitiesSecureBits, CapabilitySet, CapabilitySets};
use std::io;
use std::sync::OnceLock;

/// The kernel's overflow uid and Debian's `nobody`.
const NOBODY: u32 = 65534;

/// Whether we are root and can become somebody else. The root of a user namespace in which nobody is mapped, as `unshare -r`
/// makes it, cannot: the kernel treats that uid 0 as an ordinary user.
///
/// Asked for the first time in the launcher, while `/proc` is there and before any namespace of ours.
pub(crate) fn is_root() -> bool {
    static ROOT: OnceLock<bool> = OnceLock::new();
    *ROOT.get_or_init(|| {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        geteuid().is_root()
            && read("/proc/self/setgroups").trim() == "allow"
            && maps_nobody(&read("/proc/self/uid_map"))
            && maps_nobody(&read("/proc/self/gid_map"))
    })
}

/// Whether a `uid_map` or `gid_map` has a number for nobody.
fn maps_nobody(map: &str) -> bool {
    map.lines().any(|line| {
        let mut numbers = line.split_whitespace().map(|word| word.parse::<u64>().unwrap_or(0));
        let (first, _, count) = (numbers.next().unwrap_or(0), numbers.next(), numbers.next().unwrap_or(0));
        (first..first.saturating_add(count)).contains(&NOBODY.into())
    })
}

/// Who the worker is outside, as the lines of `uid_map` and `gid_map`.
///
/// Inside it is always nobody; the user's own number is told to no one (see [`become_nobody`]). Started by root it is
/// nobody outside as well; anybody else can map only himself.
pub(crate) fn maps() -> (String, String) {
    let uid = if is_root() { NOBODY } else { geteuid().as_raw() };
    let gid = if is_root() { NOBODY } else { getegid().as_raw() };
    (format!("{NOBODY} {uid} 1"), format!("{NOBODY} {gid} 1"))
}

/// Drops root's supplementary groups, with which files could still be opened. An ordinary user cannot drop groups.
pub(crate) fn leave_groups() -> Result<(), Error> {
    if !is_root() {
        return Ok(());
    }
    rustix::thread::set_thread_groups(&[]).map_err(|error| identity("setgroups", error))
}

/// Becomes nobody. In a user namespace all capabilities stay for the moment: its root is not mapped, so the kernel
/// sees no change from root to somebody else.
///
/// What the kernel wrote onto the stack when the program started is overwritten: it names the user, and the program's
/// path, which may.
pub(crate) fn become_nobody(apart: bool, alone: &SingleThreaded) -> Result<(), Error> {
    // Without a user namespace an ordinary user cannot become another one.
    if !apart && !is_root() {
        return Ok(());
    }
    let (uid, gid) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    rustix::thread::set_thread_res_gid(gid, gid, gid).map_err(|error| identity("setresgid", error))?;
    rustix::thread::set_thread_res_uid(uid, uid, uid).map_err(|error| identity("setresuid", error))?;
    sys::forget_origin(NOBODY, alone);
    Ok(())
}

/// Empties the bounding and ambient sets and locks the bits by which a uid brings capabilities back.
pub(crate) fn forbid_capabilities() -> Result<(), Error> {
    let held = rustix::thread::capabilities(None).map_err(|error| capabilities("capget", error))?;
    // Without CAP_SETPCAP the bounding set cannot be changed; no_new_privs then keeps capabilities from coming back.
    if !held.effective.contains(CapabilitySet::SETPCAP) {
        return Ok(());
    }
    for number in 0..64 {
        match rustix::thread::remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << number)) {
            Ok(()) => {}
            // The kernel knows no capability of a higher number.
            Err(Errno::INVAL) => break,
            Err(error) => return Err(capabilities("bounding set", error)),
        }
    }
    rustix::thread::clear_ambient_capability_set().map_err(|error| capabilities("ambient set", error))?;
    let locked = CapabilitiesSecureBits::NO_ROOT
        | CapabilitiesSecureBits::NO_ROOT_LOCKED
        | CapabilitiesSecureBits::NO_SETUID_FIXUP
        | CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED
        | CapabilitiesSecureBits::KEEP_CAPS_LOCKED
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED;
    rustix::thread::set_capabilities_secure_bits(locked).map_err(|error| capabilities("securebits", error))
}

/// Gives up every capability that is held, and checks that none is left.
pub(crate) fn drop_capabilities(apart: bool) -> Result<String, Error> {
    let none = CapabilitySet::empty();
    let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
    rustix::thread::set_capabilities(None, sets).map_err(|error| capabilities("capset", error))?;
    let held = rustix::thread::capabilities(None).map_err(|error| capabilities("capget", error))?;
    if held != sets {
        return Err(Error::Capabilities { step: "verify", source: io::Error::other("some are still held") });
    }
    Ok(format!("none; uid {}{}", geteuid().as_raw(), if apart { " inside" } else { "" }))
}

fn identity(step: &'static str, error: Errno) -> Error {
    Error::Identity { step, source: error.into() }
}

fn capabilities(step: &'static str, error: Errno) -> Error {
    Error::Capabilities { step, source: error.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_mapped_or_not() {
        assert!(maps_nobody("         0          0 4294967295\n"));
        assert!(maps_nobody("0 100000 65536\n"));
        assert!(maps_nobody("0 1000 1\n65534 100000 1\n"));
        assert!(!maps_nobody("0 1000 1\n"));
        assert!(!maps_nobody("0 1000 65534\n"));
        assert!(!maps_nobody(""));
        assert!(!maps_nobody("nonsense"));
    }
}

//! Where this process sees files, and which services the standard library finds: what the broker has said when it began, and when its
//! template did.

use cloison_contract::message::{Mount, ServiceOffer};
use std::sync::OnceLock;

static MOUNTS: OnceLock<Vec<Mount>> = OnceLock::new();
static FOLDERS: OnceLock<Vec<String>> = OnceLock::new();
static SERVICES: OnceLock<Vec<ServiceOffer>> = OnceLock::new();
static RECORDED: OnceLock<bool> = OnceLock::new();

/// Notes what this process's capabilities give, once, and the application's own folders, if its template did not know them yet.
pub(crate) fn set(mounts: Vec<Mount>, folders: Vec<String>, services: Vec<ServiceOffer>, recorded: bool) {
    // A process begins once.
    let _ = MOUNTS.set(mounts);
    let _ = FOLDERS.set(folders);
    let _ = SERVICES.set(services);
    let _ = RECORDED.set(recorded);
}

/// Whether the application is recorded, so that somebody wants to know what it lacks.
pub(crate) fn is_recorded() -> bool {
    RECORDED.get().is_some_and(|recorded| *recorded)
}

/// Notes where the application's own folders are, once: in the template, for all that come from it.
pub(crate) fn set_folders(folders: Vec<String>) {
    // A template hears of them once.
    let _ = FOLDERS.set(folders);
}

/// What this process's capabilities give; `None` in a template, which holds none, and forks some that do.
pub(crate) fn all() -> Option<&'static [Mount]> {
    MOUNTS.get().map(Vec::as_slice)
}

/// Where the application's own folders are.
pub(crate) fn folders() -> &'static [String] {
    FOLDERS.get().map_or(&[], Vec::as_slice)
}

/// The services that the standard library uses besides files; `None` in a template, as for [`all`].
pub(crate) fn services() -> Option<&'static [ServiceOffer]> {
    SERVICES.get().map(Vec::as_slice)
}

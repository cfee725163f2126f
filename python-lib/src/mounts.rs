//! Where this process sees files: what the broker has said when it began.

use cloison_contract::message::Mount;
use std::sync::OnceLock;

static MOUNTS: OnceLock<Vec<Mount>> = OnceLock::new();

/// Notes it, once.
pub(crate) fn set(mounts: Vec<Mount>) {
    // A process begins once.
    let _ = MOUNTS.set(mounts);
}

/// All of them; none in a template, where nothing is held.
pub(crate) fn all() -> &'static [Mount] {
    MOUNTS.get().map_or(&[], Vec::as_slice)
}

//! Which layers of the sandbox are in force, as every worker says first.

use serde::{Deserialize, Serialize};

/// What every worker says first: which layers are in force. See `cloison_sandbox::Report`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Jailed {
    /// One entry for each layer.
    pub layers: Vec<Layer>,
    /// The worker's process id in the broker's namespace, and that of the namespace's init if there is one.
    pub worker: i32,
    /// See `worker`.
    pub init: Option<i32>,
}

/// One enforcement mechanism and what became of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Layer {
    /// What a [`LayerName`](crate::layer::LayerName) is called; a probe of the kernel has names of its own besides.
    pub name: String,
    /// On, off or unavailable.
    pub state: LayerState,
    /// What is in force (`"ABI 7"`), or why it is not.
    pub detail: String,
}

/// Whether a layer is in force.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LayerState {
    /// It was not asked for.
    Off,
    /// In force.
    On,
    /// Asked for, but this kernel or this user cannot have it.
    Unavailable,
}

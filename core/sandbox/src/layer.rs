//! What became of each layer.
//!
//! A layer that is required ([`LayerName::is_required`]) stops the start when it is missing, unless `may_be_missing` names it.

use crate::error::Error;
pub use cloison_contract::layer::LayerName;
use cloison_contract::message::{Layer, LayerState};

/// The namespaces that one system call makes together.
pub(crate) const NAMESPACES: [LayerName; 6] = [
    LayerName::UserNamespace,
    LayerName::MountNamespace,
    LayerName::PidNamespace,
    LayerName::NetworkNamespace,
    LayerName::IpcNamespace,
    LayerName::UtsNamespace,
];

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

    /// Continues an earlier report.
    pub(crate) fn resume(layers: Vec<Layer>, may_be_missing: &[String]) -> Report {
        Report { layers, may_be_missing: may_be_missing.to_vec() }
    }

    /// Reports a layer that is in force.
    pub(crate) fn on(&mut self, name: LayerName, detail: impl Into<String>) {
        self.push(name, LayerState::On, detail.into());
    }

    /// Adds to what is said of a layer that is in force.
    pub(crate) fn add(&mut self, name: LayerName, detail: String) {
        if let Some(layer) = self.layers.iter_mut().find(|layer| layer.name == name.name()) {
            layer.detail += &detail;
        }
    }

    /// Is it in force?
    pub(crate) fn is_on(&self, name: LayerName) -> bool {
        self.layers.iter().any(|layer| layer.name == name.name() && layer.state == LayerState::On)
    }

    /// Reports a layer that was not asked for.
    pub(crate) fn off(&mut self, name: LayerName) {
        self.push(name, LayerState::Off, "not asked for".into());
    }

    /// Reports a layer that this kernel or user cannot have: an error unless the start may go on without it.
    pub(crate) fn unavailable(&mut self, name: LayerName, detail: impl Into<String>) -> Result<(), Error> {
        let detail = detail.into();
        if name.is_required() && !self.may_be_missing.iter().any(|missing| missing == name.name()) {
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
    fn push(&mut self, name: LayerName, state: LayerState, detail: String) {
        self.layers.retain(|layer| layer.name != name.name());
        self.layers.push(Layer { name: name.to_string(), state, detail });
    }
}

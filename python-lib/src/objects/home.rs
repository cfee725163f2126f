//! Where what Python holds of a zone belongs: handles, buffers and views are of one channel, and ask here what has become of it.

use crate::call::connection::ZoneConnection;
use crate::objects::handle::{Core, Handles};
use cloison_contract::Interface;
use rustpython_vm::{PyResult, VirtualMachine};
use std::fmt;
use std::rc::{Rc, Weak};

/// What objects want of their zone: requests, which those make who know how.
pub trait ObjectRequests {
    /// Close an object now. Whether it was still there.
    fn close_object(self: Rc<Self>, core: &Core, vm: &VirtualMachine) -> PyResult<bool>;

    /// The same without waiting for it: whatever is called next comes after it.
    fn leave_object(self: Rc<Self>, core: &Core, vm: &VirtualMachine) -> PyResult<()>;

    /// Whether the zone still has an object.
    fn has_object(self: Rc<Self>, core: &Core, vm: &VirtualMachine) -> PyResult<bool>;

    /// What is in a registered buffer.
    fn read_block(self: Rc<Self>, block: u64, max_bytes: u64, vm: &VirtualMachine) -> PyResult<Vec<u8>>;
}

/// The zone of a capability, for what outlives a call.
pub struct Home {
    /// The capability's name in `cloison.toml`.
    pub capability: Rc<str>,
    /// What the zone offers.
    pub interface: Rc<Interface>,
    /// The way there.
    pub connection: ZoneConnection,
    /// The objects that Python holds.
    pub handles: Handles,
    zone: Weak<dyn ObjectRequests>,
}

impl fmt::Debug for Home {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Home").field("capability", &self.capability).finish_non_exhaustive()
    }
}

impl Home {
    /// Of that capability, with no channel yet.
    pub fn new(capability: Rc<str>, interface: Rc<Interface>, zone: Weak<dyn ObjectRequests>) -> Self {
        Self { capability, interface, connection: ZoneConnection::default(), handles: Handles::default(), zone }
    }

    /// Whoever makes requests; a capability stays as long as its microprocess.
    pub fn zone(&self, vm: &VirtualMachine) -> PyResult<Rc<dyn ObjectRequests>> {
        self.zone.upgrade().ok_or_else(|| vm.new_runtime_error(format!("capability '{}' is gone", self.capability)))
    }
}

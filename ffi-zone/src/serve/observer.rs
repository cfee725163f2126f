//! What a host service hears of besides calls.

use crate::serve::workers::WorkerContext;
use cloison_contract::message::{ChannelId, ClientName};
use std::os::fd::OwnedFd;

/// A host service that wants to know who its clients are, or is given something while it serves.
pub trait Observer: Send + Sync {
    /// A client has come.
    fn attached(&self, channel: ChannelId, client: ClientName);
    /// It is gone.
    fn detached(&self, channel: ChannelId);
    /// What to write to from now on.
    fn renewed(&self, file: OwnedFd);
}

/// Whose call runs on this thread, or ran last.
pub fn caller() -> Option<ChannelId> {
    WorkerContext::latest_here()
}

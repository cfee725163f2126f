//! Long messages, each in memory of its own, between its sender's wish and its receiver's.

use cloison_contract::process::ProcessNumber;
use cloison_transport::mailbox::{create_parcel, seal_parcel};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

/// How many parcels there are, and may be: each is a descriptor of the broker's.
#[derive(Debug)]
pub(crate) struct ParcelCount {
    counted: Arc<()>,
    most: usize,
}

/// Memory for a message, as long as the router has it.
#[derive(Debug)]
pub(crate) struct Parcel {
    memory: OwnedFd,
    _counted: Arc<()>,
}

/// A parcel that its sender fills.
#[derive(Debug)]
pub(crate) struct Filling {
    pub(crate) receiver: ProcessNumber,
    /// The length of the message.
    pub(crate) bytes: u64,
    pub(crate) parcel: Parcel,
}

/// The parcels of one process.
#[derive(Debug, Default)]
pub(crate) struct Parcels {
    /// What it was given memory for.
    pub(crate) filling: Option<Filling>,
    /// What it has yet to fetch, by number.
    waiting: BTreeMap<u64, Parcel>,
    last: u64,
}

impl ParcelCount {
    pub(crate) fn new(most: usize) -> Self {
        Self { counted: Arc::new(()), most }
    }

    /// One more, for a message of that length; `None` if there are too many or the kernel gives none. The last quarter is for
    /// receivers for whom none waits, so that some who do not receive do not keep all others from it.
    pub(crate) fn create(&self, bytes: u64, receiver: &Parcels) -> Option<Parcel> {
        let there = Arc::strong_count(&self.counted) - 1;
        let most = if receiver.waiting.is_empty() { self.most } else { self.most - self.most / 4 };
        if there >= most {
            return None;
        }
        let memory = create_parcel(bytes).inspect_err(|error| tracing::warn!(%error, bytes, "no memory for a message"));
        Some(Parcel { memory: memory.ok()?, _counted: Arc::clone(&self.counted) })
    }
}

impl Parcel {
    /// Its sender has filled it.
    pub(crate) fn seal(&self) -> Result<(), Errno> {
        seal_parcel(&self.memory)
    }
}

impl AsFd for Parcel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.memory.as_fd()
    }
}

impl Parcels {
    /// Keep a sealed parcel until it is fetched; its number.
    pub(crate) fn keep(&mut self, parcel: Parcel) -> u64 {
        self.last += 1;
        self.waiting.insert(self.last, parcel);
        self.last
    }

    /// It could not be handed over.
    pub(crate) fn put_back(&mut self, number: u64, parcel: Parcel) {
        self.waiting.insert(number, parcel);
    }

    /// Take it out.
    pub(crate) fn fetch(&mut self, number: u64) -> Option<Parcel> {
        self.waiting.remove(&number)
    }
}

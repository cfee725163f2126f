//! One `epoll` set, and what each descriptor in it means.

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use slotmap::{Key, KeyData, SlotMap, new_key_type};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

new_key_type! {
    /// A registration. Its generation makes events for descriptors closed in the same turn harmless.
    pub struct ReactorKey;
}

/// Descriptors to wait for, each with a meaning `M`.
#[derive(Debug)]
pub struct Reactor<M> {
    epoll: OwnedFd,
    meanings: SlotMap<ReactorKey, M>,
}

impl<M: Copy> Reactor<M> {
    /// An empty set.
    pub fn new() -> Result<Self, Errno> {
        Ok(Self { epoll: epoll::create(CreateFlags::CLOEXEC)?, meanings: SlotMap::with_key() })
    }

    /// Report `descriptor` as `meaning` while it is readable or hung up.
    pub fn add(&mut self, descriptor: impl AsFd, meaning: M) -> Result<ReactorKey, Errno> {
        let key = self.meanings.insert(meaning);
        let data = EventData::new_u64(key.data().as_ffi());
        match epoll::add(&self.epoll, descriptor, data, EventFlags::IN) {
            Ok(()) => Ok(key),
            Err(error) => {
                self.meanings.remove(key);
                Err(error)
            }
        }
    }

    /// Stop reporting it. The descriptor itself must be closed, or removed here first.
    pub fn remove(&mut self, registration: ReactorKey, descriptor: impl AsFd) {
        let _ = epoll::delete(&self.epoll, descriptor);
        self.meanings.remove(registration);
    }

    /// What a key returned by [`Reactor::wait`] in this turn means; `None` if it has been removed meanwhile.
    pub fn meaning(&self, registration: ReactorKey) -> Option<M> {
        self.meanings.get(registration).copied()
    }

    /// What is ready, after `timeout` at most.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<Vec<ReactorKey>, Errno> {
        let mut space = [MaybeUninit::<Event>::uninit(); 64];
        let timeout = timeout.map(|timeout| rustix::time::Timespec {
            tv_sec: timeout.as_secs().min(i64::MAX as u64) as i64,
            tv_nsec: timeout.subsec_nanos().into(),
        });
        let (ready, _) = match epoll::wait(&self.epoll, &mut space[..], timeout.as_ref()) {
            Err(Errno::INTR) => return Ok(Vec::new()),
            other => other?,
        };
        Ok(ready.iter().map(|event| KeyData::from_ffi({ event.data }.u64()).into()).collect())
    }
}

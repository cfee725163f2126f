//! Waiting for several sockets at once: `epoll`.

use super::Net;
use super::socket::Socket;
use super::wait::{self, Until};
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::event::{PollFlags, Timespec};
use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};

/// What can be waited for. Not to keep the machine awake, and not alone among several, which are matters of other processes.
const EVENTS: EventFlags = EventFlags::IN
    .union(EventFlags::PRI)
    .union(EventFlags::OUT)
    .union(EventFlags::ERR)
    .union(EventFlags::HUP)
    .union(EventFlags::RDNORM)
    .union(EventFlags::RDBAND)
    .union(EventFlags::WRNORM)
    .union(EventFlags::WRBAND)
    .union(EventFlags::RDHUP)
    .union(EventFlags::ET)
    .union(EventFlags::ONESHOT);

/// How many bytes stand for one event.
pub(super) const EVENT_BYTES: usize = 12;

/// What waits for several sockets.
#[derive(Debug)]
pub(super) struct Poller(OwnedFd);

impl Poller {
    pub(super) fn new() -> Result<Self, Errno> {
        epoll::create(CreateFlags::CLOEXEC).map(Self)
    }

    /// Adds, removes or changes a socket.
    pub(super) fn control(&self, operation: i32, socket: &Socket, events: u32, token: u64) -> Result<(), Errno> {
        let events = EventFlags::from_bits_retain(events);
        if !EVENTS.contains(events) {
            return Err(Errno::INVAL);
        }
        let (own, data) = (self.0.as_fd(), EventData::new_u64(token));
        match operation {
            libc::EPOLL_CTL_ADD => epoll::add(own, socket, data, events),
            libc::EPOLL_CTL_DEL => epoll::delete(own, socket),
            libc::EPOLL_CTL_MOD => epoll::modify(own, socket, data, events),
            _ => Err(Errno::INVAL),
        }
    }

    /// What has happened, as many as there is room for; how many bytes of it.
    pub(super) fn wait(&self, net: &Net, until: Until, into: &mut [u8]) -> Result<usize, Errno> {
        let mut room = [const { std::mem::MaybeUninit::<Event>::uninit() }; 256];
        let most = (into.len() / EVENT_BYTES).min(room.len());
        if most == 0 {
            return Err(Errno::INVAL);
        }
        loop {
            match wait::ready(self.0.as_fd(), PollFlags::IN, until, net.broker()) {
                Ok(()) => {}
                Err(Errno::AGAIN) if !matches!(until, Until::Now) => return Ok(0),
                // Not waiting is not waiting: what is there now is looked at below.
                Err(Errno::AGAIN) => {}
                Err(error) => return Err(error),
            }
            let none = Timespec { tv_sec: 0, tv_nsec: 0 };
            let (events, _) = epoll::wait(self.0.as_fd(), &mut room[..most], Some(&none))?;
            // What has just been seen there may be over.
            if events.is_empty() && !matches!(until, Until::Now) {
                continue;
            }
            for (event, place) in events.iter().zip(into.chunks_exact_mut(EVENT_BYTES)) {
                place[..8].copy_from_slice(&{ event.data }.u64().to_ne_bytes());
                place[8..].copy_from_slice(&{ event.flags }.bits().to_ne_bytes());
            }
            return Ok(events.len() * EVENT_BYTES);
        }
    }
}

//! The zone's end of all its channels: requests of many clients, taken one at a time.
//!
//! The zone waits for whichever comes first: a request on any idle [`ServerChannel`], or the broker's bell. It spins for a moment after
//! a call, since the next one often follows at once, and then sleeps on all words with one `futex_waitv`. What a client
//! writes into its channel can cost a wake-up or that client's own reply, and nothing of another's.
//!
//! A zone with several threads has one server. The thread that holds it is the leader: it waits, takes a request, passes the
//! server on and runs the call on its channel, which no other thread looks at meanwhile.

use crate::doorbell::{self, Spin};
use crate::futex::{self, MAX_WAITERS, Waiter};
use crate::server_channel::ServerChannel;
use crate::shared::ChannelError;
use crate::status::{StatusWriter, ThreadRow};
use cloison_contract::call::Request;
use cloison_contract::message::ChannelId;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering, fence};
use std::time::Duration;

/// How long to spin after a call, as the next one often follows at once.
pub(crate) const SPIN: Duration = Duration::from_micros(100);

/// The most clients of one instance: `futex_waitv` takes 128 words, and one is the broker's bell, one the zone's own.
pub const MAX_CHANNELS: usize = MAX_WAITERS - 2;

/// A channel's place in the server, valid until it is detached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ChannelSlot(usize);

impl ChannelSlot {
    /// The slot as a position in a table of at most [`MAX_CHANNELS`].
    pub fn index(self) -> usize {
        self.0
    }
}

/// What there is to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// The broker has rung: look at the control socket.
    Control,
    /// A client has posted a request, which has been copied to where [`Server::wait`] was told. Nothing in it has been
    /// checked except that `count` is in range; words beyond it are those of earlier requests. Its channel is busy until
    /// [`ServerChannel::reply`] or [`ServerChannel::abandon`].
    Request(ChannelSlot),
}

/// The broker's bell, and one of the zone's own.
#[derive(Debug)]
pub(crate) struct ServerBells {
    page: Arc<StatusWriter>,
    /// The number of the broker's bell when it was last looked at.
    heard: AtomicU32,
    /// True while a thread waits that looks at the broker's bell.
    listening: AtomicBool,
    /// The number of the zone's own bell.
    knocks: AtomicU32,
    /// How many threads sleep on the zone's own bell.
    sleeps: AtomicU32,
}

impl ServerBells {
    fn rung(&self) -> bool {
        self.page.bell().load(Ordering::Acquire) != self.heard.load(Ordering::Relaxed)
    }

    /// Whether the broker has rung, and no thread waits that would look.
    #[inline]
    pub(crate) fn rung_for_nobody(&self) -> bool {
        self.rung() && !self.listening.load(Ordering::Relaxed)
    }

    /// Ring the zone's own bell: the thread that waits for requests looks again.
    pub(crate) fn knock(&self) {
        self.knocks.fetch_add(1, Ordering::Release);
        fence(Ordering::SeqCst);
        if self.sleeps.load(Ordering::Relaxed) != 0 {
            futex::wake(&self.knocks);
        }
    }

    /// Say that a thread is about to sleep on the broker's bell.
    pub(crate) fn lie_down(&self) -> Waiter {
        doorbell::lie_down(self.page.sleeps());
        Waiter::new(self.page.bell(), self.page.bell().load(Ordering::Acquire))
    }

    /// Say that it is awake.
    pub(crate) fn get_up(&self) {
        doorbell::get_up(self.page.sleeps());
    }
}

/// The zone's end of all its channels.
#[derive(Debug)]
pub struct Server {
    page: Arc<StatusWriter>,
    bell: Arc<ServerBells>,
    /// The number of the zone's own bell when it was last looked at.
    knocked: u32,
    channels: Vec<Option<Arc<ServerChannel>>>,
    /// Where the next search begins, so that no client can starve the others.
    next: usize,
    spin: Spin,
    /// What it slept on last; kept so that falling asleep allocates nothing.
    waiters: Vec<Waiter>,
}

impl Server {
    /// Map the status page that came with the first message.
    pub fn new(status: OwnedFd) -> Result<Self, ChannelError> {
        let page = Arc::new(StatusWriter::open(&status)?);
        let bell = ServerBells {
            // Nothing has been heard yet: what the broker sent before now is looked at on the first turn.
            heard: AtomicU32::new(page.bell().load(Ordering::Acquire).wrapping_sub(1)),
            page: page.clone(),
            listening: AtomicBool::new(false),
            knocks: AtomicU32::new(0),
            sleeps: AtomicU32::new(0),
        };
        Ok(Self {
            page,
            bell: Arc::new(bell),
            knocked: 0,
            channels: Vec::new(),
            next: 0,
            spin: Spin::new(SPIN),
            waiters: Vec::new(),
        })
    }

    /// Where the thread of that number, from 0, says what it runs; `None` beyond [`crate::status::MAX_THREADS`].
    pub fn row(&self, thread: usize) -> Option<ThreadRow> {
        ThreadRow::new(self.page.clone(), thread)
    }

    /// Serve another client.
    pub fn attach(&mut self, id: ChannelId, channel: OwnedFd, terms: OwnedFd) -> Result<ChannelSlot, ChannelError> {
        let channel = Arc::new(ServerChannel::open(id, &channel, &terms, self.bell.clone())?);
        let index = match self.channels.iter().position(Option::is_none) {
            Some(free) => free,
            None if self.channels.len() < MAX_CHANNELS => {
                self.channels.push(None);
                self.channels.len() - 1
            }
            None => return Err(ChannelError::TooMany),
        };
        self.channels[index] = Some(channel);
        Ok(ChannelSlot(index))
    }

    /// Detach a client, and end the wait of the thread that waits for it. Gives its slot; `None` if it was not attached.
    pub fn detach(&mut self, id: ChannelId) -> Option<ChannelSlot> {
        let index =
            self.channels.iter().position(|channel| channel.as_ref().is_some_and(|channel| channel.id() == id))?;
        if let Some(channel) = self.channels[index].take() {
            channel.leave();
        }
        Some(ChannelSlot(index))
    }

    /// A client's channel; `None` if it has been detached.
    #[inline]
    pub fn channel(&self, slot: ChannelSlot) -> Option<&Arc<ServerChannel>> {
        self.channels.get(slot.0)?.as_ref()
    }

    /// Whether more than one client is attached.
    #[inline]
    pub fn has_several(&self) -> bool {
        self.channels.iter().flatten().nth(1).is_some()
    }

    /// Whether the broker has rung. It counts as heard from now on.
    pub fn hear(&mut self) -> bool {
        let rung = self.page.bell().load(Ordering::Acquire);
        self.bell.heard.swap(rung, Ordering::Relaxed) != rung
    }

    /// Wait for something to do. A request is copied to `request`: it is too large to be handed about.
    #[inline]
    pub fn wait(&mut self, request: &mut Request) -> Turn {
        self.bell.listening.store(true, Ordering::Relaxed);
        let turn = loop {
            let (bell, knocked, channels, next) = (&*self.bell, &mut self.knocked, &self.channels, &mut self.next);
            if let Some(found) = self.spin.until(|| look(bell, knocked, channels, next, request)) {
                break found;
            }
            self.sleep();
        };
        self.bell.listening.store(false, Ordering::Relaxed);
        turn
    }

    /// Sleep until a word changes, in the order that [`doorbell`] asks for.
    fn sleep(&mut self) {
        self.waiters.clear();
        doorbell::lie_down(self.page.sleeps());
        self.bell.sleeps.store(1, Ordering::Relaxed);
        for channel in self.channels.iter().flatten() {
            doorbell::lie_down(channel.sleeps());
        }
        fence(Ordering::SeqCst);
        // The second look; the kernel takes the third, when it compares every word before it lets us sleep.
        let waiters = &mut self.waiters;
        waiters.push(Waiter::new(self.page.bell(), self.bell.heard.load(Ordering::Relaxed)));
        let channels = self.channels.iter().flatten();
        // Only a thread that runs a call knocks, and only this thread, which waits, makes an idle channel busy. Each word costs
        // time, so the bell for knocks is left out while no channel is busy.
        if channels.clone().any(|channel| channel.is_busy()) {
            waiters.push(Waiter::new(&self.bell.knocks, self.knocked));
        }
        if channels.clone().all(|channel| channel.waiter().map(|waiter| waiters.push(waiter)).is_some()) {
            futex::wait_any(waiters, None);
        }
        for channel in channels {
            doorbell::get_up(channel.sleeps());
        }
        self.bell.sleeps.store(0, Ordering::Relaxed);
        doorbell::get_up(self.page.sleeps());
    }
}

/// A bell, or the next client that has posted something, in turn.
#[inline]
fn look(
    bell: &ServerBells,
    knocked: &mut u32,
    channels: &[Option<Arc<ServerChannel>>],
    next: &mut usize,
    request: &mut Request,
) -> Option<Turn> {
    let rung = bell.page.bell().load(Ordering::Acquire);
    if rung != bell.heard.load(Ordering::Relaxed) {
        bell.heard.store(rung, Ordering::Relaxed);
        return Some(Turn::Control);
    }
    // A thread that knocks has left a request on a channel that is idle again.
    *knocked = bell.knocks.load(Ordering::Acquire);
    let count = channels.len();
    for step in 0..count {
        let index = if *next + step < count { *next + step } else { *next + step - count };
        let Some(channel) = &channels[index] else { continue };
        if channel.take(request) {
            *next = if index + 1 < count { index + 1 } else { 0 };
            return Some(Turn::Request(ChannelSlot(index)));
        }
    }
    None
}

//! Waiting: never without an end, and not for a program that has gone.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Why nothing is waited for any longer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stop {
    /// The time of the request is over.
    Time,
    /// The program has closed its end.
    Gone,
}

/// How long one request may still take. What the program itself takes, to send or to receive, does not count: it has only itself to
/// wait for.
#[derive(Debug)]
pub(super) struct Patience {
    until: Instant,
    program: Arc<OwnedFd>,
}

impl Patience {
    pub(super) fn new(time: Duration, program: Arc<OwnedFd>) -> Self {
        Self { until: Instant::now() + time, program }
    }

    /// How long it still is.
    pub(super) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Waits for the server.
    pub(super) fn server(&self, socket: BorrowedFd<'_>, events: PollFlags) -> Result<PollFlags, Stop> {
        self.until(self.until, socket, events)?.ok_or(Stop::Time)
    }

    /// Waits for the server, but no longer than that; whether it was enough.
    pub(super) fn server_within(
        &self,
        socket: BorrowedFd<'_>,
        events: PollFlags,
        longest: Option<Duration>,
    ) -> Result<bool, Stop> {
        let until = longest.map_or(self.until, |longest| self.until.min(Instant::now() + longest));
        match self.until(until, socket, events)? {
            Some(_) => Ok(true),
            None if self.left().is_zero() => Err(Stop::Time),
            None => Ok(false),
        }
    }

    /// What has happened; nothing, if the time is over.
    fn until(&self, until: Instant, socket: BorrowedFd<'_>, events: PollFlags) -> Result<Option<PollFlags>, Stop> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            // Of the program's end, nothing is asked but whether it is there.
            let mut both = [PollFd::new(&socket, events), PollFd::new(&self.program, PollFlags::empty())];
            look(&mut both, Some(left));
            if both[1].revents().intersects(PollFlags::HUP | PollFlags::ERR) {
                return Err(Stop::Gone);
            }
            let happened = both[0].revents();
            if !happened.is_empty() {
                return Ok(Some(happened));
            }
        }
    }

    /// Waits for the program.
    pub(super) fn program(&mut self, events: PollFlags) {
        let begun = Instant::now();
        wait_for(self.program.as_fd(), events, None);
        self.until += begun.elapsed();
    }
}

/// Waits for something to happen; whether it has before the time was over.
pub(super) fn wait_for(socket: BorrowedFd<'_>, events: PollFlags, time: Option<Duration>) -> bool {
    let until = time.map(|time| Instant::now() + time);
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let mut one = [PollFd::new(&socket, events)];
        look(&mut one, left);
        if !one[0].revents().is_empty() {
            return true;
        }
        if left.is_some_and(|left| left.is_zero()) {
            return false;
        }
    }
}

/// Waits for a moment.
pub(super) fn pause() {
    look(&mut [], Some(Duration::from_millis(1)));
}

/// Whether something can be read, or has ended, at this moment.
pub(super) fn is_ready(socket: impl AsFd) -> bool {
    wait_for(socket.as_fd(), PollFlags::IN, Some(Duration::ZERO))
}

fn look(descriptors: &mut [PollFd<'_>], time: Option<Duration>) {
    let time = time.map(|time| Timespec {
        tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: time.subsec_nanos().into(),
    });
    match poll(descriptors, time.as_ref()) {
        Ok(_) | Err(Errno::INTR) => {}
        // Out of memory in the kernel: to ask again is all that can be done.
        Err(_) => std::thread::yield_now(),
    }
}

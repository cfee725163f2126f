//! Waiting without a processor, until something is ready, the time is over, or the broker says something.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

/// The longest wait of one call, which has a deadline of a day; then it is `EINTR`, and the caller waits on.
const LONGEST: Duration = Duration::from_secs(12 * 3600);

/// Until when a call may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// It does not wait.
    Now,
    /// For so long, and then the time is over.
    Time(Instant),
    /// For ever: until that time, and then the caller waits on.
    Later(Instant),
}

impl Until {
    /// What `timeout_ns` of a call says.
    pub(crate) fn new(timeout_ns: i64) -> Self {
        let wait = u64::try_from(timeout_ns).map(Duration::from_nanos);
        match wait {
            Ok(Duration::ZERO) => Self::Now,
            Ok(wait) if wait <= LONGEST => Self::Time(Instant::now() + wait),
            _ => Self::Later(Instant::now() + LONGEST),
        }
    }

    /// The earlier one of this and a time from now.
    pub(super) fn within(self, wait: Duration) -> Self {
        let at = Instant::now() + wait;
        match self {
            Self::Now => Self::Now,
            Self::Time(own) | Self::Later(own) => Self::Time(own.min(at)),
        }
    }

    /// Whether the time is over; the error that says so is the caller's.
    pub(crate) fn left(self) -> Option<Duration> {
        match self {
            Self::Now => None,
            Self::Time(at) | Self::Later(at) => at.checked_duration_since(Instant::now()),
        }
    }
}

/// Waits for one of `events` (or an error) of a descriptor. `EAGAIN`: the time is over. `EINTR`: somebody is about to end this, or has
/// something else to say. `broker` is the control socket: whatever comes there, nobody has to wait any more.
pub(crate) fn ready(
    descriptor: BorrowedFd<'_>,
    events: PollFlags,
    until: Until,
    broker: BorrowedFd<'_>,
) -> Result<(), Errno> {
    loop {
        let Some(left) = until.left() else {
            return Err(if matches!(until, Until::Later(_)) { Errno::INTR } else { Errno::AGAIN });
        };
        let time = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        let mut watched =
            [PollFd::from_borrowed_fd(descriptor, events), PollFd::from_borrowed_fd(broker, PollFlags::IN)];
        match poll(&mut watched, Some(&time)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) if watched[0].revents().is_empty() => return Err(Errno::INTR),
            Ok(_) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Whether somebody who never has to wait, as his peer sends for ever, may go on all the same. The errors are those of [`ready`].
pub(super) fn go_on(until: Until, broker: BorrowedFd<'_>) -> Result<(), Errno> {
    if until.left().is_none() {
        return Err(if matches!(until, Until::Later(_)) { Errno::INTR } else { Errno::AGAIN });
    }
    let mut watched = [PollFd::from_borrowed_fd(broker, PollFlags::IN)];
    match poll(&mut watched, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
        Ok(0) | Err(Errno::INTR) => Ok(()),
        Ok(_) => Err(Errno::INTR),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_wait_ends_with_what_it_waits_for_the_time_or_the_broker() {
        let (one, other) = UnixStream::pair().unwrap();
        let (broker, service) = UnixStream::pair().unwrap();
        let wait = |until| ready(one.as_fd(), PollFlags::IN, until, service.as_fd());
        assert_eq!(wait(Until::new(0)), Err(Errno::AGAIN));
        assert_eq!(wait(Until::new(1_000_000)), Err(Errno::AGAIN));
        rustix::io::write(&other, b"x").unwrap();
        assert_eq!(wait(Until::new(-1)), Ok(()));
        let goes_on = |until| go_on(until, service.as_fd());
        assert_eq!((goes_on(Until::new(-1)), goes_on(Until::Now)), (Ok(()), Err(Errno::AGAIN)));
        assert_eq!(goes_on(Until::Time(Instant::now())), Err(Errno::AGAIN));
        rustix::io::read(&one, &mut [0; 8]).unwrap();
        let sender = std::thread::spawn(move || rustix::io::write(&broker, b"x").map(|_| broker));
        assert_eq!(wait(Until::new(-1)), Err(Errno::INTR));
        assert_eq!(goes_on(Until::new(-1)), Err(Errno::INTR));
        sender.join().unwrap().unwrap();
        assert_eq!(wait(Until::Later(Instant::now())), Err(Errno::INTR), "for ever is longer than one call");
        assert!(matches!(Until::new(i64::MAX), Until::Later(_)) && matches!(Until::new(-5), Until::Later(_)));
    }
}

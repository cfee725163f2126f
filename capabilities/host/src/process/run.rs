//! One program that runs: its streams, and its end.
//!
//! A client's calls come one after the other, so that of each pipe there is one reader or writer here: what `poll` says is so when it is read or
//! written. No end of a pipe is made non-blocking, as the program has the other one as it is.

use super::{WantedError, WantedStreams};
use crate::net::{NetFailure, Until, ready};
use cloison_contract::host::process::{RunOrder, RunOutcome};
use cloison_transport::control::Control;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use std::cell::{Cell, RefCell};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// How long the broker may take until a program runs.
const START: Duration = Duration::from_secs(20);
/// So much goes into a pipe that can be written to at all, without waiting (`PIPE_BUF`).
const PIECE: usize = 4096;

/// What can be waited for, as bits.
const STDIN: u32 = 1;
const STDOUT: u32 = 2;
const STDERR: u32 = 4;
const END: u32 = 8;

/// A program that was started.
#[derive(Debug)]
pub(crate) struct CommandRun {
    leash: Control,
    stdin: RefCell<Option<OwnedFd>>,
    stdout: RefCell<Option<OwnedFd>>,
    stderr: RefCell<Option<OwnedFd>>,
    /// How much more it may put out.
    left: Cell<u64>,
    /// It has put out more than that, and is ended.
    is_over: Cell<bool>,
    outcome: RefCell<Option<RunOutcome>>,
}

/// Waits until that is so. Whoever does not wait is told how it is now.
fn await_one(stream: BorrowedFd<'_>, events: PollFlags, until: Until, broker: &Control) -> Result<(), Errno> {
    if until.left().is_some() {
        return ready(stream, events, until, broker.as_fd());
    }
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    match rustix::io::retry_on_intr(|| poll(&mut [PollFd::from_borrowed_fd(stream, events)], Some(&now)))? {
        0 => Err(Errno::AGAIN),
        _ => Ok(()),
    }
}

fn too_much() -> NetFailure {
    NetFailure::new(Errno::FBIG, "it has put out more than `output` of its command allows, and was ended")
}

fn pipe() -> Result<(OwnedFd, OwnedFd), Errno> {
    pipe_with(PipeFlags::CLOEXEC)
}

impl CommandRun {
    /// Its streams and its leash: ours, and the program's standard input, output and error with the broker's end of the leash.
    pub(super) fn new(output_bytes: u64, wanted: WantedStreams) -> Result<(Self, [OwnedFd; 4]), Errno> {
        let (ours, theirs) = Control::pair().map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        // This one can be written to, and keeps nothing.
        let nowhere = || rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3);
        let (input, writer) = pipe()?;
        let (reader, output) =
            if wanted.stdout { pipe().map(|(one, other)| (Some(one), other))? } else { (None, nowhere()?) };
        let (error_reader, error) = match wanted.stderr {
            WantedError::Nothing => (None, nowhere()?),
            WantedError::Own => pipe().map(|(one, other)| (Some(one), other))?,
            WantedError::WithOutput => (None, rustix::io::fcntl_dupfd_cloexec(&output, 3)?),
        };
        let run = Self {
            leash: ours,
            // Nobody writes to what was not asked for: it ends at once.
            stdin: RefCell::new(wanted.stdin.then_some(writer)),
            stdout: RefCell::new(reader),
            stderr: RefCell::new(error_reader),
            left: Cell::new(output_bytes),
            is_over: Cell::new(false),
            outcome: RefCell::new(None),
        };
        Ok((run, [input, output, error, theirs.into()]))
    }

    /// Waits until it runs.
    pub(super) fn await_start(&self, broker: &Control) -> Result<(), NetFailure> {
        await_one(self.leash.as_fd(), PollFlags::IN, Until::new(START.as_nanos() as i64), broker)?;
        match self.leash.try_receive::<RunOutcome>() {
            Ok(Some((RunOutcome::Started, _))) => Ok(()),
            Ok(Some((RunOutcome::Refused(errno, text), _))) => {
                Err(NetFailure::new(Errno::from_raw_os_error(errno.clamp(1, 4095)), text))
            }
            // The broker says one of these first, or has let go of the leash.
            _ => Err(Errno::IO.into()),
        }
    }

    /// What it has put out, at least a byte; nothing at its end.
    pub(super) fn read(
        &self,
        stream: u32,
        into: &mut [u8],
        until: Until,
        broker: &Control,
    ) -> Result<usize, NetFailure> {
        let stream = match stream {
            STDOUT => self.stdout.borrow(),
            STDERR => self.stderr.borrow(),
            _ => return Err(Errno::INVAL.into()),
        };
        let stream = stream.as_ref().ok_or(Errno::BADF)?;
        if self.is_over.get() {
            return Err(too_much());
        }
        if into.is_empty() {
            return Ok(0);
        }
        await_one(stream.as_fd(), PollFlags::IN, until, broker)?;
        let left = usize::try_from(self.left.get()).unwrap_or(usize::MAX);
        if left == 0 {
            // As much as it may put out is not too much: it has to end here, in this stream and in the other one.
            if rustix::io::retry_on_intr(|| rustix::io::read(stream, &mut [0])).map(|count| count == 0)? {
                return Ok(0);
            }
            self.is_over.set(true);
            // Whatever it has to say more, nobody hears it.
            self.signal(libc::SIGKILL)?;
            return Err(too_much());
        }
        let most = into.len().min(left);
        let count = rustix::io::retry_on_intr(|| rustix::io::read(stream, &mut into[..most]))?;
        self.left.set(self.left.get() - count as u64);
        Ok(count)
    }

    /// Writes, as much as it takes without a wait, at least a byte.
    pub(super) fn write(&self, bytes: &[u8], until: Until, broker: &Control) -> Result<usize, NetFailure> {
        let stdin = self.stdin.borrow();
        let stdin = stdin.as_ref().ok_or(Errno::BADF)?;
        let mut written = 0;
        while written < bytes.len() {
            let until = if written == 0 { until } else { Until::new(0) };
            match await_one(stdin.as_fd(), PollFlags::OUT, until, broker) {
                Ok(()) => {}
                Err(_) if written > 0 => break,
                Err(error) => return Err(error.into()),
            }
            let end = bytes.len().min(written + PIECE);
            match rustix::io::retry_on_intr(|| rustix::io::write(stdin, &bytes[written..end])) {
                Ok(count) => written += count,
                Err(_) if written > 0 => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(written)
    }

    /// Lets go of a stream.
    pub(super) fn close(&self, stream: u32) -> Result<(), Errno> {
        let stream = match stream {
            STDIN => &self.stdin,
            STDOUT => &self.stdout,
            STDERR => &self.stderr,
            _ => return Err(Errno::INVAL),
        };
        drop(stream.borrow_mut().take());
        Ok(())
    }

    /// How it has ended: its status, or a signal's number, negative.
    pub(super) fn wait(&self, until: Until, broker: &Control) -> Result<i64, NetFailure> {
        if self.outcome.borrow().is_none() {
            await_one(self.leash.as_fd(), PollFlags::IN, until, broker)?;
            let outcome = match self.leash.try_receive::<RunOutcome>() {
                Ok(Some((outcome, _))) => outcome,
                Ok(None) => return Err(Errno::AGAIN.into()),
                // The broker has let go of it: it has ended it.
                Err(_) => RunOutcome::Signaled(libc::SIGKILL),
            };
            *self.outcome.borrow_mut() = Some(outcome);
        }
        match self.outcome.borrow().clone() {
            Some(RunOutcome::Exited(status)) => Ok(status.into()),
            Some(RunOutcome::Signaled(signal)) => Ok(-i64::from(signal)),
            Some(RunOutcome::Overdue) => Ok(-i64::from(libc::SIGKILL)),
            Some(RunOutcome::Refused(errno, text)) => {
                Err(NetFailure::new(Errno::from_raw_os_error(errno.clamp(1, 4095)), text))
            }
            Some(RunOutcome::Started) | None => Err(Errno::IO.into()),
        }
    }

    /// Sends it a signal; nothing happens if it has ended.
    pub(super) fn signal(&self, signal: i32) -> Result<(), Errno> {
        if !(1..=64).contains(&signal) {
            return Err(Errno::INVAL);
        }
        match self.leash.try_send(&RunOrder::Signal(signal), &[]) {
            Ok(()) | Err(cloison_transport::control::ControlError::Closed) => Ok(()),
            Err(_) => Err(Errno::AGAIN),
        }
    }

    /// Waits for one of these: room in its input, something in its outputs or their end, its own end.
    pub(super) fn poll(&self, wanted: u32, until: Until, broker: &Control) -> Result<u32, Errno> {
        let streams = [self.stdin.borrow(), self.stdout.borrow(), self.stderr.borrow()];
        let ended = self.outcome.borrow().is_some();
        let mut bits = Vec::new();
        let mut watched = Vec::new();
        for ((bit, events), stream) in
            [(STDIN, PollFlags::OUT), (STDOUT, PollFlags::IN), (STDERR, PollFlags::IN)].into_iter().zip(&streams)
        {
            if let (true, Some(stream)) = (wanted & bit != 0, stream.as_ref()) {
                bits.push(bit);
                watched.push(PollFd::new(stream, events));
            }
        }
        if wanted & END != 0 {
            bits.push(END);
            watched.push(PollFd::new(&self.leash, PollFlags::IN));
        }
        watched.push(PollFd::new(broker, PollFlags::IN));
        loop {
            let left = if ended && wanted & END != 0 { Duration::ZERO } else { until.left().unwrap_or_default() };
            let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
            match poll(&mut watched, Some(&left)) {
                Ok(_) => {}
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error),
            }
            let ready = bits.iter().zip(&watched).filter(|(_, one)| !one.revents().is_empty());
            let ready = ready.fold(0, |all, (bit, _)| all | bit);
            let ready = if ended { ready | wanted & END } else { ready };
            if ready != 0 {
                return Ok(ready);
            }
            if watched.last().is_some_and(|broker| !broker.revents().is_empty()) {
                return Err(Errno::INTR);
            }
            if until.left().is_none() {
                return Ok(0);
            }
        }
    }
}

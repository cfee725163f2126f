//! The zone's end of a program's connection.

use super::head::{HEAD_BYTES, end_of_head};
use super::wait::{Patience, wait_for};
use rustix::buffer::spare_capacity;
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, Shutdown, recv, send, shutdown};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How much is read at once.
const PIECE_BYTES: usize = 64 << 10;
/// How long, and how much, is read of a program that does not hear that nobody listens.
const LINGER: Duration = Duration::from_secs(5);
const LINGER_BYTES: usize = 64 << 20;

/// The program has closed its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gone;

/// What comes next from a program.
#[derive(Debug)]
pub(super) enum Next {
    /// The head of a request.
    Head(Vec<u8>),
    /// More than a head can be.
    TooLong,
    /// Something, and no more of it.
    Broken,
    /// Nothing.
    End,
}

/// One end of a socket pair. The other end is the program's.
#[derive(Debug)]
pub(super) struct ProgramEnd {
    socket: Arc<OwnedFd>,
    /// What has arrived and nobody has taken.
    pub(super) received: Vec<u8>,
}

impl ProgramEnd {
    pub(super) fn new(socket: OwnedFd) -> Self {
        Self { socket: Arc::new(socket), received: Vec::new() }
    }

    /// To see whether it is still there.
    pub(super) fn end(&self) -> Arc<OwnedFd> {
        self.socket.clone()
    }

    /// Waits for the head of the next request, for as long as the program wants.
    pub(super) fn next(&mut self) -> Next {
        loop {
            match end_of_head(&self.received) {
                Some(end) if end <= HEAD_BYTES => return Next::Head(self.received.drain(..end).collect()),
                None if self.received.len() < HEAD_BYTES => {}
                _ => return Next::TooLong,
            }
            match self.read() {
                Ok(0) if self.received.is_empty() => return Next::End,
                Ok(0) => return Next::Broken,
                Ok(_) => {}
                Err(Errno::AGAIN) => drop(wait_for(self.socket.as_fd(), PollFlags::IN, None)),
                Err(_) => return Next::End,
            }
        }
    }

    /// Waits for more of a body; how many bytes. 0 is that there will be none.
    pub(super) fn more(&mut self, patience: &mut Patience) -> Result<usize, Gone> {
        loop {
            match self.read() {
                Ok(count) => return Ok(count),
                Err(Errno::AGAIN) => patience.program(PollFlags::IN),
                Err(_) => return Err(Gone),
            }
        }
    }

    fn read(&mut self) -> Result<usize, Errno> {
        read(&self.socket, &mut self.received)
    }

    /// Sends all of it. Who waits for the program meanwhile lets it take its time.
    pub(super) fn send(&self, bytes: &[u8], patience: Option<&mut Patience>) -> Result<(), Gone> {
        let mut rest = bytes;
        let mut patience = patience;
        while !rest.is_empty() {
            match send(&self.socket, rest, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
                Ok(count) => rest = &rest[count..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => match &mut patience {
                    Some(patience) => patience.program(PollFlags::OUT),
                    None => drop(wait_for(self.socket.as_fd(), PollFlags::OUT, None)),
                },
                Err(_) => return Err(Gone),
            }
        }
        Ok(())
    }

    /// Says that nothing follows, and reads what the program has still to say, for a while: it hears of the end when it has said it.
    pub(super) fn finish(mut self) {
        let _ = shutdown(&self.socket, Shutdown::Write);
        let until = Instant::now() + LINGER;
        let mut read = self.received.len();
        while read < LINGER_BYTES {
            self.received.clear();
            match self.read() {
                Ok(0) => return,
                Ok(count) => read += count,
                Err(Errno::AGAIN) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() || !wait_for(self.socket.as_fd(), PollFlags::IN, Some(left)) {
                        return;
                    }
                }
                Err(_) => return,
            }
        }
    }
}

/// Reads what is there; how many bytes.
pub(super) fn read(socket: &OwnedFd, into: &mut Vec<u8>) -> Result<usize, Errno> {
    into.reserve(PIECE_BYTES);
    loop {
        match recv(socket, spare_capacity(into), RecvFlags::DONTWAIT) {
            Err(Errno::INTR) => {}
            received => return received.map(|(count, _)| count),
        }
    }
}

//! One connection to a server, plain or over TLS.

use super::program::read;
use super::wait::{Patience, Stop, is_ready};
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{SendFlags, send};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

/// How often TLS may say something for itself on a connection that is kept: tickets, right behind the handshake.
const ASIDES: usize = 16;

/// Why a connection to a server is of no use any more.
#[derive(Debug)]
pub(super) enum UpstreamFault {
    Stop(Stop),
    /// The server has closed it, or the network has.
    Lost(Errno),
    /// TLS says no: the certificate, or what is no TLS.
    Tls(rustls::Error),
    /// The end came without TLS saying so: somebody between may have cut something off.
    Cut,
}

impl From<Stop> for UpstreamFault {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// What became of bytes that were to be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Sent {
    All,
    /// The server has begun to answer before it had them all, or does not want more.
    Answered,
}

#[derive(Debug)]
pub(super) struct Upstream {
    /// Before `socket`, so that what TLS has to say last could be.
    tls: Option<Box<ClientConnection>>,
    socket: OwnedFd,
    /// What has arrived and nobody has taken.
    pub(super) received: Vec<u8>,
    /// Nothing more will arrive.
    ended: bool,
}

impl Upstream {
    /// In the clear. The socket is connected.
    pub(super) fn plain(socket: OwnedFd) -> Self {
        Self { tls: None, socket, received: Vec::new(), ended: false }
    }

    /// Over TLS, with a server of that name.
    pub(super) fn secure(
        socket: OwnedFd,
        name: ServerName<'static>,
        config: Arc<ClientConfig>,
        patience: &Patience,
    ) -> Result<Self, UpstreamFault> {
        let tls = ClientConnection::new(config, name).map_err(UpstreamFault::Tls)?;
        let mut this = Self { tls: Some(Box::new(tls)), socket, received: Vec::new(), ended: false };
        while this.tls.as_ref().is_some_and(|tls| tls.is_handshaking()) {
            this.flush(patience)?;
            if this.tls.as_ref().is_some_and(|tls| !tls.is_handshaking()) {
                break;
            }
            if this.take()?.is_none() {
                this.wait(PollFlags::IN, patience)?;
            }
            if this.ended {
                return Err(UpstreamFault::Cut);
            }
        }
        this.flush(patience)?;
        Ok(this)
    }

    fn wait(&self, events: PollFlags, patience: &Patience) -> Result<PollFlags, Stop> {
        patience.server(self.socket.as_fd(), events)
    }

    /// Whether a connection that was kept is as it was left: nothing has arrived on it, not even its end.
    pub(super) fn is_quiet(&mut self) -> bool {
        if !self.received.is_empty() || self.ended {
            return false;
        }
        // What TLS says for itself is no answer.
        for _ in 0..ASIDES {
            if !is_ready(&self.socket) {
                return true;
            }
            match self.take() {
                Ok(None) => return !self.ended,
                Ok(Some(0)) if self.tls.is_some() && !self.ended => {}
                _ => return false,
            }
        }
        // Who says so much is not quiet.
        false
    }

    /// Waits for more; how many bytes. 0 is that there will be none.
    pub(super) fn more(&mut self, patience: &Patience) -> Result<usize, UpstreamFault> {
        loop {
            if self.ended {
                return Ok(0);
            }
            // A server that never pauses is not waited for.
            if patience.left().is_zero() {
                return Err(Stop::Time.into());
            }
            match self.take()? {
                Some(0) => {}
                Some(count) => return Ok(count),
                None => drop(self.wait(PollFlags::IN, patience)?),
            }
        }
    }

    /// Whether the server has begun to answer, without waiting for it.
    pub(super) fn has_answered(&mut self, patience: &Patience) -> Result<bool, UpstreamFault> {
        while self.received.is_empty() && !self.ended && is_ready(&self.socket) {
            if patience.left().is_zero() {
                return Err(Stop::Time.into());
            }
            if self.take()?.is_none() {
                break;
            }
        }
        Ok(!self.received.is_empty() || self.ended)
    }

    /// Takes what is there. `None` is that nothing is; 0 that it was nothing for us, or the end.
    fn take(&mut self) -> Result<Option<usize>, UpstreamFault> {
        let Some(tls) = &mut self.tls else {
            return match read(&self.socket, &mut self.received) {
                Ok(count) => {
                    self.ended = count == 0;
                    Ok(Some(count))
                }
                Err(Errno::AGAIN) => Ok(None),
                Err(error) => Err(UpstreamFault::Lost(error)),
            };
        };
        match tls.read_tls(&mut Bytes(&self.socket)) {
            Ok(count) => self.ended = count == 0,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(UpstreamFault::Lost(errno(&error))),
        }
        if let Err(error) = tls.process_new_packets() {
            // The server is told why, if it listens.
            let _ = tls.write_tls(&mut Bytes(&self.socket));
            return Err(UpstreamFault::Tls(error));
        }
        let before = self.received.len();
        let mut piece = [0; 16 << 10];
        loop {
            match tls.reader().read(&mut piece) {
                // The end, as TLS says it.
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(count) => self.received.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => return Err(UpstreamFault::Cut),
            }
        }
        Ok(Some(self.received.len() - before))
    }

    /// Sends all of it, unless the server answers first.
    pub(super) fn send(&mut self, bytes: &[u8], patience: &Patience) -> Result<Sent, UpstreamFault> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let step = match &mut self.tls {
                None => send(&self.socket, rest, SendFlags::NOSIGNAL | SendFlags::DONTWAIT),
                Some(tls) => {
                    // It has a limit, and what it has taken goes out below.
                    let count = tls.writer().write(rest).unwrap_or(0);
                    rest = &rest[count..];
                    match self.flush_or_answer(patience)? {
                        Sent::All => Ok(0),
                        answered => return Ok(answered),
                    }
                }
            };
            match step {
                Ok(count) => rest = &rest[count..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let happened = self.wait(PollFlags::OUT | PollFlags::IN, patience)?;
                    if happened.contains(PollFlags::IN) && self.has_answered(patience)? {
                        return Ok(Sent::Answered);
                    }
                }
                // It has closed its end, perhaps behind an answer.
                Err(Errno::PIPE | Errno::CONNRESET) if self.has_answered(patience).unwrap_or(false) => {
                    return Ok(Sent::Answered);
                }
                Err(error) => return Err(UpstreamFault::Lost(error)),
            }
        }
        Ok(Sent::All)
    }

    /// Sends what TLS has to send.
    fn flush(&mut self, patience: &Patience) -> Result<(), UpstreamFault> {
        while let Some(tls) = &mut self.tls
            && tls.wants_write()
        {
            match tls.write_tls(&mut Bytes(&self.socket)) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => drop(self.wait(PollFlags::OUT, patience)?),
                Err(error) => return Err(UpstreamFault::Lost(errno(&error))),
            }
        }
        Ok(())
    }

    fn flush_or_answer(&mut self, patience: &Patience) -> Result<Sent, UpstreamFault> {
        while let Some(tls) = &mut self.tls
            && tls.wants_write()
        {
            match tls.write_tls(&mut Bytes(&self.socket)) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let happened = self.wait(PollFlags::OUT | PollFlags::IN, patience)?;
                    if happened.contains(PollFlags::IN) && self.has_answered(patience)? {
                        return Ok(Sent::Answered);
                    }
                }
                Err(_) if self.has_answered(patience).unwrap_or(false) => return Ok(Sent::Answered),
                Err(error) => return Err(UpstreamFault::Lost(errno(&error))),
            }
        }
        Ok(Sent::All)
    }
}

/// A socket as `rustls` reads and writes it: never waiting, never with a signal.
struct Bytes<'s>(&'s OwnedFd);

impl Read for Bytes<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let (count, _) = rustix::net::recv(self.0, into, rustix::net::RecvFlags::DONTWAIT)?;
        Ok(count)
    }
}

impl Write for Bytes<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(send(self.0, bytes, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn errno(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

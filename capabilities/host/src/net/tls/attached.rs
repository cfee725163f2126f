//! TLS over a socket: the service reads and writes ciphertext by itself, and waits.

use super::connection::{Tls, TlsSession};
use super::trouble;
use crate::net::Net;
use crate::net::failure::NetFailure;
use crate::net::socket::Socket;
use crate::net::wait::{self, Until};
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;

/// So often a call reads from its peer, 4 KiB at most each time, before it looks at the clock and hears the broker.
const ROUNDS: u32 = 64;

/// A connection and the socket that it goes over, during one call.
struct Over<'a> {
    net: &'a Net,
    socket: &'a Socket,
    session: &'a mut TlsSession,
    until: Until,
    /// How often the peer was read from.
    rounds: u32,
}

impl Net {
    pub(in crate::net) fn tls_handshake(&self, tls: &Tls, socket: &Socket, until: Until) -> Result<(), NetFailure> {
        Over { net: self, socket, session: &mut tls.session(), until, rounds: 0 }.handshake()
    }

    pub(in crate::net) fn tls_recv(
        &self,
        tls: &Tls,
        socket: &Socket,
        into: &mut [u8],
        until: Until,
    ) -> Result<usize, NetFailure> {
        Over { net: self, socket, session: &mut tls.session(), until, rounds: 0 }.recv(into)
    }

    pub(in crate::net) fn tls_send(
        &self,
        tls: &Tls,
        socket: &Socket,
        data: &[u8],
        until: Until,
    ) -> Result<usize, NetFailure> {
        Over { net: self, socket, session: &mut tls.session(), until, rounds: 0 }.send(data)
    }

    pub(in crate::net) fn tls_shutdown(
        &self,
        tls: &Tls,
        socket: &Socket,
        wait: bool,
        until: Until,
    ) -> Result<(), NetFailure> {
        Over { net: self, socket, session: &mut tls.session(), until, rounds: 0 }.shutdown(wait)
    }
}

impl Over<'_> {
    fn ready(&self, events: PollFlags) -> Result<(), NetFailure> {
        Ok(wait::ready(self.socket.as_fd(), events, self.until, self.net.broker())?)
    }

    /// Sends all ciphertext that there is.
    fn flush(&mut self) -> Result<(), NetFailure> {
        while self.session.connection.wants_write() {
            let mut outlet = Outlet { net: self.net, socket: self.socket, failure: None };
            let sent = self.session.connection.write_tls(&mut outlet);
            match (sent, outlet.failure) {
                (_, Some(failure)) if failure.errno == Errno::AGAIN => self.ready(PollFlags::OUT)?,
                (_, Some(failure)) => return Err(failure),
                (Ok(_), None) => {}
                (Err(error), None) => return Err(NetFailure::new(Errno::IO, error.to_string())),
            }
        }
        Ok(())
    }

    /// Receives ciphertext and takes it, as much as there is room for. `false`: the peer sends no more.
    fn fill(&mut self) -> Result<bool, NetFailure> {
        self.rounds += 1;
        if self.rounds.is_multiple_of(ROUNDS) {
            wait::go_on(self.until, self.net.broker())?;
        }
        loop {
            let mut inlet = Inlet { net: self.net, socket: self.socket, failure: None };
            let read = self.session.connection.read_tls(&mut inlet);
            match (read, inlet.failure) {
                (_, Some(failure)) if failure.errno == Errno::AGAIN => self.ready(PollFlags::IN)?,
                (_, Some(failure)) => return Err(failure),
                (Ok(0), None) => return Ok(false),
                // There is enough that has not been read.
                (Err(_), None) => return Ok(true),
                (Ok(_), None) => break,
            }
        }
        let processed = self.session.process();
        if processed.is_err() {
            // The peer is told why, if that goes without waiting.
            self.until = Until::Now;
            let _ = self.flush();
        }
        processed.map(|()| true)
    }

    fn handshake(&mut self) -> Result<(), NetFailure> {
        self.session.check()?;
        loop {
            self.flush()?;
            if !self.session.connection.is_handshaking() {
                return Ok(());
            }
            if !self.fill()? {
                self.session.ended = true;
                return Err(trouble::end_of_file());
            }
        }
    }

    fn recv(&mut self, into: &mut [u8]) -> Result<usize, NetFailure> {
        if self.session.connection.is_handshaking() {
            self.handshake()?;
        }
        loop {
            match self.session.read(into) {
                Err(failure) if failure.errno == Errno::AGAIN => {}
                done => return done,
            }
            // Answers that TLS gives by itself are not what this call waits for.
            let until = std::mem::replace(&mut self.until, Until::Now);
            let flushed = self.flush();
            self.until = until;
            match flushed {
                Err(failure) if failure.errno != Errno::AGAIN => return Err(failure),
                _ => {}
            }
            if !self.fill()? {
                self.session.end()?;
            }
        }
    }

    fn send(&mut self, data: &[u8]) -> Result<usize, NetFailure> {
        if self.session.connection.is_handshaking() {
            self.handshake()?;
        }
        // What an earlier call has left.
        self.flush()?;
        let mut taken = 0;
        while taken < data.len() {
            match self.session.write(&data[taken..]) {
                Ok(more) => taken += more,
                Err(failure) if failure.errno == Errno::AGAIN => {}
                Err(failure) => return Err(failure),
            }
            match self.flush() {
                Ok(()) => {}
                // It is taken, and goes out with the next call.
                Err(failure) if failure.errno == Errno::AGAIN && matches!(self.until, Until::Now) => return Ok(taken),
                Err(failure) => return Err(failure),
            }
        }
        Ok(taken)
    }

    fn shutdown(&mut self, wait: bool) -> Result<(), NetFailure> {
        self.session.connection.send_close_notify();
        self.flush()?;
        if !wait {
            return Ok(());
        }
        let mut unread = [0; 4096];
        loop {
            match self.session.read(&mut unread) {
                Ok(0) => return Ok(()),
                Ok(_) => continue,
                Err(failure) if failure.errno == Errno::AGAIN => {}
                Err(failure) => return Err(failure),
            }
            if !self.fill()? {
                self.session.end()?;
            }
        }
    }
}

/// Where ciphertext comes from; it keeps the failure, which says more than an `io::Error`.
struct Inlet<'a> {
    net: &'a Net,
    socket: &'a Socket,
    failure: Option<NetFailure>,
}

impl Read for Inlet<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.net.try_recv(self.socket, into, RecvFlags::empty()).map_err(|failure| kept(&mut self.failure, failure))
    }
}

/// Where it goes; the same.
struct Outlet<'a> {
    net: &'a Net,
    socket: &'a Socket,
    failure: Option<NetFailure>,
}

impl Write for Outlet<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.net.try_send(self.socket, data, SendFlags::empty()).map_err(|failure| kept(&mut self.failure, failure))
    }

    /// All records in one send: sent one by one, each would wait for the peer's word that it has the one before (Nagle), which may
    /// take it 40 ms.
    fn write_vectored(&mut self, records: &[io::IoSlice<'_>]) -> io::Result<usize> {
        match records {
            [record] => self.write(record),
            records => self.write(&records.iter().flat_map(|record| record.iter().copied()).collect::<Vec<u8>>()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn kept(place: &mut Option<NetFailure>, failure: NetFailure) -> io::Error {
    let error = failure.errno.into();
    *place = Some(failure);
    error
}

//! One connection by TLS, from bytes to bytes.

use super::context::TlsContext;
use super::trouble;
use crate::net::failure::NetFailure;
use rustix::io::Errno;
use rustls::pki_types::{IpAddr, Ipv4Addr, ServerName};
use rustls::{ClientConnection, Connection, ServerConnection};
use std::io::{ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How much may wait to be drained.
const WAITING_BYTES: usize = 1 << 20;

/// Bits of the status.
const HANDSHAKING: i32 = 1;
const WANTS_READ: i32 = 2;
const WANTS_WRITE: i32 = 4;
const FAREWELL: i32 = 8;
const READABLE: i32 = 16;

/// A connection of a client's.
#[derive(Debug)]
pub(in crate::net) struct Tls(Mutex<TlsSession>);

/// What is known of a connection.
#[derive(Debug)]
pub(super) struct TlsSession {
    pub(super) connection: Connection,
    /// Why it has failed, once it has.
    failed: Option<(Errno, String)>,
    verify_error: i32,
    farewell: bool,
    /// The peer sends no more.
    pub(super) ended: bool,
    readable: bool,
}

impl Tls {
    pub(in crate::net) fn new(context: &TlsContext, name: &[u8]) -> Result<Self, NetFailure> {
        let refused = |error: rustls::Error| NetFailure::new(Errno::INVAL, format!("TLS: {error}"));
        let mut connection = match context {
            TlsContext::Client(config) => {
                let name = server_name(name)?;
                ClientConnection::new(Arc::clone(config), name).map(Connection::from).map_err(refused)?
            }
            TlsContext::Server(config) => {
                ServerConnection::new(Arc::clone(config)).map(Connection::from).map_err(refused)?
            }
        };
        connection.set_buffer_limit(Some(WAITING_BYTES));
        Ok(Self(Mutex::new(TlsSession {
            connection,
            failed: None,
            verify_error: 0,
            farewell: false,
            ended: false,
            readable: false,
        })))
    }

    pub(super) fn session(&self) -> MutexGuard<'_, TlsSession> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::net) fn feed(&self, data: &[u8], end: bool) -> Result<usize, NetFailure> {
        let mut session = self.session();
        let taken = session.feed(data)?;
        if end && taken == data.len() {
            session.end()?;
        }
        Ok(taken)
    }

    pub(in crate::net) fn drain(&self, into: &mut [u8]) -> Result<usize, NetFailure> {
        let mut session = self.session();
        let room = into.len();
        let mut rest = into;
        while !rest.is_empty() && session.connection.wants_write() {
            match session.connection.write_tls(&mut rest) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => return Err(NetFailure::new(Errno::IO, error.to_string())),
            }
        }
        Ok(room - rest.len())
    }

    pub(in crate::net) fn read(&self, into: &mut [u8]) -> Result<usize, NetFailure> {
        self.session().read(into)
    }

    pub(in crate::net) fn write(&self, data: &[u8]) -> Result<usize, NetFailure> {
        self.session().write(data)
    }

    pub(in crate::net) fn say_farewell(&self) -> Result<(), NetFailure> {
        self.session().connection.send_close_notify();
        Ok(())
    }

    pub(in crate::net) fn status(&self) -> i32 {
        let session = self.session();
        let connection = &session.connection;
        [
            (connection.is_handshaking(), HANDSHAKING),
            (connection.wants_read(), WANTS_READ),
            (connection.wants_write(), WANTS_WRITE),
            (session.farewell, FAREWELL),
            (session.readable, READABLE),
        ]
        .into_iter()
        .map(|(holds, bit)| if holds { bit } else { 0 })
        .sum()
    }

    /// Of each certificate its length and its bytes.
    pub(in crate::net) fn peer_certificates(&self) -> Vec<u8> {
        let session = self.session();
        let chain = session.connection.peer_certificates().unwrap_or_default();
        chain.iter().flat_map(|one| [&(one.len() as u32).to_ne_bytes()[..], one].concat()).collect()
    }

    pub(in crate::net) fn verify_error(&self) -> i32 {
        self.session().verify_error
    }

    pub(in crate::net) fn version(&self) -> i32 {
        self.session().connection.protocol_version().map_or(0, |version| u16::from(version).into())
    }

    pub(in crate::net) fn cipher(&self) -> Vec<u8> {
        let suite = self.session().connection.negotiated_cipher_suite();
        let name = suite.and_then(|suite| suite.suite().as_str()).unwrap_or_default();
        // Of TLS 1.3, rustls puts the version into its own names.
        name.replacen("TLS13_", "TLS_", 1).into_bytes()
    }

    pub(in crate::net) fn alpn(&self) -> Vec<u8> {
        self.session().connection.alpn_protocol().unwrap_or_default().to_vec()
    }

    pub(in crate::net) fn server_name(&self) -> Vec<u8> {
        match &self.session().connection {
            Connection::Server(server) => server.server_name().unwrap_or_default().as_bytes().to_vec(),
            Connection::Client(_) => Vec::new(),
        }
    }
}

impl TlsSession {
    /// The error that ended it, if one did.
    pub(super) fn check(&self) -> Result<(), NetFailure> {
        match &self.failed {
            Some((errno, text)) => Err(NetFailure::new(*errno, text.clone())),
            None => Ok(()),
        }
    }

    /// Takes what has come, as much as there is room for.
    pub(super) fn feed(&mut self, data: &[u8]) -> Result<usize, NetFailure> {
        self.check()?;
        let mut rest = data;
        while !rest.is_empty() {
            match self.connection.read_tls(&mut rest) {
                // After a farewell nothing counts.
                Ok(0) if self.farewell => rest = &[],
                Ok(0) => break,
                Ok(_) => self.process()?,
                // What has come has to be read first.
                Err(_) => break,
            }
        }
        Ok(data.len() - rest.len())
    }

    /// Nothing more will come.
    pub(super) fn end(&mut self) -> Result<(), NetFailure> {
        self.ended = true;
        // An end of file is told by reading nothing.
        let _ = self.connection.read_tls(&mut std::io::empty());
        match self.connection.is_handshaking() {
            true => Err(trouble::end_of_file()),
            false => Ok(()),
        }
    }

    /// Understands what has come.
    pub(super) fn process(&mut self) -> Result<(), NetFailure> {
        match self.connection.process_new_packets() {
            Ok(state) => {
                self.farewell |= state.peer_has_closed();
                self.readable = state.plaintext_bytes_to_read() > 0;
                Ok(())
            }
            Err(error) => {
                let (failure, verify_error) = trouble::failure(&error);
                self.verify_error = verify_error;
                self.failed = Some((failure.errno, failure.text.clone().unwrap_or_default()));
                Err(failure)
            }
        }
    }

    /// What the peer has said. `EAGAIN`: nothing yet.
    pub(super) fn read(&mut self, into: &mut [u8]) -> Result<usize, NetFailure> {
        if into.is_empty() {
            return Ok(0);
        }
        let read = self.connection.reader().read(into);
        if let Ok(state) = self.connection.process_new_packets() {
            self.readable = state.plaintext_bytes_to_read() > 0;
        }
        match read {
            Ok(read) => Ok(read),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.check()?;
                Err(if self.ended { trouble::end_of_file() } else { Errno::AGAIN.into() })
            }
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(trouble::end_of_file()),
            Err(error) => Err(NetFailure::new(Errno::IO, error.to_string())),
        }
    }

    /// Encrypts, as much as there is room for. `EAGAIN`: drain first.
    pub(super) fn write(&mut self, data: &[u8]) -> Result<usize, NetFailure> {
        self.check()?;
        if self.connection.is_handshaking() {
            return Err(Errno::AGAIN.into());
        }
        if data.is_empty() {
            return Ok(0);
        }
        match self.connection.writer().write(data) {
            Ok(0) => Err(Errno::AGAIN.into()),
            Ok(written) => Ok(written),
            Err(error) => Err(NetFailure::new(Errno::IO, error.to_string())),
        }
    }
}

/// What a client calls the server. Without a name nobody is told one; an address of nobody's stands for that.
fn server_name(name: &[u8]) -> Result<ServerName<'static>, NetFailure> {
    if name.is_empty() {
        return Ok(ServerName::IpAddress(IpAddr::V4(Ipv4Addr::from([0, 0, 0, 0]))));
    }
    let text = std::str::from_utf8(name).ok();
    // Without its scope an address is still the one that a certificate has.
    let text = text.map(|text| text.split('%').next().unwrap_or(text).trim_end_matches('.'));
    let name = text.and_then(|text| ServerName::try_from(text.to_owned()).ok());
    name.ok_or_else(|| NetFailure::new(Errno::INVAL, "TLS: this can be no server's name"))
}

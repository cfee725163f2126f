//! Sockets: connecting, listening, sending, receiving.

use super::failure::NetFailure;
use super::wait::{self, Until};
use super::{Net, options};
use cloison_contract::observation::ServiceUse;
use cloison_transport::account::ByteCount;
use cloison_zone::serve::recorder;
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, Shutdown, SocketFlags, SocketType, accept_with, bind, connect, getpeername,
    getsockname, listen, recv, send, shutdown, socket_with, socketpair,
};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

/// A socket of a client's. None of them waits in the kernel: how long a call may wait, the call says.
#[derive(Debug)]
pub(crate) struct Socket {
    descriptor: OwnedFd,
    kind: Kind,
    /// It has an address that is granted, and may listen there.
    bound: AtomicBool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// TCP: it counts, and what goes through it.
    Connection,
    /// An end of a pair, which leads nowhere.
    Pair,
}

const FLAGS: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl Net {
    /// A socket of TCP.
    pub(super) fn socket(&self, family: i32, kind: i32) -> Result<Socket, NetFailure> {
        let family = match family {
            libc::AF_INET => AddressFamily::INET,
            libc::AF_INET6 => AddressFamily::INET6,
            _ => {
                return Err(NetFailure::new(
                    Errno::AFNOSUPPORT,
                    "a capability of net has sockets of IPv4 and IPv6 alone",
                ));
            }
        };
        if kind != libc::SOCK_STREAM {
            return Err(NetFailure::new(Errno::SOCKTNOSUPPORT, "a capability of net has connections of TCP alone"));
        }
        self.count_in()?;
        let made = socket_with(family, SocketType::STREAM, FLAGS, None);
        self.connection(made)
    }

    /// Two sockets that are connected with each other.
    pub(super) fn socket_pair(&self) -> Result<[Socket; 2], NetFailure> {
        let (one, other) = Socket::pair()?;
        Ok([Socket::end(one), Socket::end(other)])
    }

    /// A descriptor that has been counted in, as a socket; if there is none, it is counted out.
    fn connection(&self, made: Result<OwnedFd, Errno>) -> Result<Socket, NetFailure> {
        match made {
            Ok(descriptor) => Ok(Socket { descriptor, kind: Kind::Connection, bound: AtomicBool::new(false) }),
            Err(error) => {
                self.count_out();
                Err(error.into())
            }
        }
    }

    /// A client closes it.
    pub(super) fn close(&self, socket: Socket) {
        if socket.kind == Kind::Connection {
            // The kernel would wait as long as that, and nobody could end it; what is left is sent all the same. 0 stays: it throws
            // that away.
            let (level, option) = options::LINGER;
            if options::get(socket.as_fd(), level, option).is_ok_and(|seconds| seconds > 0) {
                let _ = options::set(socket.as_fd(), level, option, -1);
            }
            drop(socket);
            self.count_out();
        }
    }

    fn count_in(&self) -> Result<(), NetFailure> {
        let most = self.service.connections;
        let more = |open: u32| (open < most).then_some(open + 1);
        match self.open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
            Ok(_) => Ok(()),
            Err(_) => {
                let text =
                    format!("{most} connections are open, which is the most: `connections` at {}", self.location());
                Err(NetFailure::new(Errno::MFILE, text))
            }
        }
    }

    fn count_out(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// Connects to an address that the capability names, or one that a name which it names has led to.
    pub(super) fn connect(&self, socket: &Socket, address: SocketAddr, until: Until) -> Result<(), NetFailure> {
        if !self.may_connect(address) {
            return Err(self.not_granted("connect to", address, "connect", |place| self.why_not(place)));
        }
        self.note_place(address);
        match connect(socket, &address) {
            Ok(()) => return Ok(()),
            Err(Errno::INPROGRESS) => {}
            Err(error) => return Err(error.into()),
        }
        match wait::ready(socket.as_fd(), PollFlags::OUT, until, self.broker()) {
            Ok(()) => {}
            // It goes on, and ends in an event.
            Err(Errno::AGAIN) => return Err(Errno::INPROGRESS.into()),
            Err(error) => return Err(error.into()),
        }
        match options::get(socket.as_fd(), libc::SOL_SOCKET, libc::SO_ERROR)? {
            0 => Ok(()),
            error => Err(Errno::from_raw_os_error(error).into()),
        }
    }

    /// Takes an address to listen at.
    pub(super) fn bind(&self, socket: &Socket, address: SocketAddr) -> Result<(), NetFailure> {
        if !self.service.listens(address) {
            return Err(self.not_granted("listen at", address, "listen", |_| None));
        }
        recorder::note(|| ServiceUse::Listen { host: address.ip().to_string(), port: address.port() });
        // All addresses of IPv6 would be all of IPv4 as well.
        if let SocketAddr::V6(v6) = &address
            && v6.ip().to_ipv4_mapped().is_none()
        {
            options::set(socket.as_fd(), libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, 1)?;
        }
        bind(socket, &address)?;
        socket.bound.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Waits for connections. Without an address of its own the kernel would choose one that nobody has granted.
    pub(super) fn listen(&self, socket: &Socket, backlog: i32) -> Result<(), NetFailure> {
        if !socket.bound.load(Ordering::Relaxed) {
            return Err(NetFailure::new(Errno::DESTADDRREQ, "a socket listens at an address: bind it first"));
        }
        Ok(listen(socket, backlog)?)
    }

    /// Takes a connection.
    pub(super) fn accept(&self, socket: &Socket, until: Until) -> Result<(Socket, Option<SocketAddr>), NetFailure> {
        loop {
            self.count_in()?;
            let accepted = self.connection(accept_with(socket, FLAGS));
            match accepted {
                Ok(accepted) => {
                    let peer = accepted.peer().ok().flatten();
                    return Ok((accepted, peer));
                }
                Err(NetFailure { errno: Errno::AGAIN, .. }) => {
                    wait::ready(socket.as_fd(), PollFlags::IN, until, self.broker())?;
                }
                // The peer has gone before it was taken.
                Err(NetFailure { errno: Errno::CONNABORTED, .. }) => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Receives what is there, without waiting.
    pub(super) fn try_recv(&self, socket: &Socket, data: &mut [u8], flags: RecvFlags) -> Result<usize, NetFailure> {
        if socket.kind == Kind::Pair {
            return Ok(recv(socket, data, flags).map(|(received, _)| received)?);
        }
        let (wanted, most) = (data.len() as u64, self.service.received_bytes);
        let taken = self.account.take_some_bytes(ByteCount::Received, wanted, most);
        if taken == 0 && wanted > 0 {
            return Err(self.used_up("received", most));
        }
        let received = recv(socket, &mut data[..taken as usize], flags).map(|(received, _)| received);
        // What is only looked at is not received yet.
        let used = if flags.contains(RecvFlags::PEEK) { 0 } else { received.unwrap_or(0) as u64 };
        self.account.give_bytes_back(ByteCount::Received, taken - used);
        Ok(received?)
    }

    /// Receives something, or as much as `data` has room for if `flags` say so.
    pub(super) fn recv(&self, socket: &Socket, data: &mut [u8], flags: i32, until: Until) -> Result<usize, NetFailure> {
        let known = libc::MSG_PEEK | libc::MSG_DONTWAIT | libc::MSG_WAITALL;
        if flags & !known != 0 {
            return Err(Errno::OPNOTSUPP.into());
        }
        let until = if flags & libc::MSG_DONTWAIT != 0 { Until::Now } else { until };
        let peek = flags & libc::MSG_PEEK != 0;
        // Looking at all of it, the kernel would have to wait.
        let all = flags & libc::MSG_WAITALL != 0 && !peek;
        let flags = if peek { RecvFlags::PEEK } else { RecvFlags::empty() };
        let mut received = 0;
        loop {
            match self.try_recv(socket, &mut data[received..], flags) {
                Ok(0) => return Ok(received),
                Ok(more) => {
                    received += more;
                    if !all || received == data.len() {
                        return Ok(received);
                    }
                }
                Err(NetFailure { errno: Errno::AGAIN, .. }) => {
                    match wait::ready(socket.as_fd(), PollFlags::IN, until, self.broker()) {
                        Ok(()) => {}
                        Err(_) if received > 0 => return Ok(received),
                        Err(error) => return Err(error.into()),
                    }
                }
                Err(_) if received > 0 => return Ok(received),
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Sends as much as there is room for, without waiting.
    pub(super) fn try_send(&self, socket: &Socket, data: &[u8], flags: SendFlags) -> Result<usize, NetFailure> {
        let flags = flags | SendFlags::NOSIGNAL;
        if socket.kind == Kind::Pair {
            return Ok(send(socket, data, flags)?);
        }
        let (wanted, most) = (data.len() as u64, self.service.sent_bytes);
        let taken = self.account.take_some_bytes(ByteCount::Written, wanted, most);
        if taken == 0 && wanted > 0 {
            return Err(self.used_up("sent", most));
        }
        let sent = send(socket, &data[..taken as usize], flags);
        self.account.give_bytes_back(ByteCount::Written, taken - sent.unwrap_or(0) as u64);
        Ok(sent?)
    }

    /// Sends something; or, if `all`, all of it.
    pub(super) fn send(
        &self,
        socket: &Socket,
        data: &[u8],
        flags: i32,
        until: Until,
        all: bool,
    ) -> Result<usize, NetFailure> {
        let known = libc::MSG_DONTWAIT | libc::MSG_MORE | libc::MSG_NOSIGNAL;
        if flags & !known != 0 {
            return Err(Errno::OPNOTSUPP.into());
        }
        let until = if flags & libc::MSG_DONTWAIT != 0 { Until::Now } else { until };
        let flags = if flags & libc::MSG_MORE != 0 { SendFlags::MORE } else { SendFlags::empty() };
        let mut sent = 0;
        loop {
            match self.try_send(socket, &data[sent..], flags) {
                Ok(more) => {
                    sent += more;
                    if !all || sent == data.len() {
                        return Ok(sent);
                    }
                }
                Err(NetFailure { errno: Errno::AGAIN, .. }) => {
                    wait::ready(socket.as_fd(), PollFlags::OUT, until, self.broker())?;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    fn used_up(&self, key: &str, most: u64) -> NetFailure {
        let text = format!("{most} bytes are {key} in all, which is the most: `{key}` at {}", self.location());
        NetFailure::new(Errno::DQUOT, text)
    }
}

impl Socket {
    /// Two ends that are connected with each other.
    pub(super) fn pair() -> Result<(OwnedFd, OwnedFd), Errno> {
        socketpair(AddressFamily::UNIX, SocketType::STREAM, FLAGS, None)
    }

    /// One of them.
    pub(super) fn end(descriptor: OwnedFd) -> Self {
        Self { descriptor, kind: Kind::Pair, bound: AtomicBool::new(false) }
    }

    /// Ends one direction, or both.
    pub(super) fn shutdown(&self, how: i32) -> Result<(), Errno> {
        let how = match how {
            libc::SHUT_RD => Shutdown::Read,
            libc::SHUT_WR => Shutdown::Write,
            libc::SHUT_RDWR => Shutdown::Both,
            _ => return Err(Errno::INVAL),
        };
        shutdown(self, how)
    }

    /// Where it is; nowhere, if it is an end of a pair.
    pub(super) fn name(&self) -> Result<Option<SocketAddr>, Errno> {
        match self.kind {
            Kind::Pair => Ok(None),
            Kind::Connection => Ok(getsockname(self)?.try_into().ok()),
        }
    }

    /// Where the other end is.
    pub(super) fn peer(&self) -> Result<Option<SocketAddr>, Errno> {
        match self.kind {
            Kind::Pair => Ok(None),
            Kind::Connection => Ok(getpeername(self)?.ok_or(Errno::NOTCONN)?.try_into().ok()),
        }
    }

    /// How much has arrived.
    pub(super) fn available(&self) -> Result<u64, Errno> {
        rustix::io::ioctl_fionread(self)
    }
}

//! Typed messages with descriptors over `SOCK_SEQPACKET`.
//!
//! One packet is one message: a tag byte, then `postcard`. Tag 0: the message follows. Tag 1: the message is too long for
//! a packet and stands in a sealed memfd, which comes with the packet as its first descriptor. A packet that is truncated, oversized
//! or malformed is an error to its receiver, and every descriptor that came with it is closed.

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, memfd_create};
use rustix::io::{Errno, pread};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// The longest message that travels in the packet itself, in bytes.
const INLINE_BYTES: usize = 32 << 10;
/// The longest message at all, in bytes.
const MESSAGE_BYTES: u64 = 64 << 20;
/// The most descriptors that a packet brings: a channel's, and an account for each grant that one was narrowed from.
const DESCRIPTORS: usize = 40;

/// How long a sender waits until fewer descriptors are on their way.
const IN_FLIGHT_PATIENCE: Duration = Duration::from_secs(10);

const INLINE: u8 = 0;
const IN_MEMFD: u8 = 1;

/// Why a message could not be sent or received.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The other side is gone.
    #[error("the other side has closed the connection")]
    Closed,
    /// What arrived is no message.
    #[error("malformed message: {0}")]
    Malformed(&'static str),
    /// The kernel refused.
    #[error("control socket: {0}")]
    System(#[from] Errno),
    /// The message is longer than any may be.
    #[error("a message of {0} bytes is too long")]
    TooLong(usize),
}

/// One end of a control socket.
#[derive(Debug)]
pub struct Control {
    socket: OwnedFd,
    /// The longest message that is received, in bytes.
    longest: u64,
}

impl AsFd for Control {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl From<Control> for OwnedFd {
    fn from(control: Control) -> Self {
        control.socket
    }
}

impl Control {
    /// Two connected ends, both close-on-exec.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        Ok((Self::from_descriptor(one), Self::from_descriptor(other)))
    }

    /// An end that was inherited or received.
    pub fn from_descriptor(socket: OwnedFd) -> Self {
        Self { socket, longest: MESSAGE_BYTES }
    }

    /// Receive nothing longer than `bytes`. The receiver sets the limit, so that a peer cannot make it spend more memory.
    pub fn receiving_at_most(self, bytes: u64) -> Self {
        Self { longest: bytes.min(MESSAGE_BYTES), ..self }
    }

    /// Send `message` and copies of `descriptors`; waits while the receiver's queue is full, and while as many descriptors are on
    /// their way as the kernel lets this user have, in other applications too.
    pub fn send<M: Serialize>(&self, message: &M, descriptors: &[BorrowedFd<'_>]) -> Result<(), ControlError> {
        let until = Instant::now() + IN_FLIGHT_PATIENCE;
        loop {
            match self.send_with(message, descriptors, SendFlags::NOSIGNAL) {
                Err(ControlError::System(Errno::TOOMANYREFS)) if Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                sent => return sent,
            }
        }
    }

    /// As [`Control::send`], but a full queue is the error `EAGAIN`: for a sender that must not wait for its peer.
    pub fn try_send<M: Serialize>(&self, message: &M, descriptors: &[BorrowedFd<'_>]) -> Result<(), ControlError> {
        self.send_with(message, descriptors, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)
    }

    /// Send what `postcard` would write, given in two pieces, if there is room. It allocates nothing and takes no lock, so it may be
    /// called from a signal handler.
    pub fn try_send_encoded(socket: BorrowedFd<'_>, pieces: [&[u8]; 2]) -> Result<(), Errno> {
        let [first, second] = pieces.map(IoSlice::new);
        let packet = [IoSlice::new(&[INLINE]), first, second];
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        sendmsg(socket, &packet, &mut SendAncillaryBuffer::default(), flags).map(drop)
    }

    /// Whether the peer has not yet read all that was sent. A sender that answers questions looks here first, so that answers
    /// do not pile up in the queue of a peer that asks and does not read.
    pub fn has_unread(&self) -> bool {
        crate::unread::has_unread(self.socket.as_fd())
    }

    fn send_with<M: Serialize>(
        &self,
        message: &M,
        descriptors: &[BorrowedFd<'_>],
        flags: SendFlags,
    ) -> Result<(), ControlError> {
        let packet =
            postcard::to_extend(message, vec![INLINE]).map_err(|_| ControlError::Malformed("cannot be encoded"))?;
        if packet.len() <= INLINE_BYTES {
            return self.send_packet(&packet, descriptors, flags);
        }
        let memfd = in_memfd(&packet[1..])?;
        let mut all = vec![memfd.as_fd()];
        all.extend_from_slice(descriptors);
        self.send_packet(&[IN_MEMFD], &all, flags)
    }

    fn send_packet(&self, packet: &[u8], descriptors: &[BorrowedFd<'_>], flags: SendFlags) -> Result<(), ControlError> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(ControlError::Malformed("too many descriptors"));
        }
        loop {
            match sendmsg(&self.socket, &[IoSlice::new(packet)], &mut ancillary, flags) {
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(Errno::PIPE | Errno::CONNRESET) => return Err(ControlError::Closed),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Wait for a message.
    pub fn receive<M: DeserializeOwned>(&self) -> Result<(M, Vec<OwnedFd>), ControlError> {
        loop {
            match self.receive_packet(RecvFlags::CMSG_CLOEXEC) {
                Err(ControlError::System(Errno::INTR)) => {}
                other => return other,
            }
        }
    }

    /// A message if there is one.
    pub fn try_receive<M: DeserializeOwned>(&self) -> Result<Option<(M, Vec<OwnedFd>)>, ControlError> {
        match self.receive_packet(RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT) {
            Ok(message) => Ok(Some(message)),
            Err(ControlError::System(Errno::AGAIN | Errno::INTR)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn receive_packet<M: DeserializeOwned>(&self, flags: RecvFlags) -> Result<(M, Vec<OwnedFd>), ControlError> {
        // As long as the packet: a buffer for the longest would be pages that are written to for each message, which a process
        // that has been forked a moment ago has to copy first.
        let look = flags | RecvFlags::PEEK | RecvFlags::TRUNC;
        let waiting = match recvmsg(&self.socket, &mut [], &mut RecvAncillaryBuffer::default(), look) {
            Err(Errno::CONNRESET) => return Err(ControlError::Closed),
            other => other?.bytes,
        };
        let mut packet = vec![0; waiting.min(INLINE_BYTES) + 1];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let received = match recvmsg(&self.socket, &mut [IoSliceMut::new(&mut packet)], &mut ancillary, flags) {
            Err(Errno::CONNRESET) => return Err(ControlError::Closed),
            other => other?,
        };
        // Own the descriptors before anything else can fail, so that they are closed whatever happens.
        let mut descriptors: Vec<OwnedFd> = Vec::new();
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = message {
                descriptors.extend(rights);
            }
        }
        if received.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC) {
            return Err(ControlError::Malformed("truncated"));
        }
        match packet[..received.bytes].split_first() {
            None => Err(ControlError::Closed),
            Some((&INLINE, body)) if body.len() as u64 <= self.longest => Ok((decode(body)?, descriptors)),
            Some((&INLINE, _)) => Err(ControlError::Malformed("too long")),
            Some((&IN_MEMFD, [])) if !descriptors.is_empty() => {
                let body = from_memfd(&descriptors.remove(0), self.longest)?;
                Ok((decode(&body)?, descriptors))
            }
            Some(_) => Err(ControlError::Malformed("unknown tag")),
        }
    }
}

fn decode<M: DeserializeOwned>(body: &[u8]) -> Result<M, ControlError> {
    match postcard::take_from_bytes(body) {
        Ok((message, [])) => Ok(message),
        Ok(_) => Err(ControlError::Malformed("trailing bytes")),
        Err(_) => Err(ControlError::Malformed("does not decode")),
    }
}

fn in_memfd(body: &[u8]) -> Result<OwnedFd, ControlError> {
    if body.len() as u64 > MESSAGE_BYTES {
        return Err(ControlError::TooLong(body.len()));
    }
    let memfd = memfd_create("cloison-message", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    let mut left = body;
    while !left.is_empty() {
        match rustix::io::retry_on_intr(|| rustix::io::write(&memfd, left))? {
            0 => return Err(Errno::IO.into()),
            written => left = &left[written..],
        }
    }
    fcntl_add_seals(&memfd, SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL)?;
    Ok(memfd)
}

/// Copy a message out of a memfd. `pread` rather than a mapping: whatever kind of file the peer sent, the worst that a
/// read does is fail.
fn from_memfd(memfd: &OwnedFd, longest: u64) -> Result<Vec<u8>, ControlError> {
    let sealed = fcntl_get_seals(memfd).is_ok_and(|seals| seals.contains(SealFlags::WRITE | SealFlags::SHRINK));
    if !sealed {
        return Err(ControlError::Malformed("a body that is not sealed"));
    }
    let length = fstat(memfd)?.st_size as u64;
    if length > longest {
        return Err(ControlError::Malformed("a body that is too long"));
    }
    let mut body = vec![0; length as usize];
    let mut read = 0;
    while read < body.len() {
        match pread(memfd, &mut body[read..], read as u64)? {
            0 => return Err(ControlError::Malformed("a body that is too short")),
            count => read += count,
        }
    }
    Ok(body)
}

//! The functions of `net.zone.toml`: what C would be in another zone.
//!
//! `cloison-zone` calls them by the manifest: each address leads to as many bytes as the length beside it says, or to room for
//! them, or to an object that one of these functions has given and that has not been ended; each is valid during the call.
//!
//! One of the modules of this crate that contain `unsafe`.

use super::failure::{self, NetFailure};
use super::poller::Poller;
use super::socket::Socket;
use super::tls::{ContextSettings, Tls, TlsContext};
use super::wait::Until;
use super::{NET, Net, endpoint, options};
use crate::pointers::{copied, fill, give, number, room, status, symbols, view};
use rustix::io::Errno;
use std::ffi::{c_char, c_int, c_long, c_longlong, c_uint, c_ulong, c_ulonglong};
use std::os::fd::AsFd;

symbols! {
    /// The function of that name.
    net_accept,
    net_available,
    net_bind,
    net_close,
    net_close_poller,
    net_connect,
    net_explain,
    net_free_tls,
    net_free_tls_context,
    net_getpeername,
    net_getsockname,
    net_getsockopt,
    net_grants,
    net_listen,
    net_poller,
    net_poller_control,
    net_poller_wait,
    net_recv,
    net_resolve,
    net_send,
    net_sendall,
    net_setsockopt,
    net_shutdown,
    net_socket,
    net_socketpair,
    net_tls,
    net_tls_alpn,
    net_tls_cipher,
    net_tls_close_notify,
    net_tls_context,
    net_tls_drain,
    net_tls_feed,
    net_tls_handshake,
    net_tls_peer_certificates,
    net_tls_read,
    net_tls_recv,
    net_tls_send,
    net_tls_server_name,
    net_tls_shutdown,
    net_tls_status,
    net_tls_verify_error,
    net_tls_version,
    net_tls_write,
}

fn net() -> Result<&'static Net, NetFailure> {
    NET.get().ok_or_else(|| Errno::NOSYS.into())
}

/// Keeps what there is to say about a failure.
fn told<T>(result: Result<T, NetFailure>) -> Result<T, Errno> {
    result.map_err(failure::keep)
}

/// The same for what has only a number.
fn plain<T>(result: Result<T, Errno>) -> Result<T, Errno> {
    told(result.map_err(NetFailure::from))
}

fn length(result: Result<usize, NetFailure>) -> c_long {
    number(told(result).map(|length| length as i64))
}

/// The safety of all of these: they are called by the manifest, see the module.
mod functions {
    use super::*;

    pub(super) unsafe extern "C" fn net_resolve(
        host: *const u8,
        host_length: c_ulong,
        port: c_uint,
        family: c_int,
        timeout_ns: c_longlong,
        addresses: *mut u8,
        room: c_ulong,
    ) -> c_long {
        // SAFETY: by the manifest.
        let host = unsafe { copied(host, host_length) };
        let found = net().and_then(|net| {
            let port = u16::try_from(port).map_err(|_| Errno::INVAL)?;
            net.resolve(&host, port, family, Until::new(timeout_ns))
        });
        let found = found.map(|found| found.into_iter().flat_map(|one| endpoint::write(Some(one))).collect());
        // SAFETY: by the manifest.
        unsafe { fill(addresses, room, told(found)) }
    }

    pub(super) unsafe extern "C" fn net_socket(family: c_int, kind: c_int, socket: *mut *mut Socket) -> c_int {
        // SAFETY: by the manifest.
        unsafe { give(told(net().and_then(|net| net.socket(family, kind))), socket) }
    }

    pub(super) unsafe extern "C" fn net_socketpair(one: *mut *mut Socket, other: *mut *mut Socket) -> c_int {
        let pair = match told(net().and_then(Net::socket_pair)) {
            Ok([first, second]) => [Ok(first), Ok(second)],
            Err(error) => [Err(error), Err(error)],
        };
        let [first, second] = pair;
        // SAFETY: by the manifest; both are given, or none is.
        unsafe {
            give(first, one);
            give(second, other)
        }
    }

    pub(super) unsafe extern "C" fn net_close(socket: *mut Socket) -> c_int {
        // SAFETY: by the manifest, one of these functions has made it of a box, and nobody uses it any more.
        let socket = unsafe { Box::from_raw(socket) };
        status(told(net().map(|net| net.close(*socket))))
    }

    pub(super) unsafe extern "C" fn net_connect(
        socket: *const Socket,
        address: *const u8,
        address_length: c_ulong,
        timeout_ns: c_longlong,
    ) -> c_int {
        // SAFETY: by the manifest.
        let (socket, address) = unsafe { (&*socket, copied(address, address_length)) };
        let address = endpoint::read(&address).map_err(NetFailure::from);
        status(told(address.and_then(|address| net()?.connect(socket, address, Until::new(timeout_ns)))))
    }

    pub(super) unsafe extern "C" fn net_bind(
        socket: *const Socket,
        address: *const u8,
        address_length: c_ulong,
    ) -> c_int {
        // SAFETY: by the manifest.
        let (socket, address) = unsafe { (&*socket, copied(address, address_length)) };
        let address = endpoint::read(&address).map_err(NetFailure::from);
        status(told(address.and_then(|address| net()?.bind(socket, address))))
    }

    pub(super) unsafe extern "C" fn net_listen(socket: *const Socket, backlog: c_int) -> c_int {
        // SAFETY: by the manifest.
        let socket = unsafe { &*socket };
        status(told(net().and_then(|net| net.listen(socket, backlog))))
    }

    pub(super) unsafe extern "C" fn net_accept(
        socket: *const Socket,
        timeout_ns: c_longlong,
        accepted: *mut *mut Socket,
        peer: *mut u8,
        peer_room: c_ulong,
        peer_length: *mut c_ulong,
    ) -> c_int {
        // SAFETY: by the manifest.
        let socket = unsafe { &*socket };
        let taken = told(net().and_then(|net| net.accept(socket, Until::new(timeout_ns))));
        let (taken, from) = match taken {
            Ok((taken, from)) => (Ok(taken), endpoint::write(from).to_vec()),
            Err(error) => (Err(error), Vec::new()),
        };
        // SAFETY: by the manifest.
        unsafe {
            if taken.is_ok() {
                peer_length.write(fill(peer, peer_room, Ok(from)).max(0) as c_ulong);
            }
            give(taken, accepted)
        }
    }

    pub(super) unsafe extern "C" fn net_shutdown(socket: *const Socket, how: c_int) -> c_int {
        // SAFETY: by the manifest.
        status(plain(unsafe { &*socket }.shutdown(how)))
    }

    pub(super) unsafe extern "C" fn net_getsockname(socket: *const Socket, address: *mut u8, room: c_ulong) -> c_long {
        // SAFETY: by the manifest.
        unsafe { fill(address, room, plain((*socket).name().map(|found| endpoint::write(found).to_vec()))) }
    }

    pub(super) unsafe extern "C" fn net_getpeername(socket: *const Socket, address: *mut u8, room: c_ulong) -> c_long {
        // SAFETY: by the manifest.
        unsafe { fill(address, room, plain((*socket).peer().map(|found| endpoint::write(found).to_vec()))) }
    }

    pub(super) unsafe extern "C" fn net_recv(
        socket: *const Socket,
        data: *mut u8,
        count: c_ulong,
        flags: c_int,
        timeout_ns: c_longlong,
    ) -> c_long {
        // SAFETY: by the manifest.
        let (socket, data) = unsafe { (&*socket, room(data, count)) };
        length(net().and_then(|net| net.recv(socket, data, flags, Until::new(timeout_ns))))
    }

    pub(super) unsafe extern "C" fn net_send(
        socket: *const Socket,
        data: *const u8,
        count: c_ulong,
        flags: c_int,
        timeout_ns: c_longlong,
    ) -> c_long {
        // SAFETY: by the manifest.
        let (socket, data) = unsafe { (&*socket, view(data, count)) };
        length(net().and_then(|net| net.send(socket, data, flags, Until::new(timeout_ns), false)))
    }

    pub(super) unsafe extern "C" fn net_sendall(
        socket: *const Socket,
        data: *const u8,
        count: c_ulong,
        flags: c_int,
        timeout_ns: c_longlong,
    ) -> c_long {
        // SAFETY: by the manifest.
        let (socket, data) = unsafe { (&*socket, view(data, count)) };
        length(net().and_then(|net| net.send(socket, data, flags, Until::new(timeout_ns), true)))
    }

    pub(super) unsafe extern "C" fn net_available(socket: *const Socket) -> c_long {
        // SAFETY: by the manifest.
        number(plain(unsafe { &*socket }.available()).map(|bytes| bytes as i64))
    }

    pub(super) unsafe extern "C" fn net_getsockopt(
        socket: *const Socket,
        level: c_int,
        option: c_int,
        value: *mut c_int,
    ) -> c_int {
        // SAFETY: by the manifest.
        unsafe { status(plain(options::get((*socket).as_fd(), level, option)).map(|found| value.write(found))) }
    }

    pub(super) unsafe extern "C" fn net_setsockopt(
        socket: *const Socket,
        level: c_int,
        option: c_int,
        value: c_int,
    ) -> c_int {
        // SAFETY: by the manifest.
        status(plain(options::set(unsafe { &*socket }.as_fd(), level, option, value)))
    }

    pub(super) unsafe extern "C" fn net_poller(poller: *mut *mut Poller) -> c_int {
        // SAFETY: by the manifest.
        unsafe { give(plain(Poller::new()), poller) }
    }

    pub(super) unsafe extern "C" fn net_close_poller(poller: *mut Poller) -> c_int {
        // SAFETY: by the manifest, `poller` has made it of a box, and nobody uses it any more.
        drop(unsafe { Box::from_raw(poller) });
        0
    }

    pub(super) unsafe extern "C" fn net_poller_control(
        poller: *const Poller,
        operation: c_int,
        socket: *const Socket,
        events: c_uint,
        token: c_ulonglong,
    ) -> c_int {
        // SAFETY: by the manifest.
        let (poller, socket) = unsafe { (&*poller, &*socket) };
        status(plain(poller.control(operation, socket, events, token)))
    }

    pub(super) unsafe extern "C" fn net_poller_wait(
        poller: *const Poller,
        timeout_ns: c_longlong,
        events: *mut u8,
        events_room: c_ulong,
    ) -> c_long {
        // SAFETY: by the manifest.
        let (poller, events) = unsafe { (&*poller, room(events, events_room)) };
        length(net().and_then(|net| Ok(poller.wait(net, Until::new(timeout_ns), events)?)))
    }

    pub(super) unsafe extern "C" fn net_tls_context(
        server: c_int,
        verify: c_int,
        check_name: c_int,
        machine_roots: c_int,
        oldest: c_int,
        newest: c_int,
        roots: *const u8,
        roots_length: c_ulong,
        chain: *const u8,
        chain_length: c_ulong,
        key: *const u8,
        key_length: c_ulong,
        alpn: *const u8,
        alpn_length: c_ulong,
        context: *mut *mut TlsContext,
    ) -> c_int {
        // SAFETY: by the manifest.
        let texts = unsafe {
            [
                copied(roots, roots_length),
                copied(chain, chain_length),
                copied(key, key_length),
                copied(alpn, alpn_length),
            ]
        };
        let [roots, chain, key, alpn] = &texts;
        let made = net().and_then(|net| {
            TlsContext::new(&ContextSettings {
                server: server != 0,
                verify,
                check_name: check_name != 0,
                machine: (machine_roots != 0).then(|| net.machine_roots()),
                oldest,
                newest,
                roots,
                chain,
                key,
                alpn,
            })
        });
        // SAFETY: by the manifest.
        unsafe { give(told(made), context) }
    }

    pub(super) unsafe extern "C" fn net_free_tls_context(context: *mut TlsContext) {
        // SAFETY: by the manifest, `tls_context` has made it of a box, and nobody uses it any more.
        drop(unsafe { Box::from_raw(context) });
    }

    pub(super) unsafe extern "C" fn net_tls(
        context: *const TlsContext,
        name: *const u8,
        name_length: c_ulong,
        tls: *mut *mut Tls,
    ) -> c_int {
        // SAFETY: by the manifest.
        unsafe {
            let name = copied(name, name_length);
            give(told(Tls::new(&*context, &name)), tls)
        }
    }

    pub(super) unsafe extern "C" fn net_free_tls(tls: *mut Tls) {
        // SAFETY: by the manifest, `tls` has made it of a box, and nobody uses it any more.
        drop(unsafe { Box::from_raw(tls) });
    }

    pub(super) unsafe extern "C" fn net_tls_feed(
        tls: *const Tls,
        data: *const u8,
        count: c_ulong,
        end: c_int,
    ) -> c_long {
        // SAFETY: by the manifest.
        // A copy, which nobody changes while it is looked at.
        let (tls, data) = unsafe { (&*tls, copied(data, count)) };
        length(tls.feed(&data, end != 0))
    }

    pub(super) unsafe extern "C" fn net_tls_drain(tls: *const Tls, data: *mut u8, count: c_ulong) -> c_long {
        // SAFETY: by the manifest.
        let (tls, data) = unsafe { (&*tls, room(data, count)) };
        length(tls.drain(data))
    }

    pub(super) unsafe extern "C" fn net_tls_read(tls: *const Tls, data: *mut u8, count: c_ulong) -> c_long {
        // SAFETY: by the manifest.
        let (tls, data) = unsafe { (&*tls, room(data, count)) };
        length(tls.read(data))
    }

    pub(super) unsafe extern "C" fn net_tls_write(tls: *const Tls, data: *const u8, count: c_ulong) -> c_long {
        // SAFETY: by the manifest.
        // A copy, which nobody changes while it is encrypted.
        let (tls, data) = unsafe { (&*tls, copied(data, count)) };
        length(tls.write(&data))
    }

    pub(super) unsafe extern "C" fn net_tls_close_notify(tls: *const Tls) -> c_int {
        // SAFETY: by the manifest.
        status(told(unsafe { &*tls }.say_farewell()))
    }

    pub(super) unsafe extern "C" fn net_tls_status(tls: *const Tls) -> c_int {
        // SAFETY: by the manifest.
        unsafe { &*tls }.status()
    }

    pub(super) unsafe extern "C" fn net_tls_handshake(
        tls: *const Tls,
        socket: *const Socket,
        timeout_ns: c_longlong,
    ) -> c_int {
        // SAFETY: by the manifest.
        let (tls, socket) = unsafe { (&*tls, &*socket) };
        status(told(net().and_then(|net| net.tls_handshake(tls, socket, Until::new(timeout_ns)))))
    }

    pub(super) unsafe extern "C" fn net_tls_recv(
        tls: *const Tls,
        socket: *const Socket,
        data: *mut u8,
        count: c_ulong,
        timeout_ns: c_longlong,
    ) -> c_long {
        // SAFETY: by the manifest.
        let (tls, socket, data) = unsafe { (&*tls, &*socket, room(data, count)) };
        length(net().and_then(|net| net.tls_recv(tls, socket, data, Until::new(timeout_ns))))
    }

    pub(super) unsafe extern "C" fn net_tls_send(
        tls: *const Tls,
        socket: *const Socket,
        data: *const u8,
        count: c_ulong,
        timeout_ns: c_longlong,
    ) -> c_long {
        // SAFETY: by the manifest.
        // A copy, which nobody changes while it is encrypted.
        let (tls, socket, data) = unsafe { (&*tls, &*socket, copied(data, count)) };
        length(net().and_then(|net| net.tls_send(tls, socket, &data, Until::new(timeout_ns))))
    }

    pub(super) unsafe extern "C" fn net_tls_shutdown(
        tls: *const Tls,
        socket: *const Socket,
        wait: c_int,
        timeout_ns: c_longlong,
    ) -> c_int {
        // SAFETY: by the manifest.
        let (tls, socket) = unsafe { (&*tls, &*socket) };
        status(told(net().and_then(|net| net.tls_shutdown(tls, socket, wait != 0, Until::new(timeout_ns)))))
    }

    pub(super) unsafe extern "C" fn net_tls_peer_certificates(
        tls: *const Tls,
        certificates: *mut u8,
        room: c_ulong,
    ) -> c_long {
        // SAFETY: by the manifest.
        unsafe { fill(certificates, room, Ok((*tls).peer_certificates())) }
    }

    pub(super) unsafe extern "C" fn net_tls_verify_error(tls: *const Tls) -> c_int {
        // SAFETY: by the manifest.
        unsafe { &*tls }.verify_error()
    }

    pub(super) unsafe extern "C" fn net_tls_version(tls: *const Tls) -> c_int {
        // SAFETY: by the manifest.
        unsafe { &*tls }.version()
    }

    pub(super) unsafe extern "C" fn net_tls_cipher(tls: *const Tls, name: *mut u8, room: c_ulong) -> c_long {
        // SAFETY: by the manifest.
        unsafe { fill(name, room, Ok((*tls).cipher())) }
    }

    pub(super) unsafe extern "C" fn net_tls_alpn(tls: *const Tls, name: *mut u8, room: c_ulong) -> c_long {
        // SAFETY: by the manifest.
        unsafe { fill(name, room, Ok((*tls).alpn())) }
    }

    pub(super) unsafe extern "C" fn net_tls_server_name(tls: *const Tls, name: *mut u8, room: c_ulong) -> c_long {
        // SAFETY: by the manifest.
        unsafe { fill(name, room, Ok((*tls).server_name())) }
    }

    pub(super) unsafe extern "C" fn net_grants(text: *mut u8, room: c_ulong) -> c_long {
        // SAFETY: by the manifest.
        unsafe { fill(text, room, told(net().map(|net| net.grants().into_bytes()))) }
    }

    pub(super) unsafe extern "C" fn net_explain(_error: c_int) -> *const c_char {
        failure::explanation()
    }
}

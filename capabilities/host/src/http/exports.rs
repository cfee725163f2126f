//! The functions of `http.zone.toml`: what C would be in another zone.
//!
//! `cloison-zone` calls them by the manifest: each address leads to as many bytes as the length beside it says, or to room for
//! them, or to an object that `connect` or `socketpair` has given and that has not been closed; each is valid during the call.
//!
//! One of the modules of this crate that contain `unsafe`.

use super::service::served;
use crate::net::{NetFailure, Socket, keep_failure};
use crate::pointers::{copied, fill, give, status, symbols};
use rustix::io::Errno;
use std::ffi::{c_int, c_long, c_uint, c_ulong};

symbols![
    /// The function of that name, of those that are this service's own.
    http_connect,
    http_grants,
    http_secure,
];

mod functions {
    use super::*;

    pub(super) unsafe extern "C" fn http_connect(
        host: *const u8,
        host_length: c_ulong,
        port: c_uint,
        socket: *mut *mut Socket,
    ) -> c_int {
        // SAFETY: the manifest's promise, see above.
        let host = unsafe { copied(host, host_length) };
        let made = served().map_err(NetFailure::from).and_then(|served| served.connect(&host, port));
        // SAFETY: the same.
        unsafe { give(made.map_err(keep_failure), socket) }
    }

    pub(super) unsafe extern "C" fn http_secure(socket: *mut Socket, name: *const u8, name_length: c_ulong) -> c_int {
        // SAFETY: the manifest's promise, see above.
        let (socket, name) = unsafe { (&*socket, copied(name, name_length)) };
        let done = served().map_err(NetFailure::from).and_then(|served| served.secure(socket, &name));
        status(done.map_err(keep_failure))
    }

    pub(super) unsafe extern "C" fn http_grants(text: *mut u8, room: c_ulong) -> c_long {
        let lines: Result<Vec<u8>, Errno> = served().map(super::super::service::Served::grants);
        // SAFETY: the manifest's promise, see above.
        unsafe { fill(text, room, lines) }
    }
}

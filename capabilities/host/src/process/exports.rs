//! The functions of `process.zone.toml`: what C would be in another zone.
//!
//! `cloison-zone` calls them by the manifest: each address leads to as many bytes as the length beside it says, or to room for
//! them, or to an object that `start` has given and that has not been ended; each is valid during the call.
//!
//! One of the modules of this crate that contain `unsafe`.

use super::run::CommandRun;
use super::{PROCESS, Programs, WantedStreams};
use crate::net::{NetFailure, Until, explanation, keep_failure};
use crate::pointers::{copied, fill, give, number, room, status, symbols, view};
use rustix::io::Errno;
use std::ffi::{c_char, c_int, c_long, c_longlong, c_uint, c_ulong};

symbols![
    /// The function of that name.
    process_close,
    process_commands,
    process_end,
    process_explain,
    process_poll,
    process_read,
    process_signal,
    process_start,
    process_wait,
    process_write,
];

/// A program that ends before it has read what it was told must not end this process.
pub fn ignore_broken_pipes() {
    // SAFETY: SIG_IGN is no function of ours; replacing the disposition of SIGPIPE calls nothing.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}

fn service() -> Result<&'static Programs, NetFailure> {
    PROCESS.get().ok_or_else(|| Errno::NOSYS.into())
}

/// Keeps what there is to say about a failure.
fn told<T>(result: Result<T, NetFailure>) -> Result<T, Errno> {
    result.map_err(keep_failure)
}

mod functions {
    use super::*;

    pub(super) unsafe extern "C" fn process_start(
        name: *const u8,
        name_length: c_ulong,
        arguments: *const u8,
        arguments_length: c_ulong,
        folder: *const u8,
        folder_length: c_ulong,
        streams: c_uint,
        run: *mut *mut CommandRun,
    ) -> c_int {
        // SAFETY: the manifest's promise, see above.
        let copies =
            unsafe { [copied(name, name_length), copied(arguments, arguments_length), copied(folder, folder_length)] };
        let [name, arguments, folder] = copies;
        let wanted = WantedStreams::of(streams);
        let started = service().and_then(|service| service.start(&name, &arguments, &folder, wanted));
        // SAFETY: the same.
        unsafe { give(told(started), run) }
    }

    pub(super) unsafe extern "C" fn process_read(
        run: *mut CommandRun,
        stream: c_uint,
        data: *mut u8,
        count: c_ulong,
        timeout_ns: c_longlong,
    ) -> c_long {
        // SAFETY: the manifest's promise, see above.
        let (run, into) = unsafe { (&*run, room(data, count)) };
        let until = Until::new(timeout_ns);
        let read = service().and_then(|service| run.read(stream, into, until, &service.control));
        number(told(read).map(|count| count as i64))
    }

    pub(super) unsafe extern "C" fn process_write(
        run: *mut CommandRun,
        data: *const u8,
        count: c_ulong,
        timeout_ns: c_longlong,
    ) -> c_long {
        // SAFETY: the manifest's promise, see above.
        let (run, bytes) = unsafe { (&*run, view(data, count)) };
        let until = Until::new(timeout_ns);
        let written = service().and_then(|service| run.write(bytes, until, &service.control));
        number(told(written).map(|count| count as i64))
    }

    pub(super) unsafe extern "C" fn process_close(run: *mut CommandRun, stream: c_uint) -> c_int {
        // SAFETY: the manifest's promise, see above.
        let run = unsafe { &*run };
        status(told(run.close(stream).map_err(NetFailure::from)))
    }

    pub(super) unsafe extern "C" fn process_wait(
        run: *mut CommandRun,
        timeout_ns: c_longlong,
        how: *mut c_int,
    ) -> c_int {
        // SAFETY: the manifest's promise, see above.
        let run = unsafe { &*run };
        let ended = service().and_then(|service| run.wait(Until::new(timeout_ns), &service.control));
        status(told(ended).map(|ended| {
            // SAFETY: the same.
            unsafe { how.write(ended as c_int) }
        }))
    }

    pub(super) unsafe extern "C" fn process_signal(run: *mut CommandRun, signal: c_int) -> c_int {
        // SAFETY: the manifest's promise, see above.
        let run = unsafe { &*run };
        status(told(run.signal(signal).map_err(NetFailure::from)))
    }

    pub(super) unsafe extern "C" fn process_poll(
        run: *mut CommandRun,
        wanted: c_uint,
        timeout_ns: c_longlong,
    ) -> c_int {
        // SAFETY: the manifest's promise, see above.
        let run = unsafe { &*run };
        let ready = service()
            .and_then(|service| run.poll(wanted, Until::new(timeout_ns), &service.control).map_err(NetFailure::from));
        number(told(ready).map(i64::from)) as c_int
    }

    pub(super) unsafe extern "C" fn process_end(run: *mut CommandRun) {
        // SAFETY: `give` has made it, and by the manifest nobody uses it again. Its leash is closed with it.
        drop(unsafe { Box::from_raw(run) });
    }

    pub(super) unsafe extern "C" fn process_commands(text: *mut u8, length: c_ulong) -> c_long {
        // SAFETY: the manifest's promise, see above.
        unsafe { fill(text, length, told(service()).map(Programs::describe)) }
    }

    pub(super) unsafe extern "C" fn process_explain(_: c_int) -> *const c_char {
        explanation()
    }
}

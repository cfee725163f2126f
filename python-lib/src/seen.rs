//! Where a signal finds the process: which Python calls have led to what it does.
//!
//! The broker asks for the Python stack by SIGUSR1, and the interpreter answers at its next instruction. In native code that takes long
//! there is none, and so the broker asks again. The handler of that second question knows that no instruction has begun since the
//! first: the chain of calls stands still. It reads the chain, as `faulthandler` does, and says what it sees.
//!
//! All of this happens in a signal handler: it reads what is there, writes into a buffer on its own stack, allocates nothing, and takes no
//! lock. This is one of the crate's modules with `unsafe`: the interpreter keeps its chain of calls as pointers.

use cloison_contract::message::unsettled_stack;
use cloison_transport::control::Control;
use rustpython_vm::frame::InterpreterFrame;
use rustpython_vm::vm::thread::get_current_frame;
use std::fmt::{self, Write};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicI32, Ordering};

/// How many calls are told, the innermost.
const CALLS: usize = 20;
/// How many bytes of text there may be, and of one name.
const TEXT_BYTES: usize = 4 << 10;
const NAME_BYTES: usize = 200;

/// The process's line to the broker; -1 before it has one.
static SOCKET: AtomicI32 = AtomicI32::new(-1);

/// Say it over this socket, which stays open for as long as the process lives.
pub(crate) fn over(socket: &Control) {
    use std::os::fd::AsFd;
    SOCKET.store(socket.as_fd().as_raw_fd(), Ordering::Relaxed);
}

/// Tell the broker which calls are under way. Async-signal-safe.
pub(crate) fn tell() {
    let socket = SOCKET.load(Ordering::Relaxed);
    if socket < 0 {
        return;
    }
    let mut calls = [std::ptr::null(); CALLS];
    let mut call = get_current_frame();
    let mut count = 0;
    while !call.is_null() && count < CALLS {
        calls[count] = call;
        count += 1;
        // SAFETY: a frame in the chain lives until it has been taken out of it, and this thread, the only one, is here.
        call = unsafe { (*call).previous() };
    }
    let mut text = Text { bytes: [0; TEXT_BYTES], used: 0 };
    if !call.is_null() {
        let _ = text.write_str("  ...\n");
    }
    for call in calls[..count].iter().rev() {
        // SAFETY: as above; its code lives as long as it does.
        let _ = text.call(unsafe { &**call });
    }
    let (header, header_bytes) = unsettled_stack(text.used as u16);
    // SAFETY: it is open (see `over`).
    let socket = unsafe { BorrowedFd::borrow_raw(socket) };
    // If there is no room for it, nobody has read what was said before.
    let _ = Control::try_send_encoded(socket, [&header[..header_bytes], &text.bytes[..text.used]]);
}

/// Text that ends where there is no more room.
struct Text {
    bytes: [u8; TEXT_BYTES],
    used: usize,
}

impl Text {
    /// One call, as a traceback shows it.
    fn call(&mut self, call: &InterpreterFrame) -> fmt::Result {
        let code = call.code();
        let first = code.first_line_number.map_or(0, |line| line.get());
        let at = (call.get_lasti() as usize).checked_sub(1).and_then(|at| code.locations.get(at));
        let line = at.map_or(first, |(start, _)| start.line.get());
        let path = start(code.source_path().to_str().unwrap_or("?"));
        let name = start(code.qualname.to_str().unwrap_or("?"));
        writeln!(self, "  File \"{path}\", line {line}, in {name}")
    }
}

/// As much of a name as is told.
fn start(name: &str) -> &str {
    &name[..name.floor_char_boundary(NAME_BYTES)]
}

impl Write for Text {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.used..self.used + piece.len()).ok_or(fmt::Error)?;
        room.copy_from_slice(piece.as_bytes());
        self.used += piece.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_where_there_is_no_room() {
        let mut text = Text { bytes: [0; TEXT_BYTES], used: 0 };
        while text.write_str("seven b").is_ok() {}
        assert_eq!(text.used, TEXT_BYTES / 7 * 7);
        assert!(std::str::from_utf8(&text.bytes[..text.used]).is_ok());
        assert_eq!(start(&"é".repeat(150)).len(), 200);
    }
}

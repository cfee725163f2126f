//! SQLite's companion: statements that are bound, run and read in one call, and one callable for everything that SQLite asks back.
//!
//! | module | does |
//! |---|---|
//! | `api` | addresses of SQLite's functions |
//! | `statements` | prepare, bind, step and read |
//! | `connections` | open, errors, whole scripts |
//! | `asking` | functions, aggregates, collations and hooks in Python: one callable of each connection answers for all |
//!
//! How values cross is `cloison_contract::sqlite`. The functions are those of `capabilities/manifest/bindings/sqlite3.zone.toml`, and
//! `cloison-zone` calls them by it: each address leads to as many bytes as the length beside it says, or to room for them, or to an
//! object of SQLite's that lives; each is valid during the call. A zone of SQLite has one thread.

mod api;
mod asking;
mod connections;
mod statements;

use crate::native::ffi::Code;
use cloison_contract::sqlite::COMPANION;
use std::ffi::c_void;

/// The function of that name, if SQLite's own are there.
pub(crate) fn symbol(name: &str, find: &dyn Fn(&str) -> Option<*const c_void>) -> Option<Code> {
    let name = name.strip_prefix(COMPANION)?;
    let address = statements::address(name).or_else(|| connections::address(name)).or_else(|| asking::address(name))?;
    api::find(find)?;
    // SAFETY: an address of a function that is linked in.
    unsafe { Code::new(address) }
}

/// The bytes at an address, by the manifest as many as `length` says.
///
/// # Safety
///
/// So many bytes are there for as long as the result is used.
unsafe fn view<'a>(data: *const u8, length: u64) -> &'a [u8] {
    if data.is_null() || length == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(data, length as usize) }
}

/// Writes as many bytes as there is room for.
///
/// # Safety
///
/// There is room for so many bytes.
unsafe fn fill(room: *mut u8, size: u64, bytes: &[u8]) -> u64 {
    let length = bytes.len().min(size as usize);
    if length > 0 {
        // SAFETY: the caller's promise.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), room, length) };
    }
    length as u64
}

/// A C string of SQLite's, if there is one.
///
/// # Safety
///
/// NULL, or a text that lives for as long as the result is used.
unsafe fn text<'a>(text: *const std::ffi::c_char) -> Option<&'a [u8]> {
    // SAFETY: the caller's promise.
    (!text.is_null()).then(|| unsafe { std::ffi::CStr::from_ptr(text) }.to_bytes())
}

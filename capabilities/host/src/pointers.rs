//! What the functions of all services have in common: they are called by `cloison-zone`, with addresses and numbers, by a manifest.
//!
//! One of the modules of this crate that contain `unsafe`.

use rustix::io::Errno;
use std::ffi::{c_int, c_long, c_ulong, c_void};

/// An address in a table of functions.
pub(crate) struct Address(pub(crate) *const c_void);

// SAFETY: the address of a function, which nobody writes to.
unsafe impl Sync for Address {}

/// A table of the functions in a module `functions`, and the function that finds one of them.
macro_rules! symbols {
    ($(#[$attribute:meta])* $($name:ident),* $(,)?) => {
        $(#[$attribute])*
        pub fn symbol(name: &str) -> Option<cloison_zone::native::ffi::Code> {
            use crate::pointers::Address;
            const SYMBOLS: &[(&str, Address)] =
                &[$((stringify!($name), Address(functions::$name as *const std::ffi::c_void))),*];
            let (_, address) = SYMBOLS.iter().find(|(known, _)| *known == name)?;
            // SAFETY: the address of a function of this program. That it takes what the manifest declares, the tests of this crate
            // see, which call each of them by the manifest.
            unsafe { cloison_zone::native::ffi::Code::new(address.0) }
        }
    };
}
pub(crate) use symbols;

/// Sets `errno`.
pub(crate) fn fail(error: Errno) {
    // SAFETY: libc's own place for this thread's number.
    unsafe { *libc::__errno_location() = error.raw_os_error() };
}

/// 0, or -1 and `errno`.
pub(crate) fn status(result: Result<(), Errno>) -> c_int {
    number(result.map(|()| 0)) as c_int
}

/// A number, or -1 and `errno`.
pub(crate) fn number(result: Result<i64, Errno>) -> i64 {
    result.unwrap_or_else(|error| {
        fail(error);
        -1
    })
}

/// A copy of a client's bytes: nobody changes it while it is looked at.
///
/// # Safety
///
/// So many bytes can be read there.
pub(crate) unsafe fn copied(bytes: *const u8, length: c_ulong) -> Vec<u8> {
    // SAFETY: the caller's promise.
    unsafe { view(bytes, length) }.to_vec()
}

/// # Safety
///
/// So many bytes can be read there, as long as the result lives.
pub(crate) unsafe fn view<'a>(bytes: *const u8, length: c_ulong) -> &'a [u8] {
    if length == 0 {
        return &[];
    }
    // SAFETY: the caller's promise. What a client writes there meanwhile is its own data, that only the kernel looks at.
    unsafe { std::slice::from_raw_parts(bytes, length as usize) }
}

/// # Safety
///
/// So many bytes can be written there, as long as the result lives.
pub(crate) unsafe fn room<'a>(bytes: *mut u8, length: c_ulong) -> &'a mut [u8] {
    if length == 0 {
        return &mut [];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts_mut(bytes, length as usize) }
}

/// Fills a buffer with bytes that fit.
///
/// # Safety
///
/// As for [`room`].
pub(crate) unsafe fn fill(into: *mut u8, length: c_ulong, result: Result<Vec<u8>, Errno>) -> c_long {
    let filled = result.and_then(|bytes| {
        // SAFETY: the caller's promise.
        let into = unsafe { room(into, length) };
        into.get_mut(..bytes.len()).ok_or(Errno::RANGE)?.copy_from_slice(&bytes);
        Ok(bytes.len() as i64)
    });
    number(filled)
}

/// Gives an object, or sets `errno`.
///
/// # Safety
///
/// A pointer can be written there.
pub(crate) unsafe fn give<T>(result: Result<T, Errno>, into: *mut *mut T) -> c_int {
    status(result.map(|object| {
        let object = Box::into_raw(Box::new(object));
        // SAFETY: the caller's promise.
        unsafe { into.write(object) };
    }))
}

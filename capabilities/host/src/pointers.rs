//! What the functions of all services have in common: they are called by `cloison-zone`, with addresses and numbers, by a manifest.
//!
//! One of the modules of this crate that contain `unsafe`.

use cloison_contract::FunctionId;
use cloison_contract::interface::{Function, Interface};
use cloison_transport::copy::copy;
use cloison_zone::marshal::functions::{FunctionError, Functions};
use cloison_zone::native::ffi::Code;
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
            // SAFETY: the address of a function of this program, under its own name. That it takes what the manifest declares, the
            // tests of this crate see, which call each of them by the manifest.
            unsafe { cloison_zone::native::ffi::Code::new(address.0) }
        }
    };
}
pub(crate) use symbols;

/// The functions of an interface, which the table of its service has.
pub(crate) fn functions<E: From<(FunctionId, FunctionError)>>(
    interface: Interface,
    symbol: fn(&str) -> Option<Code>,
    missing: impl Fn(&str) -> E,
) -> Result<Functions, E> {
    let found = |_, function: &Function| symbol(&function.symbol).ok_or_else(|| missing(&function.symbol));
    // SAFETY: `symbols!` makes each table, which has a function under its own name; the interface is that of the manifest which comes
    // with Cloison.
    unsafe { Functions::new(interface, found) }
}

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

/// A copy of a client's bytes: nobody changes it while it is looked at. Each byte is read once, as the client may write there
/// meanwhile.
///
/// # Safety
///
/// So many bytes can be read there.
pub(crate) unsafe fn copied(bytes: *const u8, length: c_ulong) -> Vec<u8> {
    let length = length as usize;
    let mut copied = Vec::with_capacity(length);
    if length > 0 {
        // SAFETY: so many bytes can be read, by the caller's promise, and the vector has room for them, which are all written then.
        unsafe {
            copy(bytes, copied.as_mut_ptr(), length);
            copied.set_len(length);
        }
    }
    copied
}

/// A client's bytes where they stand, to be given to the kernel.
///
/// Rust promises nothing about a reference to bytes that another process writes meanwhile. Nothing follows from that as long as
/// nobody here looks at them: [`copied`] is for whoever decides by them.
///
/// # Safety
///
/// So many bytes can be read there, as long as the result lives, and nothing but the kernel reads them through it.
pub(crate) unsafe fn view<'a>(bytes: *const u8, length: c_ulong) -> &'a [u8] {
    if length == 0 {
        return &[];
    }
    // SAFETY: the caller's promise: the bytes are there, and what they are at which moment decides nothing in this process.
    unsafe { std::slice::from_raw_parts(bytes, length as usize) }
}

/// Where results for a client go, written by the kernel or by us.
///
/// As with [`view`], the client may write there, too. So nothing is read through it, not even what was just written.
///
/// # Safety
///
/// So many bytes can be written there, as long as the result lives, and nothing is read through it.
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
/// So many bytes can be written there.
pub(crate) unsafe fn fill(into: *mut u8, length: c_ulong, result: Result<Vec<u8>, Errno>) -> c_long {
    let filled = result.and_then(|bytes| {
        if bytes.len() as u64 > length {
            return Err(Errno::RANGE);
        }
        // SAFETY: the caller's promise, and that there are no more bytes than that; the vector is this program's own.
        unsafe { copy(bytes.as_ptr(), into, bytes.len()) };
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

//! Why a call has failed: an error number, and a sentence where that says too little.

use rustix::io::Errno;
use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char};

/// An error number, with a sentence for people.
#[derive(Debug)]
pub(crate) struct NetFailure {
    pub(crate) errno: Errno,
    pub(crate) text: Option<String>,
}

impl From<Errno> for NetFailure {
    fn from(errno: Errno) -> Self {
        Self { errno, text: None }
    }
}

impl NetFailure {
    pub(crate) fn new(errno: Errno, text: impl Into<String>) -> Self {
        Self { errno, text: Some(text.into()) }
    }
}

thread_local! {
    /// What went wrong last on this thread, for the call that asks right after.
    static LAST: RefCell<Option<CString>> = const { RefCell::new(None) };
}

/// Keeps the sentence for [`explanation`], and gives the number.
pub(crate) fn keep(failure: NetFailure) -> Errno {
    let text = failure.text.map(|text| text.replace('\0', "\u{fffd}"));
    LAST.set(text.and_then(|text| CString::new(text).ok()));
    failure.errno
}

/// The sentence, until the next failure; NULL if there is none.
pub(crate) fn explanation() -> *const c_char {
    LAST.with_borrow(|last| last.as_deref().map_or(std::ptr::null(), CStr::as_ptr))
}

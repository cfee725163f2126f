//! A function of the library, with its address: this is where C is called.
//!
//! One of the modules of this crate that contain `unsafe`.

use crate::native::ffi::{Code, Frame, Outcome, Signature, c_string};

/// A function that can be called.
pub struct Callee {
    signature: Signature,
    code: Code,
}

impl Callee {
    /// The function at `code`, whose declaration is what the signature was made from.
    pub fn new(signature: Signature, code: Code) -> Self {
        Self { signature, code }
    }

    /// Calls it with the arguments in `frame`.
    #[inline]
    pub fn call(&self, frame: &mut Frame) -> Outcome {
        // SAFETY: the signature was made from the declaration under which the symbol was looked up. Pointers in the
        // frame were set by `marshal`, to memory as large as the manifest says that the function needs. A
        // manifest that is wrong about its library can corrupt this process, and nothing else: it is sandboxed.
        unsafe { frame.call(&self.signature, self.code) }
    }

    /// The same where the value or an argument is larger than a word. The arguments in `indirect` are addresses of what is
    /// passed; the value goes to `result`, which has room for [`Callee::result_bytes`].
    pub(crate) fn call_large(&self, frame: &mut Frame, indirect: &[usize], result: *mut u8) -> Outcome {
        // SAFETY: as for `call`; the caller made room, and says which arguments are addresses of what is passed.
        unsafe { frame.call_large(&self.signature, self.code, indirect, result) }
    }

    /// How much room a large value needs.
    pub(crate) fn result_bytes(&self) -> usize {
        self.signature.result_bytes()
    }

    /// Calls it for the string that it returns; `None` for NULL, and for one of `limit` bytes or more.
    pub(crate) fn call_for_text(&self, frame: &mut Frame, limit: usize) -> Option<String> {
        let address = self.call(frame).value;
        // SAFETY: the manifest says that the function returns a string or NULL, and C runs no further before the copy
        // has been made.
        let text = unsafe { c_string(address, limit) }?;
        Some(String::from_utf8_lossy(text).into_owned())
    }
}

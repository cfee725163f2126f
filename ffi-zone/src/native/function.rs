//! A function of the library, with its address: this is where C is called.
//!
//! One of the modules of this crate that contain `unsafe`.

use crate::native::ffi::{CallInterface, Code, Frame, Outcome, read, text_length};

/// A function that can be called.
pub struct Callee {
    signature: CallInterface,
    code: Code,
}

impl Callee {
    /// The function at `code`.
    ///
    /// # Safety
    ///
    /// The signature was made from the declaration under which the function was looked up. That the declaration is right, the
    /// manifest promises: see [`Callee::call`].
    pub unsafe fn new(signature: CallInterface, code: Code) -> Self {
        Self { signature, code }
    }

    /// Calls it with the arguments in `frame`.
    ///
    /// A manifest that is wrong about its library can corrupt this process, and nothing else: it is sandboxed. So what the
    /// manifest says is taken for true in what follows.
    ///
    /// # Safety
    ///
    /// All parameters have been set. Those that are pointers lead to as much memory as the manifest says that the function
    /// needs, or to objects that the library has given and that have not ended.
    #[inline]
    pub unsafe fn call(&self, frame: &mut Frame) -> Outcome {
        // SAFETY: who made this has promised that the signature is the function's; the rest is the caller's promise.
        unsafe { frame.call(&self.signature, self.code) }
    }

    /// The same where the value or an argument is larger than a word; the value goes to `result`.
    ///
    /// # Safety
    ///
    /// As for [`Callee::call`]; `result` is aligned to 16 and has room for [`Callee::result_bytes`]; the arguments in
    /// `indirect` are addresses of values of their parameters' types.
    pub(crate) unsafe fn call_large(&self, frame: &mut Frame, indirect: &[usize], result: *mut u8) -> Outcome {
        // SAFETY: as for `call`.
        unsafe { frame.call_large(&self.signature, self.code, indirect, result) }
    }

    /// How much room a large value needs.
    pub(crate) fn result_bytes(&self) -> usize {
        self.signature.result_bytes()
    }

    /// Calls it for the string that it returns; `None` for NULL, and for one of `limit` bytes or more.
    ///
    /// # Safety
    ///
    /// As for [`Callee::call`]; the manifest says that it returns a string or NULL.
    pub(crate) unsafe fn call_for_text(&self, frame: &mut Frame, limit: usize) -> Option<String> {
        // SAFETY: the caller's promise; the string stays until the library is called again.
        let text = unsafe {
            let address = self.call(frame).value;
            let mut text = vec![0; text_length(address, limit)?];
            read(address, &mut text);
            text
        };
        Some(String::from_utf8_lossy(&text).into_owned())
    }
}

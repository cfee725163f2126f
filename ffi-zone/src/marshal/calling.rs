//! Into C: a call whose arguments are complete, a function that an expression asks, and the end of objects.
//!
//! One of the modules of this crate that contain `unsafe`: what makes arguments is safe code, and here it is known to be done.

use crate::callback::callables::CallbackSource;
use crate::marshal::call::{Call, Step};
use crate::marshal::functions::Functions;
use crate::marshal::outputs::Complete;
use crate::native::fences::overran;
use crate::native::ffi::Frame;
use crate::objects::handles::{EndedObject, ZoneHandles};
use cloison_contract::FunctionId;
use cloison_contract::expression::EvaluationError;

impl Call<'_, '_> {
    /// The call itself.
    #[inline]
    pub(crate) fn run(&mut self, _complete: Complete) -> Step {
        if !self.state.consumed.is_empty() {
            self.strip()?;
        }
        self.lend_arena();
        self.outcome = Some(if self.plan().large {
            let bytes = self.entry.result_bytes();
            let piece = self.scratch.room(bytes).ok_or_else(|| self.too_large(bytes as u64))?;
            self.result = Some(piece);
            // SAFETY: the plan's steps have set all parameters and found room for what they lead to; the result has its own
            // room, aligned as all pieces are.
            unsafe { self.entry.call_large(&mut self.state.frame, self.scratch.pointer(piece)) }
        } else {
            // SAFETY: the plan's steps have set all parameters and found room for what they lead to.
            unsafe { self.entry.call(&mut self.state.frame) }
        });
        self.check_fences();
        Ok(())
    }

    /// Asks a function for an expression about this call.
    pub(crate) fn ask(&mut self, function: FunctionId, arguments: &[i128]) -> Result<i128, EvaluationError> {
        let functions = self.functions;
        // SAFETY: what an expression passes as an object is an argument of this call, whose handle has been looked up, or
        // its value, which the library has just given.
        unsafe { functions.integer(self.nested(), function, arguments) }
    }
}

/// Frees objects that have ended, in order, each before what the library kept for it.
pub(crate) fn finish(
    functions: &Functions,
    handles: &ZoneHandles,
    frame: &mut Frame,
    ended: Vec<EndedObject>,
    callables: &dyn CallbackSource,
) {
    for one in ended {
        if let Some(free) = one.free {
            // SAFETY: the library has given the object under a type that is freed so, and it has ended: no client has it.
            unsafe { functions.free(frame, free, one.address) };
            handles.freed(&one);
        }
        for retained in one.retained {
            if !retained.is_whole() {
                overran(None, retained.bytes());
            }
            if let Some(closure) = retained.closure() {
                callables.release(closure);
            }
        }
    }
}

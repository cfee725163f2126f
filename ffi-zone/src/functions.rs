//! A library's functions, ready to be called: plan, signature and address of each.

use crate::ffi::{Code, Frame, Outcome, Signature, SignatureError, c_string};
use crate::number::{bits_of_value, value_of_bits};
use crate::plan::{Plan, PlanError};
use cloison_capabilities::expression::EvaluationError;
use cloison_capabilities::interface::{Function, Role};
use cloison_capabilities::{FunctionId, Interface};

/// The longest text that a `message` function may return.
const MESSAGE_BYTES: usize = 64 * 1024;

/// Why a function cannot be offered.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FunctionError {
    /// Its roles make no sense.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Its types cannot be called.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

/// One function.
pub struct Entry {
    /// What to do for a call.
    pub plan: Plan,
    signature: Signature,
    code: Code,
}

impl Entry {
    /// Calls it with the arguments in `frame`.
    #[inline]
    pub fn call(&self, frame: &mut Frame) -> Outcome {
        // SAFETY: the signature was made from the declaration under which the symbol was looked up. Pointers in the
        // frame were set by `marshal` or below, to memory as large as the manifest says that the function needs. A
        // manifest that is wrong about its library can corrupt this process, and nothing else: it is sandboxed.
        unsafe { frame.call(&self.signature, self.code) }
    }
}

/// All functions of an interface.
pub struct Functions {
    /// Names, for texts.
    pub interface: Interface,
    entries: Vec<Entry>,
}

impl Functions {
    /// Prepares all functions; `symbol` gives the address of each. The first that fails ends it.
    pub fn new<E: From<(FunctionId, FunctionError)>>(
        interface: Interface,
        mut symbol: impl FnMut(FunctionId, &Function) -> Result<Code, E>,
    ) -> Result<Self, E> {
        let mut entries = Vec::with_capacity(interface.functions.len());
        for (index, function) in interface.functions.iter().enumerate() {
            let id = FunctionId(index as u32);
            let plan = Plan::new(&interface, function).map_err(|error| (id, error.into()))?;
            let types = function.parameters.iter().map(|parameter| &parameter.c_type);
            let signature = Signature::new(types, &function.result).map_err(|error| (id, error.into()))?;
            entries.push(Entry { plan, signature, code: symbol(id, function)? });
        }
        Ok(Self { interface, entries })
    }

    /// One function, if there is such a number.
    #[inline]
    pub fn get(&self, id: FunctionId) -> Option<&Entry> {
        self.entries.get(id.0 as usize)
    }

    /// Its declaration.
    #[inline]
    pub fn declaration(&self, id: FunctionId) -> Option<&Function> {
        self.interface.functions.get(id.0 as usize)
    }

    /// Calls a function of integers for an expression, such as `compressBound(n)`.
    pub fn integer(&self, frame: &mut Frame, id: FunctionId, arguments: &[i128]) -> Result<i128, EvaluationError> {
        let (entry, function) = self.get(id).zip(self.declaration(id)).ok_or(EvaluationError::Unknown)?;
        let result = entry.plan.value.ok_or(EvaluationError::Unknown)?;
        if arguments.len() != function.parameters.len() {
            return Err(EvaluationError::Unknown);
        }
        for (index, (argument, parameter)) in arguments.iter().zip(&function.parameters).enumerate() {
            let Role::Number { scalar, .. } = &parameter.role else { return Err(EvaluationError::Unknown) };
            frame.set(index, bits_of_value(*argument, *scalar).ok_or(EvaluationError::OutOfRange)?);
        }
        value_of_bits(entry.call(frame).value, result).ok_or(EvaluationError::Unknown)
    }

    /// What a `message` function says about a code, if it can be asked and its answer ends.
    pub fn message(&self, frame: &mut Frame, id: FunctionId, code: i128) -> Option<String> {
        let (entry, function) = self.get(id).zip(self.declaration(id))?;
        let [parameter] = function.parameters.as_slice() else { return None };
        let Role::Number { scalar, .. } = &parameter.role else { return None };
        if !entry.plan.returns_pointer {
            return None;
        }
        frame.set(0, bits_of_value(code, *scalar)?);
        let address = entry.call(frame).value;
        // SAFETY: the manifest says that the function returns a string or NULL, and C runs no further before the copy
        // has been made.
        let text = unsafe { c_string(address, MESSAGE_BYTES) }?;
        Some(String::from_utf8_lossy(text).into_owned())
    }

    /// Calls a `free` function.
    pub fn free(&self, frame: &mut Frame, id: FunctionId, address: u64) {
        if let Some(entry) = self.get(id) {
            frame.set(0, address);
            entry.call(frame);
        }
    }
}

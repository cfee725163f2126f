//! One call on its way: what is known so far, and what expressions may ask about it.

use crate::marshal::Origin;
use crate::marshal::functions::{Entry, Functions};
use crate::marshal::incoming::Incoming;
use crate::marshal::number::value_of_bits;
use crate::marshal::outgoing::{Outgoing, too_large};
use crate::marshal::plan::CallPlan;
use crate::marshal::refusal::Refusal;
use crate::marshal::workspace::CallState;
use crate::native::ffi::Frame;
use crate::native::ffi::Outcome;
use crate::native::scratch::{Piece, ScratchPart};
use crate::objects::handles::ZoneHandles;
use cloison_contract::FunctionId;
use cloison_contract::call::Status;
use cloison_contract::expression::{BytesTest, Environment, EvaluationError, Real};
use cloison_contract::interface::Function;
use cloison_contract::types::{NumberPlace, Scalar};
use cloison_transport::Arena;
use std::fmt::Display;

/// A step's result.
pub(crate) type Step<T = ()> = Result<T, Box<Refusal>>;

/// Where a parameter's bytes are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Held {
    Arena {
        offset: u64,
        bytes: u64,
    },
    /// In memory that the library keeps.
    Kept {
        address: u64,
        bytes: u64,
    },
    Null,
    Scratch(Piece),
}

impl Held {
    pub(crate) fn bytes(self) -> u64 {
        match self {
            Self::Arena { bytes, .. } | Self::Kept { bytes, .. } => bytes,
            Self::Null => 0,
            Self::Scratch(piece) => piece.bytes() as u64,
        }
    }

    /// Where it is in the scratch region, if it is there.
    pub(crate) fn piece(self) -> Option<Piece> {
        match self {
            Self::Scratch(piece) => Some(piece),
            Self::Arena { .. } | Self::Kept { .. } | Self::Null => None,
        }
    }
}

/// One call on its way.
pub(crate) struct Call<'a, 'b> {
    pub(crate) functions: &'a Functions,
    pub(crate) handles: &'a ZoneHandles,
    pub(crate) id: FunctionId,
    pub(crate) entry: &'a Entry,
    pub(crate) function: &'a Function,
    pub(crate) state: &'a mut CallState,
    pub(crate) scratch: &'a mut ScratchPart<'b>,
    pub(crate) origin: &'a Origin<'a>,
    pub(crate) arena: &'a Arena,
    pub(crate) direct: bool,
    /// How much of the arena is the client's.
    pub(crate) used: u64,
    /// How much of it is spoken for.
    pub(crate) cursor: u64,
    /// Bit by bit, the parameters whose number is known.
    pub(crate) numbers: u64,
    /// Bit by bit, the parameters that have been set to the address of a number of the frame's.
    pub(crate) pointed: u64,
    pub(crate) outcome: Option<Outcome>,
    /// Where the value is, if it is larger than a word.
    pub(crate) result: Option<Piece>,
    /// The handle that the value has become.
    pub(crate) value_word: u64,
    /// The function has not said that it failed.
    pub(crate) succeeded: bool,
}

impl<'a, 'b> Call<'a, 'b> {
    pub(crate) fn plan(&self) -> &'a CallPlan {
        &self.entry.plan
    }

    /// Sets an argument that expressions may name.
    #[inline]
    pub(crate) fn set_number(&mut self, index: usize, bits: u64) {
        self.state.frame.set(index, bits);
        self.numbers |= 1 << index;
    }

    /// The type of the number at that position, if it is one and has been set.
    #[inline]
    pub(crate) fn known_scalar(&self, index: usize) -> Option<Scalar> {
        self.plan().scalars.get(index).copied().flatten().filter(|_| self.numbers >> index & 1 == 1)
    }

    pub(crate) fn set_pointed(&mut self, index: usize, bits: u64) {
        self.state.frame.set_pointed(index, bits);
        self.pointed |= 1 << index;
    }

    /// Whether the parameter has been set to the address of a number of the frame's: a scalar pointer that is not NULL, for one.
    pub(crate) fn has_pointed(&self, index: usize) -> bool {
        self.pointed >> index & 1 == 1
    }

    #[inline]
    pub(crate) fn hold_at(&mut self, index: usize, held: Held) -> Step {
        let pointer = match held {
            Held::Null => std::ptr::null_mut(),
            Held::Scratch(piece) => self.scratch.pointer(piece),
            Held::Kept { address, .. } => std::ptr::with_exposed_provenance_mut(address as usize),
            Held::Arena { offset, bytes } => self.pointer(offset, bytes)?,
        };
        self.state.held[index] = held;
        self.state.frame.set_pointer(index, pointer);
        Ok(())
    }

    pub(crate) fn pointer(&self, offset: u64, bytes: u64) -> Step<*mut u8> {
        self.arena.pointer(offset, bytes).ok_or_else(|| self.malformed())
    }

    pub(crate) fn name(&self, index: usize) -> &'a str {
        self.function.parameters.get(index).map_or("?", |parameter| &parameter.name)
    }

    #[cold]
    pub(crate) fn argument(&self, index: usize, text: impl Display) -> Box<Refusal> {
        Refusal::argument(index, text) // whose parameter it is, the client knows
    }

    #[cold]
    pub(crate) fn too_large(&self, bytes: u64) -> Box<Refusal> {
        too_large(bytes, self.arena)
    }

    #[cold]
    pub(crate) fn malformed(&self) -> Box<Refusal> {
        Refusal::new(Status::Malformed, "the request makes no sense")
    }

    /// For what the client sends about that parameter.
    #[inline]
    pub(crate) fn incoming(&mut self, parameter: usize) -> Incoming<'_, 'b> {
        Incoming {
            translations: &self.functions.translations,
            handles: self.handles,
            client: self.origin.client,
            arena: self.arena,
            used: self.used,
            scratch: self.scratch,
            pinned: &mut self.state.pinned,
            parameter,
            written: false,
        }
    }

    /// For what the library gives.
    #[inline]
    pub(crate) fn outgoing(&mut self) -> Outgoing<'_, 'b> {
        Outgoing {
            translations: &self.functions.translations,
            handles: self.handles,
            client: self.origin.client,
            arena: self.arena,
            cursor: &mut self.cursor,
            scratch: self.scratch,
            fresh: &mut self.state.fresh,
        }
    }

    /// For a function that is asked about this call. It finds `errno` as the call left it.
    pub(crate) fn nested(&mut self) -> &mut Frame {
        self.lend_arena();
        let errno = self.outcome.map_or(0, |outcome| outcome.errno);
        self.state.nested.set_errno(errno);
        &mut self.state.nested
    }

    /// Just before C runs: from now on a callback may want the arena.
    #[inline]
    pub(crate) fn lend_arena(&self) {
        self.origin.callables.starts(self.id.0, self.cursor);
    }
}

impl Environment for Call<'_, '_> {
    fn parameter(&mut self, index: usize) -> Result<i128, EvaluationError> {
        let scalar = self.known_scalar(index);
        scalar.and_then(|scalar| value_of_bits(self.state.frame.value(index), scalar)).ok_or(EvaluationError::Unknown)
    }

    fn pointed(&mut self, index: usize) -> Result<i128, EvaluationError> {
        let scalar = self.plan().scalars.get(index).copied().flatten().filter(|_| self.has_pointed(index));
        scalar.and_then(|scalar| value_of_bits(self.state.frame.pointed(index), scalar)).ok_or(EvaluationError::Unknown)
    }

    fn errno(&mut self) -> Result<i128, EvaluationError> {
        self.outcome.map(|outcome| i128::from(outcome.errno)).ok_or(EvaluationError::Unknown)
    }

    fn value(&mut self) -> Result<i128, EvaluationError> {
        let outcome = self.outcome.ok_or(EvaluationError::Unknown)?;
        match self.plan().value {
            Some(scalar) => value_of_bits(outcome.value, scalar).ok_or(EvaluationError::Unknown),
            // To be compared with NULL: see `plan::expression_fits`.
            None if self.plan().returns_pointer => Ok(i128::from(outcome.value)),
            None => Err(EvaluationError::Unknown),
        }
    }

    fn call(&mut self, function: FunctionId, arguments: &[i128]) -> Result<i128, EvaluationError> {
        self.ask(function, arguments)
    }

    fn holds(&mut self, index: usize, test: &BytesTest) -> Result<bool, EvaluationError> {
        self.bytes_hold(index, test)
    }

    fn length(&mut self, index: usize) -> Result<i128, EvaluationError> {
        self.argument_length(index)
    }

    fn member(&mut self, index: usize, place: NumberPlace) -> Result<i128, EvaluationError> {
        self.member_integer(index, place)
    }

    fn real(&mut self, real: Real) -> Result<f64, EvaluationError> {
        self.real_number(real)
    }
}

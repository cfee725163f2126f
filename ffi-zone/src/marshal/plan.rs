//! What has to be done for one function, worked out once.
//!
//! What crosses the wall is said by the [`Slots`] of request and reply: each is decoded and encoded by its shape
//! (`crate::marshal::shape`). A plan has these, and what is on no wire, in the order of a call:
//!
//! ```text
//!   request     the words, in C order: numbers, inputs, handles, callables
//!   lengths     parameters filled in from the inputs' lengths, and inputs that must have a certain length
//!   outputs     where the library writes, and how much; then parameters filled in from that
//!   (call)
//!   failure     does the value say that it failed?
//!   reply       the value and the outputs, as words
//!   releases    what the library has given and we have copied
//! ```
//!
//! This is pure: no pointer, no library. [`crate::marshal`] carries the steps out.

#![deny(clippy::wildcard_enum_match_arm)]

mod build;
mod references;

pub use references::{any, expression_fits};

use crate::native::ffi::MAX_PARAMETERS;
use cloison_contract::FunctionId;
use cloison_contract::call::MAX_WORDS;
use cloison_contract::expression::Expression;
use cloison_contract::interface::Message;
use cloison_contract::shape::{Lifetime, Literal, Position, Slots};
use cloison_contract::types::{Scalar, TypeId};
use std::ffi::CString;

/// An interface that cannot be served. The manifest's parser should have refused it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// A `message` or `free` function with the wrong parameters.
    #[error("`{function}` cannot be used as `{used_as}`: it must take one {takes} and return {returns}")]
    Auxiliary {
        /// Which.
        function: String,
        /// `message` or `free`.
        used_as: &'static str,
        /// What it should take.
        takes: &'static str,
        /// What it should return.
        returns: &'static str,
    },
    /// A position or number that points nowhere, or at something of the wrong kind.
    #[error("parameter `{parameter}` refers to something that does not fit")]
    Reference {
        /// Which.
        parameter: String,
    },
    /// A record whose members do not fit into it, or a selector that is none.
    #[error("a record makes no sense")]
    Record,
    /// More than [`MAX_PARAMETERS`].
    #[error("more than {MAX_PARAMETERS} parameters")]
    TooManyParameters,
    /// A request or a reply with more than [`MAX_WORDS`].
    #[error("more than {MAX_WORDS} words of arguments or results")]
    TooManyWords,
}

/// The smallest and largest value of a number, in terms that can be compared at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// Whatever the type holds.
    Any,
    /// For `float` and `double`.
    Float(f64, f64),
    /// For the integer types.
    Integer(i128, i128),
}

impl Range {
    fn new(range: Option<(Literal, Literal)>, scalar: Scalar) -> Self {
        let float = |number| match number {
            Literal::Float(value) => value,
            Literal::Integer(value) => value as f64,
        };
        match range {
            None => Self::Any,
            Some((low, high)) if scalar.is_float() => Self::Float(float(low), float(high)),
            Some((Literal::Integer(low), Literal::Integer(high))) => Self::Integer(low, high),
            // Only an integer can be between two numbers with fractions.
            Some((low, high)) => Self::Integer(float(low).ceil() as i128, float(high).floor() as i128),
        }
    }
}

/// What decoding a parameter, or encoding it, needs beside its shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PreparedParameter {
    /// Of a number: what it may be.
    pub range: Range,
    /// Of a buffer: its elements have the same bytes in C and on the wire, whatever they are.
    pub plain: bool,
    /// A `float` behind `...`, where C has a `double`.
    pub promoted: bool,
}

/// Fills in a parameter from a buffer's length, or from its room.
#[derive(Clone, Debug, PartialEq)]
pub struct Fill {
    /// Which parameter.
    pub parameter: usize,
    /// Its type.
    pub scalar: Scalar,
    /// The library gets a pointer to it.
    pub pointer: bool,
    /// The buffers, at least one.
    pub of: Vec<usize>,
}

/// Memory for what the library writes to a parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputBuffer {
    /// Which parameter.
    pub parameter: usize,
    /// One element's size.
    pub element: usize,
    /// How many elements; `None` is as many as `max_bytes` and the channel allow.
    pub capacity: Option<Expression>,
    /// The most bytes.
    pub max_bytes: u64,
    /// Where it is.
    pub site: Site,
}

/// Where the library writes an output.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Site {
    /// In the arena, if nobody else is served; else in the scratch region.
    Arena,
    /// In memory that stays.
    Kept,
    /// In the scratch region.
    Scratch,
}

/// Something that the library has given and that is ours to free.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Release {
    /// Where its address is.
    pub position: Position,
    /// What frees it.
    pub free: FunctionId,
    /// Its type, if it is an object: then it is freed only if no handle has come of it.
    pub object: Option<TypeId>,
    /// Also when the call has failed.
    pub on_error: bool,
}

/// When the function's value means failure, and what the failure says.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorConvention {
    /// It failed unless this holds.
    pub unless: Option<Expression>,
    /// It failed if this holds.
    pub when: Option<Expression>,
    /// The failure carries `errno`.
    pub errno: bool,
    /// The function that turns the value (or, with `errno`, that; or a handle) into text.
    pub message: Option<Message>,
}

/// What a call of one function carries, and what has to be done beside that.
#[derive(Clone, Debug, PartialEq)]
pub struct CallPlan {
    /// What a request carries.
    pub request: Slots,
    /// What a reply carries.
    pub reply: Slots,
    /// By parameter.
    pub prepared: Box<[PreparedParameter]>,
    /// Parameters that are filled in from the inputs' lengths.
    pub lengths: Vec<Fill>,
    /// Inputs that must have so many elements.
    pub exact: Vec<(usize, usize, Expression)>,
    /// Where the library writes: those with a capacity of their own first.
    pub outputs: Vec<OutputBuffer>,
    /// Parameters whose bytes the library writes, and for which something stands behind them that it must not write.
    pub fenced: Vec<usize>,
    /// Parameters that are filled in from the capacities of `outputs`.
    pub capacities: Vec<Fill>,
    /// Parameters that point to a zero before the call.
    pub blank: Vec<usize>,
    /// The type of each parameter that expressions may name.
    pub scalars: Vec<Option<Scalar>>,
    /// The value's type; `None` for `void` and pointers.
    pub value: Option<Scalar>,
    /// Whether the value is a pointer.
    pub returns_pointer: bool,
    /// How failures look.
    pub failure: ErrorConvention,
    /// What is to be freed when results have been copied.
    pub releases: Vec<Release>,
    /// Parameters that are always the same.
    pub constants: Vec<(usize, u64)>,
    /// Those that are strings.
    pub texts: Vec<(usize, CString)>,
    /// Parameters that are passed by value and larger than a word.
    pub indirect: Vec<usize>,
    /// The value is larger than a word, or a parameter is.
    pub large: bool,
    /// Parameters that the library keeps, and for how long.
    pub lifetimes: Vec<(usize, Lifetime)>,
    /// Callables of which the library keeps no more than the last one, and the handle that it keeps them for.
    pub replaces: Vec<(usize, usize)>,
}

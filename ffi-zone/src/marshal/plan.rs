//! What has to be done for one function, worked out once: the roles of an interface as steps in the order of a call.
//!
//! ```text
//!   takes    the request's words, in C order: numbers, cells, strings, input buffers
//!   lengths  parameters filled in from the inputs' lengths, and inputs that must have a certain length
//!   rooms    output buffers: how much the library may write; then parameters filled in from that
//!   (call)
//!   fails    does the value say that it failed?
//!   gives    the value and the outputs, as the reply's words
//! ```
//!
//! This is pure: no pointer, no library. [`crate::marshal`] carries the steps out.

mod build;
mod references;

pub use references::{any, expression_fits};

use crate::native::ffi::MAX_PARAMETERS;
use cloison_contract::FunctionId;
use cloison_contract::call::MAX_WORDS;
use cloison_contract::expression::Expression;
use cloison_contract::interface::Message;
use cloison_contract::shape::{Element, Lifetime, Literal, Pointed};
use cloison_contract::types::{Scalar, TypeId, Wide};
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
        /// Whose role.
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

/// Takes words from the request.
#[derive(Clone, Debug, PartialEq)]
pub enum Take {
    /// Offset and length of an input or in-out buffer.
    Buffer {
        /// One element's size.
        element: usize,
        /// The library writes it too.
        written: bool,
        /// The most bytes.
        max_bytes: u64,
        /// May be NULL.
        null: bool,
        /// The library keeps it.
        kept: bool,
    },
    /// The number of a callable.
    Callback {
        /// May be NULL.
        null: bool,
    },
    /// A number that the library gets a pointer to.
    Cell {
        /// Its type.
        scalar: Scalar,
        /// What it may be.
        range: Range,
        /// A word before it says whether it is there.
        null: bool,
    },
    /// Offset and length of elements that C has otherwise than they travel.
    Elements {
        /// Each.
        element: Element,
        /// The library writes them too.
        written: bool,
        /// The most bytes.
        max_bytes: u64,
        /// May be NULL.
        null: bool,
    },
    /// A handle.
    Handle {
        /// Of that type.
        id: TypeId,
        /// May be NULL.
        null: bool,
        /// The call ends it.
        consumed: bool,
    },
    /// A number.
    Number {
        /// Its type.
        scalar: Scalar,
        /// What it may be.
        range: Range,
    },
    /// A `float` behind `...`, where C has a `double`.
    Promoted {
        /// What it may be.
        range: Range,
    },
    /// Offset and length of a record, by value or behind a pointer.
    Record {
        /// Which.
        id: TypeId,
        /// The library writes it too.
        written: bool,
        /// May be NULL.
        null: bool,
    },
    /// Offset and length of a string.
    Text {
        /// The most bytes, without the NUL.
        max_bytes: u64,
        /// May be NULL.
        null: bool,
        /// The library keeps it.
        kept: bool,
    },
    /// Offset and length of a wide number.
    Wide(Wide),
}

/// Fills in a parameter from a buffer's length, or from its room.
#[derive(Clone, Debug, PartialEq)]
pub struct Fill {
    /// Which parameter.
    pub parameter: usize,
    /// Its type.
    pub scalar: Scalar,
    /// The library gets a pointer to it.
    pub cell: bool,
    /// The buffers, at least one.
    pub of: Vec<usize>,
}

/// Finds room for an output buffer.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
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

/// Puts words into the reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Give {
    /// The number of an output buffer that the library keeps.
    Block {
        /// Which parameter.
        parameter: usize,
    },
    /// An output or in-out buffer.
    Buffer {
        /// Which parameter.
        parameter: usize,
        /// One element's size.
        element: usize,
        /// How many elements the library wrote; `None` is all there was room for.
        length: Option<Expression>,
        /// Ends before the first NUL.
        string: bool,
    },
    /// A number that the library got a pointer to.
    Cell {
        /// Which parameter.
        parameter: usize,
        /// Its type.
        scalar: Scalar,
    },
    /// An output or in-out buffer of elements that C has otherwise than they travel.
    Elements {
        /// Which parameter.
        parameter: usize,
        /// Each.
        element: Element,
        /// How many the library wrote; `None` is all there was room for.
        length: Option<Expression>,
    },
    /// What the function's value, or what a [`cloison_contract::interface::Place`] holds, points to.
    Pointed {
        /// The place, if it is not the value.
        place: Option<usize>,
        /// What it points to.
        pointed: Pointed,
    },
    /// An output or in-out record.
    Record {
        /// Which parameter.
        parameter: usize,
        /// Which record.
        id: TypeId,
    },
    /// The function's value, a record.
    RecordValue(TypeId),
    /// The function's value, a number.
    Value,
    /// The function's value, a wide number.
    WideValue(Wide),
}

/// Something that the library has given and that is ours to free.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Gift {
    /// Which place holds it; `None` is the function's value.
    pub place: Option<usize>,
    /// What frees it.
    pub free: FunctionId,
    /// Its type, if it is an object: then it is freed only if no handle has come of it.
    pub object: Option<TypeId>,
    /// Also when the call has failed.
    pub on_error: bool,
}

/// When the function's value means failure, and what the failure says.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// It failed unless this holds.
    pub unless: Option<Expression>,
    /// It failed if this holds.
    pub when: Option<Expression>,
    /// The failure carries `errno`.
    pub errno: bool,
    /// The function that turns the value (or, with `errno`, that; or a handle) into text.
    pub message: Option<Message>,
}

/// One function's steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// How many words a request has.
    pub words: usize,
    /// Parameter by parameter, in C order.
    pub takes: Vec<(usize, Take)>,
    /// After `takes`.
    pub lengths: Vec<Fill>,
    /// Inputs that must have so many elements.
    pub exact: Vec<(usize, usize, Expression)>,
    /// Output buffers: those with a capacity of their own first.
    pub rooms: Vec<Room>,
    /// Parameters whose bytes the library writes, and for which something stands behind them that it must not write.
    pub fenced: Vec<usize>,
    /// After `rooms`.
    pub capacities: Vec<Fill>,
    /// Parameters whose cell starts at zero.
    pub blank_cells: Vec<usize>,
    /// The type of each parameter that expressions may name.
    pub scalars: Vec<Option<Scalar>>,
    /// The value's type; `None` for `void` and pointers.
    pub value: Option<Scalar>,
    /// Whether the value is a pointer.
    pub returns_pointer: bool,
    /// How failures look.
    pub failure: Failure,
    /// In the reply's order.
    pub gives: Vec<Give>,
    /// What is to be freed when results have been copied.
    pub gifts: Vec<Gift>,
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

//! What each parameter is for: roles, and what stands in them.

use super::{FunctionId, Number, Parameter, ReturnedString};
use crate::expression::Expression;
use crate::types::{CType, Layout, Scalar, TypeId, Wide};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a parameter is for. Indices are positions in [`Function::parameters`](super::Function::parameters).
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Role {
    /// A pointer to `length` elements.
    Buffer(Buffer),
    /// A pointer to a function: Python passes a callable.
    Callback(Callback),
    /// A number that nobody passes: the capacity, in elements, of the output buffer at `of`.
    CapacityOf {
        /// The parameter's own type.
        scalar: Scalar,
        /// The buffer.
        of: usize,
    },
    /// A pointer to one number.
    Cell(Cell),
    /// What nobody passes and is always the same.
    Constant(Fixed),
    /// A pointer to an object of the zone.
    Handle(HandleArgument),
    /// A number that nobody passes: the length, in elements, of the input buffers that name it.
    LengthOf {
        /// The parameter's own type.
        scalar: Scalar,
        /// The buffers, at least one. All of one call must be equally long.
        of: Vec<usize>,
    },
    /// A number that Python passes. (In an internal function that only frees: the pointer, which we pass.)
    Number {
        /// The parameter's type.
        scalar: Scalar,
        /// The enumeration it is of.
        enumeration: Option<TypeId>,
        /// Smallest and largest value allowed, both included.
        range: Option<(Number, Number)>,
        /// What it is when Python does not pass it.
        default: Option<Number>,
    },
    /// A pointer to a pointer that the library fills in.
    Place(Place),
    /// A struct or union, by value or behind a pointer.
    Record(RecordArgument),
    /// A NUL-terminated input string (`const char *`).
    Text(Text),
    /// `long double` or a complex number, by value.
    Wide {
        /// Which.
        wide: Wide,
        /// What it is when Python does not pass it: real and imaginary part.
        default: Option<(f64, f64)>,
    },
}

/// What is always the same.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Fixed {
    /// A number or an address such as NULL, as the bits that C sees. Of `void *` user data: NULL, since callables carry what they
    /// need themselves.
    Bits(u64),
    /// A string, such as the format that a variadic form goes with. It has no NUL in it.
    Text(String),
}

impl Role {
    /// Whether Python passes this parameter.
    pub fn is_argument(&self) -> bool {
        match self {
            Self::Buffer(buffer) => buffer.direction.is_in(),
            Self::Cell(cell) => cell.direction.is_in() && cell.fill.is_none(),
            Self::Record(record) => record.direction.is_in(),
            Self::CapacityOf { .. } | Self::Constant(_) | Self::LengthOf { .. } | Self::Place(_) => false,
            Self::Callback(_) | Self::Handle(_) | Self::Number { .. } | Self::Text(_) | Self::Wide { .. } => true,
        }
    }

    /// Whether Python may leave this argument out.
    pub fn has_default(&self) -> bool {
        match self {
            Self::Cell(cell) => cell.default.is_some(),
            Self::Number { default, .. } => default.is_some(),
            Self::Text(text) => text.default.is_some(),
            Self::Buffer(buffer) => buffer.default_none,
            Self::Callback(callback) => callback.default_none,
            Self::Handle(handle) => handle.default_none,
            Self::Record(record) => record.default_none,
            Self::Wide { default, .. } => default.is_some(),
            Self::CapacityOf { .. } | Self::Constant(_) | Self::LengthOf { .. } | Self::Place(_) => false,
        }
    }

    /// How many words it takes in a request.
    pub fn request_words(&self) -> usize {
        match self {
            _ if !self.is_argument() => 0,
            Self::Buffer(_) | Self::Record(_) | Self::Text(_) | Self::Wide { .. } => 2,
            Self::Cell(cell) if cell.null => 2,
            _ => 1,
        }
    }

    /// How many words it takes in a reply.
    pub fn reply_words(&self) -> usize {
        match self {
            _ if !self.is_result() => 0,
            Self::Buffer(buffer) if buffer.retain.is_some() => 1,
            Self::Buffer(_) | Self::Record(_) => 2,
            Self::Place(place) => place.pointed.words(),
            _ => 1,
        }
    }

    /// Whether this parameter comes back as a result.
    pub fn is_result(&self) -> bool {
        match self {
            Self::Buffer(buffer) => buffer.direction.is_out(),
            Self::Cell(cell) => cell.direction.is_out() && !cell.consumed,
            Self::Place(_) => true,
            Self::Record(record) => record.direction.is_out(),
            _ => false,
        }
    }
}

/// `in`, `out` or both.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Direction {
    /// The library reads it.
    In,
    /// The library reads and writes it.
    InOut,
    /// The library writes it.
    Out,
}

impl Direction {
    /// `In` or `InOut`.
    pub fn is_in(self) -> bool {
        matches!(self, Self::In | Self::InOut)
    }
    /// `Out` or `InOut`.
    pub fn is_out(self) -> bool {
        matches!(self, Self::Out | Self::InOut)
    }
}

/// A pointer to elements.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Buffer {
    /// Who writes it.
    pub direction: Direction,
    /// The element's type; `void` counts as bytes.
    pub element: Element,
    /// In and in-out: how many elements the argument must have, when no parameter is filled in from it
    /// (`length = "width * height"`). Out and in-out: how many elements the library wrote, evaluated after the
    /// call (`"*destLen"`, `"return"`); `None` means up to the capacity, or up to the NUL if `text` or `string`.
    pub length: Option<Expression>,
    /// Out: how many elements there is room for, evaluated before the call; never mentions a parameter that is filled in
    /// from it. In-out: `None`, the argument's own length.
    pub capacity: Option<Expression>,
    /// The most bytes that this buffer may have, either way.
    pub max_bytes: u64,
    /// An input that may be `None`, which C sees as NULL.
    pub null: bool,
    /// It is `None` when Python does not pass it.
    pub default_none: bool,
    /// The result is `str` (UTF-8) instead of `bytes` (for elements of one byte).
    pub text: bool,
    /// The result ends before the first NUL. Of pointers (`char **`) that are `in`: NULL follows the last one, and what a
    /// callback is given ends there.
    pub string: bool,
    /// The library goes on using it after the call, for as long as that handle lives. An input is then copied to memory
    /// of the zone; an output (never `in`) is one word in the reply, the number of a block that [`crate::call::SYNC`] reads.
    pub retain: Option<Lifetime>,
    /// The result is a read-only view of the channel, valid until the next call, instead of a copy.
    pub view: bool,
}

/// What a buffer has many of.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Element {
    /// Pointers to objects of the zone, in what a callback is given only. Each is eight bytes on the wire: a handle's word.
    Handle {
        /// Their type.
        id: TypeId,
    },
    /// Structs.
    Record {
        /// Which.
        id: TypeId,
        /// How large and how aligned.
        layout: Layout,
    },
    /// Numbers.
    Scalar(Scalar),
    /// Pointers to strings (`char **`). Each is eight bytes on the wire: a text member of a record, see [`crate::call`].
    Text {
        /// `bytes` instead of `str`.
        bytes: bool,
    },
}

impl Element {
    /// In bytes.
    pub fn size(self) -> usize {
        match self {
            Self::Record { layout, .. } => layout.size as usize,
            Self::Scalar(scalar) => scalar.size(),
            Self::Handle { .. } | Self::Text { .. } => 8,
        }
    }

    /// The number, if it is one.
    pub fn scalar(self) -> Option<Scalar> {
        match self {
            Self::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }
}

/// How long the library keeps what it was given.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Lifetime {
    /// As long as the handle passed at that position, or made by the [`Place`] there.
    Parameter(usize),
    /// As long as the handle that the function returns.
    Return,
}

/// An object of the zone, passed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct HandleArgument {
    /// Its type.
    pub id: TypeId,
    /// Python may pass `None`, which C sees as NULL.
    pub null: bool,
    /// It is `None` when Python does not pass it.
    pub default_none: bool,
    /// The call ends it, unless it fails: the handle is stale afterwards, and nothing else frees it.
    pub consumed: bool,
}

/// A record, passed or given back.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RecordArgument {
    /// Its type.
    pub id: TypeId,
    /// How large and how aligned.
    pub layout: Layout,
    /// Who writes it.
    pub direction: Direction,
    /// By value (and `In`), not behind a pointer.
    pub by_value: bool,
    /// Python may pass `None` (for `in`), which C sees as NULL.
    pub null: bool,
    /// It is `None` when Python does not pass it.
    pub default_none: bool,
}

/// A pointer to a pointer that the library fills in. It points to NULL before the call.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Place {
    /// What it then points to.
    pub pointed: Pointed,
    /// Also when the call fails, what was filled in is ours to free.
    pub free_on_error: bool,
}

/// What a pointer leads to that the library gives: as the function's value or in a [`Place`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Pointed {
    /// Elements.
    Buffer {
        /// The element's type.
        element: Element,
        /// How many, evaluated after the call.
        length: Expression,
        /// `str` (UTF-8) instead of `bytes`, for elements of one byte.
        text: bool,
        /// NULL becomes `None`; otherwise NULL is an error.
        null: bool,
        /// The function (of this interface) that frees it after it was copied.
        free: Option<FunctionId>,
    },
    /// An object of the zone. One word.
    Handle {
        /// Its type.
        id: TypeId,
        /// NULL becomes `None`; otherwise NULL is an error.
        null: bool,
        /// The handle that owns it is the one passed at that position.
        owner: Option<usize>,
        /// It is not ours to free: it is valid while `owner` lives (without an owner: as long as the zone). An object that
        /// the client holds already keeps its handle.
        borrowed: bool,
    },
    /// One record.
    Record {
        /// Which.
        id: TypeId,
        /// How large and how aligned.
        layout: Layout,
        /// NULL becomes `None`; otherwise NULL is an error.
        null: bool,
        /// The function (of this interface) that frees it after it was copied.
        free: Option<FunctionId>,
    },
    /// A NUL-terminated string.
    String(ReturnedString),
}

impl Pointed {
    /// Whether NULL becomes `None`; otherwise NULL is an error.
    pub fn may_be_null(&self) -> bool {
        match self {
            Self::Buffer { null, .. } | Self::Handle { null, .. } | Self::Record { null, .. } => *null,
            Self::String(string) => string.null,
        }
    }

    /// How many words it takes in a reply.
    pub fn words(&self) -> usize {
        match self {
            Self::Handle { .. } => 1,
            Self::Buffer { .. } | Self::Record { .. } | Self::String(_) => 2,
        }
    }
}

/// A Python callable that C calls.
///
/// Its parameters have roles as a function's have, seen from the callee: what is `in` is read by Python and is an
/// argument of the callable, what is `out` is written by it and is its result (with the value, if that is kept, first).
/// Expressions name the callback's own parameters. A parameter without a name is called `arg1`, `arg2`, … by its position.
///
/// An input buffer always has a `length` (beside a [`Role::LengthOf`], if the length is just a parameter's name, which Python
/// then does not see). An output buffer has a `capacity` that C knows before the call, and no [`Role::CapacityOf`]: the
/// callable is told how much room there is. With `length = "return"` or `"*n"` the zone says there how many elements the
/// callable has given; without `length` nobody is told, and what is not given stays as it was.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Callback {
    /// In C order. [`Role::Constant`] is what Python does not see, such as `void *` user data.
    pub parameters: Vec<Parameter>,
    /// The C type of the callable's value.
    pub result: CType,
    /// Python's value is the C value. `false` for `void`, and where the value is the length of an output (`length =
    /// "return"`).
    pub kept: bool,
    /// What C gets when the callable raises or takes too long; 0 unless said. Of results that are no plain numbers: always
    /// zero bytes.
    pub error: Option<Number>,
    /// How long one run of the callable may take; else the function's own deadline.
    pub deadline: Option<Duration>,
    /// Python may pass `None`, which C sees as NULL.
    pub null: bool,
    /// It is `None` when Python does not pass it.
    pub default_none: bool,
    /// The library keeps it, for as long as that handle lives. Otherwise it is valid during the call.
    pub retain: Option<Lifetime>,
    /// What this parameter had the library keep for that handle before, it keeps no longer when the call has succeeded.
    pub replaces: bool,
}

impl Callback {
    /// How many words its arguments have in [`crate::call::Status::Callback`].
    pub fn argument_words(&self) -> usize {
        self.parameters.iter().map(|parameter| parameter.role.request_words()).sum()
    }

    /// How many words its results have in [`crate::call::ANSWER`].
    pub fn result_words(&self) -> usize {
        let value = match (self.kept, &self.result) {
            (false, _) => 0,
            (true, CType::Record { .. } | CType::Wide(_)) => 2,
            (true, _) => 1,
        };
        value + self.parameters.iter().map(|parameter| parameter.role.reply_words()).sum::<usize>()
    }
}

/// A pointer to one number.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Cell {
    /// Who writes it.
    pub direction: Direction,
    /// The number's type.
    pub scalar: Scalar,
    /// The enumeration it is of.
    pub enumeration: Option<TypeId>,
    /// Python may pass `None` (for `in`), which C sees as NULL.
    pub null: bool,
    /// Smallest and largest value allowed, both included.
    pub range: Option<(Number, Number)>,
    /// What it is when Python does not pass it.
    pub default: Option<Number>,
    /// Filled in by us before the call instead of being an argument.
    pub fill: Option<CellFill>,
    /// Its value after the call is just a buffer's length and no result of its own.
    pub consumed: bool,
}

/// What a cell holds before the call when Python does not say.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum CellFill {
    /// The capacity in elements of the output buffer at that position.
    CapacityOf(usize),
    /// The length in elements of the input buffer at that position.
    LengthOf(usize),
}

/// A NUL-terminated input string.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Text {
    /// Only `bytes` are taken; else `str` (as UTF-8) and `bytes` are.
    pub bytes: bool,
    /// `None` is NULL.
    pub null: bool,
    /// What it is when Python does not pass it; the inner `None` is NULL.
    pub default: Option<Option<String>>,
    /// The most bytes, without the NUL.
    pub max_bytes: u64,
    /// The library goes on reading it after the call, for as long as that handle lives.
    pub retain: Option<Lifetime>,
}

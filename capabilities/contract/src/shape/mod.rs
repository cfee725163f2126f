//! What a parameter or a value is on its way through the wall.
//!
//! A [`Shape`] says everything about one parameter (or a function's value): which way it goes, how Python sees it, what C
//! sees, what its limits are. All who carry it read the same shape:
//!
//! | who | what for |
//! |---|---|
//! | manifest reader | makes it from C text and TOML |
//! | client | encodes arguments and decodes results |
//! | zone | decodes arguments for C and encodes what C has left |
//! | a callback, on both sides | the same, the other way round |
//!
//! What of it crosses the wall in which word is a [`Slot`]; [`slot`] works out all slots of a call, once.
//!
//! # To add a shape
//!
//! Write a file here with a type that implements [`Travel`], and give it a variant in [`Shape`] and a line in `each_shape!`. The
//! compiler then names each place that has to know: one file in the client's `marshal/` and one in its codec, one in the zone's `marshal/shape/`, one in the manifest reader's `shapes/`,
//! and how it is written in stubs and documentation. No match on a shape has a `_` arm, so that a shape that carries
//! objects, say, is asked about them.

#![deny(clippy::wildcard_enum_match_arm)]

mod buffer;
mod callback;
mod filled;
mod handle;
mod number;
mod out_pointer;
mod record;
mod scalar_pointer;
pub mod slot;
mod text;
mod visit;
mod wide;

pub use buffer::{Buffer, Element};
pub use callback::Callback;
pub use filled::{CapacityOf, Fixed, LengthOf};
pub use handle::HandleArgument;
pub use number::{Literal, NumberArgument};
pub use out_pointer::{OutPointer, Pointed, ReturnedString};
pub use record::RecordArgument;
pub use scalar_pointer::{PointerFill, ScalarPointer};
pub use slot::{Position, Slot, Slots};
pub use text::Text;
pub use visit::{MAX_NESTING, Reached};
pub use wide::WideArgument;

use crate::types::{CType, Definition, Scalar, TypeId};
use serde::{Deserialize, Serialize};

/// What a parameter or a value is. Indices are positions in
/// [`Function::parameters`](crate::interface::Function::parameters), or of the callback's own.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Shape {
    /// A pointer to `length` elements.
    Buffer(Buffer),
    /// A pointer to a function: Python passes a callable.
    Callback(Callback),
    /// A number that nobody passes: the capacity, in elements, of an output buffer.
    CapacityOf(CapacityOf),
    /// What nobody passes and is always the same.
    Constant(Fixed),
    /// A pointer to an object of the zone.
    Handle(HandleArgument),
    /// A number that nobody passes: the length, in elements, of the input buffers that name it.
    LengthOf(LengthOf),
    /// A number. (In an internal function that only frees: the pointer, which we pass.)
    Number(NumberArgument),
    /// A pointer to a pointer that the library fills in; or the pointer that a function returns.
    OutPointer(OutPointer),
    /// A struct or union, by value or behind a pointer.
    Record(RecordArgument),
    /// A pointer to one number.
    ScalarPointer(ScalarPointer),
    /// A NUL-terminated input string (`const char *`).
    Text(Text),
    /// `long double` or a complex number, by value.
    Wide(WideArgument),
}

/// Does something with the value of whichever variant it is. All shapes are listed in [`Shape`] and here, and nowhere else.
#[macro_export]
macro_rules! each_shape {
    ($shape:expr, $one:ident => $does:expr) => {
        match $shape {
            $crate::shape::Shape::Buffer($one) => $does,
            $crate::shape::Shape::Callback($one) => $does,
            $crate::shape::Shape::CapacityOf($one) => $does,
            $crate::shape::Shape::Constant($one) => $does,
            $crate::shape::Shape::Handle($one) => $does,
            $crate::shape::Shape::LengthOf($one) => $does,
            $crate::shape::Shape::Number($one) => $does,
            $crate::shape::Shape::OutPointer($one) => $does,
            $crate::shape::Shape::Record($one) => $does,
            $crate::shape::Shape::ScalarPointer($one) => $does,
            $crate::shape::Shape::Text($one) => $does,
            $crate::shape::Shape::Wide($one) => $does,
        }
    };
}

/// What every shape has to say about itself, in its own file.
pub trait Travel {
    /// Whether Python passes it.
    fn is_argument(&self) -> bool;
    /// Whether Python may leave this argument out.
    fn has_default(&self) -> bool;
    /// Whether this parameter comes back as a result.
    fn is_result(&self) -> bool;
    /// How many words it takes in a request, if it is an argument.
    fn request_words(&self) -> usize;
    /// How many words it takes in a reply, if it is a result.
    fn reply_words(&self) -> usize;
    /// Calls `visit` with every type that it leads to: objects, strings, records and what these lead to.
    fn reach(&self, types: &[Definition], visit: &mut dyn FnMut(Reached<'_>));
    /// The number that an expression means by this parameter, or by `*parameter` of a [`ScalarPointer`]; `None` if it can mean
    /// none.
    fn scalar(&self) -> Option<Scalar>;
    /// The type of the object that is passed or given here, if it is one.
    fn object(&self) -> Option<TypeId>;
    /// The number that it is or leads to, if Python passes it or gets it, and the enumeration that it is of.
    fn number(&self) -> Option<(Scalar, Option<TypeId>)>;
    /// What a bound may ask about the memory that Python passes here. Nothing, unless the shape says more.
    fn inspectable(&self) -> Inspectable {
        Inspectable::Nothing
    }
    /// The most bytes that the manifest allows, where it says so.
    fn max_bytes(&self) -> Option<u64>;
    /// Whether it is the number of elements of the input buffer at that position. Only what is filled in is.
    fn is_length_of(&self, _buffer: usize) -> bool {
        false
    }
    /// Whether it says how many elements the output buffer at that position has room for. Only what is filled in does.
    fn is_capacity_of(&self, _buffer: usize) -> bool {
        false
    }
}

impl Shape {
    pub(self) fn travel(&self) -> &dyn Travel {
        each_shape!(self, shape => shape)
    }

    /// The shape of a function's value that follows from its C type; `None` if the C type does not say enough, or is `void`.
    pub fn of_value(c_type: &CType) -> Option<Self> {
        Some(match c_type {
            CType::Enum { scalar, id } => Self::Number(NumberArgument::of(*scalar, Some(*id))),
            CType::Scalar { scalar, .. } => Self::Number(NumberArgument::of(*scalar, None)),
            CType::Record { id, layout } => Self::Record(RecordArgument::value(*id, *layout)),
            CType::Wide(wide) => Self::Wide(WideArgument { wide: *wide, default: None }),
            CType::Pointer { to, .. } => match **to {
                CType::Opaque(id) => Self::Handle(HandleArgument {
                    id,
                    null: true,
                    default_none: false,
                    consumed: false,
                    by_address: false,
                }),
                CType::Array { .. }
                | CType::Enum { .. }
                | CType::Function(_)
                | CType::Pointer { .. }
                | CType::Record { .. }
                | CType::Scalar { .. }
                | CType::Void
                | CType::Wide(_) => return None,
            },
            CType::Array { .. } | CType::Function(_) | CType::Opaque(_) | CType::Void => return None,
        })
    }

    /// Whether Python passes this parameter.
    pub fn is_argument(&self) -> bool {
        self.travel().is_argument()
    }

    /// Whether Python may leave this argument out.
    pub fn has_default(&self) -> bool {
        self.travel().has_default()
    }

    /// Whether this parameter comes back as a result.
    pub fn is_result(&self) -> bool {
        self.travel().is_result()
    }

    /// How many words it takes in a request.
    pub fn request_words(&self) -> usize {
        if self.is_argument() { self.travel().request_words() } else { 0 }
    }

    /// How many words it takes in a reply.
    pub fn reply_words(&self) -> usize {
        if self.is_result() { self.travel().reply_words() } else { 0 }
    }

    /// [`Travel::scalar`]
    pub fn scalar(&self) -> Option<Scalar> {
        self.travel().scalar()
    }

    /// [`Travel::object`]
    pub fn object(&self) -> Option<TypeId> {
        self.travel().object()
    }

    /// [`Travel::number`]
    pub fn number(&self) -> Option<(Scalar, Option<TypeId>)> {
        self.travel().number()
    }

    /// The number that it points to, if it is a pointer to one.
    pub fn pointed_scalar(&self) -> Option<Scalar> {
        match self {
            Self::ScalarPointer(one) => Some(one.scalar),
            Self::Buffer(_)
            | Self::Callback(_)
            | Self::CapacityOf(_)
            | Self::Constant(_)
            | Self::Handle(_)
            | Self::LengthOf(_)
            | Self::Number(_)
            | Self::OutPointer(_)
            | Self::Record(_)
            | Self::Text(_)
            | Self::Wide(_) => None,
        }
    }

    /// Whether a bound may compare its bytes.
    pub fn has_bytes(&self) -> bool {
        self.travel().inspectable() == Inspectable::Bytes
    }

    /// Whether a bound may ask how long it is.
    pub fn has_length(&self) -> bool {
        self.travel().inspectable() != Inspectable::Nothing
    }

    /// The struct or union, if Python passes one.
    pub fn passed_record(&self) -> Option<&RecordArgument> {
        match self {
            Self::Record(record) if record.direction.is_in() => Some(record),
            Self::Buffer(_)
            | Self::Callback(_)
            | Self::CapacityOf(_)
            | Self::Constant(_)
            | Self::Handle(_)
            | Self::LengthOf(_)
            | Self::Number(_)
            | Self::OutPointer(_)
            | Self::Record(_)
            | Self::ScalarPointer(_)
            | Self::Text(_)
            | Self::Wide(_) => None,
        }
    }

    /// The object that is passed, and how. Whether it is one at all, [`Shape::passed_object`] says.
    pub fn handle(&self) -> Option<&HandleArgument> {
        match self {
            Self::Handle(one) => Some(one),
            Self::Buffer(_)
            | Self::Callback(_)
            | Self::CapacityOf(_)
            | Self::Constant(_)
            | Self::LengthOf(_)
            | Self::Number(_)
            | Self::OutPointer(_)
            | Self::Record(_)
            | Self::ScalarPointer(_)
            | Self::Text(_)
            | Self::Wide(_) => None,
        }
    }

    /// The callable, if it is one.
    pub fn callback(&self) -> Option<&Callback> {
        match self {
            Self::Callback(one) => Some(one),
            Self::Buffer(_)
            | Self::CapacityOf(_)
            | Self::Constant(_)
            | Self::Handle(_)
            | Self::LengthOf(_)
            | Self::Number(_)
            | Self::OutPointer(_)
            | Self::Record(_)
            | Self::ScalarPointer(_)
            | Self::Text(_)
            | Self::Wide(_) => None,
        }
    }

    /// The elements, if it is a pointer to several.
    pub fn buffer(&self) -> Option<&Buffer> {
        match self {
            Self::Buffer(one) => Some(one),
            Self::Callback(_)
            | Self::CapacityOf(_)
            | Self::Constant(_)
            | Self::Handle(_)
            | Self::LengthOf(_)
            | Self::Number(_)
            | Self::OutPointer(_)
            | Self::Record(_)
            | Self::ScalarPointer(_)
            | Self::Text(_)
            | Self::Wide(_) => None,
        }
    }

    /// What the library gives through a pointer that it fills in, if it is that.
    pub fn out_pointer(&self) -> Option<&OutPointer> {
        match self {
            Self::OutPointer(one) => Some(one),
            Self::Buffer(_)
            | Self::Callback(_)
            | Self::CapacityOf(_)
            | Self::Constant(_)
            | Self::Handle(_)
            | Self::LengthOf(_)
            | Self::Number(_)
            | Self::Record(_)
            | Self::ScalarPointer(_)
            | Self::Text(_)
            | Self::Wide(_) => None,
        }
    }

    /// The same, to be changed.
    pub fn out_pointer_mut(&mut self) -> Option<&mut OutPointer> {
        match self {
            Self::OutPointer(one) => Some(one),
            Self::Buffer(_)
            | Self::Callback(_)
            | Self::CapacityOf(_)
            | Self::Constant(_)
            | Self::Handle(_)
            | Self::LengthOf(_)
            | Self::Number(_)
            | Self::Record(_)
            | Self::ScalarPointer(_)
            | Self::Text(_)
            | Self::Wide(_) => None,
        }
    }

    /// Whether it is a floating-point number, passed by value.
    pub fn is_real(&self) -> bool {
        match self {
            Self::Number(number) => number.scalar.is_float(),
            Self::Buffer(_)
            | Self::Callback(_)
            | Self::CapacityOf(_)
            | Self::Constant(_)
            | Self::Handle(_)
            | Self::LengthOf(_)
            | Self::OutPointer(_)
            | Self::Record(_)
            | Self::ScalarPointer(_)
            | Self::Text(_)
            | Self::Wide(_) => false,
        }
    }

    /// The type of the object that Python passes here. (One that the library gives is an [`Shape::object`] too, and is not passed.)
    pub fn passed_object(&self) -> Option<TypeId> {
        self.object().filter(|_| self.is_argument())
    }

    /// [`Travel::max_bytes`]
    pub fn max_bytes(&self) -> Option<u64> {
        self.travel().max_bytes()
    }

    /// [`Travel::is_length_of`]
    pub fn is_length_of(&self, buffer: usize) -> bool {
        self.travel().is_length_of(buffer)
    }

    /// [`Travel::is_capacity_of`]
    pub fn is_capacity_of(&self, buffer: usize) -> bool {
        self.travel().is_capacity_of(buffer)
    }

    /// [`Travel::reach`]
    pub fn reach(&self, types: &[Definition], visit: &mut dyn FnMut(Reached<'_>)) {
        self.travel().reach(types, visit);
    }

    /// Whether `test` holds for anything that it leads to.
    pub fn reaches(&self, types: &[Definition], test: impl FnMut(Reached<'_>) -> bool) -> bool {
        visit::any(|visit| self.reach(types, visit), test)
    }
}

/// What a bound may ask about memory that Python passes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Inspectable {
    /// How long it is, and which bytes it has. What the library writes as well is not among this: it may stand where the client
    /// can write, too.
    Bytes,
    /// How long it is.
    Length,
    /// Nothing.
    Nothing,
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

/// How long the library keeps what it was given.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Lifetime {
    /// As long as the handle passed at that position, or made by the [`OutPointer`] there.
    Parameter(usize),
    /// As long as the handle that the function returns.
    Return,
}

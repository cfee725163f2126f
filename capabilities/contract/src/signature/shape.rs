//! What Python sees of each shape: one `impl` for each, reached through one match.

use super::annotation::{
    callable, given_buffer, given_number, given_pointer, name, number, optional, taken_buffer, taken_number,
    taken_record, wide_number,
};
use super::literal::{literal, numeral, quoted};
use crate::shape::{
    Buffer, Callback, CapacityOf, Fixed, HandleArgument, LengthOf, Literal, NumberArgument, OutPointer, RecordArgument,
    ScalarPointer, Shape, Text, WideArgument,
};
use crate::types::{Scalar, Wide};
use crate::{Interface, each_shape};

/// A shape as Python writes it.
pub(super) trait Python {
    /// The type of what Python passes, or of what a callable gives.
    fn taken(&self, interface: &Interface) -> String;

    /// The type of what Python gets, or of what a callable is given.
    fn given(&self, interface: &Interface) -> String;

    /// What it is when Python does not pass it: `-1`, `None`, `color.GREEN`.
    fn default(&self, interface: &Interface) -> Option<String>;

    /// What the docstring says of it, if there is something to say: `-1 to 9`.
    fn note(&self) -> Option<String> {
        None
    }
}

impl Shape {
    pub(super) fn python(&self) -> &dyn Python {
        each_shape!(self, shape => shape)
    }
}

impl Python for Buffer {
    fn taken(&self, interface: &Interface) -> String {
        optional(&taken_buffer(interface, self), self.null)
    }

    fn given(&self, interface: &Interface) -> String {
        optional(&given_buffer(interface, self), self.null)
    }

    fn default(&self, _: &Interface) -> Option<String> {
        none(self.default_none)
    }
}

impl Python for Callback {
    fn taken(&self, interface: &Interface) -> String {
        optional(&callable(interface, self), self.null)
    }

    /// Nobody is given one: a function of C, which Python cannot call.
    fn given(&self, _: &Interface) -> String {
        "int".to_owned()
    }

    fn default(&self, _: &Interface) -> Option<String> {
        none(self.default_none)
    }
}

impl Python for HandleArgument {
    fn taken(&self, interface: &Interface) -> String {
        optional(&name(interface, self.id), self.null)
    }

    fn given(&self, interface: &Interface) -> String {
        self.taken(interface)
    }

    fn default(&self, _: &Interface) -> Option<String> {
        none(self.default_none)
    }

    fn note(&self) -> Option<String> {
        self.consumed.then(|| "closed by the call".to_owned())
    }
}

impl Python for NumberArgument {
    fn taken(&self, interface: &Interface) -> String {
        taken_number(interface, self.scalar, self.enumeration)
    }

    fn given(&self, interface: &Interface) -> String {
        given_number(interface, self.scalar, self.enumeration)
    }

    fn default(&self, interface: &Interface) -> Option<String> {
        self.default.map(|value| numeral(interface, value, self.scalar, self.enumeration))
    }

    fn note(&self) -> Option<String> {
        range(self.range, self.scalar)
    }
}

impl Python for OutPointer {
    fn taken(&self, interface: &Interface) -> String {
        self.given(interface)
    }

    fn given(&self, interface: &Interface) -> String {
        given_pointer(interface, &self.pointed)
    }

    fn default(&self, _: &Interface) -> Option<String> {
        None
    }
}

impl Python for RecordArgument {
    fn taken(&self, interface: &Interface) -> String {
        optional(&taken_record(interface, self.id), self.null)
    }

    fn given(&self, interface: &Interface) -> String {
        optional(&name(interface, self.id), self.null)
    }

    fn default(&self, _: &Interface) -> Option<String> {
        none(self.default_none)
    }
}

impl Python for ScalarPointer {
    fn taken(&self, interface: &Interface) -> String {
        optional(&taken_number(interface, self.scalar, self.enumeration), self.null)
    }

    fn given(&self, interface: &Interface) -> String {
        optional(&given_number(interface, self.scalar, self.enumeration), self.null)
    }

    fn default(&self, interface: &Interface) -> Option<String> {
        self.default.map(|value| numeral(interface, value, self.scalar, self.enumeration))
    }

    fn note(&self) -> Option<String> {
        range(self.range, self.scalar)
    }
}

impl Python for Text {
    fn taken(&self, _: &Interface) -> String {
        optional(if self.bytes { "bytes" } else { "str | bytes" }, self.null)
    }

    fn given(&self, _: &Interface) -> String {
        optional(if self.bytes { "bytes" } else { "str" }, self.null)
    }

    fn default(&self, _: &Interface) -> Option<String> {
        self.default.as_ref().map(|default| match (default, self.bytes) {
            (None, _) => "None".to_owned(),
            (Some(default), true) => format!("b{}", quoted(default, true)),
            (Some(default), false) => quoted(default, false),
        })
    }
}

impl Python for WideArgument {
    fn taken(&self, _: &Interface) -> String {
        wide_number(self.wide).to_owned()
    }

    fn given(&self, interface: &Interface) -> String {
        self.taken(interface)
    }

    fn default(&self, _: &Interface) -> Option<String> {
        let (real, imaginary) = self.default?;
        Some(match self.wide {
            Wide::LongDouble => literal(Literal::Float(real), Scalar::F64),
            Wide::ComplexF32 | Wide::ComplexF64 | Wide::ComplexLong => format!("complex({real:?}, {imaginary:?})"),
        })
    }
}

/// Numbers that nobody passes: a callback's are what it would otherwise be given.
macro_rules! unseen {
    ($($shape:ty: $taken:expr),*) => {$(
        impl Python for $shape {
            fn taken(&self, _: &Interface) -> String {
                $taken(self).to_owned()
            }

            fn given(&self, _: &Interface) -> String {
                "int".to_owned()
            }

            fn default(&self, _: &Interface) -> Option<String> {
                None
            }
        }
    )*};
}

unseen!(
    CapacityOf: |shape: &CapacityOf| number(shape.scalar),
    Fixed: |_: &Fixed| "int",
    LengthOf: |shape: &LengthOf| number(shape.scalar)
);

fn none(default: bool) -> Option<String> {
    default.then(|| "None".to_owned())
}

/// `-1 to 9`
fn range(range: Option<(Literal, Literal)>, scalar: Scalar) -> Option<String> {
    let (least, most) = range?;
    Some(format!("{} to {}", literal(least, scalar), literal(most, scalar)))
}

//! Functions that a microprocess offers to others, as it says itself.
//!
//! A bound on them is read and judged as one on a zone's function is ([`crate::expression`]): a parameter becomes one of C that bounds say the
//! same of. The process that serves them judges it, on the objects that it passes on.

use crate::interface::{Function, Parameter};
use crate::shape::{Buffer, Direction, Element, Fixed, NumberArgument, Shape, Text};
use crate::types::{CType, Scalar};
use serde::{Deserialize, Serialize};

/// One function of a service.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct OfferedFunction {
    /// Its name.
    pub name: String,
    /// What bounds may name.
    pub parameters: Vec<OfferedParameter>,
}

/// One parameter of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct OfferedParameter {
    /// Its name.
    pub name: String,
    /// What its annotation says.
    pub takes: OfferedType,
}

/// What an argument is. The process that serves the function refuses others before it looks at bounds.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum OfferedType {
    /// `bool`: 0 or 1.
    Bool,
    /// `bytes`
    Bytes {
        /// Or `None`.
        none: bool,
    },
    /// `float`, which takes an `int`.
    Float,
    /// `int`
    Int,
    /// `str`
    Text {
        /// Or `None`.
        none: bool,
    },
    /// Something else, or several arguments: nothing can be said of it.
    Unknown,
}

impl OfferedType {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Bool,
        Self::Bytes { none: false },
        Self::Bytes { none: true },
        Self::Float,
        Self::Int,
        Self::Text { none: false },
        Self::Text { none: true },
        Self::Unknown,
    ];

    /// The one that is written so in Python; any other text is [`Self::Unknown`].
    pub fn of(annotation: &str) -> Self {
        let known = Self::ALL.into_iter().find(|one| one.annotation() == Some(annotation));
        known.unwrap_or(Self::Unknown)
    }

    /// As it is written in Python.
    pub fn annotation(self) -> Option<&'static str> {
        Some(match self {
            Self::Bool => "bool",
            Self::Bytes { none: false } => "bytes",
            Self::Bytes { none: true } => "bytes | None",
            Self::Float => "float",
            Self::Int => "int",
            Self::Text { none: false } => "str",
            Self::Text { none: true } => "str | None",
            Self::Unknown => return None,
        })
    }

    /// What bounds take it for. Of [`CType::Void`] they know nothing.
    fn meant(self) -> (CType, Shape) {
        let number = |scalar| (plain(scalar), Shape::Number(NumberArgument::of(scalar, None)));
        match self {
            Self::Bool => number(Scalar::Bool),
            Self::Float => number(Scalar::F64),
            Self::Int => number(Scalar::I64),
            Self::Text { none } => {
                let text = Text { bytes: false, null: none, default: None, max_bytes: u64::MAX, retain: None };
                (pointer(CType::Scalar { scalar: Scalar::I8, character: true }), Shape::Text(text))
            }
            Self::Bytes { none } => {
                let buffer = Buffer {
                    direction: Direction::In,
                    element: Element::Scalar(Scalar::U8),
                    length: None,
                    capacity: None,
                    max_bytes: u64::MAX,
                    null: none,
                    default_none: false,
                    text: false,
                    terminated: false,
                    retain: None,
                    view: false,
                };
                (pointer(plain(Scalar::U8)), Shape::Buffer(buffer))
            }
            Self::Unknown => (CType::Void, Shape::Constant(Fixed::Bits(0))),
        }
    }
}

fn plain(scalar: Scalar) -> CType {
    CType::Scalar { scalar, character: false }
}

fn pointer(to: CType) -> CType {
    CType::Pointer { to: Box::new(to), constant: true }
}

impl OfferedParameter {
    /// What stands for it in the interface.
    pub(crate) fn parameter(&self) -> Parameter {
        let (c_type, shape) = self.takes.meant();
        Parameter { name: self.name.clone(), c_type, shape, leading: false }
    }
}

/// The parameters of such a function as Python writes them: `by: int`, or the name alone.
pub fn parameters(function: &Function) -> Vec<String> {
    function.parameters.iter().map(shown).collect()
}

fn shown(parameter: &Parameter) -> String {
    let meant = |one: &OfferedType| one.meant() == (parameter.c_type.clone(), parameter.shape.clone());
    match OfferedType::ALL.into_iter().find(meant).and_then(OfferedType::annotation) {
        Some(annotation) => format!("{}: {annotation}", parameter.name),
        None => parameter.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// None is taken for another one, on the way to an interface and back.
    #[test]
    fn each_type_is_shown_as_it_was_written() {
        for takes in OfferedType::ALL {
            let one = OfferedParameter { name: "one".into(), takes };
            let expected = takes.annotation().map_or("one".to_owned(), |annotation| format!("one: {annotation}"));
            assert_eq!(shown(&one.parameter()), expected);
            assert_eq!(takes.annotation().map_or(OfferedType::Unknown, OfferedType::of), takes);
        }
        assert_eq!(OfferedType::of("list"), OfferedType::Unknown);
    }
}

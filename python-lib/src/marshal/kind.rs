//! What an argument becomes: the client's reading of a [`Shape`].

use crate::call::callback::CallbackPlan;
use crate::marshal::plan::{Names, Preset};
use cloison_codec::records::is_signed;
use cloison_contract::Interface;
use cloison_contract::interface::Parameter;
use cloison_contract::shape::{Element, Lifetime, Literal, NumberArgument, Shape, WideArgument};
use cloison_contract::types::{CType, Scalar, TypeId, Wide};
use rustpython_vm::PyObject;
use rustpython_vm::builtins::{PyBytes, PyFloat, PyInt, PyStr};
use std::rc::Rc;

/// What an argument becomes.
#[derive(Debug)]
pub enum Kind {
    /// One word.
    Integer(Integers),
    /// One word.
    Float(Floats),
    /// A word that says whether the value is there, then the value.
    OptionalInteger(Integers),
    /// Likewise.
    OptionalFloat(Floats),
    /// Offset and length.
    Buffer(Bulk),
    /// Offset and length; the length without the NUL.
    Text {
        /// `str` is not taken.
        bytes: bool,
        /// `None` is.
        null: bool,
        /// The most bytes.
        max_bytes: u64,
    },
    /// A value of an enumeration.
    Enumeration(Box<Enumeration>),
    /// A handle's word; 0 for `None`.
    Handle {
        /// The type.
        id: TypeId,
        /// `None` is taken.
        null: bool,
        /// The call ends it.
        consumed: bool,
        /// Something that the call makes belongs to it.
        keeps: bool,
    },
    /// A callable's number; 0 for `None`.
    Callback {
        /// What becomes of a question.
        plan: Rc<CallbackPlan>,
        /// `None` is taken.
        null: bool,
        /// How long the library keeps it; else during the call.
        retain: Option<Lifetime>,
    },
    /// Offset and length of one record.
    Record {
        /// Which.
        id: TypeId,
        /// `None` is taken.
        null: bool,
    },
    /// Offset and length of several records.
    Records {
        /// Which.
        id: TypeId,
        /// The most bytes.
        max_bytes: u64,
        /// `None` is taken.
        null: bool,
    },
    /// Offset and length of words that lead to texts.
    Texts {
        /// `str` is not taken.
        bytes: bool,
        /// The most bytes, of the words.
        max_bytes: u64,
        /// `None` is taken instead of them all.
        null: bool,
    },
    /// Offset and length of the bytes of a number.
    Wide(Wide),
}

/// Which integers fit.
#[derive(Clone, Copy, Debug)]
pub struct Integers {
    /// The C type.
    pub scalar: Scalar,
    /// What the C type holds.
    pub bounds: (i128, i128),
    /// What the manifest allows of it.
    pub range: Option<(i128, i128)>,
}

/// Which floats fit.
#[derive(Clone, Copy, Debug)]
pub struct Floats {
    /// `float` instead of `double`.
    pub single: bool,
    /// What the manifest allows.
    pub range: Option<(f64, f64)>,
}

/// Which values of an enumeration fit.
#[derive(Clone, Copy, Debug)]
pub struct Enumeration {
    /// As numbers.
    pub integers: Integers,
    /// Which enumeration.
    pub id: TypeId,
    /// `None` is taken, and a word in front says whether it is not that.
    pub null: bool,
}

/// An input buffer.
#[derive(Clone, Copy, Debug)]
pub struct Bulk {
    /// The element's type.
    pub element: Scalar,
    /// The most bytes.
    pub max_bytes: u64,
    /// `None` is taken.
    pub null: bool,
}

impl Kind {
    /// Whether a value is converted without any Python code: it is of the very type that is wanted.
    #[inline]
    pub fn is_plain(&self, value: &PyObject) -> bool {
        match self {
            Self::Buffer(_) => value.downcast_ref::<PyBytes>().is_some(),
            Self::Float(_) => value.downcast_ref::<PyFloat>().is_some(),
            Self::Integer(_) => value.downcast_ref::<PyInt>().is_some(),
            Self::Text { .. } => value.downcast_ref::<PyBytes>().is_some() || value.downcast_ref::<PyStr>().is_some(),
            _ => false,
        }
    }

    /// What is passed for this parameter, of a function or as a callable's result; and what stands for it when nothing is.
    pub fn of(parameter: &Parameter, position: usize, names: &Names<'_>) -> Option<(Self, Option<Preset>)> {
        Some(match &parameter.shape {
            Shape::Buffer(buffer) => {
                let (max_bytes, null) = (buffer.max_bytes, buffer.null);
                let kind = match buffer.element {
                    Element::Record { id, .. } => Self::Records { id, max_bytes, null },
                    Element::Scalar(element) => Self::Buffer(Bulk { element, max_bytes, null }),
                    Element::Text { bytes } => Self::Texts { bytes, max_bytes, null },
                    Element::Handle { .. } => return None,
                };
                (kind, buffer.default_none.then_some(Preset::Null))
            }
            Shape::ScalarPointer(cell) => {
                let kind = Self::number(cell.scalar, cell.enumeration, cell.range, cell.null);
                (kind, cell.default.map(|number| Preset::number(number, cell.scalar)))
            }
            Shape::Number(NumberArgument { scalar, range, default, enumeration }) => {
                let kind = Self::number(*scalar, *enumeration, *range, false);
                (kind, default.map(|number| Preset::number(number, *scalar)))
            }
            Shape::Text(text) => (
                Self::Text { bytes: text.bytes, null: text.null, max_bytes: text.max_bytes },
                text.default.as_ref().map(|default| match default {
                    Some(text) => Preset::Text(text.as_bytes().into()),
                    None => Preset::Null,
                }),
            ),
            Shape::Handle(handle) => {
                let keeps = names.keepers.contains(&position);
                let kind = Self::Handle { id: handle.id, null: handle.null, consumed: handle.consumed, keeps };
                (kind, handle.default_none.then_some(Preset::Word(0)))
            }
            Shape::Callback(callback) => {
                let plan = CallbackPlan::new(names, &parameter.python_name(), callback)?;
                let kind = Self::Callback { plan: Rc::new(plan), null: callback.null, retain: callback.retain };
                (kind, callback.default_none.then_some(Preset::Word(0)))
            }
            Shape::Record(record) => {
                (Self::Record { id: record.id, null: record.null }, record.default_none.then_some(Preset::Null))
            }
            Shape::Wide(WideArgument { wide, default }) => {
                let preset = default.map(|(real, imaginary)| {
                    Preset::Bytes(cloison_codec::wide::encode(*wide, real, imaginary).into_boxed_slice())
                });
                (Self::Wide(*wide), preset)
            }
            // Nobody passes these.
            Shape::CapacityOf(_) | Shape::Constant(_) | Shape::LengthOf(_) | Shape::OutPointer(_) => return None,
        })
    }

    /// What a callable's value becomes.
    pub fn of_value(c_type: &CType) -> Option<Self> {
        Some(match c_type {
            CType::Scalar { scalar, .. } => Self::number(*scalar, None, None, false),
            CType::Enum { scalar, id } => Self::number(*scalar, Some(*id), None, false),
            CType::Record { id, .. } => Self::Record { id: *id, null: false },
            CType::Wide(wide) => Self::Wide(*wide),
            CType::Pointer { to, .. } => match &**to {
                CType::Opaque(id) => Self::Handle { id: *id, null: true, consumed: false, keeps: false },
                _ => return None,
            },
            CType::Array { .. } | CType::Function(_) | CType::Opaque(_) | CType::Void => return None,
        })
    }

    fn number(scalar: Scalar, of: Option<TypeId>, range: Option<(Literal, Literal)>, null: bool) -> Self {
        match (Integers::new(scalar, range), of, null) {
            (Some(integers), Some(id), null) => Self::Enumeration(Box::new(Enumeration { integers, id, null })),
            (Some(integers), None, false) => Self::Integer(integers),
            (Some(integers), None, true) => Self::OptionalInteger(integers),
            (None, _, false) => Self::Float(Floats::new(scalar, range)),
            (None, _, true) => Self::OptionalFloat(Floats::new(scalar, range)),
        }
    }

    /// How many words it has.
    pub fn words(&self) -> usize {
        match self {
            Self::Callback { .. } | Self::Float(_) | Self::Handle { .. } | Self::Integer(_) => 1,
            Self::Enumeration(wanted) if !wanted.null => 1,
            _ => 2,
        }
    }

    /// How large one element is, of a buffer.
    pub fn element_bytes(&self, interface: &Interface) -> u64 {
        match self {
            Self::Buffer(bulk) => bulk.element.size() as u64,
            Self::Records { id, .. } => {
                cloison_codec::records::record(&interface.types, *id).map_or(1, |record| record.layout.size.max(1))
            }
            Self::Texts { .. } => 8,
            _ => 1,
        }
    }
}

impl Integers {
    /// Those of a type that lie in a range; `None` for `float` and `double`.
    pub fn new(scalar: Scalar, range: Option<(Literal, Literal)>) -> Option<Self> {
        let bounds = scalar.bounds()?;
        let whole = |number| match number {
            Literal::Integer(value) => value,
            Literal::Float(value) => value as i128,
        };
        Some(Self { scalar, bounds, range: range.map(|(least, most)| (whole(least), whole(most))) })
    }

    /// Those of a bit-field.
    pub fn of_bits(scalar: Scalar, width: u32) -> Option<Self> {
        let whole = Self::new(scalar, None)?;
        let bounds = match is_signed(scalar) {
            true => (-(1 << width.clamp(1, 64).saturating_sub(1)), (1 << width.clamp(1, 64).saturating_sub(1)) - 1),
            false => (0, (1_i128 << width.min(64)) - 1),
        };
        Some(Self { bounds: (bounds.0.max(whole.bounds.0), bounds.1.min(whole.bounds.1)), ..whole })
    }
}

impl Floats {
    /// Those of a type that lie in a range.
    pub fn new(scalar: Scalar, range: Option<(Literal, Literal)>) -> Self {
        Self { single: scalar == Scalar::F32, range: range.map(|(least, most)| (real(least), real(most))) }
    }
}

/// As a float.
pub fn real(number: Literal) -> f64 {
    match number {
        Literal::Float(value) => value,
        Literal::Integer(value) => value as f64,
    }
}

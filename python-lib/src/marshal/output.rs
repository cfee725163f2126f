//! What comes back: the client's reading of results, and of what a callable is given.

use cloison_contract::interface::{Function, Interface, Parameter};
use cloison_contract::shape::{Element, Lifetime, NumberArgument, Pointed, Shape, WideArgument};
use cloison_contract::types::{CType, Layout, Scalar, TypeId, Wide};

/// One value that comes through the wall.
#[derive(Clone, Copy, Debug)]
pub enum Output {
    /// One word.
    Integer(Scalar),
    /// One word.
    Float,
    /// Offset and length.
    Bulk {
        /// The element's type.
        element: Scalar,
        /// The most bytes.
        max_bytes: u64,
        /// `str` instead of `bytes`.
        text: bool,
        /// NULL becomes `None`.
        null: bool,
    },
    /// A value of an enumeration. One word.
    Enumeration(TypeId, Scalar),
    /// A number that may not be there: a word that says so, then the value.
    Optional(Scalar),
    /// One word.
    Handle {
        /// Its type.
        id: TypeId,
        /// NULL becomes `None`.
        null: bool,
        /// The parameter whose handle owns it.
        owner: Option<usize>,
        /// Where it comes from.
        from: Lifetime,
    },
    /// Offset and length of as many records as there are.
    Records {
        /// Which.
        id: TypeId,
        /// How large one is.
        size: u64,
        /// The most bytes.
        max_bytes: u64,
        /// Exactly one, which is no list.
        one: bool,
        /// NULL becomes `None`.
        null: bool,
    },
    /// Offset and length of words that lead to texts.
    Texts {
        /// `bytes` instead of `str`.
        bytes: bool,
        /// The most bytes, of the words.
        max_bytes: u64,
        /// NULL becomes `None`.
        null: bool,
    },
    /// Offset and length of the words of handles.
    Handles {
        /// Their type.
        id: TypeId,
        /// The most bytes.
        max_bytes: u64,
        /// NULL becomes `None`.
        null: bool,
    },
    /// Offset and length of the bytes of a number.
    Wide(Wide),
    /// The number of a block that the library goes on filling.
    Registered {
        /// The most bytes.
        max_bytes: u64,
        /// How long.
        lifetime: Lifetime,
    },
    /// Offset and length of bytes that stay where they are.
    View {
        /// The most bytes.
        max_bytes: u64,
    },
}

impl Output {
    /// What a function gives back, in order.
    pub fn of_function(function: &Function, interface: &Interface) -> Option<Box<[Self]>> {
        let most = interface.sandbox.call_bytes;
        let mut outputs = Vec::new();
        if function.returns.kept {
            outputs.push(match &function.returns.pointer {
                Some(pointed) => Self::of_pointed(pointed, Lifetime::Return, most),
                None => Self::of_value(&function.result)?,
            });
        }
        for (position, parameter) in function.parameters.iter().enumerate() {
            if parameter.shape.is_result() {
                outputs.push(Self::of_parameter(parameter, position, most)?);
            }
        }
        Some(outputs.into())
    }

    fn of_value(c_type: &CType) -> Option<Self> {
        Some(match c_type {
            CType::Enum { id, scalar } => Self::Enumeration(*id, *scalar),
            CType::Record { id, layout } => Self::record(*id, *layout, false),
            CType::Scalar { scalar, .. } => Self::number(*scalar, None),
            CType::Wide(wide) => Self::Wide(*wide),
            _ => return None,
        })
    }

    fn of_pointed(pointed: &Pointed, from: Lifetime, most: u64) -> Self {
        match pointed {
            Pointed::Buffer { element, text, null, .. } => Self::elements(*element, most, *text, *null),
            Pointed::Handle { id, null, owner, .. } => Self::Handle { id: *id, null: *null, owner: *owner, from },
            Pointed::Record { id, layout, null, .. } => Self::record(*id, *layout, *null),
            Pointed::String(string) => {
                Self::Bulk { element: Scalar::U8, max_bytes: most, text: string.text, null: string.null }
            }
        }
    }

    fn of_parameter(parameter: &Parameter, position: usize, most: u64) -> Option<Self> {
        Some(match &parameter.shape {
            Shape::Buffer(buffer) => match (buffer.retain, buffer.view) {
                (Some(lifetime), _) => Self::Registered { max_bytes: buffer.max_bytes, lifetime },
                (None, true) => Self::View { max_bytes: buffer.max_bytes },
                (None, false) => Self::elements(buffer.element, buffer.max_bytes, buffer.text, buffer.null),
            },
            Shape::ScalarPointer(cell) => Self::number(cell.scalar, cell.enumeration),
            Shape::OutPointer(place) => Self::of_pointed(&place.pointed, Lifetime::Parameter(position), most),
            Shape::Record(record) => Self::record(record.id, record.layout, record.null),
            _ => return None,
        })
    }

    /// What a callable is given for a parameter of its own.
    pub fn of_argument(parameter: &Parameter, position: usize, most: u64) -> Option<Self> {
        Some(match &parameter.shape {
            Shape::Buffer(buffer) => {
                Self::elements(buffer.element, buffer.max_bytes.min(most), buffer.text, buffer.null)
            }
            Shape::ScalarPointer(cell) if cell.null => Self::Optional(cell.scalar),
            Shape::ScalarPointer(cell) => Self::number(cell.scalar, cell.enumeration),
            Shape::Handle(handle) => {
                Self::Handle { id: handle.id, null: handle.null, owner: None, from: Lifetime::Parameter(position) }
            }
            Shape::Number(NumberArgument { scalar, enumeration, .. }) => Self::number(*scalar, *enumeration),
            Shape::Record(record) => Self::record(record.id, record.layout, record.null),
            Shape::Text(text) => {
                let max_bytes = text.max_bytes.min(most);
                Self::Bulk { element: Scalar::U8, max_bytes, text: !text.bytes, null: text.null }
            }
            Shape::Wide(WideArgument { wide, .. }) => Self::Wide(*wide),
            Shape::Callback(_)
            | Shape::CapacityOf(_)
            | Shape::Constant(_)
            | Shape::LengthOf(_)
            | Shape::OutPointer(_) => return None,
        })
    }

    fn elements(element: Element, max_bytes: u64, text: bool, null: bool) -> Self {
        match element {
            Element::Handle { id } => Self::Handles { id, max_bytes, null },
            Element::Record { id, layout } => Self::Records { id, size: layout.size, max_bytes, one: false, null },
            Element::Scalar(element) => Self::Bulk { element, max_bytes, text, null },
            Element::Text { bytes } => Self::Texts { bytes, max_bytes, null },
        }
    }

    fn record(id: TypeId, layout: Layout, null: bool) -> Self {
        Self::Records { id, size: layout.size, max_bytes: layout.size, one: true, null }
    }

    fn number(scalar: Scalar, enumeration: Option<TypeId>) -> Self {
        match (enumeration, scalar.is_float()) {
            (Some(id), _) => Self::Enumeration(id, scalar),
            (None, true) => Self::Float,
            (None, false) => Self::Integer(scalar),
        }
    }

    /// How many words it has.
    pub fn words(self) -> usize {
        match self {
            Self::Enumeration(..) | Self::Float | Self::Handle { .. } | Self::Integer(_) | Self::Registered { .. } => 1,
            _ => 2,
        }
    }
}

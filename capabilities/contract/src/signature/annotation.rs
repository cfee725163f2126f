//! Types as Python writes them.

use crate::Interface;
use crate::interface::{Function, Parameter};
use crate::shape::{Buffer, Callback, CapacityOf, Element, LengthOf, NumberArgument, Pointed, Shape, WideArgument};
use crate::types::{CType, Member, MemberRole, Scalar, TypeId, Wide};

impl Function {
    /// The type of what Python gets: `None`, `bytes`, `tuple[float, int]`.
    pub fn result_type(&self, interface: &Interface) -> String {
        let value = self.returns.kept.then(|| match &self.returns.pointer {
            Some(pointed) => given_pointer(interface, pointed),
            None => given(interface, &self.result),
        });
        let results = self.parameters.iter().filter(|parameter| parameter.shape.is_result());
        all(value.into_iter().chain(results.map(|parameter| parameter.result(interface))).collect(), "None")
    }
}

impl Parameter {
    /// The type of what Python passes.
    pub fn annotation(&self, interface: &Interface) -> String {
        match &self.shape {
            Shape::Buffer(buffer) => optional(&taken_buffer(interface, buffer), buffer.null),
            Shape::Callback(callback) => optional(&callable(interface, callback), callback.null),
            Shape::CapacityOf(CapacityOf { scalar, .. }) | Shape::LengthOf(LengthOf { scalar, .. }) => {
                number(*scalar).to_owned()
            }
            Shape::ScalarPointer(cell) => optional(&taken_number(interface, cell.scalar, cell.enumeration), cell.null),
            Shape::Constant(_) => "int".to_owned(),
            Shape::Handle(handle) => optional(&name(interface, handle.id), handle.null),
            Shape::Number(NumberArgument { scalar, enumeration, .. }) => taken_number(interface, *scalar, *enumeration),
            Shape::OutPointer(place) => given_pointer(interface, &place.pointed),
            Shape::Record(record) => optional(&taken_record(interface, record.id), record.null),
            Shape::Text(text) => optional(if text.bytes { "bytes" } else { "str | bytes" }, text.null),
            Shape::Wide(WideArgument { wide, .. }) => wide_number(*wide).to_owned(),
        }
    }

    /// The type of what comes back from it, or what a callable is given for it.
    pub fn result(&self, interface: &Interface) -> String {
        match &self.shape {
            Shape::Buffer(buffer) => optional(&given_buffer(interface, buffer), buffer.null),
            Shape::ScalarPointer(cell) => optional(&given_number(interface, cell.scalar, cell.enumeration), cell.null),
            Shape::Handle(handle) => optional(&name(interface, handle.id), handle.null),
            Shape::Number(NumberArgument { scalar, enumeration, .. }) => given_number(interface, *scalar, *enumeration),
            Shape::OutPointer(place) => given_pointer(interface, &place.pointed),
            Shape::Record(record) => optional(&name(interface, record.id), record.null),
            Shape::Text(text) => optional(if text.bytes { "bytes" } else { "str" }, text.null),
            Shape::Wide(WideArgument { wide, .. }) => wide_number(*wide).to_owned(),
            Shape::Callback(_) | Shape::CapacityOf(_) | Shape::Constant(_) | Shape::LengthOf(_) => "int".to_owned(),
        }
    }
}

impl Member {
    /// The type of the attribute; `None` for what Python does not see. Of a union whose member depends on another one, that
    /// is the union.
    pub fn annotation(&self, interface: &Interface) -> Option<String> {
        Some(match &self.role {
            MemberRole::Handle { id, null } => optional(&name(interface, *id), *null),
            MemberRole::Hidden => return None,
            MemberRole::Text { bytes, null } => optional(if *bytes { "bytes" } else { "str" }, *null),
            MemberRole::TextArray => "str".to_owned(),
            MemberRole::Union { .. } | MemberRole::Value => given(interface, &self.c_type),
        })
    }
}

/// `Callable[[int, str], int]`
fn callable(interface: &Interface, callback: &Callback) -> String {
    let passed = callback.parameters.iter().filter(|parameter| parameter.shape.is_argument());
    let arguments: Vec<_> = passed.map(|parameter| parameter.result(interface)).collect();
    let value = callback.kept.then(|| taken(interface, &callback.result));
    let written = callback.parameters.iter().filter(|parameter| parameter.shape.is_result());
    let results = value.into_iter().chain(written.map(|parameter| parameter.annotation(interface))).collect();
    format!("Callable[[{}], {}]", arguments.join(", "), all(results, "object"))
}

fn all(types: Vec<String>, none: &str) -> String {
    match &types[..] {
        [] => none.to_owned(),
        [one] => one.clone(),
        several => format!("tuple[{}]", several.join(", ")),
    }
}

/// A value that C gives.
fn given(interface: &Interface, c_type: &CType) -> String {
    match c_type {
        CType::Array { of, .. } => match &**of {
            CType::Scalar { scalar, .. } if is_byte(*scalar) => "bytes".to_owned(),
            CType::Scalar { scalar, .. } => format!("array[{}]", number(*scalar)),
            of => format!("list[{}]", given(interface, of)),
        },
        CType::Enum { id, scalar } => given_number(interface, *scalar, Some(*id)),
        CType::Record { id, .. } => name(interface, *id),
        CType::Scalar { scalar, .. } => number(*scalar).to_owned(),
        CType::Wide(wide) => wide_number(*wide).to_owned(),
        CType::Function(_) | CType::Opaque(_) | CType::Pointer { .. } => "int".to_owned(),
        CType::Void => "None".to_owned(),
    }
}

/// A value that Python gives.
fn taken(interface: &Interface, c_type: &CType) -> String {
    match c_type {
        CType::Enum { id, scalar } => taken_number(interface, *scalar, Some(*id)),
        CType::Record { id, .. } => taken_record(interface, *id),
        other => given(interface, other),
    }
}

fn given_pointer(interface: &Interface, pointed: &Pointed) -> String {
    let one = match pointed {
        Pointed::Buffer { text: true, .. } => "str".to_owned(),
        Pointed::Buffer { element, .. } => given_elements(interface, *element),
        Pointed::Handle { id, .. } | Pointed::Record { id, .. } => name(interface, *id),
        Pointed::String(string) => if string.text { "str" } else { "bytes" }.to_owned(),
    };
    optional(&one, pointed.may_be_null())
}

fn given_buffer(interface: &Interface, buffer: &Buffer) -> String {
    match buffer.element {
        // NULL is where it ends, and none of its elements.
        Element::Text { bytes } if buffer.string => format!("list[{}]", if bytes { "bytes" } else { "str" }),
        Element::Text { .. } | Element::Handle { .. } | Element::Record { .. } => {
            given_elements(interface, buffer.element)
        }
        _ if buffer.retain.is_some() => "RegisteredBuffer".to_owned(),
        _ if buffer.view => "View".to_owned(),
        _ if buffer.text => "str".to_owned(),
        element => given_elements(interface, element),
    }
}

fn given_elements(interface: &Interface, element: Element) -> String {
    match element {
        Element::Handle { id } | Element::Record { id, .. } => format!("list[{}]", name(interface, id)),
        Element::Scalar(scalar) if scalar.size() == 1 => "bytes".to_owned(),
        Element::Scalar(scalar) => format!("array[{}]", number(scalar)),
        Element::Text { bytes } => format!("list[{} | None]", if bytes { "bytes" } else { "str" }),
    }
}

fn taken_buffer(interface: &Interface, buffer: &Buffer) -> String {
    match buffer.element {
        Element::Handle { id } => format!("Iterable[{}]", name(interface, id)),
        Element::Record { id, .. } => format!("Iterable[{}]", taken_record(interface, id)),
        Element::Scalar(scalar) if scalar.size() == 1 => "Buffer".to_owned(),
        Element::Scalar(scalar) => format!("Buffer | Sequence[{}]", number(scalar)),
        Element::Text { bytes } => {
            let one = if bytes { "bytes" } else { "str | bytes" };
            format!("Iterable[{}]", optional(one, !buffer.string))
        }
    }
}

fn taken_record(interface: &Interface, id: TypeId) -> String {
    format!("{} | Mapping[str, object]", name(interface, id))
}

fn given_number(interface: &Interface, scalar: Scalar, enumeration: Option<TypeId>) -> String {
    enumeration.map_or_else(|| number(scalar).to_owned(), |id| name(interface, id))
}

fn taken_number(interface: &Interface, scalar: Scalar, enumeration: Option<TypeId>) -> String {
    enumeration.map_or_else(|| number(scalar).to_owned(), |id| format!("{} | int", name(interface, id)))
}

fn name(interface: &Interface, id: TypeId) -> String {
    interface.definition(id).map_or_else(|| "object".to_owned(), |definition| definition.name.clone())
}

fn optional(annotation: &str, null: bool) -> String {
    if null { format!("{annotation} | None") } else { annotation.to_owned() }
}

fn wide_number(wide: Wide) -> &'static str {
    if wide.is_complex() { "complex" } else { "float" }
}

fn number(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Bool => "bool",
        Scalar::F32 | Scalar::F64 => "float",
        _ => "int",
    }
}

fn is_byte(scalar: Scalar) -> bool {
    matches!(scalar, Scalar::I8 | Scalar::U8)
}

//! Types as Python writes them.

use crate::Interface;
use crate::interface::{Function, Parameter};
use crate::shape::{Buffer, Callback, Element, Pointed};
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
        self.shape.python().taken(interface)
    }

    /// The type of what comes back from it, or what a callable is given for it.
    pub fn result(&self, interface: &Interface) -> String {
        self.shape.python().given(interface)
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
pub(super) fn callable(interface: &Interface, callback: &Callback) -> String {
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
        CType::Array { of, .. } => given_array(interface, of),
        CType::Enum { id, scalar } => given_number(interface, *scalar, Some(*id)),
        CType::Record { id, .. } => name(interface, *id),
        CType::Scalar { scalar, .. } => number(*scalar).to_owned(),
        CType::Wide(wide) => wide_number(*wide).to_owned(),
        CType::Function(_) | CType::Opaque(_) | CType::Pointer { .. } => "int".to_owned(),
        CType::Void => "None".to_owned(),
    }
}

fn given_array(interface: &Interface, of: &CType) -> String {
    if let CType::Scalar { scalar, .. } = of {
        return if is_byte(*scalar) { "bytes".to_owned() } else { format!("array[{}]", number(*scalar)) };
    }
    format!("list[{}]", given(interface, of))
}

/// A value that Python gives.
fn taken(interface: &Interface, c_type: &CType) -> String {
    match c_type {
        CType::Enum { id, scalar } => taken_number(interface, *scalar, Some(*id)),
        CType::Record { id, .. } => taken_record(interface, *id),
        CType::Array { .. }
        | CType::Function(_)
        | CType::Opaque(_)
        | CType::Pointer { .. }
        | CType::Scalar { .. }
        | CType::Void
        | CType::Wide(_) => given(interface, c_type),
    }
}

pub(super) fn given_pointer(interface: &Interface, pointed: &Pointed) -> String {
    let one = match pointed {
        Pointed::Buffer { text: true, .. } => "str".to_owned(),
        Pointed::Buffer { element, length, .. } => given_elements(interface, *element, length.is_none()),
        Pointed::Handle { id, .. } | Pointed::Record { id, .. } => name(interface, *id),
        Pointed::String(string) => if string.text { "str" } else { "bytes" }.to_owned(),
    };
    optional(&one, pointed.may_be_null())
}

pub(super) fn given_buffer(interface: &Interface, buffer: &Buffer) -> String {
    match buffer.element {
        Element::Text { .. } | Element::Handle { .. } | Element::Record { .. } => {
            given_elements(interface, buffer.element, buffer.terminated)
        }
        Element::Scalar(_) if buffer.retain.is_some() => "RegisteredBuffer".to_owned(),
        Element::Scalar(_) if buffer.view => "View".to_owned(),
        Element::Scalar(_) if buffer.text => "str".to_owned(),
        Element::Scalar(_) => given_elements(interface, buffer.element, buffer.terminated),
    }
}

fn given_elements(interface: &Interface, element: Element, terminated: bool) -> String {
    match element {
        Element::Handle { id } | Element::Record { id, .. } => format!("list[{}]", name(interface, id)),
        Element::Scalar(scalar) if scalar.size() == 1 => "bytes".to_owned(),
        Element::Scalar(scalar) => format!("array[{}]", number(scalar)),
        // NULL is where it ends, and none of its elements.
        Element::Text { bytes } => {
            format!("list[{}]", optional(if bytes { "bytes" } else { "str" }, !terminated))
        }
    }
}

pub(super) fn taken_buffer(interface: &Interface, buffer: &Buffer) -> String {
    match buffer.element {
        Element::Handle { id } => format!("Iterable[{}]", name(interface, id)),
        Element::Record { id, .. } => format!("Iterable[{}]", taken_record(interface, id)),
        Element::Scalar(scalar) if scalar.size() == 1 => "Buffer".to_owned(),
        Element::Scalar(_) if buffer.is_wide_text() => "str".to_owned(),
        Element::Scalar(scalar) => format!("Buffer | Sequence[{}]", number(scalar)),
        Element::Text { bytes } => {
            let one = if bytes { "bytes" } else { "str | bytes" };
            format!("Iterable[{}]", optional(one, !buffer.terminated))
        }
    }
}

pub(super) fn taken_record(interface: &Interface, id: TypeId) -> String {
    format!("{} | Mapping[str, object]", name(interface, id))
}

pub(super) fn given_number(interface: &Interface, scalar: Scalar, enumeration: Option<TypeId>) -> String {
    enumeration.map_or_else(|| number(scalar).to_owned(), |id| name(interface, id))
}

pub(super) fn taken_number(interface: &Interface, scalar: Scalar, enumeration: Option<TypeId>) -> String {
    enumeration.map_or_else(|| number(scalar).to_owned(), |id| format!("{} | int", name(interface, id)))
}

pub(super) fn name(interface: &Interface, id: TypeId) -> String {
    interface.definition(id).map_or_else(|| "object".to_owned(), |definition| definition.name.clone())
}

pub(super) fn optional(annotation: &str, null: bool) -> String {
    if null { format!("{annotation} | None") } else { annotation.to_owned() }
}

pub(super) fn wide_number(wide: Wide) -> &'static str {
    if wide.is_complex() { "complex" } else { "float" }
}

pub(super) fn number(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Bool => "bool",
        Scalar::F32 | Scalar::F64 => "float",
        Scalar::I8 | Scalar::I16 | Scalar::I32 | Scalar::I64 => "int",
        Scalar::U8 | Scalar::U16 | Scalar::U32 | Scalar::U64 => "int",
    }
}

fn is_byte(scalar: Scalar) -> bool {
    matches!(scalar, Scalar::I8 | Scalar::U8)
}

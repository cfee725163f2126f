//! C types and roles as Python annotations.

use crate::interface::{Buffer, Callback, Cell, Element, Parameter, Pointed, Role};
use crate::types::{CType, Definition, MemberRole, Scalar, TypeId, TypeKind};
use crate::{Function, Interface};

/// What annotations are written with: types by the names that they have in Python.
pub(crate) struct Annotations<'i> {
    interface: &'i Interface,
    /// The class whose attributes the types are; empty where they stand for themselves.
    class: &'i str,
}

impl<'i> Annotations<'i> {
    pub(crate) fn new(interface: &'i Interface, class: &'i str) -> Self {
        Self { interface, class }
    }

    fn definition(&self, id: TypeId) -> Option<&Definition> {
        self.interface.types.get(id.0 as usize)
    }

    /// A type of the manifest.
    fn own(&self, id: TypeId) -> String {
        match self.definition(id) {
            None => "Any".to_owned(),
            Some(definition) if self.class.is_empty() => definition.name.clone(),
            Some(definition) => format!("{}.{}", self.class, definition.name),
        }
    }

    /// What Python passes for a parameter.
    pub(crate) fn argument(&self, role: &Role) -> String {
        match role {
            Role::Buffer(buffer) => optional(self.passed(buffer.element), buffer.null),
            Role::Callback(callback) => optional(self.callable(callback), callback.null),
            Role::Cell(cell) => optional(number(cell.scalar).to_owned(), cell.null),
            Role::Handle(handle) => optional(self.own(handle.id), handle.null),
            Role::Number { scalar, .. } => number(*scalar).to_owned(),
            Role::Record(record) => optional(self.record(record.id), record.null),
            Role::Text(text) => optional(if text.bytes { "bytes" } else { "str | bytes" }.to_owned(), text.null),
            Role::Wide { wide, .. } => if wide.is_complex() { "complex" } else { "float" }.to_owned(),
            Role::CapacityOf { .. } | Role::Constant { .. } | Role::LengthOf { .. } | Role::Place(_) => {
                "None".to_owned()
            }
        }
    }

    fn record(&self, id: TypeId) -> String {
        format!("{} | Mapping[str, Any]", self.own(id))
    }

    fn passed(&self, element: Element) -> String {
        match element {
            Element::Handle { id } => format!("Sequence[{}]", self.own(id)),
            Element::Record { id, .. } => format!("Sequence[{}]", self.record(id)),
            Element::Scalar(scalar) if scalar.size() == 1 => "Buffer".to_owned(),
            Element::Scalar(scalar) => format!("Buffer | Sequence[{}]", number(scalar)),
            Element::Text { bytes } => format!("Sequence[{} | None]", if bytes { "bytes" } else { "str | bytes" }),
        }
    }

    /// What Python gets from a function: `None`, one type, or a tuple.
    pub(crate) fn result(&self, function: &Function) -> String {
        let value = function.returns.kept.then(|| match &function.returns.pointer {
            Some(pointed) => self.pointed(pointed),
            None => self.value(&function.result),
        });
        self.results(value, &function.parameters)
    }

    fn results(&self, value: Option<String>, parameters: &[Parameter]) -> String {
        let outputs = parameters.iter().filter(|parameter| parameter.role.is_result());
        let outputs = outputs.map(|parameter| self.output(&parameter.role));
        let all: Vec<_> = value.into_iter().chain(outputs).collect();
        match &all[..] {
            [] => "None".to_owned(),
            [one] => one.clone(),
            several => format!("tuple[{}]", several.join(", ")),
        }
    }

    fn output(&self, role: &Role) -> String {
        match role {
            Role::Buffer(buffer) => self.filled(buffer),
            Role::Cell(cell) => self.cell(cell),
            Role::Place(place) => self.pointed(&place.pointed),
            Role::Record(record) => self.own(record.id),
            _ => "Any".to_owned(),
        }
    }

    fn cell(&self, cell: &Cell) -> String {
        cell.enumeration.map_or_else(|| number(cell.scalar).to_owned(), |id| self.own(id))
    }

    fn filled(&self, buffer: &Buffer) -> String {
        if buffer.retain.is_some() {
            return "cloison.RegisteredBuffer".to_owned();
        }
        if buffer.view {
            return "memoryview".to_owned();
        }
        self.elements(buffer.element, buffer.text)
    }

    /// Elements that come back.
    fn elements(&self, element: Element, text: bool) -> String {
        match element {
            Element::Scalar(scalar) if scalar.size() == 1 => if text { "str" } else { "bytes" }.to_owned(),
            Element::Scalar(scalar) => format!("array[{}]", if scalar.is_float() { "float" } else { "int" }),
            Element::Record { id, .. } | Element::Handle { id } => format!("list[{}]", self.own(id)),
            Element::Text { bytes } => format!("list[{} | None]", if bytes { "bytes" } else { "str" }),
        }
    }

    fn pointed(&self, pointed: &Pointed) -> String {
        match pointed {
            Pointed::Buffer { element, text, null, .. } => optional(self.elements(*element, *text), *null),
            Pointed::Handle { id, null, .. } | Pointed::Record { id, null, .. } => optional(self.own(*id), *null),
            Pointed::String(string) => optional(if string.text { "str" } else { "bytes" }.to_owned(), string.null),
        }
    }

    /// A value that comes back.
    pub(crate) fn value(&self, c_type: &CType) -> String {
        match c_type {
            CType::Enum { id, .. } | CType::Record { id, .. } => self.own(*id),
            CType::Scalar { scalar, .. } => number(*scalar).to_owned(),
            CType::Wide(wide) => if wide.is_complex() { "complex" } else { "float" }.to_owned(),
            CType::Pointer { .. } => "int".to_owned(),
            CType::Array { of, .. } => match &**of {
                CType::Scalar { scalar, character } if *character || scalar.size() == 1 => "bytes".to_owned(),
                CType::Scalar { scalar, .. } => format!("array[{}]", if scalar.is_float() { "float" } else { "int" }),
                other => format!("list[{}]", self.value(other)),
            },
            CType::Function(_) | CType::Opaque(_) | CType::Void => "None".to_owned(),
        }
    }

    /// `Callable[[int, str], int]`: what it is given comes as results do, what it gives goes as arguments do.
    fn callable(&self, callback: &Callback) -> String {
        let given = callback.parameters.iter().filter(|parameter| parameter.role.is_argument());
        let given: Vec<_> = given.map(|parameter| self.given(&parameter.role)).collect();
        let value = callback.kept.then(|| match &callback.result {
            CType::Enum { .. } => "int".to_owned(),
            CType::Record { id, .. } => self.record(*id),
            other => self.value(other),
        });
        let outputs = callback.parameters.iter().filter(|parameter| parameter.role.is_result());
        let outputs = outputs.map(|parameter| match &parameter.role {
            Role::Buffer(buffer) => self.passed(buffer.element),
            other => self.output(other),
        });
        let all: Vec<_> = value.into_iter().chain(outputs).collect();
        let gives = match &all[..] {
            // What a callable returns for `void` is dropped.
            [] => "object".to_owned(),
            [one] => one.clone(),
            several => format!("tuple[{}]", several.join(", ")),
        };
        format!("Callable[[{}], {gives}]", given.join(", "))
    }

    fn given(&self, role: &Role) -> String {
        match role {
            Role::Buffer(buffer) => optional(self.elements(buffer.element, buffer.text), buffer.null),
            Role::Cell(cell) => optional(self.cell(cell), cell.null),
            Role::Number { scalar, enumeration, .. } => {
                enumeration.map_or_else(|| number(*scalar).to_owned(), |id| self.own(id))
            }
            Role::Record(record) => optional(self.own(record.id), record.null),
            Role::Text(text) => optional(if text.bytes { "bytes" } else { "str" }.to_owned(), text.null),
            other => self.argument(other),
        }
    }

    /// A member as it is read and written; `None` if Python does not see it.
    pub(crate) fn member(&self, c_type: &CType, role: &MemberRole) -> Option<String> {
        Some(match role {
            MemberRole::Hidden => return None,
            MemberRole::Handle { id, null } => optional(self.own(*id), *null),
            MemberRole::Text { bytes, null } => optional(if *bytes { "bytes" } else { "str" }.to_owned(), *null),
            MemberRole::TextArray => "str".to_owned(),
            MemberRole::Union { .. } => "Any".to_owned(),
            MemberRole::Value => match c_type {
                CType::Record { id, .. } if self.is_union(*id) => "Any".to_owned(),
                other => self.value(other),
            },
        })
    }

    fn is_union(&self, id: TypeId) -> bool {
        matches!(self.definition(id).map(|definition| &definition.kind), Some(TypeKind::Record(record)) if record.union)
    }
}

fn optional(annotation: String, null: bool) -> String {
    if null { format!("{annotation} | None") } else { annotation }
}

fn number(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Bool => "bool",
        Scalar::F32 | Scalar::F64 => "float",
        _ => "int",
    }
}

//! Everything in an interface that the steps use as an index, checked once, so that they need not.

use super::PlanError;
use super::build::scalar_of;
use crate::marshal::passing::record;
use cloison_contract::expression::Expression;
use cloison_contract::interface::{Function, Message};
use cloison_contract::shape::{
    CapacityOf, Direction, Element, Fixed, LengthOf, Lifetime, NumberArgument, OutPointer, Pointed, PointerFill,
    RecordArgument, Shape, WideArgument,
};
use cloison_contract::types::{CType, Layout, TypeId, TypeKind};
use cloison_contract::{FunctionId, Interface};

/// Everything that the steps will use as an index, checked once.
pub(super) fn check(interface: &Interface, function: &Function) -> Result<(), PlanError> {
    for parameter in &function.parameters {
        if !role_fits(interface, function, &parameter.shape) || !travels(&parameter.c_type, &parameter.shape) {
            return Err(PlanError::Reference { parameter: parameter.name.clone() });
        }
        if let Shape::OutPointer(place) = &parameter.shape {
            auxiliary(interface, free_of(&place.pointed), "free")?;
        }
    }
    let returns = &function.returns;
    let conditions = [&returns.error_if, &returns.error_unless].into_iter().flatten();
    let fits = conditions.into_iter().all(|expression| fits(interface, function, expression, true))
        && returns.pointer.as_ref().is_none_or(|pointed| pointed_fits(interface, function, pointed))
        && matches!(function.result, CType::Pointer { .. }) >= returns.pointer.is_some();
    if !fits {
        return Err(PlanError::Reference { parameter: "return".to_owned() });
    }
    match returns.message {
        Some(Message::Code(id)) => auxiliary(interface, Some(id), "message")?,
        Some(Message::Handle { function: id, parameter, through }) => {
            if object_of(function, parameter).is_none() {
                return Err(PlanError::Reference { parameter: "return".to_owned() });
            }
            auxiliary(interface, through, "object of a message")?;
            auxiliary(interface, Some(id), "message of a handle")?;
        }
        None => {}
    }
    auxiliary(interface, returns.pointer.as_ref().and_then(free_of), "free")?;
    for definition in &interface.types {
        if let TypeKind::Handle(handle) = &definition.kind {
            auxiliary(interface, handle.free, "free")?;
        }
    }
    Ok(())
}

/// Whether what the role refers to is there.
fn role_fits(interface: &Interface, function: &Function, role: &Shape) -> bool {
    let is_buffer = |index: usize| matches!(role_at(function, index), Some(Shape::Buffer(_)));
    match role {
        Shape::Buffer(buffer) => {
            [&buffer.length, &buffer.capacity]
                .into_iter()
                .flatten()
                .all(|expression| expression_fits(interface, function, expression))
                && element_fits(interface, buffer.element)
                && buffer.retain.is_none_or(|lifetime| {
                    let writes_back = buffer.direction.is_in() && buffer.direction.is_out();
                    !writes_back && buffer.element.scalar().is_some() && lifetime_fits(function, lifetime)
                })
        }
        Shape::Callback(callback) => callback.retain.is_none_or(|lifetime| lifetime_fits(function, lifetime)),
        Shape::CapacityOf(CapacityOf { of, .. }) => is_buffer(*of),
        Shape::ScalarPointer(cell) => match cell.fill {
            Some(PointerFill::CapacityOf(of) | PointerFill::LengthOf(of)) => is_buffer(of),
            None => true,
        },
        Shape::Constant(_) | Shape::Number(_) | Shape::Wide(_) => true,
        Shape::Handle(handle) => is_handle(interface, handle.id),
        Shape::LengthOf(LengthOf { of, .. }) => !of.is_empty() && of.iter().all(|of| is_buffer(*of)),
        Shape::OutPointer(place) => pointed_fits(interface, function, &place.pointed),
        Shape::Record(record) => is_record(interface, record.id, record.layout),
        Shape::Text(text) => text.retain.is_none_or(|lifetime| lifetime_fits(function, lifetime)),
    }
}

/// Whether C passes what the role makes of it.
fn travels(c_type: &CType, role: &Shape) -> bool {
    match role {
        Shape::CapacityOf(CapacityOf { scalar, .. }) | Shape::LengthOf(LengthOf { scalar, .. }) => {
            c_type.scalar() == Some(*scalar)
        }
        // Internal functions take pointers as numbers.
        Shape::Number(NumberArgument { scalar, .. }) => {
            c_type.scalar().is_none_or(|own| own == *scalar) && is_word(c_type)
        }
        Shape::Constant(Fixed::Bits(_)) => is_word(c_type),
        Shape::Wide(WideArgument { wide, .. }) => *c_type == CType::Wide(*wide),
        Shape::Record(RecordArgument { id, layout, by_value: true, direction: Direction::In, null: false, .. }) => {
            *c_type == CType::Record { id: *id, layout: *layout }
        }
        Shape::Record(record) if record.by_value => false,
        _ => matches!(c_type, CType::Pointer { .. }),
    }
}

fn is_word(c_type: &CType) -> bool {
    c_type.scalar().is_some() || matches!(c_type, CType::Pointer { .. })
}

fn role_at(function: &Function, index: usize) -> Option<&Shape> {
    function.parameters.get(index).map(|parameter| &parameter.shape)
}

/// The type of the object that is passed, or given, at that position.
fn object_of(function: &Function, index: usize) -> Option<TypeId> {
    match role_at(function, index)? {
        Shape::Handle(handle) => Some(handle.id),
        Shape::OutPointer(OutPointer { pointed: Pointed::Handle { id, .. }, .. }) => Some(*id),
        _ => None,
    }
}

fn lifetime_fits(function: &Function, lifetime: Lifetime) -> bool {
    match lifetime {
        Lifetime::Parameter(index) => object_of(function, index).is_some(),
        Lifetime::Return => matches!(function.returns.pointer, Some(Pointed::Handle { .. })),
    }
}

fn is_handle(interface: &Interface, id: TypeId) -> bool {
    matches!(interface.types.get(id.0 as usize).map(|one| &one.kind), Some(TypeKind::Handle(_)))
}

fn is_record(interface: &Interface, id: TypeId, layout: Layout) -> bool {
    record(&interface.types, id).is_some_and(|record| record.layout == layout && layout.size > 0)
}

fn element_fits(interface: &Interface, element: Element) -> bool {
    match element {
        Element::Handle { id } => is_handle(interface, id),
        Element::Record { id, layout } => is_record(interface, id, layout),
        Element::Scalar(_) | Element::Text { .. } => true,
    }
}

fn pointed_fits(interface: &Interface, function: &Function, pointed: &Pointed) -> bool {
    match pointed {
        Pointed::Buffer { element, length, .. } => {
            element_fits(interface, *element) && expression_fits(interface, function, length)
        }
        Pointed::Handle { id, owner, .. } => {
            is_handle(interface, *id)
                && owner.is_none_or(|owner| matches!(role_at(function, owner), Some(Shape::Handle(_))))
        }
        Pointed::Record { id, layout, .. } => is_record(interface, *id, *layout),
        Pointed::String(_) => true,
    }
}

/// The function that frees what was copied.
pub(super) fn free_of(pointed: &Pointed) -> Option<FunctionId> {
    match pointed {
        Pointed::String(string) => string.free,
        Pointed::Buffer { free, .. } | Pointed::Record { free, .. } => *free,
        Pointed::Handle { .. } => None,
    }
}

/// Whether every position and every function that the expression names exists, and is something it can use.
///
/// An object may be named only as an argument of a function of the library that wants one: its address then stays among
/// them. A pointer that the function returns may be compared, and is nothing to count with.
pub fn expression_fits(interface: &Interface, function: &Function, expression: &Expression) -> bool {
    fits(interface, function, expression, false)
}

fn fits(interface: &Interface, function: &Function, expression: &Expression, condition: bool) -> bool {
    let inner = |expression: &Expression| fits(interface, function, expression, condition);
    match expression {
        Expression::Binary(_, left, right) => inner(left) && inner(right),
        Expression::Call(callee, arguments) => interface.functions.get(callee.0 as usize).is_some_and(|callee| {
            callee.parameters.len() == arguments.len()
                && is_integer(&callee.result)
                && callee.parameters.iter().zip(arguments).all(|(parameter, argument)| match &parameter.shape {
                    Shape::Handle(handle) => match argument {
                        Expression::Dereference(at) | Expression::Parameter(at) => {
                            object_of(function, *at) == Some(handle.id)
                                && matches!(argument, Expression::Dereference(_))
                                    == matches!(role_at(function, *at), Some(Shape::OutPointer(_)))
                        }
                        _ => false,
                    },
                    _ => is_integer(&parameter.c_type) && inner(argument),
                })
        }),
        Expression::Dereference(index) => matches!(role_at(function, *index), Some(Shape::ScalarPointer(_))),
        Expression::Errno => condition,
        Expression::Integer(_) => true,
        Expression::Negate(only) | Expression::Not(only) => inner(only),
        Expression::Parameter(index) => match role_at(function, *index) {
            Some(Shape::ScalarPointer(_) | Shape::Handle(_) | Shape::OutPointer(_)) | None => false,
            Some(role) => scalar_of(role).is_some(),
        },
        Expression::Return => condition || !matches!(function.result, CType::Pointer { .. }),
    }
}

fn is_integer(c_type: &CType) -> bool {
    c_type.scalar().is_some_and(|scalar| !scalar.is_float())
}

/// Whether a function can serve as `message` or `free`.
fn auxiliary(interface: &Interface, function: Option<FunctionId>, used_as: &'static str) -> Result<(), PlanError> {
    let Some(id) = function else { return Ok(()) };
    let (takes, returns) = match used_as {
        "free" => ("pointer", "nothing that matters"),
        "message of a handle" => ("pointer", "`const char *`"),
        "object of a message" => ("pointer", "a pointer"),
        _ => ("integer", "`const char *`"),
    };
    let found = interface.functions.get(id.0 as usize);
    let fits = found.is_some_and(|function| match (used_as, function.parameters.as_slice()) {
        ("free", [only]) => {
            matches!(only.c_type, CType::Pointer { .. })
                && !matches!(function.result, CType::Record { .. } | CType::Wide(_))
        }
        ("message of a handle" | "object of a message", [only]) => {
            matches!(only.c_type, CType::Pointer { .. }) && matches!(function.result, CType::Pointer { .. })
        }
        (_, [only]) => is_integer(&only.c_type) && matches!(function.result, CType::Pointer { .. }),
        _ => false,
    });
    if fits {
        return Ok(());
    }
    let function = found.map_or_else(|| format!("function {}", id.0), |function| function.name.clone());
    Err(PlanError::Auxiliary { function, used_as, takes, returns })
}

/// Whether `test` holds for any part of the expression.
pub fn any(expression: &Expression, mut test: impl FnMut(&Expression) -> bool) -> bool {
    let mut found = false;
    expression.walk(&mut |part| found |= test(part));
    found
}

//! Everything in an interface that the steps use as an index, checked once, so that they need not.

use super::PlanError;
use crate::marshal::functions::is_by_address;
use cloison_contract::expression::{Expression, Real};
use cloison_contract::interface::{Function, Message};
use cloison_contract::shape::{
    CapacityOf, Direction, Element, Fixed, LengthOf, Lifetime, NumberArgument, Pointed, PointerFill, Reached,
    RecordArgument, Shape, WideArgument,
};
use cloison_contract::types::{CType, NumberPlace, TypeId, TypeKind};
use cloison_contract::{FunctionId, Interface};

/// Everything that the steps will use as an index, checked once.
pub(super) fn check(interface: &Interface, function: &Function) -> Result<(), PlanError> {
    for parameter in &function.parameters {
        if !shape_fits(interface, function, &parameter.shape) || !travels(&parameter.c_type, &parameter.shape) {
            return Err(PlanError::Reference { parameter: parameter.name.clone() });
        }
        if let Some(pointer) = parameter.shape.out_pointer() {
            auxiliary(interface, pointer.pointed.free(), "free")?;
        }
    }
    let returns = &function.returns;
    let conditions = [&returns.error_if, &returns.error_unless].into_iter().flatten();
    let fits = conditions.into_iter().all(|expression| fits(interface, function, expression, true))
        && !function.reaches(&interface.types, is_misfit(interface))
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
    auxiliary(interface, returns.pointer.as_ref().and_then(Pointed::free), "free")?;
    for definition in &interface.types {
        if let TypeKind::Handle(handle) = &definition.kind {
            auxiliary(interface, handle.free, "free")?;
        }
    }
    Ok(())
}

/// Whether what the shape refers to is there.
fn shape_fits(interface: &Interface, function: &Function, shape: &Shape) -> bool {
    let is_buffer = |index: usize| shape_at(function, index).and_then(Shape::buffer).is_some();
    let lives = |retain: Option<Lifetime>| retain.is_none_or(|lifetime| lifetime_fits(function, lifetime));
    let fits = match shape {
        Shape::Buffer(buffer) => {
            let mut expressions = [&buffer.length, &buffer.capacity].into_iter().flatten();
            let writes_back = buffer.direction.is_in() && buffer.direction.is_out();
            expressions.all(|expression| expression_fits(interface, function, expression))
                && buffer.element.size() > 0
                && (buffer.retain.is_none() || !writes_back && buffer.element.scalar().is_some())
                && !(writes_back && buffer.terminated && !matches!(buffer.element, Element::Text { .. }))
                && lives(buffer.retain)
        }
        Shape::Callback(callback) => lives(callback.retain),
        Shape::CapacityOf(CapacityOf { of, .. }) => is_buffer(*of),
        Shape::Constant(_) | Shape::Handle(_) | Shape::Number(_) | Shape::Wide(_) => true,
        Shape::LengthOf(LengthOf { of, .. }) => !of.is_empty() && of.iter().all(|of| is_buffer(*of)),
        Shape::OutPointer(pointer) => pointed_fits(interface, function, &pointer.pointed),
        Shape::Record(record) => record.layout.size > 0,
        Shape::ScalarPointer(pointer) => match pointer.fill {
            Some(PointerFill::CapacityOf(of) | PointerFill::LengthOf(of)) => is_buffer(of),
            None => true,
        },
        Shape::Text(text) => lives(text.retain),
    };
    fits && !shape.reaches(&interface.types, is_misfit(interface))
}

/// Whether it is not what it is taken for.
fn is_misfit(interface: &Interface) -> impl FnMut(Reached<'_>) -> bool {
    move |reached| match reached {
        Reached::Object(id) => !matches!(kind(interface, id), Some(TypeKind::Handle(_))),
        Reached::Record(id, layout) => {
            !matches!(kind(interface, id), Some(TypeKind::Record(record)) if record.layout == layout)
        }
        Reached::Text => false,
        Reached::TooDeep(_) => true,
    }
}

fn kind(interface: &Interface, id: TypeId) -> Option<&TypeKind> {
    interface.definition(id).map(|definition| &definition.kind)
}

/// Whether C passes what the shape makes of it.
fn travels(c_type: &CType, shape: &Shape) -> bool {
    match shape {
        Shape::CapacityOf(CapacityOf { scalar, .. }) | Shape::LengthOf(LengthOf { scalar, .. }) => {
            c_type.scalar() == Some(*scalar)
        }
        // Internal functions take pointers as numbers.
        Shape::Number(NumberArgument { scalar, .. }) => {
            c_type.scalar().is_none_or(|own| own == *scalar) && is_word(c_type)
        }
        Shape::Constant(Fixed::Bits(_)) => is_word(c_type),
        Shape::Wide(WideArgument { wide, .. }) => *c_type == CType::Wide(*wide),
        Shape::Record(RecordArgument { id, layout, by_value: true, direction, null, .. }) => {
            *direction == Direction::In && !null && *c_type == CType::Record { id: *id, layout: *layout }
        }
        Shape::Handle(handle) => {
            let to = if let CType::Pointer { to, .. } = c_type { Some(&**to) } else { None };
            to.is_some_and(|to| handle.by_address == is_address_of_object(to))
                && (handle.consumed || !handle.by_address)
        }
        Shape::Buffer(_)
        | Shape::Callback(_)
        | Shape::Constant(Fixed::Text(_))
        | Shape::OutPointer(_)
        | Shape::Record(_)
        | Shape::ScalarPointer(_)
        | Shape::Text(_) => matches!(c_type, CType::Pointer { .. }),
    }
}

/// Whether it is itself a pointer to an object: a pointer to it is the address of a variable.
fn is_address_of_object(c_type: &CType) -> bool {
    matches!(c_type, CType::Pointer { to, .. } if matches!(**to, CType::Opaque(_)))
}

fn is_word(c_type: &CType) -> bool {
    c_type.scalar().is_some() || matches!(c_type, CType::Pointer { .. })
}

fn shape_at(function: &Function, index: usize) -> Option<&Shape> {
    function.parameters.get(index).map(|parameter| &parameter.shape)
}

/// The type of the object that is passed, or given, at that position.
fn object_of(function: &Function, index: usize) -> Option<TypeId> {
    shape_at(function, index)?.object()
}

fn lifetime_fits(function: &Function, lifetime: Lifetime) -> bool {
    match lifetime {
        Lifetime::Parameter(index) => object_of(function, index).is_some(),
        Lifetime::Return => matches!(function.returns.pointer, Some(Pointed::Handle { .. })),
    }
}

fn pointed_fits(interface: &Interface, function: &Function, pointed: &Pointed) -> bool {
    match pointed {
        Pointed::Buffer { element, length, .. } => {
            let counted = |length: &Expression| expression_fits(interface, function, length);
            element.size() > 0 && length.as_ref().is_none_or(counted)
        }
        Pointed::Handle { owner, .. } => {
            owner.is_none_or(|owner| shape_at(function, owner).and_then(Shape::passed_object).is_some())
        }
        Pointed::Record { layout, .. } => layout.size > 0,
        Pointed::String(_) => true,
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
        Expression::Bytes(index, _) => shape_at(function, *index).is_some_and(Shape::has_bytes),
        Expression::Call(callee, arguments) => interface.functions.get(callee.0 as usize).is_some_and(|callee| {
            callee.parameters.len() == arguments.len()
                && callee.result.is_integer()
                && callee.parameters.iter().zip(arguments).all(|(parameter, argument)| match &parameter.shape {
                    Shape::Handle(handle) => !handle.by_address && names_object(function, argument, handle.id),
                    Shape::Buffer(_)
                    | Shape::Callback(_)
                    | Shape::CapacityOf(_)
                    | Shape::Constant(_)
                    | Shape::LengthOf(_)
                    | Shape::Number(_)
                    | Shape::OutPointer(_)
                    | Shape::Record(_)
                    | Shape::ScalarPointer(_)
                    | Shape::Text(_)
                    | Shape::Wide(_) => parameter.c_type.is_integer() && inner(argument),
                })
        }),
        Expression::Compare(real, operator, _) => operator.is_comparison() && real_fits(function, *real),
        Expression::Dereference(index) => {
            shape_at(function, *index).is_some_and(|shape| shape.pointed_scalar().is_some())
        }
        Expression::Errno => condition,
        Expression::Integer(_) => true,
        Expression::Length(index) => shape_at(function, *index).is_some_and(Shape::has_length),
        Expression::Member(index, place) => !place.scalar.is_float() && is_in_record(function, *index, *place),
        Expression::Negate(only) | Expression::Not(only) | Expression::OneOf(only, _) => inner(only),
        Expression::Parameter(index) => {
            shape_at(function, *index).is_some_and(|shape| shape.scalar().is_some() && shape.pointed_scalar().is_none())
        }
        Expression::Return => condition || !matches!(function.result, CType::Pointer { .. }),
    }
}

fn real_fits(function: &Function, real: Real) -> bool {
    match real {
        Real::Member(index, place) => place.scalar.is_float() && is_in_record(function, index, place),
        Real::Parameter(index) => shape_at(function, index).is_some_and(Shape::is_real),
    }
}

/// Whether a struct is passed there that has room for such a number at that place.
fn is_in_record(function: &Function, index: usize, place: NumberPlace) -> bool {
    let last = match place.bits {
        // Of a packed one, not all of its type need lie in the record.
        Some(bits) => u64::from(bits.shift) + u64::from(bits.width),
        None => 8 * place.scalar.size() as u64,
    };
    let record = shape_at(function, index).and_then(Shape::passed_record);
    record.is_some_and(|record| {
        let end = place.offset.checked_add(last.div_ceil(8));
        end.is_some_and(|end| end <= record.layout.size)
    })
}

/// Whether the expression is an object of that type: one that is passed, or one that is given.
fn names_object(function: &Function, expression: &Expression, id: TypeId) -> bool {
    match expression {
        Expression::Dereference(at) | Expression::Parameter(at) => {
            object_of(function, *at) == Some(id)
                && !function.parameters.get(*at).is_some_and(is_by_address)
                && matches!(expression, Expression::Dereference(_))
                    == shape_at(function, *at).and_then(Shape::out_pointer).is_some()
        }
        Expression::Binary(..)
        | Expression::Bytes(..)
        | Expression::Call(..)
        | Expression::Compare(..)
        | Expression::Errno
        | Expression::Integer(_)
        | Expression::Length(_)
        | Expression::Member(..)
        | Expression::Negate(_)
        | Expression::Not(_)
        | Expression::OneOf(..)
        | Expression::Return => false,
    }
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
            matches!(only.c_type, CType::Pointer { .. })
                && !is_by_address(only)
                && matches!(function.result, CType::Pointer { .. })
        }
        (_, [only]) => only.c_type.is_integer() && matches!(function.result, CType::Pointer { .. }),
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

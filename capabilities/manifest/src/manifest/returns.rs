//! Third step, the function's value: is it kept, how does it say that the call failed, what does it point to.

#![deny(clippy::wildcard_enum_match_arm)]

mod failure;
mod pointer;

use super::declare::Declared;
use super::raw::{self, Key, on};
use super::shapes::{ends_at_null, expression_in};
use super::world::World;
use crate::diagnostic::Written;
use crate::document::DocumentReader;
use crate::expression::{Scope, parse_condition};
use cloison_contract::expression::{Expression, Operator};
use cloison_contract::interface::{Parameter, Raises, Returns};
use cloison_contract::shape::{Pointed, Shape};
use cloison_contract::types::CType;

/// How many elements the value points to. `Some(None)` if nothing counts them, `None` if it is wrong.
pub(super) fn length(
    reader: &mut DocumentReader,
    world: &World<'_, '_>,
    declared: &Declared<'_, '_>,
) -> Option<Option<Expression>> {
    let key = declared.raw.returns.as_ref().and_then(|returns| returns.length.as_ref());
    let key = key.filter(|key| !ends_at_null(Some(key)));
    let prototype = &declared.prototype;
    expression_in(reader, world, &prototype.parameters, Some(&prototype.result), key)
}

/// What becomes of the value of a function whose parameters have been resolved.
pub(super) fn returns(
    reader: &mut DocumentReader,
    world: &World<'_, '_>,
    declared: &Declared<'_, '_>,
    parameters: &[Parameter],
    length: Option<Expression>,
) -> Option<Returns> {
    let Some(raw) = &declared.raw.returns else {
        let kept = is_kept(declared, parameters, None);
        let pointer = pointer::pointed(reader, world, declared, parameters, None, (kept, None))?;
        let (error_unless, error_if) = (None, None);
        let raises = Raises::Native;
        return Some(Returns { kept, pointer, error_unless, error_if, errno: false, message: None, raises });
    };
    let error_unless = condition(reader, world, declared, parameters, ("error_unless", raw.error_unless.as_ref()));
    let error_if = condition(reader, world, declared, parameters, ("error_if", raw.error_if.as_ref()));
    let (error_unless, mut error_if) = (error_unless?, error_if?);
    check_value(reader, declared, raw)?;
    if let Some(length) = &length {
        check_length(reader, raw, parameters, length)?;
    }
    let kept = raw.value.as_ref().map_or_else(|| is_kept(declared, parameters, error_unless.as_ref()), |key| key.value);
    let pointer = pointer::pointed(reader, world, declared, parameters, Some(raw), (kept, length))?;
    // Where NULL is no result, it is how the function says that it failed.
    let null_fails = pointer.as_ref().is_some_and(|pointed| !pointed.may_be_null());
    if null_fails && error_unless.is_none() && error_if.is_none() && failure::is_explained(raw) {
        error_if = Some(equal_to_null());
    }
    let can_fail = error_unless.is_some() || error_if.is_some();
    failure::check(reader, raw, can_fail)?;
    let message = match &raw.message {
        Some(key) => Some(failure::message(reader, world, declared, parameters, key)?),
        None => None,
    };
    let raises = match &raw.raises {
        Some(key) => failure::raises(reader, world, declared, on(&raw.errno), key)?,
        None => Raises::Native,
    };
    Some(Returns { kept, pointer, error_unless, error_if, errno: on(&raw.errno), message, raises })
}

fn equal_to_null() -> Expression {
    Expression::Binary(Operator::Equal, Box::new(Expression::Return), Box::new(Expression::Integer(0)))
}

/// `Some(None)` if there is none, `None` if it is wrong.
fn condition(
    reader: &mut DocumentReader,
    world: &World<'_, '_>,
    declared: &Declared<'_, '_>,
    parameters: &[Parameter],
    (word, key): (&str, Option<&Key<Written>>),
) -> Option<Option<Expression>> {
    let Some(key) = key else { return Some(None) };
    let prototype = &declared.prototype;
    let names: Vec<_> = prototype.parameters.iter().map(|one| (one.name.text.as_str(), &one.c_type)).collect();
    let scope = Scope {
        parameters: &names,
        value: Some(&prototype.result),
        functions: &world.declarations.callees,
        integers: &world.types.integers,
        arguments: None,
    };
    let condition = match parse_condition(&key.value.text, &scope) {
        Ok(condition) => condition,
        Err(mistake) => {
            reader.mistake_in(&key.value, mistake);
            return None;
        }
    };
    let constant = !condition.any(|part| {
        !matches!(part, Expression::Integer(_) | Expression::Binary(..) | Expression::Negate(_) | Expression::Not(_))
    });
    if constant {
        let hint = format!("compare the value with it: `{word} = \"== {}\"`", key.value.text);
        reader.error_with_hint(key.value.span.clone(), "this is always the same, whatever the function returns", hint);
        return None;
    }
    known(reader, parameters, &condition, &key.value)?;
    Some(Some(condition))
}

fn check_length(
    reader: &mut DocumentReader,
    raw: &raw::Returns,
    parameters: &[Parameter],
    length: &Expression,
) -> Option<()> {
    let key = raw.length.as_ref()?;
    known(reader, parameters, length, &key.value)
}

/// What stands behind each `*` is a scalar pointer.
fn known(reader: &mut DocumentReader, parameters: &[Parameter], expression: &Expression, at: &Written) -> Option<()> {
    let other = |part: &Expression| matches!(part, Expression::Dereference(index) if parameters[*index].shape.pointed_scalar().is_none());
    if expression.any(other) {
        reader.error(at.span.clone(), "what stands behind `*` here is not one number but a whole buffer");
        return None;
    }
    Some(())
}

/// A value that is only a status (`error_unless = "== 0"`) or only a length is no result.
fn is_kept(declared: &Declared<'_, '_>, parameters: &[Parameter], error_unless: Option<&Expression>) -> bool {
    let status = matches!(error_unless, Some(Expression::Binary(Operator::Equal, left, right))
        if **left == Expression::Return && matches!(**right, Expression::Integer(_) | Expression::Negate(_)));
    let is_length = |length: &Expression| length.any(|part| *part == Expression::Return);
    let length = parameters.iter().any(|parameter| match &parameter.shape {
        Shape::Buffer(buffer) => buffer.length.as_ref().is_some_and(is_length),
        Shape::OutPointer(pointer) => match &pointer.pointed {
            Pointed::Buffer { length, .. } => length.as_ref().is_some_and(is_length),
            Pointed::Handle { .. } | Pointed::Record { .. } | Pointed::String(_) => false,
        },
        Shape::Callback(_)
        | Shape::CapacityOf(_)
        | Shape::Constant(_)
        | Shape::Handle(_)
        | Shape::LengthOf(_)
        | Shape::Number(_)
        | Shape::Record(_)
        | Shape::ScalarPointer(_)
        | Shape::Text(_)
        | Shape::Wide(_) => false,
    });
    declared.prototype.result != CType::Void && !status && !length
}

fn check_value(reader: &mut DocumentReader, declared: &Declared<'_, '_>, raw: &raw::Returns) -> Option<()> {
    if declared.prototype.result == CType::Void && on(&raw.value) {
        let span = raw.place("value").unwrap_or_default();
        reader.error(span, format!("`{}` returns void, so there is no value to keep", declared.prototype.name.text));
        return None;
    }
    Some(())
}

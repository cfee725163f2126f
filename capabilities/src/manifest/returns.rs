//! Third step, the function's value: is it kept, how does it say that the call failed, who frees it.

use super::declare::{Declarations, Declared, is_integer};
use super::raw::{self, Key, on};
use crate::diagnostic::Mistake;
use crate::diagnostic::Written;
use crate::document::Reader;
use crate::expression::{Expression, Operator, Scope, parse_condition};
use crate::interface::{FunctionId, Message, Parameter, Pointed, Raises, ReturnedString, Returns, Role};
use crate::types::CType;
use std::ops::Range;

/// What becomes of the value of a function whose parameters have been resolved.
pub(super) fn returns(
    reader: &mut Reader,
    declarations: &Declarations<'_, '_>,
    declared: &Declared<'_, '_>,
    parameters: &[Parameter],
) -> Option<Returns> {
    let Some(raw) = &declared.raw.returns else {
        let kept = is_kept(declared, parameters, None);
        let string = string(reader, declarations, declared, None, kept)?;
        let pointer = string.map(Pointed::String);
        return Some(Returns {
            kept,
            pointer,
            error_unless: None,
            error_if: None,
            errno: false,
            message: None,
            raises: Raises::Native,
        });
    };
    let error_unless =
        condition(reader, declarations, declared, parameters, ("error_unless", raw.error_unless.as_ref()));
    let error_if = condition(reader, declarations, declared, parameters, ("error_if", raw.error_if.as_ref()));
    let (error_unless, error_if) = (error_unless?, error_if?);
    let can_fail = error_unless.is_some() || error_if.is_some();
    check_value(reader, declared, raw)?;
    let kept = raw.value.as_ref().map_or_else(|| is_kept(declared, parameters, error_unless.as_ref()), |key| key.value);
    let string = string(reader, declarations, declared, Some(raw), kept)?;
    for (key, word) in [(place(&raw.errno).filter(|_| on(&raw.errno)), "errno"), (place(&raw.message), "message")] {
        if let Some(span) = key.filter(|_| !can_fail) {
            let hint = "add `error_unless` or `error_if`, as in `returns = { error_if = \"< 0\", errno = true }`";
            reader.error_with_hint(span, format!("`{word}` says nothing while no value means failure"), hint);
            return None;
        }
    }
    let message = match &raw.message {
        Some(key) => Some(message(reader, declarations, declared, key)?),
        None => None,
    };
    let pointer = string.map(Pointed::String);
    let message = message.map(Message::Code);
    Some(Returns { kept, pointer, error_unless, error_if, errno: on(&raw.errno), message, raises: Raises::Native })
}

/// `Some(None)` if there is none, `None` if it is wrong.
fn condition(
    reader: &mut Reader,
    declarations: &Declarations<'_, '_>,
    declared: &Declared<'_, '_>,
    parameters: &[Parameter],
    (word, key): (&str, Option<&Key<Written>>),
) -> Option<Option<Expression>> {
    let Some(key) = key else { return Some(None) };
    let prototype = &declared.prototype;
    let names: Vec<_> = prototype.parameters.iter().map(|one| (one.name.text.as_str(), &one.c_type)).collect();
    let scope = Scope { parameters: &names, value: Some(&prototype.result), functions: &declarations.callees };
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
    let cell = |part: &Expression| matches!(part, Expression::Cell(index) if !matches!(parameters[*index].role, Role::Cell(_)));
    if condition.any(cell) {
        reader.error(key.value.span.clone(), "what stands behind `*` here is not one number but a whole buffer");
        return None;
    }
    Some(Some(condition))
}

/// A value that is only a status (`error_unless = "== 0"`) or only a length is no result.
fn is_kept(declared: &Declared<'_, '_>, parameters: &[Parameter], error_unless: Option<&Expression>) -> bool {
    let status = matches!(error_unless, Some(Expression::Binary(Operator::Equal, left, right))
        if **left == Expression::Return && matches!(**right, Expression::Integer(_) | Expression::Negate(_)));
    let length = parameters.iter().any(|parameter| match &parameter.role {
        Role::Buffer(buffer) => {
            buffer.length.as_ref().is_some_and(|length| length.any(|part| *part == Expression::Return))
        }
        _ => false,
    });
    declared.prototype.result != CType::Void && !status && !length
}

fn check_value(reader: &mut Reader, declared: &Declared<'_, '_>, raw: &raw::Returns) -> Option<()> {
    if declared.prototype.result == CType::Void && on(&raw.value) {
        let span = place(&raw.value).unwrap_or_default();
        reader.error(span, format!("`{}` returns void, so there is no value to keep", declared.prototype.name.text));
        return None;
    }
    Some(())
}

/// `Some(None)` if the value is no string, `None` if it is a pointer that nothing can be made of.
fn string(
    reader: &mut Reader,
    declarations: &Declarations<'_, '_>,
    declared: &Declared<'_, '_>,
    raw: Option<&raw::Returns>,
    kept: bool,
) -> Option<Option<ReturnedString>> {
    let result = &declared.prototype.result;
    let (text, bytes) = raw.map_or((false, false), |raw| (on(&raw.text), on(&raw.bytes)));
    let is_string = match result {
        CType::Pointer { to, .. } => match **to {
            CType::Scalar { character, scalar } => character || (scalar.size() == 1 && (text || bytes)),
            _ => false,
        },
        _ => false,
    };
    if !is_string {
        refuse_string_keys(reader, raw, kept)?;
        if kept && matches!(result, CType::Pointer { .. }) {
            let mistake = Mistake::new(declared.prototype.name.span.clone(), format!("`{}` returns a pointer, which Python cannot hold yet", declared.prototype.name.text))
                .hint("only `char *` can be returned for now; if the value is of no interest, add `returns = { value = false }`");
            reader.mistake_in(&declared.raw.c, mistake);
            return None;
        }
        return Some(None);
    }
    if text && bytes {
        let span = raw.and_then(|raw| place(&raw.bytes)).unwrap_or_default();
        reader.error_with_hint(span, "both `text` and `bytes`", "keep one of them");
        return None;
    }
    if kept && !text && !bytes && !declared.raw.internal {
        let name = &declared.prototype.name;
        let mistake =
            Mistake::new(name.span.clone(), format!("`{}` returns a string: as `str` or as `bytes`?", name.text))
                .hint("add `returns = { text = true }` if it is UTF-8, else `returns = { bytes = true }`");
        reader.mistake_in(&declared.raw.c, mistake);
        return None;
    }
    let free = match raw.and_then(|raw| raw.free.as_ref()) {
        Some(key) => Some(free(reader, declarations, key)?),
        None => None,
    };
    let null = raw.is_some_and(|raw| on(&raw.null));
    Some(kept.then_some(ReturnedString { text: !bytes, null, free }))
}

fn refuse_string_keys(reader: &mut Reader, raw: Option<&raw::Returns>, kept: bool) -> Option<()> {
    let Some(raw) = raw else { return Some(()) };
    let keys = [
        (place(&raw.text).filter(|_| on(&raw.text)), "text"),
        (place(&raw.bytes).filter(|_| on(&raw.bytes)), "bytes"),
        (place(&raw.null).filter(|_| on(&raw.null)), "null"),
        (place(&raw.free), "free"),
    ];
    for (span, word) in keys {
        if let Some(span) = span {
            let what = if kept { "the function does not return a string" } else { "there is no result" };
            reader.error(span, format!("`{word}` has no meaning here: {what}"));
            return None;
        }
    }
    Some(())
}

/// The function of that name, if there is one whose C text has been understood.
fn named<'x, 'a, 'd>(
    reader: &mut Reader,
    declarations: &'x Declarations<'a, 'd>,
    name: &Written,
) -> Option<(FunctionId, &'x Declared<'a, 'd>)> {
    let Some(callee) = declarations.callees.iter().find(|callee| callee.name == name.text) else {
        let known: Vec<_> = declarations.callees.iter().map(|callee| callee.name).collect();
        let hint = match crate::diagnostic::did_you_mean(&name.text, known) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("declare it: [functions.{}] c = \"…\", internal = true", name.text),
        };
        reader.error_with_hint(
            name.span.clone(),
            format!("there is no function `{}` in this manifest", name.text),
            hint,
        );
        return None;
    };
    let declared = declarations.functions.iter().find(|one| one.raw.name.text == name.text)?;
    Some((callee.id, declared))
}

fn message(
    reader: &mut Reader,
    declarations: &Declarations<'_, '_>,
    declared: &Declared<'_, '_>,
    key: &Key<Written>,
) -> Option<FunctionId> {
    let (id, target) = named(reader, declarations, &key.value)?;
    let name = &key.value.text;
    let fits = matches!(&target.prototype.parameters[..], [one] if is_integer(&one.c_type))
        && is_string(&target.prototype.result);
    let wrong = if !fits {
        (format!("`{name}` cannot explain an error"), "a function that does looks like `const char *f(int code)`")
    } else if !is_integer(&declared.prototype.result) {
        (format!("`{name}` explains integers, and the value here is none"), "leave `message` out")
    } else {
        return Some(id);
    };
    reader.error_with_hint(key.value.span.clone(), wrong.0, wrong.1);
    None
}

fn free(reader: &mut Reader, declarations: &Declarations<'_, '_>, key: &Key<Written>) -> Option<FunctionId> {
    let (id, target) = named(reader, declarations, &key.value)?;
    let name = &key.value.text;
    let wrong = if !matches!(&target.prototype.parameters[..], [one] if matches!(one.c_type, CType::Pointer { .. })) {
        (format!("`{name}` cannot free"), "a function that does looks like `void f(void *pointer)`".to_owned())
    } else if !target.raw.internal {
        let hint = format!("add `internal = true` to [functions.{name}]: Python must not pass pointers to it");
        (format!("`{name}` frees, and everybody could call it"), hint)
    } else {
        return Some(id);
    };
    reader.error_with_hint(key.value.span.clone(), wrong.0, wrong.1);
    None
}

fn is_string(c_type: &CType) -> bool {
    matches!(c_type, CType::Pointer { to, .. } if matches!(**to, CType::Scalar { character: true, .. }))
}

fn place<T>(key: &Option<Key<T>>) -> Option<Range<usize>> {
    key.as_ref().map(|key| key.span.clone())
}

//! What a failure says, and what it raises.

use super::super::declare::{Declared, is_integer};
use super::super::raw::{self, Key, on};
use super::super::types::integer;
use super::super::world::World;
use crate::declaration::Prototype;
use crate::diagnostic::Written;
use crate::document::Reader;
use crate::interface::{Message, Parameter, Place, Pointed, Raises, Role};
use crate::types::{CType, TypeId};
use std::collections::BTreeSet;

/// Whether something says what a failure looks like.
pub(super) fn is_explained(raw: &raw::Returns) -> bool {
    on(&raw.errno) || raw.message.is_some() || raw.raises.is_some()
}

/// Notes what explains failures of a function that cannot fail.
pub(super) fn check(reader: &mut Reader, raw: &raw::Returns, can_fail: bool) -> Option<()> {
    for word in ["errno", "message", "raises"] {
        if let Some(span) = raw.place(word).filter(|_| !can_fail) {
            let hint = "add `error_unless` or `error_if`, as in `returns = { error_if = \"< 0\", errno = true }`";
            reader.error_with_hint(span, format!("`{word}` says nothing while no value means failure"), hint);
            return None;
        }
    }
    Some(())
}

/// `message = "zError"`, `message = "sqlite3_errmsg(db)"`, `message = "sqlite3_errmsg(*ppDb)"`
pub(super) fn message(
    reader: &mut Reader,
    world: &World<'_, '_>,
    declared: &Declared<'_, '_>,
    parameters: &[Parameter],
    key: &Key<Written>,
) -> Option<Message> {
    let Written { text, span } = &key.value;
    let (name, argument) = match text.split_once('(') {
        None => (text.trim(), None),
        Some((name, rest)) => match rest.trim_end().strip_suffix(')') {
            Some(argument) => (name.trim(), Some(argument.trim())),
            None => {
                let hint = "write `message = \"f\"` or `message = \"f(handle)\"`";
                reader.error_with_hint(span.clone(), "`)` is missing", hint);
                return None;
            }
        },
    };
    let written = Written { text: name.to_owned(), span: span.clone() };
    let (function, target) = world.declarations.named(reader, &written)?;
    let explained = match argument {
        None => None,
        Some(argument) => Some(explained(reader, parameters, argument, span)?),
    };
    let takes = match (&target.prototype.parameters[..], explained) {
        ([one], None) => is_integer(&one.c_type),
        ([one], Some((_, id))) => matches!(&one.c_type, CType::Pointer { to, .. } if **to == CType::Opaque(id)),
        _ => false,
    };
    let fits = takes && is_string(&target.prototype.result);
    let explains_nothing = explained.is_none() && !is_integer(&declared.prototype.result) && !has_errno(declared);
    let wrong = match explained {
        None if takes_handle(&target.prototype) => {
            let hint = format!("write of which: `message = \"{name}(…)\"`, with a parameter that is one");
            (format!("`{name}` is asked of a handle"), hint)
        }
        None if !fits => (
            format!("`{name}` cannot explain an error"),
            "a function that does looks like `const char *f(int code)`".to_owned(),
        ),
        None if explains_nothing => {
            (format!("`{name}` explains integers, and the value here is none"), "leave `message` out".to_owned())
        }
        None => return Some(Message::Code(function)),
        Some((parameter, _)) if fits => return Some(Message::Handle { function, parameter }),
        Some((_, id)) => {
            let hint = format!("a function that does looks like `const char *f({} *)`", world.types.name(id));
            (format!("`{name}` cannot explain an error of that handle"), hint)
        }
    };
    reader.error_with_hint(span.clone(), wrong.0, wrong.1);
    None
}

fn takes_handle(prototype: &Prototype) -> bool {
    matches!(&prototype.parameters[..], [one]
        if matches!(&one.c_type, CType::Pointer { to, .. } if matches!(**to, CType::Opaque(_))))
}

fn has_errno(declared: &Declared<'_, '_>) -> bool {
    declared.raw.returns.as_ref().is_some_and(|returns| on(&returns.errno))
}

/// The handle that a message is asked of: passed, or (with `*`) made by this call.
fn explained(
    reader: &mut Reader,
    parameters: &[Parameter],
    argument: &str,
    span: &std::ops::Range<usize>,
) -> Option<(usize, TypeId)> {
    let (name, made) = match argument.strip_prefix('*') {
        Some(name) => (name.trim(), true),
        None => (argument, false),
    };
    let index = parameters.iter().position(|parameter| parameter.name == name);
    let found = index.and_then(|index| match (&parameters[index].role, made) {
        (Role::Handle(handle), false) => Some((index, handle.id)),
        (Role::Place(Place { pointed: Pointed::Handle { id, .. }, .. }), true) => Some((index, *id)),
        _ => None,
    });
    if found.is_none() {
        let hint = "a message is asked of one handle: `f(db)` of one that is passed, `f(*db)` of one that is filled in";
        let message = match index {
            Some(_) => format!("`{argument}` is no handle"),
            None => format!("there is no parameter `{name}`"),
        };
        reader.error_with_hint(span.clone(), message, hint);
    }
    found
}

/// `raises`
pub(super) fn raises(
    reader: &mut Reader,
    world: &World<'_, '_>,
    declared: &Declared<'_, '_>,
    errno: bool,
    key: &Key<raw::Raises>,
) -> Option<Raises> {
    let cases = match &key.value {
        raw::Raises::One(name) if name.text == "OSError" && !errno => {
            let hint = "add `errno = true`";
            reader.error_with_hint(name.span.clone(), "`OSError` is made of `errno`", hint);
            return None;
        }
        raw::Raises::One(name) if name.text == "OSError" => return Some(Raises::Os),
        raw::Raises::One(name) => {
            let otherwise = class(reader, world, name)?;
            return Some(
                otherwise
                    .map_or(Raises::Native, |class| Raises::Declared { codes: Vec::new(), otherwise: Some(class) }),
            );
        }
        raw::Raises::ByCode(cases) => cases,
    };
    if !is_integer(&declared.prototype.result) {
        let hint = "name one class: `raises = \"…\"`";
        reader.error_with_hint(key.span.clone(), "there is no code: the function's value is no integer", hint);
        return None;
    }
    let (mut codes, mut otherwise, mut seen) = (Vec::new(), None, BTreeSet::new());
    for (code, name) in cases {
        let class = class(reader, world, name)?;
        if code.text == "else" {
            otherwise = class;
            continue;
        }
        let value = integer(reader, world.types, code)?;
        if !seen.insert(value) {
            reader.error(code.span.clone(), format!("there are two classes for {value}"));
            return None;
        }
        match class {
            Some(class) => codes.push((value, class)),
            None => {
                let hint = "leave it out, and `else` as well: `NativeError` is the default";
                reader.error_with_hint(name.span.clone(), "only classes of this manifest can stand here", hint);
                return None;
            }
        }
    }
    Some(Raises::Declared { codes, otherwise })
}

/// `Some(None)` is `NativeError`.
fn class(reader: &mut Reader, world: &World<'_, '_>, name: &Written) -> Option<Option<usize>> {
    match name.text.as_str() {
        "NativeError" => Some(None),
        "OSError" => {
            let hint = "write `raises = \"OSError\"`: its subclass follows from `errno`";
            reader.error_with_hint(name.span.clone(), "`OSError` goes with `errno`, not with codes", hint);
            None
        }
        _ => world.exception(reader, name).map(Some),
    }
}

fn is_string(c_type: &CType) -> bool {
    matches!(c_type, CType::Pointer { to, .. } if matches!(**to, CType::Scalar { character: true, .. }))
}

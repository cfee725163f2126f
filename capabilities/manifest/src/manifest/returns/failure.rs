//! What a failure says, and what it raises.

use super::super::declare::Declared;
use super::super::raw::{self, Key, on};
use super::super::types::integer;
use super::super::world::World;
use crate::declaration::Prototype;
use crate::diagnostic::Written;
use crate::document::DocumentReader;
use cloison_contract::interface::{FunctionId, Message, Parameter, Raises};
use cloison_contract::shape::{OutPointer, Pointed, Shape};
use cloison_contract::types::{CType, TypeId};
use std::collections::BTreeSet;
use std::ops::Range;

/// Whether something says what a failure looks like.
pub(super) fn is_explained(raw: &raw::Returns) -> bool {
    on(&raw.errno) || raw.message.is_some() || raw.raises.is_some()
}

/// Notes what explains failures of a function that cannot fail.
pub(super) fn check(reader: &mut DocumentReader, raw: &raw::Returns, can_fail: bool) -> Option<()> {
    for word in ["errno", "message", "raises"] {
        if let Some(span) = raw.place(word).filter(|_| !can_fail) {
            let hint = "add `error_unless` or `error_if`, as in `returns = { error_if = \"< 0\", errno = true }`";
            reader.error_with_hint(span, format!("`{word}` says nothing while no value means failure"), hint);
            return None;
        }
    }
    Some(())
}

/// `message = "zError"`, `"sqlite3_errmsg(db)"`, `"sqlite3_errmsg(*ppDb)"`, `"sqlite3_errmsg(sqlite3_db_handle(stmt))"`
pub(super) fn message(
    reader: &mut DocumentReader,
    world: &World<'_, '_>,
    declared: &Declared<'_, '_>,
    parameters: &[Parameter],
    key: &Key<Written>,
) -> Option<Message> {
    let Written { text, span } = &key.value;
    let (name, argument) = applied(reader, text, span)?;
    let written = Written { text: name.to_owned(), span: span.clone() };
    let (function, target) = world.declarations.named(reader, &written)?;
    let explained = match argument {
        None => None,
        Some(argument) => Some(explained(reader, world, parameters, argument, span)?),
    };
    let takes = match (&target.prototype.parameters[..], &explained) {
        ([one], None) => one.c_type.is_integer(),
        ([one], Some(explained)) => object(&one.c_type) == Some(explained.id),
        _ => false,
    };
    let fits = takes && is_string(&target.prototype.result);
    let explains_nothing = explained.is_none() && !declared.prototype.result.is_integer() && !has_errno(declared);
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
        Some(Explained { parameter, through, .. }) if fits => {
            return Some(Message::Handle { function, parameter, through });
        }
        Some(Explained { id, .. }) => {
            let hint = format!("a function that does looks like `const char *f({} *)`", world.types.name(id));
            (format!("`{name}` cannot explain an error of that handle"), hint)
        }
    };
    reader.error_with_hint(span.clone(), wrong.0, wrong.1);
    None
}

/// `f` or `f(argument)`
fn applied<'t>(reader: &mut DocumentReader, text: &'t str, span: &Range<usize>) -> Option<(&'t str, Option<&'t str>)> {
    let Some((name, rest)) = text.split_once('(') else { return Some((text.trim(), None)) };
    let Some(argument) = rest.trim_end().strip_suffix(')') else {
        let hint = "write `message = \"f\"` or `message = \"f(handle)\"`";
        reader.error_with_hint(span.clone(), "`)` is missing", hint);
        return None;
    };
    Some((name.trim(), Some(argument.trim())))
}

/// What a message is asked of.
struct Explained {
    parameter: usize,
    through: Option<FunctionId>,
    /// The type of the object.
    id: TypeId,
}

fn object(c_type: &CType) -> Option<TypeId> {
    let CType::Pointer { to, .. } = c_type else { return None };
    if let CType::Opaque(id) = **to { Some(id) } else { None }
}

fn takes_handle(prototype: &Prototype) -> bool {
    matches!(&prototype.parameters[..], [one] if object(&one.c_type).is_some())
}

fn has_errno(declared: &Declared<'_, '_>) -> bool {
    declared.raw.returns.as_ref().is_some_and(|returns| on(&returns.errno))
}

/// The object that a message is asked of: a handle, or what a function gives for one.
fn explained(
    reader: &mut DocumentReader,
    world: &World<'_, '_>,
    parameters: &[Parameter],
    argument: &str,
    span: &Range<usize>,
) -> Option<Explained> {
    let (name, inner) = applied(reader, argument, span)?;
    let Some(inner) = inner else {
        let (parameter, id) = handle(reader, parameters, name, span)?;
        return Some(Explained { parameter, through: None, id });
    };
    let (function, target) =
        world.declarations.named(reader, &Written { text: name.to_owned(), span: span.clone() })?;
    let (parameter, of) = handle(reader, parameters, inner, span)?;
    let takes = matches!(&target.prototype.parameters[..], [one] if object(&one.c_type) == Some(of));
    let consumes = world.types.handle(of).is_some_and(|handle| handle.free == Some(function))
        || target.tables.iter().flatten().any(|table| on(&table.consumed));
    // A new object would be nobody's.
    let borrowed = target.raw.returns.as_ref().is_some_and(|returns| on(&returns.borrowed));
    let id = object(&target.prototype.result).filter(|_| takes && !consumes && borrowed);
    if id.is_none() {
        let hint = format!(
            "a function that does looks like `T *f({} *)`, with `returns = {{ borrowed = true }}`",
            world.types.name(of)
        );
        reader.error_with_hint(span.clone(), format!("`{name}` gives no object of the library's for `{inner}`"), hint);
    }
    Some(Explained { parameter, through: Some(function), id: id? })
}

/// The handle of that name: passed, or (with `*`) made by this call.
fn handle(
    reader: &mut DocumentReader,
    parameters: &[Parameter],
    argument: &str,
    span: &Range<usize>,
) -> Option<(usize, TypeId)> {
    let (name, made) = match argument.strip_prefix('*') {
        Some(name) => (name.trim(), true),
        None => (argument, false),
    };
    let index = parameters.iter().position(|parameter| parameter.name == name);
    let found = index.and_then(|index| match (&parameters[index].shape, made) {
        (Shape::Handle(handle), false) => Some((index, handle.id)),
        (Shape::OutPointer(OutPointer { pointed: Pointed::Handle { id, .. }, .. }), true) => Some((index, *id)),
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
    reader: &mut DocumentReader,
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
    if !declared.prototype.result.is_integer() {
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
fn class(reader: &mut DocumentReader, world: &World<'_, '_>, name: &Written) -> Option<Option<usize>> {
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
    matches!(c_type, CType::Pointer { to, .. } if to.is_char())
}

//! Third step, all functions together.

use super::declare::Declared;
use super::raw;
use super::returns;
use super::shapes;
use super::world::World;
use crate::document::DocumentReader;
use cloison_contract::call::MAX_WORDS;
use cloison_contract::interface::{Function, Instances};
use std::collections::BTreeSet;

/// The functions that `free` names somewhere: what they take is ours.
pub(super) fn freeing<'a>(types: &'a [raw::Type<'_>], functions: &'a [raw::Function<'_>]) -> BTreeSet<&'a str> {
    let of_types = types.iter().filter_map(|one| one.free.as_ref());
    let of_values = functions.iter().filter_map(|one| one.returns.as_ref()?.free.as_ref());
    let of_parameters = functions.iter().flat_map(|one| &one.parameters).filter_map(|one| one.free.as_ref());
    of_types.chain(of_values).chain(of_parameters).map(|key| key.value.text.as_str()).collect()
}

/// The functions, in the manifest's order. Those with a mistake are left out; the mistakes have been noted.
pub(super) fn functions(reader: &mut DocumentReader, world: &World<'_, '_>) -> Vec<Function> {
    world.declarations.functions.iter().filter_map(|declared| function(reader, world, declared)).collect()
}

fn function(reader: &mut DocumentReader, world: &World<'_, '_>, declared: &Declared<'_, '_>) -> Option<Function> {
    let Declared { raw, prototype, .. } = declared;
    let length = returns::length(reader, world, declared);
    let mut parameters = shapes::parameters(reader, world, declared, length.as_ref().and_then(Option::as_ref))?;
    if raw.flawed {
        return None;
    }
    let returns = returns::returns(reader, world, declared, &parameters, length?)?;
    shapes::lifetimes(reader, world, declared, &mut parameters, &returns)?;
    check_blocking(reader, world, raw)?;
    let function = Function {
        name: raw.name.text.clone(),
        symbol: prototype.name.text.clone(),
        declaration: raw.c.text.clone(),
        doc: raw.doc.as_ref().map(|doc| doc.text.clone()),
        internal: raw.internal,
        parameters,
        result: prototype.result.clone(),
        returns,
        deadline: raw.deadline,
        callables: raw.callables,
        blocking: raw.blocking.is_some(),
        variadic: prototype.variadic,
        declared: reader.location(raw.c_key.start),
    };
    if function.request_slots().words() > MAX_WORDS || function.reply_slots().words() > MAX_WORDS {
        let hint = format!(
            "a call carries at most {MAX_WORDS} words each way: one for a number, two for a buffer or a string"
        );
        reader.error_with_hint(raw.name.span.clone(), format!("`{}` has too many parameters", function.name), hint);
        return None;
    }
    Some(function)
}

/// What waits for long would keep everybody else waiting.
fn check_blocking(reader: &mut DocumentReader, world: &World<'_, '_>, raw: &raw::Function<'_>) -> Option<()> {
    let sandbox = world.sandbox;
    match &raw.blocking {
        Some(span) if sandbox.instances == Instances::Shared && sandbox.threads == 1 => {
            let message = format!("all clients would wait while `{}` does", raw.name.text);
            let hint = "let several calls run at once (`threads = 4` and `thread_safe = true` in [sandbox]), or \
                give each client an instance (`instances = \"per-client\"`)";
            reader.error_with_hint(span.clone(), message, hint);
            None
        }
        _ => Some(()),
    }
}

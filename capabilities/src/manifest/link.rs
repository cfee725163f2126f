//! Third step, all functions together.

use super::declare::{Declarations, Declared};
use super::returns::returns;
use super::roles::{Context, parameters};
use crate::call::MAX_WORDS;
use crate::document::Reader;
use crate::interface::Function;
use std::collections::BTreeSet;

/// The functions, in the manifest's order. Those with a mistake are left out; the mistakes have been noted.
pub(super) fn functions(reader: &mut Reader, declarations: &Declarations<'_, '_>, call_bytes: u64) -> Vec<Function> {
    let raw = declarations.functions.iter().filter_map(|declared| declared.raw.returns.as_ref());
    let freeing: BTreeSet<_> = raw.filter_map(|returns| Some(returns.free.as_ref()?.value.text.as_str())).collect();
    let resolve = |declared| {
        let frees =
            |declared: &Declared<'_, '_>| declared.raw.internal && freeing.contains(declared.raw.name.text.as_str());
        let context = Context { declared, callees: &declarations.callees, call_bytes, frees: frees(declared) };
        function(reader, declarations, &context)
    };
    declarations.functions.iter().filter_map(resolve).collect()
}

fn function(reader: &mut Reader, declarations: &Declarations<'_, '_>, context: &Context<'_, '_>) -> Option<Function> {
    let Declared { raw, prototype, .. } = context.declared;
    let parameters = parameters(reader, context)?;
    if raw.flawed {
        return None;
    }
    let returns = returns(reader, declarations, context.declared, &parameters)?;
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
        blocking: false,
        variadic: None,
        declared: reader.location(raw.c_key.start),
    };
    if function.request_words() > MAX_WORDS || function.reply_words() > MAX_WORDS {
        let hint = format!(
            "a call carries at most {MAX_WORDS} words each way: one for a number, two for a buffer or a string"
        );
        reader.error_with_hint(raw.name.span.clone(), format!("`{}` has too many parameters", function.name), hint);
        return None;
    }
    Some(function)
}

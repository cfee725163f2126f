//! What nobody passes and is always the same.

use super::super::numbers;
use super::super::raw::{self, Key};
use super::Context;
use super::draft::ParameterDraft;
use crate::document::{DocumentReader, TableEntry};
use cloison_contract::shape::{Fixed, Literal};
use cloison_contract::types::{CType, Scalar};
use toml::de::DeValue;

pub(super) fn draft(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    table: &raw::Parameter<'_>,
) -> Option<ParameterDraft> {
    let name = context.name(index);
    let Some(key) = &table.value else {
        table.only(reader, "user data, and ours", &["user_data"])?;
        let fits =
            matches!(context.c_type(index), CType::Pointer { to, .. } if **to == CType::Void || context.is_callback());
        if !fits {
            let span = table.user_data.as_ref().map(|key| key.span.clone()).unwrap_or_default();
            let hint = "for what is always the same, write `value = 0` or `value = \"NULL\"`";
            reader.error_with_hint(span, format!("`{name}` is no `void *`, so it is no user data"), hint);
            return None;
        }
        return Some(ParameterDraft::Constant(Fixed::Bits(0)));
    };
    if context.is_callback() {
        let hint = format!("if Python has no use for it, write `{name} = {{ user_data = true }}`");
        reader.error_with_hint(key.span.clone(), format!("`value` has no meaning here: C passes `{name}`"), hint);
        return None;
    }
    table.only(reader, "always the same", &["value"])?;
    match context.c_type(index) {
        CType::Pointer { to, constant: true } if to.is_char() => {
            string(reader, name, key).map(ParameterDraft::Constant)
        }
        CType::Pointer { .. } => address(reader, context, key).map(Fixed::Bits).map(ParameterDraft::Constant),
        CType::Enum { scalar, .. } | CType::Scalar { scalar, .. } => {
            let number = numbers::default(reader, context.world.types, key, *scalar, None)?;
            Some(ParameterDraft::Constant(Fixed::Bits(bits(number, *scalar))))
        }
        CType::Array { .. }
        | CType::Function(_)
        | CType::Opaque(_)
        | CType::Record { .. }
        | CType::Void
        | CType::Wide(_) => {
            let message =
                format!("`value` cannot say what `{name}` is: it is neither an integer, a float nor a pointer");
            reader.error_with_hint(key.span.clone(), message, "let Python pass it");
            None
        }
    }
}

/// A string, as in `format = { value = "%d" }`, or `"NULL"`. Any other address would be read as a string.
fn string(reader: &mut DocumentReader, name: &str, key: &Key<TableEntry<'_>>) -> Option<Fixed> {
    let DeValue::String(text) = key.value.value else {
        let hint = "write the text, as in `value = \"%d\"`, or `value = \"NULL\"`";
        reader.error_with_hint(key.value.span.clone(), format!("`{name}` is a string, and this is none"), hint);
        return None;
    };
    if text == "NULL" {
        return Some(Fixed::Bits(0));
    }
    if text.contains('\0') {
        reader.error(key.value.span.clone(), "a string of C ends at its NUL, and this one has a NUL in it");
        return None;
    }
    Some(Fixed::Text(text.clone().into_owned()))
}

/// `"NULL"`, or a number: libraries give some addresses a meaning of their own, such as -1.
fn address(reader: &mut DocumentReader, context: &Context<'_, '_>, key: &Key<TableEntry<'_>>) -> Option<u64> {
    if matches!(key.value.value, DeValue::String(text) if text == "NULL") {
        return Some(0);
    }
    let number = numbers::default(reader, context.world.types, key, Scalar::I64, None)?;
    Some(bits(number, Scalar::I64))
}

/// As C sees it in a register.
fn bits(number: Literal, scalar: Scalar) -> u64 {
    match (number, scalar) {
        (Literal::Integer(value), _) => value as u64,
        (Literal::Float(value), Scalar::F32) => u64::from((value as f32).to_bits()),
        (Literal::Float(value), _) => value.to_bits(),
    }
}

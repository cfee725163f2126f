//! Lengths, capacities and bounds as they are written → [`Expression`](cloison_contract::expression::Expression).
//!
//! ```text
//! expression = or
//! or         = and { "||" and }
//! and        = test { "&&" test }
//! test       = sum [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) sum ]        (a < b < c is refused)
//! sum        = product { ( "+" | "-" ) product }
//! product    = unary { ( "*" | "/" | "%" ) unary }
//! unary      = ( "-" | "!" ) unary | "*" name | primary
//! primary    = integer [ "KiB" | "MiB" | "GiB" ] | "NULL" | "return" | "errno" | name | name "(" [ list ] ")" | "(" expression ")"
//! list       = expression { "," expression }
//! integer    = decimal digits, or "0x" and hexadecimal digits; "_" may stand between digits
//! condition  = expression | ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) sum
//! ```
//!
//! A bound (`where`) has further tests, over arguments that are no integers:
//!
//! ```text
//! test       = … | bytes ( "==" | "!=" | "starts_with" | "ends_with" ) text | bytes "in" "[" text { "," text } "]"
//!                | sum "in" "[" constant { "," constant } "]"
//!                | real ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) number
//! primary    = … | "len" "(" name ")" | name "." name { "." name }
//! real       = name | name "." name { "." name }
//! text       = characters between `"` or `'`, with the escapes \\ \" \' \n \r \t \0 \xHH
//! number     = [ "-" ] ( digits "." digits [ exponent ] | digits exponent ) | constant
//! ```
//!
//! `bytes` is the name of a parameter that is a text, or a buffer of bytes that the function only reads; of `==` and `!=`, and of
//! comparisons of a `real`, the sides may be exchanged. `len` is the length of a text or a buffer, unless the manifest has a
//! function of that name. A `constant` is an expression that names no argument.
//!
//! A `name` is a parameter, a constant or a value of an enumeration, `*name` the number its pointer points to, `name(…)`
//! another function of the manifest, and `return` the function's own value. A `condition` (`error_unless`, `error_if`) may
//! leave out the `return` on the left, and it alone may say `errno`: what the function left there, where 0 was before the
//! call.

#![deny(clippy::wildcard_enum_match_arm)]

mod parse;
mod token;

pub use parse::{BoundArguments, ExpressionFunction, Scope, Taken, Takes, parse, parse_condition};

/// What a word stands for by the grammar, whatever a manifest calls like that.
pub fn meaning(word: &str) -> Option<&'static str> {
    match word {
        "NULL" => Some("0"),
        "errno" => Some("C's `errno` after the call"),
        "return" => Some("the function's value"),
        unit if crate::units::binary_unit(unit).is_some() => Some("a unit of sizes"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;

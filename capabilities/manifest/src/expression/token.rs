//! The words of an expression.

use crate::diagnostic::Mistake;
use crate::units;
use std::ops::Range;

/// One word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Token<'a> {
    Integer(i128),
    Name(&'a str),
    /// An operator, a parenthesis or a comma.
    Sign(&'static str),
}

/// Longer ones first.
const SIGNS: [&str; 17] = ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "%", "!", "(", ")", ","];

/// Splits a text into words and their places.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token<'_>, Range<usize>)>, Mistake> {
    let mut found: Vec<(Token<'_>, Range<usize>)> = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, length) = if first.is_ascii_digit() {
            number(rest).map_err(|mistake| moved(mistake, at))?
        } else if first.is_ascii_alphabetic() || first == '_' {
            let length = word_length(rest);
            (Token::Name(&rest[..length]), length)
        } else {
            sign(rest).ok_or_else(|| unexpected(first, at))?
        };
        let span = at..at + length;
        at = span.end;
        match (found.last_mut(), token) {
            (Some((Token::Integer(value), place)), Token::Name(unit)) => {
                let factor = units::binary_unit(unit).ok_or_else(|| unknown_unit(unit, span.clone()))?;
                *value = value.checked_mul(i128::from(factor)).ok_or_else(|| too_large(place.start..span.end))?;
                place.end = span.end;
            }
            _ => found.push((token, span)),
        }
    }
    Ok(found)
}

fn number(text: &str) -> Result<(Token<'_>, usize), Mistake> {
    let (digits, radix, prefix) = match text.get(..2) {
        Some("0x" | "0X") => (&text[2..], 16, 2),
        _ => (text, 10, 0),
    };
    let length = digits
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b'_' || (radix == 16 && byte.is_ascii_hexdigit()))
        .count();
    let span = 0..prefix + length;
    if digits[length..].starts_with('.') {
        return Err(Mistake::new(span, "only whole numbers can be used here"));
    }
    let plain: String = digits[..length].chars().filter(|char| *char != '_').collect();
    if plain.is_empty() {
        return Err(Mistake::new(span, "digits are missing after `0x`"));
    }
    let value = i128::from_str_radix(&plain, radix).map_err(|_| too_large(span.clone()))?;
    Ok((Token::Integer(value), span.end))
}

fn sign(text: &str) -> Option<(Token<'static>, usize)> {
    let sign = SIGNS.into_iter().find(|sign| text.starts_with(sign))?;
    Some((Token::Sign(sign), sign.len()))
}

fn word_length(text: &str) -> usize {
    text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
}

fn unexpected(character: char, at: usize) -> Mistake {
    let mistake = Mistake::new(at..at + character.len_utf8(), format!("`{character}` has no meaning in an expression"));
    match character {
        '=' => mistake.hint("to compare, write `==`"),
        '&' => mistake.hint("for `and`, write `&&`"),
        '|' => mistake.hint("for `or`, write `||`"),
        _ => mistake,
    }
}

fn unknown_unit(unit: &str, span: Range<usize>) -> Mistake {
    Mistake::new(span, format!("`{unit}` is no unit"))
        .hint("units are KiB, MiB and GiB; between a number and a name stands an operator")
}

fn too_large(span: Range<usize>) -> Mistake {
    Mistake::new(span, "the number is too large")
}

fn moved(mistake: Mistake, by: usize) -> Mistake {
    let span = mistake.span.start + by..mistake.span.end + by;
    Mistake { span, ..mistake }
}

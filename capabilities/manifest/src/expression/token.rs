//! The words of an expression. Texts, fractions, lists and members are words of bounds alone: elsewhere they are refused here,
//! where they stand.

use crate::diagnostic::Mistake;
use crate::units;
use std::ops::Range;

/// One word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// A number with a fraction, or with an exponent.
    Fraction(f64),
    Integer(i128),
    Name(&'a str),
    /// An operator, a parenthesis or a comma.
    Sign(&'static str),
    /// What stands between quotes.
    Text(Vec<u8>),
}

/// Longer ones first.
const SIGNS: [&str; 17] = ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "%", "!", "(", ")", ","];
/// Those that only bounds have.
const BOUND_SIGNS: [&str; 3] = ["[", "]", "."];
/// Operators that are words; they are no units.
const WORD_OPERATORS: [&str; 3] = ["in", "starts_with", "ends_with"];

/// Splits a text into words and their places. `bound` says that it is a bound.
pub(super) fn tokens(text: &str, bound: bool) -> Result<Vec<(Token<'_>, Range<usize>)>, Mistake> {
    let mut found: Vec<(Token<'_>, Range<usize>)> = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, length) = if first.is_ascii_digit() {
            number(rest, bound).map_err(|mistake| moved(mistake, at))?
        } else if bound && matches!(first, '"' | '\'') {
            quoted(rest, first).map_err(|mistake| moved(mistake, at))?
        } else if first.is_ascii_alphabetic() || first == '_' {
            let length = word_length(rest);
            (Token::Name(&rest[..length]), length)
        } else {
            sign(rest, bound).ok_or_else(|| unexpected(first, at))?
        };
        let span = at..at + length;
        at = span.end;
        match (found.last_mut(), token) {
            (Some((Token::Integer(value), place)), Token::Name(unit)) if !(bound && is_word_operator(unit)) => {
                let factor = units::binary_unit(unit).ok_or_else(|| unknown_unit(unit, span.clone()))?;
                *value = value.checked_mul(i128::from(factor)).ok_or_else(|| too_large(place.start..span.end))?;
                place.end = span.end;
            }
            (_, token) => found.push((token, span)),
        }
    }
    Ok(found)
}

fn is_word_operator(word: &str) -> bool {
    WORD_OPERATORS.contains(&word)
}

fn number(text: &str, bound: bool) -> Result<(Token<'_>, usize), Mistake> {
    let (digits, radix, prefix) = match text.get(..2) {
        Some("0x" | "0X") => (&text[2..], 16, 2),
        _ => (text, 10, 0),
    };
    let length = digits
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b'_' || (radix == 16 && byte.is_ascii_hexdigit()))
        .count();
    let span = 0..prefix + length;
    if bound && radix == 10 && fraction_length(&text[length..]) > 0 {
        return fraction(&text[..length + fraction_length(&text[length..])]);
    }
    if digits[length..].starts_with('.') {
        let message = match bound && radix == 10 {
            true => "digits are missing behind the point",
            false => "only whole numbers can be used here",
        };
        return Err(Mistake::new(span, message));
    }
    let plain: String = digits[..length].chars().filter(|char| *char != '_').collect();
    if plain.is_empty() {
        return Err(Mistake::new(span, "digits are missing after `0x`"));
    }
    let value = i128::from_str_radix(&plain, radix).map_err(|_| too_large(span.clone()))?;
    Ok((Token::Integer(value), span.end))
}

/// How much of a text that follows digits makes a fraction of them: `.5`, `.5e-3`, `e6`.
fn fraction_length(text: &str) -> usize {
    let digits = |text: &str| text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'_').count();
    let mut length = 0;
    if text.starts_with('.') && text[1..].starts_with(|first: char| first.is_ascii_digit()) {
        length = 1 + digits(&text[1..]);
    }
    let Some(exponent) = text[length..].strip_prefix(['e', 'E']) else { return length };
    let signs = usize::from(exponent.starts_with(['+', '-']));
    match exponent[signs..].starts_with(|first: char| first.is_ascii_digit()) {
        true => length + 1 + signs + digits(&exponent[signs..]),
        false => length,
    }
}

fn fraction(text: &str) -> Result<(Token<'_>, usize), Mistake> {
    let plain: String = text.chars().filter(|char| *char != '_').collect();
    match plain.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((Token::Fraction(value), text.len())),
        _ => Err(too_large(0..text.len())),
    }
}

/// A text in quotes, from its first quote on.
fn quoted(text: &str, quote: char) -> Result<(Token<'_>, usize), Mistake> {
    let mut bytes = Vec::new();
    let mut at = 1;
    while let Some(next) = text[at..].chars().next() {
        at += next.len_utf8();
        match next {
            _ if next == quote => return Ok((Token::Text(bytes), at)),
            '\\' => {
                let (byte, length) = escaped(&text[at..]).map_err(|mistake| moved(mistake, at - 1))?;
                bytes.push(byte);
                at += length;
            }
            _ => bytes.extend_from_slice(next.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Err(Mistake::new(0..text.len(), "the text does not end").hint(format!("put `{quote}` behind it")))
}

/// The byte that the characters behind a backslash stand for, and how many they are. A mistake's place counts from the backslash.
fn escaped(text: &str) -> Result<(u8, usize), Mistake> {
    let first = text.chars().next();
    let byte = match first {
        Some('0') => 0,
        Some('n') => b'\n',
        Some('r') => b'\r',
        Some('t') => b'\t',
        Some('\\') => b'\\',
        Some('"') => b'"',
        Some('\'') => b'\'',
        Some('x') => {
            let digits = text.get(1..3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
            let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            let byte = byte.ok_or_else(|| Mistake::new(0..2, "two hexadecimal digits are missing after `\\x`"))?;
            return Ok((byte, 3));
        }
        _ => {
            let length = 1 + first.map_or(0, char::len_utf8);
            return Err(Mistake::new(0..length, "the backslash stands before nothing that it goes with")
                .hint("a text knows `\\\\`, `\\\"`, `\\'`, `\\n`, `\\r`, `\\t`, `\\0` and `\\x7f`; a string of TOML in double quotes takes \
                     one backslash away"));
        }
    };
    Ok((byte, 1))
}

fn sign(text: &str, bound: bool) -> Option<(Token<'static>, usize)> {
    let more = if bound { &BOUND_SIGNS[..] } else { &[] };
    let sign = SIGNS.iter().chain(more).copied().find(|sign| text.starts_with(sign))?;
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

//! Integer constant expressions: lengths of arrays, values of enumerators, widths, alignments.
//!
//! ```text
//! constant = unary { operator unary }          with the operators' ranks as C has them
//! unary    = { "-" | "+" | "~" | "!" } ( number | character | enumerator | "(" constant ")" )
//! operator = "*" | "/" | "%" | "+" | "-" | "<<" | ">>" | "&" | "^" | "|"
//! ```

use super::cursor::DeclarationCursor;
use super::integer::Integer;
use super::lexer::CToken;
use crate::diagnostic::Mistake;
use std::ops::Range;

/// How many operators and operands an expression may have.
const MAX_PARTS: usize = 256;

/// An expression that is known when C is compiled.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConstantExpression {
    kind: Kind,
    span: Range<usize>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Kind {
    Binary(&'static str, Box<ConstantExpression>, Box<ConstantExpression>),
    Integer(Integer),
    Name(String),
    Unary(char, Box<ConstantExpression>),
}

/// What a name in an expression stands for.
pub(super) enum NameValue {
    Known(Integer),
    Unknown,
    /// It is known, but something is wrong with it, which has been said.
    Wrong,
}

impl ConstantExpression {
    /// Where it stands.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The names in it.
    pub(super) fn names(&self) -> Vec<&str> {
        match &self.kind {
            Kind::Integer(_) => Vec::new(),
            Kind::Name(name) => vec![name],
            Kind::Unary(_, one) => one.names(),
            Kind::Binary(_, one, two) => [one.names(), two.names()].concat(),
        }
    }

    /// Its value; `None` is always explained by a mistake, now or earlier.
    pub(super) fn value(&self, names: &dyn Fn(&str) -> NameValue, mistakes: &mut Vec<Mistake>) -> Option<Integer> {
        let value = match &self.kind {
            Kind::Integer(integer) => return Some(*integer),
            Kind::Name(name) => match names(name) {
                NameValue::Known(integer) => return Some(integer),
                NameValue::Wrong => return None,
                NameValue::Unknown => {
                    mistakes.push(self.unknown(name));
                    return None;
                }
            },
            Kind::Unary(sign, one) => one.value(names, mistakes)?.unary(*sign),
            Kind::Binary(operator, one, two) => {
                let (one, two) = (one.value(names, mistakes), two.value(names, mistakes));
                one?.binary(operator, two?)
            }
        };
        if value.is_none() {
            mistakes.push(Mistake::new(self.span(), "this has no value that fits its type"));
        }
        value
    }

    fn unknown(&self, name: &str) -> Mistake {
        let mistake = Mistake::new(self.span(), format!("`{name}` is not a constant that is known here"));
        match name {
            "sizeof" | "_Alignof" | "alignof" | "offsetof" => mistake.hint("write the number that it gives"),
            _ => mistake.hint("there is no preprocessor here: write the number; only enumerators have names"),
        }
    }
}

/// Binary operators by rank, the loosest first.
const RANKS: [&[&str]; 6] = [&["|"], &["^"], &["&"], &["<<", ">>"], &["+", "-"], &["*", "/", "%"]];

/// Reads an expression.
pub(super) fn constant(parser: &mut DeclarationCursor<'_>) -> Result<ConstantExpression, Mistake> {
    let mut parts = 0;
    ranked(parser, 0, &mut parts)
}

fn ranked(parser: &mut DeclarationCursor<'_>, rank: usize, parts: &mut usize) -> Result<ConstantExpression, Mistake> {
    let Some(operators) = RANKS.get(rank) else { return unary(parser, parts) };
    let mut left = ranked(parser, rank + 1, parts)?;
    while let Some(operator) = operator(parser, operators) {
        let right = ranked(parser, rank + 1, parts)?;
        let span = left.span.start..right.span.end;
        left = ConstantExpression { kind: Kind::Binary(operator, Box::new(left), Box::new(right)), span };
    }
    Ok(left)
}

fn operator(parser: &mut DeclarationCursor<'_>, operators: &[&'static str]) -> Option<&'static str> {
    let found = operators.iter().find(|operator| parser.at_signs(operator))?;
    found.chars().for_each(|_| parser.skip());
    Some(found)
}

fn unary(parser: &mut DeclarationCursor<'_>, parts: &mut usize) -> Result<ConstantExpression, Mistake> {
    let (token, span) = parser.peek();
    *parts += 1;
    if *parts > MAX_PARTS {
        return Err(Mistake::new(span, "this expression is too long"));
    }
    parser.skip();
    let wrong = |what: String| Mistake::new(span.clone(), what);
    let kind = match token {
        CToken::Sign(sign @ ('-' | '+' | '~' | '!')) => Kind::Unary(sign, Box::new(unary(parser, parts)?)),
        CToken::Sign('(') => {
            let inner = parser.nested(|parser| ranked(parser, 0, parts))?;
            parser.expect(')')?;
            return Ok(ConstantExpression { span: span.start..parser.last_end(), ..inner });
        }
        CToken::Number(text) => {
            let integer = Integer::literal(text);
            Kind::Integer(integer.ok_or_else(|| wrong(format!("`{text}` is no integer")))?)
        }
        CToken::Character(text) => {
            let integer = Integer::character(text);
            Kind::Integer(integer.ok_or_else(|| wrong(format!("{text} is no character of ASCII")))?)
        }
        CToken::Word(name) => Kind::Name(name.to_owned()),
        other => return Err(wrong(format!("a number was expected, not {}", other.describe()))),
    };
    Ok(ConstantExpression { kind, span: span.start..parser.last_end() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<i128, String> {
        // Operators are lexed inside brackets only.
        let text = format!("[{text}]");
        let mut parser = DeclarationCursor::new(&text, &|_| false).map_err(|mistake| mistake.message)?;
        parser.skip();
        let constant = constant(&mut parser).map_err(|mistake| mistake.message)?;
        parser.expect(']').map_err(|mistake| mistake.message)?;
        let names = |name: &str| match name {
            "TEN" => NameValue::Known(Integer::literal("10").unwrap()),
            _ => NameValue::Unknown,
        };
        let mut mistakes = Vec::new();
        let value = constant.value(&names, &mut mistakes).map(|integer| integer.value);
        value.ok_or_else(|| mistakes[0].message.clone())
    }

    #[test]
    fn values_are_those_of_c() {
        for (text, expected) in [
            ("16", 16),
            ("0x1F", 31),
            ("017", 15),
            ("0b101", 5),
            ("1 + 2 * 3", 7),
            ("(1 + 2) * 3", 9),
            ("1 << 4 | 1", 17),
            ("10 - 4 - 3", 3),
            ("-7 / 2", -3),
            ("-7 % 4", -3),
            ("~0", -1),
            ("~0u", 0xffff_ffff),
            ("~0UL", 0xffff_ffff_ffff_ffff),
            ("-1 + 0u", 0xffff_ffff),
            ("-1 + 0x80000000", 0x7fff_ffff),
            ("-1l & 0xffffffff", 0xffff_ffff),
            ("1 << 31", -0x8000_0000),
            ("1u << 31", 0x8000_0000),
            ("1L << 40", 1 << 40),
            ("0x80000000", 0x8000_0000),
            ("2147483648", 0x8000_0000),
            ("6 ^ 3 & 1", 7),
            ("-8 >> 1", -4),
            ("!5 + !0", 1),
            ("TEN * TEN", 100),
            ("'a'", 97),
            ("'\\n'", 10),
            ("'\\0'", 0),
            ("'\\x41'", 65),
            ("'\\''", 39),
            ("' '", 32),
        ] {
            assert_eq!(value(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_has_no_value() {
        for (text, message) in [
            ("1 / 0", "this has no value that fits its type"),
            ("2147483647 + 1", "this has no value that fits its type"),
            ("1 << 32", "this has no value that fits its type"),
            ("1 << -1", "this has no value that fits its type"),
            ("-0x7fffffff - 2", "this has no value that fits its type"),
            ("99999999999999999999", "`99999999999999999999` is no integer"),
            ("1x", "`1x` is no integer"),
            ("08", "`08` is no integer"),
            ("'ab'", "'ab' is no character of ASCII"),
            ("'\\xff'", "'\\xff' is no character of ASCII"),
            ("ELEVEN", "`ELEVEN` is not a constant that is known here"),
            ("1 +", "a number was expected, not `]`"),
            ("(1", "`)` was expected, not `]`"),
            ("'a", "this character constant has no end"),
        ] {
            assert_eq!(value(text), Err(message.to_owned()), "{text}");
        }
        let long = "1+".repeat(100_000);
        assert_eq!(value(&long), Err("this expression is too long".to_owned()));
        let deep = "(".repeat(100_000);
        assert_eq!(value(&deep), Err("the declaration is nested too deeply".to_owned()));
    }
}

//! What a `#define` or an enumerator is worth: constant expressions over numbers and names of constants.

use lang_c::ast::{
    BinaryOperator, Constant, Expression, ExternalDeclaration, FloatFormat, Initializer, Integer, IntegerBase,
    UnaryOperator,
};
use lang_c::driver::{Config, parse_preprocessed};
use std::collections::BTreeMap;

/// The longest text of a macro that is looked at.
const MAX_TEXT: usize = 1024;

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum ConstantValue {
    Float(f64),
    Integer(i128),
    Text(String),
}

/// What is known already, by name.
pub type KnownConstants = BTreeMap<String, ConstantValue>;

/// The value of a macro's text. `None` if it is no constant, or one that depends on a type's width.
pub fn text(text: &str, known: &KnownConstants) -> Option<ConstantValue> {
    if text.is_empty() || text.len() > MAX_TEXT || text.contains([';', '{', '}']) {
        return None;
    }
    let parsed = parse_preprocessed(&Config::default(), format!("int x = {text};")).ok()?;
    let [declaration] = &parsed.unit.0[..] else { return None };
    let ExternalDeclaration::Declaration(declaration) = &declaration.node else { return None };
    let [declarator] = &declaration.node.declarators[..] else { return None };
    match &declarator.node.initializer.as_ref()?.node {
        Initializer::Expression(found) => expression(&found.node, known),
        Initializer::List(_) => None,
    }
}

/// The value of an expression.
pub fn expression(tree: &Expression, known: &KnownConstants) -> Option<ConstantValue> {
    Some(match tree {
        Expression::Constant(constant) => match &constant.node {
            Constant::Integer(number) => ConstantValue::Integer(integer(number)?),
            Constant::Float(number) if number.suffix.format != FloatFormat::LongDouble => {
                ConstantValue::Float(number.number.parse().ok()?)
            }
            Constant::Float(_) => return None,
            Constant::Character(written) => ConstantValue::Integer(character(written)?),
        },
        Expression::Identifier(name) => known.get(&name.node.name)?.clone(),
        Expression::StringLiteral(parts) => {
            ConstantValue::Text(parts.node.iter().map(|part| string(part)).collect::<Option<_>>()?)
        }
        Expression::UnaryOperator(one) => unary(&one.node.operator.node, expression(&one.node.operand.node, known)?)?,
        Expression::BinaryOperator(two) => {
            let left = expression(&two.node.lhs.node, known)?;
            binary(&two.node.operator.node, left, expression(&two.node.rhs.node, known)?)?
        }
        _ => return None,
    })
}

/// The value of an integer expression.
pub fn number(tree: &Expression, known: &KnownConstants) -> Option<i128> {
    match expression(tree, known)? {
        ConstantValue::Integer(value) => Some(value),
        _ => None,
    }
}

fn integer(number: &Integer) -> Option<i128> {
    let radix = match number.base {
        IntegerBase::Binary => 2,
        IntegerBase::Decimal => 10,
        IntegerBase::Hexadecimal => 16,
        IntegerBase::Octal => 8,
    };
    if number.suffix.imaginary {
        return None;
    }
    if number.number.is_empty() { Some(0) } else { i128::from_str_radix(&number.number, radix).ok() }
}

fn unary(operator: &UnaryOperator, value: ConstantValue) -> Option<ConstantValue> {
    Some(match (operator, value) {
        (UnaryOperator::Plus, value) => value,
        (UnaryOperator::Minus, ConstantValue::Integer(value)) => ConstantValue::Integer(value.checked_neg()?),
        (UnaryOperator::Minus, ConstantValue::Float(value)) => ConstantValue::Float(-value),
        // `~` and `!` depend on the operand's width and sign, which are not kept here.
        _ => return None,
    })
}

fn binary(operator: &BinaryOperator, left: ConstantValue, right: ConstantValue) -> Option<ConstantValue> {
    let (ConstantValue::Integer(left), ConstantValue::Integer(right)) = (left, right) else { return None };
    Some(ConstantValue::Integer(match operator {
        BinaryOperator::Plus => left.checked_add(right)?,
        BinaryOperator::Minus => left.checked_sub(right)?,
        BinaryOperator::Multiply => left.checked_mul(right)?,
        BinaryOperator::Divide => left.checked_div(right)?,
        BinaryOperator::Modulo => left.checked_rem(right)?,
        BinaryOperator::ShiftLeft if (0..64).contains(&right) => left.checked_mul(1 << right)?,
        BinaryOperator::ShiftRight if (0..64).contains(&right) => left >> right,
        BinaryOperator::BitwiseAnd => left & right,
        BinaryOperator::BitwiseOr => left | right,
        BinaryOperator::BitwiseXor => left ^ right,
        _ => return None,
    }))
}

fn character(written: &str) -> Option<i128> {
    let inside = written.strip_prefix('\'')?.strip_suffix('\'')?;
    let text = unescape(inside)?;
    let mut bytes = text.chars();
    match (bytes.next(), bytes.next()) {
        (Some(one), None) if one.is_ascii() => Some(u32::from(one).into()),
        _ => None,
    }
}

fn string(written: &str) -> Option<String> {
    unescape(written.strip_prefix('"')?.strip_suffix('"')?)
}

fn unescape(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        out.push(match rest.next()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            '0' if !rest.as_str().starts_with(|next: char| next.is_ascii_digit()) => '\0',
            quoted @ ('\\' | '"' | '\'') => quoted,
            _ => return None,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_that_are_values() {
        let known = KnownConstants::from([("BASE".to_owned(), ConstantValue::Integer(10))]);
        for (written, expected) in [
            ("100", Some(ConstantValue::Integer(100))),
            ("(-1)", Some(ConstantValue::Integer(-1))),
            ("0x7fUL", Some(ConstantValue::Integer(127))),
            ("010", Some(ConstantValue::Integer(8))),
            ("0", Some(ConstantValue::Integer(0))),
            ("(BASE | (1<<8))", Some(ConstantValue::Integer(266))),
            ("'a'", Some(ConstantValue::Integer(97))),
            ("\"1.2\" \"-3\"", Some(ConstantValue::Text("1.2-3".into()))),
            ("1.5", Some(ConstantValue::Float(1.5))),
            ("UNKNOWN + 1", None),
            ("~0U", None),
            ("sizeof(int)", None),
            ("do {} while (0)", None),
            ("extern", None),
            ("", None),
        ] {
            assert_eq!(text(written, &known), expected, "{written}");
        }
    }
}

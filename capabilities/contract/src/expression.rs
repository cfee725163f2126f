//! Lengths, capacities and bounds: small checked arithmetic over a call's parameters.
//!
//! Everything is an `i128`, truth is 0 or 1, `&&` and `||` do not look at their right side when the left decides, and any
//! overflow or division by zero is an error, never a wrap. How people write them down is for the manifest reader to know.
//!
//! A bound of a grant may also test what is no integer: the bytes of an argument, a floating-point number, a member of a
//! struct. Such a test is 0 or 1 like any other, or an error, which refuses the call whatever stands around it: a number that
//! is none (NaN) and a path that climbs (`..`) pass no bound, negated or not.

use crate::interface::FunctionId;
use crate::types::NumberPlace;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// An expression whose names have been resolved.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Expression {
    /// `a op b`
    Binary(Operator, Box<Expression>, Box<Expression>),
    /// `name == "r"`, `name in ["r", "rb"]`, `name starts_with "/data/"`: a test of the bytes of the text or buffer at that
    /// position; only in a bound.
    Bytes(usize, BytesTest),
    /// `f(a, b)`: another function of the manifest, whose value is an integer. A handle that it takes is
    /// written as the [`Expression::Parameter`] of that handle.
    Call(FunctionId, Vec<Expression>),
    /// `name <= 0.5`: a floating-point number is compared with one that is written there; only in a bound.
    Compare(Real, Operator, f64),
    /// The number that a [`crate::shape::ScalarPointer`] leads to: `*name`.
    Dereference(usize),
    /// `errno` as the function left it; only in a condition.
    Errno,
    /// A number.
    Integer(i128),
    /// `len(name)`: how many elements the buffer at that position has, or bytes the text, without its NUL; of NULL, none. Only in
    /// a bound.
    Length(usize),
    /// `name.member`: an integer in the struct at that position; only in a bound.
    Member(usize, NumberPlace),
    /// `-a`
    Negate(Box<Expression>),
    /// `!a`
    Not(Box<Expression>),
    /// `a in [1, 6]`
    OneOf(Box<Expression>, Vec<i128>),
    /// The value of the parameter at that position: a number, a filled-in length or capacity, or (as an argument of a call
    /// only, and in the zone only) the address behind a handle.
    Parameter(usize),
    /// The function's own value; only after the call.
    Return,
}

/// A floating-point number among the arguments of a call.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Real {
    /// `name.member`: in the struct at that position.
    Member(usize, NumberPlace),
    /// `name`: the parameter at that position.
    Parameter(usize),
}

/// What a bound asks of the bytes of an argument.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum BytesTest {
    /// `ends_with`: the last ones are these.
    EndsWith(Vec<u8>),
    /// `==` and `in`: they are one of these.
    OneOf(Vec<Vec<u8>>),
    /// `starts_with`: the first ones are these. With a `/` among them the argument is a path, and one that has a component `..`
    /// cannot be judged: where it leads to, its beginning does not say.
    StartsWith(Vec<u8>),
}

impl BytesTest {
    /// Whether it holds for the bytes of an argument. For `None`, which is NULL, it never does.
    pub fn holds(&self, bytes: Option<&[u8]>) -> Result<bool, EvaluationError> {
        let Some(bytes) = bytes else { return Ok(false) };
        match self {
            Self::EndsWith(end) => Ok(bytes.ends_with(end)),
            Self::OneOf(all) => Ok(all.iter().any(|one| one == bytes)),
            Self::StartsWith(start) if start.contains(&b'/') && climbs(bytes) => Err(EvaluationError::Climbs),
            Self::StartsWith(start) => Ok(bytes.starts_with(start)),
        }
    }
}

/// Whether a path has a component `..`. A NUL ends one too, as C may stop there.
fn climbs(path: &[u8]) -> bool {
    path.split(|byte| matches!(byte, b'/' | 0)).any(|component| component == b"..")
}

/// A binary operator.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[allow(missing_docs, reason = "each is the operator of that name in C")]
pub enum Operator {
    Add,
    And,
    Divide,
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Multiply,
    NotEqual,
    Or,
    Remainder,
    Subtract,
}

/// What an expression may ask for while it is evaluated. What only bounds ask for is not known unless it is said.
pub trait Environment {
    /// The value of the parameter at that position.
    fn parameter(&mut self, index: usize) -> Result<i128, EvaluationError>;
    /// The number that the scalar pointer at that position leads to.
    fn pointed(&mut self, index: usize) -> Result<i128, EvaluationError>;
    /// What the function left in `errno`.
    fn errno(&mut self) -> Result<i128, EvaluationError>;
    /// The function's value.
    fn value(&mut self) -> Result<i128, EvaluationError>;
    /// The value of another function.
    fn call(&mut self, function: FunctionId, arguments: &[i128]) -> Result<i128, EvaluationError>;
    /// Whether the test holds for the bytes of the argument at that position.
    fn holds(&mut self, _index: usize, _test: &BytesTest) -> Result<bool, EvaluationError> {
        Err(EvaluationError::Unknown)
    }
    /// How long the argument at that position is.
    fn length(&mut self, _index: usize) -> Result<i128, EvaluationError> {
        Err(EvaluationError::Unknown)
    }
    /// The integer at that place of the struct at that position.
    fn member(&mut self, _index: usize, _place: NumberPlace) -> Result<i128, EvaluationError> {
        Err(EvaluationError::Unknown)
    }
    /// The value of a floating-point number.
    fn real(&mut self, _real: Real) -> Result<f64, EvaluationError> {
        Err(EvaluationError::Unknown)
    }
}

/// Why an expression has no value.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EvaluationError {
    /// A function in it has called a callable, while another one is about to be asked.
    #[error("the function that says it calls a callable")]
    Asks,
    /// A path that is to begin in a certain way has a component `..`.
    #[error("the path has a `..` in it")]
    Climbs,
    /// Division or remainder by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// A member is asked for of a struct that is not there.
    #[error("the struct is NULL")]
    NoRecord,
    /// What is to be looked at could not be copied first.
    #[error("there is no room for a copy of it")]
    NoRoom,
    /// A text that has no bytes in UTF-8.
    #[error("the text has a lone surrogate, which UTF-8 has not got")]
    NoText,
    /// A floating-point number that is none.
    #[error("the number is NaN")]
    NotANumber,
    /// A function in it wants an object, and there is none.
    #[error("the object that says it is NULL")]
    Null,
    /// A result that does not fit.
    #[error("the number is out of range")]
    OutOfRange,
    /// Asked for something that does not exist at this point, such as `return` before the call.
    #[error("not known at this point")]
    Unknown,
}

impl Expression {
    /// Its value in that environment.
    pub fn evaluate(&self, environment: &mut dyn Environment) -> Result<i128, EvaluationError> {
        match self {
            Self::Binary(operator, left, right) => {
                let left = left.evaluate(environment)?;
                match (operator, left) {
                    (Operator::And, 0) => Ok(0),
                    (Operator::Or, 1..) | (Operator::Or, ..=-1) => Ok(1),
                    _ => operator.apply(left, right.evaluate(environment)?),
                }
            }
            Self::Bytes(index, test) => environment.holds(*index, test).map(i128::from),
            Self::Call(function, arguments) => {
                let values: Result<Vec<_>, _> = arguments.iter().map(|one| one.evaluate(environment)).collect();
                environment.call(*function, &values?)
            }
            Self::Compare(real, operator, with) => operator.compare(environment.real(*real)?, *with).map(i128::from),
            Self::Dereference(index) => environment.pointed(*index),
            Self::Errno => environment.errno(),
            Self::Integer(value) => Ok(*value),
            Self::Length(index) => environment.length(*index),
            Self::Member(index, place) => environment.member(*index, *place),
            Self::Negate(inner) => inner.evaluate(environment)?.checked_neg().ok_or(EvaluationError::OutOfRange),
            Self::Not(inner) => Ok(i128::from(inner.evaluate(environment)? == 0)),
            Self::OneOf(inner, values) => Ok(i128::from(values.contains(&inner.evaluate(environment)?))),
            Self::Parameter(index) => environment.parameter(*index),
            Self::Return => environment.value(),
        }
    }

    /// Calls `visit` with this expression and each one inside it.
    pub fn walk(&self, visit: &mut impl FnMut(&Self)) {
        visit(self);
        match self {
            Self::Binary(_, left, right) => {
                left.walk(visit);
                right.walk(visit);
            }
            Self::Call(_, arguments) => arguments.iter().for_each(|one| one.walk(visit)),
            Self::Negate(inner) | Self::Not(inner) | Self::OneOf(inner, _) => inner.walk(visit),
            Self::Bytes(..)
            | Self::Compare(..)
            | Self::Dereference(_)
            | Self::Errno
            | Self::Integer(_)
            | Self::Length(_)
            | Self::Member(..)
            | Self::Parameter(_)
            | Self::Return => {}
        }
    }

    /// Whether `test` holds for this expression or for one inside it.
    pub fn any(&self, mut test: impl FnMut(&Self) -> bool) -> bool {
        let mut found = false;
        self.walk(&mut |part| found |= test(part));
        found
    }
}

impl Operator {
    /// Whether it compares, so that floating-point numbers can be asked by it.
    pub fn is_comparison(self) -> bool {
        self.of_ordering(Ordering::Equal).is_some()
    }

    /// The comparison that says the same of its sides the other way round: `<` for `>`. Any other operator stays as it is.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            other => other,
        }
    }

    /// Compares floating-point numbers. NaN is comparable to nothing, so that it cannot pass a bound, negated or not.
    fn compare(self, left: f64, right: f64) -> Result<bool, EvaluationError> {
        let ordering = left.partial_cmp(&right).ok_or(EvaluationError::NotANumber)?;
        self.of_ordering(ordering).ok_or(EvaluationError::Unknown)
    }

    /// Whether it holds for two numbers of that order; `None` if it is no comparison.
    fn of_ordering(self, ordering: Ordering) -> Option<bool> {
        Some(match self {
            Self::Equal => ordering.is_eq(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::NotEqual => ordering.is_ne(),
            Self::Add | Self::And | Self::Divide | Self::Multiply | Self::Or | Self::Remainder | Self::Subtract => {
                return None;
            }
        })
    }

    fn apply(self, left: i128, right: i128) -> Result<i128, EvaluationError> {
        let in_range = |value: Option<i128>| value.ok_or(EvaluationError::OutOfRange);
        match self {
            Self::Divide | Self::Remainder if right == 0 => Err(EvaluationError::DivisionByZero),
            Self::Add => in_range(left.checked_add(right)),
            Self::And => Ok(i128::from(left != 0 && right != 0)),
            Self::Divide => in_range(left.checked_div(right)),
            Self::Equal => Ok(i128::from(left == right)),
            Self::Greater => Ok(i128::from(left > right)),
            Self::GreaterOrEqual => Ok(i128::from(left >= right)),
            Self::Less => Ok(i128::from(left < right)),
            Self::LessOrEqual => Ok(i128::from(left <= right)),
            Self::Multiply => in_range(left.checked_mul(right)),
            Self::NotEqual => Ok(i128::from(left != right)),
            Self::Or => Ok(i128::from(left != 0 || right != 0)),
            Self::Remainder => in_range(left.checked_rem(right)),
            Self::Subtract => in_range(left.checked_sub(right)),
        }
    }
}

#[cfg(test)]
mod tests;

//! Lengths, capacities and bounds: small checked arithmetic over a call's parameters.
//!
//! Everything is an `i128`, truth is 0 or 1, `&&` and `||` do not look at their right side when the left decides, and any
//! overflow or division by zero is an error, never a wrap. How people write them down is for the manifest reader to know.

use crate::interface::FunctionId;
use serde::{Deserialize, Serialize};

/// An expression whose names have been resolved.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Expression {
    /// `a op b`
    Binary(Operator, Box<Expression>, Box<Expression>),
    /// `f(a, b)`: another function of the manifest, whose value is an integer. A handle that it takes is
    /// written as the [`Expression::Parameter`] of that handle.
    Call(FunctionId, Vec<Expression>),
    /// The number that a [`crate::shape::ScalarPointer`] leads to: `*name`.
    Dereference(usize),
    /// `errno` as the function left it; only in a condition.
    Errno,
    /// A number.
    Integer(i128),
    /// `-a`
    Negate(Box<Expression>),
    /// `!a`
    Not(Box<Expression>),
    /// The value of the parameter at that position: a number, a filled-in length or capacity, or (as an argument of a call
    /// only, and in the zone only) the address behind a handle.
    Parameter(usize),
    /// The function's own value; only after the call.
    Return,
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

/// What an expression may ask for while it is evaluated.
pub trait Environment {
    /// The value of the parameter at that position.
    fn parameter(&mut self, index: usize) -> Result<i128, EvaluationError>;
    /// The number that the scalar pointer at that position leads to.
    fn cell(&mut self, index: usize) -> Result<i128, EvaluationError>;
    /// What the function left in `errno`.
    fn errno(&mut self) -> Result<i128, EvaluationError>;
    /// The function's value.
    fn value(&mut self) -> Result<i128, EvaluationError>;
    /// The value of another function.
    fn call(&mut self, function: FunctionId, arguments: &[i128]) -> Result<i128, EvaluationError>;
}

/// Why an expression has no value.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EvaluationError {
    /// A function in it has called a callable, while another one is about to be asked.
    #[error("the function that says it calls a callable")]
    Asks,
    /// Division or remainder by zero.
    #[error("division by zero")]
    DivisionByZero,
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
            Self::Call(function, arguments) => {
                let values: Result<Vec<_>, _> = arguments.iter().map(|one| one.evaluate(environment)).collect();
                environment.call(*function, &values?)
            }
            Self::Dereference(index) => environment.cell(*index),
            Self::Errno => environment.errno(),
            Self::Integer(value) => Ok(*value),
            Self::Negate(inner) => inner.evaluate(environment)?.checked_neg().ok_or(EvaluationError::OutOfRange),
            Self::Not(inner) => Ok(i128::from(inner.evaluate(environment)? == 0)),
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
            Self::Negate(inner) | Self::Not(inner) => inner.walk(visit),
            Self::Dereference(_) | Self::Errno | Self::Integer(_) | Self::Parameter(_) | Self::Return => {}
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

//! Everything in an interface that the steps use as an index, checked once, so that they need not.

use super::{PlanError, scalar_of};
use cloison_capabilities::expression::Expression;
use cloison_capabilities::interface::{CellFill, Function, Message, Pointed, Returns, Role};
use cloison_capabilities::types::CType;
use cloison_capabilities::{FunctionId, Interface};

/// Everything that the steps will use as an index, checked once.
pub(super) fn check(interface: &Interface, function: &Function) -> Result<(), PlanError> {
    let is_buffer = |index: usize| matches!(function.parameters.get(index).map(|p| &p.role), Some(Role::Buffer(_)));
    for parameter in &function.parameters {
        let fits = match &parameter.role {
            Role::Buffer(buffer) => [&buffer.length, &buffer.capacity]
                .into_iter()
                .flatten()
                .all(|expression| expression_fits(interface, function, expression)),
            Role::CapacityOf { of, .. } => is_buffer(*of),
            Role::Cell(cell) => match cell.fill {
                Some(CellFill::CapacityOf(of) | CellFill::LengthOf(of)) => is_buffer(of),
                None => true,
            },
            Role::LengthOf { of, .. } => !of.is_empty() && of.iter().all(|of| is_buffer(*of)),
            Role::Constant { .. } | Role::Number { .. } | Role::Text(_) => true,
            Role::Callback(_) | Role::Handle(_) | Role::Place(_) | Role::Record(_) | Role::Wide { .. } => false,
        };
        if !fits {
            return Err(PlanError::Reference { parameter: parameter.name.clone() });
        }
    }
    let returns = &function.returns;
    let fits = [&returns.error_if, &returns.error_unless]
        .into_iter()
        .flatten()
        .all(|expression| expression_fits(interface, function, expression));
    if !fits {
        return Err(PlanError::Reference { parameter: "return".to_owned() });
    }
    let message = returns.message.map(|(Message::Code(id) | Message::Handle { function: id, .. })| id);
    auxiliary(interface, message, "message")?;
    auxiliary(interface, free_of(returns), "free")
}

/// The function that frees what was returned.
pub(super) fn free_of(returns: &Returns) -> Option<FunctionId> {
    match returns.pointer.as_ref()? {
        Pointed::String(string) => string.free,
        Pointed::Buffer { free, .. } | Pointed::Record { free, .. } => *free,
        Pointed::Handle { .. } => None,
    }
}

/// Whether every position and every function that the expression names exists, and is something it can use.
pub fn expression_fits(interface: &Interface, function: &Function, expression: &Expression) -> bool {
    !any(expression, |part| match part {
        Expression::Cell(index) => !matches!(function.parameters.get(*index).map(|p| &p.role), Some(Role::Cell(_))),
        Expression::Parameter(index) => !function
            .parameters
            .get(*index)
            .is_some_and(|p| scalar_of(&p.role).is_some() && !matches!(p.role, Role::Cell(_))),
        Expression::Call(callee, arguments) => !interface.functions.get(callee.0 as usize).is_some_and(|callee| {
            let integer = |c_type: &CType| matches!(c_type, CType::Scalar { scalar, .. } if !scalar.is_float());
            callee.parameters.len() == arguments.len()
                && callee.parameters.iter().all(|p| integer(&p.c_type))
                && integer(&callee.result)
        }),
        _ => false,
    })
}

/// Whether a function can serve as `message` or `free`.
fn auxiliary(interface: &Interface, function: Option<FunctionId>, used_as: &'static str) -> Result<(), PlanError> {
    let Some(id) = function else { return Ok(()) };
    let (takes, returns) = match used_as {
        "free" => ("pointer", "nothing that matters"),
        _ => ("integer", "`const char *`"),
    };
    let found = interface.functions.get(id.0 as usize);
    let fits = found.is_some_and(|function| match (used_as, function.parameters.as_slice()) {
        ("free", [only]) => matches!(only.c_type, CType::Pointer { .. }),
        (_, [only]) => {
            matches!(only.c_type, CType::Scalar { scalar, .. } if !scalar.is_float())
                && matches!(function.result, CType::Pointer { .. })
        }
        _ => false,
    });
    if fits {
        return Ok(());
    }
    let function = found.map_or_else(|| format!("function {}", id.0), |function| function.name.clone());
    Err(PlanError::Auxiliary { function, used_as, takes, returns })
}

/// Whether `test` holds for any part of the expression.
pub fn any(expression: &Expression, mut test: impl FnMut(&Expression) -> bool) -> bool {
    let mut found = false;
    expression.walk(&mut |part| found |= test(part));
    found
}

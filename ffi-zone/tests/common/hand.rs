//! Parts of interfaces that no manifest says, or that make no sense: the reader of manifests refuses them, and the zone has to
//! bear them all the same.

use cloison_contract::FunctionId;
use cloison_contract::expression::Expression;
use cloison_contract::interface::{Function, Parameter, Raises, Returns};
use cloison_contract::shape::*;
use cloison_contract::types::{CType, Location, Scalar};

pub fn int(scalar: Scalar) -> CType {
    CType::Scalar { scalar, character: false }
}

pub fn pointer(to: Scalar) -> CType {
    CType::Pointer { to: Box::new(int(to)), constant: false }
}

pub fn string() -> CType {
    CType::Pointer { to: Box::new(CType::Scalar { scalar: Scalar::I8, character: true }), constant: true }
}

pub fn number(name: &str, scalar: Scalar) -> Parameter {
    Parameter {
        name: name.into(),
        c_type: int(scalar),
        shape: Shape::Number(NumberArgument { scalar, enumeration: None, range: None, default: None }),
        leading: false,
    }
}

pub fn length_of(name: &str, scalar: Scalar, of: &[usize]) -> Parameter {
    Parameter {
        name: name.into(),
        c_type: int(scalar),
        shape: Shape::LengthOf(LengthOf { scalar, of: of.to_vec() }),
        leading: false,
    }
}

pub fn capacity_of(name: &str, scalar: Scalar, of: usize) -> Parameter {
    Parameter {
        name: name.into(),
        c_type: int(scalar),
        shape: Shape::CapacityOf(CapacityOf { scalar, of }),
        leading: false,
    }
}

pub fn buffer(name: &str, element: Scalar, direction: Direction, change: impl FnOnce(&mut Buffer)) -> Parameter {
    let mut buffer = Buffer {
        direction,
        element: Element::Scalar(element),
        length: None,
        capacity: None,
        max_bytes: 512 << 10,
        null: false,
        default_none: false,
        text: false,
        terminated: false,
        retain: None,
        view: false,
    };
    change(&mut buffer);
    Parameter { name: name.into(), c_type: pointer(element), shape: Shape::Buffer(buffer), leading: false }
}

pub fn scalar_pointer(
    name: &str,
    scalar: Scalar,
    direction: Direction,
    change: impl FnOnce(&mut ScalarPointer),
) -> Parameter {
    let mut scalar_pointer = ScalarPointer {
        direction,
        scalar,
        enumeration: None,
        null: false,
        range: None,
        default: None,
        fill: None,
        consumed: false,
    };
    change(&mut scalar_pointer);
    Parameter {
        name: name.into(),
        c_type: pointer(scalar),
        shape: Shape::ScalarPointer(scalar_pointer),
        leading: false,
    }
}

pub fn function(name: &str, result: CType, parameters: Vec<Parameter>, change: impl FnOnce(&mut Function)) -> Function {
    let kept = result != CType::Void;
    let returns = Returns {
        kept,
        pointer: None,
        error_unless: None,
        error_if: None,
        errno: false,
        message: None,
        raises: Raises::Native,
    };
    let mut function = Function {
        name: name.into(),
        symbol: name.into(),
        declaration: String::new(),
        doc: None,
        internal: false,
        parameters,
        result,
        returns,
        deadline: None,
        callables: None,
        blocking: false,
        variadic: None,
        declared: Location::default(),
    };
    change(&mut function);
    function
}

pub fn call_of(function: FunctionId, argument: usize) -> Expression {
    Expression::Call(function, vec![Expression::Parameter(argument)])
}

/// A parameter that is a callback which returns nothing.
pub fn callback(name: &str, parameters: Vec<Parameter>) -> Parameter {
    let callback = Callback {
        parameters,
        result: CType::Void,
        kept: false,
        error: None,
        deadline: None,
        null: false,
        default_none: false,
        retain: None,
        replaces: false,
    };
    let c_type = CType::Pointer { to: Box::new(CType::Void), constant: false };
    Parameter { name: name.into(), c_type, shape: Shape::Callback(callback), leading: false }
}

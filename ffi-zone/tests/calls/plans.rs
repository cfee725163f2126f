//! Interfaces that make no sense are refused before anything is called.

use crate::common::{buffer, call_of, capacity_of, cell, function, int, interface, length_of, number, string};
use cloison_contract::expression::Expression;
use cloison_contract::interface::{Function, Instances, Message};
use cloison_contract::shape::{Direction, Literal, NumberArgument, Pointed, ReturnedString, Shape};
use cloison_contract::types::{CType, Scalar};
use cloison_contract::{FunctionId, Interface};
use cloison_zone::marshal::plan::{Give, Plan, PlanError, Range, Take};
use cloison_zone::native::ffi::MAX_PARAMETERS;

fn plan_of(function: &Function) -> Result<Plan, PlanError> {
    Plan::new(&interface(Instances::Shared), function)
}

fn reference(name: &str) -> Option<PlanError> {
    Some(PlanError::Reference { parameter: name.into() })
}

#[test]
fn positions_that_point_nowhere() {
    let cases = [
        vec![length_of("bad", Scalar::U64, &[3])],
        vec![length_of("bad", Scalar::U64, &[])],
        vec![capacity_of("bad", Scalar::U64, 0)],
        vec![number("fine", Scalar::U64), length_of("bad", Scalar::U64, &[0])],
        vec![buffer("bad", Scalar::U8, Direction::Out, |b| b.capacity = Some(Expression::Parameter(1)))],
        vec![buffer("bad", Scalar::U8, Direction::Out, |b| b.capacity = Some(Expression::Parameter(0)))],
        vec![
            buffer("bad", Scalar::U8, Direction::Out, |b| b.capacity = Some(Expression::Parameter(1))),
            cell("cell", Scalar::U64, Direction::In, |_| {}),
        ],
        vec![buffer("bad", Scalar::U8, Direction::Out, |b| b.capacity = Some(call_of(99, 0)))],
        // `mix` takes and returns floating-point numbers.
        vec![buffer("bad", Scalar::U8, Direction::Out, |b| b.capacity = Some(Expression::Call(FunctionId(8), vec![])))],
    ];
    for parameters in cases {
        let declared = function("f", CType::Void, parameters, |_| {});
        assert_eq!(plan_of(&declared).err(), reference("bad"), "{:?}", declared.parameters);
    }
    let declared = function("f", int(Scalar::I32), vec![], |f| f.returns.error_if = Some(Expression::Dereference(0)));
    assert_eq!(plan_of(&declared).err(), reference("return"));
}

#[test]
fn functions_that_cannot_serve_others() {
    let shape = |message: Option<FunctionId>, free| {
        function("f", string(), vec![], |f| {
            f.returns.message = message.map(Message::Code);
            f.returns.pointer = Some(Pointed::String(ReturnedString { text: true, null: true, free }));
        })
    };
    for declared in
        [shape(Some(FunctionId(0)), None), shape(None, Some(FunctionId(0))), shape(Some(FunctionId(77)), None)]
    {
        assert!(matches!(plan_of(&declared), Err(PlanError::Auxiliary { .. })));
    }
    assert!(plan_of(&shape(Some(FunctionId(1)), Some(FunctionId(2)))).is_ok());
}

#[test]
fn too_many_parameters() {
    let declared = function("f", CType::Void, vec![number("n", Scalar::I32); MAX_PARAMETERS + 1], |_| {});
    assert_eq!(plan_of(&declared).err(), Some(PlanError::TooManyParameters));
    let input = buffer("b", Scalar::U8, Direction::In, |_| {});
    let output = buffer("b", Scalar::U8, Direction::Out, |b| b.capacity = Some(Expression::Integer(1)));
    for parameter in [input, output] {
        let fits = function("f", CType::Void, vec![parameter.clone(); MAX_PARAMETERS / 2], |_| {});
        assert!(plan_of(&fits).is_ok());
        let declared = function("f", CType::Void, vec![parameter; MAX_PARAMETERS / 2 + 1], |_| {});
        assert_eq!(plan_of(&declared).err(), Some(PlanError::TooManyWords));
    }
}

#[test]
fn rooms_that_take_what_is_left_come_last_and_fit_their_parameter() {
    let parameters = vec![
        buffer("rest", Scalar::U16, Direction::Out, |b| b.capacity = Some(Expression::Parameter(1))),
        capacity_of("room", Scalar::U8, 0),
        buffer("exact", Scalar::U8, Direction::Out, |b| b.capacity = Some(Expression::Integer(3))),
    ];
    let plan = plan_of(&function("f", CType::Void, parameters, |_| {})).expect("plan");
    assert_eq!(plan.rooms.iter().map(|room| room.parameter).collect::<Vec<_>>(), [2, 0]);
    assert_eq!(plan.rooms[1].max_bytes, 255 * 2);
}

#[test]
fn ranges_with_fractions_hold_for_integers() {
    let mut parameter = number("n", Scalar::I32);
    let Shape::Number(NumberArgument { range, .. }) = &mut parameter.shape else { unreachable!() };
    *range = Some((Literal::Float(-1.5), Literal::Integer(4)));
    let plan = plan_of(&function("f", CType::Void, vec![parameter], |_| {})).expect("plan");
    assert_eq!(plan.takes, [(0, Take::Number { scalar: Scalar::I32, range: Range::Integer(-1, 4) })]);
}

#[test]
fn plans_agree_with_the_roles_about_words() {
    let interface: Interface = interface(Instances::Shared);
    for declared in &interface.functions {
        let plan = Plan::new(&interface, declared).expect("plan");
        let takes: Vec<_> = plan.takes.iter().map(|(index, _)| *index).collect();
        let arguments = |(index, parameter): (usize, &cloison_contract::interface::Parameter)| {
            parameter.shape.is_argument().then_some(index)
        };
        assert_eq!(
            takes,
            declared.parameters.iter().enumerate().filter_map(arguments).collect::<Vec<_>>(),
            "{}",
            declared.name
        );
        let results = declared.parameters.iter().filter(|parameter| parameter.shape.is_result()).count();
        assert_eq!(plan.words, declared.request_slots().words(), "{}", declared.name);
        assert_eq!(plan.gives.len(), results + usize::from(declared.returns.kept), "{}", declared.name);
        let value_first =
            plan.gives.iter().skip(1).all(|give| !matches!(give, Give::Value | Give::Pointed { place: None, .. }));
        assert!(value_first, "{}", declared.name);
    }
}

//! Interfaces that make no sense are refused before anything is called.

use crate::common::hand::{buffer, call_of, capacity_of, function, int, length_of, number, scalar_pointer, string};
use crate::common::{id, interface};
use cloison_contract::expression::Expression;
use cloison_contract::interface::{Function, Instances, Message, Parameter};
use cloison_contract::shape::{
    Callback, Direction, HandleArgument, Literal, NumberArgument, Pointed, Position, ReturnedString, Shape, Slots,
};
use cloison_contract::types::{CType, Scalar, TypeId};
use cloison_contract::{FunctionId, Interface};
use cloison_zone::marshal::plan::{CallPlan, PlanError, Range};
use cloison_zone::native::ffi::MAX_PARAMETERS;

fn plan_of(function: &Function) -> Result<CallPlan, PlanError> {
    CallPlan::new(&interface(Instances::Shared), function)
}

fn reference(name: &str) -> Option<PlanError> {
    Some(PlanError::Reference { parameter: name.into() })
}

#[test]
fn positions_that_point_nowhere() {
    let mix = id(&interface(Instances::Shared), "mix");
    let cases = [
        vec![length_of("bad", Scalar::U64, &[3])],
        vec![length_of("bad", Scalar::U64, &[])],
        vec![capacity_of("bad", Scalar::U64, 0)],
        vec![number("fine", Scalar::U64), length_of("bad", Scalar::U64, &[0])],
        vec![buffer("bad", Scalar::U8, Direction::Out, |b| b.capacity = Some(Expression::Parameter(1)))],
        vec![buffer("bad", Scalar::U8, Direction::Out, |b| b.capacity = Some(Expression::Parameter(0)))],
        vec![
            buffer("bad", Scalar::U8, Direction::Out, |b| b.capacity = Some(Expression::Parameter(1))),
            scalar_pointer("cell", Scalar::U64, Direction::In, |_| {}),
        ],
        vec![buffer("bad", Scalar::U8, Direction::Out, |b| b.capacity = Some(call_of(FunctionId(99), 0)))],
        // `mix` takes and returns floating-point numbers.
        vec![buffer("bad", Scalar::U8, Direction::Out, |b| b.capacity = Some(Expression::Call(mix, vec![])))],
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
    let whole = interface(Instances::Shared);
    let id = |name| Some(id(&whole, name));
    let shape = |message: Option<FunctionId>, free| {
        function("f", string(), vec![], |f| {
            f.returns.message = message.map(Message::Code);
            f.returns.pointer = Some(Pointed::String(ReturnedString { text: true, null: true, free }));
        })
    };
    for declared in [shape(id("bound"), None), shape(None, id("bound")), shape(Some(FunctionId(77)), None)] {
        assert!(matches!(plan_of(&declared), Err(PlanError::Auxiliary { .. })));
    }
    assert!(plan_of(&shape(id("explain"), id("release"))).is_ok());
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
fn outputs_that_take_what_is_left_come_last_and_fit_their_parameter() {
    let parameters = vec![
        buffer("rest", Scalar::U16, Direction::Out, |b| b.capacity = Some(Expression::Parameter(1))),
        capacity_of("room", Scalar::U8, 0),
        buffer("exact", Scalar::U8, Direction::Out, |b| b.capacity = Some(Expression::Integer(3))),
    ];
    let plan = plan_of(&function("f", CType::Void, parameters, |_| {})).expect("plan");
    assert_eq!(plan.outputs.iter().map(|output| output.parameter).collect::<Vec<_>>(), [2, 0]);
    assert_eq!(plan.outputs[1].max_bytes, 255 * 2);
}

#[test]
fn ranges_with_fractions_hold_for_integers() {
    let mut parameter = number("n", Scalar::I32);
    let Shape::Number(NumberArgument { range, .. }) = &mut parameter.shape else { unreachable!() };
    *range = Some((Literal::Float(-1.5), Literal::Integer(4)));
    let plan = plan_of(&function("f", CType::Void, vec![parameter], |_| {})).expect("plan");
    assert_eq!(plan.prepared[0].range, Range::Integer(-1, 4));
}

#[test]
fn objects_in_records_and_callables_are_checked() {
    let interface = interface(Instances::Shared);
    let nowhere = TypeId(999);
    let handle = HandleArgument { id: nowhere, null: true, default_none: false, consumed: false, by_address: false };
    let opaque = CType::Pointer { to: Box::new(CType::Opaque(nowhere)), constant: false };
    let shown = Parameter { c_type: opaque.clone(), shape: Shape::Handle(handle), ..number("bad", Scalar::I32) };
    let callback = Callback {
        parameters: vec![shown.clone()],
        result: CType::Void,
        kept: false,
        error: None,
        deadline: None,
        null: true,
        default_none: false,
        retain: None,
        replaces: false,
    };
    let called = Parameter { shape: Shape::Callback(callback), ..shown.clone() };
    for parameter in [shown, called] {
        let declared = function("f", CType::Void, vec![parameter], |_| {});
        assert_eq!(CallPlan::new(&interface, &declared).err(), reference("bad"));
    }
    assert_eq!(CallPlan::new(&interface, &function("f", opaque, vec![], |_| {})).err(), reference("return"));
}

#[test]
fn plans_carry_what_the_shapes_say() {
    let interface: Interface = interface(Instances::Shared);
    for declared in &interface.functions {
        let plan = CallPlan::new(&interface, declared).expect("plan");
        let of = |is: fn(&Shape) -> bool| {
            let parameters = declared.parameters.iter().enumerate();
            parameters.filter(move |(_, one)| is(&one.shape)).map(|(index, _)| Position::Parameter(index))
        };
        let positions = |slots: &Slots| slots.iter().map(|slot| slot.position).collect::<Vec<_>>();
        assert_eq!(positions(&plan.request), of(Shape::is_argument).collect::<Vec<_>>(), "{}", declared.name);
        let value = declared.value_shape().map(|_| Position::Value);
        let results: Vec<_> = value.into_iter().chain(of(Shape::is_result)).collect();
        assert_eq!(positions(&plan.reply), results, "{}", declared.name);
    }
}

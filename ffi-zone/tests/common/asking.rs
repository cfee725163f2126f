//! An interface for `callbacks.c`.

use super::*;
use cloison_contract::shape::{Fixed, WideArgument};
use cloison_contract::types::{Definition, Handle, Layout, Member, MemberRole, Record, TypeId, TypeKind, Wide};

pub const PAIR: TypeId = TypeId(0);
pub const BOX: TypeId = TypeId(1);
const PAIR_LAYOUT: Layout = Layout { size: 16, align: 8 };

fn to(c_type: CType) -> CType {
    CType::Pointer { to: Box::new(c_type), constant: false }
}

fn parameter(name: &str, c_type: CType, shape: Shape) -> Parameter {
    Parameter { name: name.into(), c_type, shape, leading: false }
}

/// A parameter that is a callback.
pub fn callback(
    name: &str,
    result: CType,
    parameters: Vec<Parameter>,
    change: impl FnOnce(&mut Callback),
) -> Parameter {
    let mut callback = Callback {
        parameters,
        kept: result != CType::Void,
        result,
        error: None,
        deadline: None,
        null: false,
        default_none: false,
        retain: None,
        replaces: false,
    };
    change(&mut callback);
    parameter(name, to(CType::Void), Shape::Callback(callback))
}

fn user_data() -> Parameter {
    parameter("data", to(CType::Void), Shape::Constant(Fixed::Bits(0)))
}

fn pair(name: &str, direction: Direction, by_value: bool) -> Parameter {
    let record =
        RecordArgument { id: PAIR, layout: PAIR_LAYOUT, direction, by_value, null: false, default_none: false };
    let own = CType::Record { id: PAIR, layout: PAIR_LAYOUT };
    parameter(name, if by_value { own } else { to(own) }, Shape::Record(record))
}

fn boxed(name: &str, null: bool) -> Parameter {
    let handle = HandleArgument { id: BOX, null, default_none: false, consumed: false };
    parameter(name, to(CType::Opaque(BOX)), Shape::Handle(handle))
}

fn consumed(name: &str) -> Parameter {
    let handle = HandleArgument { id: BOX, null: false, default_none: false, consumed: true };
    parameter(name, to(CType::Opaque(BOX)), Shape::Handle(handle))
}

fn wide(name: &str, wide: Wide) -> Parameter {
    parameter(name, CType::Wide(wide), Shape::Wide(WideArgument { wide, default: None }))
}

fn array(name: &str, element: Element) -> Parameter {
    buffer(name, Scalar::U64, Direction::In, |buffer| {
        buffer.element = element;
        buffer.length = Some(Expression::Parameter(3));
    })
}

fn types() -> Vec<Definition> {
    let member = |name: &str, scalar, offset| Member {
        name: name.into(),
        c_type: int(scalar),
        offset,
        bits: None,
        role: MemberRole::Value,
    };
    let members = vec![member("a", Scalar::I32, 0), member("b", Scalar::F64, 8)];
    let record = Record { union: false, layout: PAIR_LAYOUT, members, live: None, unnamed: vec![] };
    let handle = Handle { free: Some(FREE), owner: None, max_live: 100, refcounted: false, thread_affine: false };
    let kinds = [("pair", TypeKind::Record(record)), ("box", TypeKind::Handle(handle))];
    let definition = |(name, kind): (&str, _)| Definition {
        name: name.into(),
        declaration: String::new(),
        doc: None,
        declared: Location::default(),
        kind,
    };
    kinds.map(definition).into()
}

const FREE: FunctionId = FunctionId(0);

pub fn asking(instances: Instances) -> Interface {
    use Direction::{In, InOut, Out};
    use Scalar::*;
    let simple =
        |name: &str| callback(name, int(I32), vec![number("n", I32)], |f| f.error = Some(Literal::Integer(-7)));
    let object = |borrowed| {
        move |function: &mut Function| {
            function.returns.pointer = Some(Pointed::Handle { id: BOX, null: false, owner: None, borrowed });
        }
    };
    let place = OutPointer {
        pointed: Pointed::Handle { id: BOX, null: false, owner: None, borrowed: false },
        free_on_error: false,
    };
    let every = [I8, U16, I32, I64, F32, F64, Bool].map(|scalar| number("n", scalar)).to_vec();
    let many = [I64, I64, I64, I64, I64, I64, I64, F64, I64].map(|scalar| number("n", scalar)).to_vec();
    let mut functions = vec![
        function("box_free", CType::Void, vec![consumed("box")], |_| {}),
        function("times", int(I32), vec![simple("f"), number("n", I32)], |_| {}),
        function("every", int(F64), vec![callback("f", int(F64), every, |_| {})], |_| {}),
        function("many", int(I64), vec![callback("f", int(I64), many, |_| {})], |_| {}),
        function(
            "narrow",
            int(I32),
            vec![
                callback("f", int(I8), vec![], |_| {}),
                callback("g", int(U8), vec![], |_| {}),
                callback("h", int(F32), vec![], |_| {}),
            ],
            |_| {},
        ),
        function(
            "cells",
            int(I32),
            vec![callback(
                "f",
                CType::Void,
                vec![
                    cell("in", I32, In, |_| {}),
                    cell("out", I32, Out, |_| {}),
                    cell("both", I32, InOut, |_| {}),
                    cell("none", I32, In, |cell| cell.null = true),
                ],
                |_| {},
            )],
            |_| {},
        ),
        function(
            "spell",
            int(U64),
            vec![callback("f", int(U64), vec![text("s", false), text("t", true)], |_| {})],
            |_| {},
        ),
        function(
            "fold",
            int(I64),
            vec![
                callback("f", int(I64), vec![buffer("values", I32, In, |_| {}), length_of("n", U32, &[0])], |_| {}),
                number("n", U32),
            ],
            |_| {},
        ),
        function(
            "drain",
            int(U32),
            vec![callback(
                "read",
                int(U64),
                vec![
                    buffer("target", U8, Out, |buffer| {
                        buffer.capacity = Some(Expression::Parameter(1));
                        buffer.length = Some(Expression::Return);
                    }),
                    capacity_of("room", U64, 0),
                    user_data(),
                ],
                |f| f.kept = false,
            )],
            |_| {},
        ),
        function(
            "spoken",
            int(I32),
            vec![callback(
                "f",
                int(I32),
                vec![
                    buffer("target", I8, Out, |buffer| {
                        buffer.capacity = Some(Expression::Parameter(1));
                        buffer.length = Some(Expression::Dereference(2));
                    }),
                    capacity_of("room", I32, 0),
                    cell("length", I32, Out, |cell| cell.consumed = true),
                ],
                |f| f.kept = false,
            )],
            |_| {},
        ),
        function(
            "mirrored",
            int(I32),
            vec![callback(
                "f",
                CType::Void,
                vec![buffer("values", I16, InOut, |_| {}), length_of("n", I32, &[0])],
                |_| {},
            )],
            |_| {},
        ),
        function(
            "pairs",
            int(F64),
            vec![callback(
                "f",
                CType::Record { id: PAIR, layout: PAIR_LAYOUT },
                vec![pair("one", In, true), pair("other", In, false), pair("out", Out, false)],
                |_| {},
            )],
            |_| {},
        ),
        function(
            "wide",
            int(F64),
            vec![callback(
                "f",
                CType::Wide(Wide::LongDouble),
                vec![wide("x", Wide::LongDouble), wide("z", Wide::ComplexF64)],
                |_| {},
            )],
            |_| {},
        ),
        function("box_new", to(CType::Opaque(BOX)), vec![number("value", I32)], object(false)),
        function("box_count", int(I32), vec![], |_| {}),
        function("box_last", int(I32), vec![], |_| {}),
        function("box_here", int(I32), vec![boxed("box", false)], |_| {}),
        function("box_strays", int(I32), vec![], |_| {}),
        function("box_value", int(I32), vec![boxed("box", false)], |_| {}),
        function(
            "box_on",
            CType::Void,
            vec![
                boxed("box", false),
                callback("on", int(I32), vec![number("n", I32)], |f| {
                    f.null = true;
                    f.error = Some(Literal::Integer(-7));
                    f.retain = Some(Lifetime::Parameter(0));
                }),
            ],
            |_| {},
        ),
        function(
            "box_set",
            CType::Void,
            vec![
                boxed("box", false),
                callback("on", int(I32), vec![number("n", I32)], |f| {
                    f.null = true;
                    f.retain = Some(Lifetime::Parameter(0));
                    f.replaces = true;
                }),
            ],
            |function| function.symbol = "box_on".into(),
        ),
        function(
            "box_try",
            int(I32),
            vec![
                boxed("box", false),
                callback("on", int(I32), vec![number("n", I32)], |f| {
                    f.retain = Some(Lifetime::Parameter(0));
                    f.replaces = true;
                }),
                number("status", I32),
            ],
            |function| function.returns.error_unless = Some(compare(Operator::Equal, Expression::Return, 0)),
        ),
        function("box_fire", int(I32), vec![boxed("box", false), number("value", I32)], |_| {}),
        function("box_same", int(I32), vec![boxed("one", false), boxed("other", false)], |_| {}),
        function(
            "box_make",
            int(I32),
            vec![parameter("box", to(to(CType::Opaque(BOX))), Shape::OutPointer(place)), simple("f")],
            |function| {
                function.returns.kept = false;
                function.returns.error_unless = Some(compare(Operator::Equal, Expression::Return, 0));
            },
        ),
        function(
            "box_show",
            int(I32),
            vec![
                boxed("own", false),
                callback(
                    "f",
                    int(I32),
                    vec![
                        boxed("own", false),
                        boxed("other", false),
                        boxed("none", true),
                        number("count", I32),
                        array("all", Element::Handle { id: BOX }),
                        array("texts", Element::Text { bytes: false }),
                    ],
                    |_| {},
                ),
            ],
            |_| {},
        ),
        function("box_offer", CType::Void, vec![boxed("box", false)], |_| {}),
        function("box_offered", to(CType::Opaque(BOX)), vec![], object(true)),
        function("box_hold", int(I32), vec![boxed("box", false), simple("f")], |_| {}),
        function("keep", CType::Void, vec![simple("f")], |_| {}),
        function("stray", int(I32), vec![number("value", I32)], |_| {}),
        function(
            "measured",
            int(I32),
            vec![callback(
                "f",
                CType::Void,
                vec![
                    cell("room", I32, InOut, |_| {}),
                    buffer("target", U8, Out, |buffer| buffer.capacity = Some(Expression::Dereference(0))),
                ],
                |_| {},
            )],
            |_| {},
        ),
        function(
            "lend",
            int(I32),
            vec![callback(
                "f",
                CType::Void,
                vec![
                    buffer("boxes", U64, Out, |buffer| {
                        buffer.element = Element::Handle { id: BOX };
                        buffer.capacity = Some(Expression::Integer(1));
                    }),
                    number("step", I32),
                ],
                |_| {},
            )],
            |_| {},
        ),
        function("elsewhere", int(I32), vec![simple("f"), number("count", I32)], |_| {}),
        function("box_later", CType::Void, vec![boxed("box", false)], |_| {}),
        function("box_said", int(I32), vec![], |_| {}),
    ];
    let fire = functions.iter().position(|function| function.name == "box_fire").expect("it");
    let fired = Expression::Call(FunctionId(fire as u32), vec![Expression::Parameter(0), Expression::Integer(2)]);
    let shown = vec![boxed("box", true), buffer("bytes", U8, In, |buffer| buffer.length = Some(fired))];
    let parameters = vec![boxed("box", false), number("null", I32), callback("f", int(I32), shown, |_| {})];
    functions.push(function("box_bytes", int(I32), parameters, |_| {}));
    Interface { types: types(), functions, ..interface(instances) }
}

pub fn asking_functions(interface: Interface) -> Functions {
    functions_of(interface, load("callbacks.c"))
}

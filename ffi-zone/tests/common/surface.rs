//! An interface for `surface.c`.

use super::*;
use cloison_contract::shape::{Fixed, NumberArgument, WideArgument};
use cloison_contract::types::{
    Bits, Definition, Enumeration, Handle, Layout, Member, MemberRole, Record, Signature, TypeId, TypeKind, Wide,
};

pub const POINT: TypeId = TypeId(0);
pub const PERSON: TypeId = TypeId(1);
pub const VALUE: TypeId = TypeId(2);
pub const VARIANT: TypeId = TypeId(3);
pub const THING: TypeId = TypeId(4);
pub const HOLDER: TypeId = TypeId(5);
const TEXT: TypeId = TypeId(6);
const COLOR: TypeId = TypeId(7);

pub const PERSON_SIZE: usize = 56;
pub const MAX_THINGS: u32 = 20;

const fn layout(size: u64, align: u64) -> Layout {
    Layout { size, align }
}

pub fn record(id: TypeId) -> CType {
    let layout = match id {
        POINT => layout(16, 8),
        PERSON => layout(PERSON_SIZE as u64, 8),
        VALUE => layout(16, 8),
        VARIANT => layout(24, 8),
        HOLDER => layout(40, 8),
        _ => layout(16, 8),
    };
    CType::Record { id, layout }
}

fn layout_of(id: TypeId) -> Layout {
    record(id).layout().expect("a record's")
}

fn to(c_type: CType) -> CType {
    CType::Pointer { to: Box::new(c_type), constant: false }
}

fn things() -> CType {
    to(CType::Opaque(THING))
}

fn member(name: &str, c_type: CType, offset: u64) -> Member {
    Member { name: name.into(), c_type, offset, bits: None, role: MemberRole::Value }
}

fn with(role: MemberRole, member: Member) -> Member {
    Member { role, ..member }
}

fn definition(name: &str, kind: TypeKind) -> Definition {
    Definition { name: name.into(), declaration: String::new(), doc: None, declared: Location::default(), kind }
}

pub fn struct_of(size: u64, align: u64, members: Vec<Member>) -> TypeKind {
    TypeKind::Record(Record { union: false, layout: layout(size, align), members, live: None, unnamed: vec![] })
}

fn types() -> Vec<Definition> {
    let double = || int(Scalar::F64);
    let text = |null| MemberRole::Text { bytes: false, null };
    let characters = CType::Array { of: Box::new(CType::Scalar { scalar: Scalar::I8, character: true }), length: 16 };
    let free = FREE.map(FunctionId);
    let handle = Handle { free, owner: Some(THING), max_live: MAX_THINGS, refcounted: false, thread_affine: false };
    let age = Member { bits: Some(Bits { shift: 0, width: 7 }), ..member("age", int(Scalar::U32), 48) };
    let union = Record {
        union: true,
        layout: layout(16, 8),
        members: vec![member("i", int(Scalar::I32), 0), member("d", double(), 0), member("t", record(TEXT), 0)],
        live: Some(1),
        unnamed: vec![],
    };
    let chosen = MemberRole::Union { by: 0, cases: vec![(0, 0), (1, 1), (2, 2)] };
    vec![
        definition("point", struct_of(16, 8, vec![member("x", double(), 0), member("y", double(), 8)])),
        definition(
            "person",
            struct_of(
                PERSON_SIZE as u64,
                8,
                vec![
                    with(MemberRole::TextArray, member("name", characters, 0)),
                    with(text(true), member("mail", string(), 16)),
                    member("at", record(POINT), 24),
                    with(MemberRole::Hidden, member("secret", to(CType::Void), 40)),
                    age,
                    member("known", int(Scalar::Bool), 49),
                ],
            ),
        ),
        definition("value", TypeKind::Record(union)),
        definition(
            "variant",
            struct_of(24, 8, vec![member("kind", int(Scalar::I32), 0), with(chosen, member("u", record(VALUE), 8))]),
        ),
        definition("thing", TypeKind::Handle(handle)),
        definition(
            "holder",
            struct_of(
                40,
                8,
                vec![
                    member("tag", int(Scalar::I8), 0),
                    with(MemberRole::Handle { id: THING, null: false }, member("one", things(), 8)),
                    with(text(true), member("text", string(), 16)),
                    with(MemberRole::Handle { id: THING, null: true }, member("none", things(), 24)),
                    with(MemberRole::Hidden, member("secret", to(CType::Void), 32)),
                ],
            ),
        ),
        definition(
            "text",
            struct_of(16, 8, vec![with(text(true), member("text", string(), 0)), member("n", int(Scalar::I32), 8)]),
        ),
        definition(
            "color",
            TypeKind::Enum(Enumeration { scalar: Scalar::U32, flags: false, values: vec![("RED".into(), 0)] }),
        ),
    ]
}

fn parameter(name: &str, c_type: CType, shape: Shape) -> Parameter {
    Parameter { name: name.into(), c_type, shape, leading: false }
}

fn by_value(name: &str, id: TypeId) -> Parameter {
    let role = RecordArgument {
        id,
        layout: layout_of(id),
        direction: Direction::In,
        by_value: true,
        null: false,
        default_none: false,
    };
    parameter(name, record(id), Shape::Record(role))
}

pub fn record_at(name: &str, id: TypeId, direction: Direction, null: bool) -> Parameter {
    let role = RecordArgument { id, layout: layout_of(id), direction, by_value: false, null, default_none: false };
    parameter(name, to(record(id)), Shape::Record(role))
}

fn wide(name: &str, wide: Wide) -> Parameter {
    parameter(name, CType::Wide(wide), Shape::Wide(WideArgument { wide, default: None }))
}

pub fn thing(name: &str, change: impl FnOnce(&mut HandleArgument)) -> Parameter {
    let mut handle = HandleArgument { id: THING, null: false, default_none: false, consumed: false };
    change(&mut handle);
    parameter(name, things(), Shape::Handle(handle))
}

fn place(name: &str, pointed: Pointed, free_on_error: bool) -> Parameter {
    parameter(name, to(to(CType::Void)), Shape::OutPointer(OutPointer { pointed, free_on_error }))
}

fn elements(name: &str, element: Element, direction: Direction, change: impl FnOnce(&mut Buffer)) -> Parameter {
    let mut parameter = buffer(name, Scalar::U8, direction, change);
    if let Shape::Buffer(buffer) = &mut parameter.shape {
        buffer.element = element;
    }
    parameter
}

/// A thing's: not so many that things that count up to it take long.
fn value() -> Parameter {
    let mut parameter = number("value", Scalar::I32);
    if let Shape::Number(NumberArgument { range, .. }) = &mut parameter.shape {
        *range = Some((Literal::Integer(-100), Literal::Integer(100)));
    }
    parameter
}

fn always(name: &str, c_type: CType, bits: u64) -> Parameter {
    parameter(name, c_type, Shape::Constant(Fixed::Bits(bits)))
}

fn owned(owner: Option<usize>, null: bool) -> Pointed {
    Pointed::Handle { id: THING, null, owner, borrowed: false }
}

fn retained(mut parameter: Parameter, lifetime: Lifetime) -> Parameter {
    match &mut parameter.shape {
        Shape::Buffer(buffer) => buffer.retain = Some(lifetime),
        Shape::Text(text) => text.retain = Some(lifetime),
        _ => unreachable!("not kept"),
    }
    parameter
}

/// `int f(int)`
fn visitor(name: &str, retain: Option<Lifetime>) -> Parameter {
    let signature = Signature { parameters: vec![("value".into(), int(Scalar::I32))], result: int(Scalar::I32) };
    let callback = Callback {
        parameters: vec![number("value", Scalar::I32)],
        result: int(Scalar::I32),
        kept: true,
        error: None,
        deadline: None,
        null: false,
        default_none: false,
        retain,
        replaces: false,
    };
    parameter(name, to(CType::Function(Box::new(signature))), Shape::Callback(callback))
}

const FREE: Option<u32> = Some(0);
const MESSAGE: FunctionId = FunctionId(1);
const LET_GO: FunctionId = FunctionId(2);
const SIZE: FunctionId = FunctionId(3);

/// All of `surface.c`.
pub fn surface(instances: Instances) -> Interface {
    use Direction::{In, InOut, Out};
    use Scalar::*;
    let points = Element::Record { id: POINT, layout: layout_of(POINT) };
    let people = Element::Record { id: PERSON, layout: layout_of(PERSON) };
    let gives = |pointed: Pointed| move |function: &mut Function| function.returns.pointer = Some(pointed);
    let string_of = |null, free| Pointed::String(ReturnedString { text: true, null, free });
    let failing = |parameter: usize| {
        move |function: &mut Function| {
            function.returns.kept = false;
            function.returns.error_unless = Some(compare(Operator::Equal, Expression::Return, 0));
            function.returns.message = Some(Message::Handle { function: MESSAGE, parameter, through: None });
        }
    };
    let memory = parameter(
        "memory",
        to(CType::Void),
        Shape::Number(NumberArgument { scalar: U64, enumeration: None, range: None, default: None }),
    );
    let plain = |name: &str, result, parameters| function(name, result, parameters, |_| {});
    let variadic = |name: &str, rest: Vec<Parameter>| {
        let mut parameters = vec![text("types", false)];
        parameters.extend(rest);
        function(name, int(I32), parameters, |function| {
            (function.symbol, function.variadic) = ("total".into(), Some(1));
        })
    };
    let color = CType::Enum { id: COLOR, scalar: U32 };
    let size_of = |at| Expression::Call(SIZE, vec![Expression::Parameter(at)]);
    let mut functions = vec![
        plain("thing_free", CType::Void, vec![thing("one", |one| one.consumed = true)]),
        function("thing_message", string(), vec![thing("one", |one| one.null = true)], |function| {
            function.returns.pointer = Some(string_of(false, None));
        }),
        function("let_go", CType::Void, vec![memory], |function| function.internal = true),
        plain("thing_size", int(U64), vec![thing("one", |_| {})]),
        plain("point_add", record(POINT), vec![by_value("a", POINT), by_value("b", POINT)]),
        plain("point_turn", CType::Void, vec![record_at("p", POINT, InOut, false)]),
        plain("point_norm", int(F64), vec![record_at("p", POINT, In, true)]),
        plain("point_make", CType::Void, vec![number("x", F64), number("y", F64), record_at("p", POINT, Out, false)]),
        plain("points_sum", int(F64), vec![elements("points", points, In, |_| {}), length_of("count", U64, &[0])]),
        function(
            "points_make",
            int(I32),
            vec![
                elements("points", points, Out, |b| {
                    (b.capacity, b.length) = (Some(Expression::Parameter(1)), Some(Expression::Return));
                }),
                number("room", U64),
                number("count", U64),
            ],
            |function| function.returns.kept = false,
        ),
        plain("person_make", CType::Void, vec![record_at("p", PERSON, Out, false), number("age", U32)]),
        plain("person_check", int(I32), vec![record_at("p", PERSON, In, false)]),
        plain("person_age", CType::Void, vec![record_at("p", PERSON, InOut, false)]),
        plain("people_count", int(I32), vec![elements("people", people, In, |_| {}), length_of("count", U64, &[0])]),
        plain("variant_next", record(VARIANT), vec![by_value("v", VARIANT)]),
        plain("value_of", record(VALUE), vec![number("d", F64)]),
        plain(
            "texts_length",
            int(U64),
            vec![elements("texts", Element::Text { bytes: false }, In, |_| {}), length_of("count", U64, &[0])],
        ),
        plain("negate", int(Bool), vec![number("flag", Bool)]),
        plain("longer", CType::Wide(Wide::LongDouble), vec![wide("value", Wide::LongDouble)]),
        plain("turn_single", CType::Wide(Wide::ComplexF32), vec![wide("z", Wide::ComplexF32)]),
        plain("turn", CType::Wide(Wide::ComplexF64), vec![wide("z", Wide::ComplexF64)]),
        plain("turn_long", CType::Wide(Wide::ComplexLong), vec![wide("z", Wide::ComplexLong)]),
        variadic("total_small", vec![number("a", I8), number("b", U16), number("c", Bool), number("d", F32)]),
        variadic("total_large", vec![number("a", I64), number("b", F64), text("c", false), by_value("d", POINT)]),
        variadic("total_none", vec![]),
        plain("things", int(I32), vec![]),
        plain("freed", int(I32), vec![]),
        function("thing_new", things(), vec![value()], gives(owned(None, false))),
        function("thing_open", int(I32), vec![value(), place("out", owned(None, false), true)], failing(1)),
        function("thing_child", things(), vec![thing("parent", |_| {}), value()], gives(owned(Some(0), true))),
        function(
            "thing_parent",
            things(),
            vec![thing("one", |_| {})],
            gives(Pointed::Handle { id: THING, null: true, owner: Some(0), borrowed: true }),
        ),
        function(
            "thing_self",
            things(),
            vec![thing("one", |_| {})],
            gives(Pointed::Handle { id: THING, null: false, owner: None, borrowed: true }),
        ),
        plain("thing_value", int(I32), vec![thing("one", |one| one.null = true)]),
        function("thing_close", int(I32), vec![thing("one", |one| one.consumed = true)], failing(0)),
        function("thing_fail", int(I32), vec![thing("one", |_| {})], failing(0)),
        function("child_fail", int(I32), vec![thing("one", |_| {})], |function| {
            failing(0)(function);
            function.symbol = "thing_fail".into();
        }),
        plain(
            "thing_keep",
            CType::Void,
            vec![thing("one", |_| {}), retained(text("name", true), Lifetime::Parameter(0))],
        ),
        function("thing_name", string(), vec![thing("one", |_| {})], gives(string_of(true, None))),
        function(
            "thing_named",
            things(),
            vec![retained(text("name", false), Lifetime::Return)],
            gives(owned(None, false)),
        ),
        plain(
            "thing_keep_data",
            CType::Void,
            vec![
                thing("one", |_| {}),
                retained(buffer("data", U8, In, |_| {}), Lifetime::Parameter(0)),
                length_of("size", U64, &[1]),
            ],
        ),
        function(
            "thing_data",
            pointer(U8),
            vec![thing("one", |_| {})],
            gives(Pointed::Buffer {
                element: Element::Scalar(U8),
                length: size_of(0),
                text: false,
                null: true,
                free: None,
            }),
        ),
        plain(
            "thing_late",
            CType::Void,
            vec![
                thing("one", |_| {}),
                retained(
                    buffer("late", U8, Out, |b| b.capacity = Some(Expression::Parameter(2))),
                    Lifetime::Parameter(0),
                ),
                number("room", U64),
            ],
        ),
        plain("thing_write", CType::Void, vec![thing("one", |_| {}), number("value", U8)]),
        function(
            "thing_copy",
            pointer(U8),
            vec![thing("one", |_| {}), cell("size", U64, Out, |cell| cell.consumed = true)],
            gives(Pointed::Buffer {
                element: Element::Scalar(U8),
                length: Expression::Dereference(1),
                text: false,
                null: false,
                free: Some(LET_GO),
            }),
        ),
        function(
            "thing_describe",
            int(I32),
            vec![thing("one", |_| {}), place("text", string_of(true, Some(LET_GO)), true)],
            failing(0),
        ),
        function(
            "thing_points",
            int(I32),
            vec![
                thing("one", |_| {}),
                place(
                    "points",
                    Pointed::Buffer {
                        element: points,
                        length: Expression::Dereference(2),
                        text: false,
                        null: false,
                        free: Some(LET_GO),
                    },
                    false,
                ),
                cell("count", U64, Out, |cell| cell.consumed = true),
            ],
            failing(0),
        ),
        function(
            "thing_origin",
            to(record(POINT)),
            vec![thing("one", |_| {})],
            gives(Pointed::Record { id: POINT, layout: layout_of(POINT), null: true, free: None }),
        ),
        plain("thing_visit", int(I32), vec![thing("one", |_| {}), visitor("visit", None), number("value", I32)]),
        plain("thing_watch", CType::Void, vec![thing("one", |_| {}), visitor("watcher", Some(Lifetime::Parameter(0)))]),
        plain("thing_notify", int(I32), vec![number("value", I32)]),
        plain("hold", CType::Void, vec![thing("one", |_| {}), record_at("h", HOLDER, Out, false)]),
        plain("held", int(I32), vec![record_at("h", HOLDER, In, false)]),
        plain(
            "things_sum",
            int(I32),
            vec![elements("list", Element::Handle { id: THING }, In, |_| {}), length_of("count", U64, &[0])],
        ),
        plain(
            "always",
            int(I32),
            vec![
                always("first", color, 4),
                always("pointer", to(CType::Void), u64::MAX),
                always("last", int(I64), -2_i64 as u64),
            ],
        ),
        function(
            "thing_keep_flags",
            CType::Void,
            vec![
                thing("one", |_| {}),
                retained(buffer("data", Scalar::Bool, In, |_| {}), Lifetime::Parameter(0)),
                length_of("size", U64, &[1]),
            ],
            |function| function.symbol = "thing_keep_data".into(),
        ),
    ];
    let place_of =
        |name: &str| functions.iter().position(|function| function.name == name).expect("a function of that name");
    let (parent, fails) = (FunctionId(place_of("thing_parent") as u32), place_of("child_fail"));
    functions[fails].returns.message = Some(Message::Handle { function: MESSAGE, parameter: 0, through: Some(parent) });
    Interface { types: types(), functions, ..interface(instances) }
}

//! Whatever is written, there is a reason or an interface that holds together.

use super::HEAD;
use crate::bundled;
use crate::manifest::parse;
use cloison_contract::interface::{Function, Interface, Message, Parameter, Raises};
use cloison_contract::shape::{
    Buffer, CapacityOf, Direction, Element, LengthOf, Lifetime, NumberArgument, Pointed, PointerFill, ScalarPointer,
    Shape,
};
use cloison_contract::types::{CType, TypeId, TypeKind};
use proptest::prelude::*;

const TYPES: &str = r#"
[types.point]
c = "struct point { double x, y; };"
[types.db]
c = "typedef struct db db;"
handle = true
free = "db_close"
[types.color]
c = "typedef enum { RED, GREEN } color;"
[types.hook]
c = "typedef int (*hook)(int a);"
[functions.db_close]
c = "void db_close(db *d)"
internal = true
[functions.release]
c = "void release(void *p)"
internal = true
"#;

/// Manifests that are right, and use all that there is.
fn corpus() -> Vec<&'static str> {
    let good = [
        include_str!("../../../tests/good/buffers.toml"),
        include_str!("../../../tests/good/callbacks.toml"),
        include_str!("../../../tests/good/handles.toml"),
        include_str!("../../../tests/good/libraries.toml"),
        include_str!("../../../tests/good/more.toml"),
        include_str!("../../../tests/good/records.toml"),
        include_str!("../../../tests/good/strings.toml"),
    ];
    let bundled = bundled::names().filter_map(bundled::find).map(|(_, text)| text);
    bundled.chain(good).collect()
}

/// One of them with one piece replaced by another one.
fn mutated() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "",
        "\"",
        "{",
        "}",
        "[",
        "]",
        "=",
        "\n",
        "in = true",
        "out = true",
        "length",
        "*destLen",
        "0",
        "-1",
        "NULL",
        "return",
        "int *x",
        "(",
        ")",
        ",",
        "1 MiB",
        "é",
        "\\u00e9",
        "null = true",
        "max = 0",
        "[functions.f]\n",
        "\"\"\"",
        "9223372036854775808",
        "handle = true",
        "struct point",
        "union value",
        "db *d",
        "double _Complex",
        "void (*f)(int a)",
        "char **",
        "retain = \"d\"",
        "retain = \"return\"",
        "owner = \"d\"",
        "borrowed = true",
        "view = true",
        "value = 1",
        "user_data = true",
        "live = \"i\"",
        "hidden = true",
        "instances = \"per-call\"",
        "parameters = {}",
        "error = 1",
    ]);
    (prop::sample::select(corpus()), any::<prop::sample::Index>(), 0usize..30, pieces).prop_map(
        |(text, at, length, piece)| {
            let start = text.floor_char_boundary(at.index(text.len()));
            let end = text.ceil_char_boundary((start + length).min(text.len()));
            format!("{}{piece}{}", &text[..start], &text[end..])
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_text_panics(text in "(?s).{0,200}") {
        if let Err(wrong) = parse("any.zone.toml", &text) {
            prop_assert!(!wrong.is_empty());
            let _ = (wrong.render(true), wrong.render(false));
        }
    }

    #[test]
    fn nearly_right_manifests_do_not_panic(text in mutated()) {
        match parse("mutated.zone.toml", &text) {
            Ok(interface) => {
                sound(&interface);
                for function in &interface.functions {
                    prop_assert!(function.request_slots().words() <= cloison_contract::call::MAX_WORDS);
                    prop_assert!(function.docstring(&interface).starts_with(&function.signature(&interface)));
                }
            }
            Err(wrong) => prop_assert!(!wrong.render(false).is_empty()),
        }
    }

    #[test]
    fn every_prototype_gets_roles_or_a_reason(
        types in prop::collection::vec(prop::sample::select(vec![
            "int", "size_t", "double", "bool", "const char *", "char *", "const void *", "unsigned char *", "int *", "const size_t *", "double *",
            "struct point ", "struct point *", "const struct point *", "db *", "db **", "char **", "const char *const *", "struct point **",
            "color ", "color *", "hook ", "long double ", "float _Complex ", "void **",
        ]), 0..5),
        tables in prop::collection::vec((0usize..5, prop::sample::select(vec![
            "in = true", "out = true", "in = true, out = true", "in = true, length = \"p1\"", "in = true, length = \"*p1\"",
            "out = true, capacity = \"p1\", max = 100", "out = true, capacity = \"*p2\", length = \"*p2\", max = 100",
            "out = true, capacity = \"p0 * 2\", length = \"return\"", "in = true, out = true, length = \"p3\"", "default = 1",
            "range = [0, 1]", "null = true", "out = true, capacity = \"*p1 + 1\", length = \"*p1\"", "value = 1", "value = \"NULL\"",
            "out = true, text = true", "out = true, length = \"*p1\"", "out = true, length = \"*p0 * *p1\", free = \"release\"",
            "out = true, owner = \"p0\"", "out = true, borrowed = true", "in = true, length = \"p1\", retain = \"p0\"", "retain = \"p0\"",
            "user_data = true", "out = true, capacity = \"p1\", max = 9, view = true", "default = 1, leading = true", "consumed = true",
            "null = true, default = \"NULL\"", "error = 1", "out = true, capacity = \"p1\", max = 9, retain = \"p0\"",
        ])), 0..5),
    ) {
        let parameters: Vec<_> = types.iter().enumerate().map(|(index, c_type)| format!("{c_type} p{index}")).collect();
        let parameters = if parameters.is_empty() { "void".to_owned() } else { parameters.join(", ") };
        let mut text = format!("{HEAD}\n{TYPES}\n[functions.f]\nc = \"int f({parameters})\"\n");
        let mut seen = std::collections::BTreeSet::new();
        for (index, keys) in tables.into_iter().filter(|(index, _)| seen.insert(*index)) {
            text += &format!("p{index} = {{ {keys} }}\n");
        }
        match parse("generated.zone.toml", &text) {
            Err(wrong) => prop_assert!(!wrong.is_empty()),
            Ok(interface) => {
                sound(&interface);
                let (_, function) = interface.function("f").unwrap();
                prop_assert_eq!(function.parameters.len(), types.len());
                for (index, parameter) in function.parameters.iter().enumerate() {
                    // What is filled in points at a buffer that has what it is filled in with.
                    let from = match &parameter.shape {
                        Shape::LengthOf(LengthOf { of, .. }) => of.clone(),
                        Shape::CapacityOf(CapacityOf { of, .. }) => vec![*of],
                        Shape::ScalarPointer(ScalarPointer { fill: Some(PointerFill::CapacityOf(of) | PointerFill::LengthOf(of)), .. }) => vec![*of],
                        _ => vec![],
                    };
                    for buffer in from {
                        prop_assert!(buffer != index && matches!(function.parameters[buffer].shape, Shape::Buffer(_)));
                    }
                    // An output always has room, and an input's length is checked by somebody.
                    if let Shape::Buffer(buffer) = &parameter.shape {
                        prop_assert_eq!(buffer.capacity.is_some(), buffer.direction == Direction::Out);
                    }
                }
            }
        }
    }
}

/// Every number in an interface leads to something of the right kind.
fn sound(interface: &Interface) {
    for definition in &interface.types {
        match &definition.kind {
            TypeKind::Handle(handle) => {
                handle.free.iter().for_each(|free| assert!((free.0 as usize) < interface.functions.len()));
                handle.owner.iter().for_each(|owner| handle_type(interface, *owner));
            }
            TypeKind::Record(record) => {
                assert!(record.live.is_none_or(|live| record.union && live < record.members.len()));
                record.members.iter().for_each(|member| known(interface, &member.c_type));
            }
            TypeKind::Enum(enumeration) => assert!(!enumeration.values.is_empty()),
        }
    }
    for (index, exception) in interface.exceptions.iter().enumerate() {
        assert!(exception.base.is_none_or(|base| base < index));
    }
    interface.functions.iter().for_each(|function| sound_function(interface, function));
}

fn sound_function(interface: &Interface, function: &Function) {
    let parameters = &function.parameters;
    assert!(parameters.iter().filter(|parameter| parameter.leading).count() <= 1);
    known(interface, &function.result);
    for parameter in parameters {
        known(interface, &parameter.c_type);
        sound_shape(interface, parameters, &parameter.shape);
    }
    if let Some(pointed) = &function.returns.pointer {
        sound_pointed(interface, parameters, pointed);
    }
    if let Some(Message::Handle { function, parameter, through }) = function.returns.message {
        assert!(through.is_none_or(|id| (id.0 as usize) < interface.functions.len()));
        assert!((function.0 as usize) < interface.functions.len());
        assert!(is_handle(&parameters[parameter].shape) || makes_handle(&parameters[parameter].shape));
    }
    if let Raises::Declared { codes, otherwise } = &function.returns.raises {
        let classes = codes.iter().map(|(_, class)| *class).chain(*otherwise);
        classes.for_each(|class| assert!(class < interface.exceptions.len()));
    }
    for parameter in parameters {
        let retain = match &parameter.shape {
            Shape::Buffer(buffer) => buffer.retain,
            Shape::Callback(callback) => callback.retain,
            Shape::Text(text) => text.retain,
            _ => None,
        };
        match retain {
            None => {}
            Some(Lifetime::Return) => assert!(matches!(function.returns.pointer, Some(Pointed::Handle { .. }))),
            Some(Lifetime::Parameter(index)) => {
                assert!(is_handle(&parameters[index].shape) || makes_handle(&parameters[index].shape));
            }
        }
    }
}

fn sound_shape(interface: &Interface, parameters: &[Parameter], shape: &Shape) {
    match shape {
        Shape::Callback(callback) => {
            known(interface, &callback.result);
            for parameter in &callback.parameters {
                assert!(!matches!(parameter.shape, Shape::Callback(_) | Shape::OutPointer(_) | Shape::CapacityOf(_)));
                sound_shape(interface, &callback.parameters, &parameter.shape);
            }
        }
        Shape::Handle(handle) => handle_type(interface, handle.id),
        Shape::OutPointer(place) => sound_pointed(interface, parameters, &place.pointed),
        Shape::Buffer(Buffer { element: Element::Record { id, .. } | Element::Handle { id }, .. }) => {
            assert!((id.0 as usize) < interface.types.len());
        }
        Shape::Number(NumberArgument { range, default, .. }) => {
            if let (Some(_), Some(default)) = (range, default) {
                assert!(shape.has_default(), "{default:?}");
            }
        }
        _ => {}
    }
}

fn sound_pointed(interface: &Interface, parameters: &[Parameter], pointed: &Pointed) {
    if let Pointed::Handle { id, owner, borrowed, .. } = pointed {
        handle_type(interface, *id);
        assert!(owner.is_none_or(|owner| is_handle(&parameters[owner].shape)));
        let TypeKind::Handle(handle) = &interface.types[id.0 as usize].kind else { unreachable!() };
        assert!(*borrowed || handle.free.is_some());
    }
}

fn is_handle(shape: &Shape) -> bool {
    matches!(shape, Shape::Handle(_))
}

fn makes_handle(shape: &Shape) -> bool {
    matches!(shape, Shape::OutPointer(place) if matches!(place.pointed, Pointed::Handle { .. }))
}

fn handle_type(interface: &Interface, id: TypeId) {
    assert!(matches!(interface.types[id.0 as usize].kind, TypeKind::Handle(_)));
}

/// Each type that it is made of is there, and of that kind.
fn known(interface: &Interface, c_type: &CType) {
    let kind = |id: &TypeId| &interface.types[id.0 as usize].kind;
    match c_type {
        CType::Array { of, .. } | CType::Pointer { to: of, .. } => known(interface, of),
        CType::Enum { id, .. } => assert!(matches!(kind(id), TypeKind::Enum(_))),
        CType::Function(signature) => {
            signature.parameters.iter().for_each(|(_, c_type)| known(interface, c_type));
            known(interface, &signature.result);
        }
        CType::Opaque(id) => handle_type(interface, *id),
        CType::Record { id, layout } => {
            assert!(matches!(kind(id), TypeKind::Record(record) if record.layout == *layout));
        }
        CType::Scalar { .. } | CType::Void | CType::Wide(_) => {}
    }
}

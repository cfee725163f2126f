//! Types, handles, callbacks and what else a library of today needs.

use super::{HEAD, functions, interface, shapes};
use crate::manifest::parse;
use cloison_contract::call::{ANSWER_WORDS, QUESTION_WORDS};
use cloison_contract::expression::Expression;
use cloison_contract::interface::{Instances, Message, Raises};
use cloison_contract::shape::{Direction, Element, Fixed, Lifetime, Pointed, Shape};
use cloison_contract::types::{CType, MemberRole, TypeId, TypeKind};

const DB: &str = "[types.db]\nc = \"typedef struct db db;\"\nhandle = true\nfree = \"db_close\"\n[functions.db_close]\nc = \"int db_close(db *d)\"\n";

/// The function `f` beside a handle type `db`.
fn beside_db(table: &str) -> cloison_contract::Function {
    functions(&format!("{DB}[functions.f]\n{table}")).remove(1)
}

#[test]
fn types_may_be_declared_in_any_order_and_inside_of_each_other() {
    let interface = interface(
        "[types.outer]\nc = \"struct outer { inner_t a; struct nested { int x; } b; };\"\n[types.inner]\nc = \"typedef struct { const char *name; } inner_t;\"",
    );
    let names: Vec<_> = interface.types.iter().map(|definition| definition.name.as_str()).collect();
    assert_eq!(names, ["outer", "inner", "nested"]);
    let TypeKind::Record(outer) = &interface.types[0].kind else { panic!("no record") };
    let ids: Vec<_> = outer
        .members
        .iter()
        .map(|member| match member.c_type {
            CType::Record { id, .. } => id,
            _ => panic!("no record"),
        })
        .collect();
    assert_eq!(ids, [TypeId(1), TypeId(2)]);
    let TypeKind::Record(inner) = &interface.types[1].kind else { panic!("no record") };
    assert_eq!(inner.members[0].role, MemberRole::Text { bytes: false, null: false });
}

#[test]
fn the_function_that_ends_an_object_consumes_its_argument() {
    let interface = interface(DB);
    let Shape::Handle(handle) = &interface.functions[0].parameters[0].shape else { panic!("no handle") };
    assert!(handle.consumed);
    assert!(interface.functions[0].docstring(&interface).contains("d: closed by the call"));
}

#[test]
fn an_owner_is_found_where_there_is_only_one() {
    let types = "[types.child]\nc = \"struct child;\"\nhandle = true\nfree = \"end\"\nowner = \"db\"\n[functions.end]\nc = \"void end(struct child *c)\"\ninternal = true\n";
    let made = |c: &str| {
        let all = functions(&format!("{DB}{types}[functions.f]\n{c}"));
        all.into_iter().find(|function| function.name == "f").unwrap()
    };
    let function = made("c = \"struct child *f(int a, db *d)\"");
    let pointed = Pointed::Handle { id: TypeId(1), null: false, owner: Some(1), borrowed: false };
    assert_eq!(function.returns.pointer, Some(pointed));
    let function = made("c = \"int f(db *a, db *b, struct child **k)\"\nk = { out = true, owner = \"b\" }");
    let Shape::OutPointer(place) = &function.parameters[2].shape else { panic!("no place") };
    assert_eq!(place.pointed, Pointed::Handle { id: TypeId(1), null: false, owner: Some(1), borrowed: false });
}

#[test]
fn a_length_may_be_asked_of_a_handle() {
    let function = beside_db(
        "c = \"const void *f(db *d, int i)\"\nreturns = { length = \"bytes(d, i)\" }\n[functions.bytes]\nc = \"int bytes(db *d, int i)\"",
    );
    let Some(Pointed::Buffer { length, .. }) = &function.returns.pointer else { panic!("no buffer") };
    let bytes = cloison_contract::FunctionId(2);
    let arguments = vec![Expression::Parameter(0), Expression::Parameter(1)];
    assert_eq!(*length, Some(Expression::Call(bytes, arguments)));
}

#[test]
fn null_is_the_failure_of_a_pointer_that_cannot_be_none() {
    let function = beside_db("c = \"db *f(const char *path)\"\nreturns = { errno = true, raises = \"OSError\" }");
    assert!(function.returns.error_if.is_some());
    assert_eq!(function.returns.raises, Raises::Os);
    let function = beside_db("c = \"db *f(const char *path)\"");
    assert!(function.returns.error_if.is_none());
}

#[test]
fn messages_may_be_asked_of_what_a_call_has_made() {
    let function = beside_db(
        "c = \"int f(db **d)\"\nd = { out = true }\nreturns = { error_unless = \"== 0\", message = \"why(*d)\" }\n[functions.why]\nc = \"const char *why(db *d)\"\ninternal = true",
    );
    assert_eq!(
        function.returns.message,
        Some(Message::Handle { function: cloison_contract::FunctionId(2), parameter: 0, through: None })
    );
}

#[test]
fn messages_may_be_asked_of_what_the_library_has_for_a_handle() {
    let function = beside_db(
        "c = \"int f(struct child *c)\"\nreturns = { error_unless = \"== 0\", message = \"why(owner_of(c))\" }\n\
        [functions.why]\nc = \"const char *why(db *d)\"\ninternal = true\n\
        [functions.owner_of]\nc = \"db *owner_of(struct child *c)\"\nreturns = { borrowed = true }\ninternal = true\n\
        [types.child]\nc = \"struct child;\"\nhandle = true",
    );
    let (why, owner_of) = (cloison_contract::FunctionId(2), cloison_contract::FunctionId(3));
    let message = Message::Handle { function: why, parameter: 0, through: Some(owner_of) };
    assert_eq!(function.returns.message, Some(message));
}

#[test]
fn what_is_retained_lives_as_long_as_a_handle() {
    let function = beside_db(
        "c = \"db *f(const char *name, void (*log)(int level))\"\nname = { retain = \"return\" }\nlog = { retain = \"return\" }",
    );
    let Shape::Text(name) = &function.parameters[0].shape else { panic!("no text") };
    let Shape::Callback(log) = &function.parameters[1].shape else { panic!("no callback") };
    assert_eq!((name.retain, log.retain), (Some(Lifetime::Return), Some(Lifetime::Return)));
}

#[test]
fn numbers_that_a_length_is_computed_from_are_results_and_a_bare_length_is_none() {
    let shapes = shapes(
        "c = \"int f(unsigned char **data, int *w, int *h, unsigned char **more, int *n)\"\ndata = { out = true, length = \"*w * *h\" }\nmore = { out = true, length = \"*n\" }",
    );
    let results: Vec<_> = shapes.iter().map(Shape::is_result).collect();
    assert_eq!(results, [true, true, true, true, false]);
    assert!(shapes.iter().all(|shape| !shape.is_argument()));
}

#[test]
fn in_a_callback_c_says_how_much_room_there_is() {
    let shapes = shapes(
        "c = \"int f(long (*source)(char *into, size_t room))\"\nsource = { parameters = { into = { out = true, capacity = \"room\", length = \"return\" } } }",
    );
    let Shape::Callback(source) = &shapes[0] else { panic!("no callback") };
    assert!(!source.kept);
    assert!(source.parameters[1].shape.is_argument());
    assert_eq!(
        (source.question_slots().words(), source.answer_slots().words()),
        (QUESTION_WORDS + 1, ANSWER_WORDS + 2)
    );
    let Shape::Buffer(into) = &source.parameters[0].shape else { panic!("no buffer") };
    assert_eq!((into.direction, &into.capacity), (Direction::Out, &Some(Expression::Parameter(1))));
}

#[test]
fn a_callbacks_typedef_says_what_its_parameters_are_and_a_use_may_say_otherwise() {
    let text = "[types.hook]\nc = \"typedef int (*hook)(const char *, int n);\"\nerror = 7\nparameters = { arg1 = { bytes = true } }\n[functions.f]\nc = \"void f(hook h)\"\n[functions.g]\nc = \"void g(hook h)\"\nh = { parameters = { arg1 = { in = true, length = \"n\" } } }";
    let functions = functions(text);
    let callback = |index: usize| match &functions[index].parameters[0].shape {
        Shape::Callback(callback) => callback.clone(),
        _ => panic!("no callback"),
    };
    assert!(matches!(&callback(0).parameters[0].shape, Shape::Text(text) if text.bytes));
    assert!(matches!(&callback(1).parameters[0].shape, Shape::Buffer(_)));
    assert_eq!(callback(0).error, callback(1).error);
    assert!(callback(0).error.is_some());
}

#[test]
fn arrays_of_strings_and_of_handles() {
    let function = beside_db(
        "c = \"void f(char **words, int n, void (*g)(int m, db **all))\"\nwords = { in = true, length = \"n\" }\ng = { parameters = { all = { in = true, length = \"m\" } } }",
    );
    assert!(
        matches!(&function.parameters[0].shape, Shape::Buffer(buffer) if buffer.element == Element::Text { bytes: false })
    );
    let Shape::Callback(callback) = &function.parameters[2].shape else { panic!("no callback") };
    assert!(
        matches!(&callback.parameters[1].shape, Shape::Buffer(buffer) if buffer.element == Element::Handle { id: TypeId(0) })
    );
    assert_eq!(callback.question_slots().words(), QUESTION_WORDS + 2);
}

#[test]
fn constants_are_what_c_sees() {
    let bits = |table: &str| match shapes(table)[0] {
        Shape::Constant(Fixed::Bits(bits)) => bits,
        _ => panic!("no constant"),
    };
    assert_eq!(bits("c = \"void f(void *p)\"\np = { value = -1 }"), u64::MAX);
    assert_eq!(bits("c = \"void f(void (*p)(int a))\"\np = { value = \"NULL\" }"), 0);
    assert_eq!(bits("c = \"void f(short p)\"\np = { value = -2 }"), u64::MAX - 1);
    assert_eq!(bits("c = \"void f(float p)\"\np = { value = 1 }"), u64::from(1.0f32.to_bits()));
    assert_eq!(bits("c = \"void f(double p)\"\np = { value = 0.5 }"), 0.5f64.to_bits());
    assert_eq!(bits("c = \"void f(size_t p)\"\np = { value = \"sizeof(long double)\" }"), 16);
    assert_eq!(bits("c = \"void f(size_t p)\"\np = { value = \"sizeof( char * )\" }"), 8);
    assert_eq!(bits("c = \"void f(size_t p)\"\np = { value = \" sizeof( int ) \" }"), 4);
    assert_eq!(bits("c = \"void f(const char *p)\"\np = { value = \"NULL\" }"), 0);
}

#[test]
fn strings_can_be_constants_and_sizes_follow_their_types() {
    let interface = interface(
        "[types.entry]\nc = \"struct entry { char name[60]; double weight; };\"\n[functions.sort]\nc = \"void sort(struct entry *all, size_t n, size_t size)\"\n\
         all = { in = true, out = true, length = \"n\" }\nsize = { value = \"sizeof(entry)\" }\n\
         [functions.print]\nc = \"int print(const char *format, ...)\"\nvariadic = \"int number\"\nformat = { value = \"%d\" }\n",
    );
    let [sort, print] = &interface.functions[..] else { panic!("two functions") };
    assert_eq!(sort.parameters[2].shape, Shape::Constant(Fixed::Bits(72)));
    assert_eq!(print.parameters[0].shape, Shape::Constant(Fixed::Text("%d".to_owned())));
    assert_eq!(print.signature(&interface), "print(number: int) -> int");
}

#[test]
fn names_stand_for_numbers_wherever_a_number_can() {
    let interface = interface(
        "[constants]\nOK = 0\n[types.color]\nc = \"enum color { RED = 3 };\"\n[functions.f]\nc = \"int f(int a, enum color c)\"\na = { range = [\"OK\", \"RED\"], default = \"RED\" }\nreturns = { error_unless = \"== OK\" }\nparameters = { c = { default = \"RED\" } }",
    );
    let function = &interface.functions[0];
    assert_eq!(function.signature(&interface), "f(a: int = 3, c: color | int = color.RED) -> None");
    let wrong = Expression::Integer(0);
    assert!(function.returns.error_unless.as_ref().is_some_and(|condition| condition.any(|part| *part == wrong)));
}

#[test]
fn threads_need_the_authors_word() {
    let sandbox = |keys: &str| parse("demo.zone.toml", &format!("{HEAD}[sandbox]\n{keys}")).map(|one| one.sandbox);
    assert_eq!(sandbox("threads = 8\nthread_safe = true").unwrap().threads, 8);
    assert_eq!(sandbox("thread_safe = true").unwrap().threads, 1);
    assert_eq!(sandbox("instances = \"per-call\"").unwrap().instances, Instances::PerCall);
    assert!(sandbox("threads = 8").is_err());
}

#[test]
fn a_leading_parameter_has_two_forms() {
    let interface = interface(
        "[functions.f]\nc = \"int f(int start, int stop, int step)\"\nstart = { default = 0, leading = true }\nstep = { default = 1 }",
    );
    let function = &interface.functions[0];
    assert_eq!(function.signature(&interface), "f(start: int, stop: int, step: int = 1) -> int");
    assert_eq!(function.short_signature(&interface).as_deref(), Some("f(stop: int, step: int = 1) -> int"));
    assert_eq!(function.arguments(), [0, 1, 2]);
}

//! `errno` in conditions: of functions of the C library and of functions that are like them.

use crate::common::Argument::{Bytes, Word};
use crate::common::asking::callback;
use crate::common::zone::{Answer, Zone};
use crate::common::{Bench, compare, function, functions_of, int, interface, load, number, string, text};
use cloison_contract::Interface;
use cloison_contract::call::{NULL, Reply, Status};
use cloison_contract::expression::{Expression, Operator};
use cloison_contract::interface::{Function, FunctionId, Instances, Message, Parameter};
use cloison_contract::shape::{NumberArgument, Pointed, ReturnedString, Shape};
use cloison_contract::types::{CType, Scalar};

const LAST_ERRNO: u32 = 0;
const LAST_MESSAGE: u32 = 1;

fn errno_is_set() -> Expression {
    compare(Operator::NotEqual, Expression::Errno, 0)
}

fn and(left: Expression, right: Expression) -> Expression {
    Expression::Binary(Operator::And, Box::new(left), Box::new(right))
}

/// Fails where `errno` is not 0.
fn fails(function: &mut Function) {
    function.returns.error_if = Some(errno_is_set());
    function.returns.errno = true;
}

/// A pointer that is passed as a number.
fn address(name: &str) -> Parameter {
    Parameter {
        name: name.into(),
        c_type: CType::Pointer { to: Box::new(CType::Void), constant: false },
        shape: Shape::Number(NumberArgument { scalar: Scalar::U64, enumeration: None, range: None, default: None }),
        leading: false,
    }
}

fn conditions() -> Interface {
    let mut interface = interface(Instances::Shared);
    let value_is = |value| compare(Operator::Equal, Expression::Return, value);
    let negative = |condition| move |f: &mut Function| f.returns.error_if = Some(and(value_is(-1), condition));
    let asked = Expression::Call(FunctionId(LAST_ERRNO), vec![]);
    let simple = |name: &str| callback(name, int(Scalar::I32), vec![number("n", Scalar::I32)], |_| {});
    interface.functions = vec![
        function("last_errno", int(Scalar::I32), vec![], |f| f.internal = true),
        function("last_message", string(), vec![number("code", Scalar::I32)], |f| f.internal = true),
        function(
            "strtol",
            int(Scalar::I64),
            vec![text("text", false), address("end"), number("base", Scalar::I32)],
            fails,
        ),
        function("strtod", int(Scalar::F64), vec![text("text", false), address("end")], fails),
        function("balance", int(Scalar::I32), vec![number("who", Scalar::I32)], |f| {
            negative(errno_is_set())(f);
            f.returns.errno = true;
            f.returns.message = Some(Message::Code(FunctionId(LAST_MESSAGE)));
        }),
        function("next", string(), vec![number("at", Scalar::I32)], |f| {
            f.returns.pointer = Some(Pointed::String(ReturnedString { text: true, null: true, free: None }));
            f.returns.error_if = Some(and(value_is(0), errno_is_set()));
            f.returns.errno = true;
        }),
        function("rewinds", CType::Void, vec![number("fails", Scalar::I32)], |f| {
            f.returns.error_unless = Some(compare(Operator::Equal, Expression::Errno, 0));
            f.returns.errno = true;
        }),
        // What the library says about its last failure, as it was when the call ended.
        function("balance_asked", int(Scalar::I32), vec![number("who", Scalar::I32)], |f| {
            f.symbol = "balance".into();
            negative(compare(Operator::NotEqual, asked, 0))(f);
        }),
        function("calls", int(Scalar::I32), vec![simple("f"), number("n", Scalar::I32)], fails),
    ];
    interface
}

fn functions(interface: Interface) -> cloison_zone::marshal::functions::Functions {
    functions_of(interface, load("errno.c"))
}

fn bench() -> Bench {
    Bench::of(functions(conditions()))
}

fn ended(reply: &Reply) -> (Status, i64) {
    let word = if reply.status == Status::NativeError { reply.words[1] } else { reply.words[0] };
    (reply.status, word as i64)
}

#[test]
fn strtol_and_strtod_fail_by_errno_alone() {
    let mut bench = bench();
    let range = i64::from(libc::ERANGE);
    for (text, wanted) in [
        ("42", (Status::Ok, 42)),
        ("9223372036854775807", (Status::Ok, i64::MAX)),
        ("9223372036854775808", (Status::NativeError, range)),
        ("-9223372036854775808", (Status::Ok, i64::MIN)),
        ("-9223372036854775809", (Status::NativeError, range)),
        ("7", (Status::Ok, 7)), // what the call before left there does not count
    ] {
        let reply = bench.call("strtol", &[Bytes(text.as_bytes()), Word(0), Word(10)]);
        assert_eq!(ended(&reply), wanted, "{text}");
    }
    let reply = bench.call("strtod", &[Bytes(b"1e400"), Word(0)]);
    assert_eq!(ended(&reply), (Status::NativeError, range));
    assert_eq!(bench.words("strtod", &[Bytes(b"0.25"), Word(0)]), [0.25_f64.to_bits()]);
}

#[test]
fn a_value_that_may_mean_failure_and_may_not() {
    let mut bench = bench();
    let missing = bench.call("balance", &[Word(0)]);
    assert_eq!(ended(&missing), (Status::NativeError, libc::ENOENT.into()));
    assert_eq!(bench.explanation(&missing), "No such file or directory", "and so sees the function that explains it");
    assert_eq!(bench.words("balance", &[Word(1)]), [-1_i64 as u64]);
    assert_eq!(bench.words("balance", &[Word(2)]), [40]);
    let words = bench.words("next", &[Word(0)]);
    assert_eq!(bench.bytes(words[0], words[1]), b"entry");
    assert_eq!(bench.words("next", &[Word(2)])[0], NULL, "the end");
    assert_eq!(ended(&bench.call("next", &[Word(3)])), (Status::NativeError, libc::EIO.into()));
    assert_eq!(bench.call("rewinds", &[Word(0)]).status, Status::Ok);
    assert_eq!(ended(&bench.call("rewinds", &[Word(1)])), (Status::NativeError, libc::EBADF.into()));
}

#[test]
fn a_function_that_a_condition_asks_finds_errno_as_the_call_left_it() {
    let mut bench = bench();
    assert_eq!(bench.call("balance_asked", &[Word(0)]).status, Status::NativeError);
    assert_eq!(bench.words("balance_asked", &[Word(1)]), [-1_i64 as u64]);
    assert_eq!(bench.words("balance_asked", &[Word(2)]), [40]);
}

#[test]
fn what_a_callable_s_way_costs_is_not_in_errno() {
    let zone = Zone::start(conditions(), functions);
    let mut client = zone.attach(1, zone.everything());
    let reply = zone.converse(&mut client, "calls", &[Word(3), Word(50)], |_, question| {
        // Long enough that the zone sleeps, in a system call that is interrupted or finds nothing to wait for.
        std::thread::sleep(std::time::Duration::from_millis(2));
        Answer::Returns(vec![question.words[0]])
    });
    assert_eq!((reply.status, reply.words[0]), (Status::Ok, (0..50).sum()));
    zone.stop();
}

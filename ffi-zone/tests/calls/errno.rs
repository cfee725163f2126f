//! `errno` in conditions: of functions of the C library and of functions that are like them.

use crate::common::Argument::{Bytes, Word};
use crate::common::zone::{Answer, Zone};
use crate::common::{Bench, functions_of, load, manifest};
use cloison_contract::Interface;
use cloison_contract::call::{NULL, Reply, Status};
use cloison_contract::interface::Instances;

fn conditions() -> Interface {
    manifest("errno", Instances::Shared)
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
        let reply = bench.call("strtol", &[Bytes(text.as_bytes()), Word(10)]);
        assert_eq!(ended(&reply), wanted, "{text}");
    }
    let reply = bench.call("strtod", &[Bytes(b"1e400")]);
    assert_eq!(ended(&reply), (Status::NativeError, range));
    assert_eq!(bench.words("strtod", &[Bytes(b"0.25")]), [0.25_f64.to_bits()]);
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
        // Time has to pass, as what a callable's takes is the case that is tried: as a rule the zone sleeps, in a system call that is interrupted or finds nothing to wait for.
        std::thread::sleep(std::time::Duration::from_millis(2));
        Answer::Returns(vec![question.words[0]])
    });
    assert_eq!((reply.status, reply.words[0]), (Status::Ok, (0..50).sum()));
    zone.stop();
}

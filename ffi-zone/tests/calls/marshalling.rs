//! Words in, a real C function, words out: each role, both ways of placing buffers, and libraries that misbehave.

use crate::common;
use crate::common::Argument::{Bytes, Null, Word};
use crate::common::{BOTH, Bench, CALL_BYTES, compare};
use cloison_contract::call::{NULL, Request, Status};
use cloison_contract::expression::{Expression, Operator};
use cloison_contract::grant::Bound;
use cloison_contract::interface::Instances;
use cloison_contract::shape::Shape;
use cloison_zone::serve::policy::Bounds;

fn signed(value: i64) -> common::Argument<'static> {
    Word(value as u64)
}

fn float(value: f64) -> common::Argument<'static> {
    Word(value.to_bits())
}

#[test]
fn numbers_of_every_size() {
    let mut bench = Bench::new(Instances::Shared);
    assert_eq!(bench.words("add", &[signed(-7), signed(3)]), [-4_i64 as u64]);
    assert_eq!(bench.words("narrows", &[signed(-128)]), [-128_i64 as u64]);
    assert_eq!(bench.words("wide", &[Word(u64::MAX)]), [u64::MAX]);
    assert_eq!(bench.words("half", &[float(0.5)]), [0.25_f64.to_bits()]);
    assert_eq!(bench.words("mix", &[signed(-1), Word(65535), float(0.5), float(0.25)]), [65534.75_f64.to_bits()]);
}

#[test]
fn numbers_that_do_not_fit_are_refused_by_name() {
    let mut bench = Bench::new(Instances::Shared);
    let reply = bench.call("add", &[signed(1), signed(10)]);
    assert_eq!((reply.status, reply.words[0]), (Status::BadArgument, 1));
    assert_eq!(bench.explanation(&reply), "must be from -1 to 9");
    let reply = bench.call("narrows", &[signed(128)]);
    assert_eq!(bench.explanation(&reply), "must be from -128 to 127");
    let reply = bench.call("half", &[float(1e300)]);
    assert_eq!(bench.explanation(&reply), "does not fit into its type");
}

#[test]
fn inputs_and_their_lengths() {
    for instances in BOTH {
        let mut bench = Bench::new(instances);
        assert_eq!(bench.words("sum", &[Bytes(&[1, 2, 250])]), [253]);
        assert_eq!(bench.words("sum", &[Bytes(&[])]), [0], "an empty buffer is not NULL");
        assert_eq!(bench.words("sum", &[Null]), [1_000_000]);
        let (a, b) = ([1_i32, 2, 3].map(i32::to_le_bytes).concat(), [4_i32, 5, 6].map(i32::to_le_bytes).concat());
        assert_eq!(bench.words("dot", &[Bytes(&a), Bytes(&b)]), [32]);
        let reply = bench.call("dot", &[Bytes(&a), Bytes(&b[..8])]);
        assert_eq!(bench.explanation(&reply), "has 2 elements, and another that goes with it has 3");
        let reply = bench.call("dot", &[Bytes(&a), Bytes(&b[..7])]);
        assert_eq!(bench.explanation(&reply), "has 7 bytes, not a multiple of 4");
        let reply = bench.call("dot", &[Bytes(&a), Null]);
        assert_eq!(bench.explanation(&reply), "must not be None");
        let reply = bench.call("sum", &[Bytes(&vec![0; (512 << 10) + 1])]);
        assert_eq!((reply.status, reply.words[0]), (Status::BadArgument, 0));
    }
}

#[test]
fn outputs_with_a_capacity_that_another_function_knows() {
    for instances in BOTH {
        let mut bench = Bench::new(instances);
        let words = bench.words("fill", &[Word(0x41), Word(5)]);
        assert_eq!(bench.bytes(words[0], words[1]), b"AAAAA");
        // 2^64 - 1 overflows the C function's own sum; what it returns is a capacity like any other.
        let reply = bench.call("fill", &[Word(0), Word(u64::MAX)]);
        assert_eq!((reply.status, reply.words[0] as i64), (Status::NativeError, -5));
        let reply = bench.call("fill", &[Word(0), Word(1 << 30)]);
        assert_eq!((reply.status, reply.words[0]), (Status::BadArgument, 0));
    }
}

#[test]
fn an_output_gets_what_room_there_is() {
    for instances in BOTH {
        // As `max` says it, there is room for all of that or the call is not made.
        let bench = Bench::new(instances);
        let mut request = bench.request("flood", &[]);
        request.arena_used = CALL_BYTES - 100;
        assert_eq!(bench.raw(&request).status, Status::TooLarge);

        // No manifest says it so, and the zone takes it: room for whatever is left.
        let mut interface = common::interface(instances);
        let flood = common::id(&interface, "flood").0 as usize;
        let Shape::Buffer(target) = &mut interface.functions[flood].parameters[0].shape else { panic!("a buffer") };
        target.capacity = Some(Expression::Parameter(1));
        let mut bench = Bench::of(common::functions(interface));
        let words = bench.words("flood", &[]);
        assert_eq!(words[1], 512 << 10);
        assert!(bench.bytes(words[0], words[1]).iter().all(|byte| *byte == b'f'));
        let mut request = bench.request("flood", &[]);
        request.arena_used = CALL_BYTES - 100;
        let reply = bench.raw(&request);
        assert_eq!(reply.status, Status::Ok);
        assert!(reply.words[0] >= request.arena_used && reply.words[0] + reply.words[1] <= bench.caller.arena().len());
    }
}

#[test]
fn a_library_that_claims_too_much_is_not_believed() {
    for instances in BOTH {
        let mut bench = Bench::new(instances);
        let reply = bench.call("lie", &[]);
        assert_eq!(reply.status, Status::NativeError);
        let text = "it says that it wrote 1099511627776 elements to `target`, which had room for 16";
        assert_eq!(bench.explanation(&reply), text);
        let reply = bench.call("endless", &[]);
        assert_eq!(reply.status, Status::TooLarge);
    }
}

#[test]
fn a_library_that_writes_nothing_leaks_nothing() {
    let mut bench = Bench::new(Instances::Shared);
    bench.words("sum", &[Bytes(&[0xa5; 10_000])]);
    let words = bench.words("lazy", &[Word(20_000)]);
    assert_eq!(words[1], 20_000);
    assert!(bench.bytes(words[0], words[1]).iter().all(|byte| *byte == 0));
}

#[test]
fn in_out_buffers_come_back_and_the_input_stays() {
    for instances in BOTH {
        let mut bench = Bench::new(instances);
        let values = [1_i32, -2, 3].map(i32::to_le_bytes).concat();
        let words = bench.words("reverse", &[Bytes(&values)]);
        assert_eq!(bench.bytes(words[0], words[1]), [3_i32, -2, 1].map(i32::to_le_bytes).concat());
        assert_eq!(bench.bytes(0, 12), values);
    }
}

#[test]
fn scalar_pointers() {
    let mut bench = Bench::new(Instances::Shared);
    assert_eq!(bench.words("split", &[float(-3.25)]), [-3_i64 as u64, (-0.25_f64).to_bits()]);
    assert_eq!(bench.words("increment", &[Word(1), signed(-5), Word(3)]), [-2_i64 as u64]);
    assert_eq!(bench.words("increment", &[Word(0), Word(0), Word(3)]), [4]);
    assert_eq!(bench.call("increment", &[Word(2), Word(0), Word(3)]).status, Status::Malformed);
}

#[test]
fn strings_in() {
    for instances in BOTH {
        let mut bench = Bench::new(instances);
        assert_eq!(bench.words("length", &[Bytes(b"four")]), [4]);
        assert_eq!(bench.words("length", &[Bytes(b"")]), [0]);
        assert_eq!(bench.words("length", &[Null]), [999]);
        let reply = bench.call("length", &[Bytes(b"a\0b")]);
        assert_eq!(bench.explanation(&reply), "contains a NUL");
        assert_eq!(bench.call("length", &[Bytes(&[b'x'; 1001])]).status, Status::BadArgument);
    }
}

#[test]
fn strings_out_end_at_their_nul_and_are_freed() {
    for instances in BOTH {
        let mut bench = Bench::new(instances);
        let words = bench.words("name", &[Word(9), Word(7)]);
        assert_eq!(bench.bytes(words[0], words[1]), b"number 7");
        let before = bench.words("releases", &[])[0];
        let words = bench.words("shout", &[Bytes(b"hello")]);
        assert_eq!(bench.bytes(words[0], words[1]), b"HELLO");
        assert_eq!(bench.words("shout", &[Bytes(b"")]), [NULL, 0]);
        assert_eq!(bench.words("releases", &[])[0], before + 1);
    }
}

#[test]
fn failures_carry_code_errno_and_text() {
    let mut bench = Bench::new(Instances::Shared);
    let reply = bench.call("fails", &[Word(libc::ENOENT as u64)]);
    assert_eq!(reply.status, Status::NativeError);
    assert_eq!(reply.words[..2], [-1_i64 as u64, libc::ENOENT as u64]);
    assert_eq!(bench.explanation(&reply), "");
    let reply = bench.call("refuses", &[signed(-3)]);
    assert_eq!(reply.words[..2], [-3_i64 as u64, 0]);
    assert_eq!(bench.explanation(&reply), "code -3, they say");
    assert_eq!(bench.words("refuses", &[Word(0)]), []);
}

#[test]
fn bounds_are_checked_before_the_call_and_name_themselves() {
    let mut bench = Bench::new(Instances::Shared);
    let bound = |expression, text: &str| Bound { expression, text: text.into() };
    let count = compare(Operator::LessOrEqual, Expression::Parameter(1), 4);
    let bounds = Bounds { early: vec![bound(count, "count <= 4")], late: vec![], recorder: None };
    assert_eq!(bench.bounded("sum", &[Bytes(b"1234")], Some(&bounds)).status, Status::Ok);
    let reply = bench.bounded("sum", &[Bytes(b"12345")], Some(&bounds));
    assert_eq!(reply.status, Status::OutOfBounds);
    assert_eq!(bench.explanation(&reply), "`count <= 4` does not hold");
    let room = compare(Operator::Less, Expression::Dereference(1), 100);
    let bounds = Bounds { early: vec![], late: vec![bound(room, "*length < 100")], recorder: None };
    assert_eq!(bench.bounded("fill", &[Word(0), Word(92)], Some(&bounds)).status, Status::Ok);
    assert_eq!(bench.bounded("fill", &[Word(0), Word(93)], Some(&bounds)).status, Status::OutOfBounds);
}

#[test]
fn words_that_lie_outside_are_malformed() {
    for instances in BOTH {
        let bench = Bench::new(instances);
        let good = bench.request("sum", &[Bytes(b"12345")]);
        for (word, value) in [(0, 1), (0, 16), (0, u64::MAX - 1), (1, 6), (1, u64::MAX)] {
            let mut request = good;
            request.words[word] = value;
            assert_eq!(bench.raw(&request).status, Status::Malformed);
        }
        for (count, arena_used) in [(1, 5), (3, 5), (64, 5), (2, CALL_BYTES * 2), (2, u64::MAX)] {
            let request = Request { count, arena_used, ..good };
            assert_eq!(bench.raw(&request).status, Status::Malformed);
        }
    }
}

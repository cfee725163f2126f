//! Bounds on what is no integer: what is judged is what C sees, in both ways of placing buffers.

use crate::common::Argument::{Bytes, Null, Word};
use crate::common::hand::buffer;
use crate::common::zone::{Answer, Zone};
use crate::common::{Argument, BOTH, Bench, functions_of, load, manifest};
use cloison_contract::call::Status;
use cloison_contract::expression::{BytesTest, Expression, Operator, Real};
use cloison_contract::grant::{Bound, Quota, Rate};
use cloison_contract::interface::Instances;
use cloison_contract::shape::{Direction, NumberArgument, Shape};
use cloison_contract::types::{Bits, NumberPlace, Scalar};
use cloison_contract::{Grant, Interface};
use cloison_zone::marshal::functions::Functions;
use cloison_zone::serve::policy::{BadGrant, ClientPolicy};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::cell::RefCell;

fn functions(interface: Interface) -> Functions {
    functions_of(interface, load("bounds.c"))
}

fn bench(instances: Instances) -> Bench {
    Bench::of(functions(manifest("bounds", instances)))
}

/// A grant for one function with that bound, as a `cloison.toml` says it.
fn grant(interface: &Interface, function: &str, bound: &str) -> Grant {
    let text =
        format!("[capabilities.c]\nzone = \"c.zone.toml\"\nallow = \"*\"\nwhere = {{ {function} = '''{bound}''' }}\n");
    let application = cloison_manifest::application::parse("cloison.toml", &text);
    let granted = application.and_then(|application| application.grant("c", interface));
    granted.unwrap_or_else(|wrong| panic!("{}", wrong.render(false)))
}

/// How a call under that bound ends, and what is said about it.
fn judged(bench: &mut Bench, function: &str, bound: &str, arguments: &[Argument<'_>]) -> (Status, String) {
    let interface = bench.marshal.functions().interface.clone();
    let policy = ClientPolicy::new(&grant(&interface, function, bound), &interface, Vec::new()).expect("a good grant");
    let id = bench.id(function);
    let reply = bench.bounded(function, arguments, policy.bounds(id));
    let text = if reply.status == Status::Ok { String::new() } else { bench.explanation(&reply) };
    (reply.status, text)
}

fn passes(bench: &mut Bench, function: &str, bound: &str, arguments: &[Argument<'_>]) -> bool {
    match judged(bench, function, bound, arguments) {
        (Status::Ok, _) => true,
        (Status::OutOfBounds, text) => {
            assert!(text.starts_with(&format!("`{bound}` ")), "{text} does not name {bound}");
            false
        }
        (status, text) => panic!("{bound}: {status:?} {text}"),
    }
}

fn float(value: f64) -> Argument<'static> {
    Word(value.to_bits())
}

/// `struct options` as it travels.
fn options(level: i32, ratio: f64, flag: u8, x: i32) -> Vec<u8> {
    let mut bytes = vec![0; 32];
    bytes[0..4].copy_from_slice(&level.to_le_bytes());
    bytes[8..16].copy_from_slice(&ratio.to_le_bytes());
    bytes[16] = flag;
    bytes[20..24].copy_from_slice(&x.to_le_bytes());
    bytes
}

#[test]
fn texts() {
    for instances in BOTH {
        let mut bench = bench(instances);
        let mut opens =
            |bound: &str, path: &[u8], mode: Argument<'_>| passes(&mut bench, "opens", bound, &[Bytes(path), mode]);
        let reads = "mode in ['r', \"rb\"]";
        assert!(opens(reads, b"x", Bytes(b"rb")) && opens(reads, b"x", Bytes(b"r")));
        assert!(!opens(reads, b"x", Bytes(b"")) && !opens(reads, b"x", Bytes(b"rw")) && !opens(reads, b"x", Null));
        assert!(!opens("mode == ''", b"x", Null) && opens("mode == ''", b"x", Bytes(b"")));
        assert!(opens("mode != 'w'", b"x", Bytes(b"r")) && !opens("mode != 'w'", b"x", Bytes(b"w")));
        let below = "path starts_with '/data/'";
        assert!(opens(below, b"/data/a", Null) && opens(below, b"/data/..a", Null));
        assert!(!opens(below, b"/data", Null) && !opens(below, b"/data/a/../../etc", Null));
        assert!(!opens("!(path starts_with '/etc/')", b"/data/../etc/passwd", Null));
        assert!(opens("path ends_with '.png'", b"a.png", Null) && !opens("path ends_with '.png'", b"a.pn", Null));
        assert!(opens("len(path) <= 3 && len(mode) == 0", b"abc", Null));
        assert!(!opens("len(path) <= 3", b"abcd", Null));
        assert!(opens("len(mode) == 2", b"", Bytes(b"rb")));
    }
}

#[test]
fn a_denial_says_what_it_is_about() {
    let mut bench = bench(Instances::Shared);
    let mut said =
        |bound: &str, function: &str, arguments: &[Argument<'_>]| judged(&mut bench, function, bound, arguments).1;
    let path = "path starts_with '/data/'";
    assert_eq!(said(path, "opens", &[Bytes(b"/x"), Null]), format!("`{path}` does not hold"));
    let climbing = format!("`{path}` cannot be judged: the path has a `..` in it");
    assert_eq!(said(path, "opens", &[Bytes(b"/data/.."), Null]), climbing);
    let nan = "`ratio <= 0.5` cannot be judged: the number is NaN";
    assert_eq!(said("ratio <= 0.5", "scale", &[float(f64::NAN), float(1.0)]), nan);
    let given = options(0, 0.0, 0, 0);
    let null = "`options.level <= 6` cannot be judged: the struct is NULL";
    assert_eq!(said("options.level <= 6", "level", &[Null, Bytes(&given)]), null);
}

#[test]
fn bytes_are_judged_where_the_client_cannot_write() {
    for instances in BOTH {
        let mut bench = bench(instances);
        assert!(passes(&mut bench, "place", "data starts_with 'ab' && len(data) <= 4", &[Bytes(b"abc")]));
        assert!(!passes(&mut bench, "place", "data starts_with 'ab'", &[Bytes(b"ba")]));
        assert!(!passes(&mut bench, "place", "data starts_with 'ab'", &[Null]));
        assert!(passes(&mut bench, "place", "len(data) <= 3", &[Null]));
        assert!(!passes(&mut bench, "place", "len(data) <= 3", &[Bytes(b"abcd")]));
        let in_arena = bench.caller.arena().pointer(0, 1).expect("an arena").addr() as u64;
        let mut place = |bound: Option<&str>| {
            let interface = bench.marshal.functions().interface.clone();
            let granted = bound.map_or_else(Grant::default, |bound| grant(&interface, "place", bound));
            let policy = ClientPolicy::new(&granted, &interface, Vec::new()).expect("a good grant");
            let id = bench.id("place");
            let reply = bench.bounded("place", &[Bytes(b"abc")], policy.bounds(id));
            assert_eq!(reply.status, Status::Ok);
            reply.words[0]
        };
        // A length is the zone's own; whoever asks for no bytes pays for no copy.
        let direct = instances == Instances::PerClient;
        assert_eq!(place(None) == in_arena, direct);
        assert_eq!(place(Some("len(data) == 3")) == in_arena, direct);
        assert_ne!(place(Some("data == 'abc' && data ends_with 'c'")), in_arena);
    }
}

/// The client changes its bytes while C runs. What was judged is what C still sees; without a bound, C sees the change.
#[test]
fn what_was_judged_is_what_is_used() {
    let mut interface = manifest("bounds", Instances::PerClient);
    for declared in &mut interface.functions {
        declared.deadline = Some(std::time::Duration::from_secs(20));
    }
    let zone = Zone::start(interface, functions);
    for (id, bound, seen) in [(1, None, b'x'), (2, Some("data starts_with 'ok'"), b'o')] {
        let granted = bound.map_or_else(|| zone.everything(), |bound| grant(&zone.interface, "after", bound));
        let mut client = zone.attach(id, granted);
        let reply = zone.converse(&mut client, "after", &[Bytes(b"ok"), Word(1)], |client, _| {
            client.caller.arena().write(0, b"x").expect("the client's own");
            Answer::Returns(vec![0])
        });
        assert_eq!((reply.status, reply.words[0]), (Status::Ok, u64::from(seen)), "{bound:?}");
    }
    zone.stop();
}

/// Bytes that a zero ends are texts for a manifest; the zone bears the others, too.
#[test]
fn elements_and_what_ends_them() {
    for instances in BOTH {
        let mut interface = manifest("bounds", instances);
        let ended = interface.functions.iter_mut().find(|function| function.name == "ended").expect("declared");
        ended.parameters[0] = buffer("name", Scalar::U8, Direction::In, |name| name.terminated = true);
        let mut bench = Bench::of(functions(interface));
        let mut ended = |bound: &str, name: &[u8], values: usize, both: usize| {
            let (values, both) = (vec![1; values * 4], vec![2; both]);
            passes(&mut bench, "ended", bound, &[Bytes(name), Bytes(&values), Bytes(&both)])
        };
        assert!(ended("len(values) == 3 && len(both) == 5", b"a", 3, 5));
        assert!(!ended("len(values) * 4 < 12 || len(both) > 5", b"a", 3, 5));
        assert!(ended("name == 'ab'", b"ab", 0, 0));
        // An end of the caller's own changes nothing for C, and so nothing for a bound.
        assert!(!ended("!(name == 'ab')", b"ab\0", 0, 0));
    }
}

#[test]
fn floating_point_numbers() {
    let mut bench = bench(Instances::Shared);
    let mut scale =
        |bound: &str, ratio: f64, gain: f64| passes(&mut bench, "scale", bound, &[float(ratio), float(gain)]);
    assert!(scale("ratio <= 0.5", 0.5, 0.0) && !scale("ratio <= 0.5", 0.500_001, 0.0));
    assert!(scale("-1 <= gain && gain < 2", 0.0, -1.0) && !scale("-1 <= gain && gain < 2", 0.0, 2.0));
    assert!(!scale("ratio != 0.5", f64::NAN, 0.0) && !scale("!(ratio > 0.5)", f64::NAN, 0.0));
    assert!(!scale("ratio < 1e300", f64::INFINITY, 0.0));
    // As in C, a `float` is compared as the `double` that it is.
    assert!(!scale("gain <= 0.1", 0.0, f64::from(0.1_f32)));
}

/// Behind `...` a `float` is a `double`.
#[test]
fn a_promoted_number() {
    let mut bench = Bench::surface(Instances::Shared);
    let interface = bench.marshal.functions().interface.clone();
    let (id, declared) = interface.function("total_small").expect("variadic");
    assert!(matches!(&declared.parameters[4].shape, Shape::Number(NumberArgument { scalar: Scalar::F32, .. })));
    let expression = Expression::Compare(Real::Parameter(4), Operator::LessOrEqual, 0.5);
    let bounds = vec![(id, Bound { expression, text: "d <= 0.5".into() })];
    let policy =
        ClientPolicy::new(&Grant { bounds, ..Grant::new([id]) }, &interface, Vec::new()).expect("a good grant");
    for (value, status) in [(0.5, Status::Ok), (0.75, Status::OutOfBounds)] {
        let arguments = [Bytes(b"iiid"), Word(1), Word(2), Word(1), float(value)];
        assert_eq!(bench.bounded("total_small", &arguments, policy.bounds(id)).status, status, "{value}");
    }
}

#[test]
fn what_the_library_keeps() {
    for instances in BOTH {
        let mut bench = Bench::surface(instances);
        let one = bench.words("thing_new", &[Word(1)])[0];
        let name = "name in ['Ada', 'Bob'] && len(name) == 3";
        assert!(passes(&mut bench, "thing_keep", name, &[Word(one), Bytes(b"Ada")]));
        assert!(!passes(&mut bench, "thing_keep", name, &[Word(one), Bytes(b"Eve")]));
        assert!(!passes(&mut bench, "thing_keep", name, &[Word(one), Null]));
        let data = "data ends_with '\\0z' && len(data) <= 3";
        assert!(passes(&mut bench, "thing_keep_data", data, &[Word(one), Bytes(b"a\0z")]));
        assert!(!passes(&mut bench, "thing_keep_data", data, &[Word(one), Bytes(b"a\0zz")]));
    }
}

#[test]
fn members_behind_a_pointer_and_by_value() {
    for instances in BOTH {
        let mut bench = bench(instances);
        let mut level = |bound: &str, first: Option<&[u8]>, second: &[u8]| {
            passes(&mut bench, "level", bound, &[first.map_or(Null, Bytes), Bytes(second)])
        };
        let (low, high) = (options(-6, 0.5, 5, -2), options(7, 0.75, 2, 9));
        assert!(level("options.level <= 6 && given.level == 7", Some(&low), &high));
        assert!(!level("options.level <= 6", Some(&high), &low));
        assert!(level("options.ratio <= 0.5 && given.ratio > 0.7", Some(&low), &high));
        assert!(!level("options.ratio <= 0.5", Some(&options(0, f64::NAN, 0, 0)), &low));
        assert!(level("options.flag == 5 && given.at.x in [1, 9]", Some(&low), &high));
        // NULL has no members, and what has none is not within bounds.
        assert!(!level("options.level <= 6", None, &low) && !level("!(options.level > 6)", None, &low));
        assert!(level("given.level <= 6", None, &low));
    }
}

#[test]
fn lists_and_enumerations() {
    let mut bench = bench(Instances::Shared);
    let mut paint = |color: u64| passes(&mut bench, "paint", "color in [RED, BLUE]", &[Word(color)]);
    assert_eq!([0, 5, 6, 7].map(&mut paint), [true, false, true, false]);
}

#[test]
fn a_refused_call_does_not_count() {
    let zone = Zone::start(manifest("bounds", Instances::Shared), functions);
    let bounded = Grant {
        quota: Quota { calls: Some(2), ..Quota::default() },
        ..grant(&zone.interface, "opens", "path starts_with '/data/'")
    };
    let mut client = zone.attach(1, bounded.clone());
    let mut open = |path: &[u8]| zone.call(&mut client, "opens", &[Bytes(path), Null]).status;
    for _ in 0..5 {
        assert_eq!(open(b"/etc/passwd"), Status::OutOfBounds);
        assert_eq!(open(b"/data/../etc/passwd"), Status::OutOfBounds);
    }
    assert_eq!(
        (open(b"/data/a"), open(b"/etc/passwd"), open(b"/data/b")),
        (Status::Ok, Status::OutOfBounds, Status::Ok)
    );
    // Nothing is left, and what is not admitted gives nothing back.
    for path in [b"/data/c", b"/etc/pa"] {
        assert_eq!(open(path), Status::QuotaExceeded);
    }
    assert_eq!(open(b"/data/c"), Status::QuotaExceeded);
    // Other refusals have been counted before and still are.
    let mut clumsy = zone.attach(2, bounded.clone());
    let long = vec![b'x'; 2000];
    for status in [Status::BadArgument, Status::BadArgument, Status::QuotaExceeded] {
        assert_eq!(zone.call(&mut clumsy, "opens", &[Bytes(&long), Null]).status, status);
    }
    // A rate is used by what is refused, too.
    let slow =
        Grant { quota: Quota { rate: Some(Rate { calls: 1, period_ms: 3_600_000 }), ..Quota::default() }, ..bounded };
    let mut slow = zone.attach(3, slow);
    assert_eq!(zone.call(&mut slow, "opens", &[Bytes(b"/etc"), Null]).status, Status::OutOfBounds);
    assert_eq!(zone.call(&mut slow, "opens", &[Bytes(b"/data/a"), Null]).status, Status::QuotaExceeded);
    zone.stop();
}

/// No manifest reader says these; a zone that is given them allows nothing.
#[test]
fn bounds_that_fit_nothing_are_refused() {
    let interface = manifest("bounds", Instances::Shared);
    let place = |offset, scalar| NumberPlace { offset, scalar, bits: None };
    let bits = |shift, width| NumberPlace { bits: Some(Bits { shift, width }), ..place(0, Scalar::U32) };
    let compared = |real, operator| Expression::Compare(real, operator, 1.0);
    let level = Real::Member(0, place(8, Scalar::F64));
    let wrong = |function: &str, expression: Expression| {
        let id = interface.function(function).expect("such a function").0;
        let bounds = vec![(id, Bound { expression, text: "it".into() })];
        ClientPolicy::new(&Grant { bounds, ..Grant::new([id]) }, &interface, Vec::new()).err()
            == Some(BadGrant::Bound("it".into()))
    };
    let starts = || BytesTest::StartsWith(vec![]);
    for (function, expression) in [
        ("opens", Expression::Bytes(2, starts())),
        ("opens", Expression::Length(usize::MAX)),
        ("scale", Expression::Bytes(0, starts())),
        ("scale", Expression::Length(0)),
        ("ended", Expression::Bytes(1, starts())),
        ("ended", Expression::Bytes(3, starts())),
        ("paint", compared(Real::Parameter(0), Operator::Less)),
        ("scale", compared(Real::Parameter(0), Operator::Add)),
        ("scale", compared(Real::Parameter(7), Operator::Less)),
        ("opens", Expression::Member(0, place(0, Scalar::I8))),
        ("level", Expression::Member(0, place(29, Scalar::I32))),
        ("level", Expression::Member(0, place(u64::MAX, Scalar::I32))),
        ("level", Expression::Member(0, place(8, Scalar::F64))),
        ("level", Expression::Member(0, bits(u32::MAX, u32::MAX))),
        ("level", Expression::Member(2, place(0, Scalar::I32))),
        ("level", compared(Real::Member(1, place(0, Scalar::I32)), Operator::Less)),
        ("level", Expression::OneOf(Box::new(Expression::Length(0)), vec![])),
    ] {
        assert!(wrong(function, expression.clone()), "{function} {expression:?}");
    }
    assert!(!wrong("level", compared(level, Operator::Less)), "the same that fits");
}

/// Path, mode, data, the bytes of a record, and those of a number.
type AnyArguments = (Vec<u8>, Option<Vec<u8>>, Vec<u8>, Vec<u8>, u64);

/// Whatever bytes stand in the arguments, a bound lets the call through or refuses it.
#[test]
fn no_bytes_make_a_bound_panic() {
    let benches = RefCell::new(BOTH.map(bench));
    let bytes = |most| prop::collection::vec(any::<u8>(), 0..most);
    let record = prop::collection::vec(any::<u8>(), 32);
    let arguments = (bytes(40), prop::option::of(bytes(12)), bytes(40), record, any::<u64>());
    let run = |(path, mode, data, record, real): AnyArguments| {
        let mode = || mode.as_deref().map_or(Null, Bytes);
        for bench in benches.borrow_mut().iter_mut() {
            for (function, bound, arguments) in [
                ("opens", "path starts_with '/' || mode == 'r' || len(path) in [1, 2]", &[Bytes(&path), mode()][..]),
                ("place", "data starts_with '/' || data ends_with '\\xff' || data in ['', '\\0']", &[Bytes(&data)]),
                (
                    "level",
                    "options.ratio < 1 || given.flag == 1 || options.at.x * given.at.y > 0",
                    &[Bytes(&record), Bytes(&record)],
                ),
                ("scale", "ratio < 1 || gain >= 0.5", &[Word(real), Word(real)]),
            ] {
                let (status, _) = judged(bench, function, bound, arguments);
                let known = [Status::Ok, Status::OutOfBounds, Status::BadArgument];
                prop_assert!(known.contains(&status), "{}: {:?}", function, status);
            }
        }
        Ok(())
    };
    let mut runner = TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) });
    runner.run(&arguments, run).unwrap_or_else(|error| panic!("{error}"));
}

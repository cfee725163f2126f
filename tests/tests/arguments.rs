//! What crosses the wall, and what does not: wrong arguments are errors before anything crosses, right ones come out as C
//! saw them.

use cloison_tests::{Output, Project};
use serde_json::Value;

/// Evaluates each line of standard input; prints the result or the exception, and how many calls C has seen meanwhile.
const PROGRAM: &str = include_str!("../python/arguments/program.py");

fn project() -> Project {
    let manifest = "[capabilities.numbers]\nzone = \"numbers.zone.toml\"\nallow = \"*\"\n";
    let project = Project::script(PROGRAM)
        .file("cloison.toml", manifest)
        .file("numbers.zone.toml", include_str!("../c/numbers.zone.toml"));
    project.library("numbers.so", include_str!("../c/numbers.c"))
}

fn evaluate<'a>(expressions: impl Iterator<Item = &'a str>) -> (Vec<Value>, Output) {
    let lines: Vec<_> = expressions.collect();
    let output = project().main(&[]).stdin(lines.join("\n")).output().ends_with(0);
    let results = output.json_lines();
    assert_eq!(results.len(), lines.len(), "{output}");
    (results, output)
}

/// Expression, and the `repr` of its value.
const RIGHT: &[(&str, &str)] = &[
    ("n.take_i8(-128), n.take_i8(127)", "(-128, 127)"),
    ("n.take_u8(255), n.take_u16(65535), n.take_i16(-32768)", "(255, 65535, -32768)"),
    ("n.take_i32(-2**31), n.take_u32(2**32-1)", "(-2147483648, 4294967295)"),
    ("n.take_i64(-2**63), n.take_u64(2**64-1)", "(-9223372036854775808, 18446744073709551615)"),
    ("n.take_bool(True), n.take_bool(0)", "(False, True)"),
    ("n.take_i32(Index()), n.take_i32(True)", "(7, 1)"),
    ("n.take_double(0.1), n.take_double(3), n.take_float(0.5)", "(0.1, 3.0, 0.5)"),
    (
        "math.isnan(n.take_double(math.nan)), n.take_float(-math.inf), math.copysign(1, n.take_double(-0.0))",
        "(True, -inf, -1.0)",
    ),
    ("n.take_range(), n.take_range(9), n.take_range(level=3)", "(-1, 9, 3)"),
    ("n.mix(-1, 65535, 0.5, 0.25, -2**40)", repr_of_mix()),
    ("n.mix(e=1, d=2, c=3, b=4, a=5)", "15.0"),
    ("n.text_length('grüße'), n.text_length(b'ab'), n.text_length('')", "(7, 2, 0)"),
    ("n.text_or_none(None), n.text_or_none('abc')", "(-1, 3)"),
    ("n.greeting(0)", "'grüße'"),
    ("n.greeting_bytes(0), n.greeting_bytes(1)", "(b'\\xff\\xfe', None)"),
    ("n.copied('twice') + str(n.releases())", "'twice1'"),
    (
        "n.sum(b'\\1\\2\\3'), n.sum(bytearray(b'\\4')), n.sum(memoryview(b'abcdef')[::2]), n.sum(array.array('B', [9, 9]))",
        "(6, 4, 297, 18)",
    ),
    ("n.sum(b''), n.sum_or_none(None), n.sum_or_none(b'\\1')", "(0, 777, 1)"),
    ("n.dot([1, 2, 3], (4, 5, -6)), n.dot(array.array('i', [2]), array.array('i', [21]))", "(-4, 42)"),
    ("n.area([2.0, 0, 0, 0, 0, 0], 2, 3)", "12.0"),
    ("n.invert(b'\\x00\\xff'), n.invert(b'')", "(b'\\xff\\x00', b'')"),
    ("list(n.sort([3, -1, 2]))", "[-1, 2, 3]"),
    ("n.divide(17, 5)", "(3, 2)"),
    ("n.parse('-12'), n.parse('x')", "((-12, 1), (0, 0))"),
    ("n.step(40), n.step(40, 2), n.step(state=1, by=-1)", "(41, 42, 0)"),
    ("n.repeat(65, 4), n.repeat(65, 0), n.repeat_or_overflow(66, 2)", "(b'AAAA', b'', b'BB')"),
    ("n.fill(3), n.fill(64) == 'f' * 64", "('fff', True)"),
    ("n.open_thing('x'), n.check(0)", "(3, None)"),
    ("n.sum(bytes(64 << 20)), n.sum(b'\\1' * (64 << 20))", "(0, 67108864)"),
    ("n.invert(bytes(64 << 20)) == b'\\xff' * (64 << 20)", "True"),
];

const fn repr_of_mix() -> &'static str {
    "-1099511562241.25" // -1 + 65535 + 0.75 - 2**40
}

#[test]
fn right_arguments_arrive_and_results_come_back() {
    let (results, output) = evaluate(RIGHT.iter().map(|(expression, _)| *expression));
    for ((expression, expected), result) in RIGHT.iter().zip(&results) {
        assert_eq!(result["value"], *expected, "{expression}: {result}\n{}", output.stderr);
        assert!(result["crossed"].as_i64().is_some_and(|crossed| crossed > 0), "{expression}: {result}");
    }
}

/// Expression, exception, and what its text must name.
const WRONG: &[(&str, &str, &[&str])] = &[
    ("n.take_i8(128)", "OverflowError", &["take_i8", "value", "128"]),
    ("n.take_i8(-129)", "OverflowError", &["take_i8", "value"]),
    ("n.take_u8(-1)", "OverflowError", &["take_u8", "value"]),
    ("n.take_u16(65536)", "OverflowError", &["take_u16", "value"]),
    ("n.take_i32(2**31)", "OverflowError", &["take_i32", "value"]),
    ("n.take_u32(2**32)", "OverflowError", &["take_u32", "value"]),
    ("n.take_i64(2**63)", "OverflowError", &["take_i64", "value"]),
    ("n.take_u64(2**64)", "OverflowError", &["take_u64", "value"]),
    ("n.take_u64(-1)", "OverflowError", &["take_u64", "value"]),
    ("n.take_u64(10**1000)", "OverflowError", &["take_u64", "value"]),
    ("n.take_bool(2)", "OverflowError", &["take_bool", "value"]),
    ("n.take_float(1e300)", "OverflowError", &["take_float", "value"]),
    ("n.take_double(10**400)", "OverflowError", &[]),
    ("n.take_i32(1.0)", "TypeError", &["take_i32", "value", "float"]),
    ("n.take_i32('1')", "TypeError", &["take_i32", "value", "str"]),
    ("n.take_i32(None)", "TypeError", &["take_i32", "value", "None"]),
    ("n.take_double('1')", "TypeError", &["take_double", "value", "str"]),
    ("n.take_double(1j)", "TypeError", &["take_double", "value"]),
    ("n.take_range(10)", "ValueError", &["take_range", "level", "10", "-1", "9"]),
    ("n.take_range(-2)", "ValueError", &["take_range", "level"]),
    ("n.take_i32()", "TypeError", &["take_i32", "value"]),
    ("n.take_i32(1, 2)", "TypeError", &["take_i32", "2"]),
    ("n.take_i32(other=1)", "TypeError", &["take_i32", "other"]),
    ("n.take_i32(1, value=1)", "TypeError", &["take_i32", "value"]),
    ("n.text_length(None)", "TypeError", &["text_length", "text"]),
    ("n.text_length(5)", "TypeError", &["text_length", "text", "int"]),
    ("n.text_length('a\\0b')", "ValueError", &["text_length", "text", "NUL"]),
    ("n.text_length(b'\\0')", "ValueError", &["text_length", "text", "NUL"]),
    ("n.text_length('\\ud800')", "ValueError", &["text_length", "text", "surrogate"]),
    ("n.sum('text')", "TypeError", &["sum", "data", "str"]),
    ("n.sum(None)", "TypeError", &["sum", "data", "None"]),
    ("n.sum(5)", "TypeError", &["sum", "data"]),
    ("n.sum(bytes((64 << 20) + 1))", "ValueError", &["sum", "data", "67108864"]),
    ("n.small_length(bytes(256))", "OverflowError", &["small_length", "data", "256", "size"]),
    ("n.dot([1, 2], [1])", "ValueError", &["dot", "a", "b"]),
    ("n.dot([1, 2**31], [1, 1])", "OverflowError", &["dot", "a"]),
    ("n.dot([1, 'x'], [1, 1])", "TypeError", &["dot", "a"]),
    ("n.dot(b'abc', b'abc')", "ValueError", &["dot", "a", "4"]),
    ("n.dot(array.array('d', [1.0]), [1])", "ValueError", &["dot", "a"]),
    ("n.dot(5, 5)", "TypeError", &["dot", "a"]),
    ("n.area([1.0], 2, 3)", "ValueError", &["area", "matrix", "6"]),
    ("n.area([1.0], 2**30, 2**30)", "ValueError", &["area", "matrix"]),
    ("n.area([], -1, 0x7fffffff)", "ValueError", &["area", "matrix"]),
    ("n.repeat(65, 2 << 20)", "ValueError", &["repeat", "target"]),
    ("n.repeat_or_overflow(65, 2**64 - 1)", "ValueError", &["repeat_or_overflow", "target"]),
    ("n.repeat_or_overflow(65, 2**63)", "ValueError", &["repeat_or_overflow", "target"]),
    ("n.step(2**63)", "OverflowError", &["step", "state"]),
    ("n.divide(1, 2, 3, 4)", "TypeError", &["divide"]),
];

#[test]
fn wrong_arguments_are_errors_before_anything_crosses() {
    let (results, _) = evaluate(WRONG.iter().map(|(expression, ..)| *expression));
    for ((expression, error, names), result) in WRONG.iter().zip(&results) {
        assert_eq!(result["error"], *error, "{expression}: {result}");
        assert_eq!(result["crossed"], 0, "{expression} has crossed the wall: {result}");
        let text = result["text"].as_str().unwrap_or_default();
        for name in *names {
            assert!(text.contains(name), "{expression}: no {name:?} in {text:?}");
        }
    }
}

#[test]
fn arguments_that_change_while_they_are_read_do_no_harm() {
    let expressions = [
        "n.repeat(Shrinks(bytearray(8)), 3)",
        "n.dot([1, Shrinks([2])], [1, 1])",
        "(lambda l: n.dot(l, [Shrinks(l), 1]))([1, 2])",
    ];
    let (results, _) = evaluate(expressions.into_iter());
    assert_eq!(results[0]["value"], "b'\\x01\\x01\\x01'", "{results:?}");
    assert_eq!(results[1]["value"], "2", "{results:?}");
    assert!(results[2]["value"] == "3" || results[2]["error"] == "ValueError", "{results:?}");
}

#[test]
fn failures_of_the_library_are_native_errors() {
    let expressions = [
        "n.divide(1, 0)",
        "n.open_thing('')",
        "n.open_thing('y')",
        "n.check(2)",
        "n.check(-7)",
        "n.greeting(1)",
        "n.greeting(2)",
        "n.claims_too_much()",
        "n.fill(65)",
        "n.fill(-1)",
    ];
    let (results, _) = evaluate(expressions.into_iter());
    let is = |index: usize, fields: &[(&str, Value)]| {
        for (name, value) in fields {
            assert_eq!(results[index][name], *value, "{}: {}", expressions[index], results[index]);
        }
    };
    is(
        0,
        &[("error", "NativeError".into()), ("function", "divide".into()), ("code", (-1).into()), ("crossed", 1.into())],
    );
    is(1, &[("error", "NativeError".into()), ("errno", 2.into()), ("code", (-1).into())]);
    is(2, &[("error", "NativeError".into()), ("errno", 13.into())]);
    is(3, &[("error", "NativeError".into()), ("code", 2.into()), ("message", "the second kind of failure".into())]);
    is(4, &[("error", "NativeError".into()), ("code", (-7).into())]);
    is(5, &[("error", "NativeError".into()), ("function", "greeting".into())]);
    is(6, &[("error", "ValueError".into())]);
    // The library claims to have written more than there was room for, or less than nothing.
    for index in [7, 8, 9] {
        is(index, &[("error", "NativeError".into()), ("crossed", 1.into())]);
    }
    assert!(results[1]["text"].as_str().is_some_and(|text| text.contains("No such file")), "{}", results[1]);
}

#[test]
fn functions_describe_themselves() {
    let expressions = [
        "n.take_range.__name__, n.take_range.__doc__.splitlines()[0]",
        "'level' in str(__import__('inspect').signature(n.take_range))",
        "'range' in n.take_range.__doc__ or '-1 to 9' in n.take_range.__doc__",
        "'take_i8' in dir(n) and 'explain' not in dir(n)",
        "repr(n)",
        "str(__import__('inspect').signature(n.divide)).replace(\"'\", '')",
    ];
    let (results, _) = evaluate(expressions.into_iter());
    assert_eq!(results[0]["value"], "('take_range', 'take_range(level: int = -1) -> int')");
    for (index, value) in [
        (1, "True"),
        (2, "True"),
        (3, "True"),
        (4, "\"<capability 'numbers'>\""),
        (5, "'(a: int, b: int) -> tuple[int, int]'"),
    ] {
        assert_eq!(results[index]["value"], value, "{}: {}", expressions[index], results[index]);
    }
}

/// One zone for each client: the library works in the call's own memory. The same must come out.
#[test]
fn an_instance_for_each_client_gives_the_same_results() {
    let zone = include_str!("../c/numbers.zone.toml").replace("[sandbox]\n", "[sandbox]\ninstances = \"per-client\"\n");
    let project = project();
    project.write("numbers.zone.toml", zone.as_bytes());
    let lines: Vec<_> = RIGHT.iter().map(|(expression, _)| *expression).collect();
    let output = project.main(&[]).stdin(lines.join("\n")).output().ends_with(0);
    for ((expression, expected), result) in RIGHT.iter().zip(output.json_lines()) {
        assert_eq!(result["value"], *expected, "{expression}: {result}");
    }
    // What the library writes into an in-out buffer is a result, and not the caller's own object.
    let unchanged = "(lambda b: (n.invert(b), b))(bytearray(b'\\0'))";
    let output = project.main(&[]).stdin(unchanged).output().ends_with(0);
    assert_eq!(output.json_lines()[0]["value"], "(b'\\xff', bytearray(b'\\x00'))", "{output}");
}

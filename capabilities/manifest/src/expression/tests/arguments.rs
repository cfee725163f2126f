//! Bounds on what is no integer.

use super::super::*;
use crate::diagnostic::Mistake;
use crate::manifest;
use cloison_contract::Interface;
use cloison_contract::expression::{BytesTest, Environment, EvaluationError, Expression, Real};
use cloison_contract::interface::FunctionId;
use cloison_contract::types::NumberPlace;
use proptest::prelude::*;

const MANIFEST: &str = r#"
[zone]
name = "demo"
version = "1.0.0"
library = { soname = "libdemo.so.1" }

[constants]
BEST = 9

[types.Color]
c = "enum color { RED, GREEN = 5 }"

[types.Point]
c = "struct point { int32_t x, y; }"

[types.Value]
c = "union value { int32_t whole; double real; }"
live = "whole"

[types.Options]
c = "struct options { int32_t level; double ratio; unsigned flag : 3; struct point at; union value value; int32_t many[4]; void *own; }"
own = { hidden = true }

[types.Session]
c = "typedef struct session Session;"
handle = true
free = "session_free"

[functions.session_free]
c = "void session_free(Session *session)"
internal = true

[functions.make]
c = """int make(const char *path, const char *mode, int level, enum color color, double ratio, float gain,
    const void *data, size_t count, const int32_t *values, size_t n, uint8_t *target, size_t room, uint8_t *both, size_t size,
    const struct options *options, struct options given, struct options *filled, Session *session, size_t *cell)"""
mode = { null = true }
data = { in = true, length = "count" }
values = { in = true, length = "n" }
target = { out = true, capacity = "room" }
room = {}
both = { in = true, out = true, length = "size" }
options = { in = true, null = true }
filled = { out = true }
cell = { in = true }
"#;

fn interface() -> Interface {
    manifest::parse("demo.zone.toml", MANIFEST).unwrap_or_else(|wrong| panic!("{}", wrong.render(false)))
}

fn with_bound<T>(text: &str, use_it: impl FnOnce(Result<Expression, Mistake>, &Interface) -> T) -> T {
    let interface = interface();
    let (_, function) = interface.function("make").unwrap();
    let parameters: Vec<_> = function.parameters.iter().map(|one| (one.name.as_str(), &one.c_type)).collect();
    let integers = interface.integers();
    let arguments = BoundArguments { parameters: &function.parameters, types: &interface.types };
    let scope =
        Scope { parameters: &parameters, value: None, functions: &[], integers: &integers, arguments: Some(arguments) };
    use_it(parse(text, &scope), &interface)
}

/// What stands in a call: for each name its bytes, or its number.
#[derive(Clone, Debug)]
struct Given {
    path: &'static [u8],
    mode: Option<&'static [u8]>,
    level: i128,
    ratio: f64,
    record: Vec<u8>,
}

impl Default for Given {
    fn default() -> Self {
        let mut record = vec![0; 72];
        record[0..4].copy_from_slice(&7_i32.to_le_bytes());
        record[8..16].copy_from_slice(&0.25_f64.to_le_bytes());
        record[16] = 0b1101;
        record[20..24].copy_from_slice(&(-3_i32).to_le_bytes());
        record[24..28].copy_from_slice(&4_i32.to_le_bytes());
        Self { path: b"/data/a.png", mode: Some(b"rb"), level: 6, ratio: 0.5, record }
    }
}

impl Environment for Given {
    fn parameter(&mut self, index: usize) -> Result<i128, EvaluationError> {
        match index {
            2 => Ok(self.level),
            3 => Ok(5),
            _ => Err(EvaluationError::Unknown),
        }
    }
    fn pointed(&mut self, _: usize) -> Result<i128, EvaluationError> {
        Err(EvaluationError::Unknown)
    }
    fn errno(&mut self) -> Result<i128, EvaluationError> {
        Err(EvaluationError::Unknown)
    }
    fn value(&mut self) -> Result<i128, EvaluationError> {
        Err(EvaluationError::Unknown)
    }
    fn call(&mut self, _: FunctionId, _: &[i128]) -> Result<i128, EvaluationError> {
        Err(EvaluationError::Unknown)
    }
    fn holds(&mut self, index: usize, test: &BytesTest) -> Result<bool, EvaluationError> {
        match index {
            0 => test.holds(Some(self.path)),
            1 => test.holds(self.mode),
            6 => test.holds(Some(b"\x89PNG\0\xff")),
            _ => Err(EvaluationError::Unknown),
        }
    }
    fn length(&mut self, index: usize) -> Result<i128, EvaluationError> {
        match index {
            0 => Ok(self.path.len() as i128),
            6 => Ok(4096),
            8 => Ok(10),
            12 => Ok(20),
            _ => Err(EvaluationError::Unknown),
        }
    }
    fn member(&mut self, index: usize, place: NumberPlace) -> Result<i128, EvaluationError> {
        assert!(index == 14 || index == 15);
        place.integer(&self.record).ok_or(EvaluationError::Unknown)
    }
    fn real(&mut self, real: Real) -> Result<f64, EvaluationError> {
        match real {
            Real::Parameter(4 | 5) => Ok(self.ratio),
            Real::Member(14 | 15, place) => place.real(&self.record).ok_or(EvaluationError::Unknown),
            Real::Member(..) | Real::Parameter(_) => Err(EvaluationError::Unknown),
        }
    }
}

fn value_for(text: &str, mut given: Given) -> Result<i128, EvaluationError> {
    with_bound(text, |parsed, _| parsed.unwrap_or_else(|mistake| panic!("{text}: {mistake}")).evaluate(&mut given))
}

fn value(text: &str) -> Result<i128, EvaluationError> {
    value_for(text, Given::default())
}

fn mistake(text: &str) -> (String, std::ops::Range<usize>) {
    let mistake = with_bound(text, |parsed, _| parsed.expect_err(text));
    (mistake.message, mistake.span)
}

fn hint(text: &str) -> String {
    with_bound(text, |parsed, _| parsed.expect_err(text)).hint.expect("a hint")
}

#[test]
fn lists_of_constants() {
    assert_eq!(value("level in [1, 6]"), Ok(1));
    assert_eq!(value("level in [1, BEST, -6]"), Ok(0));
    assert_eq!(value("level * 2 in [12]"), Ok(1));
    assert_eq!(value("level*2 in [2 * 3 * 2, 1 KiB]"), Ok(1));
    assert_eq!(value("color in [RED, GREEN]"), Ok(1));
    assert_eq!(value("!(color in [RED]) && level in [6]"), Ok(1));
}

#[test]
fn texts_and_bytes() {
    assert_eq!(value(r#"mode == "rb""#), Ok(1));
    assert_eq!(value(r#""r" == mode"#), Ok(0));
    assert_eq!(value(r#"mode != 'w'"#), Ok(1));
    assert_eq!(value(r#"mode in ["r", "rb"] && path starts_with "/data/""#), Ok(1));
    assert_eq!(value(r#"path ends_with ".png""#), Ok(1));
    assert_eq!(value(r#"data starts_with "\x89PNG\0""#), Ok(1));
    assert_eq!(value(r#"path == "/data/\x61.\"png\"" || path == '/data/\'a.png'"#), Ok(0));
    assert_eq!(value("path == \"\\t\\n\\r\\\\é\""), Ok(0));
    // NULL is equal to no text.
    let null = Given { mode: None, ..Given::default() };
    assert_eq!(value_for(r#"mode == """#, null.clone()), Ok(0));
    assert_eq!(value_for(r#"mode in ["r", "NULL"]"#, null.clone()), Ok(0));
    assert_eq!(value_for(r#"mode != "r""#, null), Ok(1));
    let climbs = Given { path: b"/data/../etc/passwd", ..Given::default() };
    assert_eq!(value_for(r#"path starts_with "/data/""#, climbs), Err(EvaluationError::Climbs));
}

#[test]
fn floating_point_numbers() {
    assert_eq!(value("ratio <= 0.5"), Ok(1));
    assert_eq!(value("ratio < 0.5"), Ok(0));
    assert_eq!(value("0.25 < ratio && gain <= 1"), Ok(1));
    assert_eq!(value("-1 <= ratio && ratio >= -1.5e-3 && ratio < 1_0.5E+1"), Ok(1));
    assert_eq!(value("1 KiB > ratio && ratio != BEST"), Ok(1));
    for text in ["ratio <= 0.5", "ratio > 0.5", "ratio != 0.5", "!(ratio > 0.5)", "0.5 != gain"] {
        let nan = Given { ratio: f64::NAN, ..Given::default() };
        assert_eq!(value_for(text, nan), Err(EvaluationError::NotANumber), "{text}");
    }
}

#[test]
fn lengths() {
    assert_eq!(value("len(data) <= 4096"), Ok(1));
    assert_eq!(value("len(values) * 4 <= len(path) + 28"), Ok(0));
    assert_eq!(value("len(both) in [10, 20]"), Ok(1));
}

#[test]
fn members() {
    assert_eq!(value("options.level <= 6"), Ok(0));
    assert_eq!(value("options.level * 2 == 14 && given.level == options.level"), Ok(1));
    assert_eq!(value("options.ratio <= 0.25 && 0.2 < given.ratio"), Ok(1));
    assert_eq!(value("given.flag == 5"), Ok(1));
    assert_eq!(value("given.at.x == -3 && options.at.y in [4]"), Ok(1));
    assert_eq!(value("-given.at.x == 3"), Ok(1));
}

#[test]
fn what_cannot_be_said_is_refused_where_it_stands() {
    for (text, message, span) in [
        ("path", "text or bytes alone say nothing", 0..4),
        ("\"r\"", "text or bytes alone say nothing", 0..3),
        ("path < \"b\"", "texts have no order here", 0..10),
        ("path == mode", "text or bytes are compared with a text in quotes, and with nothing else", 0..12),
        ("mode == NULL", "text or bytes are compared with a text in quotes, and with nothing else", 0..12),
        ("\"r\" == \"r\"", "no argument stands in this comparison that fits its other side", 0..10),
        ("0.5 < 0.6", "no argument stands in this comparison that fits its other side", 0..9),
        ("path + 1 == 2", "text or bytes alone say nothing", 0..4),
        ("1 + path == 2", "`path` is text or bytes, and no number", 4..8),
        ("path starts_with mode", "a text in quotes was expected here", 17..21),
        ("path starts_with", "the expression ends where a number or a name was expected", 16..16),
        ("path starts_with \"\"", "every text begins and ends with an empty one", 17..19),
        ("level starts_with \"1\"", "the name of a parameter that is a text or bytes stands on the left", 0..17),
        ("mode == \"r", "the text does not end", 8..10),
        ("mode == \"\\q\"", "the backslash stands before nothing that it goes with", 9..11),
        ("mode == \"\\x1\"", "two hexadecimal digits are missing after `\\x`", 9..11),
        ("mode == \"a\\0\"", "`mode` is a text, in which there is no NUL", 0..13),
        ("mode in [\"r\", \"\\0\"]", "`mode` is a text, in which there is no NUL", 14..18),
        ("mode in \"r\"", "a list was expected here", 8..11),
        ("mode in [1]", "a text in quotes was expected here", 9..10),
        ("mode in [\"r\", ]", "a text in quotes was expected here", 14..15),
        ("mode in [\"r\"", "`]` was expected here", 12..12),
        ("level in []", "an empty list lets nothing through", 9..11),
        ("level in [count]", "only constants stand here", 10..15),
        ("level in [1 / 0]", "this has no value: division by zero", 10..15),
        ("level in [\"r\"]", "a number or a name was expected, not a text", 10..13),
        ("level in [0.5]", "only whole numbers can be used here", 10..13),
        ("ratio in [1]", "a floating-point number is no member of a list", 0..10),
        ("\"r\" in [\"r\"]", "the name of a parameter stands on the left of `in`", 0..8),
        ("ratio", "a floating-point number can only be compared with a number", 0..5),
        ("ratio * 2 < 1", "a floating-point number can only be compared with a number", 0..5),
        ("2 * ratio < 1", "`ratio` is a floating-point number, and nothing is calculated with it", 4..9),
        (
            "ratio < level",
            "a floating-point number is compared with a number that stands there, and with nothing else",
            0..13,
        ),
        (
            "ratio < gain",
            "a floating-point number is compared with a number that stands there, and with nothing else",
            0..12,
        ),
        (
            "ratio < \"1\"",
            "a floating-point number is compared with a number that stands there, and with nothing else",
            0..11,
        ),
        ("ratio < 9007199254740993", "no floating-point number is exactly this whole number", 0..24),
        ("ratio < 1e999", "the number is too large", 8..13),
        ("ratio < 1.", "digits are missing behind the point", 8..9),
        ("ratio < .5", "a number or a name was expected, not `.`", 8..9),
        ("level < 0.5", "a whole number is compared with whole numbers only", 0..11),
        ("len(level) < 2", "`level` has no length", 4..9),
        ("len(target) < 2", "`target` is written by the function, and not known before the call", 4..10),
        ("len(3) < 2", "the name of a parameter was expected here", 4..5),
        ("len(pth) < 2", "there is no parameter `pth`", 4..7),
        ("both == \"r\"", "`both` is a buffer, and no number", 0..4),
        ("values in [1]", "`values` is a buffer, and no number", 0..6),
        ("target == \"r\"", "`target` is written by the function, and not known before the call", 0..6),
        ("options <= 6", "`options` is a struct, and no number", 0..7),
        ("options. <= 6", "the name of a member was expected here", 9..11),
        ("options.levle <= 6", "`options` has no member `levle`", 8..13),
        ("options.at <= 6", "`at` is a struct or a union, and no number", 8..10),
        ("options.many <= 6", "`many` is no number", 8..12),
        ("options.level.x <= 6", "`level` is no struct, and has no members", 8..13),
        ("options.value.whole <= 6", "`value` is a union, and which of its members counts is not known", 14..19),
        ("options.own == 0", "`own` is hidden: it is always 0, and nobody needs a bound for it", 8..11),
        ("filled.level <= 6", "`filled` is written by the function, and not known before the call", 0..6),
        ("level.x <= 6", "`level` is no struct, and has no members", 0..5),
        ("path.x == \"r\"", "`path` is no struct, and has no members", 0..4),
        ("2 * options.ratio < 1", "a floating-point number can only be compared with a number", 4..17),
        ("session == 0", "`session` is not an integer", 0..7),
    ] {
        assert_eq!(mistake(text), (message.to_owned(), span), "{text}");
    }
    assert!(hint("options <= 6").contains("`options.level`"));
    assert_eq!(hint("options.levle <= 6"), "did you mean `level`?");
    assert!(hint("options.quux <= 6").contains("`level`, `ratio`, `flag`"));
    assert!(hint("both == \"r\"").contains("`len(both)`"));
    assert!(hint("mode == NULL").contains("`in [\"…\", \"…\"]`"));
}

/// What is said in bounds alone is nowhere else a word: a `length` knows no texts.
#[test]
fn elsewhere_nothing_has_changed() {
    let parameters = [("n", &super::NUMBER)];
    let scope = Scope { parameters: &parameters, value: None, functions: &[], integers: &[], arguments: None };
    for (text, message) in [
        ("n == \"r\"", "`\"` has no meaning in an expression"),
        ("n in [1]", "`[` has no meaning in an expression"),
        ("n in", "the expression should have ended here"),
        ("len(n)", "there is no function `len` in this manifest"),
        ("n < 0.5", "only whole numbers can be used here"),
        ("n.x", "`.` has no meaning in an expression"),
        ("2 in", "`in` is no unit"),
    ] {
        assert!(parse(text, &scope).expect_err(text).message.starts_with(message), "{text}");
    }
}

/// A function that the manifest calls `len` stays what it was.
#[test]
fn a_function_may_be_called_len() {
    let interface = interface();
    let (_, function) = interface.function("make").unwrap();
    let parameters: Vec<_> = function.parameters.iter().map(|one| (one.name.as_str(), &one.c_type)).collect();
    let functions = [ExpressionFunction { name: "len", id: FunctionId(3), takes: Takes::These(vec![Taken::Integer]) }];
    let arguments = Some(BoundArguments { parameters: &function.parameters, types: &interface.types });
    let scope = Scope { parameters: &parameters, value: None, functions: &functions, integers: &[], arguments };
    assert_eq!(parse("len(level)", &scope), Ok(Expression::Call(FunctionId(3), vec![Expression::Parameter(2)])));
}

proptest! {
    #[test]
    fn nearly_right_bounds_do_not_panic(
        text in r#"(path|mode|level|ratio|options|given|\.(level|at|x|ratio|value)|len\(|in|starts_with|ends_with|\[|\]|"(/data/|\\x00|\\|é)?"?|'|[-+*!()<>=,.]|==|&&|[0-9]{1,30}|0\.5|1e[0-9]|NULL|BEST| ){0,20}"#,
    ) {
        with_bound(&text, |parsed, _| match parsed {
            Ok(expression) => {
                let _ = expression.evaluate(&mut Given::default());
            }
            Err(mistake) => {
                assert!(mistake.span.start <= mistake.span.end && mistake.span.end <= text.len(), "{text}");
                assert!(text.is_char_boundary(mistake.span.start) && text.is_char_boundary(mistake.span.end), "{text}");
            }
        });
    }
}

//! Rights and narrowings: what each of them allows and refuses, as data that is made from a manifest. Four programs go through it:
//!
//! | what refuses | program |
//! |---|---|
//! | the language: what the calling process's own code refuses, before a zone that lets everything through | `python-lib/tests/matrix.rs` |
//! | the language and the zone's check together: what Python says | `tests/tests/matrix.rs` |
//! | the zone's check: requests posted by a client that asks nobody | `ffi-zone/tests/calls/matrix.rs` |
//! | the operating system, where the zone's check is not asked | `ffi-zone/tests/running/needed.rs` |
//!
//! A narrowing says of each attempt whether it still lets it through; two narrowings, one after the other, let through what both do.
//! That is all that is expected, and it is worked out here without a word of the code that is tested.
#![allow(dead_code, reason = "each test program uses its part")]

/// The manifest that the table is about: a function for each kind of argument that a bound can be about.
pub const MANIFEST: &str = include_str!("../manifests/bounds.zone.toml");

/// An argument.
#[derive(Clone, Copy, Debug)]
pub enum Value {
    Bytes(&'static [u8]),
    Callable,
    Float(f64),
    /// None, or NULL.
    Nothing,
    Number(u64),
    /// `struct options`: level, ratio, flag, and `at.x`.
    Options(i32, f64, u8, i32),
    Text(&'static str),
}

/// A call that the widest grant allows.
#[derive(Debug)]
pub struct Attempt {
    pub function: &'static str,
    pub arguments: &'static [Value],
    /// It carries several bytes beyond the words of a call.
    pub carries: bool,
}

const fn attempt(function: &'static str, arguments: &'static [Value], carries: bool) -> Attempt {
    Attempt { function, arguments, carries }
}

use Value::{Bytes, Callable, Float, Nothing, Number, Options, Text};

/// Calls on both sides of each bound.
pub const ATTEMPTS: &[Attempt] = &[
    attempt("opens", &[Text("/data/a"), Text("r")], true),
    attempt("opens", &[Text("/data/ab"), Text("rb")], true),
    attempt("opens", &[Text("/etc/passwd"), Text("r")], true),
    attempt("opens", &[Text("/data/../etc/passwd"), Text("w")], true),
    attempt("opens", &[Text("/data/a"), Nothing], true),
    attempt("scale", &[Float(0.5), Float(1.0)], false),
    attempt("scale", &[Float(0.75), Float(2.0)], false),
    attempt("place", &[Bytes(b"abc")], true),
    attempt("place", &[Bytes(b"xyz12")], true),
    attempt("after", &[Bytes(b"ok"), Callable], true),
    attempt("ended", &[Text("ab"), Bytes(b""), Bytes(b"")], true),
    attempt("level", &[Options(3, 0.5, 5, 1), Options(7, 0.5, 0, 0)], true),
    attempt("level", &[Options(9, 0.5, 2, 4), Options(7, 0.5, 0, 0)], true),
    attempt("level", &[Nothing, Options(1, 0.25, 0, 0)], true),
    attempt("paint", &[Number(0)], false),
    attempt("paint", &[Number(5)], false),
    attempt("paint", &[Number(6)], false),
];

/// Bounds, of each kind that there is, and for which arguments of their function they hold.
type Within = fn(&[Value]) -> bool;
const BOUNDS: &[(&str, &str, Within)] = &[
    // Texts and paths.
    ("opens", "path starts_with \"/data/\"", |a| matches!(a[0], Text("/data/a" | "/data/ab"))),
    ("opens", "mode in [\"r\", \"rb\"]", |a| matches!(a[1], Text("r" | "rb"))),
    ("opens", "mode == \"r\"", |a| matches!(a[1], Text("r"))),
    ("opens", "path ends_with \"b\" || len(path) <= 7", |a| matches!(a[0], Text("/data/a" | "/data/ab"))),
    // Floating-point numbers.
    ("scale", "ratio <= 0.5", |a| matches!(a[0], Float(0.5))),
    ("scale", "gain >= 1.5 && gain < 3", |a| matches!(a[1], Float(2.0))),
    // Bytes and lengths.
    ("place", "len(data) <= 3", |a| matches!(a[0], Bytes(b"abc"))),
    ("place", "data starts_with \"xyz\"", |a| matches!(a[0], Bytes(b"xyz12"))),
    ("place", "count == 5", |a| matches!(a[0], Bytes(b"xyz12"))),
    // Members of structs, by a pointer, which may be NULL, and by value.
    ("level", "options.level <= 6 && options.flag == 5", |a| matches!(a[0], Options(3, ..))),
    ("level", "options.at.x in [4, 5]", |a| matches!(a[0], Options(9, ..))),
    ("level", "given.ratio < 0.5", |a| matches!(a[1], Options(1, ..))),
    // Whole numbers and enumerations.
    ("paint", "color in [RED, BLUE]", |a| matches!(a[0], Number(0 | 6))),
    ("paint", "color >= 5", |a| matches!(a[0], Number(5 | 6))),
    ("paint", "1 == 2", |_| false),
];

/// What somebody gives up.
#[derive(Clone, Debug)]
pub enum Given {
    /// All functions but these.
    Functions(Vec<&'static str>),
    /// What a bound of [`BOUNDS`] does not let through.
    Where(usize),
    /// Calls that there are no more than none of.
    NoCalls,
    /// Calls that carry more than a byte.
    OneByte,
    /// Processor time.
    NoTime,
    /// All time that is left.
    Expired,
    /// All calls of an hour but one.
    OneAnHour,
    /// Callables.
    Quiet,
    /// To give it on. It takes no call away.
    Personal,
}

/// How a call is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    Bound,
    Callable,
    End,
    Function,
    Quota,
}

/// The functions that a manifest offers, in its order.
pub fn functions(manifest: &'static str) -> Vec<&'static str> {
    let name = |line: &'static str| line.strip_prefix("[functions.")?.strip_suffix(']');
    manifest.lines().filter_map(name).collect()
}

/// Everything that a holder of this manifest's capability can give up by itself.
pub fn narrowings() -> Vec<Given> {
    let functions = functions(MANIFEST);
    for function in &functions {
        assert!(ATTEMPTS.iter().any(|attempt| attempt.function == *function), "nobody attempts {function}");
    }
    let mut all = vec![Given::Functions(Vec::new())];
    for function in &functions {
        all.push(Given::Functions(vec![function]));
        all.push(Given::Functions(functions.iter().copied().filter(|other| other != function).collect()));
    }
    all.extend((0..BOUNDS.len()).map(Given::Where));
    all.extend([
        Given::NoCalls,
        Given::OneByte,
        Given::NoTime,
        Given::Expired,
        Given::OneAnHour,
        Given::Quiet,
        Given::Personal,
    ]);
    all
}

impl Given {
    /// How it refuses that call; `None` if it lets it through.
    pub fn refuses(&self, attempt: &Attempt) -> Option<Refusal> {
        let refused = match self {
            Self::Functions(kept) => !kept.contains(&attempt.function),
            Self::Where(index) => {
                let (function, _, within) = BOUNDS[*index];
                function == attempt.function && !within(attempt.arguments)
            }
            Self::NoCalls | Self::NoTime | Self::Expired => true,
            Self::OneByte => attempt.carries,
            Self::Quiet => attempt.arguments.iter().any(|argument| matches!(argument, Callable)),
            // Of these, what was used up first says.
            Self::OneAnHour | Self::Personal => false,
        };
        refused.then_some(match self {
            Self::Functions(_) => Refusal::Function,
            Self::Where(_) => Refusal::Bound,
            Self::Expired => Refusal::End,
            Self::Quiet => Refusal::Callable,
            Self::NoCalls | Self::OneByte | Self::NoTime | Self::OneAnHour | Self::Personal => Refusal::Quota,
        })
    }

    /// The function and the text of a bound.
    pub fn bound(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Where(index) => Some((BOUNDS[*index].0, BOUNDS[*index].1)),
            _ => None,
        }
    }

    /// As Python's `narrow` is told.
    pub fn in_python(&self) -> String {
        match self {
            Self::Functions(kept) => format!("{{\"functions\": {kept:?}}}"),
            Self::Where(index) => {
                let (function, bound, _) = BOUNDS[*index];
                format!("{{\"where\": {{\"{function}\": {bound:?}}}}}")
            }
            Self::NoCalls => "{\"calls\": 0}".to_owned(),
            Self::OneByte => "{\"bytes\": 1}".to_owned(),
            Self::NoTime => "{\"cpu\": 0}".to_owned(),
            Self::Expired => "{\"expires\": 0}".to_owned(),
            Self::OneAnHour => "{\"rate\": \"1/h\"}".to_owned(),
            Self::Quiet => "{\"callbacks\": False}".to_owned(),
            Self::Personal => "{\"delegate\": False}".to_owned(),
        }
    }
}

impl Value {
    fn in_python(self) -> String {
        match self {
            Bytes(bytes) => format!("b\"{}\"", bytes.escape_ascii()),
            Callable => "CALLABLE".to_owned(),
            Float(value) => format!("{value:?}"),
            Nothing => "None".to_owned(),
            Number(value) => value.to_string(),
            Options(level, ratio, flag, x) => format!(
                "{{\"level\": {level}, \"ratio\": {ratio:?}, \"flag\": {flag}, \"at\": {{\"x\": {x}, \"y\": 0}}}}"
            ),
            Text(text) => format!("{text:?}"),
        }
    }
}

/// The whole table as a module of Python: `ATTEMPTS` are pairs of a function and its arguments, `NARROWINGS` triples of what `narrow` is told,
/// how each attempt is refused (or None), and whether one call uses it up.
pub fn in_python() -> String {
    let mut text = String::from("CALLABLE = lambda: 0\nATTEMPTS = [\n");
    for Attempt { function, arguments, .. } in ATTEMPTS {
        let arguments: String = arguments.iter().map(|argument| argument.in_python() + ", ").collect();
        text += &format!("    (\"{function}\", ({arguments})),\n");
    }
    text += "]\nNARROWINGS = [\n";
    for given in narrowings() {
        let refusal = |attempt: &Attempt| match given.refuses(attempt) {
            Some(refusal) => format!("\"{refusal:?}\", "),
            None => "None, ".to_owned(),
        };
        let refused: String = ATTEMPTS.iter().map(refusal).collect();
        let once = if matches!(given, Given::OneAnHour) { "True" } else { "False" };
        text += &format!("    ({}, ({refused}), {once}),\n", given.in_python());
    }
    text + "]\n"
}

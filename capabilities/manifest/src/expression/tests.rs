use super::*;
use cloison_contract::expression::{Environment, EvaluationError};
use cloison_contract::interface::FunctionId;
use cloison_contract::types::{CType, Scalar};
use proptest::prelude::*;

const NUMBER: CType = CType::Scalar { scalar: Scalar::U64, character: false };
const FLOAT: CType = CType::Scalar { scalar: Scalar::F64, character: false };

fn with_scope<T>(use_it: impl FnOnce(&Scope<'_>) -> T) -> T {
    let cell = CType::Pointer { to: Box::new(NUMBER), constant: false };
    let parameters = [("n", &NUMBER), ("m", &NUMBER), ("cell", &cell), ("x", &FLOAT)];
    let functions = [
        ExpressionFunction { name: "double", id: FunctionId(0), takes: Takes::These(vec![Taken::Integer]) },
        ExpressionFunction { name: "pow", id: FunctionId(1), takes: Takes::Others },
    ];
    use_it(&Scope {
        parameters: &parameters,
        value: Some(&NUMBER),
        functions: &functions,
        integers: &[],
        arguments: None,
    })
}

/// `n` is 7, `m` is 0, `*cell` is 100, `return` is -1, `errno` is 34, and `double(a)` is twice `a`.
struct Fixed;

impl Environment for Fixed {
    fn parameter(&mut self, index: usize) -> Result<i128, EvaluationError> {
        [7, 0].get(index).copied().ok_or(EvaluationError::Unknown)
    }
    fn pointed(&mut self, index: usize) -> Result<i128, EvaluationError> {
        if index == 2 { Ok(100) } else { Err(EvaluationError::Unknown) }
    }
    fn errno(&mut self) -> Result<i128, EvaluationError> {
        Ok(34)
    }
    fn value(&mut self) -> Result<i128, EvaluationError> {
        Ok(-1)
    }
    fn call(&mut self, _: FunctionId, arguments: &[i128]) -> Result<i128, EvaluationError> {
        arguments[0].checked_mul(2).ok_or(EvaluationError::OutOfRange)
    }
}

fn value(text: &str) -> Result<i128, EvaluationError> {
    with_scope(|scope| parse(text, scope)).unwrap_or_else(|mistake| panic!("{text}: {mistake}")).evaluate(&mut Fixed)
}

fn mistake(text: &str) -> (String, std::ops::Range<usize>) {
    let mistake = with_scope(|scope| parse(text, scope)).expect_err(text);
    (mistake.message, mistake.span)
}

#[test]
fn operators_bind_as_in_c() {
    assert_eq!(value("1 + 2 * 3"), Ok(7));
    assert_eq!(value("(1 + 2) * 3"), Ok(9));
    assert_eq!(value("10 - 3 - 2"), Ok(5));
    assert_eq!(value("17 % 5 / 2"), Ok(1));
    assert_eq!(value("-n + 1"), Ok(-6));
    assert_eq!(value("!n || n == 7 && m < 1"), Ok(1));
    assert_eq!(value("1 + 1 == 2"), Ok(1));
    assert_eq!(value("- -3"), Ok(3));
    assert_eq!(value("n**cell"), Ok(700));
}

#[test]
fn numbers_have_bases_and_units() {
    assert_eq!(value("0xFF"), Ok(255));
    assert_eq!(value("1_000"), Ok(1000));
    assert_eq!(value("64 KiB"), Ok(65536));
    assert_eq!(value("1GiB - 1 MiB"), Ok((1 << 30) - (1 << 20)));
    assert_eq!(value("NULL"), Ok(0));
}

#[test]
fn names_stand_for_parameters_scalar_pointers_functions_and_the_value() {
    assert_eq!(value("double(n + 1) + *cell"), Ok(116));
    assert_eq!(value("return == -1"), Ok(1));
}

#[test]
fn a_condition_may_leave_out_return() {
    let condition = |text| with_scope(|scope| parse_condition(text, scope)).unwrap().evaluate(&mut Fixed);
    assert_eq!(condition("== -1"), Ok(1));
    assert_eq!(condition(">= 0"), Ok(0));
    assert_eq!(condition("return < n"), Ok(1));
}

#[test]
fn arithmetic_never_wraps() {
    let largest = i128::MAX.to_string();
    assert_eq!(value(&format!("{largest} + 1")), Err(EvaluationError::OutOfRange));
    assert_eq!(value(&format!("-{largest} - 2")), Err(EvaluationError::OutOfRange));
    assert_eq!(value(&format!("{largest} * 2")), Err(EvaluationError::OutOfRange));
    assert_eq!(value(&format!("-(-{largest} - 1)")), Err(EvaluationError::OutOfRange));
    assert_eq!(value(&format!("(-{largest} - 1) / -1")), Err(EvaluationError::OutOfRange));
    assert_eq!(value("1 / m"), Err(EvaluationError::DivisionByZero));
    assert_eq!(value("1 % m"), Err(EvaluationError::DivisionByZero));
}

#[test]
fn the_right_side_is_not_looked_at_when_the_left_decides() {
    assert_eq!(value("m != 0 && 1 / m > 0"), Ok(0));
    assert_eq!(value("m == 0 || 1 / m > 0"), Ok(1));
    assert_eq!(value("-1 || 1 / m"), Ok(1));
}

#[test]
fn mistakes_have_a_place() {
    assert_eq!(mistake("n + lenght"), ("there is no parameter `lenght`".into(), 4..10));
    assert_eq!(mistake("n +"), ("the expression ends where a number or a name was expected".into(), 3..3));
    assert_eq!(mistake("n m"), ("the expression should have ended here".into(), 2..3));
    assert_eq!(mistake("1 < n < 3").1, 6..7);
    assert_eq!(mistake("n = 3"), ("`=` has no meaning in an expression".into(), 2..3));
    assert_eq!(mistake("3 MB").1, 2..4);
    assert_eq!(mistake("1.5").0, "only whole numbers can be used here");
    assert_eq!(mistake("*n").0, "`n` is not a pointer");
    assert_eq!(mistake("cell").0, "`cell` is a pointer");
    assert_eq!(mistake("x + 1").0, "`x` is not an integer");
    assert_eq!(mistake("pow(n)").0, "`pow` cannot be called in an expression");
    assert_eq!(mistake("double(n, n)").0, "`double` takes 1 arguments, not 2");
    assert_eq!(mistake("treble(n)").0, "there is no function `treble` in this manifest");
    assert_eq!(mistake("(n").1, 2..2);
    assert_eq!(mistake("").1, 0..0);
    assert_eq!(mistake("é").1, 0..2);
}

#[test]
fn long_and_deep_expressions_are_refused() {
    assert!(mistake(&"(".repeat(5000)).0.contains("long") || mistake(&"(".repeat(5000)).0.contains("deep"));
    assert!(mistake(&format!("{}1{}", "(".repeat(100), ")".repeat(100))).0.contains("nested"));
    assert!(mistake(&format!("{}1", "-".repeat(100))).0.contains("nested"));
    assert!(mistake(&format!("1{}", "+1".repeat(5000))).0.contains("too long"));
}

/// An expression as text, and its value by plain arithmetic.
fn sums() -> impl Strategy<Value = (String, i128)> {
    let leaf = (0i128..1000).prop_map(|value| (value.to_string(), value));
    leaf.prop_recursive(4, 24, 2, |inner| {
        (inner.clone(), inner, 0..3).prop_map(|((left, a), (right, b), operator)| match operator {
            0 => (format!("({left} + {right})"), a.wrapping_add(b)),
            1 => (format!("({left} - {right})"), a.wrapping_sub(b)),
            _ => (format!("({left} * {right})"), a.wrapping_mul(b)),
        })
    })
}

proptest! {
    #[test]
    fn arithmetic_agrees((text, expected) in sums()) {
        // 24 factors below 1000 can exceed an i128; then the answer is an error and never a wrong number.
        match value(&text) {
            Ok(value) => prop_assert_eq!(value, expected),
            Err(error) => prop_assert_eq!(error, EvaluationError::OutOfRange),
        }
    }

    #[test]
    fn no_text_panics(text in ".{0,80}") {
        if let Err(mistake) = with_scope(|scope| parse(&text, scope)) {
            prop_assert!(mistake.span.start <= mistake.span.end && mistake.span.end <= text.len());
            prop_assert!(text.is_char_boundary(mistake.span.start) && text.is_char_boundary(mistake.span.end));
        }
    }

    #[test]
    fn nearly_right_texts_do_not_panic(text in r"([nmx]|cell|double\(|return|[-+*/%!()<>=&|,]|[0-9]{1,40}| KiB| ){0,30}") {
        let _ = with_scope(|scope| parse(&text, scope)).map(|expression| expression.evaluate(&mut Fixed));
        let _ = with_scope(|scope| parse_condition(&text, scope));
    }
}

#[test]
fn errno_stands_in_conditions_alone() {
    let condition = |text: &str| with_scope(|scope| parse_condition(text, scope));
    let value = |text: &str| condition(text).unwrap_or_else(|mistake| panic!("{text}: {mistake}")).evaluate(&mut Fixed);
    assert_eq!(value("errno != 0"), Ok(1));
    assert_eq!(value("return == -1 && errno == n * 5 - 1"), Ok(1));
    assert_eq!(value("errno"), Ok(34));
    assert_eq!(mistake("errno"), ("`errno` is no length and no bound".to_owned(), 0..5));
    for (text, message) in [
        ("errno() != 0", "`errno` is no function here"),
        ("*errno != 0", "`errno` is a number, and no pointer"),
        ("double != 0", "`double` is a function, and not called here"),
        ("errno == ERANGE", "there is no parameter `ERANGE`"),
    ] {
        assert_eq!(condition(text).expect_err(text).message, message);
    }
    let hint = |text: &str| condition(text).expect_err(text).hint;
    assert_eq!(hint("erno != 0").as_deref(), Some("did you mean `errno`?"));
    assert_eq!(
        hint("errno == ERANGE").as_deref(),
        Some("a number's name in C is declared in [constants]: `ERANGE = …`")
    );
}

#[test]
fn a_parameter_may_be_called_errno() {
    let parameters = [("errno", &NUMBER)];
    let scope = Scope { parameters: &parameters, value: None, functions: &[], integers: &[], arguments: None };
    assert_eq!(parse("errno + 1", &scope).map(|sum| sum.evaluate(&mut Fixed)), Ok(Ok(8)));
}

mod arguments;

use super::*;
use crate::types::{Bits, Scalar};
use proptest::prelude::*;

/// One argument that is bytes, a floating-point number and a struct, all at position 0.
struct One {
    bytes: Option<Vec<u8>>,
    real: f64,
}

impl Environment for One {
    fn parameter(&mut self, _: usize) -> Result<i128, EvaluationError> {
        Ok(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as i128))
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
    fn holds(&mut self, _: usize, test: &BytesTest) -> Result<bool, EvaluationError> {
        test.holds(self.bytes.as_deref())
    }
    fn length(&mut self, index: usize) -> Result<i128, EvaluationError> {
        self.parameter(index)
    }
    fn member(&mut self, _: usize, place: NumberPlace) -> Result<i128, EvaluationError> {
        place.integer(self.bytes.as_deref().ok_or(EvaluationError::NoRecord)?).ok_or(EvaluationError::Unknown)
    }
    fn real(&mut self, real: Real) -> Result<f64, EvaluationError> {
        match real {
            Real::Member(_, place) => {
                place.real(self.bytes.as_deref().ok_or(EvaluationError::NoRecord)?).ok_or(EvaluationError::Unknown)
            }
            Real::Parameter(_) => Ok(self.real),
        }
    }
}

fn of_bytes(test: BytesTest, bytes: Option<&[u8]>) -> Result<i128, EvaluationError> {
    Expression::Bytes(0, test).evaluate(&mut One { bytes: bytes.map(<[u8]>::to_vec), real: 0.0 })
}

fn not(expression: Expression) -> Expression {
    Expression::Not(Box::new(expression))
}

#[test]
fn bytes_are_compared_whole_and_null_is_equal_to_none() {
    let modes = || BytesTest::OneOf(vec![b"r".to_vec(), b"rb".to_vec()]);
    for (bytes, holds) in [(&b"r"[..], 1), (b"rb", 1), (b"", 0), (b"rbx", 0), (b"R", 0), (b"r\0", 0)] {
        assert_eq!(of_bytes(modes(), Some(bytes)), Ok(holds), "{bytes:?}");
    }
    assert_eq!(of_bytes(modes(), None), Ok(0));
    assert_eq!(of_bytes(BytesTest::StartsWith(vec![]), None), Ok(0));
    assert_eq!(of_bytes(BytesTest::EndsWith(vec![]), None), Ok(0));
    assert_eq!(of_bytes(BytesTest::OneOf(vec![vec![]]), None), Ok(0));
    assert_eq!(of_bytes(BytesTest::EndsWith(b".png".to_vec()), Some(b"a.png")), Ok(1));
    assert_eq!(of_bytes(BytesTest::EndsWith(b".png".to_vec()), Some(b"a.png.exe")), Ok(0));
}

#[test]
fn a_path_that_climbs_passes_no_bound_negated_or_not() {
    let below = || BytesTest::StartsWith(b"/data/".to_vec());
    assert_eq!(of_bytes(below(), Some(b"/data/a..b/..c/d../...")), Ok(1));
    assert_eq!(of_bytes(below(), Some(b"/etc/passwd")), Ok(0));
    for path in [&b"/data/../etc/passwd"[..], b"/data/..", b"..", b"../data/", b"/data/a/../b", b"/data/..\0"] {
        assert_eq!(of_bytes(below(), Some(path)), Err(EvaluationError::Climbs), "{path:?}");
        let mut argument = One { bytes: Some(path.to_vec()), real: 0.0 };
        assert_eq!(not(Expression::Bytes(0, below())).evaluate(&mut argument), Err(EvaluationError::Climbs));
    }
    // What is no path may have them: without a `/` in the literal nothing is said about components.
    assert_eq!(of_bytes(BytesTest::StartsWith(b"v".to_vec()), Some(b"v/../w")), Ok(1));
}

#[test]
fn nan_passes_no_bound_negated_or_not() {
    let operators = [
        Operator::Equal,
        Operator::NotEqual,
        Operator::Less,
        Operator::LessOrEqual,
        Operator::Greater,
        Operator::GreaterOrEqual,
    ];
    for operator in operators {
        let compared = || Expression::Compare(Real::Parameter(0), operator, 0.5);
        let mut nan = One { bytes: None, real: f64::NAN };
        assert_eq!(compared().evaluate(&mut nan), Err(EvaluationError::NotANumber), "{operator:?}");
        assert_eq!(not(compared()).evaluate(&mut nan), Err(EvaluationError::NotANumber), "{operator:?}");
    }
    let value = |operator, real| {
        Expression::Compare(Real::Parameter(0), operator, 0.5).evaluate(&mut One { bytes: None, real })
    };
    assert_eq!(value(Operator::LessOrEqual, 0.5), Ok(1));
    assert_eq!(value(Operator::LessOrEqual, 0.500_000_1), Ok(0));
    assert_eq!(value(Operator::Greater, f64::INFINITY), Ok(1));
    assert_eq!(value(Operator::NotEqual, 0.5), Ok(0));
    // Only a grant that no manifest reader has made says this.
    assert_eq!(value(Operator::Add, 0.5), Err(EvaluationError::Unknown));
}

#[test]
fn a_mirrored_comparison_says_the_same() {
    let order = |operator: Operator, left, right| operator.compare(left, right);
    for operator in [Operator::Equal, Operator::NotEqual, Operator::Less, Operator::GreaterOrEqual] {
        for (left, right) in [(1.0, 2.0), (2.0, 1.0), (1.0, 1.0)] {
            assert_eq!(order(operator, left, right), order(operator.mirrored(), right, left), "{operator:?}");
        }
    }
}

#[test]
fn one_of_looks_once() {
    let one_of = |value| Expression::OneOf(Box::new(Expression::Integer(value)), vec![1, 6]);
    let mut nothing = One { bytes: None, real: 0.0 };
    assert_eq!([1, 6, 2, -1].map(|value| one_of(value).evaluate(&mut nothing)), [Ok(1), Ok(1), Ok(0), Ok(0)]);
    assert!(one_of(3).any(|part| *part == Expression::Integer(3)), "what is inside is walked");
}

#[test]
fn members_are_read_where_they_stand() {
    let mut record = vec![0_u8; 24];
    record[0..4].copy_from_slice(&(-7_i32).to_le_bytes());
    record[4] = 0b0110_1000;
    record[8..16].copy_from_slice(&0.25_f64.to_le_bytes());
    record[16..20].copy_from_slice(&0.5_f32.to_le_bytes());
    record[20] = 1;
    let place = |offset, scalar| NumberPlace { offset, scalar, bits: None };
    assert_eq!(place(0, Scalar::I32).integer(&record), Some(-7));
    assert_eq!(place(0, Scalar::U32).integer(&record), Some(i128::from(u32::MAX) - 6));
    assert_eq!(place(20, Scalar::Bool).integer(&record), Some(1));
    let bits = Some(Bits { shift: 3, width: 3 });
    assert_eq!(NumberPlace { bits, ..place(4, Scalar::U32) }.integer(&record), Some(0b101));
    assert_eq!(place(8, Scalar::F64).real(&record), Some(0.25));
    assert_eq!(place(16, Scalar::F32).real(&record), Some(0.5));
    assert_eq!((place(8, Scalar::F64).integer(&record), place(0, Scalar::I32).real(&record)), (None, None));
    assert_eq!((place(21, Scalar::I32).integer(&record), place(17, Scalar::F64).real(&record)), (None, None));
    assert_eq!(place(u64::MAX, Scalar::F64).real(&record), None);
}

fn tests() -> impl Strategy<Value = BytesTest> {
    let bytes = || prop::collection::vec(prop::sample::select(vec![0, b'.', b'/', b'a', 0xff]), 0..6);
    prop_oneof![
        bytes().prop_map(BytesTest::EndsWith),
        prop::collection::vec(bytes(), 0..4).prop_map(BytesTest::OneOf),
        bytes().prop_map(BytesTest::StartsWith),
    ]
}

fn places() -> impl Strategy<Value = NumberPlace> {
    let scalar =
        prop::sample::select(vec![Scalar::Bool, Scalar::I8, Scalar::U32, Scalar::I64, Scalar::F32, Scalar::F64]);
    let bits =
        prop::option::of((0_u32..200, any::<u32>()).prop_map(|(shift, width)| Bits { shift, width: width % 70 }));
    let offset = prop_oneof![0_u64..40, Just(u64::MAX), Just(u64::MAX - 8)];
    (offset, scalar, bits).prop_map(|(offset, scalar, bits)| NumberPlace { offset, scalar, bits })
}

fn expressions() -> impl Strategy<Value = Expression> {
    let operators =
        || prop::sample::select(vec![Operator::Add, Operator::And, Operator::Equal, Operator::Less, Operator::Or]);
    let leaf = prop_oneof![
        tests().prop_map(|test| Expression::Bytes(0, test)),
        (operators(), any::<f64>())
            .prop_map(|(operator, with)| { Expression::Compare(Real::Parameter(0), operator, with) }),
        (places(), operators(), any::<f64>())
            .prop_map(|(place, operator, with)| { Expression::Compare(Real::Member(0, place), operator, with) }),
        places().prop_map(|place| Expression::Member(0, place)),
        any::<i128>().prop_map(Expression::Integer),
        Just(Expression::Length(0)),
    ];
    leaf.prop_recursive(4, 24, 2, move |inner| {
        prop_oneof![
            (operators(), inner.clone(), inner.clone())
                .prop_map(|(operator, left, right)| { Expression::Binary(operator, Box::new(left), Box::new(right)) }),
            inner.clone().prop_map(not),
            (inner, prop::collection::vec(any::<i128>(), 0..3))
                .prop_map(|(inner, values)| { Expression::OneOf(Box::new(inner), values) }),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_make_evaluation_panic(
        expression in expressions(),
        bytes in prop::option::of(prop::collection::vec(any::<u8>(), 0..48)),
        real: f64,
    ) {
        let _ = expression.evaluate(&mut One { bytes, real });
    }

    #[test]
    fn what_starts_so_never_leads_elsewhere(rest in "[./a]{0,24}") {
        let path = format!("/data/{rest}");
        if BytesTest::StartsWith(b"/data/".to_vec()).holds(Some(path.as_bytes())) == Ok(true) {
            // Where it leads to, component by component, as the kernel takes it.
            let mut depth = 0;
            for component in path.split('/').skip(2) {
                depth += match component { "" | "." => 0, ".." => -1, _ => 1 };
                prop_assert!(depth >= 0, "{path}");
            }
        }
    }
}

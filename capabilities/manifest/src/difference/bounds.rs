//! Whether one condition follows from others.

use cloison_contract::expression::{Expression, Operator};

/// Whether `old` holds whenever all of `new` do. `same` says whether two expressions mean the same. What cannot be told does not
/// follow.
pub(super) fn follows(old: &Expression, new: &[&Expression], same: &impl Fn(&Expression, &Expression) -> bool) -> bool {
    let known: Vec<_> = new.iter().flat_map(|one| conditions(one)).collect();
    conditions(old).into_iter().all(|wanted| {
        known.iter().any(|known| {
            same(known, wanted)
                || matches!((comparison(known), comparison(wanted)), (Some(known), Some(wanted))
                    if same(known.of, wanted.of) && known.is_within(&wanted))
        })
    })
}

/// Those that `&&` joins.
fn conditions(expression: &Expression) -> Vec<&Expression> {
    match expression {
        Expression::Binary(Operator::And, left, right) => [conditions(left), conditions(right)].concat(),
        other => vec![other],
    }
}

/// The numbers that a comparison with a number lets through.
struct Comparison<'e> {
    of: &'e Expression,
    least: i128,
    most: i128,
}

impl Comparison<'_> {
    fn is_within(&self, wider: &Self) -> bool {
        self.least >= wider.least && self.most <= wider.most
    }
}

fn comparison(expression: &Expression) -> Option<Comparison<'_>> {
    let Expression::Binary(operator, left, right) = expression else { return None };
    let (of, operator, number) = match (&**left, &**right) {
        (of, Expression::Integer(number)) => (of, *operator, *number),
        (Expression::Integer(number), of) => (of, turned(*operator)?, *number),
        _ => return None,
    };
    let (least, most) = match operator {
        Operator::Equal => (number, number),
        Operator::Greater => (number.checked_add(1)?, i128::MAX),
        Operator::GreaterOrEqual => (number, i128::MAX),
        Operator::Less => (i128::MIN, number.checked_sub(1)?),
        Operator::LessOrEqual => (i128::MIN, number),
        _ => return None,
    };
    Some(Comparison { of, least, most })
}

/// `1 < n` is `n > 1`.
fn turned(operator: Operator) -> Option<Operator> {
    match operator {
        Operator::Equal => Some(Operator::Equal),
        Operator::Greater => Some(Operator::Less),
        Operator::GreaterOrEqual => Some(Operator::LessOrEqual),
        Operator::Less => Some(Operator::Greater),
        Operator::LessOrEqual => Some(Operator::GreaterOrEqual),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::follows;
    use crate::expression::{Scope, parse};
    use cloison_contract::expression::{Environment, EvaluationError, Expression};
    use cloison_contract::interface::FunctionId;
    use cloison_contract::types::{CType, Scalar};
    use proptest::prelude::*;

    const NUMBER: CType = CType::Scalar { scalar: Scalar::I32, character: false };

    fn read(text: &str) -> Expression {
        let scope = Scope {
            parameters: &[("n", &NUMBER), ("m", &NUMBER)],
            value: None,
            functions: &[],
            integers: &[("MOST".to_owned(), 6)],
            arguments: None,
        };
        parse(text, &scope).unwrap_or_else(|mistake| panic!("{text}: {mistake}"))
    }

    fn from(new: &[&str], old: &str) -> bool {
        let new: Vec<_> = new.iter().map(|text| read(text)).collect();
        follows(&read(old), &new.iter().collect::<Vec<_>>(), &Expression::eq)
    }

    #[test]
    fn a_narrower_condition_has_the_wider_one_follow() {
        for (new, old) in [
            (&["n <= 3"][..], "n <= 6"),
            (&["n < 7"], "n <= 6"),
            (&["n == 5"], "n <= MOST"),
            (&["3 >= n"], "n < 4"),
            (&["n <= 6", "m > 1"], "m >= 2"),
            (&["n <= 6 && m > 1"], "m >= 2 && n <= 6"),
            (&["n * m <= 10"], "n * m <= 11"),
            (&["n != 0"], "n != 0"),
        ] {
            assert!(from(new, old), "{old} follows from {new:?}");
        }
        for (new, old) in [
            (&["n <= 7"][..], "n <= 6"),
            (&["n < 8"], "n <= 6"),
            (&["m <= 3"], "n <= 6"),
            (&["n <= 3 || m > 1"], "n <= 6"),
            (&["n >= 3"], "n <= 6"),
            (&["n != 7"], "n <= 6"),
            (&[], "n <= 6"),
            (&["n <= 6"], "n <= 6 && m > 1"),
        ] {
            assert!(!from(new, old), "{old} does not follow from {new:?}");
        }
    }

    struct Fixed(i128, i128);

    impl Environment for Fixed {
        fn parameter(&mut self, index: usize) -> Result<i128, EvaluationError> {
            Ok(if index == 0 { self.0 } else { self.1 })
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
    }

    fn condition() -> impl Strategy<Value = String> {
        let one = (
            prop::sample::select(vec!["n", "m", "n + m", "6 / n"]),
            prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]),
            0i128..5,
            any::<bool>(),
        )
            .prop_map(|(of, operator, number, turned)| match turned {
                true => format!("{number} {operator} {of}"),
                false => format!("{of} {operator} {number}"),
            });
        prop::collection::vec((one, prop::sample::select(vec!["&&", "||"])), 1..4).prop_map(|parts| {
            let (first, rest) = parts.split_first().expect("one at least");
            rest.iter().fold(first.0.clone(), |text, (part, joint)| format!("{text} {joint} {part}"))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        /// Whatever arguments the new conditions let through, the old one would have let through.
        #[test]
        fn what_follows_holds(
            old in condition(),
            new in prop::collection::vec(condition(), 0..3),
            (n, m) in (-1i128..6, -1i128..6),
        ) {
            let texts: Vec<_> = new.iter().map(String::as_str).collect();
            if from(&texts, &old) {
                let holds = |text: &str| matches!(read(text).evaluate(&mut Fixed(n, m)), Ok(value) if value != 0);
                prop_assert!(!texts.iter().all(|text| holds(text)) || holds(&old), "{} from {:?}", old, new);
            }
        }
    }
}

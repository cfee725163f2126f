//! Numbers on their way between words, C and expressions.
//!
//! A *word* is how a number travels ([`cloison_contract::call`]): integers extended to 64 bits by their sign,
//! `float` and `double` as the bits of a `double`. Its *bits* are how C holds it, in the low bytes.

use crate::marshal::plan::Range;
use cloison_contract::types::Scalar;

/// A word that cannot be that number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Misfit {
    /// The declared range excludes it.
    Range,
    /// The C type does not hold it.
    Type,
}

/// Checks a claimed word and gives the bits for C.
#[inline]
pub fn bits_of_word(word: u64, scalar: Scalar, range: Range) -> Result<u64, Misfit> {
    match scalar {
        Scalar::F64 => {
            in_float_range(f64::from_bits(word), range)?;
            Ok(word)
        }
        Scalar::F32 => {
            let wide = f64::from_bits(word);
            let narrow = wide as f32;
            if wide.is_finite() && !narrow.is_finite() {
                return Err(Misfit::Type);
            }
            in_float_range(wide, range)?;
            Ok(u64::from(narrow.to_bits()))
        }
        Scalar::Bool
        | Scalar::I16
        | Scalar::I32
        | Scalar::I64
        | Scalar::I8
        | Scalar::U16
        | Scalar::U32
        | Scalar::U64
        | Scalar::U8 => {
            if scalar.extend(word) != word {
                return Err(Misfit::Type);
            }
            match range {
                Range::Integer(low, high) if !(low..=high).contains(&integer_of_bits(word, scalar)) => {
                    Err(Misfit::Range)
                }
                Range::Any | Range::Float(..) | Range::Integer(..) => Ok(word),
            }
        }
    }
}

#[inline]
fn in_float_range(value: f64, range: Range) -> Result<(), Misfit> {
    match range {
        Range::Float(low, high) if !(low..=high).contains(&value) => Err(Misfit::Range),
        Range::Any | Range::Float(..) | Range::Integer(..) => Ok(()),
    }
}

/// The word for a number that C holds; bits above the type's own do not matter.
#[inline]
pub fn word_of_bits(bits: u64, scalar: Scalar) -> u64 {
    match scalar {
        Scalar::F32 => f64::from(f32::from_bits(bits as u32)).to_bits(),
        Scalar::F64 => bits,
        Scalar::Bool
        | Scalar::I16
        | Scalar::I32
        | Scalar::I64
        | Scalar::I8
        | Scalar::U16
        | Scalar::U32
        | Scalar::U64
        | Scalar::U8 => scalar.extend(bits),
    }
}

/// An integer that C holds; for `float` and `double`, `None`.
#[inline]
pub fn value_of_bits(bits: u64, scalar: Scalar) -> Option<i128> {
    (!scalar.is_float()).then(|| integer_of_bits(bits, scalar))
}

/// The bits of an integer, if the type holds it.
#[inline]
pub fn bits_of_value(value: i128, scalar: Scalar) -> Option<u64> {
    let (low, high) = scalar.bounds()?;
    (low..=high).contains(&value).then_some(value as u64)
}

fn integer_of_bits(bits: u64, scalar: Scalar) -> i128 {
    scalar.value(scalar.extend(bits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INTEGERS: [Scalar; 9] = [
        Scalar::Bool,
        Scalar::I8,
        Scalar::I16,
        Scalar::I32,
        Scalar::I64,
        Scalar::U8,
        Scalar::U16,
        Scalar::U32,
        Scalar::U64,
    ];

    #[test]
    fn every_type_holds_its_bounds_and_nothing_beyond() {
        for scalar in INTEGERS {
            let (low, high) = scalar.bounds().expect("integer");
            for value in [low, high] {
                let bits = bits_of_value(value, scalar).expect("in bounds");
                assert_eq!(
                    bits_of_word(word_of_bits(bits, scalar), scalar, Range::Any),
                    Ok(word_of_bits(bits, scalar))
                );
                assert_eq!(value_of_bits(bits, scalar), Some(value), "{scalar:?}");
            }
            assert_eq!(bits_of_value(low - 1, scalar), None);
            assert_eq!(bits_of_value(high + 1, scalar), None);
        }
    }

    #[test]
    fn ranges_and_floats() {
        assert_eq!(bits_of_word(10, Scalar::I32, Range::Integer(-1, 9)), Err(Misfit::Range));
        assert_eq!(bits_of_word(-1_i64 as u64, Scalar::I32, Range::Integer(-1, 9)), Ok(-1_i64 as u64));
        assert_eq!(bits_of_word(0xffff_ffff, Scalar::I32, Range::Any), Err(Misfit::Type));
        assert_eq!(bits_of_word(1e300_f64.to_bits(), Scalar::F32, Range::Any), Err(Misfit::Type));
        assert_eq!(bits_of_word(f64::NAN.to_bits(), Scalar::F64, Range::Float(0.0, 1.0)), Err(Misfit::Range));
        assert_eq!(word_of_bits(u64::from(0.5_f32.to_bits()), Scalar::F32), 0.5_f64.to_bits());
    }

    proptest! {
        #[test]
        fn an_accepted_word_comes_back_unchanged(word: u64, which in 0..INTEGERS.len()) {
            if let Ok(bits) = bits_of_word(word, INTEGERS[which], Range::Any) {
                prop_assert_eq!(word_of_bits(bits, INTEGERS[which]), word);
            }
        }
    }
}

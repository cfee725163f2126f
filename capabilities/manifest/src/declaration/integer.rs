//! Integers as C's constant expressions have them: a value and the type that decides how operators treat it.

use cloison_contract::types::Scalar;

/// A value of `int`, `unsigned`, `long` or `unsigned long`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Integer {
    pub(super) value: i128,
    scalar: Scalar,
}

impl Integer {
    /// The value as an `int` if it is one, else as that type.
    pub(super) fn of(value: i128, scalar: Scalar) -> Self {
        Self { value, scalar: if fits(value, Scalar::I32) { Scalar::I32 } else { scalar } }
    }

    /// `16`, `0x10`, `020`, `0b1`, with `u` and `l` behind them.
    pub(super) fn literal(text: &str) -> Option<Self> {
        let digits = text.trim_end_matches(['u', 'U', 'l', 'L']);
        let suffix = text[digits.len()..].to_ascii_lowercase();
        let (decimal, value) = match digits.get(..2) {
            Some("0x" | "0X") => (false, u64::from_str_radix(&digits[2..], 16).ok()?),
            Some("0b" | "0B") => (false, u64::from_str_radix(&digits[2..], 2).ok()?),
            _ if digits.len() > 1 && digits.starts_with('0') => (false, u64::from_str_radix(digits, 8).ok()?),
            _ => (true, digits.parse().ok()?),
        };
        let types: &[Scalar] = match (suffix.as_str(), decimal) {
            ("", true) => &[Scalar::I32, Scalar::I64],
            ("", false) => &[Scalar::I32, Scalar::U32, Scalar::I64, Scalar::U64],
            ("u", _) => &[Scalar::U32, Scalar::U64],
            ("l" | "ll", true) => &[Scalar::I64],
            ("l" | "ll", false) => &[Scalar::I64, Scalar::U64],
            ("ul" | "lu" | "ull" | "llu", _) => &[Scalar::U64],
            _ => return None,
        };
        let value = i128::from(value);
        let scalar = types.iter().copied().find(|scalar| fits(value, *scalar))?;
        Some(Self { value, scalar })
    }

    /// `'a'`, quotes included, in ASCII.
    pub(super) fn character(text: &str) -> Option<Self> {
        let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
        let value = match inner.strip_prefix('\\') {
            None => single(inner).filter(|byte| !b"'\\".contains(byte))?,
            Some(escape) => match escape.as_bytes() {
                b"n" => b'\n',
                b"t" => b'\t',
                b"r" => b'\r',
                b"a" => 7,
                b"b" => 8,
                b"f" => 12,
                b"v" => 11,
                b"e" => 27,
                b"\\" | b"'" | b"\"" | b"?" => escape.as_bytes()[0],
                [b'x', ..] => u8::from_str_radix(&escape[1..], 16).ok()?,
                _ if escape.len() <= 3 => u8::from_str_radix(escape, 8).ok()?,
                _ => return None,
            },
        };
        // Whether `char` has a sign differs between machines.
        (value < 128).then(|| Self::of(value.into(), Scalar::I32))
    }

    /// `-x`, `+x`, `~x`, `!x`; `None` if the result does not fit its type.
    pub(super) fn unary(self, sign: char) -> Option<Self> {
        match sign {
            '-' => self.with(-self.value),
            '~' => self.with(!self.value),
            '!' => Some(Self::of((self.value == 0).into(), Scalar::I32)),
            _ => Some(self),
        }
    }

    /// `x + y` and their like; `None` if the result does not fit its type or there is none.
    pub(super) fn binary(self, operator: &str, other: Self) -> Option<Self> {
        if matches!(operator, "<<" | ">>") {
            return self.shifted(operator, other);
        }
        let (left, right) = (self.converted(other), other.converted(self));
        let (one, two) = (left.value, right.value);
        left.with(match operator {
            "*" => one.checked_mul(two)?,
            "/" => one.checked_div(two)?,
            "%" => one.checked_rem(two)?,
            "+" => one + two,
            "-" => one - two,
            "&" => one & two,
            "^" => one ^ two,
            "|" => one | two,
            _ => return None,
        })
    }

    /// As an enumerator has it: an `int`, if it is small enough.
    pub(super) fn enumerator(self) -> Self {
        Self::of(self.value, self.scalar)
    }

    /// What follows it in an enumeration.
    pub(super) fn successor(self) -> Option<Self> {
        self.binary("+", Self::of(1, Scalar::I32))
    }

    fn shifted(self, operator: &str, by: Self) -> Option<Self> {
        let bits = self.scalar.size() as i128 * 8;
        let by = u32::try_from(by.value).ok().filter(|by| i128::from(*by) < bits)?;
        match operator {
            // `1 << 31` is the least `int`, as compilers have it.
            "<<" => Some(Self { value: wrapped(self.value << by, self.scalar), ..self }),
            _ => self.with(self.value >> by),
        }
    }

    /// As the type that both have in common.
    fn converted(self, other: Self) -> Self {
        let (large, small) = if self.scalar.size() >= other.scalar.size() {
            (self.scalar, other.scalar)
        } else {
            (other.scalar, self.scalar)
        };
        let scalar = match (large, small) {
            (Scalar::I64, Scalar::U64) => Scalar::U64,
            (Scalar::I32, Scalar::U32) => Scalar::U32,
            _ => large,
        };
        Self { value: wrapped(self.value, scalar), scalar }
    }

    /// Of the same type: unsigned ones wrap, signed ones must fit.
    fn with(self, value: i128) -> Option<Self> {
        let signed = matches!(self.scalar, Scalar::I32 | Scalar::I64);
        if signed && !fits(value, self.scalar) {
            return None;
        }
        Some(Self { value: wrapped(value, self.scalar), ..self })
    }
}

fn single(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [byte] => Some(*byte),
        _ => None,
    }
}

fn fits(value: i128, scalar: Scalar) -> bool {
    scalar.bounds().is_some_and(|(least, most)| (least..=most).contains(&value))
}

/// The value with the same low bits that the type has.
fn wrapped(value: i128, scalar: Scalar) -> i128 {
    match scalar {
        Scalar::I32 => (value as i32).into(),
        Scalar::U32 => (value as u32).into(),
        Scalar::I64 => (value as i64).into(),
        _ => (value as u64).into(),
    }
}

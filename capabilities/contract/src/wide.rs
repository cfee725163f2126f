//! `long double` and complex numbers as bytes: the same on both sides of the wall.
//!
//! Python has `float`, which is `double`. A `long double` has more digits and a wider range: on the way in every `float`
//! has an exact counterpart; on the way out the nearest `float` is taken, ties to even, too large becomes infinity.
//!
//! A `long double` is the x87 unit's: sign, 15 bits of exponent, 64 bits with the leading one written out; 10 bytes of 16.
//! Rust has none, so this takes numbers apart itself.

use crate::types::Wide;

const BIAS: i32 = 16383;
/// The exponent of infinities and of not-a-number.
const SPECIAL: u16 = 0x7fff;
const F64_FRACTION: u32 = 52;

impl Wide {
    /// Writes a number as C has it in memory; a real one ignores the imaginary part. `None` if there is no room.
    pub fn store(self, value: (f64, f64), into: &mut [u8]) -> Option<()> {
        let into = into.get_mut(..self.layout().size as usize)?;
        let (real, imaginary) = into.split_at_mut(into.len() / if self.is_complex() { 2 } else { 1 });
        match self {
            Self::ComplexF32 => {
                real.copy_from_slice(&(value.0 as f32).to_le_bytes());
                imaginary.copy_from_slice(&(value.1 as f32).to_le_bytes());
            }
            Self::ComplexF64 => {
                real.copy_from_slice(&value.0.to_le_bytes());
                imaginary.copy_from_slice(&value.1.to_le_bytes());
            }
            Self::ComplexLong => {
                real.copy_from_slice(&long_double(value.0));
                imaginary.copy_from_slice(&long_double(value.1));
            }
            Self::LongDouble => real.copy_from_slice(&long_double(value.0)),
        }
        Some(())
    }

    /// Reads a number as C has it in memory; the imaginary part of a real one is 0. `None` if there are too few bytes.
    pub fn load(self, from: &[u8]) -> Option<(f64, f64)> {
        let single = |at: usize| Some(f64::from(f32::from_le_bytes(from.get(at..at + 4)?.try_into().ok()?)));
        let double = |at: usize| Some(f64::from_le_bytes(from.get(at..at + 8)?.try_into().ok()?));
        let long = |at: usize| Some(from_long_double(from.get(at..at + 16)?.try_into().ok()?));
        Some(match self {
            Self::ComplexF32 => (single(0)?, single(4)?),
            Self::ComplexF64 => (double(0)?, double(8)?),
            Self::ComplexLong => (long(0)?, long(16)?),
            Self::LongDouble => (long(0)?, 0.0),
        })
    }
}

/// This machine's `long double` of that value.
pub fn long_double(value: f64) -> [u8; 16] {
    x87(Parts::of(value))
}

/// The `double` that is nearest to this machine's `long double`.
pub fn from_long_double(bytes: [u8; 16]) -> f64 {
    from_x87(bytes).nearest()
}

/// A number, taken apart.
#[derive(Clone, Copy)]
struct Parts {
    negative: bool,
    magnitude: Magnitude,
}

#[derive(Clone, Copy)]
enum Magnitude {
    /// `significand / 2^127 * 2^exponent`, where the top bit of the significand is set.
    Finite {
        exponent: i32,
        significand: u128,
    },
    Infinite,
    /// Not a number. The payload stands in the top bits; its highest bit says that it is a quiet one.
    Nan {
        payload: u128,
    },
    Zero,
}

impl Parts {
    fn of(value: f64) -> Self {
        let bits = value.to_bits();
        let fraction = u128::from(bits << 12) << 64; // at the top
        let magnitude = match (bits >> F64_FRACTION & 0x7ff) as i32 {
            0x7ff if fraction == 0 => Magnitude::Infinite,
            0x7ff => Magnitude::Nan { payload: fraction },
            0 => Magnitude::normalized(-1022, fraction >> 1),
            exponent => Magnitude::normalized(exponent - 1023, 1 << 127 | fraction >> 1),
        };
        Self { negative: value.is_sign_negative(), magnitude }
    }

    fn nearest(self) -> f64 {
        let bits = match self.magnitude {
            Magnitude::Zero => 0,
            Magnitude::Infinite => f64::INFINITY.to_bits(),
            // Quiet, as the processor's own conversion makes it.
            Magnitude::Nan { payload } => 0x7ff8 << 48 | (payload >> 76) as u64,
            Magnitude::Finite { exponent, .. } if exponent > 1023 => f64::INFINITY.to_bits(),
            Magnitude::Finite { exponent, significand } => {
                // How many bits are lost: all but 53, or more where the result is subnormal.
                let lost = 75 + u32::try_from(-1022 - exponent).unwrap_or(0);
                let kept = rounded(significand, lost);
                // The leading one of a normal number adds 1 to the exponent; so does a carry, up to infinity.
                let biased = u64::try_from(exponent + 1022).unwrap_or(0);
                (biased << F64_FRACTION) + kept
            }
        };
        f64::from_bits(bits | u64::from(self.negative) << 63)
    }
}

impl Magnitude {
    fn normalized(exponent: i32, significand: u128) -> Self {
        match significand.leading_zeros() {
            128 => Self::Zero,
            zeros => Self::Finite { exponent: exponent - zeros as i32, significand: significand << zeros },
        }
    }
}

/// `significand / 2^lost`, rounded to the nearest, ties to even. `lost` is at least 75.
fn rounded(significand: u128, lost: u32) -> u64 {
    if lost > 128 {
        return 0; // less than half
    }
    let kept = significand.checked_shr(lost).unwrap_or(0) as u64;
    let half = 1u128 << (lost - 1);
    let rest = if lost == 128 { significand } else { significand & ((half << 1) - 1) };
    let up = rest > half || rest == half && kept & 1 == 1;
    kept + u64::from(up)
}

/// Only for what came from a `double`: its exponent and its digits fit.
fn x87(parts: Parts) -> [u8; 16] {
    let (exponent, significand) = match parts.magnitude {
        Magnitude::Zero => (0, 0),
        Magnitude::Infinite => (SPECIAL, 1 << 63),
        Magnitude::Nan { payload } => (SPECIAL, 0b11 << 62 | (payload >> 65) as u64),
        Magnitude::Finite { exponent, significand } => ((exponent + BIAS) as u16, (significand >> 64) as u64),
    };
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&significand.to_le_bytes());
    bytes[8..10].copy_from_slice(&(exponent | u16::from(parts.negative) << 15).to_le_bytes());
    bytes
}

fn from_x87(bytes: [u8; 16]) -> Parts {
    let whole = u128::from_le_bytes(bytes);
    let significand = (whole as u64 as u128) << 64;
    let head = (whole >> 64) as u16;
    let magnitude = match head & SPECIAL {
        SPECIAL if significand == 1 << 127 => Magnitude::Infinite,
        SPECIAL => Magnitude::Nan { payload: significand << 1 },
        // Subnormal numbers have the exponent of the smallest normal ones.
        0 => Magnitude::normalized(1 - BIAS, significand),
        // The leading one is missing: the processor treats these as not-a-number.
        _ if significand >> 127 == 0 => Magnitude::Nan { payload: 0 },
        exponent => Magnitude::normalized(i32::from(exponent) - BIAS, significand),
    };
    Parts { negative: head >> 15 == 1, magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An x87 number from its hexadecimal digits: sign and exponent, significand.
    fn x87_number(head: u16, significand: u64) -> f64 {
        let mut bytes = [0xaa; 16]; // the last six bytes are padding
        bytes[..8].copy_from_slice(&significand.to_le_bytes());
        bytes[8..10].copy_from_slice(&head.to_le_bytes());
        from_x87(bytes).nearest()
    }

    #[test]
    fn known_encodings() {
        let one = x87(Parts::of(1.0));
        assert_eq!(one, [0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f, 0, 0, 0, 0, 0, 0]);
        assert_eq!(x87_number(0xc000, 0xa000_0000_0000_0000), -2.5);
    }

    #[test]
    fn rounding_is_to_the_nearest_and_ties_are_even() {
        let one = 1u64 << 63;
        let digit = 1u64 << 11; // the last digit of a double
        for (significand, expected) in [
            (one + digit / 2, 1.0),
            (one + digit / 2 + 1, 1.0 + f64::EPSILON),
            (one + digit / 2 - 1, 1.0),
            (one + digit + digit / 2, 1.0 + 2.0 * f64::EPSILON),
            (u64::MAX, 2.0),
        ] {
            assert_eq!(x87_number(0x3fff, significand), expected, "{significand:x}");
        }
    }

    #[test]
    fn too_large_and_too_small() {
        assert_eq!(x87_number(0x3fff + 1024, 1 << 63), f64::INFINITY);
        assert_eq!(x87_number(0x3fff + 1023, u64::MAX), f64::INFINITY);
        assert_eq!(x87_number(0x3fff + 1023, u64::MAX << 11), f64::MAX);
        assert_eq!(x87_number(0x7ffe, u64::MAX), f64::INFINITY);
        assert_eq!(x87_number(0xfffe, u64::MAX), f64::NEG_INFINITY);
        let least = f64::from_bits(1); // 2^-1074
        assert_eq!(x87_number((16383 - 1074) as u16, 1 << 63), least);
        assert_eq!(x87_number((16383 - 1075) as u16, 1 << 63), 0.0, "half of the least one: even is zero");
        assert_eq!(x87_number((16383 - 1075) as u16, (1 << 63) + 1), least);
        assert_eq!(x87_number((16383 - 1076) as u16, u64::MAX), 0.0);
        assert_eq!(x87_number(1, 1 << 63), 0.0);
        assert_eq!(x87_number(0, 1), 0.0);
        assert!(x87_number(0x8000, 1).is_sign_negative());
        // The largest subnormal and a bit more is the least normal number.
        assert_eq!(x87_number((16383 - 1023) as u16, u64::MAX), f64::MIN_POSITIVE);
    }

    #[test]
    fn what_is_no_number() {
        let value = f64::from_bits(0xfff8_0000_0000_0001);
        assert_eq!(from_x87(x87(Parts::of(value))).nearest().to_bits(), value.to_bits());
        assert!(x87_number(0x7fff, 0xc000_0000_0000_0000).is_nan());
        assert!(x87_number(0x7fff, 0x8000_0000_0000_0001).is_nan(), "a signalling one stays none");
        assert!(x87_number(0x3fff, 1).is_nan(), "the leading one is missing");
        assert_eq!(x87_number(0, 1 << 63), 0.0, "a pseudo-denormal is tiny");
        assert_eq!(x87_number(0x7fff, 1 << 63), f64::INFINITY);
    }

    #[test]
    fn complex_numbers_have_two_parts() {
        for wide in [Wide::ComplexF32, Wide::ComplexF64, Wide::ComplexLong] {
            let mut bytes = [0xaa; 40];
            wide.store((1.5, -2.25), &mut bytes).unwrap();
            assert_eq!(wide.load(&bytes), Some((1.5, -2.25)));
            let size = wide.layout().size as usize;
            assert_eq!(bytes[size..], [0xaa; 40][size..]);
            assert_eq!(wide.load(&bytes[..size - 1]), None);
            assert_eq!(wide.store((0.0, 0.0), &mut bytes[..size - 1]), None);
        }
        let mut bytes = [0; 16];
        Wide::LongDouble.store((0.1, 7.0), &mut bytes).unwrap();
        assert_eq!(Wide::LongDouble.load(&bytes), Some((0.1, 0.0)));
    }

    proptest! {
        #[test]
        fn every_double_comes_back(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            let back = from_x87(x87(Parts::of(value))).nearest();
            let expected = if value.is_nan() { bits | 1 << 51 } else { bits };
            prop_assert_eq!(back.to_bits(), expected);
        }

        #[test]
        fn subnormal_doubles_come_back(bits in 0u64..1 << 52) {
            let value = f64::from_bits(bits);
            prop_assert_eq!(from_x87(x87(Parts::of(value))).nearest().to_bits(), bits);
        }

        #[test]
        fn any_bytes_are_some_number(bytes in any::<[u8; 16]>()) {
            from_x87(bytes).nearest();
        }
    }
}

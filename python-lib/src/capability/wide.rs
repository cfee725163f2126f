//! Numbers that take more than one register, as their bytes in C.

use cloison_capabilities::types::Wide;

/// The bytes of a number.
pub fn encode(kind: Wide, real: f64, imaginary: f64) -> Vec<u8> {
    match kind {
        Wide::ComplexF32 => [(real as f32).to_le_bytes(), (imaginary as f32).to_le_bytes()].concat(),
        Wide::ComplexF64 => [real.to_le_bytes(), imaginary.to_le_bytes()].concat(),
        Wide::ComplexLong => [long_double(real), long_double(imaginary)].concat(),
        Wide::LongDouble => long_double(real).to_vec(),
    }
}

/// The number that bytes are; `None` if they are too few.
pub fn decode(kind: Wide, bytes: &[u8]) -> Option<(f64, f64)> {
    let single = |at: usize| Some(f64::from(f32::from_le_bytes(*bytes.get(at..)?.first_chunk()?)));
    let double = |at: usize| Some(f64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    Some(match kind {
        Wide::ComplexF32 => (single(0)?, single(4)?),
        Wide::ComplexF64 => (double(0)?, double(8)?),
        Wide::ComplexLong => (from_long_double(bytes.first_chunk()?), from_long_double(bytes.get(16..)?.first_chunk()?)),
        Wide::LongDouble => (from_long_double(bytes.first_chunk()?), 0.0),
    })
}

/// Stub until `cloison_capabilities::wide`: x87 only.
fn long_double(number: f64) -> [u8; 16] {
    let bits = number.to_bits();
    let (sign, exponent, fraction) = ((bits >> 63) as u16, (bits >> 52 & 0x7FF) as i32, bits << 12);
    let (exponent, mantissa) = match (exponent, fraction) {
        (0, 0) => (0, 0),
        (0, _) => {
            let zeros = fraction.leading_zeros();
            (16383 - 1023 - zeros as i32, fraction << zeros)
        }
        (0x7FF, _) => (0x7FFF, 1 << 63 | fraction >> 1),
        _ => (exponent - 1023 + 16383, 1 << 63 | fraction >> 1),
    };
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&mantissa.to_le_bytes());
    bytes[8..10].copy_from_slice(&(sign << 15 | exponent as u16).to_le_bytes());
    bytes
}

fn from_long_double(bytes: &[u8; 16]) -> f64 {
    let mantissa = u64::from_le_bytes(std::array::from_fn(|index| bytes[index]));
    let top = u16::from_le_bytes([bytes[8], bytes[9]]);
    let exponent = i32::from(top & 0x7FFF);
    let magnitude = match (exponent, mantissa << 1) {
        (0x7FFF, 0) => f64::INFINITY,
        (0x7FFF, _) => f64::NAN,
        _ => mantissa as f64 * 2_f64.powi((exponent - 16383 - 63).max(-1074 - 64)),
    };
    if top >> 15 == 1 { -magnitude } else { magnitude }
}

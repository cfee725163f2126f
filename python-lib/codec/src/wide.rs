//! Numbers that take more than one register, as their bytes in C.

use cloison_contract::types::Wide;

/// The bytes of a number.
pub fn encode(kind: Wide, real: f64, imaginary: f64) -> Vec<u8> {
    let mut bytes = vec![0; kind.layout().size as usize];
    // The bytes are as many as the number has.
    let _ = kind.store((real, imaginary), &mut bytes);
    bytes
}

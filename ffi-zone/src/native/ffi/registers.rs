//! Calls of which everything stays in registers, which is nearly every call: without libffi, in a tenth of its time.
//!
//! The calling convention gives the integers and addresses among the arguments the integer registers, and the
//! `float`s and `double`s among them the vector registers, each kind in its own order and as long as there are such
//! registers (System V ABI for x86-64, 3.2.3). What a function does not take it does not look at. So a
//! function of no more than six of the one and eight of the other can be called as if it took them all. Only what a
//! function returns has to be asked for in the right kind of register.
//!
//! Functions that take `...` are left to libffi, as are arguments and values that are no numbers or addresses.

use super::{Code, MAX_PARAMETERS};
use cloison_contract::types::{CType, Scalar};
use std::cell::UnsafeCell;

/// How many integer registers take arguments.
pub(super) const INTEGERS: usize = 6;
/// How many vector registers do.
pub(super) const FLOATS: usize = 8;

/// Where the arguments of a function go.
pub(super) struct Registers {
    integers: Box<[Integer]>,
    /// The parameters that go to vector registers.
    floats: Box<[usize]>,
    /// Where the value comes from.
    value_is_float: bool,
}

/// An argument for an integer register.
struct Integer {
    parameter: usize,
    /// How many bits of the register its type leaves over: they are its sign's, or zero. The convention does not ask callers
    /// for all of this, and some compilers count on it.
    over: u32,
    signed: bool,
}

impl Registers {
    /// For a function of these types; `None` if it needs more than registers.
    pub(super) fn of(parameters: &[&CType], result: &CType) -> Option<Self> {
        let (mut integers, mut floats) = (Vec::new(), Vec::new());
        for (parameter, c_type) in parameters.iter().enumerate() {
            match word(c_type)? {
                Word::Float => floats.push(parameter),
                Word::Integer { bits, signed } => integers.push(Integer { parameter, over: 64 - bits, signed }),
            }
        }
        let value_is_float = match result {
            CType::Void => false,
            result => matches!(word(result)?, Word::Float),
        };
        let fits = integers.len() <= INTEGERS && floats.len() <= FLOATS;
        fits.then(|| Self { integers: integers.into(), floats: floats.into(), value_is_float })
    }

    /// Calls `code`. The value's bits are the low bytes of what comes back.
    ///
    /// # Safety
    ///
    /// This is made of the types of the function at `code`, and `values` are its arguments.
    #[inline]
    pub(super) unsafe fn call(&self, code: Code, values: &mut [UnsafeCell<u64>; MAX_PARAMETERS]) -> u64 {
        let mut i = [0_u64; INTEGERS];
        for (register, Integer { parameter, over, signed }) in i.iter_mut().zip(&self.integers) {
            let bits = *values[*parameter].get_mut() << over;
            *register = if *signed { (bits as i64 >> over) as u64 } else { bits >> over };
        }
        if self.floats.is_empty() && !self.value_is_float {
            // SAFETY: see the module; the function has these parameters first, and no others.
            return unsafe {
                let function: Integers = std::mem::transmute(code.0);
                function(i[0], i[1], i[2], i[3], i[4], i[5])
            };
        }
        let mut f = [0_f64; FLOATS];
        for (register, parameter) in f.iter_mut().zip(&self.floats) {
            // A `float` is the low half of its register.
            *register = f64::from_bits(*values[*parameter].get_mut());
        }
        // SAFETY: as above; and the value is in the register that is asked for.
        unsafe {
            if self.value_is_float {
                let function: FloatOfAll = std::mem::transmute(code.0);
                function(i[0], i[1], i[2], i[3], i[4], i[5], f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7]).to_bits()
            } else {
                let function: IntegerOfAll = std::mem::transmute(code.0);
                function(i[0], i[1], i[2], i[3], i[4], i[5], f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7])
            }
        }
    }
}

type Integers = unsafe extern "C" fn(u64, u64, u64, u64, u64, u64) -> u64;
#[rustfmt::skip]
type IntegerOfAll = unsafe extern "C" fn(
    u64, u64, u64, u64, u64, u64, f64, f64, f64, f64, f64, f64, f64, f64,
) -> u64;
#[rustfmt::skip]
type FloatOfAll = unsafe extern "C" fn(
    u64, u64, u64, u64, u64, u64, f64, f64, f64, f64, f64, f64, f64, f64,
) -> f64;

/// What one register holds.
enum Word {
    Float,
    Integer { bits: u32, signed: bool },
}

fn word(c_type: &CType) -> Option<Word> {
    match c_type {
        CType::Pointer { .. } | CType::Array { .. } => Some(Word::Integer { bits: 64, signed: false }),
        CType::Enum { scalar, .. } | CType::Scalar { scalar, .. } => Some(match scalar {
            Scalar::F32 | Scalar::F64 => Word::Float,
            scalar => {
                let signed = matches!(scalar, Scalar::I8 | Scalar::I16 | Scalar::I32 | Scalar::I64);
                Word::Integer { bits: scalar.size() as u32 * 8, signed }
            }
        }),
        CType::Function(_) | CType::Opaque(_) | CType::Record { .. } | CType::Void | CType::Wide(_) => None,
    }
}

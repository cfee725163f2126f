//! Types as libffi describes them.

use super::SignatureError;
use super::registers::{FLOATS, INTEGERS};
use cloison_contract::passing::{Passing, RegisterContent, passing};
use cloison_contract::types::{CType, Definition, Layout, Scalar, TypeId, Wide};
use libffi::low::{ffi_type, types};
use libffi::raw;
use std::ptr::{addr_of_mut, null_mut};

// libffi has these on both platforms; its Rust declarations hide them behind a feature.
unsafe extern "C" {
    static mut ffi_type_complex_float: ffi_type;
    static mut ffi_type_complex_double: ffi_type;
    static mut ffi_type_complex_longdouble: ffi_type;
}

/// Descriptions of records, which libffi keeps pointing to.
#[derive(Default)]
pub(super) struct Descriptions {
    /// Boxed, since they point to each other.
    #[allow(clippy::vec_box, reason = "they must stay where they are")]
    records: Vec<Box<ffi_type>>,
    elements: Vec<Box<[*mut ffi_type]>>,
}

impl Descriptions {
    /// libffi's description of a type.
    pub(super) fn of(&mut self, c_type: &CType, types: &[Definition]) -> Result<*mut ffi_type, SignatureError> {
        Ok(match c_type {
            CType::Record { id, layout } => self.record(types, *id, *layout)?,
            CType::Wide(wide) => wide_type(*wide),
            CType::Pointer { .. } | CType::Array { .. } => addr_of_mut!(types::pointer),
            CType::Enum { scalar, .. } | CType::Scalar { scalar, .. } => scalar_type(*scalar),
            CType::Void => addr_of_mut!(types::void),
            CType::Function(_) | CType::Opaque(_) => return Err(SignatureError::NoValue),
        })
    }

    /// Of an argument of a closure. There libffi counts a register for each eight bytes of a record, also for eight that
    /// are only padding; so where a record comes in registers, it is described without them.
    pub(super) fn received(
        &mut self,
        c_type: &CType,
        types: &[Definition],
        free: &mut Free,
    ) -> Result<*mut ffi_type, SignatureError> {
        let in_registers = free.take(c_type, types);
        match c_type {
            CType::Record { id, layout } if in_registers => match passing(types, *id) {
                Some(Passing::Elements(elements)) if (elements.len() as u64) * 8 < layout.size => {
                    let (size, elements) =
                        (elements.len() as u64 * 8, elements.into_iter().map(element_type).collect());
                    Ok(self.structure(elements, Layout { size, ..*layout }))
                }
                _ => self.of(c_type, types),
            },
            _ => self.of(c_type, types),
        }
    }

    fn record(
        &mut self,
        definitions: &[Definition],
        id: TypeId,
        layout: Layout,
    ) -> Result<*mut ffi_type, SignatureError> {
        let how = passing(definitions, id).filter(|_| layout.size > 0 && layout.align <= 16);
        let elements = match how.ok_or(SignatureError::NoValue)? {
            Passing::LongDouble => return Ok(addr_of_mut!(types::longdouble)),
            Passing::Memory => vec![self.too_large_for_registers()],
            Passing::Elements(elements) => elements.into_iter().map(element_type).collect(),
        };
        Ok(self.structure(elements, layout))
    }

    /// libffi passes what contains this in memory, however small the whole is.
    fn too_large_for_registers(&mut self) -> *mut ffi_type {
        self.structure(Vec::new(), Layout { size: 64, align: 1 })
    }

    /// A struct whose size is given, so that libffi does not work it out.
    fn structure(&mut self, mut elements: Vec<*mut ffi_type>, layout: Layout) -> *mut ffi_type {
        elements.push(null_mut());
        self.elements.push(elements.into_boxed_slice());
        let elements = self.elements.last_mut().map_or(null_mut(), |elements| elements.as_mut_ptr());
        let (size, alignment) = (layout.size as usize, layout.align as u16);
        self.records.push(Box::new(ffi_type { size, alignment, type_: raw::FFI_TYPE_STRUCT, elements }));
        self.records.last_mut().map_or(null_mut(), |record| &raw mut **record)
    }
}

/// How many registers are left for the arguments that follow.
pub(super) struct Free {
    integers: usize,
    floats: usize,
}

impl Free {
    /// A result in memory takes one for its address.
    pub(super) fn before_arguments(result: &CType, types: &[Definition]) -> Self {
        let in_memory = match result {
            CType::Record { id, .. } => matches!(passing(types, *id), Some(Passing::Memory)),
            _ => false,
        };
        Self { integers: INTEGERS - usize::from(in_memory), floats: FLOATS }
    }

    /// Takes what an argument needs; `false` if it comes in memory, as all of it does where registers are left for a part
    /// of it only.
    fn take(&mut self, c_type: &CType, types: &[Definition]) -> bool {
        let (integers, floats) = match c_type {
            CType::Record { id, .. } => match passing(types, *id) {
                Some(Passing::Elements(elements)) => {
                    let integers = elements.iter().filter(|element| **element == RegisterContent::Integer).count();
                    (integers, elements.len() - integers)
                }
                _ => return false,
            },
            CType::Wide(Wide::ComplexF32) => (0, 1),
            CType::Wide(Wide::ComplexF64) => (0, 2),
            CType::Wide(_) => return false,
            _ if c_type.scalar().is_some_and(Scalar::is_float) => (0, 1),
            _ => (1, 0),
        };
        let fits = integers <= self.integers && floats <= self.floats;
        if fits {
            self.integers -= integers;
            self.floats -= floats;
        }
        fits
    }
}

/// What a type becomes behind `...`.
pub(super) fn promoted(c_type: &CType) -> CType {
    let scalar = match c_type.scalar() {
        Some(Scalar::F32) => Scalar::F64,
        Some(scalar) if scalar.size() < 4 => Scalar::I32,
        _ => return c_type.clone(),
    };
    CType::Scalar { scalar, character: false }
}

fn element_type(element: RegisterContent) -> *mut ffi_type {
    match element {
        RegisterContent::Double => addr_of_mut!(types::double),
        RegisterContent::Float => addr_of_mut!(types::float),
        RegisterContent::Integer => addr_of_mut!(types::uint64),
    }
}

fn wide_type(wide: Wide) -> *mut ffi_type {
    match wide {
        Wide::ComplexF32 => &raw mut ffi_type_complex_float,
        Wide::ComplexF64 => &raw mut ffi_type_complex_double,
        Wide::ComplexLong => &raw mut ffi_type_complex_longdouble,
        Wide::LongDouble => addr_of_mut!(types::longdouble),
    }
}

fn scalar_type(scalar: Scalar) -> *mut ffi_type {
    match scalar {
        Scalar::Bool | Scalar::U8 => addr_of_mut!(types::uint8),
        Scalar::F32 => addr_of_mut!(types::float),
        Scalar::F64 => addr_of_mut!(types::double),
        Scalar::I16 => addr_of_mut!(types::sint16),
        Scalar::I32 => addr_of_mut!(types::sint32),
        Scalar::I64 => addr_of_mut!(types::sint64),
        Scalar::I8 => addr_of_mut!(types::sint8),
        Scalar::U16 => addr_of_mut!(types::uint16),
        Scalar::U32 => addr_of_mut!(types::uint32),
        Scalar::U64 => addr_of_mut!(types::uint64),
    }
}

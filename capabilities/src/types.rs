//! C types as they stand in a declaration, laid out as the System V ABI for x86-64 and AArch64 Linux does (LP64).

use serde::{Deserialize, Serialize};

/// A number that C passes in a register. Sizes are fixed, so that manifests mean the same everywhere;
/// `long`, `size_t` and their like have been resolved to the width they have on this ABI.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum Scalar {
    /// `_Bool`
    Bool,
    /// `float`
    F32,
    /// `double`
    F64,
    /// `int16_t`, `short`
    I16,
    /// `int32_t`, `int`
    I32,
    /// `int64_t`, `long`, `ssize_t`, `ptrdiff_t`
    I64,
    /// `int8_t`, `signed char`, and `char` as a number
    I8,
    /// `uint16_t`, `unsigned short`
    U16,
    /// `uint32_t`, `unsigned int`
    U32,
    /// `uint64_t`, `unsigned long`, `size_t`
    U64,
    /// `uint8_t`, `unsigned char`
    U8,
}

impl Scalar {
    /// Size in bytes; the alignment is the same.
    pub const fn size(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 => 8,
        }
    }

    /// The smallest and largest value of an integer type; `None` for `float` and `double`.
    pub const fn bounds(self) -> Option<(i128, i128)> {
        Some(match self {
            Self::Bool => (0, 1),
            Self::I8 => (i8::MIN as i128, i8::MAX as i128),
            Self::I16 => (i16::MIN as i128, i16::MAX as i128),
            Self::I32 => (i32::MIN as i128, i32::MAX as i128),
            Self::I64 => (i64::MIN as i128, i64::MAX as i128),
            Self::U8 => (0, u8::MAX as i128),
            Self::U16 => (0, u16::MAX as i128),
            Self::U32 => (0, u32::MAX as i128),
            Self::U64 => (0, u64::MAX as i128),
            Self::F32 | Self::F64 => return None,
        })
    }

    /// Whether this is `float` or `double`.
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }
}

/// A C type as declared.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum CType {
    /// A pointer; `constant` says that what it points to is `const`.
    Pointer {
        /// What it points to.
        to: Box<CType>,
        /// The pointee is `const`.
        constant: bool,
    },
    /// A number. `character` remembers a plain `char`, which makes `char *` a string.
    Scalar {
        /// Which number.
        scalar: Scalar,
        /// It was written as plain `char`.
        character: bool,
    },
    /// `void`
    Void,
}

/// Where a declaration stands in a manifest, as people count: from 1.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Location {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

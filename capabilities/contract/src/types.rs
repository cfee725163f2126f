//! C types as they stand in a declaration, laid out as the System V ABI for x86-64 Linux does (LP64).

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

/// What `wchar_t` is: signed on x86-64.
pub const WIDE_CHARACTER: Scalar = Scalar::I32;

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

    /// Whether this is an integer type with negative values.
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::I8 | Self::I16 | Self::I32 | Self::I64)
    }

    /// Whether this is `float` or `double`.
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// The low bytes of `bits`, as many as the type has, extended to 64 bits as it wants it: by the sign, or by zeroes. A
    /// bool is 1 if its byte is not 0. A word is one of this integer type if this changes nothing.
    #[inline]
    pub const fn extend(self, bits: u64) -> u64 {
        match self {
            Self::Bool => (bits as u8 != 0) as u64,
            Self::I8 => bits as i8 as u64,
            Self::I16 => bits as i16 as u64,
            Self::I32 => bits as i32 as u64,
            Self::U8 => bits as u8 as u64,
            Self::U16 => bits as u16 as u64,
            Self::F32 | Self::U32 => bits as u32 as u64,
            Self::F64 | Self::I64 | Self::U64 => bits,
        }
    }

    /// The number that an [extended](Self::extend) word of this integer type is.
    #[inline]
    pub const fn value(self, word: u64) -> i128 {
        if self.is_signed() { word as i64 as i128 } else { word as i128 }
    }
}

/// A C type as declared. Names of a manifest's own types have become numbers in [`crate::Interface::types`]; plain
/// typedefs have become what they stand for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum CType {
    /// `T name[length]`, as a member of a record only: a parameter of such a type is a pointer.
    Array {
        /// The element.
        of: Box<CType>,
        /// How many.
        length: u64,
    },
    /// An enumeration: a number with names.
    Enum {
        /// Which.
        id: TypeId,
        /// The number that it is.
        scalar: Scalar,
    },
    /// A function, behind a pointer only.
    Function(Box<Signature>),
    /// A type whose objects stay in the zone ([`TypeKind::Handle`]), behind a pointer only.
    Opaque(TypeId),
    /// A pointer; `constant` says that what it points to is `const`.
    Pointer {
        /// What it points to.
        to: Box<CType>,
        /// The pointee is `const`.
        constant: bool,
    },
    /// A struct or a union, by value or behind a pointer.
    Record {
        /// Which.
        id: TypeId,
        /// How large and how aligned.
        layout: Layout,
    },
    /// A number. `character` remembers a plain `char` (`I8`) and a `wchar_t` (`I32`), pointers to which may be strings.
    Scalar {
        /// Which number.
        scalar: Scalar,
        /// It was written as plain `char` or as `wchar_t`.
        character: bool,
    },
    /// `void`; of a parameter, which is a service's then, that nothing is known of it.
    Void,
    /// A number that takes more than one register.
    Wide(Wide),
}

impl CType {
    /// Size and alignment; `None` for `void`, functions and opaque types.
    pub fn layout(&self) -> Option<Layout> {
        Some(match self {
            Self::Array { of, length } => {
                let of = of.layout()?;
                Layout { size: of.size.checked_mul(*length)?, align: of.align }
            }
            Self::Enum { scalar, .. } | Self::Scalar { scalar, .. } => Layout::of(*scalar),
            Self::Pointer { .. } => Layout::of(Scalar::U64),
            Self::Record { layout, .. } => *layout,
            Self::Wide(wide) => wide.layout(),
            Self::Function(_) | Self::Opaque(_) | Self::Void => return None,
        })
    }

    /// Whether it is a plain `char`.
    pub fn is_char(&self) -> bool {
        matches!(self, Self::Scalar { scalar: Scalar::I8, character: true })
    }

    /// Whether it is a `wchar_t`: a number of four bytes on Linux, each a character of Unicode.
    pub fn is_wide_char(&self) -> bool {
        matches!(self, Self::Scalar { scalar: WIDE_CHARACTER, character: true })
    }

    /// The number it is, if it is one that travels as one word: a scalar or an enumeration.
    pub fn scalar(&self) -> Option<Scalar> {
        match self {
            Self::Enum { scalar, .. } | Self::Scalar { scalar, .. } => Some(*scalar),
            _ => None,
        }
    }

    /// Whether it is a number without a fraction.
    pub fn is_integer(&self) -> bool {
        self.scalar().is_some_and(|scalar| !scalar.is_float())
    }

    /// What it points to, if it is a pointer.
    pub fn pointee(&self) -> Option<&Self> {
        if let Self::Pointer { to, .. } = self { Some(to) } else { None }
    }

    /// The type of the object that it points to, if it is such a pointer.
    pub fn object(&self) -> Option<TypeId> {
        if let Some(Self::Opaque(id)) = self.pointee() { Some(*id) } else { None }
    }
}

/// Size and alignment of a type.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Layout {
    /// In bytes.
    pub size: u64,
    /// In bytes, a power of two.
    pub align: u64,
}

impl Layout {
    /// Of a scalar.
    pub const fn of(scalar: Scalar) -> Self {
        Self { size: scalar.size() as u64, align: scalar.size() as u64 }
    }
}

/// Numbers that take more than one register or more than eight bytes. They travel as their bytes in C.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum Wide {
    /// `float _Complex`
    ComplexF32,
    /// `double _Complex`
    ComplexF64,
    /// `long double _Complex`
    ComplexLong,
    /// `long double`
    LongDouble,
}

impl Wide {
    /// Size and alignment.
    pub const fn layout(self) -> Layout {
        match self {
            Self::ComplexF32 => Layout { size: 8, align: 4 },
            Self::ComplexF64 => Layout { size: 16, align: 8 },
            Self::ComplexLong => Layout { size: 32, align: 16 },
            Self::LongDouble => Layout { size: 16, align: 16 },
        }
    }

    /// Whether Python sees a `complex` instead of a `float`.
    pub const fn is_complex(self) -> bool {
        !matches!(self, Self::LongDouble)
    }
}

/// The types of a function that a pointer leads to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Signature {
    /// The parameters' names (empty where there is none) and types, in C order.
    pub parameters: Vec<(String, CType)>,
    /// The value's type.
    pub result: CType,
}

/// A type's index in [`crate::Interface::types`].
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct TypeId(pub u32);

/// One of a manifest's own types.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Definition {
    /// The name in Python: the key in the manifest.
    pub name: String,
    /// The C text.
    pub declaration: String,
    /// `doc`
    pub doc: Option<String>,
    /// Where `c` stands in the manifest.
    pub declared: Location,
    /// What it is.
    pub kind: TypeKind,
}

/// What kind of type a manifest declares.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum TypeKind {
    /// An enumeration.
    Enum(Enumeration),
    /// Its objects live in the zone; Python holds handles.
    Handle(Handle),
    /// A struct or a union.
    Record(Record),
}

/// `enum`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Enumeration {
    /// The number that it is: `unsigned int`, unless a value is negative or needs more.
    pub scalar: Scalar,
    /// Its values can be combined by `|`: an `IntFlag` in Python instead of an `IntEnum`.
    pub flags: bool,
    /// Names and values.
    pub values: Vec<(String, i128)>,
}

/// A type whose objects live in the zone.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Handle {
    /// The function that ends an object: it takes the pointer and nothing else. `None` for borrowed ones only.
    pub free: Option<crate::FunctionId>,
    /// The handle type whose objects own these: an owner's objects are closed before it is.
    pub owner: Option<TypeId>,
    /// How many of them one client may have at once.
    pub max_live: u32,
    /// The library counts references: each time that it returns an object, one more reference has to be freed.
    pub refcounted: bool,
    /// Its objects are thread-affine: only the thread that made them may use them.
    pub thread_affine: bool,
}

/// `struct` or `union`, laid out as the C compiler does.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Record {
    /// All members start at offset 0: a union.
    pub union: bool,
    /// Size and alignment of the whole record.
    pub layout: Layout,
    /// In C order.
    pub members: Vec<Member>,
    /// Of a union: the member that is read and written when no other is named.
    pub live: Option<usize>,
    /// Bit-fields without a name, of width 1 and more: offset of the unit, and bits, as of a [`Member`]. Nobody reads or
    /// writes them, and gcc counts them as integers when it passes the record by value.
    pub unnamed: Vec<(u64, Bits)>,
}

impl Record {
    /// The struct or union of that number, if it is one.
    pub fn of(types: &[Definition], id: TypeId) -> Option<&Self> {
        match &types.get(id.0 as usize)?.kind {
            TypeKind::Record(record) => Some(record),
            TypeKind::Enum(_) | TypeKind::Handle(_) => None,
        }
    }
}

/// One member of a record.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its type.
    pub c_type: CType,
    /// Where it stands, in bytes. For a bit-field: where its storage unit does.
    pub offset: u64,
    /// Of a bit-field.
    pub bits: Option<Bits>,
    /// What becomes of it in Python.
    pub role: MemberRole,
}

/// Which bits of a record a bit-field stands in, counted from its member's `offset`. Unless it is packed, these lie in one
/// number of the size of its type at that offset; [`crate::layout`] says what packed ones do, and `load` and `store` there are
/// right for all.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Bits {
    /// From the least significant bit.
    pub shift: u32,
    /// How many.
    pub width: u32,
}

/// Where a number stands in a record.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct NumberPlace {
    /// In bytes. For a bit-field: where its storage unit does.
    pub offset: u64,
    /// Its type.
    pub scalar: Scalar,
    /// Of a bit-field.
    pub bits: Option<Bits>,
}

impl NumberPlace {
    /// Where a member's number stands, in a record that begins at `base` bytes; `None` if it is no number that travels as one
    /// word.
    pub fn of(member: &Member, base: u64) -> Option<Self> {
        let (offset, scalar) = (base.checked_add(member.offset)?, member.c_type.scalar()?);
        Some(Self { offset, scalar, bits: member.bits })
    }

    /// The integer there in a record's bytes; `None` for `float` and `double`, and if it stands outside of them.
    pub fn integer(self, record: &[u8]) -> Option<i128> {
        if self.scalar.is_float() {
            return None;
        }
        let whole = Bits { shift: 0, width: 8 * self.scalar.size() as u32 };
        let value = self.bits.unwrap_or(whole).load(record, self.offset, self.scalar.is_signed())?;
        // Whatever is not zero is true in C.
        Some(if self.scalar == Scalar::Bool { i128::from(value != 0) } else { value })
    }

    /// The floating-point number there in a record's bytes; `None` for integers, and if it stands outside of them.
    pub fn real(self, record: &[u8]) -> Option<f64> {
        let start = usize::try_from(self.offset).ok()?;
        let bytes = record.get(start..start.checked_add(self.scalar.size())?)?;
        match self.scalar {
            Scalar::F32 => Some(f32::from_le_bytes(bytes.try_into().ok()?).into()),
            Scalar::F64 => Some(f64::from_le_bytes(bytes.try_into().ok()?)),
            _ => None,
        }
    }
}

/// What becomes of a member in Python.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum MemberRole {
    /// A pointer to an object of the zone: a handle, borrowed from the zone on the way out.
    Handle {
        /// Its type.
        id: TypeId,
        /// May be `None`.
        null: bool,
    },
    /// Python does not see it: zero on the way in, dropped on the way out. So is every pointer for which the manifest says
    /// nothing else.
    Hidden,
    /// A `char *`: copied, with its NUL, on both ways.
    Text {
        /// `bytes` instead of `str`.
        bytes: bool,
        /// May be `None`.
        null: bool,
    },
    /// A `char` array that holds a string: `str` instead of `bytes`, up to the first NUL.
    TextArray,
    /// A union whose live member follows from another member of the same struct.
    Union {
        /// The other member.
        by: usize,
        /// Its value, and the union's member that is live then.
        cases: Vec<(i128, usize)>,
    },
    /// A value: a number, an enumeration, a record, an array of them.
    Value,
}

/// Where a declaration stands in a manifest, as people count: from 1.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Location {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

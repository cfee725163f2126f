//! The typedef names of the C library, as glibc on LP64 defines them.

use super::tree::UnqualifiedType;
use cloison_contract::spelling::did_you_mean;
use cloison_contract::types::{Scalar, WIDE_CHARACTER};

/// Each name and what it stands for.
const NUMBERS: &[(&str, Scalar)] = &[
    ("size_t", Scalar::U64),
    ("ssize_t", Scalar::I64),
    ("ptrdiff_t", Scalar::I64),
    ("intptr_t", Scalar::I64),
    ("uintptr_t", Scalar::U64),
    ("intmax_t", Scalar::I64),
    ("uintmax_t", Scalar::U64),
    ("int8_t", Scalar::I8),
    ("int16_t", Scalar::I16),
    ("int32_t", Scalar::I32),
    ("int64_t", Scalar::I64),
    ("uint8_t", Scalar::U8),
    ("uint16_t", Scalar::U16),
    ("uint32_t", Scalar::U32),
    ("uint64_t", Scalar::U64),
    ("int_least8_t", Scalar::I8),
    ("int_least16_t", Scalar::I16),
    ("int_least32_t", Scalar::I32),
    ("int_least64_t", Scalar::I64),
    ("uint_least8_t", Scalar::U8),
    ("uint_least16_t", Scalar::U16),
    ("uint_least32_t", Scalar::U32),
    ("uint_least64_t", Scalar::U64),
    ("int_fast8_t", Scalar::I8),
    ("int_fast16_t", Scalar::I64),
    ("int_fast32_t", Scalar::I64),
    ("int_fast64_t", Scalar::I64),
    ("uint_fast8_t", Scalar::U8),
    ("uint_fast16_t", Scalar::U64),
    ("uint_fast32_t", Scalar::U64),
    ("uint_fast64_t", Scalar::U64),
    // POSIX
    ("off_t", Scalar::I64),
    ("off64_t", Scalar::I64),
    ("loff_t", Scalar::I64),
    ("time_t", Scalar::I64),
    ("suseconds_t", Scalar::I64),
    ("useconds_t", Scalar::U32),
    ("clock_t", Scalar::I64),
    ("clockid_t", Scalar::I32),
    ("pid_t", Scalar::I32),
    ("uid_t", Scalar::U32),
    ("gid_t", Scalar::U32),
    ("id_t", Scalar::U32),
    ("mode_t", Scalar::U32),
    ("dev_t", Scalar::U64),
    ("ino_t", Scalar::U64),
    ("blksize_t", Scalar::I64),
    ("blkcnt_t", Scalar::I64),
    ("socklen_t", Scalar::U32),
    ("sa_family_t", Scalar::U16),
    ("in_addr_t", Scalar::U32),
    ("in_port_t", Scalar::U16),
    ("key_t", Scalar::I32),
    // Characters
    ("wint_t", Scalar::U32),
    ("char8_t", Scalar::U8),
    ("char16_t", Scalar::U16),
    ("char32_t", Scalar::U32),
    // BSD
    ("u_char", Scalar::U8),
    ("u_short", Scalar::U16),
    ("u_int", Scalar::U32),
    ("u_long", Scalar::U64),
    ("u_int8_t", Scalar::U8),
    ("u_int16_t", Scalar::U16),
    ("u_int32_t", Scalar::U32),
    ("u_int64_t", Scalar::U64),
    ("uchar", Scalar::U8),
    ("ushort", Scalar::U16),
    ("uint", Scalar::U32),
    ("ulong", Scalar::U64),
    // <math.h>: `float_t` and `double_t` are `float` and `double` where floating-point arithmetic has no excess precision.
    ("float_t", Scalar::F32),
    ("double_t", Scalar::F64),
];

/// What a name stands for.
pub(super) fn find(name: &str) -> Option<UnqualifiedType> {
    if name == "wchar_t" {
        return Some(UnqualifiedType::Scalar { scalar: WIDE_CHARACTER, character: true });
    }
    let scalar = NUMBERS.iter().find(|(known, _)| *known == name).map(|(_, scalar)| *scalar);
    scalar.map(|scalar| UnqualifiedType::Scalar { scalar, character: false })
}

/// Advice for a name that stands for nothing.
pub(super) fn hint(name: &str) -> String {
    let by_library = match name {
        "va_list" | "__builtin_va_list" => {
            return "a list of arguments is nothing outside of C: of a function, bind the one with `...` that goes with it; of \
                    a callback, write a C function that makes a text of it (`vsnprintf`) and calls a callback with that"
                .to_owned();
        }
        "FILE" | "DIR" => {
            let tag = if name == "FILE" { "_IO_FILE" } else { "__dirstream" };
            return format!(
                "its objects stay in the library: [types.{name}] with c = \"typedef struct {tag} {name};\" and handle = true"
            );
        }
        "Byte" | "Bytef" => Some("unsigned char"),
        "uInt" | "uIntf" | "guint" | "GLuint" | "UINT" | "DWORD" => Some("unsigned int"),
        "uLong" | "uLongf" | "gulong" => Some("unsigned long"),
        "string" => Some("const char *"),
        "byte" | "BYTE" | "guint8" | "GLubyte" => Some("unsigned char"),
        "gint" | "gboolean" | "GLint" | "BOOL" | "INT" => Some("int"),
        "gsize" => Some("size_t"),
        "i8" | "s8" => Some("int8_t"),
        "i16" | "s16" => Some("int16_t"),
        "i32" | "s32" => Some("int32_t"),
        "i64" | "s64" => Some("int64_t"),
        "u8" => Some("uint8_t"),
        "u16" => Some("uint16_t"),
        "u32" => Some("uint32_t"),
        "u64" => Some("uint64_t"),
        "Bool" | "boolean" => Some("bool"),
        "f32" => Some("float"),
        "f64" => Some("double"),
        _ => None,
    };
    if let Some(plain) = by_library {
        return format!(
            "a library's own name for a type must be spelled out: `{plain}`; or declared: [types.{name}] with \
             c = \"typedef {plain} {name};\""
        );
    }
    let words =
        ["unsigned", "signed", "char", "short", "long", "int", "float", "double", "void", "bool", "const", "struct"];
    match did_you_mean(name, NUMBERS.iter().map(|(known, _)| *known).chain(words)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "a macro such as an export mark must be left out; a library's own name for a type is declared: \
                 [types.NAME] with c = \"typedef … NAME;\""
            .to_owned(),
    }
}

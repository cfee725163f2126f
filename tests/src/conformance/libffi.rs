//! libffi's own test suite, which comes inside the crate `libffi-sys`. Nothing of it is copied here: the sources are
//! read where cargo has put them, and compiled at test time.

use super::random::Random;
use super::reader::Reader;
use super::suite::Suite;
use super::types::Function;
use super::values::Size;
use std::path::PathBuf;

/// What the sources want of the headers that they would include. Their own checks are for the values of the original
/// tests; here the compiler's answers are compared. What they print is part of what C heard.
const PROLOGUE: &str = r#"
#include <complex.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#define CHECK(x) ((void)(x))
#define CHECK_FLOAT_EQ(x, y) ((void)0)
#define CHECK_DOUBLE_EQ(x, y) ((void)0)
typedef uint32_t UINT32;
typedef uint64_t UINT64;
#define creal(c) ((double)__real__ (c))
#define cimag(c) ((double)__imag__ (c))
#define PRIdLL "lld"
#define PRIuLL "llu"
#define printf put
#define puts put
#define fprintf(stream, ...) put(__VA_ARGS__)
#define fflush(stream)
"#;

/// The folder of the test suite.
pub fn folder() -> PathBuf {
    let metadata = crate::cargo::metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let package = packages.iter().find(|package| package["name"] == "libffi-sys").expect("libffi-sys");
    let manifest = PathBuf::from(package["manifest_path"].as_str().expect("a path"));
    manifest.parent().expect("a folder").join("libffi/testsuite")
}

/// Takes the sources' macros back.
const EPILOGUE: &str =
    "\n#undef printf\n#undef puts\n#undef fprintf\n#undef fflush\n#undef CHECK\n#undef creal\n#undef cimag\n#undef I\n";

/// What came of the test suite.
pub struct Adapted {
    /// The calls.
    pub suite: Suite,
    /// How many functions are called.
    pub functions: usize,
    /// Functions that are not, and why.
    pub left_out: Vec<(String, String)>,
}

/// `libffi.bhaible/testcases.c`
pub fn bhaible() -> Adapted {
    adapt(&["libffi.bhaible"], |stem| if stem == "testcases" { Some(String::new()) } else { None })
}

/// The sources of the other folders.
pub fn others() -> Adapted {
    let left_out = |stem: &str| LEFT_OUT.iter().any(|(name, _)| *name == stem);
    adapt(&["libffi.call", "libffi.closures", "libffi.complex"], |stem| (!left_out(stem)).then(|| format!("{stem}_")))
}

/// Read the sources that have a prefix.
fn adapt(folders: &[&str], prefix: impl Fn(&str) -> Option<String>) -> Adapted {
    let mut reader = Reader::new(FORMS);
    let mut text = PROLOGUE.to_owned();
    let (mut functions, mut pointers, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    for path in folders.iter().flat_map(|folder| sources(folder)) {
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let Some(prefix) = prefix(&stem) else { continue };
        let source = reader.read(&path, &prefix);
        text += &source.text;
        functions.extend(source.functions);
        pointers.extend(source.pointers);
        left_out.extend(source.left_out);
    }
    let mut suite = Suite::of_source(reader.types, &(text + EPILOGUE));
    let random = &mut Random::new(6);
    let count = functions.len() + pointers.len();
    for function in functions {
        suite.bind(&function);
        calls(&mut suite, random, &function);
    }
    for function in pointers {
        let value = suite.types.value(random, Size::Small, &function.result);
        suite.speaking(&function, &value);
        calls(&mut suite, random, &function);
    }
    Adapted { suite, functions: count, left_out }
}

/// As a call, and as a callback.
fn calls(suite: &mut Suite, random: &mut Random, function: &Function) {
    let arguments: Vec<Vec<_>> = (0..2)
        .map(|_| function.parameters.iter().map(|of| suite.types.value(random, Size::Small, of)).collect())
        .collect();
    for arguments in &arguments {
        suite.call(function, &function.name, arguments);
    }
    if function.variadic.is_none() {
        suite.relay(function, &arguments);
    }
}

fn sources(name: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder().join(name)).expect("the test suite").flatten();
    let mut paths: Vec<_> =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "c")).collect();
    paths.sort();
    paths
}

/// Sources that are not read, and why. (Other folders: `libffi.go` calls through a static chain, `libffi.threads` is for a
/// sanitizer; neither has functions of its own. `*.cc` throw C++ exceptions through C.)
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("align_stdcall", "Windows only: the same functions as align_mixed"),
    ("float_va", "its first argument says how many others there are, so that one form cannot have all values"),
    ("complex_int", "`_Complex int` is no C, and ours has no such type"),
    ("longjmp", "its functions do not return"),
];

/// Functions with addresses among their arguments, or in a struct among them. Python has none to pass; and what these
/// functions do with them is to print them, to count a string, or to call a function without arguments.
pub const POINTERS: &[&str] = &[
    "callback2_struct12",
    "callback3_struct12",
    "callback4_struct12",
    "callback_struct12",
    "cls_align_pointer_cls_struct_align_fn",
    "cls_complex_va_double_cls_variadic",
    "cls_complex_va_float_cls_variadic",
    "cls_complex_va_longdouble_cls_variadic",
    "cls_longdouble_va_wrap_printf",
    "cls_pointer_cls_pointer_fn",
    "cls_pointer_stack_cls_pointer_fn1",
    "cls_pointer_stack_cls_pointer_fn2",
    "complex_double_f_complex",
    "complex_float_f_complex",
    "complex_longdouble_f_complex",
    "huge_struct_test_large_fn",
    "pr1172638_pr_test",
    "pyobjc_tc_doit",
    "strlen2_my_f",
    "strlen3_my_f",
    "strlen4_my_f",
    "strlen_my_strlen",
    "vp_vpdpcpsp",
    "x32_fn",
];

/// The types behind `...`, where a source has one form of them.
const FORMS: &[(&str, &str)] = &[
    (
        "va_2_test_fn",
        concat!(
            "struct va_2_small_tag, struct va_2_large_tag, struct va_2_small_tag, unsigned, signed, unsigned, signed, ",
            "unsigned, signed, unsigned long, signed long, double, double"
        ),
    ),
    (
        "va_3_test_fn",
        "unsigned, signed, unsigned, signed, unsigned, signed, unsigned long, signed long, double, double",
    ),
    ("va_struct1_test_fn", "struct va_struct1_small_tag, struct va_struct1_large_tag, struct va_struct1_small_tag"),
    ("va_struct2_test_fn", "struct va_struct2_small_tag, struct va_struct2_large_tag, struct va_struct2_small_tag"),
    ("va_struct3_test_fn", "struct va_struct3_small_tag, struct va_struct3_large_tag, struct va_struct3_small_tag"),
];

//! Conformance: does C get what Python passes, and Python what C returns, for everything that C can pass?
//!
//! The answers are the C compiler's own. A generator writes a library, whose functions say what they were given, and a
//! native program that calls them; then Python makes the same calls through a zone, and every line must be equal. Nothing
//! here knows a size, an offset or a register.
//!
//! ```text
//!  types, values ──▶ library.c ──▶ cc ──▶ library.so ◀── library.zone.toml ◀── types
//!                        │                     ▲
//!                        ▼                     │ zone
//!                    native.c ──▶ cc ──▶ lines = lines ◀── conformance.py, with the calls on standard input
//! ```
//!
//! A line is the call's result, what C heard, and what callbacks heard. Each function is called directly and, as
//! `relay_…`, as a callback: C calls the Python callable with the arguments, and that calls the function from inside.
//!
//! | module | subject |
//! |---|---|
//! | [`types`](self), `values` | C types and values, and how C and Python write them |
//! | `shapes` | which records are tried |
//! | [`generate`] | the libraries |
//! | `native`, `manifest` | the C side and the manifest |
//! | [`suite`](Suite) | making and comparing the calls |
//! | [`libffi`], `reader`, `tokens` | libffi's own test suite |
//!
//! With `CLOISON_KEEP_CONFORMANCE=FOLDER` in the environment, a run leaves what it generated in that folder.
//!
//! # What is left out, and why
//!
//! Of libffi's test suite: [`libffi::LEFT_OUT`] for whole files, [`libffi::POINTERS`] for functions. They have addresses in
//! their arguments, which Python never has; pointers of every declared kind are tried in [`generate::pointers`] and in the
//! tests called `surface` and `bindings`.
//!
//! Of CPython's tests of ctypes, written anew where they make sense:
//!
//! | subject there | here |
//! |---|---|
//! | C functions with each type at its limits | [`generate::scalars`] |
//! | structs by value, bit-fields, unions, anonymous parts of arrays | [`generate::records`], [`generate::pointers`] |
//! | many arguments, `long double`, variadic calls | [`generate::mixed`], [`generate::variadics`] |
//! | callbacks: each type, exceptions inside, `qsort` | all of the above, `surface`, `bindings` |
//! | pointers as results, out and in-out arguments, arrays, strings, `errno` | `surface`, `bindings` |
//! | `POINTER`, `cast`, `addressof`, `from_address`, `from_buffer`, `_objects`, `resize`, `byref` offsets | none: addresses never reach Python |
//! | functions that return functions, `PYFUNCTYPE`, `py_object`, `pythonapi` | none: what a zone loads knows no Python |
//! | `find_library`, `dlopen` flags, `dlsym`, variables of a library (`in_dll`) | none: the manifest says which library, and only functions are offered |
//! | big-endian structs | none: no C compiler of this ABI has them |
//! | reference counts, free-threading, metaclasses, `repr` of ctypes' classes | none: about ctypes' own objects |
//! | Windows: `WinError`, COM, `stdcall`, `HRESULT` | none: Linux only |

pub mod generate;
pub mod libffi;
mod manifest;
mod native;
mod random;
mod reader;
mod shapes;
mod suite;
mod tokens;
mod types;
mod values;

pub use suite::Suite;

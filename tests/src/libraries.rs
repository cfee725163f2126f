//! Libraries that a machine may have or not.

use std::ffi::CStr;
use std::io::Write;

/// Whether the machine has the library that a test is about. What is not tested is said past the harness, which shows only
/// what failing tests print.
pub fn has(soname: &CStr) -> bool {
    // SAFETY: a library of the system's, whose constructors any program may run.
    let there = !unsafe { libc::dlopen(soname.as_ptr(), libc::RTLD_LAZY) }.is_null();
    if !there {
        let _ = writeln!(std::io::stderr(), "not tested: there is no {}", soname.to_string_lossy());
    }
    there
}

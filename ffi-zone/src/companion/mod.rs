//! Functions beside a library's own: what would be a few lines of C around it, for manifests that come with Cloison.
//!
//! A crossing of the wall costs microseconds, and some libraries give what they have in pieces of nanoseconds: a column of a row. A
//! companion makes many such calls in one. It has the rights of the library that it stands beside, and no others: it is found
//! when the library has been loaded, by names that no library has, and it calls what `dlsym` finds there.
//!
//! | module | library |
//! |---|---|
//! | [`sqlite3`] | `libsqlite3.so.0` |

pub mod sqlite3;

use crate::native::ffi::Code;
use std::ffi::c_void;

/// Whether a function of that name is one of a companion's.
pub fn is_companion(symbol: &str) -> bool {
    symbol.starts_with(cloison_contract::sqlite::COMPANION)
}

/// The companion's function of that name, if the library has what it needs; `find` is `dlsym`.
pub(crate) fn symbol(name: &str, find: &dyn Fn(&str) -> Option<*const c_void>) -> Option<Code> {
    sqlite3::symbol(name, find)
}

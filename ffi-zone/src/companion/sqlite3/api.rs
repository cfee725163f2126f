//! What the companion calls of SQLite: the prototypes of `sqlite3.h`.

use std::ffi::{c_char, c_int, c_longlong, c_uchar, c_uint, c_ulonglong, c_void};
use std::sync::OnceLock;

/// `sqlite3`
pub enum Database {}
/// `sqlite3_stmt`
pub enum Statement {}
/// `sqlite3_context`
pub enum CallContext {}
/// `sqlite3_value`
pub enum GivenValue {}

pub type Destroy = Option<unsafe extern "C" fn(*mut c_void)>;
pub type OnValues = Option<unsafe extern "C" fn(*mut CallContext, c_int, *mut *mut GivenValue)>;
pub type OnContext = Option<unsafe extern "C" fn(*mut CallContext)>;
pub type Compare = Option<unsafe extern "C" fn(*mut c_void, c_int, *const c_void, c_int, *const c_void) -> c_int>;
pub type Authorize = Option<
    unsafe extern "C" fn(*mut c_void, c_int, *const c_char, *const c_char, *const c_char, *const c_char) -> c_int,
>;
pub type OnProgress = Option<unsafe extern "C" fn(*mut c_void) -> c_int>;
pub type Trace = Option<unsafe extern "C" fn(c_uint, *mut c_void, *mut c_void, *mut c_void) -> c_int>;

/// Makes a table of addresses out of prototypes.
macro_rules! api {
    ($($name:ident: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// Addresses of SQLite's functions.
        pub struct Api {
            $(pub $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl Api {
            /// All of them, by `dlsym`; `None` if one is missing.
            fn find(find: &dyn Fn(&str) -> Option<*const c_void>) -> Option<Self> {
                // SAFETY: a function of that name in `libsqlite3` has that prototype, and the library stays loaded. That it is
                // that library says the manifest, whose author vouches for the prototypes of all other functions as well.
                $(let $name = unsafe {
                    std::mem::transmute::<*const c_void, unsafe extern "C" fn($($argument),*) $(-> $result)?>(
                        find(concat!("sqlite3_", stringify!($name)))?,
                    )
                };)*
                Some(Self { $($name),* })
            }
        }
    };
}

api! {
    aggregate_context: fn(*mut CallContext, c_int) -> *mut c_void;
    bind_blob: fn(*mut Statement, c_int, *const c_void, c_int, isize) -> c_int;
    bind_double: fn(*mut Statement, c_int, f64) -> c_int;
    bind_int64: fn(*mut Statement, c_int, c_longlong) -> c_int;
    bind_null: fn(*mut Statement, c_int) -> c_int;
    bind_parameter_count: fn(*mut Statement) -> c_int;
    bind_parameter_name: fn(*mut Statement, c_int) -> *const c_char;
    bind_text: fn(*mut Statement, c_int, *const c_char, c_int, isize) -> c_int;
    bind_zeroblob: fn(*mut Statement, c_int, c_int) -> c_int;
    busy_timeout: fn(*mut Database, c_int) -> c_int;
    changes: fn(*mut Database) -> c_int;
    close_v2: fn(*mut Database) -> c_int;
    column_blob: fn(*mut Statement, c_int) -> *const c_void;
    column_bytes: fn(*mut Statement, c_int) -> c_int;
    column_count: fn(*mut Statement) -> c_int;
    column_decltype: fn(*mut Statement, c_int) -> *const c_char;
    column_double: fn(*mut Statement, c_int) -> f64;
    column_int64: fn(*mut Statement, c_int) -> c_longlong;
    column_name: fn(*mut Statement, c_int) -> *const c_char;
    column_text: fn(*mut Statement, c_int) -> *const c_uchar;
    column_type: fn(*mut Statement, c_int) -> c_int;
    create_collation_v2: fn(*mut Database, *const c_char, c_int, *mut c_void, Compare, Destroy) -> c_int;
    create_function_v2: fn(*mut Database, *const c_char, c_int, c_int, *mut c_void, OnValues, OnValues, OnContext, Destroy) -> c_int;
    create_window_function: fn(*mut Database, *const c_char, c_int, c_int, *mut c_void, OnValues, OnContext, OnContext, OnValues, Destroy) -> c_int;
    data_count: fn(*mut Statement) -> c_int;
    db_handle: fn(*mut Statement) -> *mut Database;
    deserialize: fn(*mut Database, *const c_char, *mut c_uchar, c_longlong, c_longlong, c_uint) -> c_int;
    errcode: fn(*mut Database) -> c_int;
    errmsg: fn(*mut Database) -> *const c_char;
    expanded_sql: fn(*mut Statement) -> *mut c_char;
    extended_errcode: fn(*mut Database) -> c_int;
    finalize: fn(*mut Statement) -> c_int;
    free: fn(*mut c_void);
    get_autocommit: fn(*mut Database) -> c_int;
    last_insert_rowid: fn(*mut Database) -> c_longlong;
    malloc64: fn(c_ulonglong) -> *mut c_void;
    open_v2: fn(*const c_char, *mut *mut Database, c_int, *const c_char) -> c_int;
    prepare_v3: fn(*mut Database, *const c_char, c_int, c_uint, *mut *mut Statement, *mut *const c_char) -> c_int;
    progress_handler: fn(*mut Database, c_int, OnProgress, *mut c_void);
    reset: fn(*mut Statement) -> c_int;
    result_blob: fn(*mut CallContext, *const c_void, c_int, isize);
    result_double: fn(*mut CallContext, f64);
    result_error: fn(*mut CallContext, *const c_char, c_int);
    result_error_nomem: fn(*mut CallContext);
    result_error_toobig: fn(*mut CallContext);
    result_int64: fn(*mut CallContext, c_longlong);
    result_null: fn(*mut CallContext);
    result_text: fn(*mut CallContext, *const c_char, c_int, isize);
    set_authorizer: fn(*mut Database, Authorize, *mut c_void) -> c_int;
    step: fn(*mut Statement) -> c_int;
    stmt_readonly: fn(*mut Statement) -> c_int;
    trace_v2: fn(*mut Database, c_uint, Trace, *mut c_void) -> c_int;
    user_data: fn(*mut CallContext) -> *mut c_void;
    txn_state: fn(*mut Database, *const c_char) -> c_int;
    value_blob: fn(*mut GivenValue) -> *const c_void;
    value_bytes: fn(*mut GivenValue) -> c_int;
    value_double: fn(*mut GivenValue) -> f64;
    value_int64: fn(*mut GivenValue) -> c_longlong;
    value_text: fn(*mut GivenValue) -> *const c_uchar;
    value_type: fn(*mut GivenValue) -> c_int;
}

static API: OnceLock<Api> = OnceLock::new();

/// Finds everything, once.
pub fn find(find: &dyn Fn(&str) -> Option<*const c_void>) -> Option<&'static Api> {
    match API.get() {
        Some(api) => Some(api),
        None => Api::find(find).map(|found| API.get_or_init(|| found)),
    }
}

/// What was found. No function of the companion has an address before it was.
pub fn api() -> &'static Api {
    match API.get() {
        Some(api) => api,
        None => std::process::abort(),
    }
}

/// `SQLITE_TRANSIENT`: SQLite makes a copy before it returns.
pub const TRANSIENT: isize = -1;
pub const OK: c_int = 0;
pub const BUSY: c_int = 5;
pub const NOMEM: c_int = 7;
pub const TOOBIG: c_int = 18;
pub const MISUSE: c_int = 21;
pub const ROW: c_int = 100;
pub const DONE: c_int = 101;
pub const INTEGER: c_int = 1;
pub const FLOAT: c_int = 2;
pub const TEXT: c_int = 3;
pub const BLOB: c_int = 4;

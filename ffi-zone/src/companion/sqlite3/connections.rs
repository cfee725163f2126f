//! Connections: opened, asked what went wrong, and given whole scripts.

use super::api::{self, Database, Statement, api};
use super::{asking, fill, text, view};
use std::ffi::{c_char, c_int, c_longlong, c_uint, c_ulong, c_void};

/// The functions here, by name.
pub(super) fn address(name: &str) -> Option<*const c_void> {
    Some(match name {
        "open" => open as *const c_void,
        "close" => close as *const c_void,
        "error" => error as *const c_void,
        "run" => run as *const c_void,
        "script" => script as *const c_void,
        "deserialize" => deserialize as *const c_void,
        _ => return None,
    })
}

/// `int open(const char *path, int flags, int timeout, sqlite3 **db)`: what SQLite would put into temporary files stays in memory, as
/// there is no folder for them.
unsafe extern "C" fn open(path: *const c_char, flags: c_int, timeout: c_int, db: *mut *mut Database) -> c_int {
    // A file that would become too large is an error of SQLite's then, and not the end of the process.
    // SAFETY: no handler is installed that could run.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    // SAFETY: by the manifest.
    unsafe {
        let code = (api().open_v2)(path, db, flags, std::ptr::null());
        if code == api::OK {
            (api().busy_timeout)(*db, timeout);
            execute(*db, c"PRAGMA temp_store = MEMORY");
            let forgotten = forget_native_code(*db);
            if forgotten != api::OK {
                (api().close_v2)(*db);
                db.write(std::ptr::null_mut());
                return forgotten;
            }
        }
        code
    }
}

/// Takes away the functions of SQL that are about machine code: `fts3_tokenizer` gives its addresses and calls what it is told to be
/// some, so that whoever writes SQL would choose what runs here. Tokenizers that are there keep working.
///
/// # Safety
///
/// A connection that lives.
unsafe fn forget_native_code(db: *mut Database) -> c_int {
    const UTF8: c_int = 1;
    for name in [c"fts3_tokenizer", c"load_extension"] {
        for arguments in [1, 2] {
            let none = std::ptr::null_mut();
            // SAFETY: the caller's promise. Without any function, the one of that name and count is gone.
            let code =
                unsafe { (api().create_function_v2)(db, name.as_ptr(), arguments, UTF8, none, None, None, None, None) };
            if code != api::OK {
                return code;
            }
        }
    }
    api::OK
}

/// `int close(sqlite3 *db)`
unsafe extern "C" fn close(db: *mut Database) -> c_int {
    // SAFETY: by the manifest.
    let code = unsafe { (api().close_v2)(db) };
    asking::forget(db);
    code
}

/// `int error(sqlite3 *db, int *extended, unsigned char *message, unsigned long room, unsigned long *used)`: what went wrong last.
unsafe extern "C" fn error(
    db: *mut Database,
    extended: *mut c_int,
    message: *mut u8,
    room: c_ulong,
    used: *mut c_ulong,
) -> c_int {
    // SAFETY: by the manifest.
    unsafe {
        extended.write((api().extended_errcode)(db));
        used.write(fill(message, room, text((api().errmsg)(db)).unwrap_or_default()));
        (api().errcode)(db)
    }
}

/// `int run(sqlite3 *db, const char *sql, int when)`: runs one statement; always (0), inside of a transaction only (1), or outside (2).
unsafe extern "C" fn run(db: *mut Database, sql: *const c_char, when: c_int) -> c_int {
    // SAFETY: by the manifest.
    unsafe {
        let outside = (api().get_autocommit)(db) != 0;
        match (when, outside) {
            (1, true) | (2, false) => api::OK,
            _ => one(db, sql),
        }
    }
}

/// `int script(sqlite3 *db, const char *sql)`: runs all statements.
unsafe extern "C" fn script(db: *mut Database, sql: *const c_char) -> c_int {
    let api = api();
    // SAFETY: by the manifest; `rest` stays in the text, which ends with a zero.
    unsafe {
        let mut rest = sql;
        while *rest != 0 {
            let mut statement: *mut Statement = std::ptr::null_mut();
            let mut tail = rest;
            let code = (api.prepare_v3)(db, rest, -1, 0, &mut statement, &mut tail);
            if code != api::OK {
                return code;
            }
            while (api.step)(statement) == api::ROW {}
            let code = (api.finalize)(statement);
            if code != api::OK {
                return code;
            }
            if tail == rest {
                break;
            }
            rest = tail;
        }
    }
    api::OK
}

/// `int deserialize(sqlite3 *db, const char *name, const unsigned char *data, unsigned long size)`: SQLite gets memory of its own.
unsafe extern "C" fn deserialize(db: *mut Database, name: *const c_char, data: *const u8, size: c_ulong) -> c_int {
    const FREE_ON_CLOSE: c_uint = 1;
    const RESIZEABLE: c_uint = 2;
    // SAFETY: by the manifest.
    unsafe {
        // SQLite does not look whether a statement is reading what it would replace.
        if (api().txn_state)(db, name) > 0 {
            return api::BUSY;
        }
        let memory: *mut u8 = (api().malloc64)(size.max(1)).cast();
        if memory.is_null() {
            return api::NOMEM;
        }
        fill(memory, size, view(data, size));
        let size = size as c_longlong;
        (api().deserialize)(db, name, memory, size, size, FREE_ON_CLOSE | RESIZEABLE)
    }
}

/// Begins a transaction, if that is asked for and there is none.
///
/// # Safety
///
/// A connection that lives; NULL or a text.
pub(super) unsafe fn begin(db: *mut Database, sql: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        match sql.is_null() || (api().get_autocommit)(db) == 0 {
            true => api::OK,
            false => one(db, sql),
        }
    }
}

/// Runs one statement to its end.
///
/// # Safety
///
/// A connection that lives.
unsafe fn execute(db: *mut Database, sql: &std::ffi::CStr) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { one(db, sql.as_ptr()) }
}

unsafe fn one(db: *mut Database, sql: *const c_char) -> c_int {
    let mut statement: *mut Statement = std::ptr::null_mut();
    // SAFETY: the caller's promise.
    unsafe {
        let code = (api().prepare_v3)(db, sql, -1, 0, &mut statement, std::ptr::null_mut());
        if code != api::OK {
            return code;
        }
        while (api().step)(statement) == api::ROW {}
        (api().finalize)(statement)
    }
}

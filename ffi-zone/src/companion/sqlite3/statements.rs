//! Statements: prepared with all that is to be known of them, and run with many rows at a time.

use super::api::{self, Database, Statement, api};
use super::{asking, connections, fill, text, view};
use cloison_contract::sqlite::SqlValue;
use std::ffi::{c_char, c_int, c_longlong, c_ulong, c_void};
use std::time::{Duration, Instant};

/// The functions here, by name.
pub(super) fn address(name: &str) -> Option<*const c_void> {
    Some(match name {
        "prepare" => prepare as *const c_void,
        "describe" => describe as *const c_void,
        "execute" => execute as *const c_void,
        "execute_many" => execute_many as *const c_void,
        "fetch" => fetch as *const c_void,
        _ => return None,
    })
}

/// How long rows are read ahead of the program that wants the first one. Tests say how many they want, however little processor they get.
const AHEAD: Duration = if cfg!(test) { Duration::MAX } else { Duration::from_millis(1) };

/// What a run of a statement says besides its code.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StatementRun {
    /// How many rows were put, or how many sets of parameters were run.
    pub(super) count: c_longlong,
    /// How many bytes the next row needs, if it does not fit; it is the first of the next `fetch` that says `held`.
    pub(super) held: c_longlong,
    /// How many rows the statement has changed.
    pub(super) changes: c_longlong,
    /// The rowid of the last insertion.
    pub(super) last_row: c_longlong,
    /// How many columns there are.
    pub(super) columns: c_longlong,
    /// Whether there is a transaction.
    pub(super) inside: c_longlong,
}

/// `int prepare(sqlite3 *db, const char *sql, sqlite3_stmt **stmt, unsigned long *tail)`; `tail` is where the rest of the text begins.
pub(super) unsafe extern "C" fn prepare(
    db: *mut Database,
    sql: *const c_char,
    statement: *mut *mut Statement,
    tail: *mut c_ulong,
) -> c_int {
    let mut rest = sql;
    // SAFETY: by the manifest.
    unsafe {
        let code = (api().prepare_v3)(db, sql, -1, 0, statement, &mut rest);
        tail.write(rest.offset_from(sql) as c_ulong);
        code
    }
}

/// `int describe(sqlite3_stmt *stmt, unsigned char *out, unsigned long room, unsigned long *used)`: whether it only reads, how many
/// parameters there are, their names, how many columns there are, of each its name and its declared type.
unsafe extern "C" fn describe(statement: *mut Statement, out: *mut u8, room: c_ulong, used: *mut c_ulong) -> c_int {
    let api = api();
    let mut found = Vec::new();
    // SAFETY: by the manifest; each text is used before SQLite is called again for another.
    unsafe {
        let parameters = (api.bind_parameter_count)(statement);
        let columns = (api.column_count)(statement);
        SqlValue::Integer(((api.stmt_readonly)(statement) != 0).into()).put(&mut found);
        SqlValue::Integer(parameters.into()).put(&mut found);
        for index in 1..=parameters {
            optional((api.bind_parameter_name)(statement, index)).put(&mut found);
        }
        SqlValue::Integer(columns.into()).put(&mut found);
        for index in 0..columns {
            optional((api.column_name)(statement, index)).put(&mut found);
            optional((api.column_decltype)(statement, index)).put(&mut found);
        }
        used.write(fill(out, room, &found));
    }
    if found.len() as u64 > room { api::TOOBIG } else { api::OK }
}

/// A text of SQLite's, or NULL.
///
/// # Safety
///
/// As for [`text`].
unsafe fn optional<'a>(given: *const c_char) -> SqlValue<'a> {
    // SAFETY: the caller's promise.
    unsafe { text(given) }.map_or(SqlValue::Null, SqlValue::Text)
}

/// `int execute(sqlite3_stmt *stmt, const char *begin, const unsigned char *parameters, unsigned long size,
/// const unsigned char *raw, unsigned long raw_size, int rows, unsigned char *out, unsigned long room, unsigned long *used,
/// struct run *run)`: begins a transaction with `begin` if there is none, binds the parameters, and fetches the first rows.
pub(super) unsafe extern "C" fn execute(
    statement: *mut Statement,
    begin: *const c_char,
    parameters: *const u8,
    size: c_ulong,
    raw: *const u8,
    raw_size: c_ulong,
    rows: c_int,
    out: *mut u8,
    room: c_ulong,
    used: *mut c_ulong,
    run: *mut StatementRun,
) -> c_int {
    // SAFETY: by the manifest.
    unsafe {
        used.write(0);
        run.write(StatementRun::default());
        (api().reset)(statement);
        let mut code = connections::begin((api().db_handle)(statement), begin);
        if code == api::OK {
            code = bind(statement, &mut view(parameters, size));
        }
        if code != api::OK {
            return code;
        }
        fetch(statement, raw, raw_size, rows, 0, out, room, used, run)
    }
}

/// `int execute_many(sqlite3_stmt *stmt, const char *begin, const unsigned char *parameters, unsigned long size, long long count,
/// struct run *run)`: runs it with each of so many sets of parameters; `run.changes` is of all of them.
pub(super) unsafe extern "C" fn execute_many(
    statement: *mut Statement,
    begin: *const c_char,
    parameters: *const u8,
    size: c_ulong,
    count: c_longlong,
    run: *mut StatementRun,
) -> c_int {
    let api = api();
    let mut done = StatementRun::default();
    // SAFETY: by the manifest.
    let code = unsafe {
        let database = (api.db_handle)(statement);
        let mut parameters = view(parameters, size);
        let mut code = connections::begin(database, begin);
        while code == api::OK && done.count < count {
            (api.reset)(statement);
            code = bind(statement, &mut parameters);
            if code == api::OK {
                code = match (api.step)(statement) {
                    api::ROW | api::DONE => api::OK,
                    failed => failed,
                };
            }
            if code == api::OK {
                done.count += 1;
                done.changes += c_longlong::from((api.changes)(database));
            }
        }
        done.columns = (api.column_count)(statement).into();
        done.last_row = (api.last_insert_rowid)(database);
        done.inside = ((api.get_autocommit)(database) == 0).into();
        code
    };
    // SAFETY: by the manifest.
    unsafe { run.write(done) };
    code
}

/// `int fetch(sqlite3_stmt *stmt, const unsigned char *raw, unsigned long raw_size, int rows, int held, unsigned char *out,
/// unsigned long room, unsigned long *used, struct run *run)`: goes on, and puts at most so many rows. Columns that `raw` has a 1 for are
/// read as blobs, empty ones as NULL, as CPython does for converters. A row for which Python was called
/// is the last one, so that programs see their functions called as they fetch; and what takes long does not run ahead.
pub(super) unsafe extern "C" fn fetch(
    statement: *mut Statement,
    raw: *const u8,
    raw_size: c_ulong,
    rows: c_int,
    held: c_int,
    out: *mut u8,
    room: c_ulong,
    used: *mut c_ulong,
    run: *mut StatementRun,
) -> c_int {
    let api = api();
    let mut done = StatementRun::default();
    let mut held = held != 0;
    let mut filled = 0;
    let mut row = Vec::new();
    let begun = Instant::now();
    // SAFETY: by the manifest.
    let code = unsafe {
        let raw = view(raw, raw_size);
        let code = loop {
            let asked = asking::asked();
            let code = if std::mem::take(&mut held) { api::ROW } else { (api.step)(statement) };
            if code != api::ROW {
                break code;
            }
            row.clear();
            put_row(statement, raw, &mut row);
            if row.len() as u64 > room - filled {
                done.held = row.len() as c_longlong;
                break code;
            }
            filled += fill(out.add(filled as usize), room - filled, &row);
            done.count += 1;
            if done.count >= rows.into() || asking::asked() != asked || begun.elapsed() > AHEAD {
                break code;
            }
        };
        let database = (api.db_handle)(statement);
        done.columns = (api.column_count)(statement).into();
        done.changes = (api.changes)(database).into();
        done.last_row = (api.last_insert_rowid)(database);
        done.inside = ((api.get_autocommit)(database) == 0).into();
        used.write(filled);
        run.write(done);
        code
    };
    if code == api::DONE {
        // So that it holds no lock; what an error leaves is for whoever asks about it.
        // SAFETY: by the manifest.
        unsafe { (api.reset)(statement) };
    }
    code
}

/// Binds the next values, as many as the statement has parameters.
///
/// # Safety
///
/// A statement that lives.
unsafe fn bind(statement: *mut Statement, values: &mut &[u8]) -> c_int {
    let api = api();
    // SAFETY: the caller's promise; SQLite copies texts and blobs before it returns.
    unsafe {
        for index in 1..=(api.bind_parameter_count)(statement) {
            let length = |bytes: &[u8]| c_int::try_from(bytes.len()).ok();
            let code = match SqlValue::take(values) {
                None => api::MISUSE,
                Some(SqlValue::Null) => (api.bind_null)(statement, index),
                Some(SqlValue::Integer(number)) => (api.bind_int64)(statement, index, number),
                Some(SqlValue::Real(number)) => (api.bind_double)(statement, index, number),
                Some(SqlValue::Text(bytes)) => match length(bytes) {
                    Some(length) => (api.bind_text)(statement, index, bytes.as_ptr().cast(), length, api::TRANSIENT),
                    None => api::TOOBIG,
                },
                Some(SqlValue::Blob([])) => (api.bind_zeroblob)(statement, index, 0),
                Some(SqlValue::Blob(bytes)) => match length(bytes) {
                    Some(length) => (api.bind_blob)(statement, index, bytes.as_ptr().cast(), length, api::TRANSIENT),
                    None => api::TOOBIG,
                },
            };
            if code != api::OK {
                return code;
            }
        }
    }
    api::OK
}

/// Puts the row that a statement stands at.
///
/// # Safety
///
/// A statement that lives.
unsafe fn put_row(statement: *mut Statement, raw: &[u8], into: &mut Vec<u8>) {
    let api = api();
    // SAFETY: the caller's promise; what SQLite gives is copied before it is called for another column.
    unsafe {
        for column in 0..(api.data_count)(statement) {
            let bytes = |data: *const c_void| view(data.cast(), (api.column_bytes)(statement, column) as u64);
            let kind = (api.column_type)(statement, column);
            let as_blob = raw.get(column as usize) == Some(&1)
                && matches!(kind, api::INTEGER | api::FLOAT | api::TEXT | api::BLOB);
            let value = match kind {
                _ if as_blob => match bytes((api.column_blob)(statement, column)) {
                    [] => SqlValue::Null,
                    bytes => SqlValue::Blob(bytes),
                },
                api::INTEGER => SqlValue::Integer((api.column_int64)(statement, column)),
                api::FLOAT => SqlValue::Real((api.column_double)(statement, column)),
                api::TEXT => SqlValue::Text(bytes((api.column_text)(statement, column).cast())),
                api::BLOB => SqlValue::Blob(bytes((api.column_blob)(statement, column))),
                _ => SqlValue::Null,
            };
            value.put(into);
        }
    }
}

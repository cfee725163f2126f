//! What SQLite asks of Python: functions, aggregates, window functions, collations, and hooks.
//!
//! Each connection has one callable, which is given by [`attach`] and answers for all that is registered with it. A question says what kind it
//! is ([`Kind`]) and by number which of Python's objects is meant; an answer is a byte and what belongs to it:
//!
//! | byte | behind it |
//! |---|---|
//! | 0 | a value |
//! | 1 | text: an error of that text |
//! | 2 | nothing: no memory |
//! | 3 | nothing: too large |
//! | 4 | nothing: the answer was too large for the room here, and was given to [`stash`] before |
//!
//! An answer that is none is an error without a text of its own.

use super::api::{self, CallContext, Database, GivenValue, Statement, api};
use super::{text, view};
use cloison_contract::sqlite::SqlValue;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::{CStr, c_char, c_int, c_longlong, c_uint, c_ulong, c_void};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// The functions here, by name.
pub(super) fn address(name: &str) -> Option<*const c_void> {
    Some(match name {
        "attach" => attach as *const c_void,
        "stash" => stash as *const c_void,
        "create_function" => create_function as *const c_void,
        "create_collation" => create_collation as *const c_void,
        "set_authorizer" => set_authorizer as *const c_void,
        "set_progress" => set_progress as *const c_void,
        "set_trace" => set_trace as *const c_void,
        _ => return None,
    })
}

/// `long long ask(int kind, long long id, const unsigned char *data, unsigned long size, unsigned char *answer, unsigned long room)`: how many
/// bytes the answer has; -1 if there is none.
type Ask = unsafe extern "C" fn(c_int, c_longlong, *const u8, c_ulong, *mut u8, c_ulong) -> c_longlong;

/// How large an answer may be without [`stash`].
const ROOM: usize = 1024;

/// Kinds of questions.
#[derive(Clone, Copy, Debug)]
#[repr(i32)]
enum Kind {
    /// A function: its arguments → its value.
    Call = 1,
    /// An aggregate: the instance's number, arguments → anything.
    Step = 2,
    /// The instance's number → the value; the instance is over.
    Final = 3,
    /// The instance's number → the value so far.
    Value = 4,
    /// As a step, back.
    Inverse = 5,
    /// Two texts → a number.
    Compare = 6,
    /// An action, four texts → a number.
    Authorize = 7,
    /// → a number
    Progress = 8,
    /// A text, and whether it is too long with its parameters → anything.
    Trace = 9,
}

/// Numbers of hooks, of which a connection has one each.
const HOOK: c_longlong = 0;

/// What SQLite keeps of an object of Python's.
struct Asked {
    ask: Ask,
    id: c_longlong,
}

/// The callables of connections.
static ATTACHED: LazyLock<Mutex<HashMap<usize, Box<Asked>>>> = LazyLock::new(Mutex::default);
/// The last answer that was too large.
static STASH: Mutex<Vec<u8>> = Mutex::new(Vec::new());
/// The number of the object that SQLite has given back last.
static GIVEN_BACK: AtomicI64 = AtomicI64::new(0);
/// How often Python was asked.
static ASKED: AtomicU64 = AtomicU64::new(0);
/// The number of the latest instance of an aggregate.
static INSTANCE: AtomicI64 = AtomicI64::new(0);

/// How often Python was asked so far.
pub(super) fn asked() -> u64 {
    ASKED.load(Ordering::Relaxed)
}

/// The connection is closed.
pub(super) fn forget(db: *mut Database) {
    lock(&ATTACHED).remove(&(db as usize));
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Asked {
    /// Asks; the answer, if there is one.
    fn ask(&self, kind: Kind, data: &[u8]) -> Option<Vec<u8>> {
        ASKED.fetch_add(1, Ordering::Relaxed);
        let mut room = [0; ROOM];
        // SAFETY: the callable lives as long as the connection does, by the manifest; data and room are as large as is said.
        let length = unsafe {
            (self.ask)(kind as c_int, self.id, data.as_ptr(), data.len() as c_ulong, room.as_mut_ptr(), ROOM as c_ulong)
        };
        let answer = room.get(..usize::try_from(length).ok()?)?;
        Some(match answer {
            [4] => std::mem::take(&mut *lock(&STASH)),
            other => other.to_vec(),
        })
    }

    /// Asks for a number.
    fn number(&self, kind: Kind, data: &[u8]) -> Option<i64> {
        let answer = self.ask(kind, data)?;
        match (answer.split_first()?, SqlValue::take(&mut &answer[1..])) {
            ((0, _), Some(SqlValue::Integer(number))) => Some(number),
            _ => None,
        }
    }

    /// Asks, and gives SQLite the answer.
    ///
    /// # Safety
    ///
    /// A context that SQLite has just given.
    unsafe fn answer(&self, context: *mut CallContext, kind: Kind, data: &[u8], otherwise: &CStr) {
        let answer = self.ask(kind, data);
        // SAFETY: the caller's promise; SQLite copies what it is given.
        unsafe { answer_with(context, answer.as_deref().unwrap_or_default(), otherwise) }
    }
}

/// Gives SQLite an answer.
///
/// # Safety
///
/// A context that SQLite has just given.
unsafe fn answer_with(context: *mut CallContext, answer: &[u8], otherwise: &CStr) {
    let api = api();
    let length = |bytes: &[u8]| c_int::try_from(bytes.len()).ok();
    // SAFETY: the caller's promise; SQLite copies what it is given.
    unsafe {
        match answer.split_first() {
            Some((0, mut value)) => match SqlValue::take(&mut value) {
                Some(SqlValue::Null) => (api.result_null)(context),
                Some(SqlValue::Integer(number)) => (api.result_int64)(context, number),
                Some(SqlValue::Real(number)) => (api.result_double)(context, number),
                Some(SqlValue::Text(bytes)) => match length(bytes) {
                    Some(length) => (api.result_text)(context, bytes.as_ptr().cast(), length, api::TRANSIENT),
                    None => (api.result_error_toobig)(context),
                },
                Some(SqlValue::Blob(bytes)) => match length(bytes) {
                    Some(length) => (api.result_blob)(context, bytes.as_ptr().cast(), length, api::TRANSIENT),
                    None => (api.result_error_toobig)(context),
                },
                None => (api.result_error)(context, otherwise.as_ptr(), -1),
            },
            Some((1, text)) => (api.result_error)(context, text.as_ptr().cast(), length(text).unwrap_or(0)),
            Some((2, _)) => (api.result_error_nomem)(context),
            Some((3, _)) => (api.result_error_toobig)(context),
            _ => (api.result_error)(context, otherwise.as_ptr(), -1),
        }
    }
}

/// `int attach(sqlite3 *db, ask)`: once for each connection.
unsafe extern "C" fn attach(db: *mut Database, ask: Option<Ask>) -> c_int {
    let Some(ask) = ask else { return api::MISUSE };
    match lock(&ATTACHED).entry(db as usize) {
        // SQLite may have been given the first one's address.
        Entry::Occupied(_) => api::MISUSE,
        Entry::Vacant(free) => {
            free.insert(Box::new(Asked { ask, id: HOOK }));
            api::OK
        }
    }
}

/// `void stash(const unsigned char *data, unsigned long size)`
unsafe extern "C" fn stash(data: *const u8, size: c_ulong) {
    // SAFETY: by the manifest.
    *lock(&STASH) = unsafe { view(data, size) }.to_vec();
}

/// What SQLite keeps of an object of Python's; NULL if the connection has no callable.
fn registered(db: *mut Database, id: c_longlong) -> *mut c_void {
    let attached = lock(&ATTACHED);
    let asked = attached.get(&(db as usize)).map(|attached| Box::new(Asked { ask: attached.ask, id }));
    asked.map_or(std::ptr::null_mut(), |asked| Box::into_raw(asked).cast())
}

/// SQLite has forgotten a function or a collation.
unsafe extern "C" fn destroy(asked: *mut c_void) {
    if !asked.is_null() {
        // SAFETY: `registered` has made it, and SQLite calls this once.
        let asked = unsafe { Box::from_raw(asked.cast::<Asked>()) };
        GIVEN_BACK.store(asked.id, Ordering::Relaxed);
    }
}

/// `int create_function(sqlite3 *db, const char *name, int arguments, int flags, int kind, long long id, long long *given_back)`: a function (0), an
/// aggregate (1), a window function (2), or none of that name any more (3). `given_back` is the object that it takes the place of, or 0.
unsafe extern "C" fn create_function(
    db: *mut Database,
    name: *const c_char,
    arguments: c_int,
    flags: c_int,
    kind: c_int,
    id: c_longlong,
    given_back: *mut c_longlong,
) -> c_int {
    let api = api();
    GIVEN_BACK.store(0, Ordering::Relaxed);
    // SAFETY: by the manifest; what SQLite keeps is its own until it calls `destroy`, which it does as well if this fails.
    unsafe {
        let none = std::ptr::null_mut();
        let asked = if kind == 3 { none } else { registered(db, id) };
        let code = match kind {
            0 => (api.create_function_v2)(db, name, arguments, flags, asked, Some(call), None, None, Some(destroy)),
            1 => {
                (api.create_function_v2)(db, name, arguments, flags, asked, None, Some(step), Some(last), Some(destroy))
            }
            2 => (api.create_window_function)(
                db,
                name,
                arguments,
                flags,
                asked,
                Some(step),
                Some(last),
                Some(so_far),
                Some(inverse),
                Some(destroy),
            ),
            _ => (api.create_window_function)(db, name, arguments, flags, none, None, None, None, None, None),
        };
        given_back.write(GIVEN_BACK.load(Ordering::Relaxed));
        code
    }
}

/// `int create_collation(sqlite3 *db, const char *name, long long id, long long *given_back)`: 0 takes it away.
unsafe extern "C" fn create_collation(
    db: *mut Database,
    name: *const c_char,
    id: c_longlong,
    given_back: *mut c_longlong,
) -> c_int {
    const UTF8: c_int = 1;
    GIVEN_BACK.store(0, Ordering::Relaxed);
    // SAFETY: by the manifest.
    unsafe {
        let code = if id == 0 {
            (api().create_collation_v2)(db, name, UTF8, std::ptr::null_mut(), None, None)
        } else {
            let asked = registered(db, id);
            let code = (api().create_collation_v2)(db, name, UTF8, asked, Some(compare), Some(destroy));
            // Unlike with functions, SQLite does not where it has refused. After another error it may have taken it, and will: then it is
            // never ours again.
            if matches!(code, api::BUSY | api::MISUSE) {
                destroy(asked);
            }
            code
        };
        given_back.write(GIVEN_BACK.load(Ordering::Relaxed));
        code
    }
}

/// A connection's callable as hooks are given it.
fn hook(db: *mut Database) -> *mut c_void {
    let attached = lock(&ATTACHED);
    attached.get(&(db as usize)).map_or(std::ptr::null_mut(), |asked| std::ptr::from_ref(&**asked).cast_mut().cast())
}

/// `int set_authorizer(sqlite3 *db, int on)`
unsafe extern "C" fn set_authorizer(db: *mut Database, on: c_int) -> c_int {
    // SAFETY: by the manifest; the callable lives as long as the connection.
    unsafe { (api().set_authorizer)(db, (on != 0).then_some(authorize), hook(db)) }
}

/// `void set_progress(sqlite3 *db, int instructions, int on)`
unsafe extern "C" fn set_progress(db: *mut Database, instructions: c_int, on: c_int) {
    // SAFETY: as above.
    unsafe { (api().progress_handler)(db, instructions, (on != 0).then_some(progress), hook(db)) }
}

/// `int set_trace(sqlite3 *db, int on)`
unsafe extern "C" fn set_trace(db: *mut Database, on: c_int) -> c_int {
    const STATEMENT: c_uint = 1;
    // SAFETY: as above.
    unsafe { (api().trace_v2)(db, STATEMENT, (on != 0).then_some(trace), hook(db)) }
}

/// What `registered` has made, or a connection's callable.
///
/// # Safety
///
/// SQLite has given it to one of the functions below.
unsafe fn asked_of<'a>(data: *mut c_void) -> Option<&'a Asked> {
    // SAFETY: the caller's promise.
    unsafe { data.cast::<Asked>().as_ref() }
}

/// SQLite's arguments.
///
/// # Safety
///
/// SQLite has just given them.
unsafe fn put_arguments(count: c_int, values: *mut *mut GivenValue, into: &mut Vec<u8>) {
    let api = api();
    // SAFETY: the caller's promise; a text is asked for before its length.
    unsafe {
        for index in 0..usize::try_from(count).unwrap_or(0) {
            let value = *values.add(index);
            let bytes = |data: *const c_void| view(data.cast(), (api.value_bytes)(value) as u64);
            match (api.value_type)(value) {
                api::INTEGER => SqlValue::Integer((api.value_int64)(value)),
                api::FLOAT => SqlValue::Real((api.value_double)(value)),
                api::TEXT => SqlValue::Text(bytes((api.value_text)(value).cast())),
                api::BLOB => SqlValue::Blob(bytes((api.value_blob)(value))),
                _ => SqlValue::Null,
            }
            .put(into);
        }
    }
}

unsafe extern "C" fn call(context: *mut CallContext, count: c_int, values: *mut *mut GivenValue) {
    // SAFETY: SQLite's arguments.
    unsafe {
        let Some(asked) = asked_of((api().user_data)(context)) else { return };
        let mut data = Vec::new();
        put_arguments(count, values, &mut data);
        asked.answer(context, Kind::Call, &data, c"user-defined function raised exception");
    }
}

/// The number of an aggregate's instance; a new one if there is none and `make` says so.
///
/// # Safety
///
/// A context that SQLite has just given.
unsafe fn instance(context: *mut CallContext, make: bool) -> Option<i64> {
    let size = if make { size_of::<i64>() as c_int } else { 0 };
    // SAFETY: the caller's promise; SQLite gives zeros, aligned, or NULL.
    let place = unsafe { (api().aggregate_context)(context, size).cast::<i64>().as_mut() }?;
    if *place == 0 && make {
        *place = INSTANCE.fetch_add(1, Ordering::Relaxed) + 1;
    }
    (*place != 0).then_some(*place)
}

/// Asks about an instance without arguments, or with them.
///
/// # Safety
///
/// SQLite's arguments.
unsafe fn about_instance(
    context: *mut CallContext,
    kind: Kind,
    arguments: Option<(c_int, *mut *mut GivenValue)>,
    otherwise: &CStr,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(asked) = asked_of((api().user_data)(context)) else { return };
        let Some(number) = instance(context, arguments.is_some()) else { return };
        let mut data = Vec::new();
        SqlValue::Integer(number).put(&mut data);
        if let Some((count, values)) = arguments {
            put_arguments(count, values, &mut data);
        }
        asked.answer(context, kind, &data, otherwise);
    }
}

unsafe extern "C" fn step(context: *mut CallContext, count: c_int, values: *mut *mut GivenValue) {
    let otherwise = c"user-defined aggregate's 'step' method raised error";
    // SAFETY: SQLite's arguments.
    unsafe { about_instance(context, Kind::Step, Some((count, values)), otherwise) }
}

unsafe extern "C" fn inverse(context: *mut CallContext, count: c_int, values: *mut *mut GivenValue) {
    let otherwise = c"user-defined aggregate's 'inverse' method raised error";
    // SAFETY: SQLite's arguments.
    unsafe { about_instance(context, Kind::Inverse, Some((count, values)), otherwise) }
}

unsafe extern "C" fn so_far(context: *mut CallContext) {
    // SAFETY: SQLite's arguments.
    unsafe { about_instance(context, Kind::Value, None, c"user-defined aggregate's 'value' method raised error") }
}

unsafe extern "C" fn last(context: *mut CallContext) {
    // SAFETY: SQLite's arguments.
    unsafe { about_instance(context, Kind::Final, None, c"user-defined aggregate's 'finalize' method raised error") }
}

unsafe extern "C" fn compare(
    data: *mut c_void,
    first_size: c_int,
    first: *const c_void,
    second_size: c_int,
    second: *const c_void,
) -> c_int {
    // SAFETY: SQLite's arguments.
    unsafe {
        let Some(asked) = asked_of(data) else { return 0 };
        let mut both = Vec::new();
        for (text, size) in [(first, first_size), (second, second_size)] {
            SqlValue::Text(view(text.cast(), u64::try_from(size).unwrap_or(0))).put(&mut both);
        }
        asked.number(Kind::Compare, &both).unwrap_or(0).signum() as c_int
    }
}

unsafe extern "C" fn authorize(
    data: *mut c_void,
    action: c_int,
    first: *const c_char,
    second: *const c_char,
    database: *const c_char,
    source: *const c_char,
) -> c_int {
    const DENY: c_int = 1;
    // SAFETY: SQLite's arguments.
    unsafe {
        let Some(asked) = asked_of(data) else { return DENY };
        let mut all = Vec::new();
        SqlValue::Integer(action.into()).put(&mut all);
        for given in [first, second, database, source] {
            text(given).map_or(SqlValue::Null, SqlValue::Text).put(&mut all);
        }
        asked.number(Kind::Authorize, &all).and_then(|answer| c_int::try_from(answer).ok()).unwrap_or(DENY)
    }
}

unsafe extern "C" fn progress(data: *mut c_void) -> c_int {
    // SAFETY: SQLite's argument.
    let Some(asked) = (unsafe { asked_of(data) }) else { return 0 };
    // Who gives no answer has raised: the query ends.
    (asked.number(Kind::Progress, &[]) != Some(0)).into()
}

unsafe extern "C" fn trace(_: c_uint, data: *mut c_void, statement: *mut c_void, sql: *mut c_void) -> c_int {
    let api = api();
    // SAFETY: SQLite's arguments: a statement that lives, and its text.
    unsafe {
        let Some(asked) = asked_of(data) else { return 0 };
        let expanded = (api.expanded_sql)(statement.cast::<Statement>());
        let said = text(expanded).or_else(|| text(sql.cast())).unwrap_or_default();
        let mut all = Vec::new();
        SqlValue::Text(said).put(&mut all);
        SqlValue::Integer(expanded.is_null().into()).put(&mut all);
        asked.ask(Kind::Trace, &all);
        (api.free)(expanded.cast());
    }
    0
}

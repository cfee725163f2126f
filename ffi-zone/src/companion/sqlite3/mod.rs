//! SQLite's companion: statements that are bound, run and read in one call, and one callable for everything that SQLite asks back.
//!
//! | module | does |
//! |---|---|
//! | `api` | addresses of SQLite's functions |
//! | `statements` | prepare, bind, step and read |
//! | `connections` | open, errors, whole scripts |
//! | `asking` | functions, aggregates, collations and hooks in Python: one callable of each connection answers for all |
//!
//! How values cross is `cloison_contract::sqlite`. The functions are those of `capabilities/manifest/bindings/sqlite3.zone.toml`, and
//! `cloison-zone` calls them by it: each address leads to as many bytes as the length beside it says, or to room for them, or to an
//! object of SQLite's that lives; each is valid during the call. A zone of SQLite has one thread.

mod api;
mod asking;
mod connections;
mod statements;

use crate::native::ffi::Code;
use cloison_contract::sqlite::COMPANION;
use std::ffi::c_void;

/// The function of that name, if SQLite's own are there.
pub(crate) fn symbol(name: &str, find: &dyn Fn(&str) -> Option<*const c_void>) -> Option<Code> {
    let name = name.strip_prefix(COMPANION)?;
    let address = statements::address(name).or_else(|| connections::address(name)).or_else(|| asking::address(name))?;
    api::find(find)?;
    // SAFETY: an address of a function that is linked in.
    unsafe { Code::new(address) }
}

/// The bytes at an address, by the manifest as many as `length` says.
///
/// # Safety
///
/// So many bytes are there for as long as the result is used.
unsafe fn view<'a>(data: *const u8, length: u64) -> &'a [u8] {
    if data.is_null() || length == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(data, length as usize) }
}

/// Writes as many bytes as there is room for.
///
/// # Safety
///
/// There is room for so many bytes.
unsafe fn fill(room: *mut u8, size: u64, bytes: &[u8]) -> u64 {
    let length = bytes.len().min(size as usize);
    if length > 0 {
        // SAFETY: the caller's promise.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), room, length) };
    }
    length as u64
}

/// A C string of SQLite's, if there is one.
///
/// # Safety
///
/// NULL, or a text that lives for as long as the result is used.
unsafe fn text<'a>(text: *const std::ffi::c_char) -> Option<&'a [u8]> {
    // SAFETY: the caller's promise.
    (!text.is_null()).then(|| unsafe { std::ffi::CStr::from_ptr(text) }.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::{Database, Statement, api};
    use cloison_contract::sqlite::SqlValue;
    use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
    use statements::{StatementRun, execute, execute_many, fetch, prepare};
    use std::ffi::{CStr, c_int, c_longlong, c_ulong};

    fn loaded() {
        // SAFETY: the system's SQLite, whose constructors do nothing.
        let library = unsafe { Library::open(Some("libsqlite3.so.0"), RTLD_NOW | RTLD_LOCAL) }.expect("libsqlite3");
        // SAFETY: only addresses are taken.
        let find = |name: &str| unsafe { library.get::<*const c_void>(name.as_bytes()) }.ok().map(|it| it.into_raw());
        let find = |name: &str| find(name).map(<*mut c_void>::cast_const);
        assert!(symbol("cloison_sqlite3_fetch", &find).is_some());
        assert!(symbol("cloison_sqlite3_none", &find).is_none() && symbol("sqlite3_step", &find).is_none());
        assert!(symbol("cloison_sqlite3_fetch", &|_| None).is_some(), "found already");
        std::mem::forget(library);
    }

    struct Opened(*mut Database);

    impl Opened {
        fn new() -> Self {
            loaded();
            let mut database = std::ptr::null_mut();
            // SAFETY: as the manifest says.
            let code = unsafe { (api().open_v2)(c":memory:".as_ptr(), &mut database, 6, std::ptr::null()) };
            assert_eq!(code, api::OK);
            Self(database)
        }

        fn prepare(&self, sql: &CStr) -> (*mut Statement, c_ulong) {
            let (mut statement, mut tail) = (std::ptr::null_mut(), 0);
            // SAFETY: as the manifest says.
            let code = unsafe { prepare(self.0, sql.as_ptr(), &mut statement, &mut tail) };
            assert_eq!(code, api::OK, "{sql:?}");
            (statement, tail)
        }

        /// The code, the rows, and what the run says.
        fn run(&self, statement: *mut Statement, values: &[SqlValue<'_>], rows: c_int, room: usize) -> Ran {
            let mut packed = Vec::new();
            values.iter().for_each(|value| value.put(&mut packed));
            let (mut out, mut used, mut run) = (vec![0; room], 0, StatementRun::default());
            // SAFETY: as the manifest says.
            let code = unsafe {
                let (begin, raw) = (c"BEGIN".as_ptr(), std::ptr::null());
                let (size, room) = (packed.len() as c_ulong, room as c_ulong);
                let (out, packed) = (out.as_mut_ptr(), packed.as_ptr());
                execute(statement, begin, packed, size, raw, 0, rows, out, room, &mut used, &mut run)
            };
            (code, out[..used as usize].to_vec(), run)
        }
    }

    type Ran = (c_int, Vec<u8>, StatementRun);

    impl Drop for Opened {
        fn drop(&mut self) {
            // SAFETY: it was opened, and nothing of it is used any more.
            unsafe { (api().close_v2)(self.0) };
        }
    }

    fn values(mut bytes: &[u8]) -> Vec<SqlValue<'_>> {
        std::iter::from_fn(|| SqlValue::take(&mut bytes)).collect()
    }

    const HUNDRED: &CStr =
        c"with recursive n(i) as (select 1 union all select i + 1 from n where i < 100) select i, ? from n";

    #[test]
    fn rows_come_many_at_a_time() {
        let database = Opened::new();
        let (statement, _) = database.prepare(HUNDRED);
        let (code, rows, run) = database.run(statement, &[SqlValue::Text(b"x")], 3, 4096);
        assert_eq!((code, run.count, run.columns, run.inside), (api::ROW, 3, 2, 1));
        let x = SqlValue::Text(b"x");
        let expected = [SqlValue::Integer(1), x, SqlValue::Integer(2), x, SqlValue::Integer(3), x];
        assert_eq!(values(&rows), expected);
        let (mut out, mut used, mut run) = ([0; 4096], 0, StatementRun::default());
        let mut more = |rows, held, room: usize| {
            // SAFETY: as the manifest says.
            let code = unsafe {
                let (out, room) = (out.as_mut_ptr(), room as c_ulong);
                fetch(statement, [1, 0].as_ptr(), 2, rows, held, out, room, &mut used, &mut run)
            };
            (code, values(&out[..used as usize]).first().map(|first| format!("{first:?}")), run)
        };
        // A row that does not fit stays, and comes with more room.
        let (code, first, run) = more(10, 0, 5);
        assert_eq!((code, first, run.count, run.held), (api::ROW, None, 0, 12));
        let (code, first, run) = more(10, 1, 12);
        assert_eq!((code, first, run.count, run.held), (api::ROW, Some("Blob([52])".into()), 1, 12), "the 4 as a blob");
        let (code, first, run) = more(1000, 1, 4096);
        assert_eq!((code, first, run.count), (api::DONE, Some("Blob([53])".into()), 96));
        // SAFETY: it is used no more.
        unsafe { (api().finalize)(statement) };
    }

    #[test]
    fn sets_of_parameters_are_run_up_to_the_one_that_fails() {
        let database = Opened::new();
        let (create, _) = database.prepare(c"create table t(a check(a < 3))");
        assert_eq!(database.run(create, &[], 1, 64).0, api::DONE);
        let (insert, tail) = database.prepare(c"insert into t values(?); rest");
        assert_eq!(tail, 24);
        let mut packed = Vec::new();
        (1..=5).for_each(|number| SqlValue::Integer(number).put(&mut packed));
        let mut run = StatementRun::default();
        let mut many = |count: c_longlong, size: usize| {
            // SAFETY: as the manifest says.
            let code =
                unsafe { execute_many(insert, std::ptr::null(), packed.as_ptr(), size as c_ulong, count, &mut run) };
            (code & 0xff, run.count, run.changes)
        };
        assert_eq!(many(5, packed.len()), (19, 2, 2), "the third breaks the constraint");
        assert_eq!(many(2, 9), (api::MISUSE, 1, 1), "there are fewer than are said to be");
        assert_eq!(many(1, 5), (api::MISUSE, 0, 0), "half a value");
        // SAFETY: they are used no more.
        unsafe {
            (api().finalize)(create);
            (api().finalize)(insert);
        }
    }
}

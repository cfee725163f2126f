//! Which native modules a microprocess may import: an explicit table, and whatever is not in it does not exist. Some of CPython's
//! native modules (`posix`, `_socket`, `_ctypes`, …) stand in `Lib` instead, in Python: constants, exceptions, and functions that refuse.
//!
//! Each line names who needs it. `tests` compares the table with what can really be imported, both ways, so that a new
//! version of RustPython adds nothing unnoticed.

/// Name, and who needs it.
pub const ALLOWED: &[(&str, &str)] = &[
    ("_abc", "abc"),
    ("_ast", "ast"),
    ("_asyncio", "asyncio"),
    ("_bisect", "bisect"),
    ("_blake2", "hashlib"),
    ("_bz2", "bz2"),
    ("_cloison", "cloison: streams, modules of the application, capabilities"),
    ("_codecs", "codecs"),
    ("_codecs_cn", "encodings"),
    ("_codecs_hk", "encodings"),
    ("_codecs_iso2022", "encodings"),
    ("_codecs_jp", "encodings"),
    ("_codecs_kr", "encodings"),
    ("_codecs_tw", "encodings"),
    ("_collections", "collections"),
    ("_contextvars", "contextvars"),
    ("_csv", "csv"),
    ("_datetime", "datetime"),
    ("_elementtree", "xml.etree.ElementTree"),
    ("_functools", "functools"),
    ("_hashlib", "hashlib"),
    ("_heapq", "heapq"),
    ("_imp", "importlib; its create_dynamic has no loader behind it without host_env"),
    ("_io", "io; without FileIO, which is host_env"),
    ("_json", "json"),
    ("_lzma", "lzma"),
    ("_md5", "hashlib"),
    ("_multibytecodec", "encodings"),
    ("_opcode", "dis, inspect"),
    ("_operator", "operator"),
    ("_pickle", "pickle"),
    ("_queue", "queue"),
    ("_random", "random"),
    ("_sha1", "hashlib"),
    ("_sha256", "hashlib"),
    ("_sha3", "hashlib"),
    ("_sha512", "hashlib"),
    ("_sre", "re"),
    ("_stat", "stat"),
    ("_statistics", "statistics"),
    ("_string", "string"),
    ("_struct", "struct"),
    ("_suggestions", "traceback"),
    ("_symtable", "symtable"),
    ("_sysconfig", "sysconfig"),
    ("_sysconfigdata", "sysconfig, for zoneinfo; also under a name that has the platform in it"),
    ("_tokenize", "tokenize"),
    ("_types", "types"),
    ("_typing", "typing"),
    ("_warnings", "warnings"),
    ("_weakref", "weakref"),
    ("_zoneinfo", "zoneinfo"),
    ("array", "programs: typed arrays, which calls take as buffers"),
    ("atexit", "logging, weakref"),
    ("binascii", "base64"),
    ("builtins", "every program"),
    ("cmath", "programs"),
    ("errno", "programs that look at OSError.errno"),
    ("gc", "programs; weakref"),
    ("itertools", "programs"),
    ("marshal", "importlib"),
    ("math", "programs"),
    ("sys", "every program"),
    ("time", "programs"),
    ("unicodedata", "programs"),
    ("zlib", "gzip, zipfile; in Rust, nothing to do with the zone of that name"),
];

/// Packages of the frozen standard library that are left out: programs with windows, and the installing of packages. `ABSENT` in
/// `cloison._needs` says so to whoever imports them.
pub const NOT_FROZEN: &[&str] = &["ensurepip", "idlelib", "tkinter", "turtle", "turtledemo", "venv"];

/// Whether a native module is in the table.
pub fn allowed(name: &str) -> bool {
    let name = if name.starts_with("_sysconfigdata_") { "_sysconfigdata" } else { name };
    ALLOWED.binary_search_by(|(listed, _)| listed.cmp(&name)).is_ok()
}

/// Whether a frozen module is kept.
pub fn kept_frozen(name: &str) -> bool {
    let top = name.split('.').next().unwrap_or(name);
    NOT_FROZEN.binary_search(&top).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(ALLOWED.is_sorted_by(|(one, _), (other, _)| one < other));
        assert!(NOT_FROZEN.is_sorted());
    }

    #[test]
    fn nothing_that_reaches_the_system_is_allowed() {
        for name in [
            "_ctypes",
            "posix",
            "_socket",
            "mmap",
            "_interpreters",
            "_remote_debugging",
            "_testinternalcapi",
            "_thread",
        ] {
            assert!(!allowed(name), "{name}");
        }
    }
}

//! C at test time. What has been compiled once in a test program is not compiled again.

use crate::binaries::{readable, shared};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

/// What comes out.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// A shared object.
    Library,
    /// An executable.
    Program,
}

/// The file that `source` compiles to, with `definitions` as macros (`NAME` or `NAME=value`).
pub fn compile(kind: Kind, source: &str, definitions: &[String]) -> PathBuf {
    static MADE: Mutex<Option<HashMap<u64, PathBuf>>> = Mutex::new(None);
    let mut hasher = DefaultHasher::new();
    (kind, source, definitions).hash(&mut hasher);
    let key = hasher.finish();
    let mut made = MADE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    made.get_or_insert_default().entry(key).or_insert_with(|| run(kind, key, source, definitions)).clone()
}

fn run(kind: Kind, key: u64, source: &str, definitions: &[String]) -> PathBuf {
    let (input, output) = (shared().join(format!("{key:016x}.c")), shared().join(format!("{key:016x}.out")));
    std::fs::write(&input, source).expect("a C source");
    let mut cc = Command::new("cc");
    cc.env("TMPDIR", shared());
    // As written: attempts at undefined behaviour have to reach the processor.
    cc.args(["-O0", "-fno-builtin", "-fstack-protector-all", "-w"]);
    if kind == Kind::Library {
        cc.args(["-shared", "-fPIC"]);
    }
    cc.args(definitions.iter().map(|definition| format!("-D{definition}")))
        .arg("-o")
        .arg(&output)
        .arg(&input)
        .arg("-ldl");
    let done = cc.output().expect("a C compiler called cc");
    assert!(done.status.success(), "cc: {}", String::from_utf8_lossy(&done.stderr));
    readable(&output, 0o755);
    output
}

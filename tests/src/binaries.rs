//! The binaries under test.
//!
//! They are where `CLOISON_BIN_DIR` says, or where cargo puts them: in the folder above that of the test program.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What belongs side by side.
pub const NAMES: [&str; 4] = ["cloison", "cloison-host", "cloison-microprocess", "cloison-zone"];

/// The folder with the binaries that were built.
pub fn built() -> PathBuf {
    if let Some(folder) = std::env::var_os("CLOISON_BIN_DIR") {
        return folder.into();
    }
    let this = std::env::current_exe().expect("the test program has a path");
    this.ancestors().nth(2).expect("target/release/deps/…").to_owned()
}

/// A folder for this test program, on the file system of the projects, which every user can read. It goes when the
/// program ends.
pub fn shared() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let missing = NAMES.iter().map(|name| built().join(name)).find(|path| !path.is_file());
        assert!(missing.is_none(), "{missing:?} is not there: build it with `make build`, or set CLOISON_BIN_DIR");
        let folder = tempfile::Builder::new().prefix("cloison-tests-").tempdir().expect("a temporary folder").keep();
        readable(&folder, 0o755);
        for name in NAMES {
            link(&built().join(name), &folder.join(name));
        }
        remove_at_exit();
        folder
    })
}

/// Put the binaries into `folder`, with another program in the place of the microprocess's if there is one.
pub fn provide(folder: &Path, microprocess: Option<&str>) {
    for name in NAMES {
        match microprocess.filter(|_| name == "cloison-microprocess") {
            Some(other) => link(&built().join(other), &folder.join(name)),
            None => link(&shared().join(name), &folder.join(name)),
        }
    }
}

/// A hard link, or a copy where that is not possible.
fn link(from: &Path, to: &Path) {
    if fs::hard_link(from, to).is_err() {
        copy(from, to);
    }
}

/// A program that can be run at once. Another process copies it: what this one has open for writing, a process that another thread
/// starts meanwhile has open as well until it runs its program, and for so long nobody else can run it.
pub(crate) fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").args([from, to]).status().expect("cp");
    assert!(copied.success(), "{}: build it with `make build`, or set CLOISON_BIN_DIR", from.display());
    readable(to, 0o755);
}

/// Set permissions whatever the umask is.
pub fn readable(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
}

fn remove_at_exit() {
    extern "C" fn remove() {
        let _ = fs::remove_dir_all(shared());
    }
    // SAFETY: the handler takes nothing, returns nothing, does not unwind (removing reports errors by value, and `shared`
    // has its value by then), and stays loaded as long as the program.
    unsafe { libc::atexit(remove) };
}

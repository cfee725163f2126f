//! The jail of a host service: what it leaves to code that has taken the service over, each layer alone, right by right. The service's
//! own checks are not here: everything is a bare system call.

use crate::Test;
use crate::attempts::Make;
use crate::prisoner::Stage;
use crate::warden::{Order, Outcome};
use cloison_contract::host::FilesRights;
use libc::{EACCES, ENOENT, EPERM, EROFS};
use std::ffi::CStr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicI32, Ordering};

pub const TESTS: &[Test] = &[
    ("service::landlock_alone_gives_each_right_its_own", landlock_alone_gives_each_right_its_own),
    ("service::no_layer_alone_lets_it_out", no_layer_alone_lets_it_out),
    ("service::all_layers_leave_what_was_given", all_layers_leave_what_was_given),
    ("service::without_a_root_there_is_no_private_folder", without_a_root_there_is_no_private_folder),
];

/// The descriptor of its folder.
pub static FOLDER: AtomicI32 = AtomicI32::new(-1);

/// A folder and what may be done in it, as an order's `files` has them.
pub fn parse(files: &str) -> (OwnedFd, FilesRights) {
    let (path, words) = files.split_once('=').expect("a folder and rights");
    let mut rights = FilesRights::default();
    assert!(words.split(' ').filter(|word| !word.is_empty()).all(|word| rights.give(word)));
    (std::fs::File::open(path).expect("a folder").into(), rights)
}

pub fn become_folder(folder: &OwnedFd) {
    FOLDER.store(folder.as_raw_fd(), Ordering::Relaxed);
}

fn call(number: libc::c_long, arguments: [i64; 4]) -> i64 {
    let [one, two, three, four] = arguments;
    // SAFETY: paths are constants with their terminators, structures live on the callers' stacks; what becomes of it is the test.
    let result = unsafe { libc::syscall(number, one, two, three, four) };
    if result >= 0 { 1 } else { -i64::from(std::io::Error::last_os_error().raw_os_error().unwrap_or(0)) }
}

fn at() -> i64 {
    FOLDER.load(Ordering::Relaxed).into()
}

fn path(text: &'static CStr) -> i64 {
    text.as_ptr() as i64
}

/// `openat2` without any of the flags that keep a walk inside.
fn open(folder: i64, name: &'static CStr, flags: i32) -> i64 {
    let mode = if flags & libc::O_CREAT != 0 { 0o600 } else { 0 };
    let how = [flags as u64, mode, 0];
    call(libc::SYS_openat2, [folder, path(name), how.as_ptr() as i64, size_of_val(&how) as i64])
}

/// Its name, and what it does.
type Attempt = (&'static str, Make);

/// What is tried in the folder: its name, the rights of which one is enough, and what it does.
const INSIDE: &[(&str, &str, Make)] = &[
    ("service read", "read", || open(at(), c"file", libc::O_RDONLY)),
    ("service list", "list", || open(at(), c".", libc::O_RDONLY | libc::O_DIRECTORY)),
    ("service write", "write append create", || open(at(), c"file", libc::O_WRONLY)),
    ("service truncate", "write create", || open(at(), c"file", libc::O_WRONLY | libc::O_TRUNC)),
    ("service create", "create", || open(at(), c"new", libc::O_WRONLY | libc::O_CREAT)),
    ("service mkdir", "create", || call(libc::SYS_mkdirat, [at(), path(c"folder"), 0o700, 0])),
    ("service symlink", "create", || call(libc::SYS_symlinkat, [path(c"file"), at(), path(c"link"), 0])),
    ("service unlink", "delete", || call(libc::SYS_unlinkat, [at(), path(c"gone"), 0, 0])),
    ("service rmdir", "delete", || {
        call(libc::SYS_unlinkat, [at(), path(c"gone-folder"), libc::AT_REMOVEDIR.into(), 0])
    }),
];

/// Ways out.
const OUTSIDE: &[Attempt] = &[
    ("service climb", || open(at(), c"../outside/secret", libc::O_RDONLY)),
    ("service follow", || open(at(), c"out", libc::O_RDONLY)),
    ("service absolute", || open(libc::AT_FDCWD.into(), c"/etc/passwd", libc::O_RDONLY)),
    ("service magic", || open(libc::AT_FDCWD.into(), c"/proc/self/root/etc/passwd", libc::O_RDONLY)),
];

const OTHERS: &[Attempt] = &[
    ("service fifo", || call(libc::SYS_mknodat, [at(), path(c"fifo"), (libc::S_IFIFO | 0o600).into(), 0])),
    ("service openat", || call(libc::SYS_openat, [at(), path(c"file"), 0, 0])),
    ("service socket", || call(libc::SYS_socket, [libc::AF_UNIX.into(), libc::SOCK_STREAM.into(), 0, 0])),
];

pub fn find(name: &str) -> Option<Make> {
    let inside = INSIDE.iter().map(|(known, _, make)| (*known, *make));
    let mut all = inside.chain(OUTSIDE.iter().copied()).chain(OTHERS.iter().copied());
    all.find(|(known, _)| *known == name).map(|(_, make)| make)
}

/// A root that everybody may change, and a secret beside it.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let below = |name: &str| folder.path().join(name);
    for name in ["root", "root/gone-folder", "outside"] {
        std::fs::create_dir(below(name)).expect("made");
    }
    for name in ["root/file", "root/gone", "outside/secret"] {
        std::fs::write(below(name), "x").expect("written");
        std::fs::set_permissions(below(name), std::fs::Permissions::from_mode(0o666)).expect("ours");
    }
    std::os::unix::fs::symlink("../outside/secret", below("root/out")).expect("made");
    for name in ["", "root", "outside"] {
        std::fs::set_permissions(below(name), std::fs::Permissions::from_mode(0o777)).expect("ours");
    }
    folder
}

fn tried(layers: Option<&str>, rights: &str, attempt: &str) -> Outcome {
    let folder = folder();
    let mut order = Order::new(Stage::Service, attempt);
    order.files = format!("{}={rights}", folder.path().join("root").display());
    match layers {
        Some(layers) => order.layers(layers).outcome(),
        None => order.outcome(),
    }
}

fn landlock_alone_gives_each_right_its_own() {
    for (attempt, needs, _) in INSIDE {
        assert_eq!(tried(Some(""), "", attempt), Outcome::Done(1), "control: {attempt} without any layer");
        for right in FilesRights::WORDS {
            let wanted = match needs.split(' ').any(|one| one == right) {
                true => Outcome::Done(1),
                false => Outcome::Failed(EACCES),
            };
            assert_eq!(tried(Some("landlock"), right, attempt), wanted, "{attempt} with {right}");
        }
    }
    assert_eq!(tried(Some("landlock"), "create", "service fifo"), Outcome::Failed(EACCES));
}

fn no_layer_alone_lets_it_out() {
    let all = FilesRights::WORDS[..5].join(" ");
    for (attempt, _) in OUTSIDE {
        assert_eq!(tried(Some(""), &all, attempt), Outcome::Done(1), "control: {attempt}");
        assert_eq!(tried(Some("landlock"), &all, attempt), Outcome::Failed(EACCES), "{attempt}");
        assert_eq!(tried(Some("namespaces,root"), &all, attempt), Outcome::Failed(ENOENT), "{attempt}");
    }
    // What the mounts alone say of a root that gives only to look.
    for (attempt, needs, _) in INSIDE.iter().filter(|(_, needs, _)| *needs != "read" && *needs != "list") {
        let outcome = tried(Some("namespaces,root"), "read list", attempt);
        assert_eq!(outcome, Outcome::Failed(EROFS), "{attempt}, which needs {needs}");
    }
    assert_eq!(tried(Some("seccomp"), &all, "service openat"), Outcome::Failed(EACCES));
    assert_eq!(tried(Some("seccomp"), &all, "service socket"), Outcome::Failed(EACCES));
}

fn all_layers_leave_what_was_given() {
    for (attempt, needs, _) in INSIDE {
        for right in FilesRights::WORDS {
            let given = needs.split(' ').any(|one| one == right);
            let outcome = tried(None, right, attempt);
            let kept = matches!(outcome, Outcome::Failed(EACCES | EROFS | EPERM));
            assert!(if given { outcome == Outcome::Done(1) } else { kept }, "{attempt} with {right}: {outcome:?}");
        }
    }
    for (attempt, _) in OUTSIDE {
        let outcome = tried(None, "read list write create delete", attempt);
        assert!(matches!(outcome, Outcome::Failed(EACCES | ENOENT)), "{attempt}: {outcome:?}");
    }
}

fn without_a_root_there_is_no_private_folder() {
    let outcome = |layers: &str| {
        let folder = folder();
        let mut order = Order::new(Stage::Service, "nothing").layers(layers);
        order.files = format!("{}=scratch", folder.path().join("root").display());
        order.outcome()
    };
    assert_eq!(outcome("namespaces,root"), Outcome::Done(0), "control");
    assert_eq!(outcome("namespaces"), Outcome::Exited(1));
}

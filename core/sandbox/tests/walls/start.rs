//! Entering: who becomes what, what is reported, what stays open, and what a start refuses.

use crate::Test;
use crate::attempts;
use crate::prisoner::Stage;
use crate::warden::{Order, Outcome, Prisoner, pids_in, users, wait_for_all};
use libc::{EACCES, ENOENT, EPERM, EROFS};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub const TESTS: &[Test] = &[
    ("start::every_layer_is_on", every_layer_is_on),
    ("start::exactly_the_declared_descriptors", exactly_the_declared_descriptors),
    ("start::no_folder_among_them", no_folder_among_them),
    ("start::environment_must_be_empty", environment_must_be_empty),
    ("start::no_user_namespaces", no_user_namespaces),
    ("start::files", files),
    ("start::folders_of_a_capability", folders_of_a_capability),
    ("start::devices", devices),
    ("start::library_from_a_private_folder", library_from_a_private_folder),
    ("start::exchanged_library", exchanged_library),
    ("start::threads", threads),
    ("start::forks", forks),
    ("start::one_process_for_a_call", one_process_for_a_call),
    ("start::a_fork_server_is_alone", a_fork_server_is_alone),
    ("start::address_space", address_space),
    ("start::failure_after_the_split", failure_after_the_split),
];

const STAGES: [Stage; 6] =
    [Stage::Template, Stage::Microprocess, Stage::Loading, Stage::Sealed, Stage::ForkServer, Stage::Child];

/// Layers that a kernel of the oldest supported distribution (Linux 6.1) lacks.
const NEWER: [&str; 1] = ["memory"];

/// All that a system without user namespaces lacks.
pub const MISSING: &str = "user-namespace,mount-namespace,pid-namespace,network-namespace,ipc-namespace,uts-namespace";

fn every_layer_is_on() {
    for uid in users() {
        for stage in STAGES {
            let (outcome, said) = Order::new(stage, "nothing").uid(uid).talk();
            assert_eq!(outcome, Outcome::Done(0), "{stage:?} as {uid:?}: {said:?}");
            let report = said.iter().find(|text| text.starts_with("jailed")).expect("a report");
            let missing: Vec<&str> = report
                .split("Layer { name: \"")
                .skip(1)
                .filter(|layer| !layer.contains("state: On"))
                .filter(|layer| !NEWER.iter().any(|newer| layer.starts_with(newer)))
                .collect();
            assert!(missing.is_empty(), "{stage:?} as {uid:?}: {missing:?}");
            assert!(report.matches("Layer {").count() >= 15, "{report}");
        }
    }
}

/// The control socket, output and error. (A zone's library was declared too; this prisoner has let go of it.)
fn exactly_the_declared_descriptors() {
    for stage in STAGES {
        let (read, _write) = rustix::pipe::pipe().expect("pipe");
        let mut order = Order::new(stage, "open_descriptors");
        order.leak = Some((read.as_raw_fd(), 77));
        let Outcome::Done(open) = order.outcome() else { panic!("no answer") };
        assert_eq!(open, 0b111, "{stage:?}: {open:b}");
    }
}

fn no_folder_among_them() {
    let folder = std::fs::File::open("/").expect("the root");
    let mut order = Order::new(Stage::Template, "nothing");
    order.leak = Some((folder.as_raw_fd(), 2));
    let (outcome, said) = order.talk();
    assert_eq!(outcome, Outcome::Exited(1));
    assert!(said[0].contains("descriptor 2 is a folder"), "{said:?}");
}

fn environment_must_be_empty() {
    let mut order = Order::new(Stage::Template, "nothing");
    order.environment = vec![("LD_DEBUG".into(), String::new())];
    let (outcome, said) = order.talk();
    assert_eq!(outcome, Outcome::Exited(1));
    assert!(said[0].contains("LD_DEBUG"), "{said:?}");
}

fn no_user_namespaces() {
    for uid in users() {
        for stage in STAGES {
            let order = |attempt: &str, missing: &str| {
                let mut order = Order::new(stage, attempt).uid(uid);
                order.userns = false;
                order.may_be_missing = missing.into();
                order
            };
            let (outcome, said) = order("nothing", "").talk();
            assert_eq!(outcome, Outcome::Exited(1));
            assert!(said[0].contains("the layer `user-namespace` is not available"), "{said:?}");
            let (outcome, said) = order("nothing", "user-namespace,landlock").talk();
            assert_eq!(outcome, Outcome::Exited(1), "all that are missing have to be named");
            assert!(said[0].contains("mount-namespace"), "{said:?}");

            // The other layers hold.
            let (outcome, said) = order("open_passwd", MISSING).talk();
            assert_eq!(outcome, Outcome::Failed(EACCES), "{stage:?}: {said:?}");
            assert!(said[0].contains("\"pid-namespace\", state: Unavailable"), "{said:?}");
            assert_eq!(order("execve", MISSING).outcome(), Outcome::Killed(libc::SIGSYS));
            // Where a call's process cannot be told from others, it may not signal at all: the C library has a last resort.
            let abort = order("abort", MISSING).outcome();
            assert!(
                abort == Outcome::Killed(libc::SIGABRT) || stage == Stage::Child && matches!(abort, Outcome::Killed(_))
            );
            let nobody =
                if rustix::process::geteuid().is_root() && uid.is_none() { Some(65534) } else { uid.map(i64::from) };
            if let Some(nobody) = nobody {
                assert_eq!(order("nobody", MISSING).outcome(), Outcome::Done(nobody));
            }
        }
    }
}

/// `files`: what is named can be used as it says, before and after the seal; what lies beside it cannot.
fn files() {
    let folder = Path::new("/tmp/cloison-walls-files");
    let _ = std::fs::remove_dir_all(folder);
    for (name, mode) in [("", 0o755), ("read", 0o755), ("write", 0o777)] {
        std::fs::create_dir(folder.join(name)).expect("a folder");
        std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(mode)).expect("mode");
    }
    std::fs::write(folder.join("read/a"), "A").expect("a file");
    std::fs::set_permissions(folder.join("read/a"), std::fs::Permissions::from_mode(0o666)).expect("mode");
    std::fs::write(folder.join("secret"), "S").expect("a file");

    let (read, write) = (folder.join("read"), folder.join("write"));
    let (read, write) = (read.to_str().expect("text"), write.to_str().expect("text"));
    for uid in users() {
        for stage in [Stage::Loading, Stage::Sealed] {
            let with = |files: &str, attempt: &str| {
                let mut order = Order::new(stage, attempt).uid(uid);
                order.files = files.into();
                order.outcome()
            };
            let both = format!("{read}:{write}!");
            assert_eq!(with(read, "read_file"), Outcome::Done(b'A'.into()), "{stage:?} as {uid:?}");
            assert_eq!(with(read, "write_read_only_file"), Outcome::Failed(EACCES));
            assert_eq!(with(&both, "read_file"), Outcome::Done(b'A'.into()));
            // Now seccomp allows to open for writing; the mounts and Landlock say where.
            assert!(matches!(with(&both, "write_read_only_file"), Outcome::Failed(EACCES | EROFS)));
            assert_eq!(with(&both, "write_file"), Outcome::Done(1), "{stage:?} as {uid:?}");
            assert!(folder.join("write/b").exists(), "seen from outside");
            std::fs::remove_file(folder.join("write/b")).expect("the file");
            // What can be written is no code, nor is what can be read.
            if stage == Stage::Loading {
                assert_eq!(with(&both, "map_loader_code"), Outcome::Done(1), "control, as {uid:?}");
                assert_eq!(with(&both, "map_read_code"), Outcome::Failed(EPERM), "as {uid:?}");
                assert_eq!(with(&both, "map_written_code"), Outcome::Failed(EPERM), "as {uid:?}");
                std::fs::remove_file(folder.join("write/code")).expect("the file");
            }
            for attempt in ["read_unnamed_file", "climb_out", "open_passwd"] {
                assert!(matches!(with(&both, attempt), Outcome::Failed(EACCES | ENOENT)), "{attempt}");
            }
            let unnamed = with("", "read_file");
            assert!(matches!(unnamed, Outcome::Failed(EACCES | ENOENT)), "control: {unnamed:?}");
        }
    }
    let mut order = Order::new(Stage::Loading, "nothing");
    order.files = "/".into();
    assert_eq!(order.outcome(), Outcome::Exited(1), "the whole machine is not to be named");
    std::fs::remove_dir_all(folder).expect("tidy");
}

/// A folder that a capability gives is at its place, with its rights, and nothing else of the machine is.
fn folders_of_a_capability() {
    let folder = Path::new("/tmp/cloison-walls-given");
    let all = "read list write create delete";
    for uid in users() {
        for stage in [Stage::Loading, Stage::Sealed, Stage::Worker] {
            for (rights, allowed) in [
                (all, &["placed_read", "placed_list", "placed_write", "placed_create", "placed_unlink"][..]),
                ("read", &["placed_read"]),
                ("read list", &["placed_read", "placed_list"]),
                ("write", &["placed_write"]),
                ("delete", &["placed_unlink"]),
                ("", &[]),
            ] {
                for attempt in ["placed_read", "placed_list", "placed_write", "placed_create", "placed_unlink"] {
                    let _ = std::fs::remove_dir_all(folder);
                    std::fs::create_dir(folder).expect("a folder");
                    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).expect("mode");
                    for name in ["a", "gone"] {
                        std::fs::write(folder.join(name), "A").expect("a file");
                        let mode = std::fs::Permissions::from_mode(0o666);
                        std::fs::set_permissions(folder.join(name), mode).expect("mode");
                    }
                    let mut order = Order::new(stage, attempt).uid(uid);
                    order.threads = 2;
                    order.files = format!("{}={rights}@/placed", folder.display());
                    let outcome = order.outcome();
                    match allowed.contains(&attempt) {
                        true => assert!(matches!(outcome, Outcome::Done(_)), "{attempt} by {rights:?}: {outcome:?}"),
                        false => assert!(
                            matches!(outcome, Outcome::Failed(EACCES | EROFS)),
                            "{attempt} by {rights:?}, {stage:?} as {uid:?}: {outcome:?}"
                        ),
                    }
                }
            }
            std::os::unix::fs::symlink("/etc/passwd", folder.join("out")).expect("a link");
            for attempt in ["placed_link", "placed_climb", "open_passwd"] {
                let mut order = Order::new(stage, attempt).uid(uid);
                order.threads = 2;
                order.files = format!("{}={all}@/placed", folder.display());
                let outcome = order.outcome();
                assert!(matches!(outcome, Outcome::Failed(EACCES | ENOENT)), "{attempt}: {outcome:?}");
            }
        }
    }
    // Without a root of its own there would be no place, and everything else besides.
    let mut order = Order::new(Stage::Sealed, "nothing");
    order.layers = "landlock,seccomp,rlimits,credentials,descriptors,memory".into();
    order.files = format!("{}={all}@/placed", folder.display());
    assert_eq!(order.outcome(), Outcome::Exited(1));
    std::fs::remove_dir_all(folder).expect("tidy");
}

/// Of devices only those open that are harmless, and only where they are named themselves.
fn devices() {
    for uid in users() {
        for stage in [Stage::Loading, Stage::Sealed] {
            let with = |files: &str, attempt: &str| {
                let mut order = Order::new(stage, attempt).uid(uid);
                order.files = files.into();
                order.outcome()
            };
            let harmless = "/dev/urandom:/dev/null:/dev/zero";
            assert_eq!(with(harmless, "read_urandom"), Outcome::Done(1), "{stage:?} as {uid:?}");
            assert_eq!(with(harmless, "read_null"), Outcome::Done(1), "{stage:?} as {uid:?}");
            assert_eq!(with("/dev/null!", "write_null"), Outcome::Done(1), "{stage:?} as {uid:?}");
            assert_eq!(with(harmless, "write_null"), Outcome::Failed(EACCES), "named to be read");
            for attempt in ["read_zero", "map_zero"] {
                assert_eq!(with(harmless, attempt), Outcome::Failed(EACCES), "{attempt}, {stage:?} as {uid:?}");
            }
            for attempt in ["read_urandom", "read_zero"] {
                assert!(matches!(with("", attempt), Outcome::Failed(EACCES | ENOENT)), "control: {attempt}");
            }
        }
    }
}

/// The broker has opened it; that the zone's user could not is no matter.
fn library_from_a_private_folder() {
    let folder = private_folder();
    let library = folder.join("library.so");
    std::fs::copy(attempts::library(), &library).expect("a copy");
    let mut order = Order::new(Stage::Sealed, "nothing");
    order.library = library.to_str().expect("text").into();
    let (outcome, said) = order.talk();
    assert_eq!(outcome, Outcome::Done(0), "{said:?}");
    std::fs::remove_dir_all(folder).expect("tidy");
}

/// Between its check and its loading the file is exchanged for one that is no library.
fn exchanged_library() {
    let folder = private_folder();
    let (library, other) = (folder.join("library.so"), folder.join("other.so"));
    std::fs::copy(attempts::library(), &library).expect("a copy");
    std::fs::write(&other, "another").expect("a file");
    let mut order = Order::new(Stage::Sealed, "nothing");
    order.library = format!("{}>{}", library.display(), other.display());
    let (outcome, said) = order.talk();
    assert_eq!(outcome, Outcome::Exited(1), "{said:?}");
    assert!(said[0].contains("no file with a name"), "{said:?}");
    std::fs::remove_dir_all(folder).expect("tidy");
}

fn private_folder() -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("cloison-walls-private-{}", std::process::id()));
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).expect("mode");
    folder
}

/// Threads are for zones that declare them, and as many as they declare.
fn threads() {
    for stage in [Stage::Loading, Stage::Sealed] {
        let with = |threads: u32, attempt: &str| {
            let mut order = Order::new(stage, attempt);
            order.threads = threads;
            order.outcome()
        };
        assert_eq!(with(1, "thread"), Outcome::Failed(EPERM), "{stage:?}");
        assert_eq!(with(4, "thread"), Outcome::Done(1), "{stage:?}");
        // The main one is the fourth. There is room for init and the launcher; the kernel does not count a launcher that
        // has been waited for, nor an init that has not become nobody yet.
        let many = with(4, "many_threads");
        assert!(matches!(many, Outcome::Done(3..=5)), "{stage:?}: {many:?}");
        assert_eq!(with(4, "clone"), Outcome::Failed(EPERM), "{stage:?}: a thread is no process");
    }
}

/// A template forks as often as it was told: the prisoner's limit is 8.
fn forks() {
    for uid in users() {
        // As with threads, there is room for those that the kernel does not count (any more).
        let forks = Order::new(Stage::Template, "many_forks").uid(uid).outcome();
        assert!(matches!(forks, Outcome::Done(8..=10)), "as {uid:?}: {forks:?}");
    }
}

/// A zone has room for one call's process, and for those that the kernel does not count (any more).
fn one_process_for_a_call() {
    for uid in users() {
        let calls = Order::new(Stage::ForkServer, "many_calls").uid(uid).outcome();
        assert!(matches!(calls, Outcome::Done(1..=3)), "as {uid:?}: {calls:?}");
    }
}

/// What a constructor leaves behind would hold locks, or live without a seal.
fn a_fork_server_is_alone() {
    for (early, told) in [
        ("leave_a_thread", "has made threads"),
        ("leave_a_process", "has made processes"),
        ("leave_an_orphan", "has made processes"),
    ] {
        for uid in users() {
            let mut order = Order::new(Stage::ForkServer, &format!("early {early}")).uid(uid);
            order.threads = 2;
            let (outcome, said) = order.talk();
            assert_eq!(outcome, Outcome::Exited(1), "{early} as {uid:?}: {said:?}");
            let last = said.last().expect("a reason");
            assert!(last.starts_with("failed") && last.contains(told), "{early}: {said:?}");
        }
    }
    // Control: with the same policies and nothing left behind it starts.
    let mut order = Order::new(Stage::ForkServer, "early nothing");
    order.threads = 2;
    assert_eq!(order.outcome(), Outcome::Done(0));
}

/// A microprocess maps no more than its address space, even what it only wants to read.
fn address_space() {
    assert_eq!(Order::new(Stage::Template, "much_to_read").outcome(), Outcome::Done(1), "control: without that limit");
    assert_eq!(Order::new(Stage::Microprocess, "much_to_read").outcome(), Outcome::Failed(libc::ENOMEM));
}

/// The root cannot be built: the processes are there already, and known.
fn failure_after_the_split() {
    // More folders than the root has room for.
    let top = std::env::temp_dir().join(format!("cloison-walls-deep-{}", std::process::id()));
    let deep = (0..300).fold(top.clone(), |path, _| path.join("d"));
    std::fs::create_dir_all(&deep).expect("folders");
    let mut order = Order::new(Stage::Loading, "nothing");
    order.files = deep.to_str().expect("text").into();
    let prisoner = Prisoner::start(&order);
    let split = prisoner.hear_split().expect("what is said first");
    let (worker, init) = pids_in(&split);
    assert!(split.starts_with("split"), "{split}");
    let (outcome, said) = prisoner.finish();
    assert!(said[0].contains("cannot build the new root"), "{said:?}");
    assert_ne!(outcome, Outcome::Stuck);

    // Waited for by number, as the broker does.
    let prisoner = Prisoner::start(&order);
    let (worker_2, init_2) = pids_in(&prisoner.hear_split().expect("what is said first"));
    assert!(worker != worker_2 && init != init_2);
    let mut exits = Vec::new();
    drop(prisoner.socket);
    wait_for_all(&mut exits);
    for pid in [worker_2, init_2] {
        assert!(exits.iter().any(|(known, _)| *known == pid), "{pid}: {exits:?}");
    }
    std::fs::remove_dir_all(top).expect("tidy");
}

/// How long it takes: `cargo test --test walls -- --timings`. No test, because a busy machine would fail it.
pub fn timings() {
    for (stage, word) in [
        (Stage::Template, "jailed"),
        (Stage::Loading, "jailed"),
        (Stage::Microprocess, "sealed"),
        (Stage::Sealed, "sealed"),
        (Stage::ForkServer, "sealed"),
        (Stage::Child, "call"),
    ] {
        let mut figures: Vec<u64> = (0..20)
            .map(|_| {
                let (_, said) = Order::new(stage, "nothing").talk();
                let line = said.iter().find_map(|text| text.strip_prefix(word)).expect("a report");
                line.split_whitespace().next().and_then(|figure| figure.parse().ok()).expect("a figure")
            })
            .collect();
        figures.sort_unstable();
        let unit = if word == "jailed" { "us" } else { "ns" };
        println!("  {stage:?} {word}: {} {unit} at best, {} {unit} in the middle", figures[0], figures[10]);
    }
}

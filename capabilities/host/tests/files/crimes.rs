//! Ways out of a root, each tried by a client; what is outside has to be out of reach, and what is inside within.

use crate::files::service::{ALL, Argument, Client, Folder, open_to_all};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Everything that could show or change a file at that path.
fn reaches(client: &mut Client, path: &str) -> Vec<&'static str> {
    let mut reached = Vec::new();
    let mut note = |what, done: bool| {
        if done {
            reached.push(what);
        }
    };
    let bytes = || Argument::Bytes(path.as_bytes());
    let target = format!("{path}-more");
    note("read", client.open(path, libc::O_RDONLY).is_ok());
    note("write", client.open(path, libc::O_WRONLY).is_ok());
    note("make", client.open(&target, libc::O_WRONLY | libc::O_CREAT).is_ok());
    note("stat", client.status(path, true).is_ok());
    note("access", client.call("access", &[bytes(), Argument::Word(0), Argument::Word(1)]).is_ok());
    note("list", client.list(path, 1024).is_ok());
    note("mkdir", client.make_folder(&target).is_ok());
    note("truncate", client.call("truncate", &[bytes(), Argument::Word(0)]).is_ok());
    note("chmod", client.call("chmod", &[bytes(), Argument::Word(0o777)]).is_ok());
    let times = [0, 0].map(Argument::Word);
    let [access, modify] = times;
    note("utimens", client.call("utimens", &[bytes(), access, modify, Argument::Word(1)]).is_ok());
    note("statvfs", client.space(path).is_ok());
    note("link", client.by_names("link", path, "/data/stolen").is_ok());
    note("rename", client.by_names("rename", path, "/data/stolen").is_ok());
    note("put", client.by_names("rename", "/data/loot", &target).is_ok());
    note("symlink", client.by_names("symlink", "x", &target).is_ok());
    note("unlink", client.by_name("unlink", path).is_ok());
    note("rmdir", client.by_name("rmdir", path).is_ok());
    reached
}

/// A root with every kind of link that leads out.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("root/loot", "loot");
    std::fs::create_dir(folder.path("root/inner")).expect("made");
    open_to_all(&folder.path("root/inner"));
    let outside = folder.path("outside");
    for (target, link) in [
        (outside.join("secret").as_path(), "root/absolute"),
        (outside.as_path(), "root/folder"),
        ("../outside/secret".as_ref(), "root/relative"),
        ("../outside".as_ref(), "root/up"),
        ("../../outside/secret".as_ref(), "root/inner/relative"),
        ("folder".as_ref(), "root/chain"),
        ("/proc/self/root".as_ref(), "root/proc"),
        ("/".as_ref(), "root/slash"),
        ("/dev".as_ref(), "root/dev"),
    ] {
        symlink(target, folder.path(link)).expect("made");
    }
    folder
}

#[test]
fn the_control_a_file_inside_is_reached_by_all_of_them() {
    let folder = Folder::new();
    let (_service, mut client) = folder.serve(ALL);
    folder.write("root/loot", "loot");
    client.put("/data/victim", "x").expect("written");
    let reached = reaches(&mut client, "/data/victim");
    for what in ["read", "write", "make", "stat", "access", "truncate", "chmod", "utimens", "statvfs", "link", "rename"]
    {
        assert!(reached.contains(&what), "{what}: {reached:?}");
    }
}

#[test]
fn no_path_leads_out() {
    let folder = folder();
    let outside = folder.path("outside").display().to_string();
    let (service, mut client) = folder.serve(ALL);
    let paths = [
        "/data/../outside/secret".to_owned(),
        "/data/../../../../../etc/passwd".to_owned(),
        "/data/inner/../../outside/secret".to_owned(),
        "/etc/passwd".to_owned(),
        "/proc/self/mem".to_owned(),
        "/proc/1/root/etc/passwd".to_owned(),
        "/0/loot".to_owned(),
        format!("{outside}/secret"),
        "/data/absolute".to_owned(),
        "/data/relative".to_owned(),
        "/data/folder/secret".to_owned(),
        "/data/up/secret".to_owned(),
        "/data/up/../outside/secret".to_owned(),
        "/data/chain/secret".to_owned(),
        "/data/inner/relative".to_owned(),
        "/data/inner/../up/secret".to_owned(),
        "/data/proc/etc/passwd".to_owned(),
        "/data/slash/etc/passwd".to_owned(),
        "/data/dev/null".to_owned(),
        "/data/folder/../../../../etc/passwd".to_owned(),
    ];
    // A link that leads out may be renamed and removed: it is a name in the root. What it leads to is not reached.
    let of_the_link = ["rename", "unlink", "link", "make", "mkdir", "symlink", "put"];
    for path in paths {
        let reached = reaches(&mut client, &path);
        let through: Vec<_> = reached.iter().filter(|what| !of_the_link.contains(what)).collect();
        assert!(through.is_empty(), "{path}: {through:?}");
        let _ = client.by_name("unlink", "/data/stolen");
    }
    assert_eq!(folder.read("outside/secret"), "secret");
    let names = std::fs::read_dir(folder.path("outside")).expect("listed").count();
    assert_eq!(names, 1, "nothing was made there");
    assert!(service.is_running());
}

#[test]
fn what_is_made_by_a_link_that_leads_out_is_not_made() {
    let folder = folder();
    symlink(folder.path("outside/new"), folder.path("root/new")).expect("made");
    symlink("../outside/new", folder.path("root/new2")).expect("made");
    let (_service, mut client) = folder.serve(ALL);
    for path in ["/data/new", "/data/new2", "/data/folder/new", "/data/up/new"] {
        for flags in [libc::O_CREAT, libc::O_CREAT | libc::O_EXCL, libc::O_CREAT | libc::O_TRUNC] {
            assert!(client.open(path, libc::O_WRONLY | flags).is_err(), "{path}");
        }
        assert!(client.make_folder(path).is_err(), "{path}");
    }
    assert_eq!(client.by_names("rename", "/data/loot", "/data/folder/loot"), Err(libc::EACCES));
    assert_eq!(client.by_names("link", "/data/loot", "/data/up/loot"), Err(libc::EACCES));
    assert_eq!(std::fs::read_dir(folder.path("outside")).expect("listed").count(), 1);
}

#[test]
fn no_link_is_made_that_leads_out() {
    let folder = Folder::new();
    let (_service, mut client) = folder.serve(ALL);
    client.make_folder("/data/inner").expect("made");
    client.by_names("symlink", ".", "/data/here").expect("it stays");
    client.by_names("symlink", "../x", "/data/inner/ok").expect("it stays");
    for (target, path) in [
        ("/etc/passwd", "/data/link"),
        ("/data/loot", "/data/link"),
        ("../outside/secret", "/data/link"),
        ("../../outside/secret", "/data/inner/link"),
        ("inner/../../outside", "/data/link"),
        // As it is written `here/here` is two folders deep, and it is not.
        ("../../outside/secret", "/data/here/here/link"),
    ] {
        assert_eq!(client.by_names("symlink", target, path), Err(libc::EPERM), "{target} at {path}");
    }
}

#[test]
fn a_hard_link_counts_as_what_it_is_inside() {
    let folder = Folder::new();
    // Somebody outside, with the right to it, has put a name of that file into the root: then it is in the root.
    std::fs::hard_link(folder.path("outside/secret"), folder.path("root/shared")).expect("linked");
    let (_service, mut client) = folder.serve("read list");
    assert_eq!(client.contents("/data/shared").as_deref(), Ok("secret"));
    assert_eq!(client.open("/data/shared", libc::O_WRONLY), Err(libc::EACCES));
    // A program makes names only of what it can reach.
    let (_service, mut client) = folder.serve(ALL);
    assert_eq!(client.by_names("link", "/outside/secret", "/data/mine"), Err(libc::ENOENT));
}

#[test]
fn nothing_but_files_and_folders_is_opened() {
    let folder = Folder::new();
    mknodat(CWD, folder.path("root/fifo"), FileType::Fifo, Mode::from_raw_mode(0o666), 0).expect("made");
    open_to_all(&folder.path("root/fifo"));
    let _socket = std::os::unix::net::UnixListener::bind(folder.path("root/socket")).expect("bound");
    open_to_all(&folder.path("root/socket"));
    let mut names = vec!["fifo", "socket"];
    // Making devices takes root.
    let null = rustix::fs::makedev(1, 3);
    if mknodat(CWD, folder.path("root/null"), FileType::CharacterDevice, Mode::from_raw_mode(0o666), null).is_ok() {
        open_to_all(&folder.path("root/null"));
        names.push("null");
    }
    let (service, mut client) = folder.serve(ALL);
    for name in names {
        let path = format!("/data/{name}");
        for flags in [libc::O_RDONLY, libc::O_WRONLY, libc::O_RDWR | libc::O_CREAT, libc::O_WRONLY | libc::O_TRUNC] {
            assert_eq!(client.open(&path, flags), Err(libc::EACCES), "{path} {flags}: it waits for nobody");
        }
        assert!(client.status(&path, true).is_ok(), "to look is no harm");
        client.by_name("unlink", &path).expect("removed");
    }
    assert!(service.is_running());
}

/// So often either of the two files has been met.
const ENOUGH: u32 = 500;

/// Somebody outside, who may write in the root, swaps a file for a link that leads out, as fast as he can.
#[test]
fn who_swaps_a_file_for_a_link_gains_nothing() {
    let folder = Folder::new();
    folder.write("root/plain", "inside");
    symlink(folder.path("outside/secret"), folder.path("root/link")).expect("made");
    std::fs::create_dir(folder.path("root/folder")).expect("made");
    folder.write("root/folder/secret", "inside");
    symlink(folder.path("outside"), folder.path("root/folder-link")).expect("made");
    let (service, mut client) = folder.serve(ALL);
    let stop = AtomicBool::new(false);
    let (mut inside, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        for (one, other) in [("root/plain", "root/link"), ("root/folder", "root/folder-link")] {
            let (one, other) = (folder.path(one), folder.path(other));
            let stop = &stop;
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let flags = rustix::fs::RenameFlags::EXCHANGE;
                    rustix::fs::renameat_with(CWD, &one, CWD, &other, flags).expect("swapped");
                }
            });
        }
        let start = Instant::now();
        while inside < ENOUGH || refused < ENOUGH {
            for path in ["/data/plain", "/data/folder/secret"] {
                match client.contents(path) {
                    Ok(text) => {
                        assert_eq!(text, "inside");
                        inside += 1;
                    }
                    Err(errno) => {
                        assert!([libc::EACCES, libc::ENOENT, libc::EAGAIN].contains(&errno), "{errno}");
                        refused += 1;
                    }
                }
                match client.open(path, libc::O_WRONLY) {
                    Ok(file) => {
                        client.write(file, b"inside").expect("written");
                        client.close(file);
                    }
                    Err(errno) => assert!([libc::EACCES, libc::ENOENT, libc::EAGAIN].contains(&errno), "{errno}"),
                }
            }
            assert!(start.elapsed() < Duration::from_secs(60), "{inside} {refused}");
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(folder.read("outside/secret"), "secret");
    assert!(service.is_running());
}

/// Another file system that is mounted inside is no part of a root.
#[test]
fn a_mount_inside_is_no_part_of_a_root() {
    let folder = Folder::new();
    // `/proc` is mounted below `/`, on every machine.
    let roots = [("/machine", std::path::Path::new("/"), "read list")];
    let (_service, mut client) =
        crate::files::service::Service::with_client(&roots, cloison_contract::host::FilesService::default());
    assert!(client.list("/machine", 1 << 16).is_ok_and(|names| names.contains(&"4proc".to_owned())));
    for path in ["/machine/proc/self/status", "/machine/proc/version", "/machine/proc/1/environ"] {
        assert_eq!(client.open(path, libc::O_RDONLY), Err(libc::EACCES), "{path}");
    }
    drop(folder);
}

#[test]
fn all_layers_are_on() {
    use cloison_contract::message::LayerState;
    let folder = Folder::new();
    let (service, _client) = folder.serve("read");
    for name in ["landlock", "seccomp", "mount-namespace", "user-namespace", "network-namespace", "rlimits"] {
        let layer = service.layers.iter().find(|layer| layer.name == name).expect("reported");
        assert_eq!(layer.state, LayerState::On, "{name}: {}", layer.detail);
    }
    let seccomp = service.layers.iter().find(|layer| layer.name == "seccomp").expect("reported");
    assert!(seccomp.detail.contains("`files`"), "{}", seccomp.detail);
}

//! A root gives what it says, and nothing else.

use crate::files::service::{ALL, Argument, Client, Folder};
use std::os::unix::fs::MetadataExt;

const NEW: i32 = libc::O_WRONLY | libc::O_CREAT;

/// Everything that can be tried, and which right it needs: each word alone is tried as well as its absence.
type Trial = (&'static str, fn(&mut Client) -> Result<(), i32>);

const TRIALS: &[Trial] = &[
    ("read", |client| client.open("/data/file", libc::O_RDONLY).map(|file| client.close(file))),
    ("list", |client| client.list("/data", 1024).map(drop)),
    ("write", |client| client.open("/data/file", libc::O_WRONLY).map(|file| client.close(file))),
    ("write", |client| client.open("/data/file", libc::O_WRONLY | libc::O_TRUNC).map(|file| client.close(file))),
    ("write", |client| client.open("/data/file", NEW).map(|file| client.close(file))),
    ("write", |client| client.call("truncate", &[Argument::Bytes(b"/data/file"), Argument::Word(1)]).map(drop)),
    ("write", |client| client.call("chmod", &[Argument::Bytes(b"/data/inner"), Argument::Word(0o777)]).map(drop)),
    ("write", |client| {
        let [zero, follow] = [0, 1].map(Argument::Word);
        client.call("utimens", &[Argument::Bytes(b"/data/file"), zero, Argument::Word(0), follow]).map(drop)
    }),
    ("append write", |client| {
        client.open("/data/file", libc::O_WRONLY | libc::O_APPEND).map(|file| client.close(file))
    }),
    ("create", |client| client.open("/data/new", NEW).map(|file| client.close(file))),
    ("create", |client| client.open("/data/new2", NEW | libc::O_EXCL).map(|file| client.close(file))),
    ("create", |client| client.make_folder("/data/new-folder")),
    ("create", |client| client.by_names("symlink", "file", "/data/new-link")),
    ("create", |client| client.by_names("link", "/data/file", "/data/new-name")),
    ("delete", |client| client.by_name("unlink", "/data/gone")),
    ("delete", |client| client.by_name("rmdir", "/data/gone-folder")),
];

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("root/file", "file");
    folder.write("root/gone", "gone");
    for name in ["root/inner", "root/gone-folder"] {
        std::fs::create_dir(folder.path(name)).expect("made");
    }
    // Whoever serves owns what the modes of are set.
    let owner = std::fs::metadata(folder.path("root")).expect("there").uid();
    if owner == 0 {
        for name in ["root/inner", "root/file"] {
            std::os::unix::fs::chown(folder.path(name), Some(65534), Some(65534)).expect("given away");
        }
    }
    folder
}

#[test]
fn each_right_alone_gives_its_own() {
    for word in ["read", "list", "write", "create", "delete", "append", ""] {
        let folder = folder();
        let (service, mut client) = folder.serve(word);
        for (index, (needs, trial)) in TRIALS.iter().enumerate() {
            let wanted = if needs.split(' ').any(|one| one == word) { Ok(()) } else { Err(libc::EACCES) };
            assert_eq!(trial(&mut client), wanted, "trial {index}, which needs {needs:?}, with {word:?}");
        }
        assert_eq!(client.mode("/data/file").is_ok(), !word.is_empty(), "who has any right may look");
        assert!(service.is_running());
    }
}

#[test]
fn together_they_give_all() {
    let folder = folder();
    let (_service, mut client) = folder.serve(ALL);
    for (index, (needs, trial)) in TRIALS.iter().enumerate() {
        assert_eq!(trial(&mut client), Ok(()), "trial {index}, which needs {needs:?}");
    }
}

#[test]
fn what_is_not_there_is_not_there_whatever_the_rights() {
    let folder = folder();
    for word in ["read", "list", "delete"] {
        let (_service, mut client) = folder.serve(word);
        assert_eq!(client.open("/data/none", libc::O_RDONLY), Err(libc::ENOENT));
        assert_eq!(client.status("/data/none", true), Err(libc::ENOENT));
        assert_eq!(client.list("/data/none", 1024), Err(libc::ENOENT));
        assert_eq!(client.by_name("unlink", "/data/none"), Err(libc::ENOENT));
        assert_eq!(client.open("/elsewhere", libc::O_RDONLY), Err(libc::ENOENT));
    }
}

#[test]
fn who_may_append_changes_nothing() {
    let folder = folder();
    let (_service, mut client) = folder.serve("append create");
    let file = client.open("/data/file", NEW | libc::O_APPEND).expect("opened");
    client.write(file, b"+1").expect("written");
    let at_the_beginning = [Argument::Word(file), Argument::Bytes(b"X"), Argument::Word(0)];
    client.call("pwrite", &at_the_beginning).expect("written, at the end");
    client.call("lseek", &[Argument::Word(file), Argument::Word(0), Argument::Word(0)]).expect("moved");
    client.write(file, b"Y").expect("written, at the end");
    assert_eq!(client.call("ftruncate", &[Argument::Word(file), Argument::Word(0)]), Err(libc::EACCES));
    assert_eq!(client.call("fchmod", &[Argument::Word(file), Argument::Word(0)]), Err(libc::EACCES));
    assert_eq!(folder.read("root/file"), "file+1XY");
    assert_eq!(client.open("/data/file", NEW), Err(libc::EACCES));
    assert_eq!(client.open("/data/file", NEW | libc::O_APPEND | libc::O_TRUNC), Err(libc::EACCES));
    let file = client.open("/data/log", NEW | libc::O_APPEND).expect("made");
    assert_eq!(client.call("ftruncate", &[Argument::Word(file), Argument::Word(0)]), Err(libc::EACCES));
}

#[test]
fn who_may_create_writes_only_what_is_new() {
    let folder = folder();
    let (_service, mut client) = folder.serve("create");
    let file = client.open("/data/mine", NEW).expect("made");
    client.write(file, b"mine").expect("written");
    client.call("ftruncate", &[Argument::Word(file), Argument::Word(2)]).expect("its own");
    assert_eq!(client.open("/data/mine", NEW), Err(libc::EACCES), "by now it is there");
    assert_eq!(client.open("/data/mine", NEW | libc::O_EXCL), Err(libc::EEXIST));
    assert_eq!(client.by_names("rename", "/data/mine", "/data/file"), Err(libc::EACCES));
    // A link to what is there makes nothing new of it.
    client.by_names("symlink", "file", "/data/link").expect("made");
    assert_eq!(client.open("/data/link", NEW), Err(libc::EACCES));
    assert_eq!(folder.read("root/file"), "file");
    assert_eq!(folder.read("root/mine"), "mi");
}

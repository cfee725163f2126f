//! Each function of the manifest does what POSIX says.

use crate::files::service::{ALL, Argument, Folder, Service};
use cloison_contract::host::FilesService;
use std::os::unix::ffi::OsStrExt;

#[test]
fn files_are_made_written_read_and_removed() {
    let folder = Folder::new();
    let (_service, mut client) = folder.serve(ALL);
    client.put("/data/a", "hello").expect("written");
    assert_eq!(folder.read("root/a"), "hello");
    assert_eq!(client.contents("/data/a").as_deref(), Ok("hello"));
    let file = client.open("/data/a", libc::O_RDWR).expect("opened");
    assert_eq!(client.call("lseek", &[Argument::Word(file), Argument::Word(0), Argument::Word(2)]), Ok(vec![5]));
    assert_eq!(client.write(file, b" world"), Ok(6));
    let pread = [Argument::Word(file), Argument::Word(5), Argument::Word(6)];
    assert_eq!(client.call("pread", &pread).map(|words| words[1]), Ok(5));
    assert_eq!(client.call("pwrite", &[Argument::Word(file), Argument::Bytes(b"J"), Argument::Word(0)]), Ok(vec![1]));
    assert_eq!(folder.read("root/a"), "Jello world");
    client.call("ftruncate", &[Argument::Word(file), Argument::Word(5)]).expect("shorter");
    client.call("fsync", &[Argument::Word(file), Argument::Word(0)]).expect("on the disk");
    client.call("fsync", &[Argument::Word(file), Argument::Word(1)]).expect("on the disk");
    assert_eq!(client.status_of(file).map(|status| status[3]), Ok(5));
    client.close(file);
    client.call("truncate", &[Argument::Bytes(b"/data/a"), Argument::Word(2)]).expect("shorter");
    assert_eq!(folder.read("root/a"), "Je");
    client.by_name("unlink", "/data/a").expect("removed");
    assert_eq!(client.contents("/data/a"), Err(libc::ENOENT));
    assert!(!folder.path("root/a").exists());
}

#[test]
fn flags_mean_what_they_mean() {
    let folder = Folder::new();
    let (_service, mut client) = folder.serve(ALL);
    folder.write("root/a", "one");
    assert_eq!(client.open("/data/a", libc::O_CREAT | libc::O_EXCL | libc::O_WRONLY), Err(libc::EEXIST));
    assert_eq!(client.open("/data/b", libc::O_WRONLY), Err(libc::ENOENT));
    assert_eq!(client.open("/data", libc::O_RDONLY), Err(libc::EISDIR));
    assert_eq!(client.open("/data", libc::O_WRONLY | libc::O_CREAT), Err(libc::EISDIR));
    assert_eq!(client.open("/data/a/", libc::O_RDONLY), Err(libc::ENOTDIR));
    assert_eq!(client.open("/data/a/b", libc::O_RDONLY), Err(libc::ENOTDIR));
    assert_eq!(client.open("/data/a", libc::O_RDONLY | libc::O_DIRECTORY), Err(libc::ENOTDIR));
    assert_eq!(client.open("/data", libc::O_TMPFILE | libc::O_RDWR), Err(libc::EOPNOTSUPP));
    assert_eq!(client.open("/data/a", libc::O_PATH), Err(libc::EINVAL));
    assert_eq!(client.open("/data/a", 3), Err(libc::EINVAL));
    let file = client.open("/data/a", libc::O_WRONLY | libc::O_APPEND).expect("opened");
    client.write(file, b"+two").expect("written");
    assert_eq!(client.read(file, 1), Err(libc::EBADF));
    client.close(file);
    assert_eq!(folder.read("root/a"), "one+two");
    let file = client.open("/data/a", libc::O_RDONLY | libc::O_TRUNC).expect("opened");
    assert_eq!(client.write(file, b"x"), Err(libc::EBADF));
    client.close(file);
    assert_eq!(folder.read("root/a"), "one+two", "nobody has asked to write it");
    client.open_bytes(b"/data/new", libc::O_CREAT | libc::O_WRONLY, 0o7700).expect("made");
    assert_eq!(client.mode("/data/new"), Ok(libc::S_IFREG | 0o700), "no set-uid file is made");
}

#[test]
fn folders_are_made_listed_and_removed() {
    let folder = Folder::new();
    let (_service, mut client) = folder.serve(ALL);
    client.make_folder("/data/inner/").expect("made");
    assert_eq!(client.make_folder("/data/inner"), Err(libc::EEXIST));
    assert_eq!(client.make_folder("/data"), Err(libc::EEXIST));
    assert_eq!(client.make_folder("/data/none/inner"), Err(libc::ENOENT));
    client.put("/data/a", "").expect("written");
    client.by_names("symlink", "a", "/data/link").expect("made");
    assert_eq!(client.list("/data", 1024), Ok(vec!["4inner".into(), "8a".into(), ":link".into()]));
    assert_eq!(client.list("/data/a", 1024), Err(libc::ENOTDIR));
    assert_eq!(client.by_name("rmdir", "/data/a"), Err(libc::ENOTDIR));
    assert_eq!(client.by_name("unlink", "/data/inner"), Err(libc::EISDIR));
    client.put("/data/inner/b", "").expect("written");
    assert_eq!(client.by_name("rmdir", "/data/inner"), Err(libc::ENOTEMPTY));
    client.by_name("unlink", "/data/inner/b").expect("removed");
    client.by_name("rmdir", "/data/inner").expect("removed");
    assert_eq!(client.by_name("rmdir", "/data"), Err(libc::EBUSY));
    assert_eq!(client.list("/data", 1024).map(|names| names.len()), Ok(2));
}

#[test]
fn a_large_folder_comes_in_batches() {
    let folder = Folder::new();
    let (_service, mut client) = folder.serve(ALL);
    for number in 0..3000 {
        std::fs::write(folder.path(&format!("root/file-{number}-{}", "x".repeat(number % 200))), "").expect("written");
    }
    for room in [1024, 64 << 10, 1 << 20] {
        let mut names = client.list("/data", room).expect("listed");
        names.dedup();
        assert_eq!(names.len(), 3000, "{room}");
    }
}

#[test]
fn names_need_not_be_text() {
    let folder = Folder::new();
    let (_service, mut client) = folder.serve(ALL);
    let path = b"/data/\xff\xfe \n\x01";
    let file = client.open_bytes(path, libc::O_CREAT | libc::O_WRONLY, 0o666).expect("made");
    client.close(file);
    let found = std::fs::read_dir(folder.path("root")).expect("listed").next().expect("one").expect("read");
    assert_eq!(found.file_name().as_bytes(), &path[6..]);
    let long = [&b"/data/"[..], &[b'n'; 256]].concat();
    assert_eq!(client.open_bytes(&long, libc::O_CREAT | libc::O_WRONLY, 0o666), Err(libc::ENAMETOOLONG));
}

#[test]
fn names_are_changed_linked_and_read() {
    let folder = Folder::new();
    let (_service, mut client) = folder.serve(ALL);
    client.put("/data/a", "a").expect("written");
    client.put("/data/b", "b").expect("written");
    client.make_folder("/data/inner").expect("made");
    client.by_names("rename", "/data/a", "/data/b").expect("replaced");
    assert_eq!(client.contents("/data/b").as_deref(), Ok("a"));
    client.by_names("rename", "/data/b", "/data/inner/c").expect("moved");
    assert_eq!(client.by_names("rename", "/data/none", "/data/x"), Err(libc::ENOENT));
    assert_eq!(client.by_names("rename", "/data", "/data/x"), Err(libc::EBUSY));
    client.by_names("link", "/data/inner/c", "/data/d").expect("linked");
    assert_eq!(client.by_names("link", "/data/inner/c", "/data/d"), Err(libc::EEXIST));
    assert_eq!(client.status("/data/d", true).map(|status| status[2]), Ok(2));
    client.by_names("symlink", "inner/c", "/data/link").expect("made");
    assert_eq!(client.read_link("/data/link").as_deref(), Ok("inner/c"));
    assert_eq!(client.read_link("/data/d"), Err(libc::EINVAL));
    assert_eq!(client.contents("/data/link").as_deref(), Ok("a"));
    assert_eq!(client.mode("/data/link").map(|mode| mode & libc::S_IFMT), Ok(libc::S_IFLNK));
    assert_eq!(client.status("/data/link", true).map(|status| status[8] as u32 & libc::S_IFMT), Ok(libc::S_IFREG));
    assert_eq!(client.open("/data/link", libc::O_RDONLY | libc::O_NOFOLLOW), Err(libc::ELOOP));
    client.by_names("symlink", "../inner/c", "/data/inner/up").expect("made");
    assert_eq!(client.contents("/data/inner/up").as_deref(), Ok("a"));
    assert_eq!(client.contents("/data/inner/../inner/./c").as_deref(), Ok("a"));
}

#[test]
fn modes_and_times_are_set() {
    let folder = Folder::new();
    let (_service, mut client) = folder.serve(ALL);
    client.put("/data/a", "a").expect("written");
    client.call("chmod", &[Argument::Bytes(b"/data/a"), Argument::Word(0o640)]).expect("set");
    assert_eq!(client.mode("/data/a"), Ok(libc::S_IFREG | 0o640));
    for mode in [0o4755, 0o2755, 0o1777] {
        let arguments = [Argument::Bytes(b"/data/a"), Argument::Word(mode)];
        assert_eq!(client.call("chmod", &arguments), Err(libc::EPERM), "{mode:o}");
    }
    let times = [1_500_000_000_123_456_789_u64, 1_600_000_000_987_654_321];
    let [access, modify] = times.map(Argument::Word);
    client.call("utimens", &[Argument::Bytes(b"/data/a"), access, modify, Argument::Word(1)]).expect("set");
    assert_eq!(client.status("/data/a", true).map(|status| [status[5], status[7]]), Ok(times));
    let file = client.open("/data/a", libc::O_RDONLY).expect("opened");
    let [omit, modify] = [i64::MAX as u64 - 1, 1_700_000_000_000_000_001].map(Argument::Word);
    client.call("futimens", &[Argument::Word(file), omit, modify]).expect("set");
    client.call("fchmod", &[Argument::Word(file), Argument::Word(0o600)]).expect("set");
    let status = client.status_of(file).expect("looked at");
    assert_eq!([status[5], status[7]], [times[0], 1_700_000_000_000_000_001]);
    assert_eq!(status[8] as u32, libc::S_IFREG | 0o600);
    let before = [-1_500_000_000_i64 as u64, 0].map(Argument::Word);
    let [access, modify] = before;
    client.call("futimens", &[Argument::Word(file), access, modify]).expect("set");
    assert_eq!(client.status_of(file).map(|status| status[5] as i64), Ok(-1_500_000_000));
}

#[test]
fn access_and_space_are_told() {
    let folder = Folder::new();
    let (_service, mut client) = folder.serve(ALL);
    client.put("/data/a", "a").expect("written");
    client.call("chmod", &[Argument::Bytes(b"/data/a"), Argument::Word(0o400)]).expect("set");
    client.put("/data/program", "#!").expect("written");
    client.call("chmod", &[Argument::Bytes(b"/data/program"), Argument::Word(0o700)]).expect("set");
    let mut access = |path: &str, mode| {
        client.call("access", &[Argument::Bytes(path.as_bytes()), Argument::Word(mode), Argument::Word(1)]).map(drop)
    };
    assert_eq!(access("/data/a", 0), Ok(()));
    assert_eq!(access("/data/a", 4), Ok(()));
    assert_eq!(access("/data/a", 2), Err(libc::EACCES));
    assert_eq!(access("/data/a", 1), Err(libc::EACCES));
    assert_eq!(access("/data", 7), Ok(()));
    assert_eq!(access("/data/program", 5), Ok(()));
    assert_eq!(access("/data/none", 0), Err(libc::ENOENT));
    assert!(client.space("/data/a").is_ok_and(|space| space[0] > 0 && space[2] > 0));
}

#[test]
fn several_roots_and_what_leads_to_them() {
    let folder = Folder::new();
    let roots = [("/data", &*folder.path("root"), "read list"), ("/srv/out", &*folder.path("outside"), ALL)];
    let (_service, mut client) = Service::with_client(&roots, FilesService::default());
    folder.write("root/a", "a");
    assert_eq!(client.list("/", 1024), Ok(vec!["4data".into(), "4srv".into()]));
    assert_eq!(client.list("/srv", 1024), Ok(vec!["4out".into()]));
    assert_eq!(client.mode("/srv"), Ok(libc::S_IFDIR | 0o555));
    assert_eq!(client.contents("/srv/../data/a").as_deref(), Ok("a"));
    assert_eq!(client.contents("/srv/out/secret").as_deref(), Ok("secret"));
    assert_eq!(client.by_names("rename", "/srv/out/secret", "/data/secret"), Err(libc::EXDEV));
    assert_eq!(client.by_names("link", "/srv/out/secret", "/data/secret"), Err(libc::EXDEV));
    assert_eq!(client.make_folder("/srv"), Err(libc::EEXIST));
    assert_eq!(client.make_folder("/srv/other"), Err(libc::ENOENT));
    assert_eq!(client.open("/srv", libc::O_RDONLY), Err(libc::EACCES));
    assert_eq!(client.contents("relative"), Err(libc::EINVAL));
    assert_eq!(client.roots(), b"read list\0/data\0read list write create delete\0/srv/out\0");
}

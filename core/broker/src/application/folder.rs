//! The application's own folders, to be looked at: what a program may read beside the modules that it imports from there.
//!
//! It carries no authority beyond that: whoever may import a file of a folder may read it, and what lies beside it. As for modules,
//! each look is beneath the folder by the kernel's rule, and only regular files are read, of a size, a piece at a time. What lies in
//! the folder of a capability's root is the capability's to give, and is not there.

use crate::application::sources::Sources;
use cap_std::fs::{Dir, File, FileType, Metadata, MetadataExt, OpenOptions, OpenOptionsExt};
use cloison_contract::message::{LOOK_BYTES, Look, LookFor, LookStatus, Looked};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

/// The longest file that a program may read there, in bytes.
pub const FILE_BYTES: u64 = 16 << 20;
/// How many names a folder may have that is listed.
const NAMES: usize = 10_000;

impl Sources {
    /// Where programs see the folders: as their modules' `__file__` says, from `/` on.
    pub fn places(&self) -> Vec<String> {
        self.folders().map(|(path, _)| place(path).display().to_string()).collect()
    }

    /// What is there, or an error number.
    pub fn look(&self, look: &Look) -> Result<Looked, i32> {
        let (_, folder) = self.folders().nth(look.folder as usize).ok_or(libc::ENOENT)?;
        let path = Path::new(OsStr::from_bytes(&look.path));
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let found = match look.what {
            LookFor::Contents { from } => self.contents(folder, path, from),
            LookFor::Link => self
                .is_beside(folder, path)
                .and_then(|()| folder.read_link_contents(path).map(|to| Looked::Link(to.into_os_string().into_vec()))),
            LookFor::Names => self.names(folder, path).map(Looked::Names),
            LookFor::Status { follow: true } => self.status(folder, path).map(Looked::Status),
            LookFor::Status { follow: false } => self
                .is_beside(folder, path)
                .and_then(|()| folder.symlink_metadata(path).map(|found| Looked::Status(status(&found)))),
        };
        // What leads out has no number.
        found.map_err(|error| error.raw_os_error().unwrap_or(libc::EACCES))
    }

    /// Whether what is by that name is not in the folder of a capability's root, by the folder that it is in.
    fn is_beside(&self, folder: &Dir, path: &Path) -> io::Result<()> {
        match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) if self.is_hidden(&folder.open_dir(parent)?) => Err(no_entry()),
            _ => Ok(()),
        }
    }

    fn open(&self, folder: &Dir, path: &Path, flags: i32) -> io::Result<File> {
        let file = folder.open_with(path, OpenOptions::new().read(true).custom_flags(flags))?;
        if self.is_hidden(&file) { Err(no_entry()) } else { Ok(file) }
    }

    fn contents(&self, folder: &Dir, path: &Path, from: u64) -> io::Result<Looked> {
        // Not blocking: opening a FIFO would wait for somebody to write.
        let file = self.open(folder, path, libc::O_NONBLOCK | libc::O_NOCTTY)?;
        let found = file.metadata()?;
        if found.is_dir() {
            return Err(io::Error::from_raw_os_error(libc::EISDIR));
        }
        if !found.is_file() {
            return Err(io::Error::from_raw_os_error(libc::EACCES));
        }
        if found.size() > FILE_BYTES || from > FILE_BYTES {
            return Err(io::Error::from_raw_os_error(libc::EFBIG));
        }
        let mut bytes = vec![0; LOOK_BYTES];
        let mut read = 0;
        while read < bytes.len() {
            match rustix::io::pread(&file, &mut bytes[read..], from + read as u64)? {
                0 => break,
                more => read += more,
            }
        }
        bytes.truncate(read);
        Ok(Looked::Contents { status: status(&found), bytes })
    }

    fn status(&self, folder: &Dir, path: &Path) -> io::Result<LookStatus> {
        Ok(status(&self.open(folder, path, libc::O_PATH)?.metadata()?))
    }

    fn names(&self, folder: &Dir, path: &Path) -> io::Result<Vec<(u8, Vec<u8>)>> {
        self.is_beside(folder, path)?;
        let folder = folder.open_dir(path)?;
        if self.is_hidden(&folder) {
            return Err(no_entry());
        }
        let mut names = Vec::new();
        for entry in folder.entries()? {
            let entry = entry?;
            if names.len() == NAMES {
                return Err(io::Error::from_raw_os_error(libc::EFBIG));
            }
            names.push((kind(entry.file_type()?), entry.file_name().into_vec()));
        }
        Ok(names)
    }
}

fn no_entry() -> io::Error {
    io::Error::from_raw_os_error(libc::ENOENT)
}

/// A relative path is relative to `/`, which is where programs are.
fn place(path: &Path) -> PathBuf {
    let mut place = PathBuf::from("/");
    for part in path.components() {
        match part {
            Component::Normal(name) => place.push(name),
            Component::ParentDir => drop(place.pop()),
            Component::CurDir | Component::Prefix(_) | Component::RootDir => {}
        }
    }
    place
}

/// The `DT_…` number.
fn kind(kind: FileType) -> u8 {
    match kind {
        _ if kind.is_dir() => libc::DT_DIR,
        _ if kind.is_file() => libc::DT_REG,
        _ if kind.is_symlink() => libc::DT_LNK,
        _ => libc::DT_UNKNOWN,
    }
}

fn status(found: &Metadata) -> LookStatus {
    LookStatus {
        mode: found.mode() & !0o222,
        inode: found.ino(),
        device: found.dev(),
        links: found.nlink(),
        size: found.size(),
        modify_ns: found.mtime().saturating_mul(1_000_000_000).saturating_add(found.mtime_nsec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn look(sources: &Sources, path: &str, what: LookFor) -> Result<Looked, i32> {
        sources.look(&Look { folder: 0, path: path.into(), what })
    }

    fn contents(looked: Result<Looked, i32>) -> Vec<u8> {
        match looked {
            Ok(Looked::Contents { bytes, .. }) => bytes,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_a_capability_s_to_give_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in [("data/deep/key", "key"), ("data/m.py", "m"), ("database", "other")] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        std::os::unix::fs::symlink("data/deep/key", folder.path().join("link")).unwrap();
        std::os::unix::fs::symlink("data", folder.path().join("way")).unwrap();
        let mut sources = Sources::default();
        sources.add(folder.path()).unwrap();
        let all = [
            LookFor::Contents { from: 0 },
            LookFor::Link,
            LookFor::Names,
            LookFor::Status { follow: true },
            LookFor::Status { follow: false },
        ];
        assert_eq!(contents(look(&sources, "link", all[0])), b"key");
        assert!(sources.find("data.m").unwrap().is_some());
        sources.hide(&folder.path().join("data").canonicalize().unwrap());
        for path in ["data/deep/key", "data/deep", "way/deep/key", "data/../data/deep/key"] {
            for what in all {
                assert_eq!(look(&sources, path, what), Err(libc::ENOENT), "{path} {what:?}");
            }
        }
        for what in [all[0], all[3]] {
            assert_eq!(look(&sources, "link", what), Err(libc::ENOENT));
        }
        assert_eq!(look(&sources, "data", LookFor::Names), Err(libc::ENOENT));
        assert!(sources.find("data.m").unwrap().is_none());
        assert_eq!(contents(look(&sources, "database", all[0])), b"other");
        // A root that has the whole folder in it takes nothing away.
        let mut sources = Sources::default();
        sources.add(folder.path()).unwrap();
        sources.hide(&folder.path().canonicalize().unwrap());
        assert_eq!(contents(look(&sources, "link", all[0])), b"key");
    }

    #[test]
    fn files_are_read_a_piece_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let text: Vec<u8> = (0..LOOK_BYTES + 5).map(|index| index as u8).collect();
        fs::write(folder.path().join("file"), &text).unwrap();
        let mut sources = Sources::default();
        sources.add(folder.path()).unwrap();
        let from = |from| contents(look(&sources, "file", LookFor::Contents { from }));
        assert_eq!(from(0), text[..LOOK_BYTES]);
        assert_eq!(from(LOOK_BYTES as u64), text[LOOK_BYTES..]);
        assert!(from(FILE_BYTES).is_empty());
        assert_eq!(look(&sources, "file", LookFor::Contents { from: u64::MAX }), Err(libc::EFBIG));
    }

    #[test]
    fn what_is_below_is_seen_and_nothing_else() {
        let whole = tempfile::tempdir().unwrap();
        let folder = whole.path().join("app");
        fs::create_dir_all(folder.join("inner")).unwrap();
        fs::write(folder.join("inner/page.html"), "<p>").unwrap();
        fs::write(whole.path().join("secret"), "secret").unwrap();
        std::os::unix::fs::symlink("../secret", folder.join("out")).unwrap();
        std::os::unix::fs::symlink("inner/page.html", folder.join("in")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            folder.join("fifo"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        let mut sources = Sources::default();
        sources.add(&folder).unwrap();
        for path in ["inner/page.html", "in", "inner/../in"] {
            assert_eq!(contents(look(&sources, path, LookFor::Contents { from: 0 })), b"<p>", "{path}");
        }
        for path in ["out", "../secret", "inner/../../secret", "/etc/passwd", "fifo"] {
            assert_eq!(look(&sources, path, LookFor::Contents { from: 0 }), Err(libc::EACCES), "{path}");
        }
        assert_eq!(look(&sources, "none", LookFor::Contents { from: 0 }), Err(libc::ENOENT));
        assert_eq!(look(&sources, "inner", LookFor::Contents { from: 0 }), Err(libc::EISDIR));
        let Ok(Looked::Names(mut names)) = look(&sources, "", LookFor::Names) else { panic!("no names") };
        names.sort();
        let text: Vec<_> = names.iter().map(|(kind, name)| (*kind, std::str::from_utf8(name).unwrap())).collect();
        assert_eq!(text, [(0, "fifo"), (libc::DT_DIR, "inner"), (libc::DT_LNK, "in"), (libc::DT_LNK, "out")]);
        assert_eq!(look(&sources, "out", LookFor::Link), Ok(Looked::Link(b"../secret".to_vec())));
        let Ok(Looked::Status(status)) = look(&sources, "in", LookFor::Status { follow: true }) else { panic!("none") };
        assert_eq!((status.mode & libc::S_IFMT, status.size), (libc::S_IFREG, 3));
        let other = Look { folder: 1, path: Vec::new(), what: LookFor::Names };
        assert_eq!(sources.look(&other), Err(libc::ENOENT));
    }

    #[test]
    fn files_have_a_longest_size() {
        let folder = tempfile::tempdir().unwrap();
        fs::File::create(folder.path().join("large")).unwrap().set_len(FILE_BYTES + 1).unwrap();
        let mut sources = Sources::default();
        sources.add(folder.path()).unwrap();
        assert_eq!(look(&sources, "large", LookFor::Contents { from: 0 }), Err(libc::EFBIG));
    }

    #[test]
    fn places_are_where_modules_say_that_they_are() {
        for (path, at) in
            [(".", "/"), ("app", "/app"), ("./app/", "/app"), ("../x/app", "/x/app"), ("/srv/app", "/srv/app")]
        {
            assert_eq!(place(Path::new(path)), Path::new(at), "{path}");
        }
    }
}

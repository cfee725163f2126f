//! The application's own folders, to be looked at: what a program may read beside the modules that it imports from there.
//!
//! It carries no authority beyond that: whoever may import a file of a folder may read it, and what lies beside it. As for modules,
//! each look is beneath the folder by the kernel's rule, and only regular files are read, of a size.

use crate::sources::Sources;
use cap_std::fs::{Dir, FileType, Metadata, MetadataExt, OpenOptions, OpenOptionsExt};
use cloison_contract::message::{Look, LookFor, LookStatus, Looked};
use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

/// The longest file that a program may read there, in bytes.
pub const FILE_BYTES: u64 = 16 << 20;
/// How many names a folder may have that is listed.
const NAMES: usize = 50_000;

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
            LookFor::Contents => contents(folder, path).map(Looked::Contents),
            LookFor::Link => folder.read_link_contents(path).map(|to| Looked::Link(to.into_os_string().into_vec())),
            LookFor::Names => names(folder, path).map(Looked::Names),
            LookFor::Status { follow: true } => folder.metadata(path).map(|found| Looked::Status(status(&found))),
            LookFor::Status { follow: false } => {
                folder.symlink_metadata(path).map(|found| Looked::Status(status(&found)))
            }
        };
        // What leads out has no number.
        found.map_err(|error| error.raw_os_error().unwrap_or(libc::EACCES))
    }
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

fn contents(folder: &Dir, path: &Path) -> io::Result<Vec<u8>> {
    // Not blocking: opening a FIFO would wait for somebody to write.
    let options = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).clone();
    let file = folder.open_with(path, &options)?;
    let found = file.metadata()?;
    if found.is_dir() {
        return Err(io::Error::from_raw_os_error(libc::EISDIR));
    }
    if !found.is_file() {
        return Err(io::Error::from_raw_os_error(libc::EACCES));
    }
    let mut contents = Vec::new();
    file.take(FILE_BYTES + 1).read_to_end(&mut contents)?;
    if contents.len() as u64 > FILE_BYTES {
        return Err(io::Error::from_raw_os_error(libc::EFBIG));
    }
    Ok(contents)
}

fn names(folder: &Dir, path: &Path) -> io::Result<Vec<(u8, Vec<u8>)>> {
    let mut names = Vec::new();
    for entry in folder.read_dir(path)? {
        let entry = entry?;
        if names.len() == NAMES {
            return Err(io::Error::from_raw_os_error(libc::EFBIG));
        }
        names.push((kind(entry.file_type()?), entry.file_name().into_vec()));
    }
    Ok(names)
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
            assert_eq!(look(&sources, path, LookFor::Contents), Ok(Looked::Contents(b"<p>".to_vec())), "{path}");
        }
        for path in ["out", "../secret", "inner/../../secret", "/etc/passwd", "fifo"] {
            assert_eq!(look(&sources, path, LookFor::Contents), Err(libc::EACCES), "{path}");
        }
        assert_eq!(look(&sources, "none", LookFor::Contents), Err(libc::ENOENT));
        assert_eq!(look(&sources, "inner", LookFor::Contents), Err(libc::EISDIR));
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
        assert_eq!(look(&sources, "large", LookFor::Contents), Err(libc::EFBIG));
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

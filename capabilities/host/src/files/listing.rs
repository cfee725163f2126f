//! What is in a folder.

use super::paths::Destination;
use super::walk::status_at;
use super::{Files, allowed};
use rustix::fs::{Dir, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};

/// A folder that is being listed.
#[derive(Debug)]
pub(super) struct Listing(Mutex<Names>);

#[derive(Debug)]
enum Names {
    /// Names that lead to roots.
    Above(std::vec::IntoIter<Vec<u8>>),
    /// A folder of the machine, and what has been read and not fitted.
    Below(Dir, Option<Vec<u8>>),
}

impl Files {
    pub(super) fn list(&self, path: &[u8]) -> Result<Listing, Errno> {
        let names = match self.find(path)? {
            Destination::Above(names) => Names::Above(names.into_iter()),
            Destination::Below(root, rest) => {
                let root = &self.roots[root];
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK;
                // It has to be there before anybody is told that it may not be listed.
                root.folder_at(&rest, ResolveFlags::empty())?;
                allowed(root.rights.list)?;
                Names::Below(Dir::new(root.open(&rest, flags, Mode::empty(), ResolveFlags::empty())?)?, None)
            }
        };
        Ok(Listing(Mutex::new(names)))
    }
}

impl Listing {
    /// As many entries as have room; how many bytes that is. An entry is longer than `into` can be only if that is too short for
    /// any name.
    pub(super) fn next(&self, into: &mut [u8]) -> Result<usize, Errno> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut used = 0;
        while let Some(entry) = names.next()? {
            match into.get_mut(used..used + entry.len()) {
                Some(room) => room.copy_from_slice(&entry),
                None if used == 0 => return Err(Errno::RANGE),
                None => {
                    names.put_back(entry);
                    break;
                }
            }
            used += entry.len();
        }
        Ok(used)
    }
}

impl Names {
    fn next(&mut self) -> Result<Option<Vec<u8>>, Errno> {
        match self {
            Self::Above(names) => Ok(names.next().map(|name| entry(FileType::Directory, &name))),
            Self::Below(_, kept) if kept.is_some() => Ok(kept.take()),
            Self::Below(folder, _) => loop {
                let Some(found) = folder.next().transpose()? else { return Ok(None) };
                let name = found.file_name().to_bytes();
                if name == b"." || name == b".." {
                    continue;
                }
                return Ok(Some(entry(known(folder, found.file_type(), name), name)));
            },
        }
    }

    fn put_back(&mut self, entry: Vec<u8>) {
        match self {
            // What leads to roots are few and short names: they fit.
            Self::Above(_) => {}
            Self::Below(_, kept) => *kept = Some(entry),
        }
    }
}

/// The kind of an entry, also where the file system does not say.
fn known(folder: &Dir, kind: FileType, name: &[u8]) -> FileType {
    if kind != FileType::Unknown {
        return kind;
    }
    let status = folder.fd().and_then(|folder| status_at(folder.as_fd(), name));
    status.map_or(FileType::Unknown, |status| FileType::from_raw_mode(status.st_mode))
}

/// One byte for the kind, the name, and a zero byte.
fn entry(kind: FileType, name: &[u8]) -> Vec<u8> {
    let number = match kind {
        FileType::Fifo => libc::DT_FIFO,
        FileType::CharacterDevice => libc::DT_CHR,
        FileType::Directory => libc::DT_DIR,
        FileType::BlockDevice => libc::DT_BLK,
        FileType::RegularFile => libc::DT_REG,
        FileType::Symlink => libc::DT_LNK,
        FileType::Socket => libc::DT_SOCK,
        FileType::Unknown => libc::DT_UNKNOWN,
    };
    [&[b'0' + number][..], name, &[0]].concat()
}

//! What is in a folder.

use super::paths::Destination;
use super::used::Used;
use super::walk::status_at;
use super::{Files, allowed};
use rustix::fs::{FileType, Mode, OFlags, RawDir, ResolveFlags, SeekFrom, seek, tell};
use rustix::io::Errno;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

/// How much the kernel is asked for at once.
const PIECE_BYTES: usize = 8192;

/// A folder that is being listed.
#[derive(Debug)]
pub(super) struct Listing(Mutex<Names>);

#[derive(Debug)]
enum Names {
    /// Names that lead to roots, the last first.
    Above(Vec<Vec<u8>>),
    /// A folder of the machine. How far it has been read, its descriptor knows: nothing is kept in memory.
    Below(OwnedFd),
}

impl Files {
    pub(super) fn list(&self, path: &[u8]) -> Result<Listing, Errno> {
        let names = match self.find(path)? {
            Destination::Above(mut names) => {
                names.reverse();
                Names::Above(names)
            }
            Destination::Below(root, rest) => {
                let root = &self.roots[root];
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK;
                // It has to be there before anybody is told that it may not be listed.
                root.folder_at(&rest, ResolveFlags::empty())?;
                allowed(root.rights.list)?;
                root.used("list", Used::Folder(&rest));
                Names::Below(root.open(&rest, flags, Mode::empty(), ResolveFlags::empty())?)
            }
        };
        Ok(Listing(Mutex::new(names)))
    }
}

impl Listing {
    /// As many entries as have room; how many bytes that is. That no entry has room is an error, unless none is left.
    pub(super) fn next(&self, into: &mut [u8]) -> Result<usize, Errno> {
        let mut entries = EntryBuffer { into, used: 0 };
        let more = match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Names::Above(names) => {
                while names.last().is_some_and(|name| entries.put(FileType::Directory, name)) {
                    names.pop();
                }
                !names.is_empty()
            }
            Names::Below(folder) => read_on(folder.as_fd(), &mut entries)?,
        };
        if more && entries.used == 0 { Err(Errno::RANGE) } else { Ok(entries.used) }
    }
}

/// Read entries until there is room for no more of them; whether there are more.
fn read_on(folder: BorrowedFd<'_>, into: &mut EntryBuffer<'_>) -> Result<bool, Errno> {
    let mut position = tell(folder)?;
    let mut piece = [MaybeUninit::uninit(); PIECE_BYTES];
    let mut entries = RawDir::new(folder, &mut piece);
    while let Some(found) = entries.next() {
        let found = found?;
        let name = found.file_name().to_bytes();
        if name != b"." && name != b".." && !into.put(known(folder, found.file_type(), name), name) {
            // The kernel has given more than this: the next one begins here.
            seek(folder, SeekFrom::Start(position))?;
            return Ok(true);
        }
        position = found.next_entry_cookie();
    }
    Ok(false)
}

/// Where entries are put.
struct EntryBuffer<'a> {
    into: &'a mut [u8],
    used: usize,
}

impl EntryBuffer<'_> {
    /// Whether there was room for that.
    fn put(&mut self, kind: FileType, name: &[u8]) -> bool {
        let entry = entry(kind, name);
        let Some(room) = self.into.get_mut(self.used..self.used + entry.len()) else { return false };
        room.copy_from_slice(&entry);
        self.used += entry.len();
        true
    }
}

/// The kind of an entry, also where the file system does not say.
fn known(folder: BorrowedFd<'_>, kind: FileType, name: &[u8]) -> FileType {
    if kind != FileType::Unknown {
        return kind;
    }
    status_at(folder, name).map_or(FileType::Unknown, |status| FileType::from_raw_mode(status.st_mode))
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

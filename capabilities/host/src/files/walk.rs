//! Opening what is below a root.

use super::paths::{self, Destination};
use super::{Files, Root, allowed};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, openat2, statat};
use rustix::io::Errno;
use std::os::fd::{BorrowedFd, OwnedFd};

/// How often a walk is begun again because somebody was renaming on its way.
const ATTEMPTS: usize = 64;

/// What no walk does: leave the root, by `..`, a link or another mount; or follow a link of the kernel's own making.
const BENEATH: ResolveFlags = ResolveFlags::BENEATH.union(ResolveFlags::NO_MAGICLINKS).union(ResolveFlags::NO_XDEV);

/// A name that is to be made or removed.
pub(super) struct Named<'r> {
    /// Its root.
    pub root: &'r Root,
    /// The path below the root.
    pub rest: Vec<u8>,
    /// The folder that holds it.
    pub folder: OwnedFd,
    /// Itself.
    pub name: Vec<u8>,
}

impl Files {
    pub(super) fn find(&self, path: &[u8]) -> Result<Destination, Errno> {
        paths::find(path, self.roots.iter().map(|root| root.at.as_str()))
    }

    /// A path that leads below a root.
    pub(super) fn below(&self, path: &[u8]) -> Result<(&Root, Vec<u8>), Errno> {
        match self.find(path)? {
            Destination::Above(_) => Err(Errno::ACCESS),
            Destination::Below(index, rest) => Ok((&self.roots[index], rest)),
        }
    }

    /// A name that is to be made or removed: its root, the folder that holds it, and itself. That the folder is there is for the
    /// kernel to say before any right is asked for, so that what is not there is `ENOENT`.
    pub(super) fn name_at(&self, path: &[u8]) -> Result<Named<'_>, Errno> {
        let (root, rest) = self.below(path)?;
        let (folder, name) = paths::split(&rest).ok_or(Errno::BUSY)?;
        let (folder, name) = (root.folder_at(folder, ResolveFlags::empty())?, name.to_vec());
        Ok(Named { root, rest, folder, name })
    }
}

impl Root {
    /// Opens what is below this root, or says why not. Leading out of it is `EACCES`.
    pub(super) fn open(&self, rest: &[u8], flags: OFlags, mode: Mode, more: ResolveFlags) -> Result<OwnedFd, Errno> {
        for _ in 0..ATTEMPTS {
            match openat2(self.folder(), rest, flags | OFlags::CLOEXEC, mode, BENEATH | more) {
                Err(Errno::AGAIN) => {}
                Err(Errno::XDEV) => return Err(Errno::ACCESS),
                other => return other,
            }
        }
        Err(Errno::AGAIN)
    }

    /// To look at it alone: what it is has no say in that, nothing waits, and no device notices.
    pub(super) fn look(&self, rest: &[u8], follow: bool) -> Result<OwnedFd, Errno> {
        allowed(self.rights.any())?;
        let flags = if follow { OFlags::PATH } else { OFlags::PATH | OFlags::NOFOLLOW };
        let found = self.open(rest, flags, Mode::empty(), ResolveFlags::empty());
        self.looked(rest, &found);
        found
    }

    /// A folder in which a name is looked up.
    pub(super) fn folder_at(&self, rest: &[u8], more: ResolveFlags) -> Result<OwnedFd, Errno> {
        allowed(self.rights.any())?;
        let found = self.open(rest, OFlags::PATH | OFlags::DIRECTORY, Mode::empty(), more);
        self.looked(rest, &found);
        found
    }

    /// A file that is there, opened with these flags: nothing but a regular one.
    pub(super) fn regular(&self, rest: &[u8], flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        // What waits for somebody at its other end does not: a FIFO may have taken the file's place by now.
        let file = self.open(rest, flags | OFlags::NONBLOCK | OFlags::NOCTTY, mode, ResolveFlags::empty())?;
        is_regular(&fstat(&file)?)?;
        Ok(file)
    }
}

/// An error for what is no regular file.
pub(super) fn is_regular(status: &Stat) -> Result<(), Errno> {
    match FileType::from_raw_mode(status.st_mode) {
        FileType::RegularFile => Ok(()),
        FileType::Directory => Err(Errno::ISDIR),
        FileType::Symlink => Err(Errno::LOOP),
        _ => Err(Errno::ACCESS),
    }
}

/// What that name in that folder is.
pub(super) fn status_at(folder: BorrowedFd<'_>, name: &[u8]) -> Result<Stat, Errno> {
    statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)
}

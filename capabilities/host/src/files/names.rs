//! What is done by name: looking, making, removing, renaming.

use super::kernel;
use super::paths::{self, Destination};
use super::used::Used;
use super::walk::{Named, status_at};
use super::{Files, allowed};
use rustix::fs::{
    Access, AtFlags, FileType, Mode, OFlags, RenameFlags, ResolveFlags, Stat, StatVfs, Timespec, Timestamps, fchmod,
    fstat, fstatvfs, linkat, mkdirat, readlinkat, renameat_with, symlinkat, unlinkat, utimensat,
};
use rustix::io::Errno;
use std::os::fd::AsFd;

/// What the bits of a mode are that a program may set: no set-uid, set-gid, sticky.
const MODE: u32 = 0o777;

/// `UTIME_NOW` and `UTIME_OMIT` of the manifest.
const NOW: i64 = i64::MAX;
const OMIT: i64 = i64::MAX - 1;

impl Files {
    pub(super) fn status(&self, path: &[u8], follow: bool) -> Result<Stat, Errno> {
        match self.find(path)? {
            Destination::Above(_) => Ok(on_the_way()),
            Destination::Below(root, rest) => fstat(self.roots[root].look(&rest, follow)?),
        }
    }

    /// Whether that would work: as far as the rights of the root say, and as far as the file's own do.
    pub(super) fn access(&self, path: &[u8], mode: i32, follow: bool) -> Result<(), Errno> {
        let wanted = Access::from_bits(mode as u32).ok_or(Errno::INVAL)?;
        let (root, rest) = match self.find(path)? {
            Destination::Above(_) => return allowed(!wanted.contains(Access::WRITE_OK)),
            Destination::Below(root, rest) => (&self.roots[root], rest),
        };
        let found = root.look(&rest, follow)?;
        let status = fstat(&found)?;
        let (folder, rights) = (kind(&status) == FileType::Directory, root.rights);
        if wanted.contains(Access::READ_OK) {
            allowed(if folder { rights.list } else { rights.read })?;
            root.used(if folder { "list" } else { "read" }, of(folder, &rest));
        }
        if wanted.contains(Access::WRITE_OK) {
            allowed(if folder { rights.create || rights.delete } else { rights.write || rights.append })?;
            let right = match (folder, rights.create, rights.write) {
                (true, true, _) => "create",
                (true, false, _) => "delete",
                (false, _, true) => "write",
                (false, _, false) => "append",
            };
            root.used(right, of(folder, &rest));
        }
        if folder {
            return kernel::access(found.as_fd(), wanted);
        }
        // The mounts let nothing be executed. What is asked is whether it is a program.
        allowed(!wanted.contains(Access::EXEC_OK) || status.st_mode & 0o111 != 0)?;
        kernel::access(found.as_fd(), wanted - Access::EXEC_OK)
    }

    pub(super) fn read_link(&self, path: &[u8]) -> Result<Vec<u8>, Errno> {
        match self.find(path)? {
            Destination::Above(_) => Err(Errno::INVAL),
            Destination::Below(root, rest) => {
                let link = self.roots[root].look(&rest, false)?;
                match kind(&fstat(&link)?) {
                    FileType::Symlink => readlinkat(&link, c"", Vec::new()).map(std::ffi::CString::into_bytes),
                    _ => Err(Errno::INVAL),
                }
            }
        }
    }

    pub(super) fn make_folder(&self, path: &[u8], mode: u32) -> Result<(), Errno> {
        if self.is_there_already(path)? {
            return Err(Errno::EXIST);
        }
        let Named { root, rest, folder, name } = self.name_at(path)?;
        if status_at(folder.as_fd(), &name).is_ok() {
            return Err(Errno::EXIST);
        }
        allowed(root.rights.create)?;
        root.used("create", Used::Name(&rest));
        root.passes(&rest);
        self.name(root, || mkdirat(&folder, &*name, Mode::from_raw_mode(mode & MODE)))
    }

    /// Whether it is a root or on the way to one: then it is there, and nobody makes or removes it.
    fn is_there_already(&self, path: &[u8]) -> Result<bool, Errno> {
        Ok(match self.find(path)? {
            Destination::Above(_) => true,
            Destination::Below(_, rest) => rest == b".",
        })
    }

    pub(super) fn remove(&self, path: &[u8], folder: bool) -> Result<(), Errno> {
        if self.is_there_already(path)? {
            return Err(if folder { Errno::BUSY } else { Errno::ISDIR });
        }
        let Named { root, rest, folder: parent, name } = self.name_at(path)?;
        let status = status_at(parent.as_fd(), &name)?;
        if !folder && ends_in_folder(path) {
            return Err(if kind(&status) == FileType::Directory { Errno::ISDIR } else { Errno::NOTDIR });
        }
        if folder && path.ends_with(b"/.") {
            return Err(Errno::INVAL);
        }
        allowed(root.rights.delete)?;
        root.used("delete", Used::Name(&rest));
        if folder {
            root.passes(&rest);
        }
        unlinkat(&parent, &*name, if folder { AtFlags::REMOVEDIR } else { AtFlags::empty() })
    }

    pub(super) fn rename(&self, source: &[u8], target: &[u8]) -> Result<(), Errno> {
        let Named { root: from, rest: before, folder: old, name: old_name } = self.name_at(source)?;
        let Named { root: to, rest: after, folder: new, name: new_name } = self.name_at(target)?;
        let status = status_at(old.as_fd(), &old_name)?;
        if [source, target].into_iter().any(ends_in_folder) && kind(&status) != FileType::Directory {
            return Err(Errno::NOTDIR);
        }
        if !std::ptr::eq(from, to) {
            return Err(Errno::XDEV);
        }
        allowed(from.rights.create && from.rights.delete)?;
        let both = Used::Both(&before, &after);
        from.used("create", both);
        from.used("delete", both);
        if kind(&status) == FileType::Directory {
            from.passes(&before);
            from.passes(&after);
        }
        renameat_with(&old, &*old_name, &new, &*new_name, RenameFlags::empty())
    }

    pub(super) fn link(&self, source: &[u8], target: &[u8]) -> Result<(), Errno> {
        let Named { root: from, rest: there, folder: old, name: old_name } = self.name_at(source)?;
        let Named { root: to, rest: made, folder: new, name: new_name } = self.name_at(target)?;
        let status = status_at(old.as_fd(), &old_name)?;
        if !std::ptr::eq(from, to) {
            return Err(Errno::XDEV);
        }
        // What a link says holds for the folder that it is in.
        if kind(&status) == FileType::Symlink {
            return Err(Errno::PERM);
        }
        if status_at(new.as_fd(), &new_name).is_ok() {
            return Err(Errno::EXIST);
        }
        allowed(from.rights.create)?;
        from.used("create", Used::Both(&there, &made));
        self.name(from, || linkat(&old, &*old_name, &new, &*new_name, AtFlags::empty()))
    }

    /// Others follow links too: those who are not kept inside. So none is made that says where it leads out.
    pub(super) fn make_link(&self, target: &[u8], path: &[u8]) -> Result<(), Errno> {
        if target.is_empty() || target.contains(&0) {
            return Err(if target.is_empty() { Errno::NOENT } else { Errno::INVAL });
        }
        let (root, rest) = self.below(path)?;
        let (folder, name) = paths::split(&rest).ok_or(Errno::EXIST)?;
        let climbs = target.split(|byte| *byte == b'/').any(|part| part == b"..");
        // Through a link, what is written of a folder would not say how deep it is.
        let plainly = if climbs { ResolveFlags::NO_SYMLINKS } else { ResolveFlags::empty() };
        let opened = root.folder_at(folder, plainly);
        let opened = opened.map_err(|error| if climbs && error == Errno::LOOP { Errno::PERM } else { error })?;
        if status_at(opened.as_fd(), name).is_ok() {
            return Err(Errno::EXIST);
        }
        allowed(root.rights.create)?;
        // What it says may lead anywhere below the root.
        root.used("create", Used::Folder(b"."));
        if !paths::may_say(folder, target) {
            return Err(Errno::PERM);
        }
        self.name(root, || symlinkat(target, &opened, name))
    }

    pub(super) fn set_mode(&self, path: &[u8], mode: u32) -> Result<(), Errno> {
        let (root, rest) = self.below(path)?;
        let found = root.look(&rest, true)?;
        let status = fstat(&found)?;
        allowed(root.rights.write && rest != b".")?;
        root.used("write", of(kind(&status) == FileType::Directory, &rest));
        let mode = plain_mode(mode)?;
        match kind(&status) {
            FileType::Directory | FileType::RegularFile => {}
            _ => return Err(Errno::ACCESS),
        }
        match kernel::set_mode(found.as_fd(), mode) {
            Err(Errno::NOSYS) => {}
            other => return other,
        }
        // Before Linux 6.6 it has to be opened.
        let file = match kind(&status) {
            FileType::Directory => {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY;
                root.open(&rest, flags, Mode::empty(), ResolveFlags::empty())?
            }
            // Who may not read it may write it, or cannot have it changed here.
            _ => root
                .regular(&rest, OFlags::RDONLY, Mode::empty())
                .or_else(|_| root.regular(&rest, OFlags::WRONLY, Mode::empty()))?,
        };
        fchmod(&file, mode)
    }

    pub(super) fn set_times(&self, path: &[u8], times: &Timestamps, follow: bool) -> Result<(), Errno> {
        let (root, rest) = self.below(path)?;
        let found = root.look(&rest, follow)?;
        allowed(root.rights.write && rest != b".")?;
        root.used("write", Used::Name(&rest));
        utimensat(&found, c"", times, AtFlags::EMPTY_PATH)
    }

    pub(super) fn space(&self, path: &[u8]) -> Result<StatVfs, Errno> {
        let (root, rest) = self.below(path)?;
        fstatvfs(root.look(&rest, true)?)
    }
}

/// What a right is needed for: a folder itself, or something in one.
fn of(folder: bool, rest: &[u8]) -> Used<'_> {
    if folder { Used::Folder(rest) } else { Used::Name(rest) }
}

/// Whether a path can only be a folder's.
fn ends_in_folder(path: &[u8]) -> bool {
    path.ends_with(b"/") || path.ends_with(b"/.")
}

/// The mode that was asked for, if it has no bit that a program may not set.
pub(super) fn plain_mode(mode: u32) -> Result<Mode, Errno> {
    if mode & !MODE == 0 { Ok(Mode::from_raw_mode(mode)) } else { Err(Errno::PERM) }
}

/// Times as the manifest has them.
pub(super) fn times(access_ns: i64, modify_ns: i64) -> Timestamps {
    let time = |nanoseconds: i64| match nanoseconds {
        NOW => Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW },
        OMIT => Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_OMIT },
        _ => Timespec { tv_sec: nanoseconds.div_euclid(1_000_000_000), tv_nsec: nanoseconds.rem_euclid(1_000_000_000) },
    };
    Timestamps { last_access: time(access_ns), last_modification: time(modify_ns) }
}

fn kind(status: &Stat) -> FileType {
    FileType::from_raw_mode(status.st_mode)
}

/// A folder that only leads to roots: everybody may look, nobody may change anything, and there is nothing else to say.
fn on_the_way() -> Stat {
    let mut status = kernel::no_status();
    status.st_mode = libc::S_IFDIR | 0o555;
    status.st_nlink = 2;
    status
}

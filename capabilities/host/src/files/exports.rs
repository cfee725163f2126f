//! The functions of `files.zone.toml`: what C would be in another zone.
//!
//! `cloison-zone` calls them by the manifest: each address leads to as many bytes as the length beside it says, or to room for
//! them, or to an object that `open` or `opendir` has given and that has not been closed; each is valid during the call.
//!
//! One of the modules of this crate that contain `unsafe`.

use super::listing::Listing;
use super::names::{plain_mode, times};
use super::open::File;
use super::{FILES, Files, kernel};
use crate::pointers::{copied, fill, give, number, room, status, symbols, view};
use rustix::fs::{Stat, StatVfs};
use rustix::io::Errno;
use std::ffi::{c_int, c_long, c_longlong, c_uint, c_ulong};

/// `struct status`
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FileStatus {
    device: u64,
    inode: u64,
    links: u64,
    size: i64,
    blocks: i64,
    access_ns: i64,
    change_ns: i64,
    modify_ns: i64,
    mode: u32,
    uid: u32,
    gid: u32,
    block_size: u32,
}

/// `struct space`
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Space {
    block_size: u64,
    fragment_size: u64,
    blocks: u64,
    blocks_free: u64,
    blocks_available: u64,
    files: u64,
    files_free: u64,
    files_available: u64,
    flags: u64,
    name_max: u64,
}

impl From<Stat> for FileStatus {
    fn from(status: Stat) -> Self {
        let time =
            |seconds: i64, nanoseconds: u64| seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds as i64);
        Self {
            device: status.st_dev,
            inode: status.st_ino,
            links: status.st_nlink,
            size: status.st_size,
            blocks: status.st_blocks,
            access_ns: time(status.st_atime, status.st_atime_nsec),
            change_ns: time(status.st_ctime, status.st_ctime_nsec),
            modify_ns: time(status.st_mtime, status.st_mtime_nsec),
            mode: status.st_mode,
            uid: status.st_uid,
            gid: status.st_gid,
            block_size: status.st_blksize as u32,
        }
    }
}

impl From<StatVfs> for Space {
    fn from(space: StatVfs) -> Self {
        Self {
            block_size: space.f_bsize,
            fragment_size: space.f_frsize,
            blocks: space.f_blocks,
            blocks_free: space.f_bfree,
            blocks_available: space.f_bavail,
            files: space.f_files,
            files_free: space.f_ffree,
            files_available: space.f_favail,
            flags: space.f_flag.bits(),
            name_max: space.f_namemax,
        }
    }
}

/// A file that grows beyond its limit is an error and no end of the process.
pub fn ignore_large_files() {
    // SAFETY: to ignore a signal needs no handler to exist; no other thread runs yet.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

symbols! {
    /// The function of that name.
    files_access,
    files_chmod,
    files_close,
    files_closedir,
    files_fchmod,
    files_fstat,
    files_fsync,
    files_ftruncate,
    files_futimens,
    files_link,
    files_lseek,
    files_mkdir,
    files_open,
    files_open_read,
    files_opendir,
    files_pread,
    files_pwrite,
    files_read,
    files_readdir,
    files_readlink,
    files_rename,
    files_rmdir,
    files_roots,
    files_stat,
    files_statvfs,
    files_symlink,
    files_truncate,
    files_unlink,
    files_utimens,
    files_write,
}

fn service() -> Result<&'static Files, Errno> {
    FILES.get().ok_or(Errno::NOSYS)
}

/// The safety of all of these: they are called by the manifest, see the module.
mod functions {
    use super::*;

    pub(super) unsafe extern "C" fn files_open(
        path: *const u8,
        length: c_ulong,
        flags: c_int,
        mode: c_uint,
        file: *mut *mut File,
    ) -> c_int {
        // SAFETY: by the manifest.
        unsafe {
            let path = copied(path, length);
            give(service().and_then(|files| files.open(&path, flags, mode)), file)
        }
    }

    pub(super) unsafe extern "C" fn files_open_read(
        path: *const u8,
        length: c_ulong,
        flags: c_int,
        data: *mut u8,
        count: c_ulong,
        file: *mut *mut File,
    ) -> c_long {
        // SAFETY: by the manifest.
        unsafe {
            let (path, data) = (copied(path, length), room(data, count));
            let opened = service().and_then(|files| files.open_read(&path, flags, data));
            let read = opened.as_ref().map(|(_, read)| *read as i64).map_err(|error| *error);
            give(opened.map(|(opened, _)| opened), file);
            number(read)
        }
    }

    pub(super) unsafe extern "C" fn files_close(file: *mut File) -> c_int {
        // SAFETY: by the manifest, `open` has made it of a box, and nobody uses it any more.
        let file = unsafe { Box::from_raw(file) };
        status(kernel::close(file.into_descriptor()))
    }

    pub(super) unsafe extern "C" fn files_read(file: *const File, data: *mut u8, count: c_ulong) -> c_long {
        // SAFETY: by the manifest.
        let (file, data) = unsafe { (&*file, room(data, count)) };
        number(file.read(data, None).map(|read| read as i64))
    }

    pub(super) unsafe extern "C" fn files_pread(
        file: *const File,
        data: *mut u8,
        count: c_ulong,
        offset: c_longlong,
    ) -> c_long {
        // SAFETY: by the manifest.
        let (file, data) = unsafe { (&*file, room(data, count)) };
        number(file.read(data, Some(offset)).map(|read| read as i64))
    }

    pub(super) unsafe extern "C" fn files_write(file: *const File, data: *const u8, count: c_ulong) -> c_long {
        // SAFETY: by the manifest.
        let (file, data) = unsafe { (&*file, view(data, count)) };
        number(service().and_then(|files| files.write(file, data, None)).map(|written| written as i64))
    }

    pub(super) unsafe extern "C" fn files_pwrite(
        file: *const File,
        data: *const u8,
        count: c_ulong,
        offset: c_longlong,
    ) -> c_long {
        // SAFETY: by the manifest.
        let (file, data) = unsafe { (&*file, view(data, count)) };
        number(service().and_then(|files| files.write(file, data, Some(offset))).map(|written| written as i64))
    }

    pub(super) unsafe extern "C" fn files_lseek(file: *const File, offset: c_longlong, whence: c_int) -> c_longlong {
        // SAFETY: by the manifest.
        number(unsafe { &*file }.seek(offset, whence))
    }

    pub(super) unsafe extern "C" fn files_ftruncate(file: *const File, length: c_longlong) -> c_int {
        // SAFETY: by the manifest.
        status(unsafe { &*file }.set_length(length))
    }

    pub(super) unsafe extern "C" fn files_fsync(file: *const File, data_only: c_int) -> c_int {
        // SAFETY: by the manifest.
        status(unsafe { &*file }.sync(data_only != 0))
    }

    pub(super) unsafe extern "C" fn files_fstat(file: *const File, into: *mut FileStatus) -> c_int {
        // SAFETY: by the manifest.
        unsafe { status((*file).status().map(|found| into.write(found.into()))) }
    }

    pub(super) unsafe extern "C" fn files_fchmod(file: *const File, mode: c_uint) -> c_int {
        // SAFETY: by the manifest.
        status(plain_mode(mode).and_then(|mode| unsafe { &*file }.set_mode(mode)))
    }

    pub(super) unsafe extern "C" fn files_futimens(
        file: *const File,
        access_ns: c_longlong,
        modify_ns: c_longlong,
    ) -> c_int {
        // SAFETY: by the manifest.
        status(unsafe { &*file }.set_times(&times(access_ns, modify_ns)))
    }

    pub(super) unsafe extern "C" fn files_stat(
        path: *const u8,
        length: c_ulong,
        follow: c_int,
        into: *mut FileStatus,
    ) -> c_int {
        // SAFETY: by the manifest.
        unsafe {
            let path = copied(path, length);
            let found = service().and_then(|files| files.status(&path, follow != 0));
            status(found.map(|found| into.write(found.into())))
        }
    }

    pub(super) unsafe extern "C" fn files_access(
        path: *const u8,
        length: c_ulong,
        mode: c_int,
        follow: c_int,
    ) -> c_int {
        // SAFETY: by the manifest.
        let path = unsafe { copied(path, length) };
        status(service().and_then(|files| files.access(&path, mode, follow != 0)))
    }

    pub(super) unsafe extern "C" fn files_readlink(
        path: *const u8,
        length: c_ulong,
        target: *mut u8,
        target_room: c_ulong,
    ) -> c_long {
        // SAFETY: by the manifest.
        unsafe {
            let path = copied(path, length);
            fill(target, target_room, service().and_then(|files| files.read_link(&path)))
        }
    }

    pub(super) unsafe extern "C" fn files_opendir(
        path: *const u8,
        length: c_ulong,
        listing: *mut *mut Listing,
    ) -> c_int {
        // SAFETY: by the manifest.
        unsafe {
            let path = copied(path, length);
            give(service().and_then(|files| files.list(&path)), listing)
        }
    }

    pub(super) unsafe extern "C" fn files_readdir(listing: *const Listing, names: *mut u8, count: c_ulong) -> c_long {
        // SAFETY: by the manifest.
        let (listing, names) = unsafe { (&*listing, room(names, count)) };
        number(listing.next(names).map(|used| used as i64))
    }

    pub(super) unsafe extern "C" fn files_closedir(listing: *mut Listing) -> c_int {
        // SAFETY: by the manifest, `opendir` has made it of a box, and nobody uses it any more.
        drop(unsafe { Box::from_raw(listing) });
        0
    }

    pub(super) unsafe extern "C" fn files_mkdir(path: *const u8, length: c_ulong, mode: c_uint) -> c_int {
        // SAFETY: by the manifest.
        let path = unsafe { copied(path, length) };
        status(service().and_then(|files| files.make_folder(&path, mode)))
    }

    pub(super) unsafe extern "C" fn files_rmdir(path: *const u8, length: c_ulong) -> c_int {
        // SAFETY: by the manifest.
        let path = unsafe { copied(path, length) };
        status(service().and_then(|files| files.remove(&path, true)))
    }

    pub(super) unsafe extern "C" fn files_unlink(path: *const u8, length: c_ulong) -> c_int {
        // SAFETY: by the manifest.
        let path = unsafe { copied(path, length) };
        status(service().and_then(|files| files.remove(&path, false)))
    }

    pub(super) unsafe extern "C" fn files_rename(
        source: *const u8,
        source_length: c_ulong,
        target: *const u8,
        target_length: c_ulong,
    ) -> c_int {
        // SAFETY: by the manifest.
        let (source, target) = unsafe { (copied(source, source_length), copied(target, target_length)) };
        status(service().and_then(|files| files.rename(&source, &target)))
    }

    pub(super) unsafe extern "C" fn files_link(
        source: *const u8,
        source_length: c_ulong,
        target: *const u8,
        target_length: c_ulong,
    ) -> c_int {
        // SAFETY: by the manifest.
        let (source, target) = unsafe { (copied(source, source_length), copied(target, target_length)) };
        status(service().and_then(|files| files.link(&source, &target)))
    }

    pub(super) unsafe extern "C" fn files_symlink(
        target: *const u8,
        target_length: c_ulong,
        path: *const u8,
        path_length: c_ulong,
    ) -> c_int {
        // SAFETY: by the manifest.
        let (target, path) = unsafe { (copied(target, target_length), copied(path, path_length)) };
        status(service().and_then(|files| files.make_link(&target, &path)))
    }

    pub(super) unsafe extern "C" fn files_chmod(path: *const u8, length: c_ulong, mode: c_uint) -> c_int {
        // SAFETY: by the manifest.
        let path = unsafe { copied(path, length) };
        status(service().and_then(|files| files.set_mode(&path, mode)))
    }

    pub(super) unsafe extern "C" fn files_utimens(
        path: *const u8,
        length: c_ulong,
        access_ns: c_longlong,
        modify_ns: c_longlong,
        follow: c_int,
    ) -> c_int {
        // SAFETY: by the manifest.
        let path = unsafe { copied(path, length) };
        let times = times(access_ns, modify_ns);
        status(service().and_then(|files| files.set_times(&path, &times, follow != 0)))
    }

    pub(super) unsafe extern "C" fn files_truncate(path: *const u8, length: c_ulong, to: c_longlong) -> c_int {
        // SAFETY: by the manifest.
        let path = unsafe { copied(path, length) };
        status(service().and_then(|files| files.truncate(&path, to)))
    }

    pub(super) unsafe extern "C" fn files_statvfs(path: *const u8, length: c_ulong, into: *mut Space) -> c_int {
        // SAFETY: by the manifest.
        unsafe {
            let path = copied(path, length);
            let found = service().and_then(|files| files.space(&path));
            status(found.map(|found| into.write(found.into())))
        }
    }

    pub(super) unsafe extern "C" fn files_roots(text: *mut u8, length: c_ulong) -> c_long {
        // SAFETY: by the manifest.
        unsafe { fill(text, length, service().map(Files::describe)) }
    }
}

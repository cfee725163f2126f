//! Open files.
//!
//! | rights | what may be opened to be written |
//! |---|---|
//! | `write` | what is there; with `create` also what is not |
//! | `append` | what is there, with `O_APPEND` and without `O_TRUNC`; with `create` also what is not |
//! | `create` | what is not there: the file that was asked for is made, and nobody else's is opened |

use super::used::Used;
use super::walk::is_regular;
use super::{Files, Root, allowed};
use rustix::fs::{
    Mode, OFlags, SeekFrom, Stat, Timestamps, fchmod, fdatasync, fstat, fsync, ftruncate, futimens, seek,
};
use rustix::io::{Errno, pread, pwrite, read, write};
use std::os::fd::OwnedFd;

/// What of a program's flags reaches the kernel. The others say what goes without saying (`O_CLOEXEC`) or change nothing here.
const KNOWN: OFlags = OFlags::CREATE
    .union(OFlags::EXCL)
    .union(OFlags::TRUNC)
    .union(OFlags::APPEND)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::SYNC)
    .union(OFlags::DSYNC);

/// An open file.
#[derive(Debug)]
pub(super) struct File {
    file: OwnedFd,
    /// It may grow, and nothing else.
    append_only: bool,
    /// Its mode and times may be set.
    changes: bool,
    counted: bool,
}

/// How a file may be opened to be written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Writing {
    /// If it is not there.
    New,
    /// At its end.
    Append,
    /// Anyhow.
    Free,
}

impl Files {
    pub(super) fn open(&self, path: &[u8], flags: i32, mode: u32) -> Result<File, Errno> {
        let (root, rest) = self.below(path)?;
        let asked = OFlags::from_bits_retain(flags as u32);
        if asked.contains(OFlags::TMPFILE) {
            return Err(Errno::OPNOTSUPP);
        }
        if asked.contains(OFlags::PATH) {
            return Err(Errno::INVAL);
        }
        let (access, writes) = match asked & OFlags::RWMODE {
            OFlags::RDONLY => (OFlags::RDONLY, false),
            OFlags::WRONLY => (OFlags::WRONLY, true),
            OFlags::RDWR => (OFlags::RDWR, true),
            _ => return Err(Errno::INVAL),
        };
        let mut wanted = access | (asked & KNOWN);
        if !writes {
            // What to truncate means then, POSIX does not say.
            wanted.remove(OFlags::TRUNC);
        }
        let there = self.there(root, &rest, wanted, asked.contains(OFlags::DIRECTORY))?;
        allowed(root.rights.read || access == OFlags::WRONLY)?;
        let writing = if writes { Some(root.writing(wanted)?) } else { None };
        match (there, writing) {
            (true, Some(Writing::New)) => return Err(Errno::ACCESS),
            (false, _) => allowed(root.rights.create)?,
            (true, _) => {}
        }
        root.used_to_open(&rest, access, wanted);
        let mode = Mode::from_raw_mode(mode & 0o777);
        let file = if there {
            // If it has gone meanwhile, it is not made again behind the account's back.
            root.regular(&rest, wanted - OFlags::CREATE, Mode::empty())?
        } else {
            // What is new is made by this call, or it is not opened.
            let own = if writing == Some(Writing::Free) { OFlags::empty() } else { OFlags::EXCL };
            self.name(root, || root.regular(&rest, wanted | own, mode))?
        };
        Ok(File {
            file,
            append_only: writing == Some(Writing::Append),
            changes: root.rights.write,
            counted: root.counted,
        })
    }

    /// Opens a file that is there, to be read, and reads from its beginning.
    pub(super) fn open_read(&self, path: &[u8], flags: i32, into: &mut [u8]) -> Result<(File, usize), Errno> {
        let file = self.open(path, flags & !(libc::O_ACCMODE | libc::O_CREAT), 0)?;
        let read = file.read(into, None)?;
        Ok((file, read))
    }

    /// Whether there is a file of that name. One that cannot be opened, or must not be there, is an error.
    fn there(&self, root: &Root, rest: &[u8], wanted: OFlags, folder: bool) -> Result<bool, Errno> {
        let found = root.look(rest, !wanted.contains(OFlags::NOFOLLOW));
        let status = match found {
            Ok(found) => fstat(&found)?,
            Err(Errno::NOENT) if wanted.contains(OFlags::CREATE) => return Ok(false),
            Err(error) => return Err(error),
        };
        if wanted.contains(OFlags::CREATE | OFlags::EXCL) {
            return Err(Errno::EXIST);
        }
        is_regular(&status)?;
        if folder { Err(Errno::NOTDIR) } else { Ok(true) }
    }

    pub(super) fn truncate(&self, path: &[u8], length: i64) -> Result<(), Errno> {
        let (root, rest) = self.below(path)?;
        let length = u64::try_from(length).map_err(|_| Errno::INVAL)?;
        is_regular(&fstat(root.look(&rest, true)?)?)?;
        allowed(root.rights.write)?;
        root.used("write", Used::Name(&rest));
        ftruncate(root.regular(&rest, OFlags::WRONLY, Mode::empty())?, length)
    }

    /// Writes what there is an allowance for.
    pub(super) fn write(&self, file: &File, data: &[u8], offset: Option<i64>) -> Result<usize, Errno> {
        let offset = offset.map(|offset| u64::try_from(offset).map_err(|_| Errno::INVAL)).transpose()?;
        let bytes = data.len() as u64;
        self.take(file.counted, bytes)?;
        let written = match offset {
            Some(offset) => pwrite(&file.file, data, offset),
            None => write(&file.file, data),
        };
        self.give_back(file.counted, bytes - written.unwrap_or(0).min(data.len()) as u64);
        written
    }
}

impl Root {
    /// Which rights it takes to open a file so, whether it is there or not: another time that may be otherwise.
    fn used_to_open(&self, rest: &[u8], access: OFlags, wanted: OFlags) {
        let used = |right| self.used(right, Used::Name(rest));
        if access != OFlags::WRONLY {
            used("read");
        }
        if wanted.contains(OFlags::CREATE) {
            used("create");
        }
        if access != OFlags::RDONLY && !wanted.contains(OFlags::EXCL) {
            let appends = wanted.contains(OFlags::APPEND) && !wanted.contains(OFlags::TRUNC);
            used(if appends { "append" } else { "write" });
        }
    }

    fn writing(&self, wanted: OFlags) -> Result<Writing, Errno> {
        let rights = self.rights;
        if rights.write {
            return Ok(Writing::Free);
        }
        if rights.append && wanted.contains(OFlags::APPEND) && !wanted.contains(OFlags::TRUNC) {
            return Ok(Writing::Append);
        }
        allowed(rights.create && wanted.contains(OFlags::CREATE))?;
        Ok(Writing::New)
    }
}

impl File {
    /// Reads less than there is room for only at the end: whoever has got less need not ask again. An error behind a part that was
    /// read is told at once, and the file stands where it stood before: no bytes are passed over, and whoever asks for fewer gets them.
    pub(super) fn read(&self, into: &mut [u8], offset: Option<i64>) -> Result<usize, Errno> {
        let offset = offset.map(|offset| u64::try_from(offset).map_err(|_| Errno::INVAL)).transpose()?;
        let mut done = 0;
        while done < into.len() {
            let more = match offset {
                Some(offset) => pread(&self.file, &mut into[done..], offset.saturating_add(done as u64)),
                None => read(&self.file, &mut into[done..]),
            };
            match more {
                Ok(0) => break,
                Ok(more) => done += more,
                Err(error) => {
                    if offset.is_none() {
                        seek(&self.file, SeekFrom::Current(-(done as i64)))?;
                    }
                    return Err(error);
                }
            }
        }
        Ok(done)
    }

    pub(super) fn seek(&self, offset: i64, whence: i32) -> Result<i64, Errno> {
        let from_start = || u64::try_from(offset).map_err(|_| Errno::INVAL);
        let position = match whence {
            libc::SEEK_SET => SeekFrom::Start(from_start()?),
            libc::SEEK_CUR => SeekFrom::Current(offset),
            libc::SEEK_END => SeekFrom::End(offset),
            libc::SEEK_DATA => SeekFrom::Data(from_start()?),
            libc::SEEK_HOLE => SeekFrom::Hole(from_start()?),
            _ => return Err(Errno::INVAL),
        };
        seek(&self.file, position).map(|position| position as i64)
    }

    pub(super) fn set_length(&self, length: i64) -> Result<(), Errno> {
        allowed(!self.append_only)?;
        ftruncate(&self.file, u64::try_from(length).map_err(|_| Errno::INVAL)?)
    }

    pub(super) fn sync(&self, data_only: bool) -> Result<(), Errno> {
        if data_only { fdatasync(&self.file) } else { fsync(&self.file) }
    }

    pub(super) fn status(&self) -> Result<Stat, Errno> {
        fstat(&self.file)
    }

    pub(super) fn set_mode(&self, mode: Mode) -> Result<(), Errno> {
        allowed(self.changes)?;
        fchmod(&self.file, mode)
    }

    pub(super) fn set_times(&self, times: &Timestamps) -> Result<(), Errno> {
        allowed(self.changes)?;
        futimens(&self.file, times)
    }

    /// What is left to close.
    pub(super) fn into_descriptor(self) -> OwnedFd {
        self.file
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, openat};

    /// This process's memory as a file: behind its last part there is nothing, and to read that is an error.
    fn memory() -> (File, u64) {
        let open = |path: &str| openat(CWD, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).expect("ours");
        let (maps, mut text) = (open("/proc/self/maps"), Vec::new());
        let mut piece = [0; 4096];
        while let count @ 1.. = read(&maps, &mut piece).expect("read") {
            text.extend_from_slice(&piece[..count]);
        }
        let text = String::from_utf8(text).expect("text");
        let last = text.lines().rfind(|line| !line.ends_with("[vsyscall]")).expect("a part");
        let end = last.split(['-', ' ']).nth(1).expect("two addresses");
        let file = File { file: open("/proc/self/mem"), append_only: false, changes: false, counted: false };
        (file, u64::from_str_radix(end, 16).expect("a number"))
    }

    #[test]
    fn an_error_behind_what_was_read_is_told_and_passes_nothing_over() {
        let (file, end) = memory();
        let start = end as i64 - 10;
        assert_eq!(file.seek(start, libc::SEEK_SET), Ok(start));
        assert_eq!(file.read(&mut [0; 100], None), Err(Errno::IO));
        assert_eq!(file.seek(0, libc::SEEK_CUR), Ok(start));
        assert_eq!(file.read(&mut [0; 10], None), Ok(10));
        assert_eq!(file.read(&mut [0; 1], None), Err(Errno::IO));
        assert_eq!(file.read(&mut [0; 100], Some(start)), Err(Errno::IO));
        assert_eq!(file.read(&mut [0; 10], Some(start)), Ok(10));
        assert_eq!(file.seek(0, libc::SEEK_CUR), Ok(end as i64), "the second has moved nothing");
    }
}

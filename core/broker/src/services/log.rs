//! `log`, and the audit trail: the file that records go to. The broker alone opens and renames it; what serves has a descriptor by which the file can only grow.

use super::HostFolder;
use cloison_contract::host::LogService;
use cloison_manifest::application::{ServiceRequest, Written};
use cloison_manifest::diagnostic::{Diagnostic, Diagnostics, SourceFile};
use rustix::fs::{AtFlags, FileType, FlockOperation, Mode, OFlags, flock, fstat, openat, renameat, statat, unlinkat};
use rustix::io::Errno;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where records go.
#[derive(Clone, Debug)]
pub struct LogFile {
    /// Its folder.
    folder: HostFolder,
    /// Its name there.
    name: String,
    bytes: u64,
    keep: u32,
}

/// The file of a capability, if it has one.
pub(super) fn find(
    log: &LogService,
    request: &ServiceRequest,
    source: &Arc<SourceFile>,
    beside: &Path,
) -> Result<Option<LogFile>, Diagnostics> {
    let written = request.files.first();
    written.map(|written| LogFile::find(written, (log.file_bytes, log.keep), source, beside)).transpose()
}

impl LogFile {
    /// The file that is written there, relative to the folder of `cloison.toml`, with how large it becomes and how many renamed ones are
    /// kept. Nothing is made yet.
    ///
    /// # Errors
    ///
    /// Its folder is not there, or something else than a file has its name.
    pub(crate) fn find(
        written: &Written,
        (bytes, keep): (u64, u32),
        source: &Arc<SourceFile>,
        beside: &Path,
    ) -> Result<Self, Diagnostics> {
        let path = beside.join(&written.text);
        let mistake = |message: String, hint: &str| {
            Diagnostics::from(Diagnostic::error(source, written.span.clone(), message).hint(hint))
        };
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let folder = HostFolder::open(parent.to_owned()).map_err(|error| {
            mistake(format!("{}: {error}", parent.display()), "the folder of a log has to be there; the file is made")
        })?;
        match statat(&folder.opened, &name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile => {
                Err(mistake(format!("{} is there, and no regular file", path.display()), "a log is a file of its own"))
            }
            _ => Ok(Self { folder, name, bytes, keep }),
        }
    }

    /// How large it may become, in bytes.
    pub(crate) fn most_bytes(&self) -> u64 {
        self.bytes
    }

    /// As somebody would call it.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path.join(&self.name)
    }

    /// As somebody would type it, by what a folder is called.
    pub(crate) fn shown(&self, folder: impl Fn(&HostFolder) -> String) -> String {
        Path::new(&folder(&self.folder)).join(&self.name).display().to_string()
    }

    /// As the kernel calls it, and the names of what it was before.
    pub(crate) fn real_names(&self) -> impl Iterator<Item = PathBuf> {
        let earlier = (1..=self.keep).map(|number| self.earlier(number));
        std::iter::once(self.name.clone()).chain(earlier).map(|name| self.folder.real.join(name))
    }

    /// Opened so that it can only grow; made, if it is not there.
    pub(crate) fn open(&self) -> io::Result<OwnedFd> {
        self.opened(&self.name, OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE)
    }

    /// Opened to be read; `None` if it is not there.
    pub(crate) fn open_to_read(&self) -> io::Result<Option<OwnedFd>> {
        match self.opened(&self.name, OFlags::RDONLY) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        }
    }

    /// For one process at a time, while it holds what this gives; `None` if another one does. What is locked is a file of its own, for
    /// this one is renamed.
    pub(crate) fn lock(&self) -> io::Result<Option<OwnedFd>> {
        let file = self.opened(&self.lock_name(), OFlags::RDWR | OFlags::CREATE)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(file)),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// As the kernel calls what [`Self::lock`] locks.
    pub(crate) fn real_lock_name(&self) -> PathBuf {
        self.folder.real.join(self.lock_name())
    }

    fn lock_name(&self) -> String {
        format!("{}.lock", self.name)
    }

    fn opened(&self, name: &str, flags: OFlags) -> io::Result<OwnedFd> {
        // Not blocking: what has taken the name may be a FIFO.
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = openat(&self.folder.opened, name, flags, Mode::from_raw_mode(0o640))?;
        match FileType::from_raw_mode(fstat(&file)?.st_mode) {
            FileType::RegularFile => Ok(file),
            _ => Err(io::Error::other("it is no regular file")),
        }
    }

    /// Another one, if this one is full. Whoever says so may be wrong, or late.
    pub(crate) fn renew(&self) -> io::Result<OwnedFd> {
        match statat(&self.folder.opened, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) if found.st_size as u64 >= self.bytes => self.set_aside()?,
            _ => {}
        }
        self.open()
    }

    fn set_aside(&self) -> io::Result<()> {
        let folder = &self.folder.opened;
        if self.keep == 0 {
            return Ok(unlinkat(folder, &self.name, AtFlags::empty())?);
        }
        for number in (1..self.keep).rev() {
            match renameat(folder, self.earlier(number), folder, self.earlier(number + 1)) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(renameat(folder, &self.name, folder, self.earlier(1))?)
    }

    fn earlier(&self, number: u32) -> String {
        format!("{}.{number}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloison_manifest::application;
    use std::fs;

    fn log(folder: &Path, rest: &str) -> Result<LogFile, String> {
        let toml = format!("[capabilities.log]\nzone = \"log\"\n{rest}\n");
        let application = application::parse("cloison.toml", &toml).expect("right");
        let request = application.capabilities["log"].service.clone().expect("a service");
        let cloison_contract::host::HostService::Log(service) = &request.service else { panic!("a log") };
        let found = find(service, &request, &application.source, folder);
        found.map(|file| file.expect("a file")).map_err(|wrong| wrong.to_string())
    }

    #[test]
    fn a_full_file_is_set_aside_and_the_oldest_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = |name: &str| fs::read_to_string(folder.path().join(name)).ok();
        let log = log(folder.path(), "file = \"app.log\"\nsize = \"64 KiB\"\nkeep = 2").expect("a log");
        for round in 0..4 {
            let file = log.open().expect("opened");
            rustix::io::write(&file, format!("{round}").as_bytes()).expect("written");
            let same = log.renew().expect("not full");
            rustix::io::write(&same, &[b' '; 64 << 10]).expect("written");
            drop(log.renew().expect("another one"));
            assert_eq!(text("app.log").as_deref(), Some(""));
        }
        let begins = |name: &str| text(name).and_then(|text| text.chars().next());
        assert_eq!((begins("app.log.1"), begins("app.log.2"), text("app.log.3")), (Some('3'), Some('2'), None));
        assert_eq!(log.real_names().count(), 3);
    }

    #[test]
    fn nothing_is_kept_if_nothing_is_to_be() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = log(folder.path(), "file = \"app.log\"\nsize = \"64 KiB\"\nkeep = 0").expect("a log");
        rustix::io::write(log.open().expect("opened"), &[b' '; 64 << 10]).expect("written");
        drop(log.renew().expect("another one"));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
        assert_eq!(fs::metadata(folder.path().join("app.log")).expect("a file").len(), 0);
    }

    #[test]
    fn what_is_no_file_of_its_own_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("sub")).expect("a folder");
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).expect("a link");
        for (file, said) in [
            ("none/app.log", "No such file"),
            ("sub", "no regular file"),
            ("link", "no regular file"),
            ("sub/x/y", "No such"),
        ] {
            let wrong = log(folder.path(), &format!("file = \"{file}\"")).expect_err(file);
            assert!(wrong.contains(said), "{wrong}");
        }
        // What takes its place afterwards is not written to either.
        let log = log(folder.path(), "file = \"later\"").expect("a log");
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("later")).expect("a link");
        assert!(log.open().is_err() && log.renew().is_err());
        fs::remove_file(folder.path().join("later")).expect("removed");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            folder.path().join("later"),
            FileType::Fifo,
            Mode::from_raw_mode(0o666),
            0,
        )
        .expect("a FIFO");
        assert!(log.open().is_err(), "nobody waits for its other end");
    }
}

//! The service for files with one folder or several, and what its clients ask.

pub use crate::support::{Argument, Client, Service};

use cloison_contract::host::{FilesRights, FilesRoot, FilesService, HostService};
use cloison_contract::message::ToZone;
use rustix::fs::{CWD, Mode, OFlags, openat};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A folder that nobody, who serves where root starts the tests, may change as well as we may.
pub fn open_to_all(folder: &Path) {
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).expect("ours");
}

/// A folder for a test, with a `root` in it that is served and an `outside` that is not.
pub struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let this = Self { folder };
        for name in ["root", "outside"] {
            std::fs::create_dir(this.path(name)).expect("a folder");
            open_to_all(&this.path(name));
        }
        std::fs::write(this.path("outside/secret"), "secret").expect("written");
        this
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).expect("ours");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a file")
    }

    /// Serves `root` at `/data`.
    pub fn serve(&self, rights: &str) -> (Service, Client) {
        Service::with_client(&[("/data", &self.path("root"), rights)], FilesService::default())
    }
}

pub const ALL: &str = "read list write create delete";

impl Service {
    pub fn with_client(roots: &[(&str, &Path, &str)], service: FilesService) -> (Self, Client) {
        let mut service = Self::start(roots, service);
        let client = service.attach();
        (service, client)
    }

    pub fn start(roots: &[(&str, &Path, &str)], mut service: FilesService) -> Self {
        let mut folders = Vec::new();
        for (at, path, words) in roots {
            let mut rights = FilesRights::default();
            assert!(words.split_whitespace().all(|word| rights.give(word)), "{words}");
            service.roots.push(FilesRoot { at: (*at).to_owned(), rights });
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            folders.push(openat(CWD, *path, flags, Mode::empty()).expect("a folder"));
        }
        let folders: Vec<_> = folders.iter().map(|folder| (ToZone::Folder, vec![folder.as_fd()])).collect();
        Self::launch(HostService::Files(service), &folders)
    }
}

impl Client {
    pub fn open(&mut self, path: &str, flags: i32) -> Result<u64, i32> {
        self.open_bytes(path.as_bytes(), flags, 0o666)
    }

    pub fn open_bytes(&mut self, path: &[u8], flags: i32, mode: u64) -> Result<u64, i32> {
        let arguments = [Argument::Bytes(path), Argument::Word(flags as u64), Argument::Word(mode)];
        self.call("open", &arguments).map(|words| words[0])
    }

    pub fn close(&mut self, file: u64) {
        self.call("close", &[Argument::Word(file)]).expect("closed");
    }

    pub fn read(&mut self, file: u64, count: u64) -> Result<Vec<u8>, i32> {
        let words = self.call("read", &[Argument::Word(file), Argument::Word(count)])?;
        Ok(self.bytes(&words))
    }

    pub fn write(&mut self, file: u64, data: &[u8]) -> Result<u64, i32> {
        self.call("write", &[Argument::Word(file), Argument::Bytes(data)]).map(|words| words[0])
    }

    /// The whole of a file.
    pub fn contents(&mut self, path: &str) -> Result<String, i32> {
        let file = self.open(path, libc::O_RDONLY)?;
        let text = self.read(file, 4096)?;
        self.close(file);
        Ok(String::from_utf8(text).expect("UTF-8"))
    }

    /// Makes a file, or writes another one anew.
    pub fn put(&mut self, path: &str, text: &str) -> Result<(), i32> {
        let file = self.open(path, libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC)?;
        let written = self.write(file, text.as_bytes());
        self.close(file);
        written.map(|count| assert_eq!(count, text.len() as u64))
    }

    /// The 64-bit words of `struct status`: device, inode, links, size, blocks, three times, then mode and uid, gid and block size.
    pub fn status(&mut self, path: &str, follow: bool) -> Result<Vec<u64>, i32> {
        let words = self.call("stat", &[Argument::Bytes(path.as_bytes()), Argument::Word(follow.into())])?;
        Ok(as_words(&self.bytes(&words)))
    }

    pub fn mode(&mut self, path: &str) -> Result<u32, i32> {
        self.status(path, false).map(|words| words[8] as u32)
    }

    /// The same of an open file.
    pub fn status_of(&mut self, file: u64) -> Result<Vec<u64>, i32> {
        let words = self.call("fstat", &[Argument::Word(file)])?;
        Ok(as_words(&self.bytes(&words)))
    }

    /// What a function of one path gives.
    pub fn by_name(&mut self, function: &str, path: &str) -> Result<(), i32> {
        self.call(function, &[Argument::Bytes(path.as_bytes())]).map(drop)
    }

    pub fn make_folder(&mut self, path: &str) -> Result<(), i32> {
        self.call("mkdir", &[Argument::Bytes(path.as_bytes()), Argument::Word(0o777)]).map(drop)
    }

    /// What a function of two paths gives.
    pub fn by_names(&mut self, function: &str, one: &str, other: &str) -> Result<(), i32> {
        self.call(function, &[Argument::Bytes(one.as_bytes()), Argument::Bytes(other.as_bytes())]).map(drop)
    }

    pub fn read_link(&mut self, path: &str) -> Result<String, i32> {
        let words = self.call("readlink", &[Argument::Bytes(path.as_bytes())])?;
        Ok(String::from_utf8(self.bytes(&words)).expect("UTF-8"))
    }

    /// The names in a folder with their kinds, sorted.
    pub fn list(&mut self, path: &str, room: u64) -> Result<Vec<String>, i32> {
        let listing = self.call("opendir", &[Argument::Bytes(path.as_bytes())])?[0];
        let mut names = Vec::new();
        loop {
            let words = self.call("readdir", &[Argument::Word(listing), Argument::Word(room)])?;
            let batch = self.bytes(&words);
            if batch.is_empty() {
                break;
            }
            let entries = batch.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
            names.extend(entries.map(|entry| String::from_utf8_lossy(entry).into_owned()));
        }
        self.call("closedir", &[Argument::Word(listing)])?;
        names.sort();
        Ok(names)
    }

    pub fn roots(&mut self) -> Vec<u8> {
        let words = self.call("roots", &[]).expect("roots");
        self.bytes(&words)
    }

    /// The words of `struct space`.
    pub fn space(&mut self, path: &str) -> Result<Vec<u64>, i32> {
        let words = self.call("statvfs", &[Argument::Bytes(path.as_bytes())])?;
        Ok(as_words(&self.bytes(&words)))
    }
}

fn as_words(bytes: &[u8]) -> Vec<u64> {
    bytes.chunks_exact(8).map(|word| u64::from_ne_bytes(word.try_into().expect("8 bytes"))).collect()
}

//! `files`: files and folders of the machine, below the roots of one capability.
//!
//! | module | does |
//! |---|---|
//! | `paths` | a path of the program's → a root and what is below it; pure logic |
//! | `walk` | opens what is below a root, and never leaves it on the way |
//! | `open` | open files |
//! | `names` | everything that is done by name: making, removing, renaming, looking |
//! | `listing` | what is in a folder |
//! | `kernel` | system calls without a safe wrapper |
//! | `used` | what is told of all that, where the application is recorded |
//! | `exports` | the functions of the manifest |
//!
//! # Who keeps a program inside
//!
//! 1. The mounts: in this process's root directory there are the roots and nothing else, without devices and set-uid programs.
//! 2. Landlock: of each root exactly the rights that it gives, as far as Landlock can tell them apart.
//! 3. `openat2` with `RESOLVE_BENEATH`: a link or `..` that leads out of a root is an error, although 1 would already make it lead
//!    nowhere.
//! 4. The checks of this module. They alone tell apart what Landlock cannot: to append from to write, and a new file from one that
//!    was there.
//!
//! A path of the program's is compared with the roots' places only to find out which root is meant. Nothing is allowed because of
//! what a path looks like.
//!
//! Errors are error numbers, as the kernel gives them. `EACCES` is what a right is missing for, and a path that leads out.

#[allow(unsafe_code, reason = "the functions of the manifest, which take addresses")]
mod exports;
#[allow(unsafe_code, reason = "system calls without a safe wrapper")]
mod kernel;
mod listing;
mod names;
mod open;
mod paths;
mod used;
mod walk;

pub use exports::{ignore_large_files, symbol};

use cloison_contract::host::{FilesRights, FilesRoot, FilesService, NAME_BYTES, SCRATCH};
use cloison_sandbox::{PrivateFolder, ServedFolder, ServiceContents, ServiceKind};
use cloison_transport::account::{Account, ByteCount};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;

/// The folders of a service, in the order of its configuration.
#[derive(Debug)]
pub struct FilesDescriptors {
    /// One for each root.
    pub roots: Vec<OwnedFd>,
    /// The private folder, if there is one.
    pub scratch: Option<OwnedFd>,
}

/// What the sandbox has inside: the roots, and the private folder.
pub fn contents<'fd>(service: &FilesService, descriptors: &'fd FilesDescriptors, threads: u32) -> ServiceContents<'fd> {
    let folders = descriptors.roots.iter().zip(&service.roots);
    let folders = folders.map(|(folder, root)| ServedFolder { descriptor: folder.as_fd(), rights: root.rights });
    let scratch = descriptors.scratch.as_ref().zip(service.scratch_bytes);
    ServiceContents {
        folders: folders.collect(),
        scratch: scratch.map(|(descriptor, bytes)| PrivateFolder { descriptor: descriptor.as_fd(), bytes }),
        kind: ServiceKind::Files,
        threads,
    }
}

/// One folder of the machine, and where the program sees it.
#[derive(Debug)]
struct Root {
    at: String,
    rights: FilesRights,
    folder: OwnedFd,
    /// What is written here counts.
    counted: bool,
}

/// The service.
#[derive(Debug)]
pub struct Files {
    roots: Vec<Root>,
    account: Account,
    written_bytes: u64,
}

/// The one of this process.
static FILES: OnceLock<Files> = OnceLock::new();

/// Makes it the one that the functions of the manifest serve.
///
/// # Errors
///
/// There is one already.
pub fn serve(files: Files) -> Result<(), &'static str> {
    FILES.set(files).map_err(|_| "a process serves one capability")
}

impl Files {
    /// The folders are open already: from inside the jail.
    pub fn new(service: FilesService, descriptors: FilesDescriptors, account: Account) -> Self {
        let roots = service.roots.into_iter().zip(descriptors.roots);
        let roots = roots.map(|(FilesRoot { at, rights }, folder)| Root { at, rights, folder, counted: true });
        let scratch = descriptors.scratch.map(|folder| Root {
            at: SCRATCH.to_owned(),
            rights: FilesRights::ALL,
            folder,
            counted: false,
        });
        Self { roots: roots.chain(scratch).collect(), account, written_bytes: service.written_bytes }
    }

    /// Takes so many bytes out of what may be written.
    fn take(&self, counted: bool, bytes: u64) -> Result<(), Errno> {
        match !counted || self.account.take_bytes(ByteCount::Written, bytes, self.written_bytes) {
            true => Ok(()),
            false => Err(Errno::DQUOT),
        }
    }

    /// Gives back what was taken and not written.
    fn give_back(&self, counted: bool, bytes: u64) {
        if counted && bytes > 0 {
            self.account.give_bytes_back(ByteCount::Written, bytes);
        }
    }

    /// Makes a name, which counts if it could be made.
    fn name<T>(&self, root: &Root, make: impl FnOnce() -> Result<T, Errno>) -> Result<T, Errno> {
        self.take(root.counted, NAME_BYTES)?;
        make().inspect_err(|_| self.give_back(root.counted, NAME_BYTES))
    }

    /// Of each root its rights, a zero byte, its place, and a zero byte.
    fn describe(&self) -> Vec<u8> {
        let line = |root: &Root| format!("{}\0{}\0", root.rights.words().join(" "), root.at);
        self.roots.iter().map(line).collect::<String>().into_bytes()
    }
}

impl Root {
    fn folder(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }
}

/// An error unless it is allowed.
fn allowed(right: bool) -> Result<(), Errno> {
    if right { Ok(()) } else { Err(Errno::ACCESS) }
}

//! The worker's root: an empty, read-only tmpfs with what was declared mounted into it, and nothing behind it.
//!
//! | role | inside |
//! |---|---|
//! | template | nothing |
//! | host service | each of its folders at a place with a number, `/0`; its private folder at `/scratch` |
//! | zone | the loader's folders, read-only; the libraries' files, taken from their descriptors; `files`, and a private folder at `/tmp`, none of it executable; folders that a capability gives, at their places |
//!
//! Devices do not open, but for those which [`harmless_device`] names, where `files` names one of them itself.
//!
//! Each path inside a zone is the path outside, so that what is written in the loader's cache and in libraries is true.

use crate::error::Error;
use crate::spec::{PlacedFolder, ServedFolder, ServiceContents, ZoneContents};
use crate::sys::{self, SingleThreaded};
use cloison_contract::host::SCRATCH as PRIVATE;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat, fstat, mkdirat, openat, statat, symlinkat};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags,
    fsconfig_create, fsconfig_set_string, fsmount, fsopen, mount_change, move_mount, open_tree, unmount,
};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Component, Path, PathBuf};

/// What will be in the root.
#[derive(Debug)]
pub(crate) struct Root<'fd> {
    entries: Vec<Entry>,
    /// The library and those that go with it.
    libraries: Vec<Opened<'fd>>,
    folders: Vec<Folder<'fd>>,
    scratch: Option<Scratch<'fd>>,
    /// How large a zone's private folder is.
    private_bytes: Option<u64>,
}

/// A folder that a host service serves.
#[derive(Debug)]
struct Folder<'fd> {
    source: Opened<'fd>,
    /// Where it is mounted.
    place: PathBuf,
    rights: Rights,
}

/// A host service's private folder.
#[derive(Debug)]
struct Scratch<'fd> {
    descriptor: BorrowedFd<'fd>,
    bytes: u64,
}

/// Where a host service's private folder is mounted.
const SCRATCH: &str = "/scratch";

#[derive(Debug)]
struct Entry {
    path: PathBuf,
    what: What,
}

#[derive(Debug)]
enum What {
    /// A symbolic link among the loader's folders, as in `/lib` → `usr/lib`.
    Link(PathBuf),
    /// A copy of a mount, once it has been taken.
    Tree { folder: bool, rights: Rights, mount: Option<OwnedFd> },
}

/// What may be done with a mount.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Rights {
    /// Read, and mapped as code: the loader's.
    Code,
    /// One device that is harmless, read or written.
    Device,
    /// Read: `files`.
    Read,
    /// Read and written: `files`. What was written never becomes code.
    Write,
}

impl Rights {
    fn attributes(self) -> u64 {
        match self {
            Rights::Code => libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NODEV,
            Rights::Device => libc::MOUNT_ATTR_NOEXEC,
            Rights::Read => libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOEXEC | libc::MOUNT_ATTR_NODEV,
            Rights::Write => libc::MOUNT_ATTR_NOEXEC | libc::MOUNT_ATTR_NODEV,
        }
    }
}

/// What the broker has opened, by descriptor and by name.
#[derive(Debug)]
struct Opened<'fd> {
    descriptor: BorrowedFd<'fd>,
    path: PathBuf,
    mount: Option<OwnedFd>,
}

impl<'fd> Root<'fd> {
    /// Finds out what is to be put where. Nothing is opened yet.
    pub(crate) fn plan(
        zone: Option<&ZoneContents<'fd>>,
        service: Option<&ServiceContents<'fd>>,
    ) -> Result<Self, Error> {
        let mut root = Root {
            entries: Vec::new(),
            libraries: Vec::new(),
            folders: Vec::new(),
            scratch: None,
            private_bytes: zone.and_then(|zone| zone.scratch_bytes),
        };
        if let Some(service) = service {
            root.plan_service(service)?;
        }
        let Some(zone) = zone else { return Ok(root) };
        for path in &zone.loader {
            root.entries.extend(plan_loader(path)?);
        }
        for file in &zone.files {
            root.entries.push(plan_file(Path::new(&file.path), file.write)?);
        }
        for PlacedFolder { at, folder } in &zone.folders {
            root.plan_folder(folder, PathBuf::from(at))?;
        }
        // Folders before what is mounted into them.
        root.entries.sort_by_key(|entry| entry.path.components().count());
        for library in zone.libraries() {
            root.libraries.push(opened(library).map_err(Opened::library)?);
        }
        Ok(root)
    }

    fn plan_service(&mut self, service: &ServiceContents<'fd>) -> Result<(), Error> {
        for (index, folder) in service.folders.iter().enumerate() {
            self.plan_folder(folder, format!("/{index}").into())?;
        }
        let scratch = service.scratch.map(|one| Scratch { descriptor: one.descriptor, bytes: one.bytes });
        self.scratch = scratch;
        Ok(())
    }

    fn plan_folder(&mut self, folder: &ServedFolder<'fd>, place: PathBuf) -> Result<(), Error> {
        let source = opened(folder.descriptor).map_err(Opened::folder)?;
        let rights = if folder.rights.changes() { Rights::Write } else { Rights::Read };
        self.folders.push(Folder { source, place, rights });
        Ok(())
    }

    /// Where the libraries will be after [`Root::enter`].
    pub(crate) fn libraries_inside(&self) -> Vec<PathBuf> {
        self.libraries.iter().map(|library| library.path.clone()).collect()
    }

    /// Where they are without a root of our own: their descriptors, which cannot be replaced meanwhile.
    pub(crate) fn libraries_outside(&self) -> Vec<PathBuf> {
        self.libraries.iter().map(|library| link(library.descriptor).into()).collect()
    }

    /// Takes copies of all mounts with root's rights. What cannot be taken (a container's root is no root) is left to
    /// [`Root::enter`].
    pub(crate) fn take_as_root(&mut self) {
        let _ = self.take_entries();
        let folders = self.folders.iter_mut().map(|folder| &mut folder.source);
        for opened in folders.chain(&mut self.libraries) {
            opened.take_as_root();
        }
    }

    fn take_entries(&mut self) -> Result<(), Error> {
        for entry in &mut self.entries {
            if let What::Tree { mount, .. } = &mut entry.what
                && mount.is_none()
            {
                *mount = Some(copy_mount(&entry.path).map_err(mount_error("open_tree", &entry.path))?);
            }
        }
        Ok(())
    }

    /// Builds the root, goes there and lets go of the old one. Needs a mount namespace of our own. The descriptors of a host
    /// service's folders lead into the new root then.
    pub(crate) fn enter(mut self, alone: &SingleThreaded) -> Result<(), Error> {
        let here = Path::new("/");
        // From here on, mounts made here do not appear outside, and mounts made outside do not appear here.
        let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
        mount_change("/", private).map_err(mount_error("make private", here))?;
        self.take_entries()?;
        for library in &mut self.libraries {
            library.take().map_err(|message| Opened::library((library.path.clone(), message)))?;
        }
        for Folder { source, .. } in &mut self.folders {
            source.take().map_err(|message| Opened::folder((source.path.clone(), message)))?;
        }

        // It holds folders and links only, so it may be tiny.
        let new = tmpfs("64k", 256, "0755").map_err(mount_error("tmpfs", here))?;
        // On top of the old root: any other place might not exist.
        move_mount(new.as_fd(), "", CWD, "/", MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
            .map_err(mount_error("mount", here))?;
        // First, as what was declared may lie below its place.
        if let Some(bytes) = self.private_bytes {
            let place = Path::new(PRIVATE);
            let memory = private_memory(bytes).map_err(mount_error("tmpfs", place))?;
            put_tree(new.as_fd(), place, memory.as_fd(), true, Rights::Write)?;
        }
        for entry in self.entries {
            entry.put(new.as_fd())?;
        }
        for Opened { path, mount, .. } in &self.libraries {
            if let Some(mount) = mount {
                put_tree(new.as_fd(), path, mount.as_fd(), false, Rights::Code)?;
            }
        }

        for Folder { source, place, rights } in &self.folders {
            if let Some(mount) = &source.mount {
                put_tree(new.as_fd(), place, mount.as_fd(), true, *rights)?;
                walk_inside(new.as_fd(), place, source.descriptor, alone)?;
            }
        }
        if let Some(Scratch { descriptor, bytes }) = self.scratch {
            let place = Path::new(SCRATCH);
            let memory = private_memory(bytes).map_err(mount_error("tmpfs", place))?;
            put_tree(new.as_fd(), place, memory.as_fd(), true, Rights::Write)?;
            walk_inside(new.as_fd(), place, descriptor, alone)?;
        }
        // The kernel swaps new and old, the old one on top; taking that away leaves nothing to go back to.
        rustix::process::fchdir(&new).map_err(mount_error("chdir", here))?;
        rustix::process::pivot_root(".", ".").map_err(mount_error("pivot_root", here))?;
        unmount(".", UnmountFlags::DETACH).map_err(mount_error("detach the old root", here))?;
        rustix::process::chdir("/").map_err(mount_error("chdir", here))?;
        // Only the tmpfs itself: what is writable beneath was declared so.
        sys::mount_attributes(new.as_fd(), false, libc::MOUNT_ATTR_RDONLY).map_err(|source| Error::Mount {
            step: "make read-only",
            path: here.into(),
            source,
        })
    }
}

/// What could not be brought inside, and why.
type Failed = (PathBuf, String);

impl Opened<'_> {
    /// A copy of its mount with root's rights, if it can be had.
    fn take_as_root(&mut self) {
        // By descriptor: whatever stands at its path now, this is what the broker looked at.
        let flags = OpenTreeFlags::OPEN_TREE_CLONE
            | OpenTreeFlags::OPEN_TREE_CLOEXEC
            | OpenTreeFlags::AT_EMPTY_PATH
            | OpenTreeFlags::AT_RECURSIVE;
        self.mount = open_tree(self.descriptor, "", flags).ok();
    }

    /// Its mount, by its name: an ordinary user cannot copy a mount by a descriptor from before. That the name still means the
    /// same is seen on the copy itself.
    fn take(&mut self) -> Result<(), String> {
        if self.mount.is_some() {
            return Ok(());
        }
        let copy = copy_mount(&self.path).map_err(|error| error.to_string())?;
        let wanted = fstat(self.descriptor).map_err(|error| error.to_string())?;
        let found = fstat(&copy).map_err(|error| error.to_string())?;
        if (wanted.st_dev, wanted.st_ino) != (found.st_dev, found.st_ino) {
            return Err("something else has taken its place".into());
        }
        self.mount = Some(copy);
        Ok(())
    }

    fn library((path, message): Failed) -> Error {
        Error::Library { path, message }
    }

    fn folder((path, message): Failed) -> Error {
        Error::Folder { path, message }
    }
}

/// Makes a descriptor that the service has lead to what is mounted there, and so nowhere else.
fn walk_inside(
    root: BorrowedFd<'_>,
    place: &Path,
    descriptor: BorrowedFd<'_>,
    alone: &SingleThreaded,
) -> Result<(), Error> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = openat(root, inside(place), flags, Mode::empty()).map_err(mount_error("open", place))?;
    sys::redirect(descriptor, folder.as_fd(), alone).map_err(|source| Error::Mount {
        step: "walk to",
        path: place.into(),
        source,
    })
}

impl Entry {
    /// Makes it, in the new root.
    fn put(self, root: BorrowedFd<'_>) -> Result<(), Error> {
        match self.what {
            What::Link(target) => {
                make_parents(root, &self.path)?;
                let link = symlinkat(&target, root, inside(&self.path));
                ignore_existing(link).map_err(mount_error("symlink", &self.path))
            }
            What::Tree { folder, rights, mount: Some(mount) } => {
                put_tree(root, &self.path, mount.as_fd(), folder, rights)
            }
            What::Tree { mount: None, .. } => Ok(()),
        }
    }
}

/// Mounts a copy at `path` in the new root.
fn put_tree(
    root: BorrowedFd<'_>,
    path: &Path,
    mount: BorrowedFd<'_>,
    folder: bool,
    rights: Rights,
) -> Result<(), Error> {
    make_parents(root, path)?;
    let place = if folder {
        ignore_existing(mkdirat(root, inside(path), Mode::from_raw_mode(0o755)))
    } else {
        ignore_existing(
            openat(root, inside(path), OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC, Mode::RUSR).map(drop),
        )
    };
    place.map_err(mount_error("make a place for", path))?;
    if rights == Rights::Device {
        // The copy is what will be mounted, whatever its name leads to by now.
        let status = fstat(mount).map_err(mount_error("look at", path))?;
        if !is_harmless(&status) {
            return Err(mount_error("no harmless device any more:", path)(Errno::ACCESS));
        }
    }
    // No set-uid programs, even if somebody put them there; whether it may be a device, its rights say.
    let attributes = rights.attributes() | libc::MOUNT_ATTR_NOSUID;
    sys::mount_attributes(mount, true, attributes).map_err(|source| Error::Mount {
        step: "restrict",
        path: path.into(),
        source,
    })?;
    move_mount(mount, "", root, inside(path), MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
        .map_err(mount_error("mount", path))
}

/// A folder or file of the dynamic loader, if there is one.
fn plan_loader(path: &Path) -> Result<Option<Entry>, Error> {
    let kind = match statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(status) => FileType::from_raw_mode(status.st_mode),
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        Err(error) => return Err(mount_error("find", path)(error)),
    };
    let what = if kind == FileType::Symlink {
        let target = std::fs::read_link(path).map_err(|source| Error::Mount {
            step: "read the link",
            path: path.into(),
            source,
        })?;
        What::Link(target)
    } else {
        What::Tree { folder: kind == FileType::Directory, rights: Rights::Code, mount: None }
    };
    Ok(Some(Entry { path: path.into(), what }))
}

/// One entry of the manifest's `files`. It has to exist, and to be below the root.
fn plan_file(path: &Path, write: bool) -> Result<Entry, Error> {
    let plain = path.is_absolute()
        && path.components().count() > 1
        && path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    if !plain {
        return Err(mount_error("an absolute path below / is needed, not", path)(Errno::INVAL));
    }
    let status = statat(CWD, path, AtFlags::empty()).map_err(mount_error("find", path))?;
    let folder = FileType::from_raw_mode(status.st_mode) == FileType::Directory;
    let rights = match write {
        _ if is_harmless(&status) => Rights::Device,
        true => Rights::Write,
        false => Rights::Read,
    };
    Ok(Entry { path: path.into(), what: What::Tree { folder, rights, mount: None } })
}

/// Whether a character device of that number keeps nothing, leads to nobody and gives nothing but random bytes: `/dev/null`,
/// `/dev/random` and `/dev/urandom`. `/dev/zero` is none: who maps it has memory that no limit counts.
pub fn harmless_device(number: u64) -> bool {
    const MEMORY: u32 = 1;
    const NULL: u32 = 3;
    const RANDOM: u32 = 8;
    const URANDOM: u32 = 9;
    libc::major(number) == MEMORY && matches!(libc::minor(number), NULL | RANDOM | URANDOM)
}

fn is_harmless(status: &Stat) -> bool {
    FileType::from_raw_mode(status.st_mode) == FileType::CharacterDevice && harmless_device(status.st_rdev)
}

/// By which name this process reaches what a descriptor leads to.
fn link(descriptor: BorrowedFd<'_>) -> String {
    format!("/proc/self/fd/{}", sys::number(descriptor))
}

/// Where a descriptor was opened.
fn opened(descriptor: BorrowedFd<'_>) -> Result<Opened<'_>, Failed> {
    let link = link(descriptor);
    let failed = |message: String| (PathBuf::from(&link), message);
    let path = std::fs::read_link(&link).map_err(|error| failed(error.to_string()))?;
    if !path.is_absolute() || path.as_os_str().as_encoded_bytes().ends_with(b" (deleted)") {
        return Err(failed(format!("it is no file with a name ({})", path.display())));
    }
    Ok(Opened { descriptor, path, mount: None })
}

/// A copy of what is mounted there, with everything below: an ordinary user may not look behind mounts.
fn copy_mount(path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_RECURSIVE;
    open_tree(CWD, path, flags)
}

/// An empty file system, not mounted yet.
fn tmpfs(bytes: &str, names: u64, mode: &str) -> Result<OwnedFd, Errno> {
    let context = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(context.as_fd(), "size", bytes)?;
    fsconfig_set_string(context.as_fd(), "nr_inodes", names.to_string())?;
    fsconfig_set_string(context.as_fd(), "mode", mode)?;
    fsconfig_create(context.as_fd())?;
    let attributes =
        MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)
}

/// The file system of a private folder.
fn private_memory(bytes: u64) -> Result<OwnedFd, Errno> {
    let names = (bytes / 4096).clamp(64, 1 << 20);
    tmpfs(&bytes.to_string(), names, "0700")
}

fn make_parents(root: BorrowedFd<'_>, path: &Path) -> Result<(), Error> {
    let mut parents: Vec<&Path> = inside(path).ancestors().skip(1).collect();
    parents.reverse();
    for parent in parents.into_iter().filter(|parent| !parent.as_os_str().is_empty()) {
        ignore_existing(mkdirat(root, parent, Mode::from_raw_mode(0o755))).map_err(mount_error("mkdir", parent))?;
    }
    Ok(())
}

/// The path, relative to the new root.
fn inside(path: &Path) -> &Path {
    path.strip_prefix("/").unwrap_or(path)
}

/// It is there already: as a link, or inside a folder that was mounted before (which is read-only).
fn ignore_existing(result: Result<(), Errno>) -> Result<(), Errno> {
    match result {
        Err(Errno::EXIST) => Ok(()),
        other => other,
    }
}

fn mount_error(step: &'static str, path: &Path) -> impl FnOnce(Errno) -> Error {
    let path = path.to_path_buf();
    move |error| Error::Mount { step, path, source: error.into() }
}

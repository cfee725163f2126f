//! Which files of a zone's `files` are opened and changed while its sandbox is recorded (`cloison zone record`).
//!
//! The kernel says it (inotify), of the files themselves, wherever a sandbox has them mounted: no zone can keep it from being said, and none is
//! in the way of anything for it. What it does not say is who has opened a file: another process of the machine that uses
//! the same file at the same time makes it look used. A look at a file that is not opened (`stat`) is not seen.

use cloison_contract::interface::FileRule;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The most folders and files that are watched; a recording of more does not begin.
const MOST_WATCHES: usize = 32 << 10;
/// How many events are looked at without a pause, and how often at the end.
const EVENTS_AT_ONCE: usize = 4096;
const MOST_LOOKS: usize = 100;
/// How many folders that cannot be watched are named.
const MOST_UNSEEN: usize = 8;
/// The most paths that are remembered.
const MOST_PATHS: usize = 16 << 10;

/// Changes of any kind.
const CHANGES: WatchFlags = WatchFlags::MODIFY
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::CREATE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO);

/// Files that are watched, and what has been done with them.
#[derive(Debug)]
pub(crate) struct FileWatch {
    inotify: OwnedFd,
    /// What each watch is of.
    watched: HashMap<i32, PathBuf>,
    /// Files and folders that were opened or changed, and whether they were changed.
    uses: BTreeMap<String, bool>,
    /// Something was missed.
    incomplete: bool,
    /// Folders in which this user may not look, some of them.
    unseen: Vec<String>,
}

impl FileWatch {
    /// Watch these, and all that is below them. What this user may not read is left out.
    ///
    /// # Errors
    ///
    /// The kernel watches no more for this user, or there are more than [`MOST_WATCHES`].
    pub(crate) fn begin(rules: &[FileRule]) -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let mut watch =
            Self { inotify, watched: HashMap::new(), uses: BTreeMap::new(), incomplete: false, unseen: Vec::new() };
        rules.iter().try_for_each(|rule| watch.add(Path::new(&rule.path)))?;
        Ok(watch)
    }

    fn add(&mut self, path: &Path) -> io::Result<()> {
        // All of them are found first: to look into a folder is to open it.
        let mut all = Vec::new();
        find(path, &mut all)?;
        if self.watched.len() + all.len() > MOST_WATCHES {
            let message = format!("more than {MOST_WATCHES} files and folders are watched");
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, message));
        }
        for path in all {
            match inotify::add_watch(&self.inotify, &path, CHANGES | WatchFlags::OPEN) {
                Ok(number) => drop(self.watched.insert(number, path)),
                // It has gone meanwhile.
                Err(Errno::NOENT) => {}
                // Whoever may not read it cannot be told what becomes of it.
                Err(Errno::ACCESS) => {
                    if self.unseen.len() < MOST_UNSEEN {
                        self.unseen.push(path.display().to_string());
                    }
                }
                Err(error) => {
                    let hint = match error {
                        Errno::NOSPC => "\nhint: fs.inotify.max_user_watches is how many files may be watched",
                        _ => "",
                    };
                    let text = format!("{} cannot be watched: {error}{hint}", path.display());
                    return Err(io::Error::new(io::Error::from(error).kind(), text));
                }
            }
        }
        Ok(())
    }

    /// Take note of what has happened: of so much at once, so that who changes files as fast as it can keeps nobody here. Whether there was no more.
    pub(crate) fn look(&mut self) -> bool {
        let mut buffer = [MaybeUninit::uninit(); 16 << 10];
        let mut found: Vec<(PathBuf, ReadFlags)> = Vec::new();
        let (mut gone, mut is_all) = (Vec::new(), false);
        {
            let mut reader = inotify::Reader::new(&self.inotify, &mut buffer);
            while found.len() < EVENTS_AT_ONCE {
                match reader.next() {
                    Ok(event) => {
                        let flags = event.events();
                        self.incomplete |= flags.contains(ReadFlags::QUEUE_OVERFLOW);
                        let Some(watched) = self.watched.get(&event.wd()) else { continue };
                        if flags.contains(ReadFlags::IGNORED) {
                            gone.push(event.wd());
                        }
                        let path = match event.file_name() {
                            Some(name) => watched.join(OsStr::from_bytes(name.to_bytes())),
                            None => watched.clone(),
                        };
                        found.push((path, flags));
                    }
                    Err(Errno::INTR) => {}
                    Err(_) => {
                        is_all = true;
                        break;
                    }
                }
            }
        }
        // Before new ones come, whose numbers may be the same.
        gone.iter().for_each(|number| drop(self.watched.remove(number)));
        for (path, flags) in found {
            self.note(path, flags);
        }
        is_all
    }

    fn note(&mut self, path: PathBuf, flags: ReadFlags) {
        let changes = ReadFlags::from_bits_retain(CHANGES.bits());
        if flags.contains(ReadFlags::CREATE) && flags.contains(ReadFlags::ISDIR) && self.add(&path).is_err() {
            self.incomplete = true;
        }
        if !flags.intersects(changes | ReadFlags::OPEN) {
            return;
        }
        let Ok(text) = path.into_os_string().into_string() else {
            self.incomplete = true;
            return;
        };
        let changed = flags.intersects(changes);
        if self.uses.len() >= MOST_PATHS && !self.uses.contains_key(&text) {
            self.incomplete = true;
            return;
        }
        *self.uses.entry(text).or_default() |= changed;
    }

    /// What was opened, and whether it was changed, `None` if something was missed; and folders in which nobody could look.
    pub(crate) fn uses(mut self) -> (Option<BTreeMap<String, bool>>, Vec<String>) {
        self.incomplete |= !(0..MOST_LOOKS).any(|_| self.look());
        ((!self.incomplete).then_some(self.uses), self.unseen)
    }
}

/// A file, or a folder and those below it. (A device is opened by everybody, and what a link leads to is found where it is.)
fn find(path: &Path, all: &mut Vec<PathBuf>) -> io::Result<()> {
    let Ok(metadata) = std::fs::symlink_metadata(path) else { return Ok(()) };
    if !metadata.is_dir() && !metadata.is_file() {
        return Ok(());
    }
    if all.len() >= MOST_WATCHES {
        let message = format!("there are more than {MOST_WATCHES} folders below `files`: name narrower ones");
        return Err(io::Error::new(io::ErrorKind::QuotaExceeded, message));
    }
    all.push(path.to_owned());
    if metadata.is_dir() {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                find(&entry.path(), all)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_is_opened_and_changed_is_seen_also_in_folders_that_are_new() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        fs::create_dir(path("in")).unwrap();
        fs::write(path("in/read"), "a").unwrap();
        fs::write(path("in/untouched"), "a").unwrap();
        let rule = FileRule { path: path(""), write: true };
        let mut watch = FileWatch::begin(&[rule]).unwrap();
        fs::read(path("in/read")).unwrap();
        fs::create_dir(path("new")).unwrap();
        watch.look();
        fs::write(path("new/written"), "a").unwrap();
        let uses = watch.uses().0.unwrap();
        assert_eq!(uses.get(&path("in/read")), Some(&false));
        assert_eq!(uses.get(&path("new/written")), Some(&true));
        assert_eq!(uses.get(&path("new")), Some(&true));
        assert_eq!(uses.get(&path("in/untouched")), None);
    }

    #[test]
    fn what_may_not_be_read_is_left_out_and_named() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        fs::create_dir(path("closed")).unwrap();
        fs::write(path("read"), "a").unwrap();
        fs::set_permissions(path("closed"), fs::Permissions::from_mode(0o311)).unwrap();
        let mut watch = FileWatch::begin(&[FileRule { path: path(""), write: false }]).unwrap();
        fs::read(path("read")).unwrap();
        watch.look();
        let (uses, unseen) = watch.uses();
        assert_eq!(uses.unwrap().get(&path("read")), Some(&false));
        // Root may read everything.
        let root = rustix::process::geteuid().is_root();
        assert_eq!(unseen, if root { vec![] } else { vec![path("closed")] });
    }
}

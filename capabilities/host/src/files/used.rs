//! What is told of files, where the application is recorded (`cloison run --record`): which right was needed in which folder of a root.

use super::{Root, paths};
use cloison_contract::observation::{LOOK_AT_FOLDER, LOOK_IN_VAIN, LOOK_INSIDE, NAME_BYTES, ServiceUse};
use cloison_zone::serve::recorder;
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, fstat};
use rustix::io::Errno;
use std::os::fd::OwnedFd;

/// What something is done with.
#[derive(Clone, Copy)]
pub(super) enum Used<'p> {
    /// A folder below the root.
    Folder(&'p [u8]),
    /// Something in a folder, by its path.
    Name(&'p [u8]),
    /// Two such, which one root has to give.
    Both(&'p [u8], &'p [u8]),
}

impl Root {
    /// Something was done that takes this right, which the root gives.
    pub(super) fn used(&self, right: &str, what: Used<'_>) {
        if !self.counted {
            return recorder::note(|| self.right("", right));
        }
        recorder::note(|| self.right(&self.folder_of(what).unwrap_or_default(), right));
        self.takes_all(what);
    }

    /// Something was looked at, which was there or not.
    pub(super) fn looked(&self, rest: &[u8], found: &Result<OwnedFd, Errno>) {
        let Ok(found) = found else { return recorder::note(|| self.right("", LOOK_IN_VAIN)) };
        let is_folder =
            || fstat(found).is_ok_and(|status| FileType::from_raw_mode(status.st_mode) == FileType::Directory);
        match recorder::is_recorded() && is_folder() {
            true => self.used(LOOK_AT_FOLDER, Used::Folder(rest)),
            false => self.used(LOOK_INSIDE, Used::Name(rest)),
        }
    }

    fn right(&self, folder: &str, right: &str) -> ServiceUse {
        ServiceUse::Right { at: self.at.clone(), folder: folder.to_owned(), right: right.to_owned() }
    }

    /// Where no folder is enough, the root has to stay one: what is inside of it would be in the way.
    fn takes_all(&self, what: Used<'_>) {
        if recorder::is_recorded() && self.folder_of(what).is_none() {
            recorder::note(|| ServiceUse::Passing { at: self.at.clone(), folder: String::new() });
        }
    }

    /// A folder is made, renamed or removed, of which no manifest can say that it is there.
    pub(super) fn passes(&self, rest: &[u8]) {
        if let Some(folder) = plain(rest).filter(|_| self.counted) {
            recorder::note(|| ServiceUse::Passing { at: self.at.clone(), folder });
        }
    }

    /// The folder in which that is, as a manifest may name it: none if it takes more of the root than a folder, as a link on the way does.
    fn folder_of(&self, what: Used<'_>) -> Option<String> {
        let folder = match what {
            Used::Folder(rest) => rest,
            Used::Name(rest) => paths::split(rest)?.0,
            Used::Both(one, other) => {
                let (one, other) = (self.folder_of(Used::Name(one))?, self.folder_of(Used::Name(other))?);
                return Some(common(&one, &other).to_owned());
            }
        };
        let no_links = |rest: &[u8], flags: OFlags| {
            self.open(rest, OFlags::PATH | flags, Mode::empty(), ResolveFlags::NO_SYMLINKS).map(drop)
        };
        if let Used::Name(rest) = what
            && no_links(rest, OFlags::empty()) == Err(Errno::LOOP)
        {
            return None;
        }
        no_links(folder, OFlags::DIRECTORY).ok()?;
        plain(folder)
    }
}

/// A path below a root as a manifest has it; none for what no manifest says.
fn plain(rest: &[u8]) -> Option<String> {
    let parts = rest.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".");
    let parts: Option<Vec<&str>> = parts.map(|part| std::str::from_utf8(part).ok()).collect();
    let text = parts.filter(|parts| !parts.contains(&".."))?.join("/");
    (text.len() <= NAME_BYTES && !text.chars().any(char::is_control)).then_some(text)
}

/// The folder that both are, or are in.
fn common<'a>(one: &'a str, other: &str) -> &'a str {
    let parts = one.split('/').zip(other.split('/')).take_while(|(one, other)| one == other).map(|(one, _)| one.len());
    let length = parts.map(|length| length + 1).sum::<usize>().saturating_sub(1);
    &one[..length]
}

#[cfg(test)]
mod tests {
    use super::{common, plain};

    #[test]
    fn a_folder_is_named_as_manifests_name_it() {
        assert_eq!(plain(b"./a//b/").as_deref(), Some("a/b"));
        assert_eq!(plain(b".").as_deref(), Some(""));
        assert_eq!(plain(b"a/../b"), None);
        assert_eq!(plain(b"a\nb"), None);
        assert_eq!(plain(b"\xff"), None);
        assert_eq!(common("a/b/c", "a/b"), "a/b");
        assert_eq!(common("a/bc", "a/bd"), "a");
        assert_eq!(common("a", "b"), "");
        assert_eq!(common("", "b"), "");
    }
}

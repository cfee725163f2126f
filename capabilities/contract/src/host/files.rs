//! `zone = "files"`

use crate::Interface;
use crate::interface::Instances;
use crate::types::TypeKind;
use serde::{Deserialize, Serialize};

/// What a service has open besides what its clients have: channels, its folders, and what a call opens on its way.
const OWN_DESCRIPTORS: u32 = 512;
/// How many clients an instance has room for when each has opened as much as it may. The last ones of more get `EMFILE`.
const GREEDY_CLIENTS: u32 = 32;

impl FilesService {
    pub(super) fn configure(&self, interface: &mut Interface) {
        for one in &mut interface.types {
            if let TypeKind::Handle(handle) = &mut one.kind {
                handle.max_live = self.open_files;
            }
        }
        let sandbox = &mut interface.sandbox;
        // A private folder is one client's, and so is its process.
        let clients = if self.scratch_bytes.is_some() {
            sandbox.instances = Instances::PerClient;
            sandbox.threads = 1;
            2
        } else {
            // Of each, files and listings.
            2 * GREEDY_CLIENTS
        };
        sandbox.descriptors = OWN_DESCRIPTORS + clients * self.open_files;
        sandbox.file_size_bytes = self.file_bytes;
    }
}

/// Files and folders below roots.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct FilesService {
    /// In the order of their descriptors.
    pub roots: Vec<FilesRoot>,
    /// How large the private folder at [`SCRATCH`] is, if there is one.
    pub scratch_bytes: Option<u64>,
    /// How many files one client may have open at once; and as many listings.
    pub open_files: u32,
    /// How large a file may become by writing.
    pub file_bytes: u64,
    /// How many bytes all clients together may write below roots. A name that is made counts as [`NAME_BYTES`].
    pub written_bytes: u64,
}

/// The most roots of one capability.
pub const MOST_ROOTS: usize = 64;

/// Where a program sees its private folder.
pub const SCRATCH: &str = "/tmp";

/// What a name that is made counts, so that nobody fills a disk with empty files.
pub const NAME_BYTES: u64 = 4096;

impl Default for FilesService {
    fn default() -> Self {
        Self { roots: Vec::new(), scratch_bytes: None, open_files: 256, file_bytes: 1 << 30, written_bytes: 4 << 30 }
    }
}

/// One folder of the machine.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct FilesRoot {
    /// Where a program sees it: absolute, without `.`, `..` and empty parts.
    pub at: String,
    /// What may be done below it.
    pub rights: FilesRights,
}

/// What may be done below a root. By default nothing.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct FilesRights {
    /// Open files to read them.
    pub read: bool,
    /// List folders.
    pub list: bool,
    /// Change files that exist: their bytes, length, mode and times.
    pub write: bool,
    /// Make files, folders and links, and write files that one has made.
    pub create: bool,
    /// Remove names.
    pub delete: bool,
    /// Write at the end of files that exist, and nowhere else.
    pub append: bool,
}

impl FilesRights {
    /// All but [`FilesRights::append`], which takes away: what a scratch folder gives.
    pub const ALL: Self = Self { read: true, list: true, write: true, create: true, delete: true, append: false };

    /// The words of `allow` in a root.
    pub const WORDS: [&str; 6] = ["read", "list", "write", "create", "delete", "append"];

    /// Gives the right of that name; whether there is one.
    pub fn give(&mut self, word: &str) -> bool {
        let right = match word {
            "read" => &mut self.read,
            "list" => &mut self.list,
            "write" => &mut self.write,
            "create" => &mut self.create,
            "delete" => &mut self.delete,
            "append" => &mut self.append,
            _ => return false,
        };
        *right = true;
        true
    }

    /// The words for what is given.
    pub fn words(self) -> Vec<&'static str> {
        let given = [self.read, self.list, self.write, self.create, self.delete, self.append];
        Self::WORDS.into_iter().zip(given).filter(|(_, given)| *given).map(|(word, _)| word).collect()
    }

    /// What is given here and not there. Who may write may append.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self {
            read: self.read && !other.read,
            list: self.list && !other.list,
            write: self.write && !other.write,
            create: self.create && !other.create,
            delete: self.delete && !other.delete,
            append: self.append && !other.append && !other.write,
        }
    }

    /// Whether anything may be done at all.
    pub fn any(self) -> bool {
        self != Self::default()
    }

    /// Whether anything below the root can change.
    pub fn changes(self) -> bool {
        self.write || self.create || self.delete || self.append
    }
}

/// Whether a text can be the `at` of a root: absolute, and the one way to write it.
pub fn is_plain_path(path: &str) -> bool {
    let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
    path == "/" || path.strip_prefix('/').is_some_and(|parts| parts.split('/').all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_gives_one_right() {
        for word in FilesRights::WORDS {
            let mut rights = FilesRights::default();
            assert!(rights.give(word) && rights.any());
            assert_eq!(rights.words(), [word]);
            assert_eq!(rights.changes(), !["read", "list"].contains(&word), "{word}");
        }
        assert_eq!(
            FilesRights::ALL.without(FilesRights { read: true, ..FilesRights::default() }).words().first(),
            Some(&"list")
        );
        assert!(!FilesRights::ALL.without(FilesRights::ALL).any());
        assert!(!FilesRights::default().give("*") && !FilesRights::default().any());
    }

    #[test]
    fn there_is_one_way_to_write_a_path() {
        for path in ["/", "/data", "/a/b.c/d"] {
            assert!(is_plain_path(path), "{path}");
        }
        for path in ["", "data", "//", "/data/", "/a//b", "/a/./b", "/a/..", "/..", "/a\0b"] {
            assert!(!is_plain_path(path), "{path}");
        }
    }
}

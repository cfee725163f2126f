//! `zone = "sqlite3"`: not a service of `cloison-host`, but a library's zone, with the databases of one capability.

use super::FilesRoot;
use crate::Interface;
use serde::{Deserialize, Serialize};

/// Folders with databases. In the zone each is at its own place, by which SQLite opens what is in it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SqliteService {
    /// In the order of their descriptors.
    pub roots: Vec<FilesRoot>,
    /// How large a file may become.
    pub file_bytes: u64,
}

impl Default for SqliteService {
    fn default() -> Self {
        Self { roots: Vec::new(), file_bytes: 1 << 30 }
    }
}

impl SqliteService {
    pub(super) fn configure(&self, interface: &mut Interface) {
        let sandbox = &mut interface.sandbox;
        sandbox.file_size_bytes = if self.roots.iter().any(|root| root.rights.changes()) { self.file_bytes } else { 0 };
        sandbox.roots = self.roots.clone();
    }
}

/// Where the dynamic loader's files are, and what else a zone has of its own: no root can be there, above or below.
const TAKEN: [&str; 7] = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/proc"];

/// Whether no root can be there in a library's zone.
pub fn is_taken(at: &str) -> bool {
    TAKEN.iter().any(|taken| encloses(at, taken) || encloses(taken, at))
}

/// Whether the first of two plain paths is the second one, or above it.
pub fn encloses(outer: &str, inner: &str) -> bool {
    outer == "/" || inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loader_s_places_are_taken() {
        for at in ["/", "/usr", "/lib", "/lib/x", "/etc", "/usr/local"] {
            assert!(is_taken(at), "{at}");
        }
        for at in ["/data", "/library", "/usr/share/data", "/srv/lib", "/etc/mine"] {
            assert!(!is_taken(at), "{at}");
        }
        assert!(encloses("/a", "/a/b") && encloses("/a", "/a") && !encloses("/a", "/ab"));
    }
}

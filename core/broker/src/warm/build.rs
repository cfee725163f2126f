//! Which binaries a process belongs to: templates are for commands of the same build alone.

use crate::launch::Binaries;
use serde::{Deserialize, Serialize};
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The command's binary and the microprocess's.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Build {
    command: FileIdentity,
    microprocess: FileIdentity,
}

/// One file as it was at a time. A file that is written anew is another one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct FileIdentity {
    device: u64,
    inode: u64,
    bytes: u64,
    changed: (i64, i64),
}

impl FileIdentity {
    fn new(found: &Metadata) -> Self {
        let changed = (found.mtime(), found.mtime_nsec());
        Self { device: found.dev(), inode: found.ino(), bytes: found.size(), changed }
    }
}

impl Build {
    /// Of this process, and of the binary that a template would be started from now.
    pub(crate) fn of_this(binaries: &Binaries) -> io::Result<Self> {
        // The file that runs, whatever stands at its path by now.
        let command = std::fs::metadata("/proc/self/exe")?;
        Self::new(&command, &binaries.microprocess())
    }

    /// Of what stands at the paths now: what would be started next.
    pub(crate) fn on_disk(binaries: &Binaries) -> io::Result<Self> {
        Self::new(&std::fs::metadata(binaries.command())?, &binaries.microprocess())
    }

    fn new(command: &Metadata, microprocess: &Path) -> io::Result<Self> {
        let microprocess = std::fs::metadata(microprocess)?;
        Ok(Self { command: FileIdentity::new(command), microprocess: FileIdentity::new(&microprocess) })
    }
}

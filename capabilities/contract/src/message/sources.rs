//! Modules and files of the application's own folders, which the broker reads for those who cannot.

use serde::{Deserialize, Serialize};

/// One source file.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Module {
    /// `package.module`
    pub name: String,
    /// It is an `__init__.py`, or a folder without one (a namespace package, with an empty `source`).
    pub package: bool,
    /// The file name that tracebacks and `__file__` show.
    pub path: String,
    /// The bytes of the file: UTF-8 unless its first lines say otherwise.
    pub source: Vec<u8>,
}

/// What a process wants to know of a file of the application's own folders.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Look {
    /// Which folder, in the order of `folders`.
    pub folder: u32,
    /// The path below it; empty for itself.
    pub path: Vec<u8>,
    /// What.
    pub what: LookFor,
}

/// How much of a file one [`Look`] gives: whoever answers has others to answer, too.
pub const LOOK_BYTES: usize = 256 << 10;

/// See [`Look`].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub enum LookFor {
    /// The bytes of a file: [`LOOK_BYTES`] of them at most.
    Contents {
        /// From which on.
        from: u64,
    },
    /// What a symbolic link says.
    Link,
    /// What is in a folder.
    Names,
    /// What kind of thing it is.
    Status {
        /// Of what a symbolic link leads to.
        follow: bool,
    },
}

/// The answer to a [`Look`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Looked {
    /// Bytes of a file; fewer than [`LOOK_BYTES`] are its last ones.
    Contents {
        /// Which file, and how it is now: whoever puts pieces together sees whether they are of one.
        status: LookStatus,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// What a symbolic link says.
    Link(Vec<u8>),
    /// What is in a folder: the kind (a `DT_…` number) and the name of each.
    Names(Vec<(u8, Vec<u8>)>),
    /// What kind of thing it is.
    Status(LookStatus),
}

/// What `stat` says of a file of the application's own folders.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct LookStatus {
    /// Type and permissions; nobody writes.
    pub mode: u32,
    /// The inode.
    pub inode: u64,
    /// The device.
    pub device: u64,
    /// How many names it has.
    pub links: u64,
    /// How many bytes.
    pub size: u64,
    /// When it was changed, in nanoseconds since 1970.
    pub modify_ns: i64,
}

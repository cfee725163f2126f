//! `sqlite3`: the folders with databases.

use super::{HostFolder, files};
use cloison_contract::host::SqliteService;

/// What it gives, for people.
pub(super) fn describe(sqlite: &SqliteService, folders: &[HostFolder]) -> String {
    let mut parts = vec!["SQLite databases in memory".to_owned()];
    parts.extend(files::roots(&sqlite.roots, folders));
    parts.join("; ")
}

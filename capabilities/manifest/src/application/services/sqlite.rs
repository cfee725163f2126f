//! `zone = "sqlite3"`
//!
//! ```toml
//! [capabilities.sqlite3]
//! zone = "sqlite3"
//! roots = [{ at = "/data", path = "data", allow = ["read", "write", "create", "delete"] }]
//! ```

use super::ServiceRequest;
use super::files::{WrittenRoot, roots};
use crate::document::{DocumentReader, Table};
use cloison_contract::host::sqlite::{encloses, is_taken};
use cloison_contract::host::{FilesRoot, HostService, SqliteService};

pub(super) fn read(reader: &mut DocumentReader, table: &mut Table<'_>) -> ServiceRequest {
    let mut service = SqliteService::default();
    let mut folders = Vec::new();
    for WrittenRoot { at, path, rights } in table.take("roots").map(|value| roots(reader, &value)).unwrap_or_default() {
        let other = service.roots.iter().find(|other| encloses(&other.at, &at.text) || encloses(&at.text, &other.at));
        let (message, hint) = if let Some(other) = other {
            let message = format!("a database's folder cannot be inside of another one: `{}`, `{}`", other.at, at.text);
            (message, "take places beside each other")
        } else if is_taken(&at.text) {
            let message = format!("`{}` is where the zone of SQLite has its own files", at.text);
            (message, "take another place, as in \"/data\"")
        } else if rights.append {
            let hint = "databases take `read`, and to change them `write`, `create` and `delete`, for journals";
            ("SQLite does not append".to_owned(), hint)
        } else {
            service.roots.push(FilesRoot { at: at.text, rights });
            folders.push(path);
            continue;
        };
        reader.error_with_hint(at.span, message, hint);
    }
    if let Some(size) = table.take("file_size").and_then(|value| reader.size(&value)) {
        service.file_bytes = size;
    }
    ServiceRequest { folders, ..ServiceRequest::plain(HostService::Sqlite(service)) }
}

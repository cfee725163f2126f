//! `zone = "env"`
//!
//! ```toml
//! [capabilities.env]
//! zone = "env"
//! pass = ["LANG", "TZ"]
//! variables = { HOME = "/data" }
//! ```

use super::ServiceRequest;
use crate::diagnostic::Diagnostic;
use crate::document::{DocumentReader, Table};
use cloison_contract::host::{EnvService, HostService};
use std::ops::Range;

pub(super) fn read(reader: &mut DocumentReader, table: &mut Table<'_>) -> ServiceRequest {
    let mut service = EnvService::default();
    for written in table.take("pass").and_then(|value| reader.strings(&value)).unwrap_or_default() {
        if is_name(reader, &written.text, written.span) {
            service.pass.push(written.text);
        }
    }
    if let Some(value) = table.take("variables") {
        let entries = reader.table(&value, "`variables`", "{ HOME = \"/data\" }");
        for entry in entries.map(|mut table| table.take_all()).unwrap_or_default() {
            if service.pass.iter().any(|passed| passed == entry.key) {
                // Without its line, in which its value stands.
                let message = format!("`{}` is passed, and set here", entry.key);
                let mistake = Diagnostic::error(&reader.source, entry.key_span.clone(), message);
                reader.push(mistake.hint("leave it out of one of them").brief());
            }
            if let (true, Some(text)) = (is_name(reader, entry.key, entry.key_span.clone()), reader.text(&entry)) {
                service.variables.insert(entry.key.to_owned(), text.text);
            }
        }
    }
    ServiceRequest::plain(HostService::Env(service))
}

/// What C and Python can look up.
fn is_name(reader: &mut DocumentReader, name: &str, span: Range<usize>) -> bool {
    let may_be = !name.is_empty() && !name.contains('=') && !name.contains(char::is_control);
    if !may_be {
        reader.error(span, format!("`{}` cannot be the name of a variable", name.escape_debug()));
    }
    may_be
}

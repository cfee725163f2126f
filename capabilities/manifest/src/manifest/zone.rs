//! `[zone]`: names and the library.

use crate::bundled;
use crate::diagnostic::Written;
use crate::document::{DocumentReader, TableEntry};
use crate::keys::TableName;
use crate::version::InterfaceVersion;
use cloison_contract::interface::{Library, LibraryLocation};
use toml::de::DeValue;

/// How many further libraries `needs` and `preload` may list, each.
const MOST_LIBRARIES: usize = 64;

/// What `[zone]` says.
pub(super) struct ZoneTable {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) doc: Option<String>,
    pub(super) library: Library,
}

pub(super) fn zone(reader: &mut DocumentReader, value: Option<TableEntry<'_>>) -> Option<ZoneTable> {
    let Some(value) = value else {
        let hint =
            "a manifest begins with: [zone] name = \"…\", version = \"1.0.0\", library = { soname = \"lib….so.1\" }";
        reader.error_with_hint(0..0, "there is no [zone]", hint);
        return None;
    };
    let mut table = reader.table(&value, "[zone]", "{ name = \"…\" }")?.of(TableName::Zone);
    let mut required = |key, example: &str| {
        let value = table.take(key);
        if value.is_none() {
            reader.missing(&table, key, &format!("add `{key} = {example}`"));
        }
        value
    };
    let name = required("name", "\"…\"");
    let version = required("version", "\"1.0.0\"");
    let library = required("library", "{ soname = \"lib….so.1\" }");
    let doc = table.take("doc").and_then(|value| reader.string(&value));
    reader.finish(table);
    let name = name.and_then(|value| zone_name(reader, &value));
    let version = version.and_then(|value| zone_version(reader, &value));
    let library = library.and_then(|value| zone_library(reader, &value));
    Some(ZoneTable { name: name?, version: version?, doc: doc.map(|doc| doc.text), library: library? })
}

fn zone_name(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<String> {
    let name = reader.string(value)?;
    let fits = name.text.len() <= 64
        && name.text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.text.chars().all(|one| one.is_ascii_alphanumeric() || "_-".contains(one));
    if !fits {
        let hint = "letters, digits, `_` and `-`, at most 64, a letter or digit first";
        reader.error_with_hint(name.span, format!("`{}` is no name for a zone", name.text), hint);
        return None;
    }
    Some(name.text)
}

fn zone_version(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<String> {
    let version = reader.string(value)?;
    if InterfaceVersion::parse(&version.text).is_none() {
        let hint = "three numbers, as in \"1.0.0\": the version of this interface, not of the library";
        reader.error_with_hint(version.span, format!("`{}` is no version", version.text), hint);
        return None;
    }
    Some(version.text)
}

fn zone_library(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Library> {
    if let DeValue::String(text) = value.value {
        let key = if text.contains('/') { "path" } else { "soname" };
        let hint = format!("write `library = {{ {key} = \"{text}\" }}`");
        reader.error_with_hint(value.span.clone(), "`library` is a table", hint);
        return None;
    }
    let mut table = reader.table(value, "`library`", "{ soname = \"lib….so.1\" }")?.of(TableName::Library);
    let span = table.span.clone();
    if reader.undecided(&mut table, "`library`") {
        return None;
    }
    if let Some(value) = table.take("host") {
        reader.finish(table);
        return host(reader, &value);
    }
    let (soname, path) = (table.take("soname"), table.take("path"));
    let misspelt = table.has_nearly("soname") || table.has_nearly("path");
    let needs = table.take("needs").map_or(Some(Vec::new()), |value| libraries(reader, &value));
    let preload = table.take("preload").map_or(Some(Vec::new()), |value| libraries(reader, &value));
    let sha256 = table.take("sha256").map_or(Some(Vec::new()), |value| digests(reader, &value));
    reader.finish(table);
    let location = match (soname, path) {
        (Some(value), None) => soname_location(reader, &value),
        (None, Some(value)) => reader.string(&value).map(|path| LibraryLocation::Path(path.text)),
        (Some(_), Some(path)) => {
            reader.error_with_hint(path.key_span, "`library` has both `soname` and `path`", "keep one of them");
            None
        }
        (None, None) if misspelt => None,
        (None, None) => {
            let hint =
                "`soname = \"libz.so.1\"` to find it as the dynamic loader would, or `path = \"build/libmine.so\"`";
            reader.error_with_hint(span, "`library` has neither `soname` nor `path`", hint);
            None
        }
    };
    let declared = reader.location(value.key_span.start);
    Some(Library { location: location?, sha256: sha256?, needs: needs?, preload: preload?, declared })
}

/// `needs` and `preload`: files, as `path` has them.
fn libraries(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Vec<String>> {
    let list = reader.strings(value)?;
    if list.len() > MOST_LIBRARIES {
        let message = format!("`{}` lists {} libraries; {MOST_LIBRARIES} are the most", value.key, list.len());
        reader.error_with_hint(value.span.clone(), message, "install them where the dynamic loader finds them");
        return None;
    }
    let file = |one: Written| {
        let fits = !one.text.ends_with('/');
        if !fits {
            let hint = "a library's file, relative to the manifest's folder, or absolute";
            reader.error_with_hint(one.span, "this cannot be a file", hint);
        }
        fits.then_some(one.text)
    };
    list.into_iter().map(file).collect()
}

/// A service of our own instead of a file. Only our own manifests have that: what a service's functions take, nobody checks
/// but its manifest.
fn host(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Library> {
    let name = reader.string(value)?;
    if bundled::find(&name.text).is_none_or(|(_, text)| text != reader.source.text) {
        let hint = format!("to use the service, write `zone = \"{}\"` in cloison.toml", name.text);
        reader.error_with_hint(name.span, "only manifests that come with Cloison are about a host service", hint);
        return None;
    }
    let location = LibraryLocation::Host(name.text);
    let declared = reader.location(value.key_span.start);
    Some(Library { location, sha256: Vec::new(), needs: Vec::new(), preload: Vec::new(), declared })
}

fn soname_location(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<LibraryLocation> {
    let Written { text, span } = reader.string(value)?;
    if text.contains('/') {
        let hint = format!("for a file of your own, write `path = \"{text}\"`");
        reader.error_with_hint(span, "a soname is a name, not a path", hint);
        return None;
    }
    Some(LibraryLocation::Soname(text))
}

/// One digest or an array of them.
fn digests(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Vec<String>> {
    let list = match value.value {
        DeValue::String(_) => vec![reader.string(value)?],
        _ => reader.strings(value)?,
    };
    if list.is_empty() {
        let hint = "leave `sha256` out to accept any file";
        reader.error_with_hint(value.span.clone(), "`sha256` lists no digest, so no file would do", hint);
        return None;
    }
    let digest = |one: Written| {
        let fits = one.text.len() == 64 && one.text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !fits {
            let hint = "64 hexadecimal digits, as `sha256sum` prints them";
            reader.error_with_hint(one.span, "this is no SHA-256 digest", hint);
        }
        fits.then(|| one.text.to_ascii_lowercase())
    };
    list.into_iter().map(digest).collect()
}

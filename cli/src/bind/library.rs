//! The library that a header belongs to.

use crate::header::Header;
use anyhow::bail;
use cloison_broker::library::{self, Library};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Where libraries are.
const FOLDERS: [&str; 5] =
    ["/usr/local/lib", "/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib"];

/// What the manifest says of it, and what it has.
pub struct Found {
    /// `soname = "…"` or `path = "…"`
    pub key: &'static str,
    pub name: String,
    /// The functions that it and its dependencies have; `None` if it could not be read.
    pub symbols: Option<BTreeSet<String>>,
}

/// The library that was named, or else the one whose name begins as the header's does and which has most of its functions.
pub fn locate(header: &Header, named: Option<&str>) -> anyhow::Result<Found> {
    if let Some(name) = named {
        let path = name.contains('/').then(|| PathBuf::from(name));
        let file = path
            .clone()
            .or_else(|| FOLDERS.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.is_file()));
        let key = if path.is_some() { "path" } else { "soname" };
        return Ok(Found { key, name: name.to_owned(), symbols: file.and_then(|path| symbols(&path)) });
    }
    let stem = header.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let mut best: Option<(usize, String, BTreeSet<String>)> = None;
    for path in candidates(&stem) {
        let (Some(symbols), Some(name)) = (symbols(&path), path.file_name()) else { continue };
        let count = header.functions.iter().filter(|function| symbols.contains(&function.name)).count();
        if count > best.as_ref().map_or(0, |(most, ..)| *most) {
            best = Some((count, name.to_string_lossy().into_owned(), symbols));
        }
    }
    match best {
        Some((_, name, symbols)) => Ok(Found { key: "soname", name, symbols: Some(symbols) }),
        None => bail!(
            "{}: no library was found that has its functions\nhint: name it: `--library lib{stem}.so.1`, or a path",
            header.path.display()
        ),
    }
}

/// `libpng16.so.16` for `png`, `libz.so.1` for `zlib`: files whose name ends with one number.
fn candidates(stem: &str) -> Vec<PathBuf> {
    let short = stem.strip_prefix("lib").or_else(|| stem.strip_suffix("lib")).filter(|short| !short.is_empty());
    let wanted = |name: &str| {
        let Some((library, version)) = name.strip_prefix("lib").and_then(|name| name.split_once(".so.")) else {
            return false;
        };
        let number = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
        number && (library.starts_with(stem) || short.is_some_and(|short| library == short))
    };
    let mut paths = Vec::new();
    for folder in FOLDERS {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        paths.extend(
            entries
                .map(|entry| entry.path())
                .filter(|path| path.file_name().is_some_and(|name| wanted(&name.to_string_lossy()))),
        );
    }
    paths.sort();
    paths
}

fn symbols(path: &Path) -> Option<BTreeSet<String>> {
    let library = Library { path: path.to_owned(), file: File::open(path).ok()? };
    library::symbols(&library).ok()
}

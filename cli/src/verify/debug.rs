//! The manifest against the debug information (DWARF 3 to 5) of its library: what the library was compiled to, whatever
//! headers say.
//!
//! ```text
//!  library ──find──▶ sections ──read──▶ entries ──types──▶ Shape ─┐
//!  manifest ───────────────────────────────────────▶ CType ──────┴──compare──▶ differences
//! ```
//!
//! | of the manifest | is looked for as | is compared |
//! |---|---|---|
//! | a function | an external subprogram of its symbol's name | how many parameters, `...`, what each is and what comes back |
//! | a struct or a union that one of these leads to | its tag, or its typedef | size; each member's offset, size or bits, and what number it is |
//! | an enumeration that one of these leads to | its tag, or its typedef | size, and the values of the names that both have |
//!
//! What the information does not know is no difference. A name may stand in it several times (each C file has its own
//! `struct point`): one that agrees is enough.
//!
//! The file is a stranger's. Nothing in it is followed without a bound: chains of types have a length, nested members a
//! depth, names a length, and all reading together has a budget that is in proportion to the file.

mod compare;
mod find;
mod read;
mod tables;
mod types;

use super::{Difference, names};
use cloison_broker::library::Library;
use cloison_contract::Interface;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Where distributions put debug information that is apart from the libraries.
pub const FOLDER: &str = "/usr/lib/debug";

/// With what was compared.
#[derive(Debug, Default, Serialize)]
pub struct Debug {
    /// The file that has the debug information: the library, or one of its own.
    pub file: Option<PathBuf>,
    /// How many functions of the manifest it knows.
    pub functions: usize,
    /// How many structs, unions and enumerations of the manifest it knows.
    pub types: usize,
    /// Why nothing, or not everything, could be compared.
    pub note: Option<String>,
}

/// Compare a manifest, whose text is `manifest`, with what there is of its library; `folder` is [`FOLDER`].
pub fn compare(interface: &Interface, manifest: &str, library: &Library, folder: &Path) -> (Debug, Vec<Difference>) {
    let sections = match find::find(library, folder) {
        Ok(sections) => sections,
        Err(note) => return (Debug { note: Some(note), ..Debug::default() }, Vec::new()),
    };
    let mut debug = Debug { file: Some(sections.file.clone()), ..Debug::default() };
    let dwarf = read::Dwarf::new(&sections);
    let differences = compare::library(interface, &names::texts(manifest), &dwarf, &mut debug);
    debug.note = dwarf.note();
    (debug, differences)
}

/// Compare its types with those of headers, which a compiler has made `library` of.
pub fn headers(interface: &Interface, manifest: &str, library: &Library) -> Result<Vec<Difference>, String> {
    let sections = find::find(library, Path::new(FOLDER))?;
    Ok(compare::headers(interface, &names::texts(manifest), &read::Dwarf::new(&sections)))
}

#[cfg(test)]
mod tests;

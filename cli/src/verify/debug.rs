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
use cloison_broker::zones::library::OpenedLibrary;
use cloison_contract::Interface;
use cloison_contract::interface::Function;
use cloison_contract::types::Definition;
use serde::Serialize;
use std::collections::BTreeMap;
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
pub fn compare(
    interface: &Interface,
    manifest: &str,
    library: &OpenedLibrary,
    folder: &Path,
) -> (Debug, Vec<Difference>) {
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

/// What is asked of an object of a probe.
pub enum Asked<'i> {
    /// Whether it is a pointer to this function.
    Function(&'i Function),
    /// Whether its last member is of this type.
    Type(&'i Definition),
}

/// What comes of one question.
#[derive(Debug, Default)]
pub struct Answer {
    /// How many things were compared.
    pub points: usize,
    pub differences: Vec<String>,
}

/// Compare the objects of a compiled probe, by their names, with what the manifest says of them; `by` names the witness.
/// What the debug information does not describe has no answer. Besides: whether clang has compiled it.
pub fn probe(
    interface: &Interface,
    manifest: &str,
    library: &OpenedLibrary,
    by: &str,
    asked: &BTreeMap<String, Asked>,
) -> Result<(BTreeMap<String, Answer>, bool), String> {
    // A compiler may write no debug information of a file in which there is nothing.
    if asked.is_empty() {
        return Ok((BTreeMap::new(), false));
    }
    let sections = find::find(library, Path::new(FOLDER))?;
    let dwarf = read::Dwarf::new(&sections).trusted();
    let answers = compare::probe(interface, &names::texts(manifest), &dwarf, by, asked);
    match dwarf.note() {
        Some(note) => Err(note),
        None => Ok((answers, dwarf.roots().any(|root| dwarf.is_clang(root)))),
    }
}

#[cfg(test)]
mod tests;

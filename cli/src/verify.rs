//! `cloison check --verify`: what a manifest says of C, against what the C compiler says.
//!
//! | with | is compared |
//! |---|---|
//! | nothing | sizes, alignments, members, bit-fields and enumerators, as the compiler lays out the manifest's own C text |
//! | `--header H` | the same of the header's types, whether all members are there, the values of constants, and what each function takes and gives |
//! | either | layouts, enumerators and functions, as the library was compiled, if there is debug information of it ([`debug`]) |
//!
//! Nothing is run. For the compiler, each comparison is one line of a probe ([`items`]), which defines an object: a pointer of
//! a function's type, a struct with a type in it, a constant. The probe is compiled to a library, and what the lines that are C
//! have become ([`compile`]) is read out of that: types out of its debug information, constants out of its data ([`judge`]).

mod compile;
pub mod debug;
mod items;
mod judge;
mod names;
mod passing;

use crate::header::Compiler;
use cloison_broker::application::ZoneSpecification;
use cloison_broker::zones::library::OpenedLibrary;

use serde::Serialize;
use std::path::{Path, PathBuf};

/// What to compare with.
#[derive(clap::Args)]
// The command that takes them has a group of that name already.
#[group(skip)]
pub struct VerifyArguments {
    /// Compare types, constants and prototypes with what the local C compiler says (`cc`, or `CC`), and with the debug
    /// information of the library, if it has any or /usr/lib/debug has some of it
    #[arg(long)]
    pub verify: bool,
    /// With --verify: a header to compare with, a path or what stands between `<` and `>`; may be repeated
    #[arg(long = "header", value_name = "HEADER", requires = "verify")]
    headers: Vec<String>,
    /// With --verify: another folder with headers; may be repeated
    #[arg(short = 'I', value_name = "DIR", requires = "verify")]
    include: Vec<PathBuf>,
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
pub struct Verified {
    /// The zone.
    pub zone: String,
    /// How many things the compiler agrees in.
    pub agree: usize,
    /// What does not, each with its place in the manifest.
    pub differences: Vec<Difference>,
    /// What could not be compared, because the headers do not have it.
    pub unknown: Vec<String>,
    /// With which debug information the manifest was compared.
    pub debug: debug::Debug,
    /// `CC` is clang.
    #[serde(skip)]
    pub by_clang: bool,
}

/// One thing that is not as the manifest says.
#[derive(Debug, PartialEq, Serialize)]
pub struct Difference {
    /// `file:line`
    pub at: String,
    /// What is wrong.
    pub message: String,
}

/// Compare one zone's manifest with what the compiler says.
pub fn compiler(zone: &ZoneSpecification, arguments: &VerifyArguments, verified: &mut Verified) -> anyhow::Result<()> {
    let compiler = Compiler::new(&arguments.include);
    let manifest = names::manifest(zone);
    let source = items::ProbeSource::new(&zone.interface, &manifest, &arguments.headers)?;
    let compiled = compile::compile(&source, &compiler)?;
    judge::judge(&zone.interface, &manifest, &source, &compiled, verified)
}

/// Compare it with what the library was compiled to.
pub fn library(zone: &ZoneSpecification, library: &OpenedLibrary, verified: &mut Verified) {
    let manifest = names::manifest(zone);
    let (debug, differences) = debug::compare(&zone.interface, &manifest, library, Path::new(debug::FOLDER));
    // Of a library without debug information nobody knows who compiled it.
    if verified.by_clang && debug.file.is_none() {
        let because = "`CC` says that clang has compiled it";
        for function in &zone.interface.functions {
            let at = format!("{}:{}", zone.interface.source, function.declared.line);
            let messages = passing::by_clang(&zone.interface, function, because);
            verified.differences.extend(messages.into_iter().map(|message| Difference { at: at.clone(), message }));
        }
    }
    verified.debug = debug;
    verified.differences.extend(differences);
}

#[cfg(test)]
pub mod tests;

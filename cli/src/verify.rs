//! `cloison check --verify`: what a manifest says of C, against what the C compiler says.
//!
//! | with | is compared |
//! |---|---|
//! | nothing | sizes, alignments, offsets, bit-fields and enumerators, as the compiler lays out the manifest's own C text |
//! | `--header H` | the same of the header's types, what their members are and whether all are there, the values of constants, and each function's prototype |
//! | either | layouts, enumerators and functions, as the library was compiled, if there is debug information of it ([`debug`]) |
//!
//! Nothing is run. For the compiler, each comparison is one line of a probe; the probe is compiled to an object file, and the values are read
//! out of that; what the headers' members are is read out of the debug information that it writes. What the compiler refuses is found by its line, reported, and left out of the second try.

mod compile;
pub mod debug;
mod items;
mod names;
mod prototype;

use crate::header::Compiler;
use anyhow::Context;
use cloison_broker::application::ZoneSpecification;
use cloison_broker::library::Library;
use cloison_contract::Interface;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What to compare with.
#[derive(clap::Args)]
pub struct Arguments {
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
}

/// One thing that is not as the manifest says.
#[derive(Debug, PartialEq, Serialize)]
pub struct Difference {
    /// `file:line`
    pub at: String,
    /// What is wrong.
    pub message: String,
}

impl Difference {
    /// What it is about: the first thing in backticks.
    fn subject(&self) -> &str {
        self.message.split('`').nth(1).unwrap_or(&self.message)
    }
}

/// Compare one zone's manifest with what the compiler says.
pub fn compiler(zone: &ZoneSpecification, arguments: &Arguments, verified: &mut Verified) -> anyhow::Result<()> {
    let compiler = Compiler::new(&arguments.include);
    let manifest = names::manifest(zone);
    let source = items::Source::new(&zone.interface, &manifest, &arguments.headers)?;
    compile::compare(&zone.interface, &source, &compiler, verified)?;
    if !arguments.headers.is_empty() {
        headers(&zone.interface, &manifest, &source, &compiler, verified)?;
    }
    Ok(())
}

/// What the compiler says of the headers' types beyond numbers: what each member is, and which there are.
fn headers(
    interface: &Interface,
    manifest: &str,
    source: &items::Source,
    compiler: &Compiler,
    verified: &mut Verified,
) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let library = compile::types(source, compiler, folder.path())?;
    let found = debug::headers(interface, manifest, &library).map_err(anyhow::Error::msg)?;
    // One mistake is said once: `point.x` may be at another place and so be another thing.
    let known: BTreeSet<_> = verified.differences.iter().map(Difference::subject).map(str::to_owned).collect();
    verified.differences.extend(found.into_iter().filter(|one| !known.contains(one.subject())));
    Ok(())
}

/// Compare it with what the library was compiled to.
pub fn library(zone: &ZoneSpecification, library: &Library, verified: &mut Verified) {
    let manifest = names::manifest(zone);
    let (debug, differences) = debug::compare(&zone.interface, &manifest, library, Path::new(debug::FOLDER));
    verified.debug = debug;
    verified.differences.extend(differences);
}

#[cfg(test)]
mod tests;

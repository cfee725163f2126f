//! `cloison bind`: from a header to a draft manifest.
//!
//! ```text
//!  Header ──handles──▶ which structs stay in the zone ──infer──▶ an entry per function ──trial──▶ draft
//! ```
//!
//! What C says, and what names make plain, goes into the draft. What C does not say stands there as `decide = "…"`, which
//! `cloison check` refuses until the author has replaced it. Whether an entry can be expressed at all is not known here
//! twice: each is tried on the reader of manifests (with something plausible in the place of what is undecided), and what
//! it refuses becomes a comment with its reason.

mod draft;
mod entry;
mod handles;
mod infer;
mod library;
mod pattern;
mod types;

#[cfg(test)]
pub use entry::RESERVED;

#[cfg(test)]
mod tests;

use crate::header::{Compiler, Header};
use anyhow::bail;
use std::path::PathBuf;
use std::process::ExitCode;

/// Draft a manifest from a C header
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cloison bind zlib.h -o zlib.zone.toml
  cloison bind sqlite3.h --function 'sqlite3_open*' --function 'sqlite3_exec'
  cloison bind build/mine.h -I build --library ./build/libmine.so

The draft says what C says. What C does not say stands in it as `decide = \"…\"`; `cloison check` lists those places.")]
pub struct Arguments {
    /// A header: a path, or what stands between `<` and `>`
    header: String,
    /// The library: a soname, or a path (anything with a `/`); without it, one that has the functions is looked for
    #[arg(long, value_name = "SONAME")]
    library: Option<String>,
    /// Only functions whose name matches, with `*` and `?`; may be repeated
    #[arg(long = "function", value_name = "GLOB")]
    functions: Vec<String>,
    /// Another folder with headers; may be repeated
    #[arg(short = 'I', value_name = "DIR")]
    include: Vec<PathBuf>,
    /// Write the draft to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut header = Header::read(&arguments.header, &Compiler::new(&arguments.include))?;
    if header.functions.is_empty() {
        bail!("{}: no function is declared in it\nhint: give the header that declares them", arguments.header);
    }
    if !arguments.functions.is_empty() {
        let wanted = |name: &str| arguments.functions.iter().any(|glob| pattern::matches(glob, name));
        if !header.functions.iter().any(|function| wanted(&function.name)) {
            bail!("{}: no function matches `{}`", arguments.header, arguments.functions.join("`, `"));
        }
        header.functions.iter_mut().for_each(|function| function.wanted = wanted(&function.name));
    }
    let library = library::locate(&header, arguments.library.as_deref())?;
    let draft = draft::draft(&header, &library);
    crate::output::data(arguments.output.as_deref(), &draft.text)?;
    eprintln!("{}", draft.summary(&arguments.header));
    Ok(ExitCode::SUCCESS)
}

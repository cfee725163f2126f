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
mod verbs;

#[cfg(test)]
mod tests;

use crate::header::{Compiler, Declaring, Header};
use anyhow::bail;
use cloison_contract::printable;
use library::LibraryName;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// How many included files are named.
const SHOWN: usize = 20;
/// What is said of a header that is no right C.
const REFUSED: &str = "the C compiler cannot compile it by itself";

/// Draft a manifest from a C header
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cloison bind zlib.h -o zlib.zone.toml
  cloison bind sqlite3.h --function 'sqlite3_open*' --function 'sqlite3_exec'
  cloison bind build/mine.h -I build --library ./build/libmine.so
  cloison bind pcre2.h -D PCRE2_CODE_UNIT_WIDTH=8 --function '*_8'

The draft says what C says. What C does not say stands in it as `decide = \"…\"`; `cloison check` lists those places.")]
pub struct BindArguments {
    /// A header: a path, or what stands between `<` and `>`
    header: String,
    /// The library: a soname, or a path (anything with a `/`); without it, one that has the functions is looked for
    #[arg(long, value_name = "SONAME")]
    library: Option<String>,
    /// Only functions and constants whose name matches, with `*` and `?`; may be repeated
    #[arg(long = "function", value_name = "GLOB")]
    functions: Vec<String>,
    /// With `--function`: also constants whose name matches; may be repeated
    #[arg(long = "constant", value_name = "GLOB", requires = "functions")]
    constants: Vec<String>,
    /// Define a macro, as for a compiler; may be repeated
    #[arg(short = 'D', value_name = "NAME[=VALUE]")]
    define: Vec<String>,
    /// Let a macro be undefined; may be repeated
    #[arg(short = 'U', value_name = "NAME")]
    undefine: Vec<String>,
    /// Another folder with headers; may be repeated
    #[arg(short = 'I', value_name = "DIR")]
    include: Vec<PathBuf>,
    /// Also take what is declared in included files whose path ends so, with `*` and `?`; may be repeated
    #[arg(long, value_name = "GLOB")]
    include_from: Vec<String>,
    /// Write the draft to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite that file if it exists
    #[arg(long, requires = "output")]
    force: bool,
}

pub fn run(arguments: &BindArguments) -> anyhow::Result<ExitCode> {
    if let Some(path) = arguments.output.as_ref().filter(|path| !arguments.force && path.exists()) {
        bail!(
            "{} exists, and somebody may have decided things in it\nhint: remove it, or use `--force`",
            path.display()
        );
    }
    let also = |path: &Path| arguments.include_from.iter().any(|glob| is_from(path, glob));
    let compiler = Compiler::new(&arguments.include).macros(&arguments.define, &arguments.undefine)?;
    let mut header = Header::read(&arguments.header, &compiler, &also)?;
    let complaints = compiler.complaints(&arguments.header)?;
    if let Some(said) = &complaints {
        if header.functions.is_empty() {
            bail!("{}: {REFUSED}:\n{said}\nhint: `-I FOLDER` says where other headers are", arguments.header);
        }
        say(&format!("warning: {}: {REFUSED}, so the draft may lack what it declares:", arguments.header));
        said.lines().for_each(say);
    }
    if header.functions.is_empty() {
        bail!("{}: no function is declared in it\nhint: {}", arguments.header, elsewhere(&header));
    }
    if header.files.iter().all(|file| file.path != header.path) {
        let own = header.files.iter().filter(|file| file.own);
        say(&format!("{}: declares no function itself, but includes {}", arguments.header, list(own)));
    }
    if !arguments.functions.is_empty() {
        let any = |globs: &[String], name: &str| globs.iter().any(|glob| pattern::matches(glob, name));
        let wanted = |name: &str| any(&arguments.functions, name);
        if !header.functions.iter().any(|function| wanted(&function.name)) {
            bail!("{}: no function matches `{}`", arguments.header, arguments.functions.join("`, `"));
        }
        header.functions.iter_mut().for_each(|function| function.wanted = wanted(&function.name));
        header.constants.retain(|(name, _)| wanted(name) || any(&arguments.constants, name));
        header.inline.retain(|name| wanted(name));
        let is_word = |one: char| one.is_ascii_alphanumeric() || one == '_';
        header.unread.retain(|text| text.split(|one| !is_word(one)).any(|word| !word.is_empty() && wanted(word)));
    }
    let library = library::locate(&header, arguments.library.as_deref(), arguments.output.as_deref())?;
    if library.named == LibraryName::Unknown {
        let what = "no library on this machine has its functions, so `library` wants a decision";
        say(&format!("{}: {what}", arguments.header));
    }
    let draft = draft::draft(&header, &library);
    crate::output::data(arguments.output.as_deref(), &draft.text)?;
    say(&draft.summary(&arguments.header));
    Ok(ExitCode::SUCCESS)
}

/// One line on standard error. What stands in it may be from a header.
fn say(line: &str) {
    eprintln!("{}", printable::line(line));
}

/// Whether a path, or the end of one, is as a glob says.
fn is_from(path: &Path, glob: &str) -> bool {
    let path = path.to_string_lossy();
    pattern::matches(glob, &path) || pattern::matches(&format!("*/{glob}"), &path)
}

/// What to do about a header that declares nothing: the files that it includes may.
fn elsewhere(header: &Header) -> String {
    if header.files.is_empty() {
        return "give the header that declares them".to_owned();
    }
    // The C library's own headers are hardly what is meant.
    let folder = |file: &Declaring| Some(file.path.parent()?.file_name()?.to_string_lossy().into_owned());
    let own = |folder: &String| !["include", "bits", "sys"].contains(&folder.as_str());
    let folder = header.files.iter().filter_map(folder).find(own).unwrap_or_else(|| "FOLDER".to_owned());
    format!("it includes {}; `--include-from '{folder}/*'` takes such files as well", list(header.files.iter()))
}

/// `lzma/base.h (12 functions), …`
fn list<'h>(files: impl Iterator<Item = &'h Declaring>) -> String {
    let files: Vec<_> = files.map(|file| format!("{} ({})", file.path.display(), file.functions)).collect();
    let more = files.len().saturating_sub(SHOWN);
    let shown = files.into_iter().take(SHOWN).collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown}, and {more} more") }
}

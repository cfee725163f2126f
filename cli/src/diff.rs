//! `cloison diff`: what one manifest of an application grants that another one does not, for reviews.

use crate::add::target::shown;
use crate::output::ExitMessage;
use cloison_broker::application::explain::declared;
use cloison_broker::application::files;
use cloison_broker::application::{LoadError, MANIFEST};
use cloison_manifest::difference::{DeclaredApplication, GrantDifference};
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What stands for standard input.
const INPUT: &str = "-";

/// Say in plain words what a new cloison.toml grants beyond an old one
#[derive(clap::Args)]
#[command(
    after_help = "What is compared is what the two say, and the manifests of zones that they name; nothing else of
the machine is looked at. What cannot be told to grant less counts as granting more.

Exit status: 0 if nothing more is granted, 1 if something is, 2 if one of them cannot be read.

Examples:
  cloison diff old/ new/
  git show main:cloison.toml | cloison diff - .    # with the zones' manifests of today
  cloison diff /dev/null app/ --json               # all that it grants"
)]
pub struct DiffArguments {
    /// A folder with a cloison.toml, a file, or `-` for standard input, which is read as if it stood beside the other one
    old: PathBuf,
    /// The same: what is asked about
    new: PathBuf,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Compared {
    old: String,
    new: String,
    #[serde(flatten)]
    difference: GrantDifference,
}

pub fn run(arguments: &DiffArguments) -> anyhow::Result<ExitCode> {
    let DiffArguments { old, new, json } = arguments;
    if is_input(old) && is_input(new) {
        let what = "only one of the two can be standard input\nhint: give a file or a folder for the other one";
        return Err(LoadError::Nothing(what.to_owned()).into());
    }
    // What comes by standard input stands where the other one stands.
    let (before, after) = (declaration(old, new)?, declaration(new, old)?);
    let difference = GrantDifference::between(&before, &after);
    let status = u8::from(difference.grants_more());
    let (old, new) = (called(old), called(new));
    let text = match json {
        true => serde_json::to_string_pretty(&Compared { old, new, difference })? + "\n",
        false => difference.text(&old, &new),
    };
    // Whoever goes by the status alone is not to take an answer that nobody got for one.
    let failed = |error: anyhow::Error| ExitMessage { message: format!("{error:#}"), status: 2 };
    crate::output::data(None, &text).map_err(failed)?;
    Ok(ExitCode::from(status))
}

fn declaration(path: &Path, other: &Path) -> Result<DeclaredApplication, LoadError> {
    let manifest = manifest(if is_input(path) { other } else { path });
    let (name, read) = match is_input(path) {
        true => ("<stdin>".to_owned(), files::limited_text(io::stdin().lock(), files::MANIFEST_BYTES)),
        // An application without a manifest may do nothing but compute.
        false if manifest == Path::new("/dev/null") => (manifest.display().to_string(), Ok(String::new())),
        false => (manifest.display().to_string(), files::read_text(&manifest, files::MANIFEST_BYTES)),
    };
    let text = read.map_err(|error| LoadError::File { path: PathBuf::from(&name), error })?;
    declared(&name, manifest.parent().unwrap_or(Path::new("")), &text)
}

fn is_input(path: &Path) -> bool {
    path == Path::new(INPUT)
}

/// A folder's manifest, or the file itself.
fn manifest(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(MANIFEST) } else { path.to_owned() }
}

/// What it is called in sentences.
fn called(path: &Path) -> String {
    match path {
        input if is_input(input) => "<stdin>".to_owned(),
        folder if folder.is_dir() => shown(folder),
        file => file.display().to_string(),
    }
}

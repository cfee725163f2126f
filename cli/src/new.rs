//! `cloison new`: a folder with an application that may do nothing yet.

use crate::add::target::{shown, write_new};
use anyhow::Context;
use cloison_broker::application::MANIFEST;
use cloison_contract::printable;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

/// Make an application: a folder with a cloison.toml that grants nothing, and a program
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cloison new app/
  cloison new .                    # of this folder; an app.py that is there stays as it is

Then:
  cloison run app/
  cloison add zlib --app app/
  cloison explain app/")]
pub struct NewArguments {
    /// The folder; it is made if it is not there
    folder: PathBuf,
}

const LINES: &str = "\
# What this application may do: nothing but computing, until `cloison add` or you write more.
[app]
entry = \"app:main\"
";

const PROGRAM: &str = "\
def main():
    print(\"It runs.\")
";

pub fn run(arguments: &NewArguments) -> anyhow::Result<ExitCode> {
    let folder = &arguments.folder;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let manifest = folder.join(MANIFEST);
    if fs::symlink_metadata(&manifest).is_ok() {
        let text = format!(
            "{}: this is an application already\nhint: `cloison explain {}` says what it may do",
            manifest.display(),
            folder.display()
        );
        anyhow::bail!(text);
    }
    let program = folder.join("app.py");
    let there = fs::symlink_metadata(&program).is_ok();
    if !there {
        write_new(&program, PROGRAM)?;
    }
    write_new(&manifest, LINES)?;
    let name = shown(folder);
    let say = |line: String| eprintln!("{}", printable::line(&line));
    say(format!("{name} may compute and print, and nothing else"));
    if there {
        say(format!(
            "{} was there and stays as it is: `entry` in {} names its function `main`",
            program.display(),
            manifest.display()
        ));
    }
    say(format!(
        "hint: `cloison run {}` runs it, `cloison add --help` has what else it may be given",
        folder.display()
    ));
    Ok(ExitCode::SUCCESS)
}

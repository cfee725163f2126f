//! `cloison completions` and `cloison man`: the command's own description, for shells and for people.

use crate::Arguments;
use anyhow::Context;
use clap::CommandFactory;
use clap_complete::Shell;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// Print what a shell needs to complete this command's arguments
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cloison completions bash > ~/.local/share/bash-completion/completions/cloison
  cloison completions zsh > ~/.zfunc/_cloison                  # a folder of $fpath
  cloison completions fish > ~/.config/fish/completions/cloison.fish")]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Print the manual page, or write one page for each command
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cloison man | man -l -
  cloison man run | man -l -
  cloison man --out-dir ~/.local/share/man/man1")]
pub struct Man {
    /// The command to describe; without it, all of them in short
    command: Option<String>,
    /// Write the pages of all commands to this folder
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    out_dir: Option<PathBuf>,
}

pub fn completions(arguments: &Completions) -> anyhow::Result<ExitCode> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "cloison", &mut text);
    crate::output::data(None, &String::from_utf8(text)?)?;
    Ok(ExitCode::SUCCESS)
}

pub fn man(arguments: &Man) -> anyhow::Result<ExitCode> {
    let mut whole = Arguments::command();
    whole.build(); // names and usage of the commands below
    if let Some(folder) = &arguments.out_dir {
        let below = whole.get_subcommands().filter(|command| command.get_name() != "help");
        for command in std::iter::once(&whole).chain(below) {
            let path = folder.join(format!("{}.1", name(command)));
            std::fs::write(&path, page(command)?).with_context(|| path.display().to_string())?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let command = match &arguments.command {
        None => &whole,
        Some(name) => match whole.find_subcommand(name) {
            Some(command) => command,
            None => anyhow::bail!("there is no command `{name}`\nhint: `cloison --help` lists them"),
        },
    };
    crate::output::data(None, &page(command)?)?;
    Ok(ExitCode::SUCCESS)
}

/// `cloison-run`, as the page of a command is called.
fn name(command: &clap::Command) -> String {
    command.get_display_name().unwrap_or(command.get_name()).to_owned()
}

fn page(command: &clap::Command) -> io::Result<String> {
    let mut text = Vec::new();
    let source = format!("cloison {}", env!("CARGO_PKG_VERSION"));
    clap_mangen::Man::new(command.clone()).source(source).render(&mut text)?;
    let text = String::from_utf8(text).map_err(io::Error::other)?;
    // What stands behind the help is the examples.
    Ok(text.replace(".SH EXTRA\nExamples:\n", ".SH EXAMPLES\n"))
}

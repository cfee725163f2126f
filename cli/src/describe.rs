//! `cloison completions` and `cloison man`: the command's own description, for shells and for people.

use crate::Arguments;
use anyhow::Context;
use clap::{ArgAction, CommandFactory};
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
  cloison man add files | man -l -
  cloison man --out-dir ~/.local/share/man/man1")]
pub struct Man {
    /// The command to describe, as in `add files`; without it, all of them in short
    command: Vec<String>,
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
        for command in with_those_below(&whole) {
            let path = folder.join(format!("{}.1", name(command)));
            std::fs::write(&path, page(command)?).with_context(|| path.display().to_string())?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut command = &whole;
    for name in &arguments.command {
        command = match command.find_subcommand(name) {
            Some(command) => command,
            None => anyhow::bail!(
                "there is no command `{}`\nhint: `cloison --help` lists them",
                arguments.command.join(" ")
            ),
        };
    }
    crate::output::data(None, &page(command)?)?;
    Ok(ExitCode::SUCCESS)
}

/// A command, its own commands, and theirs.
fn with_those_below(command: &clap::Command) -> Vec<&clap::Command> {
    let below = command.get_subcommands().filter(|command| command.get_name() != "help");
    std::iter::once(command).chain(below.flat_map(with_those_below)).collect()
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
    let text = text.replace(".SH EXTRA\nExamples:\n", ".SH EXAMPLES\n");
    // The line that comes with it leaves out what options take.
    let (before, rest) = text.split_once(SYNOPSIS).ok_or_else(|| io::Error::other("a page without a synopsis"))?;
    let (_, after) = rest.split_once('\n').unwrap_or_default();
    Ok([before, SYNOPSIS, &synopsis(command), "\n", after].concat())
}

const SYNOPSIS: &str = ".SH SYNOPSIS\n";

/// `cloison run [-c CODE [ARGUMENTS]...] [--root DIR]... [PATH [ARGUMENTS]...]`, as roff has it.
fn synopsis(command: &clap::Command) -> String {
    let shown = || command.get_arguments().filter(|argument| !argument.is_hide_set());
    let options = shown().filter(|argument| !argument.is_positional());
    let words = options.chain(shown().filter(|argument| argument.is_positional())).map(argument);
    let below = command.has_subcommands().then(|| "\\fICOMMAND\\fR".to_owned());
    let name = format!("\\fB{}\\fR", command.get_bin_name().unwrap_or(command.get_name()));
    [name].into_iter().chain(words).chain(below).collect::<Vec<_>>().join(" ")
}

/// One argument, in brackets if it may be left out, with dots if it may come again.
fn argument(argument: &clap::Arg) -> String {
    let short = argument.get_short().map(|short| format!("\\fB\\-{short}\\fR"));
    let long = argument.get_long().map(|long| format!("\\fB\\-\\-{}\\fR", long.replace('-', "\\-")));
    let names: Vec<_> = [short, long].into_iter().flatten().collect();
    let values = argument.get_num_args().unwrap_or_default();
    let mut words = if names.is_empty() { Vec::new() } else { vec![names.join("|")] };
    if argument.is_positional() || values.takes_values() {
        let called: Vec<_> = argument.get_value_names().unwrap_or_default().iter().collect();
        let many = values.max_values() > called.len();
        let last = called.len().saturating_sub(1);
        words.extend(called.iter().enumerate().map(|(index, value)| match index {
            0 if many && last == 0 => format!("\\fI{value}\\fR..."),
            _ if many && index == last => format!("[\\fI{value}\\fR]..."),
            _ => format!("\\fI{value}\\fR"),
        }));
    }
    let again = !argument.is_positional() && matches!(argument.get_action(), ArgAction::Append | ArgAction::Count);
    // Arguments of a program are values of one option, which comes once.
    let dots = if again && values.max_values() <= 1 { "..." } else { "" };
    if argument.is_required_set() { words.join(" ") + dots } else { format!("[{}]{dots}", words.join(" ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_synopsis_says_what_options_take() {
        let mut whole = Arguments::command();
        whole.build();
        let line = |name: &str| {
            let page = page(whole.find_subcommand(name).unwrap()).unwrap();
            let line = page.lines().skip_while(|line| *line != ".SH SYNOPSIS").nth(1).unwrap().to_owned();
            line.replace("\\fB", "").replace("\\fI", "").replace("\\fR", "").replace('\\', "")
        };
        let run = line("run");
        assert!(
            run.starts_with("cloison run [-c CODE [ARGUMENTS]...] [-m MODULE [ARGUMENTS]...] [--root DIR]..."),
            "{run}"
        );
        assert!(run.contains("[--manifest FILE]") && run.contains("[-v|--verbose]..."), "{run}");
        assert!(run.ends_with("[PATH [ARGUMENTS]...]"), "{run}");
        assert!(line("add").ends_with("[ZONE] COMMAND") || line("add").contains("ZONE"), "{}", line("add"));
        let all: Vec<_> = with_those_below(&whole).into_iter().map(name).collect();
        assert!(
            all.contains(&"cloison-add-files".to_owned()) && !all.iter().any(|name| name.ends_with("help")),
            "{all:?}"
        );
        assert!(line("man").contains("[--out-dir DIR]"), "{}", line("man"));
        assert!(line("stub").ends_with(" MANIFEST"), "{}", line("stub"));
        assert!(page(&whole).unwrap().contains("\\fICOMMAND\\fR\n"));
    }
}

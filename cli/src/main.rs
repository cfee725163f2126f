//! The command: arguments in, text or `--json` out.
//!
//! Data goes to standard output, everything else to standard error. Exit status: that of the Python program for
//! `run`; otherwise 0, 1 when a check fails, 2 for a mistake in the arguments or the manifests.
#![forbid(unsafe_code)]

mod bind;
mod check;
mod doctor;
mod generate;
mod header;
mod output;
mod run;
mod schema;
mod verify;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Run Python that must not be able to hurt you, and let it use C libraries all the same.
#[derive(Parser)]
#[command(name = "cloison", version, propagate_version = true, arg_required_else_help = true)]
struct Arguments {
    /// Say on standard error what the broker does; twice for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run an application folder with a cloison.toml, or a Python file
    Run(run::Arguments),
    Bind(bind::Arguments),
    /// Check manifests and the libraries they name, without running anything
    Check(check::Arguments),
    Docs(generate::Docs),
    Schema(schema::Arguments),
    Stub(generate::Stub),
    /// Show which layers of the sandbox this kernel enforces, by trying
    Doctor(doctor::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    output::trace(arguments.verbose);
    let result = match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Bind(arguments) => bind::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Docs(arguments) => generate::docs(&arguments),
        Command::Stub(arguments) => generate::stub(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
    };
    result.unwrap_or_else(|error| {
        output::error(&error);
        ExitCode::from(output::status(&error))
    })
}

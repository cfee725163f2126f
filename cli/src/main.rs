//! The command: arguments in, text or `--json` out.
//!
//! Data goes to standard output, everything else to standard error. Exit status: that of the Python program for
//! `run`; otherwise 0, 1 when a check fails or `diff` finds that more is granted, 2 for a mistake in the arguments or the manifests.
#![forbid(unsafe_code)]

mod add;
mod audit;
mod bind;
mod check;
mod describe;
mod diff;
mod doctor;
mod explain;
mod generate;
mod header;
mod live;
mod log;
mod new;
mod output;
mod record;
mod run;
mod schema;
mod verify;
mod warm;

use clap::{Parser, Subcommand};
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

/// The exit status of a defect of ours, as Rust has it.
const PANICKED: u8 = 101;

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
    Run(run::RunArguments),
    New(new::NewArguments),
    Add(add::AddArguments),
    Explain(explain::ExplainArguments),
    Diff(diff::DiffArguments),
    Bind(bind::BindArguments),
    /// Check manifests and the libraries they name, without running anything
    Check(check::CheckArguments),
    Docs(generate::Docs),
    Completions(describe::Completions),
    Man(describe::Man),
    Schema(schema::SchemaArguments),
    Stub(generate::Stub),
    Ps(live::PsArguments),
    Kill(live::KillArguments),
    Inspect(live::InspectArguments),
    Caps(live::CapsArguments),
    Revoke(live::RevokeArguments),
    Narrow(live::NarrowCommand),
    Replace(live::ReplaceArguments),
    Why(live::WhyArguments),
    /// Check and show the audit trail of an application
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Record what the sandbox of a zone needs
    #[command(subcommand)]
    Zone(record::ZoneCommand),
    Up(warm::UpArguments),
    Down(warm::DownArguments),
    Keep(warm::KeepArguments),
    /// Show which layers of the sandbox this kernel enforces, by trying
    Doctor(doctor::DoctorArguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Command::Keep(keep) = &arguments.command {
        // It says nothing to anybody but who has its line, and whoever waits for its end should not wait for another thread's.
        return warm::keep(keep);
    }
    let log = match log::Log::to_standard_error() {
        Ok(log) => log,
        Err(error) => {
            output::error(&anyhow::Error::from(error).context("cannot start a thread"));
            return ExitCode::FAILURE;
        }
    };
    output::trace(arguments.verbose, &log);
    log.take_panics();
    let mut last = log::LastWords::default();
    let ended = std::panic::catch_unwind(AssertUnwindSafe(|| command(arguments.command, &mut last)));
    let (status, words) = match ended {
        Ok(Ok(status)) => (status, String::new()),
        Ok(Err(error)) => (ExitCode::from(output::status(&error)), output::words(&error)),
        Err(_) => (ExitCode::from(PANICKED), String::new()),
    };
    log.finish(last.text + &words, last.patience);
    status
}

fn command(command: Command, last: &mut log::LastWords) -> anyhow::Result<ExitCode> {
    match command {
        Command::Run(arguments) => run::run(&arguments, last),
        Command::New(arguments) => new::run(&arguments),
        Command::Add(arguments) => add::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Bind(arguments) => bind::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Docs(arguments) => generate::docs(&arguments),
        Command::Stub(arguments) => generate::stub(&arguments),
        Command::Completions(arguments) => describe::completions(&arguments),
        Command::Man(arguments) => describe::man(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Ps(arguments) => live::ps(&arguments),
        Command::Kill(arguments) => live::kill(&arguments),
        Command::Inspect(arguments) => live::inspect(&arguments),
        Command::Caps(arguments) => live::caps(&arguments),
        Command::Revoke(arguments) => live::revoke(&arguments),
        Command::Narrow(arguments) => live::narrow(&arguments),
        Command::Replace(arguments) => live::replace(&arguments),
        Command::Why(arguments) => live::why(&arguments),
        Command::Audit(what) => audit::run(&what),
        Command::Zone(what) => record::zone(&what, last),
        Command::Up(arguments) => warm::up(&arguments),
        Command::Down(arguments) => warm::down(&arguments),
        Command::Keep(arguments) => Ok(warm::keep(&arguments)),
        Command::Doctor(arguments) => doctor::run(&arguments),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_make_sense() {
        super::Arguments::command().debug_assert();
    }
}

//! `cloison run`

use cloison_broker::application::Loaded;
use cloison_broker::broker::{BrokerError, Event};
use cloison_broker::launch::Binaries;
use cloison_broker::{Broker, Exit, Pid, Signal, StandardStreams};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How long a program has for its `finally` blocks after Ctrl-C.
const GRACE: Duration = Duration::from_secs(2);

#[derive(clap::Args)]
pub struct Arguments {
    /// A folder with a cloison.toml, or a Python file; then what the program finds in sys.argv behind its own name, options
    /// included
    #[arg(required = true, trailing_var_arg = true, value_names = ["PATH", "ARGUMENTS"])]
    program: Vec<String>,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (path, rest) = arguments.program.split_first().ok_or_else(|| anyhow::anyhow!("nothing to run"))?;
    let application = Loaded::open(Path::new(path), rest)?;
    let program = application.run.clone();
    let mut broker = Broker::start(application, Binaries::beside_this_one()?)?;
    broker.watch_signals()?;
    if let Err(error) = broker.ready() {
        return refused(error);
    }
    let pid = broker.spawn(program, &StandardStreams::inherited()?)?;
    let status = wait(&mut broker, pid)?;
    drop(broker); // nothing is left when the command ends
    Ok(ExitCode::from(status))
}

/// The template did not get ready: a module's own traceback is shown as it is, `SystemExit` ends quietly.
fn refused(error: BrokerError) -> anyhow::Result<ExitCode> {
    match error {
        BrokerError::Template { message, status } if message.is_empty() => Ok(ExitCode::from(status as u8)),
        BrokerError::Template { message, status } => {
            crate::output::error(&anyhow::Error::msg(message));
            Ok(ExitCode::from(status as u8))
        }
        other => Err(other.into()),
    }
}

/// Wait for the program's end. The first Ctrl-C is a `KeyboardInterrupt`, the second, or two seconds, is the end.
fn wait(broker: &mut Broker, main: Pid) -> anyhow::Result<u8> {
    let mut kill_at: Option<(Instant, i32)> = None;
    loop {
        let left = kill_at.map(|(at, _)| at.saturating_duration_since(Instant::now()));
        match broker.turn(left)? {
            Some(Event::Exited(pid, exit)) if pid == main => {
                return Ok(kill_at.map_or_else(|| status(exit), |(_, signal)| interrupted(exit, signal)));
            }
            Some(Event::NotStarted(pid)) if pid == main => anyhow::bail!("the program could not be started"),
            Some(Event::Signal(signal)) if signal == Signal::INT.as_raw() && kill_at.is_none() => {
                broker.signal(main, Signal::INT);
                kill_at = Some((Instant::now() + GRACE, signal));
            }
            Some(Event::Signal(signal)) => {
                broker.signal(main, Signal::KILL);
                kill_at = Some((Instant::now() + GRACE, signal));
            }
            Some(_) => {}
            None if broker.os_pid(main).is_none() => {
                // Not forked yet: there is nothing to end but the template, and that ends with us.
                return Ok(kill_at.map_or(1, |(_, signal)| 128 + signal as u8));
            }
            None => {
                broker.signal(main, Signal::KILL);
                kill_at = kill_at.map(|(_, signal)| (Instant::now() + GRACE, signal));
            }
        }
    }
}

/// As a shell counts it; an end by signal is explained, as the program cannot do that itself.
fn status(exit: Exit) -> u8 {
    match exit {
        Exit::Exited(code) => code as u8,
        Exit::Signaled(signal) => {
            let name = cloison_broker::signal_name(signal);
            let reason = match name {
                "SIGSYS" => ": it made a system call that no microprocess may make",
                "SIGXCPU" | "SIGKILL" => ": it was killed, or used up [limits] cpu",
                "SIGSEGV" | "SIGABRT" => ": the interpreter crashed, or [limits] memory is too small",
                _ => "",
            };
            crate::output::error(&anyhow::anyhow!("the program was ended by signal {signal} ({name}){reason}"));
            128 + signal as u8
        }
    }
}

/// After a signal to us, what we killed counts as ended by that signal.
fn interrupted(exit: Exit, signal: i32) -> u8 {
    match exit {
        Exit::Exited(code) => code as u8,
        Exit::Signaled(_) => 128 + signal as u8,
    }
}

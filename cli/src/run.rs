//! `cloison run`

use crate::log::{HURRY, LastWords};
use crate::output::{self, ExitMessage};
use crate::record::{NextArguments, PlannedRecording, RecordArguments, RecordedEnd, shell_word};
use cloison_broker::application::files;
use cloison_broker::application::request::{self, Program, RecordOffer, RunRequest, SCRIPT_BYTES, Unasked};
use cloison_broker::application::{LoadError, LoadedApplication};
use cloison_broker::broker::{BrokerError, BrokerEvent};
use cloison_broker::family::TAKING_DOWN;
use cloison_broker::inspection::socket;
use cloison_broker::launch::Binaries;
use cloison_broker::warm::ask;
use cloison_broker::warm::kept::WarmTemplate;
use cloison_broker::{Broker, Exit, Pid, Signal, StandardStreams};
use cloison_contract::printable;
use cloison_contract::process::Reason;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How long a program has for its `finally` blocks after Ctrl-C.
const GRACE: Duration = Duration::from_secs(2);

// What a signal ends at once is over within two seconds, whatever is stuck and whoever reads: these are all the waits from there on.
const _: () = assert!(TAKING_DOWN.as_millis() + HURRY.as_millis() <= 2000);

/// Run an application, a Python file, a module or a line of Python
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cloison run app/                 # a folder with a cloison.toml
  cloison run sum.py 1 2 3         # a file, without any capability
  cloison run --root . main.py     # … which may import what is beside it
  cloison run -c 'print(2 + 2)'
  cloison run -m json.tool < data.json
  cloison run - < sum.py

A folder is named with all that is in it, and has the capabilities of its cloison.toml, or of --manifest. Any other program imports the standard library and what is below --root,
and has the capabilities of --manifest.")]
pub struct RunArguments {
    /// A line of Python, and what the program finds in sys.argv behind `-c`, options included
    #[arg(short = 'c', num_args = 1.., allow_hyphen_values = true, value_names = ["CODE", "ARGUMENTS"], conflicts_with = "module")]
    code: Vec<String>,
    /// A module of the standard library, or one below --root; and its arguments
    #[arg(short = 'm', num_args = 1.., allow_hyphen_values = true, value_names = ["MODULE", "ARGUMENTS"])]
    module: Vec<String>,
    /// A folder to import modules from; may be repeated
    #[arg(long = "root", value_name = "DIR")]
    roots: Vec<PathBuf>,
    /// A cloison.toml that says what the program may use
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Start the template now, whatever `cloison up` keeps ready
    #[arg(long)]
    cold: bool,
    #[command(flatten)]
    pub(crate) record: RecordArguments,
    /// A folder with a cloison.toml, a Python file, or `-` for a program on standard input; then what the program finds in
    /// sys.argv behind its own name, options included
    #[arg(required_unless_present_any = ["code", "module"], trailing_var_arg = true, value_names = ["PATH", "ARGUMENTS"])]
    program: Vec<String>,
}

/// `last` gets what is to be said at the end beside an error, and how long that may take.
pub fn run(arguments: &RunArguments, last: &mut LastWords) -> anyhow::Result<ExitCode> {
    let recording = arguments.record.plan(arguments.place())?;
    recorded(arguments, recording, last)
}

/// The same, recorded if that is wanted.
pub fn recorded(
    arguments: &RunArguments,
    planned: Option<PlannedRecording>,
    last: &mut LastWords,
) -> anyhow::Result<ExitCode> {
    let mut application = load(arguments)?;
    application.recorded_zone = planned.as_ref().and_then(PlannedRecording::zone).map(Path::to_owned);
    let recording = planned.map(|planned| planned.start(&application)).transpose()?;
    let program = application.run.clone();
    let beside = application.beside.clone();
    let binaries = Binaries::beside_this_one()?;
    let warm = template(arguments, &binaries, &application);
    let mut broker = Broker::start_with(application, binaries, warm)?;
    cloison_broker::launch::allow_many_descriptors(broker.application().limits.processes);
    crate::live::allow(&mut broker);
    let outcome = broker.watch_signals().and_then(|()| broker.ready()).map_err(anyhow::Error::from).and_then(|()| {
        let pid = broker.spawn(program, &StandardStreams::inherited()?)?;
        wait(&mut broker, pid)
    });
    // However it ended: what it did until then is what there is to say.
    let end = || RecordedEnd { failed: failure(outcome.as_ref()), next: arguments.again() };
    let written = recording.as_ref().map(|recording| recording.write(&mut broker, &end()));
    let hint = beside.and_then(|beside| neighbours(&beside, broker.missed(), arguments));
    // Nothing is left when the command says how it ended: who reads that may take as long as he likes.
    let interrupted = broker.end();
    let outcome = outcome.or_else(refused);
    if interrupted || outcome.as_ref().is_ok_and(|outcome| outcome.signal) {
        last.patience = Some(HURRY);
    }
    match written {
        None => {}
        Some(Ok(words)) => last.text = words,
        // It is why the command fails, if nothing else is.
        Some(Err(error)) if matches!(outcome, Ok(Outcome { status: 0, .. })) => return Err(error),
        Some(Err(error)) => last.text = output::words(&error),
    }
    let Outcome { message, status, signal } = outcome?;
    let message =
        [message, hint.filter(|_| status != 0 && !signal)].into_iter().flatten().collect::<Vec<_>>().join("\n");
    if message.is_empty() { Ok(ExitCode::from(status)) } else { Err(ExitMessage { message, status }.into()) }
}

impl RunArguments {
    /// The folder that a manifest of the program belongs to.
    fn place(&self) -> &Path {
        let path = match (&self.manifest, self.program.first()) {
            (Some(manifest), _) => manifest,
            (None, Some(program)) if self.code.is_empty() && self.module.is_empty() && program != "-" => {
                Path::new(program)
            }
            (None, _) => return Path::new(""),
        };
        if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) }
    }

    /// What `cloison explain` and `cloison run` take to do the same with another manifest.
    fn again(&self) -> NextArguments {
        let words = |words: &[String]| words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ");
        let roots: String =
            self.roots.iter().map(|root| format!("--root {} ", shell_word(&root.to_string_lossy()))).collect();
        let (explained, run) = match (&self.code[..], &self.module[..], &self.program[..]) {
            ([], [], [program, ..]) if program == "-" => (None, format!("{} < …", words(&self.program))),
            ([], [], [program, ..]) => (Some(shell_word(program)), words(&self.program)),
            ([], module, _) => (None, format!("-m {}", words(&[module, &self.program].concat()))),
            (code, _, _) => (None, format!("-c {}", words(&[code, &self.program].concat()))),
        };
        // A manifest that names the application by itself does so no more if it is another one.
        let program = self.program.first().map(Path::new);
        let folder = program
            .filter(|path| request::is_whole(path) && !path.is_dir() && self.code.len() + self.module.len() == 0);
        let folder = folder.map(|manifest| {
            shell_word(
                &manifest
                    .parent()
                    .filter(|folder| !folder.as_os_str().is_empty())
                    .unwrap_or(Path::new("."))
                    .to_string_lossy(),
            )
        });
        let run = match &folder {
            Some(folder) => format!("{folder} {}", words(&self.program[1..])).trim_end().to_owned(),
            None => run,
        };
        let explained = folder.or(explained);
        Box::new(move |manifest| {
            let explain = match &explained {
                Some(program) => format!("--manifest {manifest} {roots}{program}"),
                None => manifest.to_owned(),
            };
            [explain, format!("--manifest {manifest} {roots}{run}")]
        })
    }
}

/// How a run ended that did not end well.
fn failure(outcome: Result<&Outcome, &anyhow::Error>) -> Option<String> {
    match outcome {
        Ok(Outcome { signal: true, .. }) => Some("it was stopped by a signal".to_owned()),
        Ok(Outcome { status: 0, .. }) => None,
        Ok(Outcome { status, .. }) => Some(format!("it ended with status {status}")),
        Err(error) => match error.downcast_ref() {
            Some(BrokerError::Interrupted(_)) => Some("it was stopped by a signal".to_owned()),
            Some(BrokerError::Template { status: 0, .. }) => None,
            _ => Some("it failed before it began".to_owned()),
        },
    }
}

/// A template that waits for somebody, if there is one that this application may have.
fn template(arguments: &RunArguments, binaries: &Binaries, application: &LoadedApplication) -> Option<WarmTemplate> {
    let taken = match arguments.cold || application.recorded.is_some() {
        true => Err("--cold, or it is recorded".to_owned()),
        false => ask::take(&socket::folder(), binaries, application),
    };
    match taken {
        Ok(warm) => {
            tracing::info!(target: "cloison_broker", "a warm template of `cloison up` is used");
            Some(warm)
        }
        Err(why) => {
            tracing::info!(target: "cloison_broker", why, "the template is started now");
            None
        }
    }
}

/// How a run ended.
#[derive(Default)]
struct Outcome {
    message: Option<String>,
    status: u8,
    /// A signal for the command has ended it.
    signal: bool,
}

/// What to run, with somebody's consent where that is needed.
fn load(arguments: &RunArguments) -> anyhow::Result<LoadedApplication> {
    let RunArguments { code, module, roots, manifest, program, .. } = arguments;
    let services = arguments.record.services(arguments.place())?;
    let record = arguments.record.zones().map(|zones| RecordOffer { zones, services: &services });
    // `-cCODE` leaves the arguments for the program's place.
    let (first, rest) = [code, module, program].into_iter().find_map(|words| words.split_first()).unzip();
    let first = first.map_or("", String::as_str);
    let rest = rest.unwrap_or_default();
    let arguments = if code.len() + module.len() > 0 { [rest, program].concat() } else { rest.to_vec() };
    let input;
    let what = match first {
        _ if !code.is_empty() => Program::Code(first),
        _ if !module.is_empty() => Program::Module(first),
        "-" => {
            let read = files::limited_text(io::stdin().lock(), SCRIPT_BYTES);
            input = read.map_err(|error| LoadError::File { path: "<stdin>".into(), error })?;
            Program::Input(&input)
        }
        path => Program::Path(Path::new(path)),
    };
    let request =
        RunRequest { arguments: &arguments, roots, manifest: manifest.as_deref(), record, ..RunRequest::new(what) };
    match request.load() {
        Err(LoadError::Unasked(unasked)) => consent(unasked),
        loaded => Ok(loaded?),
    }
}

/// Ask whether a manifest that nobody has named counts, if somebody is there.
fn consent(unasked: Box<Unasked>) -> anyhow::Result<LoadedApplication> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(LoadError::Unasked(unasked).into());
    }
    let mut screen = io::stderr();
    let manifest = printable::line(&unasked.manifest.display().to_string());
    writeln!(screen, "{manifest} would give the program:")?;
    unasked.grants.iter().try_for_each(|grant| writeln!(screen, "  {grant}"))?;
    write!(screen, "Run it with that? [y/N] ")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(unasked.granted()),
        _ => Err(LoadError::Unasked(unasked).into()),
    }
}

/// What to do about modules that were not found and lie beside the program.
fn neighbours<'n>(beside: &Path, missed: impl Iterator<Item = &'n str>, arguments: &RunArguments) -> Option<String> {
    let names: Vec<_> = missed.map(|name| format!("`{name}`")).collect();
    let (folder, is) = (beside.display(), if names.len() == 1 { "is" } else { "are" });
    let again = match (&arguments.code[..], &arguments.module[..], &arguments.program[..]) {
        ([], [], [program, ..]) => program.as_str(),
        ([], [name, ..], _) => &format!("-m {name}"),
        _ => "-c …",
    };
    let what = format!("{} {is} in {folder}, which a program imports from only with `--root`", names.join(", "));
    (!names.is_empty()).then(|| format!("hint: {what}: `cloison run --root {folder} {again}`"))
}

/// The template did not get ready: a module's own traceback is shown as it is, `SystemExit` ends quietly.
fn refused(error: anyhow::Error) -> anyhow::Result<Outcome> {
    match error.downcast_ref() {
        Some(BrokerError::Interrupted(signal)) => Ok(by_signal(*signal)),
        Some(BrokerError::Template { message, status }) => {
            Err(ExitMessage { message: message.clone(), status: *status as u8 }.into())
        }
        _ => Err(error),
    }
}

/// Wait for the program's end. The first Ctrl-C is a `KeyboardInterrupt`, the second, or two seconds, is the end.
fn wait(broker: &mut Broker, main: Pid) -> anyhow::Result<Outcome> {
    let mut kill_at: Option<(Instant, i32)> = None;
    // Whether it was killed, and whether because its time was over.
    let (mut killed, mut overdue) = (false, false);
    loop {
        let left = kill_at.map(|(at, _)| at.saturating_duration_since(Instant::now()));
        match broker.turn(left)? {
            Some(BrokerEvent::Exited(pid, exit)) if pid == main => {
                if let Some((_, signal)) = kill_at {
                    return Ok(interrupted(exit, signal, overdue));
                }
                let reason = matches!(exit, Exit::Signaled(_)).then(|| broker.reason_of_program()).flatten();
                return Ok(ended(exit, reason));
            }
            Some(BrokerEvent::NotStarted(pid)) if pid == main => anyhow::bail!("the program could not be started"),
            Some(BrokerEvent::Signal(signal)) if signal == Signal::INT.as_raw() && kill_at.is_none() => {
                broker.signal(main, Signal::INT);
                kill_at = Some((Instant::now() + GRACE, signal));
            }
            // Not forked yet: there is nothing to end but the template, and that ends with us.
            Some(BrokerEvent::Signal(signal)) if broker.os_pid(main).is_none() => return Ok(by_signal(signal)),
            Some(BrokerEvent::Signal(signal)) => {
                broker.signal(main, Signal::KILL);
                killed = true;
                kill_at = Some((Instant::now() + GRACE, signal));
            }
            Some(_) => {}
            None if broker.os_pid(main).is_none() => {
                return Ok(kill_at.map_or_else(Outcome::default, |(_, signal)| by_signal(signal)));
            }
            None => {
                broker.signal(main, Signal::KILL);
                overdue |= !killed;
                killed = true;
                kill_at = kill_at.map(|(_, signal)| (Instant::now() + GRACE, signal));
            }
        }
    }
}

/// As a shell counts it; an end by signal is explained, as the program cannot do that itself.
fn ended(exit: Exit, reason: Option<Reason>) -> Outcome {
    match exit {
        Exit::Exited(code) => Outcome { status: code as u8, ..Outcome::default() },
        Exit::Signaled(signal) => {
            let name = cloison_broker::signal_name(signal);
            // Another process's doing, or what it was linked to.
            let done =
                reason.filter(|reason| !matches!(reason, Reason::Killed | Reason::CpuLimit | Reason::Crash { .. }));
            if done == Some(Reason::Deadline) {
                let message = Some("the program has run for longer than [limits] deadline allows".to_owned());
                return Outcome { message, status: 128 + signal as u8, signal: false };
            }
            if let Some(done) = done {
                let message = Some(format!("the program was ended by an exit signal: {done}"));
                return Outcome { message, status: 128 + signal as u8, signal: false };
            }
            let reason = match name {
                "SIGSYS" => ": it made a system call that no microprocess may make",
                "SIGXCPU" | "SIGKILL" => ": it was killed, or used up [limits] cpu",
                "SIGSEGV" | "SIGABRT" => ": the interpreter crashed, or [limits] memory is too small",
                _ => "",
            };
            let message = format!("the program was ended by signal {signal} ({name}){reason}");
            Outcome { message: Some(message), status: 128 + signal as u8, signal: false }
        }
    }
}

/// After a signal to us, what we killed counts as ended by that signal.
fn interrupted(exit: Exit, signal: i32, overdue: bool) -> Outcome {
    match exit {
        Exit::Exited(code) => Outcome { status: code as u8, signal: true, ..Outcome::default() },
        Exit::Signaled(_) if overdue => {
            let message =
                format!("the program did not end within {} s of the interrupt, and was ended", GRACE.as_secs());
            Outcome { message: Some(message), ..by_signal(signal) }
        }
        Exit::Signaled(_) => by_signal(signal),
    }
}

fn by_signal(signal: i32) -> Outcome {
    Outcome { message: None, status: 128 + signal as u8, signal: true }
}

//! `cloison run --record`, the smallest `cloison.toml` for what a program does; `cloison zone record`, the smallest `[sandbox]` for a zone.
//!
//! A recording gives a program more than it may need, so it is loud and never happens by accident: it takes a flag, which no key of a
//! manifest stands for, and a terminal that somebody looks at, or another flag.

mod offer;

use crate::log::LastWords;
use crate::run::{self, RunArguments};
use anyhow::{Context, bail};
use clap::Parser;
use cloison_broker::Broker;
use cloison_broker::application::{LoadedApplication, files};
use cloison_contract::printable;
use cloison_contract::spelling::did_you_mean;
use cloison_manifest::diagnostic::Diagnostics;
use cloison_manifest::recording::{self, OfferedHostService, Recording, zone};
use cloison_manifest::{application, bundled, manifest};
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What is written where there is no `cloison.toml`, and where there is one.
const NAMES: [&str; 2] = ["cloison.toml", "cloison.recorded.toml"];
/// How many things are named that were asked for in vain.
const MOST_NAMED: usize = 12;

#[derive(clap::Args)]
#[command(next_help_heading = "Recording")]
pub struct RecordArguments {
    /// Let the program use what zones offer, and write the smallest cloison.toml that would have sufficed
    #[arg(long)]
    record: bool,
    /// Where to write it: a file that is not there yet [default: cloison.toml in the program's folder, or cloison.recorded.toml beside one]
    #[arg(long, value_name = "FILE", requires = "record")]
    output: Option<PathBuf>,
    /// A zone that is offered as well: a binding that comes with Cloison, or the path of a NAME.zone.toml; may be repeated
    #[arg(long = "zone", value_name = "ZONE", requires = "record")]
    zones: Vec<String>,
    /// What of the machine is offered as well
    #[arg(long = "offer", value_name = "WHAT", requires = "record", help = OFFER_HELP)]
    offers: Vec<String>,
    /// Record although nobody sees the warning: standard error is no terminal
    #[arg(long, requires = "record")]
    record_anyway: bool,
}

/// A recording that may begin.
pub struct PlannedRecording {
    path: PathBuf,
    /// The folder that relative paths of the manifest begin at.
    beside: PathBuf,
    zone: Option<PathBuf>,
}

/// A recording that goes on.
pub struct StartedRecording {
    path: PathBuf,
    beside: PathBuf,
    zone: Option<PathBuf>,
}

/// What `--offer` takes.
const OFFER_HELP: &str = "What of the machine is offered as well; what was used of it is written: env=NAME, files=DIR[:rw][@PLACE], http=URL, \
                          listen=ADDRESS:PORT, log, net[=HOST:PORT], sqlite3[=DIR[:rw][@PLACE]]; may be repeated";

/// What `cloison explain` and `cloison run` take, with the manifest of a path.
pub type NextArguments = Box<dyn Fn(&str) -> [String; 2]>;

/// How a recorded run ended, and what can be done with what was recorded.
pub struct RecordedEnd {
    /// How, if it did not end well.
    pub failed: Option<String>,
    /// What the commands take that come next.
    pub next: NextArguments,
}

#[derive(clap::Subcommand)]
pub enum ZoneCommand {
    Record(ZoneRecordArguments),
}

/// Run a program, and write the manifest of a zone with the smallest `[sandbox]` that would have sufficed
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cloison zone record app/mine.zone.toml -- app/
  cloison zone record mine.zone.toml -- --manifest cloison.toml main.py 1 2")]
pub struct ZoneRecordArguments {
    /// The zone's manifest
    #[arg(value_name = "MANIFEST")]
    manifest: PathBuf,
    /// Where to write it: a file that is not there yet [default: NAME.recorded.zone.toml beside the manifest]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Record although nobody sees the warning: standard error is no terminal
    #[arg(long)]
    record_anyway: bool,
    /// The program that exercises the zone, as `cloison run` takes it
    #[arg(last = true, required = true, value_name = "RUN")]
    run: Vec<String>,
}

/// `cloison zone …`
pub fn zone(command: &ZoneCommand, last: &mut LastWords) -> anyhow::Result<ExitCode> {
    let ZoneCommand::Record(arguments) = command;
    let ZoneRecordArguments { manifest, output, record_anyway, run } = arguments;
    let said = |first: &[&str]| {
        let first = first.iter().map(|word| (*word).to_owned());
        RunCommand::try_parse_from(first.chain(run.iter().cloned()))
    };
    if said(&["cloison run"]).is_ok_and(|command| command.run.record.record) {
        bail!("`cloison zone record` records a zone, and `cloison run --record` an application: one at a time");
    }
    // What goes with a recording goes with this one.
    let mut program = match said(&["cloison run", "--record"]) {
        Ok(command) => command.run,
        Err(error) => error.exit(),
    };
    if program.record.output.is_some() || program.record.record_anyway {
        bail!("`--output` and `--record-anyway` are about the recording of the zone: they stand in front of `--`");
    }
    program.record = program.record.of_zone(manifest, *record_anyway)?;
    let path = output.clone().unwrap_or_else(|| {
        let text = manifest.to_string_lossy();
        PathBuf::from(format!("{}.recorded.zone.toml", text.strip_suffix(".zone.toml").unwrap_or(&text)))
    });
    let beside = manifest.parent().unwrap_or(Path::new("")).to_owned();
    let planned = PlannedRecording::new((path, beside), Some(manifest.clone()), *record_anyway)?;
    run::recorded(&program, Some(planned), last)
}

/// What follows on `--`.
#[derive(clap::Parser)]
#[command(name = "cloison run")]
struct RunCommand {
    #[command(flatten)]
    run: RunArguments,
}

impl RecordArguments {
    /// The zones to offer, if it is recorded.
    pub fn zones(&self) -> Option<&[String]> {
        self.record.then_some(&self.zones)
    }

    /// What of the machine to offer. `place` is the folder of the program's manifest.
    ///
    /// # Errors
    ///
    /// What somebody wants to offer makes no sense, or is not there.
    pub fn services(&self, place: &Path) -> anyhow::Result<Vec<OfferedHostService>> {
        offer::read(&self.offers, place)
    }

    /// Those of a run in which a zone's sandbox is recorded, which is offered as well.
    fn of_zone(self, zone: &Path, anyway: bool) -> anyhow::Result<Self> {
        let real = zone.canonicalize().with_context(|| zone.display().to_string())?;
        let zones =
            [real.to_str().context("a path that is no UTF-8")?.to_owned()].into_iter().chain(self.zones).collect();
        Ok(Self { record: true, output: None, zones, offers: self.offers, record_anyway: anyway })
    }

    /// Whether it is recorded, and where to. `place` is the folder of the program.
    ///
    /// # Errors
    ///
    /// Nobody would see the warning, or the file is there already.
    pub fn plan(&self, place: &Path) -> anyhow::Result<Option<PlannedRecording>> {
        if !self.record {
            return Ok(None);
        }
        let path = self.output.clone().unwrap_or_else(|| {
            let free = NAMES.iter().map(|name| place.join(name)).find(|path| !path.exists());
            free.unwrap_or_else(|| place.join(NAMES[1]))
        });
        PlannedRecording::new((path, place.to_owned()), None, self.record_anyway).map(Some)
    }
}

impl PlannedRecording {
    fn new((path, beside): (PathBuf, PathBuf), zone: Option<PathBuf>, anyway: bool) -> anyhow::Result<Self> {
        if !io::stderr().is_terminal() && !anyway {
            bail!(
                "a recording gives the program everything that zones offer, and there is no terminal on which somebody could see that\nhint: `--record-anyway` records all the same; never run a service with it"
            );
        }
        match path.symlink_metadata() {
            Ok(found) => bail!("{}", taken(&path, found.is_dir())),
            Err(_) => Ok(Self { path, beside, zone }),
        }
    }

    /// The manifest of the zone whose sandbox is recorded; `None` if the application is.
    pub fn zone(&self) -> Option<&Path> {
        self.zone.as_deref()
    }

    /// Make the file, and warn. Nobody takes it for the program's manifest: that has been read.
    ///
    /// # Errors
    ///
    /// There can be no such file, or the program could change it.
    pub fn start(self, application: &LoadedApplication) -> anyhow::Result<StartedRecording> {
        let Self { path, beside, zone } = self;
        if application.could_change(&places(&path)) {
            bail!(
                "{}: a program could change what is recorded there, by a folder that it is given\nhint: `--output` names a file in another folder",
                path.display()
            );
        }
        // Whether it can be made. It is made at the end, so that there is none until it says what was done.
        drop(make(&path)?);
        std::fs::remove_file(&path).with_context(|| path.display().to_string())?;
        let shown = printable::line(&path.display().to_string());
        let mut screen = io::stderr();
        writeln!(
            screen,
            "warning: RECORDING. The program may call every function of every zone that is offered, with any arguments."
        )?;
        application
            .of_machine()
            .iter()
            .try_for_each(|may| writeln!(screen, "warning: It may {}", printable::line(may)))?;
        writeln!(screen, "warning: Not for production. What it does is written to {shown} when it ends.")?;
        Ok(StartedRecording { path, beside, zone })
    }
}

/// Where a file is that is to be made, as it is called and as the kernel calls it.
fn places(path: &Path) -> Vec<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let real = folder.canonicalize().ok().zip(path.file_name()).map(|(folder, name)| folder.join(name));
    std::iter::once(path.to_owned()).chain(real).collect()
}

fn taken(path: &Path, is_folder: bool) -> String {
    let shown = path.display();
    let hint = match is_folder {
        true => format!("name a file in it: `--output {}`", path.join(NAMES[0]).display()),
        false => "remove it, or name another one with `--output`".to_owned(),
    };
    format!("{shown}: a recording is written to a new file, and there is one\nhint: {hint}")
}

/// A file that was not there: no link, and nobody else's.
fn make(path: &Path) -> anyhow::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| not_made(path, error))
}

/// Why there can be no such file.
fn not_made(path: &Path, error: io::Error) -> anyhow::Error {
    let hint = match error.kind() {
        io::ErrorKind::AlreadyExists => return anyhow::Error::msg(taken(path, path.is_dir())),
        io::ErrorKind::NotFound => "make its folder first, or name a file in another one with `--output`",
        _ => "name a file with `--output` in a folder in which you may make one",
    };
    anyhow::Error::msg(format!("{}: a recording cannot be written there: {error}\nhint: {hint}", path.display()))
}

impl StartedRecording {
    /// Make the file of what the application has done, or the zone has needed. What there is to say of it comes back, and is said when
    /// nothing is left running: here the broker's signals are blocked, and whoever reads standard error may never do so.
    ///
    /// # Errors
    ///
    /// There can be no such file any more, or what was recorded is no manifest. What was recorded is in the error then.
    pub fn write(&self, broker: &mut Broker, end: &RecordedEnd) -> anyhow::Result<String> {
        let RecordedEnd { failed, next } = end;
        let shown = printable::line(&self.path.display().to_string());
        let hints = match &self.zone {
            Some(zone) => self.write_zone(zone, broker, failed.as_deref())?,
            None => self.write_application(broker, failed.as_deref())?,
        };
        let said = match (failed, hints.is_empty()) {
            (Some(failed), _) => {
                format!("{shown} is what it did until then, and not what it needs: {}", printable::line(failed))
            }
            (None, true) => format!("{shown} is what this run needed"),
            (None, false) => format!("{shown} is what this run used, which may be less than it needs:"),
        };
        let mut words = format!("warning: the recording has ended: {said}\n");
        words.extend(hints.iter().map(|hint| format!("hint: {}\n", printable::line(hint))));
        if self.zone.is_none() {
            let [explain, run] = next(&shell_word(&self.path.to_string_lossy())).map(|line| printable::line(&line));
            words += &format!("hint: read it; `cloison explain {explain}` says in words what it grants\n");
            words += &format!("hint: `cloison run {run}` runs the program with it\n");
        }
        Ok(words)
    }

    /// The file, if what was recorded can be `read` and nobody has made one of that name meanwhile. What a run has shown is not to be had
    /// again at once, so that it is in the error otherwise.
    fn make<T>(&self, text: &str, read: Result<T, Diagnostics>) -> anyhow::Result<()> {
        let made = match read {
            Ok(_) => make(&self.path).and_then(|mut file| Ok(file.write_all(text.as_bytes())?)),
            Err(mistakes) => Err(anyhow::Error::msg(format!("a defect of ours: {mistakes}"))),
        };
        made.map_err(|why| {
            anyhow::Error::msg(format!("{why:#}\nwhat was recorded, for {}:\n{text}", self.path.display()))
        })
    }

    fn write_zone(&self, zone: &Path, broker: &mut Broker, failed: Option<&str>) -> anyhow::Result<Vec<String>> {
        let (interface, used) = broker.recorded_zone().context("nothing was recorded")?;
        let base = files::read_text(zone, files::MANIFEST_BYTES).with_context(|| zone.display().to_string())?;
        let real = zone.canonicalize()?;
        let here = real.parent().unwrap_or(Path::new("/"));
        let text = zone::manifest(&base, &interface.sandbox, &here.to_string_lossy(), &used, failed)?;
        self.make(&text, manifest::parse(&self.path.display().to_string(), &text))?;
        let mut hints = Vec::new();
        if used.files.is_none() {
            hints.push("more was done with files than could be watched: `files` is as it was".to_owned());
        }
        if !used.unseen.is_empty() {
            let folders = used.unseen.join(", ");
            hints
                .push(format!("you may not read {folders}: what was opened there was not seen, and is not in `files`"));
        }
        Ok(hints)
    }

    fn write_application(&self, broker: &mut Broker, failed: Option<&str>) -> anyhow::Result<Vec<String>> {
        let recorded = broker.recorded().context("nothing was recorded")?;
        let application = broker.application();
        let base = application.recorded.as_deref().unwrap_or_default();
        let text = recording::manifest(base, &application.limits, &recorded, &broker.interfaces(), failed)?;
        self.make(&text, application::parse(&self.path.display().to_string(), &text))?;
        let mut hints = lacks(&recorded, application, &self.beside);
        let real =
            |folder: &Path| if folder.as_os_str().is_empty() { Path::new(".") } else { folder }.canonicalize().ok();
        let (place, beside) = (self.path.parent().unwrap_or(Path::new("")), &self.beside);
        let has_paths = ["path = ", ".toml\"", "file = ", "site_packages = "].iter().any(|key| text.contains(key));
        if real(place) != real(beside) && has_paths {
            hints.push(format!("its relative paths begin at {}, where it belongs", beside.display()));
        }
        Ok(hints)
    }
}

/// What was asked for in vain, and what would offer it.
fn lacks(recorded: &Recording, application: &LoadedApplication, beside: &Path) -> Vec<String> {
    let options = offer::for_lacks(recorded.lacks.iter(), recorded.missing.iter());
    let lack = |(option, what): (&String, &String)| format!("it asked for {what}, which nothing gives: {option}");
    let mut hints: Vec<_> = options.iter().take(MOST_NAMED).map(lack).collect();
    if options.len() > MOST_NAMED {
        hints.push(format!("it asked for {} things more", options.len() - MOST_NAMED));
    }
    let services = cloison_contract::host::HostService::NAMES;
    for name in recorded.missing.iter().filter(|name| !services.contains(&name.as_str())) {
        let known = application.capabilities.keys().map(String::as_str);
        let meant = did_you_mean(name, known)
            .or_else(|| did_you_mean(name, bundled::names()))
            .map(|meant| format!("did you mean {meant:?}? "));
        // A manifest that only lies there has offered nothing.
        let file = format!("{name}.zone.toml");
        let option = match !name.contains('/') && beside.join(&file).is_file() {
            true => format!("`--zone {}`", shell_word(&file)),
            false => format!("{}`--zone` names a zone", meant.unwrap_or_default()),
        };
        hints.push(format!("it asked for the capability {name:?}, which nothing gives: {option}"));
    }
    hints
}

/// As a shell reads it: what it could take for something else stands in quotes.
pub fn shell_word(text: &str) -> String {
    let plain = |one: char| one.is_alphanumeric() || "_-./,:=+@%".contains(one);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

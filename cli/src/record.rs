//! `cloison run --record`, the smallest `cloison.toml` for what a program does; `cloison zone record`, the smallest `[sandbox]` for a zone.
//!
//! A recording gives a program more than it may need, so it is loud and never happens by accident: it takes a flag, which no key of a
//! manifest stands for, and a terminal that somebody looks at, or another flag.

use crate::run::{self, RunArguments};
use anyhow::{Context, bail};
use clap::Parser;
use cloison_broker::Broker;
use cloison_broker::application::files;
use cloison_contract::printable;
use cloison_manifest::recording::{self, zone};
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// What is written where there is no `cloison.toml`, and where there is one.
const NAMES: [&str; 2] = ["cloison.toml", "cloison.recorded.toml"];

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
    /// Record although nobody sees the warning: standard error is no terminal
    #[arg(long, requires = "record")]
    record_anyway: bool,
}

/// A recording that may begin.
pub struct PlannedRecording {
    path: PathBuf,
    zone: Option<PathBuf>,
}

/// A recording that goes on.
pub struct StartedRecording {
    file: File,
    path: PathBuf,
    zone: Option<PathBuf>,
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
pub fn zone(command: &ZoneCommand, patience: &mut Option<Duration>) -> anyhow::Result<ExitCode> {
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
    let planned = PlannedRecording::new(path, Some(manifest.clone()), *record_anyway)?;
    run::recorded(&program, Some(planned), patience)
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

    /// Those of a run in which a zone's sandbox is recorded, which is offered as well.
    fn of_zone(self, zone: &Path, anyway: bool) -> anyhow::Result<Self> {
        let real = zone.canonicalize().with_context(|| zone.display().to_string())?;
        let zones =
            [real.to_str().context("a path that is no UTF-8")?.to_owned()].into_iter().chain(self.zones).collect();
        Ok(Self { record: true, output: None, zones, record_anyway: anyway })
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
        PlannedRecording::new(path, None, self.record_anyway).map(Some)
    }
}

impl PlannedRecording {
    fn new(path: PathBuf, zone: Option<PathBuf>, anyway: bool) -> anyhow::Result<Self> {
        if !io::stderr().is_terminal() && !anyway {
            bail!(
                "a recording gives the program everything that zones offer, and there is no terminal on which somebody could see that\nhint: `--record-anyway` records all the same; never run a service with it"
            );
        }
        match path.symlink_metadata() {
            Ok(_) => bail!("{}", taken(&path)),
            Err(_) => Ok(Self { path, zone }),
        }
    }

    /// The manifest of the zone whose sandbox is recorded; `None` if the application is.
    pub fn zone(&self) -> Option<&Path> {
        self.zone.as_deref()
    }

    /// Make the file, and warn. Nobody takes it for the program's manifest: that has been read.
    pub fn start(self) -> anyhow::Result<StartedRecording> {
        let Self { path, zone } = self;
        let opened = OpenOptions::new().write(true).create_new(true).open(&path);
        let file = opened.with_context(|| taken(&path))?;
        let shown = printable::line(&path.display().to_string());
        let mut screen = io::stderr();
        writeln!(
            screen,
            "warning: RECORDING. The program may call every function of every zone that is offered, with any arguments."
        )?;
        writeln!(screen, "warning: Not for production. What it does is written to {shown} when it ends.")?;
        Ok(StartedRecording { file, path, zone })
    }
}

fn taken(path: &Path) -> String {
    let shown = path.display();
    format!("{shown}: a recording is written to a new file\nhint: remove it, or name another one with `--output`")
}

impl StartedRecording {
    /// Write what the application has done, or what the zone has needed.
    pub fn write(&self, broker: &mut Broker) -> anyhow::Result<()> {
        let shown = printable::line(&self.path.display().to_string());
        match &self.zone {
            Some(zone) => self.write_zone(zone, broker)?,
            None => self.write_application(broker)?,
        }
        writeln!(io::stderr(), "warning: the recording has ended: {shown} is what this run needed")?;
        Ok(())
    }

    fn write_zone(&self, zone: &Path, broker: &mut Broker) -> anyhow::Result<()> {
        let (interface, used) = broker.recorded_zone().context("nothing was recorded")?;
        let base = files::read_text(zone, files::MANIFEST_BYTES).with_context(|| zone.display().to_string())?;
        let real = zone.canonicalize()?;
        let here = real.parent().unwrap_or(Path::new("/"));
        let text = zone::manifest(&base, &interface.sandbox, &here.to_string_lossy(), &used)?;
        (&self.file).write_all(text.as_bytes())?;
        if used.files.is_none() {
            writeln!(io::stderr(), "hint: more was done with files than could be watched: `files` is as it was")?;
        }
        Ok(())
    }

    fn write_application(&self, broker: &mut Broker) -> anyhow::Result<()> {
        let recorded = broker.recorded().context("nothing was recorded")?;
        let application = broker.application();
        let base = application.recorded.as_deref().unwrap_or_default();
        let text = recording::manifest(base, &application.limits, &recorded, &broker.interfaces())?;
        (&self.file).write_all(text.as_bytes())?;
        let missing: Vec<_> = recorded.missing.iter().map(|name| printable::line(&format!("{name:?}"))).collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            writeln!(
                io::stderr(),
                "hint: it asked for {missing} as well, which nothing offers: `--zone` names a zone"
            )?;
        }
        Ok(())
    }
}

impl Drop for StartedRecording {
    /// Where nothing was recorded no empty manifest stays.
    fn drop(&mut self) {
        if self.file.metadata().is_ok_and(|metadata| metadata.len() == 0) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

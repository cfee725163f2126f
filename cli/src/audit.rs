//! `cloison audit`: the trail that `[audit]` of a `cloison.toml` asks for, checked and shown.

use crate::output::{self, counted};
use anyhow::bail;
use cloison_broker::audit::{self, AuditHeader, AuditKind, AuditProcess, AuditRecord, TrailLine, TrailReport};
use cloison_contract::printable;
use serde_json::json;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Check and show the audit trail of an application
#[derive(clap::Subcommand)]
pub enum AuditCommand {
    Verify(VerifyTrailArguments),
    Show(ShowTrailArguments),
}

/// Check that nothing in the files of an audit trail was changed, taken out, put in or exchanged
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cloison audit verify audit.jsonl
  cloison audit verify audit.jsonl*       # the renamed ones with it, in any order

Lines that were cut off at the end show in the missing end of a run alone; so keep the last hash, which this prints.
Exit status: 0 if the chain holds, 1 if it does not.")]
pub struct VerifyTrailArguments {
    /// The files of one trail
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
}

/// Show the lines of an audit trail
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cloison audit show audit.jsonl --event deny
  cloison audit show audit.jsonl* --process worker
  cloison audit show audit.jsonl --json | jq 'select(.grant == 7)'")]
pub struct ShowTrailArguments {
    /// The files of one trail
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only lines about this process, by its number or its name
    #[arg(long, value_name = "PROCESS")]
    process: Option<String>,
    /// Only lines about this kind of event
    #[arg(long, value_name = "EVENT", value_parser = clap::builder::PossibleValuesParser::new(AuditKind::ALL.map(AuditKind::word)))]
    event: Option<String>,
    /// Print them as JSON, one in a line, without their hashes
    #[arg(long)]
    json: bool,
}

pub fn run(command: &AuditCommand) -> anyhow::Result<ExitCode> {
    match command {
        AuditCommand::Verify(arguments) => verify(arguments),
        AuditCommand::Show(arguments) => show(arguments),
    }
}

fn verify(arguments: &VerifyTrailArguments) -> anyhow::Result<ExitCode> {
    // `audit.jsonl*` has the lock of whoever writes among it, which is empty.
    let is_lock = |file: &PathBuf| {
        file.extension().is_some_and(|extension| extension == "lock")
            && file.metadata().is_ok_and(|file| file.len() == 0)
    };
    let files: Vec<_> = arguments.files.iter().filter(|file| !is_lock(file)).cloned().collect();
    let report = audit::read(&files, |_| {})?;
    if arguments.json {
        let fault = report.fault.as_ref().map(|error| {
            json!({ "file": error.path.display().to_string(), "line": error.line, "message": error.fault.to_string() })
        });
        let value = json!({ "summary": report.summary, "fault": fault, "faults": report.faults });
        output::data(None, &(serde_json::to_string_pretty(&value)? + "\n"))?;
        return Ok(if report.fault.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    holds(&report)?;
    output::data(None, &summary(&report))?;
    Ok(ExitCode::SUCCESS)
}

/// That the chain does not break; the error names the first place where it does.
fn holds(report: &TrailReport) -> anyhow::Result<()> {
    let Some(fault) = &report.fault else { return Ok(()) };
    match report.faults {
        0 | 1 => bail!("{fault}"),
        faults => bail!("{fault}\nthe chain breaks at {} more", counted(faults as usize - 1, "place")),
    }
}

/// What the files hold, for people.
fn summary(report: &TrailReport) -> String {
    let found = &report.summary;
    let count = |number: u64, what: &str| counted(number as usize, what);
    let (files, events, runs) = (counted(found.files, "file"), count(found.events, "event"), count(found.runs, "run"));
    let mut text = format!("the chain holds: {files}, {events} of {runs}\n");
    if found.first > 0 {
        text += &format!("{} before these files: there are older ones\n", count(found.first, "line"));
    }
    text += &match found.dropped {
        0 => "no event was dropped\n".to_owned(),
        dropped => format!("{} dropped: too many came at once, or could not be written\n", count(dropped, "event")),
    };
    if found.unended > 0 {
        let which = if found.ended {
            ""
        } else {
            ", the last one among them: it still runs, was killed, or lines were cut off"
        };
        text += &format!("{} without an end{which}\n", count(found.unended, "run"));
    }
    text + &format!("last hash: {}\n", found.last)
}

fn show(arguments: &ShowTrailArguments) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut written = Ok(());
    let report = audit::read(&arguments.files, |line| {
        if written.is_ok() && is_asked_for(arguments, line) {
            written = put(&mut out, line, arguments.json);
        }
    })?;
    match written.and_then(|()| out.flush()) {
        // A reader that has seen enough is no error.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
        written => written?,
    }
    // What can be read has been shown.
    holds(&report)?;
    Ok(ExitCode::SUCCESS)
}

fn put(out: &mut impl Write, line: &TrailLine, json: bool) -> io::Result<()> {
    match line {
        _ if json => writeln!(out, "{}", line.json()?),
        TrailLine::Header(header) => writeln!(out, "{}", begun(header)),
        TrailLine::Event(record) => writeln!(out, "{}", happened(record)),
    }
}

fn is_asked_for(arguments: &ShowTrailArguments, line: &TrailLine) -> bool {
    let TrailLine::Event(record) = line else { return arguments.process.is_none() && arguments.event.is_none() };
    let event = arguments.event.as_ref().is_none_or(|event| record.event.word() == event);
    event && arguments.process.as_ref().is_none_or(|process| is_about(record, process))
}

/// Whether a process of that number or name did it, or it happened to one.
fn is_about(record: &AuditRecord, process: &str) -> bool {
    match process.parse::<u64>() {
        Ok(number) => record.process.as_ref().map(|one| one.number) == Some(number) || record.to == Some(number),
        Err(_) => record.process.as_ref().and_then(|one| one.name.as_deref()) == Some(process),
    }
}

fn begun(header: &AuditHeader) -> String {
    let (started, application) = (printable::line(&header.started), printable::line(&header.application));
    let torn =
        header.torn.map_or_else(String::new, |bytes| format!(" ({bytes} bytes of an unfinished line before it)"));
    format!("application {application}, started {started}{torn}")
}

fn happened(record: &AuditRecord) -> String {
    let process = record.process.as_ref().map_or_else(String::new, called);
    let about = about(record).into_iter().flatten().collect::<Vec<_>>().join(", ");
    let line = format!("{}  {:<8}  {process:<24}  {about}", printable::line(&record.time), record.event.word());
    line.trim_end().to_owned()
}

/// `7 app:work (worker)`
fn called(process: &AuditProcess) -> String {
    let name = process.name.as_ref().map_or_else(String::new, |name| format!(" ({})", printable::line(name)));
    format!("{} {}{name}", process.number, printable::line(&process.function))
}

/// What a line says beside who, when and what.
fn about(record: &AuditRecord) -> [Option<String>; 12] {
    let named =
        |what: &str, text: &Option<String>| text.as_ref().map(|text| format!("{what}{}", printable::line(text)));
    let numbered = |what: &str, number: Option<u64>| number.map(|number| format!("{what} {number}"));
    let many = |number: Option<u64>, what: &str| number.map(|number| counted(number as usize, what));
    [
        named("", &record.capability),
        named("zone ", &record.zone),
        numbered("grant", record.grant),
        numbered("of grant", record.parent),
        numbered("to process", record.to),
        numbered("by process", record.by),
        named("function ", &record.function),
        many(record.calls, "call"),
        record.denials.map(|denials| format!("{denials} denied")),
        record.derived.map(|derived| format!("{derived} derived")),
        match (&record.terms, &record.reason) {
            (None, reason) => named("", reason),
            (terms, None) => named("", terms),
            (Some(terms), Some(reason)) => Some(format!("{}; {}", printable::line(terms), printable::line(reason))),
        },
        record.dropped.map(|dropped| format!("{} before it dropped", counted(dropped as usize, "event"))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str) -> AuditRecord {
        serde_json::from_str(text).expect("the fields of a line")
    }

    #[test]
    fn a_line_is_shown_without_what_a_terminal_obeys() {
        let line = record(
            r#"{"seq":5,"time":"2026-01-31T12:00:00.000001Z","event":"use","process":{"number":7,"name":"w\u001b[2J","function":"app:work"},"capability":"z\u202elib","grant":4,"calls":9,"denials":1,"dropped":2}"#,
        );
        assert_eq!(
            happened(&line),
            "2026-01-31T12:00:00.000001Z  use       7 app:work (w\\u{1b}[2J)   z\\u{202e}lib, grant 4, 9 calls, 1 denied, 2 events before it dropped"
        );
    }

    #[test]
    fn a_process_is_meant_by_its_number_or_its_name() {
        let line = record(
            r#"{"seq":5,"time":"t","event":"delegate","process":{"number":7,"name":"worker","function":"app:work"},"to":8}"#,
        );
        assert!(["7", "8", "worker"].iter().all(|process| is_about(&line, process)));
        assert!(!["9", "work", "app:work"].iter().any(|process| is_about(&line, process)));
    }
}

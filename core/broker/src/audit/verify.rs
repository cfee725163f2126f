//! Reads trails, and finds where the chain breaks.

use super::chain::{self, Chain, LINE_BYTES, taken_apart};
use super::{AuditHeader, AuditKind, AuditRecord};
use crate::application::files;
use serde::Serialize;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The longest file, in bytes.
const FILE_BYTES: u64 = 2 << 40;

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
pub enum TrailLine {
    /// A file or a run begins.
    Header(AuditHeader),
    /// Something has happened.
    Event(Box<AuditRecord>),
}

impl TrailLine {
    /// What these fields say; `None` if they are none of a line of ours.
    pub(super) fn parse(fields: &str) -> Option<Self> {
        match fields.starts_with("{\"audit\":") {
            true => {
                serde_json::from_str(fields).ok().filter(|header: &AuditHeader| header.audit == 1).map(Self::Header)
            }
            false => serde_json::from_str(fields).ok().map(|record| Self::Event(Box::new(record))),
        }
    }

    /// Its fields as JSON in one line, without its hash, with nothing in it that a terminal obeys.
    pub fn json(&self) -> io::Result<String> {
        match self {
            Self::Header(header) => chain::json(header),
            Self::Event(record) => chain::json(record),
        }
    }

    /// Its number in the chain.
    pub(super) fn seq(&self) -> u64 {
        match self {
            Self::Header(header) => header.seq,
            Self::Event(record) => record.seq,
        }
    }
}

/// What was found in the files of a trail.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TrailSummary {
    /// How many files there are.
    pub files: usize,
    /// The number of the first line: 0 if the files hold the beginning of the chain.
    pub first: u64,
    /// How many lines there are.
    pub lines: u64,
    /// How many of them are about events.
    pub events: u64,
    /// How many events the lines say are missing.
    pub dropped: u64,
    /// How many runs have lines in the files.
    pub runs: u64,
    /// How many of them do not say that they have ended, the last one included.
    pub unended: u64,
    /// Whether the last line says that its run has ended.
    pub ended: bool,
    /// The hash of the last line.
    pub last: String,
}

/// What was found, and the first place where the chain breaks, if it does.
#[derive(Debug, Default)]
pub struct TrailReport {
    /// What was found, behind such places too.
    pub summary: TrailSummary,
    /// The first place.
    pub fault: Option<TrailError>,
    /// How many there are.
    pub faults: u64,
}

/// A place where a chain breaks.
#[derive(Debug, thiserror::Error)]
#[error("{}:{line}: {fault}", path.display())]
pub struct TrailError {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: u64,
    /// What is wrong.
    pub fault: TrailFault,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TrailFault {
    /// It has no end.
    #[error("the line has no end: it is being written, or was cut off")]
    Cut,
    /// The hash says so.
    #[error(
        "the hash does not go with this line and the one before: one of them was changed, or lines were taken out, put in or exchanged"
    )]
    Hash,
    /// The file has no beginning.
    #[error("the file does not begin with a header: its beginning is missing, or it is no audit trail")]
    NoHeader,
    /// It is something else.
    #[error("this is no line of an audit trail")]
    NoLine,
    /// A header names another line.
    #[error("this header does not go on where the lines before it end: lines or a whole file are missing there")]
    NotNext,
}

/// Reads the files of one trail, in the order of their lines, and has `each` look at each line that can be read. Behind a place where
/// the chain breaks, reading goes on.
///
/// # Errors
///
/// A file cannot be read; the error names it.
pub fn read(paths: &[PathBuf], mut each: impl FnMut(&TrailLine)) -> io::Result<TrailReport> {
    let mut reading = Reading::default();
    for (_, path) in in_order(paths)? {
        let mut lines = Lines::open(path).map_err(|error| named(path, &error))?;
        reading.report.summary.files += 1;
        let mut number = 0;
        while let Some(line) = lines.next().map_err(|error| named(path, &error))? {
            number += 1;
            let read = reading.line(&line, number == 1);
            if let Err(fault) = read.hold {
                reading.report.faults += 1;
                reading.report.fault.get_or_insert(TrailError { path: path.to_owned(), line: number, fault });
            }
            read.found.iter().for_each(&mut each);
        }
        if number == 0 {
            reading.report.faults += 1;
            let fault = TrailFault::NoHeader;
            reading.report.fault.get_or_insert(TrailError { path: path.to_owned(), line: 1, fault });
        }
    }
    Ok(reading.done())
}

/// By the numbers of their first lines. Whoever has changed those is found when the chain is looked at.
fn in_order(paths: &[PathBuf]) -> io::Result<Vec<(Option<u64>, &Path)>> {
    let mut ordered = Vec::new();
    for path in paths {
        let first = Lines::open(path).and_then(|mut lines| lines.next()).map_err(|error| named(path, &error))?;
        let seq = first.and_then(|line| Some(parts(&line).ok()?.0.seq()));
        ordered.push((seq, path.as_path()));
    }
    ordered.sort_by_key(|(seq, _)| *seq);
    Ok(ordered)
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// What one line is.
struct ReadLine {
    hold: Result<(), TrailFault>,
    found: Option<TrailLine>,
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    report: TrailReport,
    chain: Chain,
    /// The run that the last line is of.
    run: Option<String>,
}

impl Reading {
    fn line(&mut self, line: &[u8], first_of_file: bool) -> ReadLine {
        self.report.summary.lines += 1;
        let (said, fields, hash) = match parts(line) {
            Ok(parts) => parts,
            Err(fault) => return ReadLine { hold: Err(fault), found: None },
        };
        let hold = self.holds(&said, &fields, &hash, first_of_file);
        let summary = &mut self.report.summary;
        if summary.last.is_empty() {
            summary.first = said.seq();
        }
        match &said {
            TrailLine::Header(header) if self.run.as_ref() != Some(&header.nonce) => {
                summary.unended += u64::from(self.run.is_some() && !summary.ended);
                summary.runs += 1;
                summary.ended = false;
                self.run = Some(header.nonce.clone());
            }
            TrailLine::Header(_) => {}
            TrailLine::Event(record) => {
                summary.events += 1;
                summary.dropped = summary.dropped.saturating_add(record.dropped.unwrap_or(0));
                summary.ended = record.event == AuditKind::Ended;
            }
        }
        summary.last.clone_from(&hash);
        self.chain = Chain { last: hash, next: said.seq().saturating_add(1) };
        ReadLine { hold, found: Some(said) }
    }

    /// Whether a line goes on with what was read.
    fn holds(&self, said: &TrailLine, fields: &str, hash: &str, first_of_file: bool) -> Result<(), TrailFault> {
        let first = self.chain == Chain::default();
        let previous = match said {
            TrailLine::Event(_) if first_of_file => return Err(TrailFault::NoHeader),
            TrailLine::Event(_) => &self.chain.last,
            // What was before the first file is not known, but how its last line hangs together with this one.
            TrailLine::Header(header) if first => header.previous.as_deref().unwrap_or_default(),
            TrailLine::Header(header) if header.previous.as_deref() != Some(&self.chain.last) => {
                return Err(TrailFault::NotNext);
            }
            TrailLine::Header(_) => &self.chain.last,
        };
        let before = Chain { last: previous.to_owned(), next: self.chain.next };
        let follows = before.is_followed_by(fields, hash) && (first || said.seq() == self.chain.next);
        follows.then_some(()).ok_or(TrailFault::Hash)
    }

    fn done(mut self) -> TrailReport {
        let summary = &mut self.report.summary;
        summary.unended += u64::from(self.run.is_some() && !summary.ended);
        self.report
    }
}

/// What a line says, its fields, and its hash.
fn parts(line: &[u8]) -> Result<(TrailLine, String, String), TrailFault> {
    let Some(whole) = line.strip_suffix(b"\n") else {
        return Err(if line.len() > LINE_BYTES { TrailFault::NoLine } else { TrailFault::Cut });
    };
    let text = std::str::from_utf8(whole).map_err(|_| TrailFault::NoLine)?;
    let (fields, hash) = taken_apart(text).ok_or(TrailFault::NoLine)?;
    let said = TrailLine::parse(&fields).ok_or(TrailFault::NoLine)?;
    Ok((said, fields, hash.to_owned()))
}

/// The lines of a file, with their ends. Of one that is too long comes its beginning alone.
struct Lines {
    file: BufReader<File>,
}

impl Lines {
    fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: BufReader::new(files::open(path, FILE_BYTES)?.0) })
    }

    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        (&mut self.file).take(LINE_BYTES as u64 + 1).read_until(b'\n', &mut line)?;
        if line.len() > LINE_BYTES && !line.ends_with(b"\n") {
            self.skip()?;
        }
        Ok((!line.is_empty()).then_some(line))
    }

    /// To the end of the line.
    fn skip(&mut self) -> io::Result<()> {
        loop {
            let buffered = self.file.fill_buf()?;
            let end = buffered.iter().position(|byte| *byte == b'\n');
            let (used, done) = (end.map_or(buffered.len(), |end| end + 1), end.is_some() || buffered.is_empty());
            self.file.consume(used);
            if done {
                return Ok(());
            }
        }
    }
}

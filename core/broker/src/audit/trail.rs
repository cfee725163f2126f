//! The file: begun, gone on with, renamed when it is full. Used by the thread that writes, and by nobody else.

use super::chain::{self, Chain, LINE_BYTES, taken_apart};
use super::event::{bounded, shown};
use super::{AuditError, AuditEvent, AuditHeader, AuditRequest, TrailLine};
use crate::limiter::Limiter;
use crate::services::LogFile;
use crate::zones::library::hex;
use jiff::Timestamp;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::time::Instant;

/// What writes lines, and ties each to the one before.
pub(super) struct Trail {
    to: Destination,
    application: String,
    started: String,
    nonce: String,
    chain: Chain,
    /// How many events could not be written since the latest one that was.
    unwritten: u64,
    limiter: Limiter,
}

enum Destination {
    File(TrailFile),
    /// The application's log. Whoever subscribes to it does not write in this thread.
    Log,
}

struct TrailFile {
    name: LogFile,
    /// Nobody else writes there meanwhile.
    _lock: OwnedFd,
    file: File,
    /// How long it is, in bytes, without what is torn.
    length: u64,
    /// A line of it may be there in part.
    torn: bool,
    /// Its first line is still to be written.
    empty: bool,
}

impl Trail {
    /// Writes the first line of a run.
    pub(super) fn begin(request: &AuditRequest) -> Result<Self, AuditError> {
        let mut nonce = [0; 16];
        File::open("/dev/urandom")?.read_exact(&mut nonce)?;
        let (to, chain, torn) = match &request.file {
            None => (Destination::Log, Chain::default(), 0),
            Some(name) => {
                let failed = |error| AuditError::File { path: name.path(), error };
                let lock = name.lock().map_err(failed)?.ok_or_else(|| AuditError::InUse(name.path()))?;
                let (chain, length, torn) =
                    end_of(name).map_err(failed)?.ok_or_else(|| AuditError::NoTrail(name.path()))?;
                let file = File::from(name.open().map_err(failed)?);
                let file = TrailFile { name: name.clone(), _lock: lock, file, length, torn: torn > 0, empty: false };
                (Destination::File(file), chain, torn)
            }
        };
        let mut trail = Self {
            to,
            application: bounded(&request.application),
            started: shown(Timestamp::now()),
            nonce: hex(&nonce),
            chain,
            unwritten: 0,
            limiter: Limiter::default(),
        };
        trail.put_header(torn).map_err(|error| match &request.file {
            Some(name) => AuditError::File { path: name.path(), error },
            None => AuditError::System(error),
        })?;
        Ok(trail)
    }

    /// Writes an event. If it cannot, the next event that it writes says so.
    pub(super) fn write(&mut self, event: AuditEvent) {
        let missing = event.dropped().saturating_add(1);
        match self.try_write(event) {
            Ok(()) => self.unwritten = 0,
            Err(error) => {
                self.unwritten = self.unwritten.saturating_add(missing);
                if let Some(unsaid) = self.limiter.admit(Instant::now()) {
                    tracing::error!(unsaid, %error, "an event is missing in the audit trail");
                }
            }
        }
    }

    fn try_write(&mut self, event: AuditEvent) -> io::Result<()> {
        if let Destination::File(file) = &mut self.to {
            file.renew_if_full()?;
            if file.empty {
                self.put_header(0)?;
            }
        }
        let record = event.after(self.unwritten).numbered(self.chain.next);
        self.put(&chain::json(&record)?)
    }

    fn put_header(&mut self, torn: u64) -> io::Result<()> {
        let header = AuditHeader {
            audit: 1,
            seq: self.chain.next,
            application: self.application.clone(),
            started: self.started.clone(),
            nonce: self.nonce.clone(),
            previous: (!self.chain.last.is_empty()).then(|| self.chain.last.clone()),
            torn: (torn > 0).then_some(torn),
        };
        self.put(&chain::json(&header)?)
    }

    fn put(&mut self, fields: &str) -> io::Result<()> {
        let (line, chain) = self.chain.line(fields);
        match &mut self.to {
            Destination::File(file) => file.append(line.as_bytes())?,
            Destination::Log => tracing::info!("audit: {}", line.trim_end()),
        }
        self.chain = chain;
        Ok(())
    }
}

#[cfg(test)]
impl Trail {
    /// Has it write somewhere else; where it has written so far.
    pub(super) fn exchange(&mut self, file: File) -> Option<File> {
        match &mut self.to {
            Destination::File(own) => Some(std::mem::replace(&mut own.file, file)),
            Destination::Log => None,
        }
    }
}

impl TrailFile {
    /// Another file, if this one is full. There is no larger one: what cannot go into another file is missing.
    fn renew_if_full(&mut self) -> io::Result<()> {
        if self.length < self.name.most_bytes() {
            return Ok(());
        }
        self.file = File::from(self.name.renew()?);
        self.length = self.file.metadata()?.len();
        (self.torn, self.empty) = (false, true);
        Ok(())
    }

    /// A line is there as a whole or not at all.
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.length)?;
            self.torn = false;
        }
        if let Err(error) = self.file.write_all(line) {
            self.torn = self.file.set_len(self.length).is_err();
            return Err(error);
        }
        self.length = self.length.saturating_add(line.len() as u64);
        self.empty = false;
        Ok(())
    }
}

/// Where a file that is there goes on: its chain, its length without a line that has no end, and how long that is. `None` if its last
/// line is none of a trail.
fn end_of(name: &LogFile) -> io::Result<Option<(Chain, u64, u64)>> {
    let Some(file) = name.open_to_read()?.map(File::from) else { return Ok(Some((Chain::default(), 0, 0))) };
    let size = file.metadata()?.len();
    if size == 0 {
        return Ok(Some((Chain::default(), 0, 0)));
    }
    // A whole line, and one that is not whole.
    let begin = size.saturating_sub(2 * LINE_BYTES as u64);
    let mut bytes = vec![0; usize::try_from(size - begin).unwrap_or_default()];
    file.read_exact_at(&mut bytes, begin)?;
    let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else { return Ok(None) };
    let torn = bytes.len() - end - 1;
    let line = bytes[..end].rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = std::str::from_utf8(line).ok();
    let parts = line.and_then(taken_apart).and_then(|(fields, hash)| Some((TrailLine::parse(&fields)?.seq(), hash)));
    let torn = torn as u64;
    Ok(parts.map(|(seq, hash)| (Chain { last: hash.to_owned(), next: seq.saturating_add(1) }, size - torn, torn)))
}

//! `log`: records of the application's log, one line of JSON each.
//!
//! | module | does |
//! |---|---|
//! | `json` | texts and a program's own objects as JSON in one line; pure logic |
//! | `exports` | the function of the manifest |
//!
//! # Who keeps a program to what it was granted
//!
//! The process has one descriptor that leads to anything: the broker has opened the file, and it can only grow (`O_APPEND`), or it is
//! standard error. It has no folder, and its filter has no way to open one. How large the file may become the kernel knows
//! (`RLIMIT_FSIZE`). When it is full, the broker is told, which alone renames files and opens the next one.
//!
//! What a record says of when it was written, and by whom, comes from this process and the broker. What a program says stands in JSON
//! texts, so that no program ends a line, begins another one's record, or has a terminal obey it.

#[allow(unsafe_code, reason = "the function of the manifest, which takes addresses")]
mod exports;
mod json;

pub use exports::symbol;

use cloison_contract::host::{LogLevel, LogService};
use cloison_contract::message::{ChannelId, ClientName, FromZone};
use cloison_sandbox::{ServiceContents, ServiceKind};
use cloison_transport::control::Control;
use cloison_zone::serve::observer::Observer;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// How long standard error may take nothing.
const PATIENCE: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
/// So much goes into a pipe that can be written to at all, without waiting (`PIPE_BUF`).
const PIECE: usize = 4096;
/// How long a record waits for the broker to begin another file.
const ANSWER: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
/// How long the broker has for another file before it is asked again.
const ASKED: Duration = Duration::from_secs(1);

/// The service.
#[derive(Debug)]
pub struct LogWriter {
    level: LogLevel,
    /// How large its file may become, if it is one.
    file_bytes: Option<u64>,
    control: Arc<Control>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: OwnedFd,
    /// The latest line has no end: the next one begins with that.
    torn: bool,
    /// When the broker was asked for another file.
    asked: Option<Instant>,
    clients: BTreeMap<ChannelId, Client>,
}

#[derive(Debug)]
struct Client {
    name: ClientName,
    /// How many of its records could not be written since the latest one that was.
    dropped: u64,
}

/// What a program says.
pub(crate) struct LogRecord {
    pub(crate) level: LogLevel,
    pub(crate) logger: String,
    pub(crate) message: String,
    pub(crate) exception: String,
    pub(crate) fields: String,
}

/// The one of this process.
static LOG: OnceLock<Arc<LogWriter>> = OnceLock::new();

/// Makes it the one that the function of the manifest serves.
///
/// # Errors
///
/// There is one already.
pub fn serve(log: Arc<LogWriter>) -> Result<(), &'static str> {
    LOG.set(log).map_err(|_| "a process serves one capability")
}

/// The one that is served, to hear of clients and of files.
pub(crate) fn observer() -> Option<Arc<dyn Observer>> {
    LOG.get().map(|log| log.clone() as Arc<dyn Observer>)
}

/// What the sandbox has inside: nothing.
pub fn contents(threads: u32) -> ServiceContents<'static> {
    ServiceContents::without_folders(ServiceKind::Log, threads)
}

impl LogWriter {
    /// From inside the jail.
    pub fn new(service: &LogService, file: OwnedFd, control: Arc<Control>) -> Arc<Self> {
        let state = State { file, torn: false, asked: None, clients: BTreeMap::new() };
        let file_bytes = service.file.as_ref().map(|_| service.file_bytes);
        Arc::new(Self { level: service.level, file_bytes, control, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a record of that client; whether its level is one that is written.
    fn write(&self, record: &LogRecord, client: Option<ChannelId>) -> Result<bool, Errno> {
        let fields = match record.fields.as_str() {
            "" => Ok(None),
            fields => json::object(fields).map(Some).ok_or(Errno::INVAL),
        };
        if record.level < self.level {
            return fields.map(|_| false);
        }
        let mut state = self.state();
        let known = client.and_then(|client| state.clients.get(&client));
        let line = fields.map(|fields| line(record, fields.as_deref(), known));
        let written = line.and_then(|line| state.write(&line, self.file_bytes.is_none()));
        if let Some(client) = client.and_then(|client| state.clients.get_mut(&client)) {
            client.dropped = if written.is_ok() { 0 } else { client.dropped.saturating_add(1) };
        }
        self.ask_for_another(&mut state, written);
        written.map(|()| true)
    }

    /// Tells the broker that the file is full.
    fn ask_for_another(&self, state: &mut State, written: Result<(), Errno>) {
        let Some(most) = self.file_bytes else { return };
        let size = rustix::fs::fstat(&state.file).map_or(0, |found| found.st_size as u64);
        let full = size >= most || written == Err(Errno::FBIG);
        if full && state.asked.is_none_or(|asked| asked.elapsed() > ASKED) {
            state.asked = Some(Instant::now());
            // If it cannot be told, it is gone, or is told with a later record.
            if self.control.try_send(&FromZone::Full, &[]).is_ok() {
                // Whoever goes on at once would write a lot until the answer is read, which is after this call.
                let _ = poll(&mut [PollFd::new(&*self.control, PollFlags::IN)], Some(&ANSWER));
            }
        }
    }
}

impl State {
    /// Writes a line, and no two of them into each other.
    fn write(&mut self, line: &str, may_wait: bool) -> Result<(), Errno> {
        let whole = if self.torn { format!("\n{line}") } else { line.to_owned() };
        let mut left = whole.as_bytes();
        while !left.is_empty() {
            let piece = if may_wait { &left[..left.len().min(PIECE)] } else { left };
            let written = if may_wait { self.ready() } else { Ok(()) };
            let written = written.and_then(|()| match rustix::io::write(&self.file, piece) {
                Ok(0) => Err(Errno::IO),
                other => other,
            });
            match written {
                Ok(count) => left = left.get(count..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(error) => {
                    self.torn |= left.len() < whole.len();
                    return Err(error);
                }
            }
        }
        self.torn = false;
        Ok(())
    }

    /// Waits until standard error takes something, and not for long: whoever reads it may have stopped.
    fn ready(&self) -> Result<(), Errno> {
        let mut watched = [PollFd::new(&self.file, PollFlags::OUT)];
        match poll(&mut watched, Some(&PATIENCE))? {
            0 => Err(Errno::AGAIN),
            _ => Ok(()),
        }
    }
}

impl Observer for LogWriter {
    fn attached(&self, channel: ChannelId, client: ClientName) {
        self.state().clients.insert(channel, Client { name: client, dropped: 0 });
    }

    fn detached(&self, channel: ChannelId) {
        self.state().clients.remove(&channel);
    }

    fn renewed(&self, file: OwnedFd) {
        let mut state = self.state();
        state.file = file;
        state.torn = false;
        state.asked = None;
    }
}

/// The machine's clock, in UTC.
fn now() -> String {
    format!("{:.6}", jiff::Timestamp::now())
}

/// `{"time":"…","level":"info","process":1,"name":"app:main","logger":"…","message":"…"}`
fn line(record: &LogRecord, fields: Option<&str>, client: Option<&Client>) -> String {
    let mut line = format!("{{\"time\":\"{}\",\"level\":\"{}\"", now(), record.level.word());
    if let Some(client) = client {
        line.push_str(&format!(",\"process\":{}", client.name.number));
        let name = ("name", client.name.function.as_str());
        push(&mut line, name);
        if client.dropped > 0 {
            line.push_str(&format!(",\"dropped\":{}", client.dropped));
        }
    }
    push(&mut line, ("logger", &record.logger));
    push(&mut line, ("message", &record.message));
    if !record.exception.is_empty() {
        push(&mut line, ("exception", &record.exception));
    }
    if let Some(fields) = fields {
        line.push_str(",\"fields\":");
        line.push_str(fields);
    }
    line.push_str("}\n");
    line
}

fn push(line: &mut String, (key, text): (&str, &str)) {
    line.push_str(&format!(",\"{key}\":"));
    json::push_text(text, line);
}

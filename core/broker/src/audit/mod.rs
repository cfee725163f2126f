//! The audit trail: what becomes of authority, written down in lines that hang together.
//!
//! Who is granted what, narrows it, passes it on, uses it, is refused and loses it; which zones crash and which processes
//! begin and end. The broker notes each as an [`AuditEvent`]; a thread of its own writes them as JSON, one object a line. Noting
//! never waits: what finds the queue full is dropped, and the next event that is noted says how many were.
//!
//! | module | subject |
//! |---|---|
//! | `chain` | a line: JSON that stays one line, and the hash that ties it to the line before; pure |
//! | `event` | what there is to say, and the fields of a line |
//! | `trail` | the file: begun, gone on with, renamed when it is full |
//! | `uses` | how often something was used since that was last said; pure |
//! | `verify` | reads trails and finds where the chain breaks |
//!
//! # Lines
//!
//! ```text
//! {"audit":1,"seq":0,"application":"shop","started":"…","nonce":"…","hash":"H0"}          H0 = sha256(            line without hash)
//! {"seq":1,"time":"…","event":"mint","capability":"zlib","terms":"…","hash":"H1"}          H1 = sha256(H0 in hex + line without hash)
//! {"seq":2,"time":"…","event":"spawn","process":{"number":1,…},"hash":"H2"}                H2 = sha256(H1 in hex + line without hash)
//! ```
//!
//! Every file begins with a header, and so does every run. A header that is not the first of its chain has `previous`, the hash of the
//! line before, which is in the file before if it begins a file.
//!
//! # Who may do what
//!
//! The broker alone opens and renames the file. No root of a capability that changes anything may enclose it. What processes say of
//! themselves (names, functions, reasons) is cut to [`TEXT_CHARACTERS`] and escaped; arguments of calls, and with them secrets,
//! never come here. The chain has no key: who may write the file can make it anew from any line on. It shows what was changed by
//! somebody who has not, and its latest hash, kept elsewhere, shows that too.

mod chain;
mod event;
mod trail;
mod uses;
mod verify;

pub use chain::LINE_BYTES;
pub use event::{AuditEvent, AuditHeader, AuditKind, AuditProcess, AuditRecord, TEXT_CHARACTERS};
pub use uses::AuditUses;
pub use verify::{TrailError, TrailFault, TrailLine, TrailReport, TrailSummary, read};

use crate::services::LogFile;
use crate::signals::without_signals;
use cloison_contract::message::Telling;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use trail::Trail;

/// How many events wait at most for the thread that writes.
const EVENTS: usize = 4096;
/// How long the end of the application waits until all that was noted is written.
const PATIENCE: Duration = Duration::from_secs(2);

/// The trail that an application asks for.
#[derive(Clone, Debug)]
pub struct AuditRequest {
    /// What is run, for people.
    pub application: String,
    /// The file; without one, lines go to the application's log.
    pub file: Option<LogFile>,
    /// Whether each call has a line of its own.
    pub calls: bool,
}

/// Why there is no trail. An application that asks for one does not run without it.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Its file cannot be opened or written to.
    #[error("the audit trail {}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Somebody else writes there.
    #[error(
        "the audit trail {}: another run writes there at this moment\nhint: a chain has one writer; [audit] file in another manifest names another file",
        .0.display()
    )]
    InUse(PathBuf),
    /// What is there was not written by this.
    #[error(
        "{} is there, and ends with no line of an audit trail\nhint: move it away, or let [audit] file name another file",
        .0.display()
    )]
    NoTrail(PathBuf),
    /// There is no thread, or no randomness.
    #[error("there is no audit trail: {0}")]
    System(#[from] io::Error),
}

/// The trail of a running application. When it is dropped, the trail says that the application has ended.
#[derive(Debug)]
pub struct Audit {
    /// There until the end.
    events: Option<Sender<AuditEvent>>,
    /// Events for which there was no room since the latest one for which there was.
    dropped: AtomicU64,
    /// Hangs up when the thread is done.
    done: Receiver<()>,
    calls: bool,
}

impl Audit {
    /// Begin a trail, or go on with the one that is there, with a line that says so.
    ///
    /// # Errors
    ///
    /// See [`AuditError`]; the file has not been changed then.
    pub fn start(request: &AuditRequest) -> Result<Self, AuditError> {
        let mut trail = Trail::begin(request)?;
        Ok(Self::writing(EVENTS, request.calls, move |event| trail.write(event))?)
    }

    /// With room for so many events, and a thread in which `write` gets one after the other.
    fn writing(room: usize, calls: bool, mut write: impl FnMut(AuditEvent) + Send + 'static) -> io::Result<Self> {
        let (events, queue) = bounded::<AuditEvent>(room);
        let (alive, done) = bounded(0);
        let work = move || {
            queue.into_iter().for_each(&mut write);
            drop(alive);
        };
        without_signals(|| std::thread::Builder::new().name("audit".into()).spawn(work))?;
        Ok(Self { events: Some(events), dropped: AtomicU64::new(0), done, calls })
    }

    /// Whether each call is to be noted, by [`AuditEvent::call`].
    pub fn each_call(&self) -> bool {
        self.calls
    }

    /// What zones are to say for it.
    pub(crate) fn asks(&self) -> Telling {
        if self.calls { Telling::Calls } else { Telling::Refusals }
    }

    /// Have an event written. Never waits: one for which there is no room is dropped and counted.
    pub fn note(&self, event: AuditEvent) {
        let Some(events) = &self.events else { return };
        let before = self.dropped.swap(0, Ordering::Relaxed);
        match events.try_send(event.after(before)) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.dropped.fetch_add(before.saturating_add(1), Ordering::Relaxed);
            }
        }
    }
}

impl Drop for Audit {
    /// Waits for what was noted to be written, though not for long. A broker that ends by a defect has not ended as it should, and the
    /// trail does not say so.
    fn drop(&mut self) {
        let Some(events) = self.events.take() else { return };
        let until = Instant::now() + PATIENCE;
        if !std::thread::panicking() {
            let _ = events.send_deadline(AuditEvent::ended().after(*self.dropped.get_mut()), until);
        }
        drop(events);
        let _ = self.done.recv_deadline(until);
    }
}

#[cfg(test)]
mod tests;

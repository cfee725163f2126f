//! The threads that answer, one for each question.

use super::socket::Listener;
use super::table::{SeenStack, Want};
use super::{
    Activity, ApplicationReport, Ask, CapabilitiesReport, InspectionAnswer, InspectionRequest, ProcessKind, ProcessRow,
    VERSION, kernel, started,
};
use crate::zones::replacement::NotBegun;
use cloison_contract::process::Reason;
use cloison_router::RouterHandle;
use cloison_transport::control::Control;
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;
use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// How long a process has for its Python stack: between two instructions it answers at once, in a builtin it does not.
const STACK_PATIENCE: Duration = Duration::from_millis(50);

/// How many questions are answered at the same time. Who asks beyond that is hung up on.
const AT_ONCE: usize = 8;

/// How often a process may say where it is without coming to its next instruction. One that keeps the protocol says so at most once
/// for each signal, of which each question sends two, and everybody who asks meanwhile hears of it.
const MOST_SAID: usize = 4 * AT_ONCE;

/// The broker's side: a socket to listen on, and what the threads want of the loop.
#[derive(Debug)]
pub(crate) struct Inspector {
    listener: Listener,
    application: String,
    router: RouterHandle,
    wants: Receiver<Want>,
    to_loop: ToLoop,
}

/// A thread's way to the loop.
#[derive(Clone, Debug)]
struct ToLoop {
    wants: Sender<Want>,
    bell: Arc<OwnedFd>,
}

impl Inspector {
    pub(crate) fn new(listener: Listener, application: String, router: RouterHandle) -> Result<Self, Errno> {
        let bell = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let (to_loop, wants) = channel();
        Ok(Self { listener, application, router, wants, to_loop: ToLoop { wants: to_loop, bell } })
    }

    /// Readable when somebody wants to ask.
    pub(crate) fn listener(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }

    /// Readable when there is something for [`Inspector::want`].
    pub(crate) fn bell(&self) -> BorrowedFd<'_> {
        self.to_loop.bell.as_fd()
    }

    /// Let in whoever waits to ask.
    pub(crate) fn accept(&self) {
        while let Ok(Some(connection)) = self.listener.accept() {
            // Each thread has one of these, and the inspector has one.
            if Arc::strong_count(&self.to_loop.bell) > AT_ONCE {
                continue;
            }
            let thread = Thread {
                connection,
                application: self.application.clone(),
                router: self.router.clone(),
                to_loop: self.to_loop.clone(),
            };
            let started = crate::signals::without_signals(|| {
                std::thread::Builder::new().name("inspection".into()).spawn(move || thread.run())
            });
            if let Err(error) = started {
                tracing::debug!(%error, "no thread for who looks at the application");
            }
        }
    }

    /// What a thread wants of the loop, if one does.
    pub(crate) fn want(&self) -> Option<Want> {
        self.wants.try_recv().ok().or_else(|| {
            // First the bell, then another look: what comes in between rings again.
            let _ = rustix::io::read(&*self.to_loop.bell, &mut [0; 8]);
            self.wants.try_recv().ok()
        })
    }
}

struct Thread {
    connection: Control,
    application: String,
    router: RouterHandle,
    to_loop: ToLoop,
}

impl Thread {
    fn run(self) {
        let Ok((InspectionRequest { version, ask }, _)) = self.connection.receive() else { return };
        let answer = match ask {
            _ if version != VERSION => Some(InspectionAnswer::Version { version: VERSION }),
            Ask::Processes => self.rows().map(|processes| {
                let (application, broker) = (self.application.clone(), std::process::id() as i32);
                InspectionAnswer::Report(ApplicationReport {
                    application,
                    broker,
                    processes: complete(processes, &self.router),
                })
            }),
            Ask::Capabilities => self.told(Want::Capabilities).map(|(capabilities, left_off)| {
                let (application, broker) = (self.application.clone(), std::process::id() as i32);
                InspectionAnswer::Capabilities(CapabilitiesReport { application, broker, capabilities, left_off })
            }),
            Ask::Revoke { number } => self.told(|answer| Want::Revoke(number, answer)).map(|revoked| {
                revoked.map_or(InspectionAnswer::NoCapability, |was_alive| InspectionAnswer::Revoked { was_alive })
            }),
            Ask::Narrow { number, by } => self.told(|answer| Want::Narrow(number, by, answer)).map(|narrowed| {
                narrowed
                    .map_or_else(|message| InspectionAnswer::NotNarrowed { message }, |()| InspectionAnswer::Narrowed)
            }),
            Ask::Replace(request) => {
                self.told(|answer| Want::Replace(Box::new(request), answer)).map(|begun| match begun {
                    Ok(number) => InspectionAnswer::Replacing { number },
                    Err(NotBegun::Refused(message)) => InspectionAnswer::NotReplaced { message },
                    Err(NotBegun::Widens(difference)) => InspectionAnswer::Widens { difference },
                })
            }
            Ask::Replacement { number } => self
                .told(|answer| Want::Replacement(number, answer))
                .map(|state| state.map_or(InspectionAnswer::NoReplacement, InspectionAnswer::Replacement)),
            Ask::Why { number, function } => self
                .told(|answer| Want::Why(number, function, answer))
                .map(|why| why.map_or(InspectionAnswer::NoProcess, InspectionAnswer::Why)),
            Ask::Stack { number } => {
                let (answer, answered) = channel();
                self.want(Want::Stack(number, answer));
                Some(stack(&answered, || self.want(Want::StackAgain(number))))
            }
            Ask::Kill { number } => self.rows().map(|rows| match rows.iter().any(|row| row.number == Some(number)) {
                true => {
                    self.router.kill(number, Reason::Killed);
                    InspectionAnswer::Killed
                }
                false => InspectionAnswer::NoProcess,
            }),
        };
        // Without an answer the broker is about to end; who asked sees that the connection is closed.
        if let Some(answer) = answer {
            let _ = self.connection.send(&answer, &[]);
        }
    }

    fn rows(&self) -> Option<Vec<ProcessRow>> {
        self.told(Want::Table)
    }

    /// What the loop answers.
    fn told<T>(&self, want: impl FnOnce(Sender<T>) -> Want) -> Option<T> {
        let (answer, answered) = channel();
        self.want(want(answer));
        answered.recv().ok()
    }

    fn want(&self, want: Want) {
        // A loop that has ended answers nobody.
        let _ = self.to_loop.wants.send(want);
        let _ = rustix::io::write(&*self.to_loop.bell, &1_u64.to_ne_bytes());
    }
}

/// Wait for what a process says of its stack: at last what it says between two instructions, if it comes to that in time.
/// It is asked again half of the time before the end, and says then where it is, at least. One that says that for ever is heard a few times.
fn stack(answered: &Receiver<SeenStack>, ask_again: impl Fn()) -> InspectionAnswer {
    let begun = Instant::now();
    let (mut seen, mut asked_again, mut said) = (None, false, 0);
    while said < MOST_SAID {
        let patience = if asked_again { STACK_PATIENCE } else { STACK_PATIENCE / 2 };
        match answered.recv_timeout(patience.saturating_sub(begun.elapsed())) {
            Ok(SeenStack { settled: true, text }) => return InspectionAnswer::Stack { stack: Some(text), seen: None },
            Ok(SeenStack { settled: false, text }) => {
                seen = Some(text);
                said += 1;
            }
            Err(RecvTimeoutError::Timeout) if asked_again => return InspectionAnswer::Stack { stack: None, seen },
            Err(RecvTimeoutError::Timeout) => {
                asked_again = true;
                ask_again();
            }
            Err(RecvTimeoutError::Disconnected) => return InspectionAnswer::NoProcess,
        }
    }
    InspectionAnswer::Stack { stack: None, seen }
}

/// Add what the router and the kernel know, and the processes that only the kernel knows of.
fn complete(mut rows: Vec<ProcessRow>, router: &RouterHandle) -> Vec<ProcessRow> {
    let started = started::by(&rows, &kernel::parents());
    rows.extend(started);
    let mut inspections: HashMap<_, _> = router.inspect().into_iter().map(|one| (one.number, one)).collect();
    for row in &mut rows {
        kernel::complete(row);
        let Some(inspection) = row.number.and_then(|number| inspections.remove(&number)) else { continue };
        row.names = inspection.names;
        row.mailbox_messages = inspection.mailbox_messages;
        row.mailbox_bytes = inspection.mailbox_bytes;
        row.links = inspection.links;
        row.monitors = inspection.monitors;
        row.traps_exits = inspection.traps_exits;
        if inspection.receiving && row.kind == ProcessKind::Microprocess && row.activity == Activity::Running {
            row.activity = Activity::Receiving;
        }
    }
    rows.sort_by_key(|row| (row.number, row.kind, row.pid));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_says_for_ever_where_it_is_is_cut() {
        let (says, answered) = channel();
        for number in 0..100 * MOST_SAID {
            says.send(SeenStack { settled: false, text: number.to_string() }).unwrap();
        }
        says.send(SeenStack { settled: true, text: "at last".into() }).unwrap();
        let InspectionAnswer::Stack { stack: None, seen: Some(seen) } = stack(&answered, || ()) else {
            panic!("it was heard to its end")
        };
        assert_eq!(seen, (MOST_SAID - 1).to_string());
    }

    #[test]
    fn what_a_process_says_between_instructions_counts() {
        let (says, answered) = channel();
        for settled in [false, true] {
            says.send(SeenStack { settled, text: settled.to_string() }).unwrap();
        }
        let InspectionAnswer::Stack { stack: Some(stack), seen: None } = stack(&answered, || ()) else {
            panic!("it has said where it is")
        };
        assert_eq!(stack, "true");
    }
}

//! Who is in the library, and what of the process and of the thread is put back before another client is.
//!
//! Whoever has C called for a client, or ends what a client has left, has a [`Stay`] for that time. Its beginning is the one
//! place where the process is put back. What runs inside of a call, because C asks, runs inside of its stay. So while there is
//! no stay, no thread of the zone's runs code of the library's.
//!
//! One of the modules of this crate that contain `unsafe`.

use crate::native::state::{OnlyThread, State, restore_process};
use cloison_contract::interface::Sandbox;
use cloison_contract::message::ChannelId;
use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Which clients are in the library, on the zone's threads.
pub struct Occupancy {
    /// How the threads began.
    state: State,
    /// How many there are.
    threads: usize,
    /// How many the library may have beside them.
    library_threads: u32,
    /// Where there are several.
    clients: Mutex<Clients>,
}

/// Who is there.
#[derive(Default)]
struct Clients {
    stays: usize,
    latest: Option<ChannelId>,
}

/// One client is in the library on one thread, until this is dropped.
#[must_use]
pub struct Stay<'a>(&'a Occupancy);

impl Occupancy {
    /// For so many threads in a zone of that sandbox, all of which are as `state` says.
    pub fn new(sandbox: &Sandbox, threads: usize, state: State) -> Self {
        Self { state, threads, library_threads: sandbox.processes, clients: Mutex::default() }
    }

    /// The client enters, on a thread on which nobody is and `latest` was the latest. Nothing that the previous one's calls
    /// changed on this thread must be there, nor in the process, if no other thread runs the library's code now. (While one
    /// does, what it changes in the process is there for all: that is what `thread_safe` promises to be harmless, and what a
    /// library with threads of its own has to see to.)
    #[inline]
    pub fn enter(&self, client: ChannelId, latest: &Cell<Option<ChannelId>>) -> Stay<'_> {
        let id = Some(client);
        if self.threads > 1 {
            let mut clients = self.clients();
            if clients.stays == 0 && clients.latest.is_some_and(|latest| latest != client) {
                // SAFETY: there is no stay, nor can one begin: that takes this lock.
                unsafe { self.restore_process() };
            }
            clients.latest = id;
            clients.stays += 1;
        }
        if latest.get() != id && latest.replace(id).is_some() {
            self.state.restore_thread();
            if self.threads == 1 {
                // SAFETY: there is one thread, this one, on which nobody is yet.
                unsafe { self.restore_process() };
            }
        }
        Stay(self)
    }

    /// Puts back what is the process's, where no thread of the library's own may be using it.
    ///
    /// # Safety
    ///
    /// There is no stay, nor does one begin meanwhile.
    unsafe fn restore_process(&self) {
        // SAFETY: the zone's threads run the library's code in stays alone; the rest is the caller's promise.
        let alone = unsafe { OnlyThread::between_calls(self.library_threads) };
        alone.iter().for_each(restore_process);
    }

    fn clients(&self) -> MutexGuard<'_, Clients> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Stay<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.0.threads > 1 {
            self.0.clients().stays -= 1;
        }
    }
}

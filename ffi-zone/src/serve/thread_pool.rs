//! A service and its threads, before it begins and while it runs.

use crate::callback::questions::Callbacks;
use crate::marshal::Marshal;
use crate::marshal::refusal::empty_reply;
use crate::native::state::State;
use crate::serve::affinity::Affinity;
use crate::serve::batch::Single;
use crate::serve::front::Front;
use crate::serve::workers::{Gate, Job, Station};
use crate::serve::{Ended, Service, Unready};
use crate::start::limits;
use cloison_transport::control::{Control, ControlError};
use cloison_transport::server::Server;
use cloison_transport::status::Row;
use std::rc::Rc;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, mpsc};

/// A service, with its threads, that has not begun.
pub struct Crew {
    pub(crate) service: Arc<Service>,
    pub(crate) station: Rc<Station>,
}

impl Crew {
    /// Makes the threads. This one is the first.
    pub fn new(control: Arc<Control>, server: Server, marshal: Marshal, state: State) -> Result<Self, Unready> {
        let interface = &marshal.functions().interface;
        let threads = limits::serving(&interface.sandbox) as usize;
        let rows: Vec<Row> = (0..threads).map_while(|thread| server.row(thread)).collect();
        if rows.len() < threads {
            return Err(Unready::TooManyThreads);
        }
        let mut rows = rows.into_iter();
        let first = rows.next().ok_or(Unready::TooManyThreads)?;
        let callbacks = Callbacks::new(interface).map_err(|(id, error)| {
            let name = interface.functions.get(id.0 as usize).map_or("?", |function| &function.name);
            Unready::Callback(name.to_owned(), error)
        })?;
        let affine = if threads > 1 { Affinity::of(interface) } else { Affinity::default() };
        let singles = interface.functions.iter().map(Single::of).collect();
        let front = Mutex::new(Front { server, clients: Vec::new(), leaving: Vec::new() });
        let (running, gate) = (Mutex::default(), Gate::default());
        let service = Arc::new(Service {
            control,
            marshal,
            callbacks,
            state,
            threads,
            row: first.clone(),
            affine,
            singles,
            front,
            running,
            gate,
            alone: AtomicBool::new(false),
        });
        let station = Station::settle(&service.marshal, first).map_err(std::io::Error::from)?;
        rows.try_for_each(|row| hire(&service, row)).inspect_err(|_| service.gate.end(None))?;
        Ok(Crew { service, station })
    }
}

impl Crew {
    /// Serves until the broker is gone, or says something that no broker says.
    pub fn serve(self) -> Ended {
        let (service, station) = (&self.service, &*self.station);
        Station::be_first();
        service.gate.open();
        if service.affine.is_none() {
            service.work(station);
        } else {
            service.first(station);
        }
        service.gate.end(None);
        service.gate.reason().unwrap_or(Ended::Control(ControlError::Closed))
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.service.gate.end(None);
    }
}

impl Service {
    /// The first thread's loop, where objects belong to it.
    fn first(self: &Arc<Self>, station: &Station) {
        let mut reply = Box::new(empty_reply());
        while let Some(job) = self.gate.next() {
            match job {
                Job::Call(client, request) => self.run_one(&client, station, &request, &mut reply),
                Job::End(client, told) => self.end(&client, told),
                Job::Sweep => self.sweep(),
                Job::Hide { client, row, words, hidden } => {
                    self.free_hidden(&row, self.marshal.handles().hide_all(client, &words));
                    // Whoever asked waits for it.
                    let _ = hidden.send(());
                }
                Job::Nested { client, row, request, reply: sender } => {
                    let told = self.conversed(&client, station, &row, &request, &mut reply);
                    // Whoever asked waits for it.
                    let _ = sender.send((told, reply.clone()));
                }
            }
        }
    }
}

/// Another thread: it waits at the gate with its station ready.
fn hire(service: &Arc<Service>, row: Row) -> std::io::Result<()> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let service = service.clone();
    let run = move || {
        let station = Station::settle(&service.marshal, row);
        let ready = station.as_ref().map(|_| ()).map_err(|error| (*error).into());
        // If nobody hears it, the gate ends.
        let _ = sender.send(ready);
        if let Ok(station) = station
            && service.gate.pass()
        {
            service.work(&station);
        }
    };
    std::thread::Builder::new().name("calls".to_owned()).stack_size(limits::STACK_BYTES as usize).spawn(run)?;
    receiver.recv().unwrap_or_else(|_| Err(std::io::Error::other("a thread has ended early")))
}

//! A service and its threads, before it begins and while it runs.

use crate::callback::target::Callbacks;
use crate::marshal::Marshal;
use crate::marshal::refusal::empty_reply;
use crate::native::occupancy::Occupancy;
use crate::native::state::State;
use crate::serve::affinity::Affinity;
use crate::serve::batch::Single;
use crate::serve::dispatcher::Dispatcher;
use crate::serve::observer::Observer;
use crate::serve::workers::{Job, JobQueue, WorkerContext};
use crate::serve::{ServeError, Service, Unready};
use crate::start::limits;
use cloison_transport::control::{Control, ControlError};
use cloison_transport::server::Server;
use cloison_transport::status::ThreadRow;
use std::rc::Rc;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, mpsc};

/// A service, with its threads, that has not begun.
pub struct ThreadPool {
    pub(crate) service: Arc<Service>,
    pub(crate) context: Rc<WorkerContext>,
}

impl ThreadPool {
    /// Makes the threads. This one is the first.
    pub fn new(
        control: Arc<Control>,
        server: Server,
        marshal: Marshal,
        state: State,
        observer: Option<Arc<dyn Observer>>,
    ) -> Result<Self, Unready> {
        let interface = &marshal.functions().interface;
        let threads = limits::serving(&interface.sandbox) as usize;
        let rows: Vec<ThreadRow> = (0..threads).map_while(|thread| server.row(thread)).collect();
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
        let singles = (0..)
            .zip(&interface.functions)
            .map(|(id, function)| Single::of(function, interface.deadline(id)))
            .collect();
        let dispatcher = Mutex::new(Dispatcher { server, clients: Vec::new(), leaving: Vec::new() });
        let occupancy = Occupancy::new(&interface.sandbox, threads, state);
        let service = Arc::new(Service {
            control,
            marshal,
            callbacks,
            occupancy,
            threads,
            row: first.clone(),
            affine,
            singles,
            dispatcher,
            queue: JobQueue::default(),
            alone: AtomicBool::new(false),
            observer,
        });
        let context = WorkerContext::settle(&service.marshal, first).map_err(std::io::Error::from)?;
        rows.try_for_each(|row| hire(&service, row)).inspect_err(|_| service.queue.end(None))?;
        Ok(ThreadPool { service, context })
    }
}

impl ThreadPool {
    /// Serves until the broker is gone, or says something that no broker says.
    pub fn serve(self) -> ServeError {
        let (service, context) = (&self.service, &*self.context);
        WorkerContext::be_first();
        service.queue.open();
        if service.affine.is_none() {
            service.work(context);
        } else {
            service.first(context);
        }
        service.queue.end(None);
        service.queue.reason().unwrap_or(ServeError::Control(ControlError::Closed))
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        self.service.queue.end(None);
    }
}

impl Service {
    /// The first thread's loop, where objects belong to it.
    fn first(self: &Arc<Self>, context: &WorkerContext) {
        let mut reply = Box::new(empty_reply());
        while let Some(job) = self.queue.next() {
            match job {
                Job::Call(client, request) => self.run_one(&client, context, &request, &mut reply),
                Job::End(client, told) => self.end(&client, told),
                Job::Sweep => self.sweep(),
                Job::Hide { client, row, words, hidden } => {
                    self.free_hidden(&row, self.marshal.handles().hide_all(client, &words));
                    // Whoever asked waits for it.
                    let _ = hidden.send(());
                }
                Job::Nested { client, row, request, reply: sender } => {
                    let told = self.conversed(&client, context, &row, &request, &mut reply);
                    // Whoever asked waits for it.
                    let _ = sender.send((told, reply.clone()));
                }
            }
        }
    }
}

/// Another thread: it makes its context and waits until the queue opens.
fn hire(service: &Arc<Service>, row: ThreadRow) -> std::io::Result<()> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let service = service.clone();
    let run = move || {
        let context = WorkerContext::settle(&service.marshal, row);
        let ready = context.as_ref().map(|_| ()).map_err(|error| (*error).into());
        // If nobody hears it, the queue ends.
        let _ = sender.send(ready);
        if let Ok(context) = context
            && service.queue.pass()
        {
            service.work(&context);
        }
    };
    std::thread::Builder::new().name("calls".to_owned()).stack_size(limits::STACK_BYTES as usize).spawn(run)?;
    receiver.recv().unwrap_or_else(|_| Err(std::io::Error::other("a thread has ended early")))
}

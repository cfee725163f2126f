//! From the broker's first messages to serving.
//!
//! ```text
//!  receive ─▶ jail ─────────────▶ functions ─▶ serve
//!  Serve,     root, Landlock,     addresses     calls
//!  its own     filter; `Jailed`    `Ready`
//! ```
//!
//! A service opens nothing and loads nothing on the way, so that it has one filter from the jail to its end.

use crate::service::ReceivedService;
use crate::{execute, log};
use cloison_contract::Interface;
use cloison_contract::message::{FromZone, ToZone};
use cloison_sandbox::{Enclosed, Jail, Spec};
use cloison_transport::account::Account;
use cloison_transport::control::Control;
use cloison_transport::server::Server;
use cloison_zone::marshal::Marshal;
use cloison_zone::marshal::functions::{FunctionError, Functions};
use cloison_zone::native::ffi::Code;
use cloison_zone::native::state::State;
use cloison_zone::serve::ServeError;
use cloison_zone::serve::thread_pool::ThreadPool;
use cloison_zone::start::failure::{Failure, StartStep};
use cloison_zone::start::limits;
use std::fmt::Display;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

/// What the broker sends before anything else.
struct Received {
    interface: Interface,
    service: ReceivedService,
    status: OwnedFd,
    account: OwnedFd,
}

/// Starts the service that the broker asks for, and serves until the broker is gone.
///
/// # Errors
///
/// The step that has failed.
pub fn run(control: &Arc<Control>) -> Result<ServeError, Failure> {
    let received = receive(control)?;
    let jail = jail(control, &received)?;
    tell(control, StartStep::Jail, &FromZone::Jailed(jail.jailed()))?;
    let Received { interface, service, status, account } = received;
    let server = Server::new(status).map_err(failed(StartStep::Jail))?;
    let account = Account::open(&account).map_err(failed(StartStep::Jail))?;
    let symbol = service.symbols();
    service.serve(account, control).map_err(failed(StartStep::Load))?;
    let marshal = Marshal::new(functions(interface, symbol)?);
    let pool = ThreadPool::new(control.clone(), server, marshal, State::of_this_thread(), log::observer());
    let pool = pool.map_err(failed(StartStep::Seal))?;
    tell(control, StartStep::Seal, &FromZone::Ready { layers: jail.layers().to_vec() })?;
    Ok(pool.serve())
}

fn receive(control: &Control) -> Result<Received, Failure> {
    let fail = failed(StartStep::Receive);
    let (message, descriptors) = control.receive::<ToZone>().map_err(failed(StartStep::Receive))?;
    let (interface, service) = match message {
        ToZone::Serve { interface, service } => (interface, service),
        // It becomes another program, or fails.
        ToZone::Execute(execution) => return Err(execute::run(control, *execution, descriptors)),
        _ => return Err(fail("the first message is neither `Serve` nor `Execute`")),
    };
    let Ok([status, account]) = <[OwnedFd; 2]>::try_from(descriptors) else {
        return Err(fail("`Serve` comes with the status page and the account"));
    };
    let service = ReceivedService::receive(*service, control, &status).map_err(failed(StartStep::Receive))?;
    Ok(Received { interface: *interface, service, status, account })
}

/// Enters the sandbox. Of the processes that this makes, only the worker returns.
fn jail(control: &Control, received: &Received) -> Result<Jail<Enclosed>, Failure> {
    let Received { interface, service, .. } = received;
    let mut spec = Spec::service(limits::of(&interface.sandbox), service.contents(limits::threads(&interface.sandbox)));
    spec.may_be_missing = interface.sandbox.may_be_missing.clone();
    spec.descriptors = vec![received.status.as_fd(), received.account.as_fd()];
    spec.descriptors.extend(service.kept());
    // If the broker does not hear it, it is gone.
    let announce = |worker, init| drop(control.send(&FromZone::Split { worker, init }, &[]));
    cloison_sandbox::enter(spec, control.as_fd(), &announce)
        .map_err(|error| Failure::new(StartStep::Jail, &error).hint(error.hint()))
}

fn functions(interface: Interface, symbol: fn(&str) -> Option<Code>) -> Result<Functions, Failure> {
    let source = interface.source.clone();
    let failure = |(id, error): (cloison_contract::FunctionId, FunctionError)| {
        Failure::new(StartStep::Symbol, format_args!("{source}: function {}: {error}", id.0))
    };
    let missing = |name: &str| Symbol::Missing(name.to_owned());
    crate::pointers::functions(interface, symbol, missing).map_err(|error| match error {
        Symbol::Missing(name) => Failure::new(StartStep::Symbol, format_args!("{source}: there is no `{name}`")),
        Symbol::Unfit(id, error) => failure((id, error)),
    })
}

/// Why a function cannot be offered.
enum Symbol {
    Missing(String),
    Unfit(cloison_contract::FunctionId, FunctionError),
}

impl From<(cloison_contract::FunctionId, FunctionError)> for Symbol {
    fn from((id, error): (cloison_contract::FunctionId, FunctionError)) -> Self {
        Self::Unfit(id, error)
    }
}

fn failed<E: Display>(step: StartStep) -> impl Fn(E) -> Failure {
    move |error| Failure::new(step, error)
}

fn tell(control: &Control, step: StartStep, message: &FromZone) -> Result<(), Failure> {
    control.send(message, &[]).map_err(failed(step))
}

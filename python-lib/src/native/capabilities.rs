//! The module `_cloison`'s part that is about capabilities as such: narrowing them, giving them away, taking them back.

use crate::call::connection;
use crate::call::function::line_of_program;
use crate::call::session::{Provenance, Session};
use crate::errors;
use crate::objects::held::HeldGrant;
use crate::objects::object::Capability;
use crate::objects::process::Process;
use cloison_contract::grant::Grant;
use cloison_contract::message::{CapabilityName, FromMicroprocess, LINE_BYTES, NarrowRequest, ToMicroprocess};
use cloison_contract::{FunctionId, offered};
use cloison_transport::status::monotonic;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyDictRef, PyUtf8StrRef};
use rustpython_vm::convert::ToPyObject;
use rustpython_vm::{FromArgs, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine};
use std::rc::Rc;

/// The arguments of `_cloison.narrow`.
#[derive(FromArgs)]
pub struct NarrowArguments {
    #[pyarg(positional)]
    capability: PyRef<Capability>,
    #[pyarg(named)]
    functions: Option<Vec<PyUtf8StrRef>>,
    #[pyarg(named)]
    bounds: Vec<Vec<PyUtf8StrRef>>,
    #[pyarg(named)]
    rate: Option<PyUtf8StrRef>,
    #[pyarg(named)]
    calls: Option<u64>,
    #[pyarg(named)]
    bytes: Option<u64>,
    #[pyarg(named)]
    cpu_ms: Option<u64>,
    #[pyarg(named)]
    expires_ms: Option<u64>,
    #[pyarg(named)]
    delegate: bool,
    #[pyarg(named)]
    callbacks: bool,
    #[pyarg(named)]
    lease: bool,
}

/// Another capability, that allows less.
pub fn narrow(arguments: NarrowArguments, vm: &VirtualMachine) -> PyResult<PyRef<Capability>> {
    let session = arguments.capability.session(vm)?;
    let session = session.current();
    let text = |text: &PyUtf8StrRef| text.as_str().to_owned();
    let pair = |pair: &Vec<PyUtf8StrRef>| match &pair[..] {
        [function, bound] => Ok((text(function), text(bound))),
        _ => Err(vm.new_type_error("bounds: pairs of a function and an expression are wanted")),
    };
    let by = NarrowRequest {
        functions: arguments.functions.map(|names| names.iter().map(text).collect()),
        bounds: arguments.bounds.iter().map(pair).collect::<PyResult<_>>()?,
        rate: arguments.rate.as_ref().map(text),
        calls: arguments.calls,
        bytes: arguments.bytes,
        cpu_ms: arguments.cpu_ms,
        expires_ms: arguments.expires_ms,
        personal: !arguments.delegate,
        quiet: !arguments.callbacks,
        is_lease: arguments.lease,
    };
    let at = Some(line_of_program(vm)).filter(|at| at.len() <= LINE_BYTES).unwrap_or_default();
    let question = FromMicroprocess::Narrow { capability: session.held.reference(), by: Box::new(by), at };
    match connection::ask(&question, vm)? {
        (ToMicroprocess::Narrowed { capability, edition, .. }, _) if edition != session.edition => {
            // The zone was replaced: what this process knows of it is not so any more.
            let held = HeldGrant::received(capability);
            let narrowed = Session::describe(CapabilityName::Referred(held.reference()), vm)?;
            Ok(Capability::of(narrowed).into_ref(&vm.ctx))
        }
        (ToMicroprocess::Narrowed { capability, grant, edition }, _) => {
            let described = &session.description;
            let held = HeldGrant::received(capability);
            let from = Provenance {
                location: described.location.clone(),
                server: session.server,
                edition,
                recorded: session.recorded,
            };
            let narrowed = Session::new(&described.name, described.interface.clone(), grant, from, held);
            Ok(Capability::of(narrowed).into_ref(&vm.ctx))
        }
        (answer, _) => Err(refused(session, answer, vm)),
    }
}

/// Let a process hold a capability.
pub fn give_to(capability: &Capability, to: &Process, vm: &VirtualMachine) -> PyResult<()> {
    connection::give(&[capability.reference(vm)?], to.reference(), vm)
}

/// Take it back from all who hold it.
pub fn revoke(capability: &Capability, vm: &VirtualMachine) -> PyResult<()> {
    let reference = capability.reference(vm)?;
    match connection::ask(&FromMicroprocess::Revoke { capability: reference }, vm)? {
        (ToMicroprocess::Done, _) => Ok(()),
        (answer, _) => Err(connection::no_capability("", answer, vm)),
    }
}

/// What it allows, as a dict.
pub fn describe(capability: &Capability, vm: &VirtualMachine) -> PyResult<PyDictRef> {
    let session = capability.session(vm)?;
    // Whoever runs the application may have narrowed it meanwhile.
    let question = FromMicroprocess::Describe { capability: CapabilityName::Referred(session.held.reference()) };
    let known = &session.description.interface;
    let (interface, grant) = match connection::ask(&question, vm)? {
        (ToMicroprocess::Described { interface, grant, .. }, _) => (Rc::new(*interface), grant),
        (ToMicroprocess::DescribedService { grant, .. }, _) => (known.clone(), grant),
        (answer, _) => return Err(refused(&session, answer, vm)),
    };
    let (interface, grant) = (&interface, &grant);
    let name = |index: usize| interface.functions.get(index).map(|function| function.name.as_str());
    let text = |text: &str| -> PyObjectRef { vm.ctx.new_str(text).into() };
    let functions = grant.functions.iter().filter_map(|id| name(id.0 as usize)).map(text).collect();
    let bounds = grant
        .bounds
        .iter()
        .filter_map(|(id, bound)| Some(vm.ctx.new_tuple(vec![text(name(id.0 as usize)?), text(&bound.text)]).into()));
    // Of a zone's functions, `help` says what they take.
    let offered = interface.functions.iter().enumerate().filter(|_| session.server.is_some());
    let offered = offered.filter(|(index, _)| grant.allows(FunctionId(*index as u32)));
    let parameters = offered.map(|(_, function)| {
        let taken = offered::parameters(function).iter().map(|one| text(one)).collect();
        vm.ctx.new_tuple(vec![text(&function.name), vm.ctx.new_tuple(taken).into()]).into()
    });
    let number = |number: Option<u64>| number.to_pyobject(vm);
    let quota = &grant.quota;
    let rate = quota.rate.map(|rate| (rate.calls, rate.period_ms as f64 / 1000.0));
    let dict = vm.ctx.new_dict();
    for (key, value) in [
        ("name", text(&session.description.name)),
        ("number", session.held.reference().number.to_pyobject(vm)),
        ("functions", vm.ctx.new_tuple(functions).into()),
        ("parameters", vm.ctx.new_tuple(parameters.collect()).into()),
        ("where", vm.ctx.new_tuple(bounds.collect()).into()),
        ("rate", rate.to_pyobject(vm)),
        ("calls", number(quota.calls)),
        ("bytes", number(quota.bytes)),
        ("cpu", quota.cpu_ns.map(|cpu| cpu as f64 / 1e9).to_pyobject(vm)),
        ("expires", expires(grant).to_pyobject(vm)),
        ("delegate", (!grant.personal).to_pyobject(vm)),
        ("callbacks", (!grant.quiet).to_pyobject(vm)),
        ("location", text(&session.description.location)),
    ] {
        dict.set_item(key, value, vm)?;
    }
    Ok(dict)
}

/// In how many seconds it ends.
fn expires(grant: &Grant) -> Option<f64> {
    let now = u64::try_from(monotonic().as_nanos()).unwrap_or(u64::MAX);
    grant.expires_ns.map(|at| at.saturating_sub(now) as f64 / 1e9)
}

#[cold]
fn refused(session: &Session, answer: ToMicroprocess, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let name = &*session.description.name;
    match answer {
        ToMicroprocess::Invalid { message } => vm.new_value_error(format!("capability '{name}': {message}")),
        ToMicroprocess::Because(end) => errors::not_alive(&format!("capability '{name}'"), &end, vm),
        answer => connection::no_capability(name, answer, vm),
    }
}

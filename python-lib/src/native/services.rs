//! The module `_cloison`'s part that is about services: capabilities of functions that a microprocess serves itself.

use crate::call::connection;
use crate::call::session::Session;
use crate::errors;
use crate::errors::ends::revoked;
use crate::mail;
use crate::objects::held::HeldGrant;
use crate::objects::object::Capability;
use crate::objects::process::Process;
use cloison_contract::message::{
    CapabilityName, FromMicroprocess, SERVICE_FUNCTIONS, SERVICE_NAME_BYTES, ToMicroprocess,
};
use cloison_contract::process::ProcessNumber;
use cloison_contract::{FunctionId, Grant};
use rustpython_vm::builtins::PyUtf8StrRef;
use rustpython_vm::{PyPayload, PyRef, PyResult, VirtualMachine};

/// Make a capability of functions of this process's own.
///
/// # Errors
/// `ValueError` if a name is none, `CapabilityDenied` if there are as many services as there may be.
pub fn offer(name: &PyUtf8StrRef, functions: &[PyUtf8StrRef], vm: &VirtualMachine) -> PyResult<PyRef<Capability>> {
    let server = mail::myself(false, vm)?.reference();
    let name = name.as_str().to_owned();
    let functions: Vec<_> = functions.iter().map(|function| function.as_str().to_owned()).collect();
    // The broker looks at them again; what is longer than any question does not get there.
    let long = std::iter::once(&name).chain(&functions).find(|name| name.len() > SERVICE_NAME_BYTES);
    if long.is_some() || functions.len() > SERVICE_FUNCTIONS {
        return Err(vm.new_value_error(format!(
            "a service has {SERVICE_FUNCTIONS} functions at most, with names of {SERVICE_NAME_BYTES} characters at most"
        )));
    }
    let question = FromMicroprocess::Offer { name: name.clone(), functions: functions.clone() };
    match connection::ask(&question, vm)? {
        (ToMicroprocess::Offered(capability), _) => {
            let held = HeldGrant::received(capability);
            let grant = Grant::new((0..functions.len() as u32).map(FunctionId));
            let session = Session::of_service(&name, &functions, grant, server, held);
            Ok(Capability::of(session).into_ref(&vm.ctx))
        }
        (ToMicroprocess::Invalid { message }, _) => Err(vm.new_value_error(message)),
        (answer, _) => Err(connection::no_capability(&name, answer, vm)),
    }
}

/// Who serves a capability, the number of its grant, and its name; `None` if it has a zone.
pub fn server_of(capability: &Capability, vm: &VirtualMachine) -> PyResult<Option<(PyRef<Process>, u64, String)>> {
    let session = capability.session(vm)?;
    let (number, name) = (session.held.reference().number, session.description.name.to_string());
    Ok(session.server.map(|server| (mail::process(server, vm), number, name)))
}

/// Why a capability is not alive, as the end of a sentence; `None` if it is.
pub fn end(capability: &Capability, vm: &VirtualMachine) -> PyResult<Option<&'static str>> {
    let meant = CapabilityName::Referred(capability.reference(vm)?);
    match connection::ask(&FromMicroprocess::Describe { capability: meant }, vm)? {
        (ToMicroprocess::Because(end), _) => Ok(Some(revoked(&end))),
        (ToMicroprocess::DescribedService { .. }, _) => Ok(None),
        (answer, _) => Err(connection::no_capability(capability.name(), answer, vm)),
    }
}

/// Whether a process may call a function of a service of this one's: the number of the service, or the class of an exception and its text.
pub fn admit(
    (grant, client): (u64, ProcessNumber),
    function: &str,
    bytes: u64,
    vm: &VirtualMachine,
) -> PyResult<(Option<u64>, &'static str, String)> {
    // A client may have sent anything.
    if function.len() > SERVICE_NAME_BYTES {
        return Ok((None, "CapabilityDenied", "no function of a service has so long a name".to_owned()));
    }
    let question = FromMicroprocess::Admit { grant, client, function: function.to_owned(), bytes };
    match connection::ask(&question, vm)? {
        (ToMicroprocess::Admitted { service }, _) => Ok((Some(service), "", String::new())),
        (ToMicroprocess::Denied { message }, _) => Ok((None, "CapabilityDenied", message)),
        (ToMicroprocess::Exceeded { message }, _) => Ok((None, "QuotaExceeded", message)),
        (ToMicroprocess::Because(end), _) => Ok((None, "Revoked", format!("the grant {}", revoked(&end)))),
        _ => Err(errors::new("Error", "the broker gave an answer to another question", &[], vm)),
    }
}

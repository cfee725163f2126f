//! The module `_cloison`'s part that is about services: capabilities of functions that a microprocess serves itself.

use crate::call::connection;
use crate::call::session::Session;
use crate::errors;
use crate::errors::ends::revoked;
use crate::mail;
use crate::native::served::ServedCall;
use crate::objects::held::HeldGrant;
use crate::objects::object::Capability;
use crate::objects::process::Process;
use cloison_contract::message::{
    CapabilityName, FromMicroprocess, SERVICE_FUNCTIONS, SERVICE_NAME_BYTES, SERVICE_PARAMETERS, ToMicroprocess,
};
use cloison_contract::offered::{OfferedFunction, OfferedParameter, OfferedType};
use cloison_contract::process::ProcessNumber;
use cloison_contract::{FunctionId, Grant};
use rustpython_vm::builtins::PyUtf8StrRef;
use rustpython_vm::{PyPayload, PyRef, PyResult, VirtualMachine};

/// Make a capability of functions of this process's own.
///
/// # Errors
/// `ValueError` if a name is none, `CapabilityDenied` if there are as many services as there may be.
///
/// Each function is its name, and for each of its parameters the name and the annotation.
pub fn offer(name: &PyUtf8StrRef, functions: &[Vec<PyUtf8StrRef>], vm: &VirtualMachine) -> PyResult<PyRef<Capability>> {
    let server = mail::myself(false, vm)?.reference();
    let name = name.as_str().to_owned();
    let functions: Vec<_> = functions.iter().filter_map(|function| offered(function)).collect();
    // The broker looks at them again; what is longer than any question does not get there.
    let names = functions.iter().flat_map(|function| {
        let parameters = function.parameters.iter().map(|parameter| &parameter.name);
        std::iter::once(&function.name).chain(parameters)
    });
    let long = std::iter::once(&name).chain(names).any(|name| name.len() > SERVICE_NAME_BYTES);
    let many = functions.iter().any(|function| function.parameters.len() > SERVICE_PARAMETERS);
    if long || many || functions.len() > SERVICE_FUNCTIONS {
        return Err(vm.new_value_error(format!(
            "a service has {SERVICE_FUNCTIONS} functions at most, of {SERVICE_PARAMETERS} parameters, with names of {SERVICE_NAME_BYTES} \
             characters at most"
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

fn offered(function: &[PyUtf8StrRef]) -> Option<OfferedFunction> {
    let (name, parameters) = function.split_first()?;
    let parameter = |[name, annotation]: &[PyUtf8StrRef; 2]| OfferedParameter {
        name: name.as_str().to_owned(),
        takes: OfferedType::of(annotation.as_str()),
    };
    let parameters = parameters.as_chunks().0.iter().map(parameter).collect();
    Some(OfferedFunction { name: name.as_str().to_owned(), parameters })
}

/// Whether a process may call a function of a service of this one's: the call, or the class of an exception and its text.
pub fn admit(
    (grant, client): (u64, ProcessNumber),
    function: &str,
    bytes: u64,
    vm: &VirtualMachine,
) -> PyResult<(Option<PyRef<ServedCall>>, &'static str, String)> {
    // A client may have sent anything.
    if function.len() > SERVICE_NAME_BYTES {
        return Ok((None, "CapabilityDenied", "no function of a service has so long a name".to_owned()));
    }
    let question = FromMicroprocess::Admit { grant, client, function: function.to_owned(), bytes };
    match connection::ask(&question, vm)? {
        (ToMicroprocess::Admitted { service, call, bounds }, _) => {
            let served = ServedCall::new(service, call, bounds).into_ref(&vm.ctx);
            Ok((Some(served), "", String::new()))
        }
        (ToMicroprocess::Denied { message }, _) => Ok((None, "CapabilityDenied", message)),
        (ToMicroprocess::Exceeded { message }, _) => Ok((None, "QuotaExceeded", message)),
        (ToMicroprocess::Because(end), _) => Ok((None, "Revoked", format!("the grant {}", revoked(&end)))),
        _ => Err(errors::new("Error", "the broker gave an answer to another question", &[], vm)),
    }
}

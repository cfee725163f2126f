//! `net`: names, sockets and TLS, as far as one capability grants them.

use cloison_contract::host::NetService;
use cloison_contract::message::Machine;
use cloison_sandbox::{ServedNetwork, ServedPorts, ServiceContents};
use cloison_transport::account::Account;
use cloison_transport::control::Control;
use cloison_zone::native::ffi::Code;
use std::sync::{Arc, OnceLock};

/// The service.
#[derive(Debug)]
pub struct Net {
    _service: NetService,
}

/// The one of this process.
static NET: OnceLock<Net> = OnceLock::new();

impl Net {
    /// From inside the jail.
    pub fn new(service: NetService, _machine: Machine, _account: Account, _control: Arc<Control>) -> Self {
        Self { _service: service }
    }
}

/// Makes it the one that the functions of the manifest serve.
///
/// # Errors
///
/// There is one already.
pub fn serve(net: Net) -> Result<(), &'static str> {
    NET.set(net).map_err(|_| "a process serves one capability")
}

/// What the sandbox has inside: no file, and the machine's network at the ports that the capability names.
pub fn contents(service: &NetService, _machine: &Machine, threads: u32) -> ServiceContents<'static> {
    let ports = |places: &[cloison_contract::host::net::NetPlace]| {
        let each: Option<Vec<u16>> = places.iter().map(|place| place.port).collect();
        each.map_or(ServedPorts::All, ServedPorts::These)
    };
    let names = service.has_names();
    let mut connect = ports(&service.connect);
    if let (true, ServedPorts::These(ports)) = (names, &mut connect) {
        // Name servers, asked by TCP for what is too long for UDP.
        ports.push(53);
        ports.extend(service.name_servers.iter().map(|server| server.port()));
    }
    let network = ServedNetwork { connect, listen: ports(&service.listen), datagrams: names };
    ServiceContents { folders: Vec::new(), scratch: None, network: Some(network), threads }
}

/// The function of that name.
pub fn symbol(_name: &str) -> Option<Code> {
    None
}

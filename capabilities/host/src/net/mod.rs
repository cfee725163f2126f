//! `net`: names, connections and TLS, as far as one capability grants them.
//!
//! | module | does |
//! |---|---|
//! | `names` | asks who has which address, and remembers it |
//! | `socket` | connects, listens, sends, receives |
//! | `options` | options of sockets that are known to be harmless |
//! | `poller` | waits for several sockets at once |
//! | `wait` | waits, until the broker says otherwise |
//! | `tls` | TLS over sockets, and from bytes to bytes |
//! | `endpoint` | addresses as bytes |
//! | `failure` | errors, with a sentence |
//! | `inside` | what the service for HTTP has of this one |
//! | `kernel` | system calls without a safe wrapper |
//! | `exports` | the functions of the manifest |
//!
//! # Who keeps a program to what it was granted
//!
//! The addresses that it connects to, looked at right before (`Net::connect`): in a list, or one that a granted name was found to have and
//! that is not special. Nothing is allowed because of a name alone, and no name is asked for again in between. Ports are Landlock's as
//! well. That there is no other way to a network than by TCP is the filter's part.
//!
//! A process serves one client, and so it waits inside of calls. Whatever comes from the broker meanwhile ends the wait.

mod endpoint;
#[allow(unsafe_code, reason = "the functions of the manifest, which take addresses")]
mod exports;
mod failure;
mod inside;
#[allow(unsafe_code, reason = "system calls without a safe wrapper")]
mod kernel;
mod names;
mod options;
mod poller;
mod socket;
mod tls;
mod wait;

pub use exports::symbol;
pub(crate) use failure::{NetFailure, explanation, keep as keep_failure};
pub(crate) use inside::served;
pub(crate) use socket::Socket;
pub(crate) use wait::{Until, ready};

use cloison_contract::host::NetService;
use cloison_contract::host::net::{NetPlace, is_localhost, is_special};
use cloison_contract::message::Machine;
use cloison_contract::observation::ServiceUse;
use cloison_sandbox::{ServedNetwork, ServedPorts, ServiceContents, ServiceKind};
use cloison_transport::account::Account;
use cloison_transport::control::Control;
use cloison_zone::serve::recorder;
use names::{HostNames, Remembered};
use rustix::io::Errno;
use rustls::RootCertStore;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, OnceLock};

/// The service.
#[derive(Debug)]
pub struct Net {
    service: NetService,
    account: Account,
    control: Arc<Control>,
    names: HostNames,
    remembered: Remembered,
    /// Whom the machine trusts: its text, and what has been understood of it once somebody needs it.
    roots_text: Vec<u8>,
    roots: OnceLock<RootCertStore>,
    /// How many connections there are.
    open: AtomicU32,
}

/// The one of this process.
static NET: OnceLock<Net> = OnceLock::new();

impl Net {
    /// From inside the jail.
    pub fn new(service: NetService, machine: Machine, account: Account, control: Arc<Control>) -> Self {
        let names = HostNames::new(&service, &machine);
        Self {
            service,
            account,
            control,
            names,
            remembered: Remembered::default(),
            roots_text: machine.roots,
            roots: OnceLock::new(),
            open: AtomicU32::new(0),
        }
    }

    fn broker(&self) -> BorrowedFd<'_> {
        self.control.as_fd()
    }

    /// The line that grants it.
    fn location(&self) -> &str {
        &self.service.location
    }

    fn machine_roots(&self) -> &RootCertStore {
        self.roots.get_or_init(|| tls::machine_roots(&self.roots_text))
    }

    /// Whether there may be a connection to that address: it is named, or a named one has led there.
    fn may_connect(&self, address: SocketAddr) -> bool {
        let leads = |name: &str| self.service.leads(name, address);
        self.service.reaches(address) || self.remembered.find(address.ip(), leads).is_some()
    }

    /// Tells where a connection goes, if the application is recorded: the name that has led there, and the address where no name is
    /// enough.
    fn note_place(&self, address: SocketAddr) {
        let name = self.remembered.find(address.ip(), |name| self.service.names(name, address.port()));
        let enough = name.as_deref().is_some_and(|name| is_localhost(name) || !is_special(address.ip().to_canonical()));
        let port = address.port();
        if let Some(host) = name {
            recorder::note(|| ServiceUse::Connect { host, port });
        }
        if !enough {
            recorder::note(|| ServiceUse::Connect { host: address.ip().to_canonical().to_string(), port });
        }
    }

    /// Why a name that has led to an address does not grant it.
    fn why_not(&self, address: SocketAddr) -> Option<String> {
        let name = self.remembered.find(address.ip(), |name| self.service.names(name, address.port()))?;
        is_special(address.ip()).then(|| {
            format!(
                "{name} leads there, but no name grants a private, loopback, link-local or otherwise special address"
            )
        })
    }

    fn not_granted(
        &self,
        what: &str,
        address: SocketAddr,
        key: &str,
        why: impl FnOnce(SocketAddr) -> Option<String>,
    ) -> NetFailure {
        let address = SocketAddr::new(address.ip().to_canonical(), address.port());
        let why = why(address).map(|why| format!(" ({why})")).unwrap_or_default();
        let location = self.location();
        let text =
            format!("to {what} {address} is not granted{why}: \"{address}\" would have to be in `{key}` at {location}");
        NetFailure::new(Errno::ACCESS, text)
    }

    /// `connect …` and `listen …`
    fn grants(&self) -> String {
        let lines = |word: &'static str, places: &[NetPlace]| -> String {
            places.iter().map(|place| format!("{word} {place}\n")).collect()
        };
        lines("connect", &self.service.connect) + &lines("listen", &self.service.listen)
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

/// The port that name servers are asked at.
const NAME_SERVER_PORT: u16 = 53;

/// What the sandbox has inside: no file, and the machine's network at the ports that the capability names.
pub fn contents(service: &NetService, threads: u32) -> ServiceContents<'static> {
    let ports = |places: &[NetPlace]| {
        let each: Option<Vec<u16>> = places.iter().map(|place| place.port).collect();
        each.map_or(ServedPorts::All, ServedPorts::These)
    };
    let names = service.has_names();
    let mut connect = ports(&service.connect);
    if let (true, ServedPorts::These(ports)) = (names, &mut connect) {
        // Name servers, asked by TCP for what is too long for UDP.
        ports.push(NAME_SERVER_PORT);
        ports.extend(service.name_servers.iter().map(SocketAddr::port));
    }
    let network = ServedNetwork { connect, listen: ports(&service.listen), datagrams: names };
    ServiceContents::without_folders(ServiceKind::Net(network), threads)
}

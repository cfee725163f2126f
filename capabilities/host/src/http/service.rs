//! The functions of `http.zone.toml` that are not those of `net.zone.toml`.

use super::network::Outside;
use super::{Destination, Http, conversation, trust};
use crate::net::{Net, NetFailure, Socket};
use cloison_contract::host::HttpService;
use cloison_contract::host::http::{Secret, split_authority};
use cloison_contract::message::{FromZone, Machine};
use cloison_transport::account::Account;
use cloison_transport::control::Control;
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

/// The stack of a thread that speaks with a program and a server.
const STACK_BYTES: usize = 512 << 10;
/// How long the log waits after a line of a client's.
const LOG_EVERY: Duration = Duration::from_millis(200);

/// The service of this process.
static SERVED: OnceLock<Served> = OnceLock::new();

/// What serves a capability, with its clients' connections.
#[derive(Debug)]
pub(super) struct Served {
    http: Arc<Http>,
    /// Where connections lead, by what the kernel calls their ends: a number that is never used again.
    places: Mutex<BTreeMap<u64, Weak<Destination>>>,
    open: AtomicU32,
}

/// Makes it the one that the functions of the manifest serve. From inside the jail.
///
/// # Errors
///
/// There is one already, or TLS cannot be had.
pub fn serve(
    service: HttpService,
    machine: &Machine,
    secrets: Vec<Secret>,
    net: &'static Net,
    control: Arc<Control>,
) -> Result<(), &'static str> {
    let trust = trust::config(&machine.roots).map_err(|_| "TLS cannot be had")?;
    let log = DenialLog { control, account: net.account(), refused: AtomicU64::new(0), latest: Mutex::new(None) };
    let network = Box::new(Outside { net, service: service.clone() });
    let http = Http { service, secrets, trust: Arc::new(trust), network, idle: Mutex::default(), log: Some(log) };
    let served = Served { http: Arc::new(http), places: Mutex::default(), open: AtomicU32::new(0) };
    SERVED.set(served).map_err(|_| "a process serves one capability")
}

/// The one of this process.
pub(super) fn served() -> Result<&'static Served, Errno> {
    SERVED.get().ok_or(Errno::NOSYS)
}

impl Served {
    /// A connection for requests to a host.
    pub(super) fn connect(&'static self, host: &[u8], port: u32) -> Result<Socket, NetFailure> {
        let text = std::str::from_utf8(host).unwrap_or_default();
        // An IPv6 address comes without brackets from those who have it as an address.
        let text = if text.contains(':') && !text.starts_with('[') { format!("[{text}]") } else { text.to_owned() };
        let host = split_authority(text.strip_suffix('.').unwrap_or(&text));
        let (Some((host, None)), Ok(port)) = (host, u16::try_from(port)) else {
            return Err(NetFailure::new(Errno::INVAL, "this is no host and port"));
        };
        let service = &self.http.service;
        if !service.knows(&host, port) {
            let (capability, location) = (&service.capability, &service.location);
            let text = format!(
                "nothing may be requested of {host}:{port} by capability `{capability}`: `allow` at {location}"
            );
            return Err(NetFailure::new(Errno::ACCESS, text));
        }
        let most = service.connections;
        if self
            .open
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| (open < most).then_some(open + 1))
            .is_err()
        {
            let text =
                format!("{most} connections are open, which is the most: `connections` of `{}`", service.capability);
            return Err(NetFailure::new(Errno::MFILE, text));
        }
        self.begin(host, port).inspect_err(|_| {
            self.open.fetch_sub(1, Ordering::Relaxed);
        })
    }

    fn begin(&'static self, host: String, port: u16) -> Result<Socket, NetFailure> {
        let (socket, ours) = Socket::with_other_end()?;
        let place = Arc::new(Destination::new(host, port));
        let cookie = rustix::net::sockopt::socket_cookie(socket.as_fd())?;
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|_, place| place.strong_count() > 0);
        places.insert(cookie, Arc::downgrade(&place));
        drop(places);
        let http = self.http.clone();
        let run = move || {
            conversation::converse(&http, &place, ours);
            self.open.fetch_sub(1, Ordering::Relaxed);
        };
        let thread = std::thread::Builder::new().name("request".to_owned()).stack_size(STACK_BYTES).spawn(run);
        thread.map_err(|error| {
            NetFailure::new(
                Errno::from_io_error(&error).unwrap_or(Errno::AGAIN),
                "there is no room for another connection",
            )
        })?;
        Ok(socket)
    }

    /// From now on a connection is `https`.
    pub(super) fn secure(&self, socket: &Socket, name: &[u8]) -> Result<(), NetFailure> {
        let cookie = rustix::net::sockopt::socket_cookie(socket.as_fd())?;
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let place = places.get(&cookie).and_then(Weak::upgrade);
        drop(places);
        let Some(place) = place else {
            return Err(NetFailure::new(Errno::NOTCONN, "this connection leads to no server"));
        };
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        let plain = name.strip_suffix('.').unwrap_or(&name);
        if plain != place.host && format!("[{plain}]") != place.host {
            let text = format!("this connection is to {}, and not to {plain}", place.host);
            return Err(NetFailure::new(Errno::ACCESS, text));
        }
        if !place.secure() {
            return Err(NetFailure::new(Errno::ISCONN, "this connection has begun already"));
        }
        Ok(())
    }

    /// The rules, a line for each.
    pub(super) fn grants(&self) -> Vec<u8> {
        let lines = self.http.service.rules.iter().map(|rule| format!("{rule}\n"));
        lines.collect::<String>().into_bytes()
    }
}

/// The longest line for the log. A long message would go in a memfd, which the filter refuses to make.
const LINE_CHARACTERS: usize = 1000;

/// What is counted, and what the broker hears of.
#[derive(Debug)]
pub(super) struct DenialLog {
    control: Arc<Control>,
    pub(super) account: &'static Account,
    refused: AtomicU64,
    latest: Mutex<Option<Instant>>,
}

impl DenialLog {
    /// One more was refused, or could not be made. Who is refused often is not heard of each time.
    pub(super) fn refused(&self, text: &str) {
        let count = self.refused.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.is_none_or(|latest| latest.elapsed() >= LOG_EVERY) {
            *latest = Some(Instant::now());
            let text = text.chars().take(LINE_CHARACTERS).collect();
            // If the broker does not hear it, it is gone.
            let _ = self.control.send(&FromZone::Refused { count, text }, &[]);
        }
    }
}

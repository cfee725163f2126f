//! `http`: requests that the rules of one capability allow, to servers that it names.
//!
//! A program has one end of a socket pair and writes requests of HTTP/1.1 into it, as if a server were there. A thread of this process
//! is at the other end.
//!
//! | module | does |
//! |---|---|
//! | `head` | heads of requests and answers → what they say, strictly |
//! | `body` | where a body ends |
//! | `mask` | secrets in what servers say → `*` |
//! | `own_answer` | what a program is told instead of an answer |
//! | `conversation` | one connection of a program: requests in, answers out |
//! | `program`, `upstream`, `wait` | the two sockets, and waiting |
//! | `trust` | who may vouch for servers |
//! | `network` | names and addresses, as the service for networks has them |
//! | `service` | programs' connections |
//! | `exports` | the functions of the manifest; those of sockets are the service for networks' |
//!
//! # Who keeps what inside
//!
//! What may be requested, `cloison_contract::host::http` says, which is pure logic. That nothing else is, says `conversation`: it writes
//! each message anew, from what was parsed. A secret is in this process alone, is written into requests alone, and only into those
//! that the rules allow.

mod body;
mod conversation;
#[allow(unsafe_code, reason = "the functions of the manifest, which take addresses")]
mod exports;
mod head;
mod mask;
mod network;
mod own_answer;
mod program;
mod service;
mod trust;
mod upstream;
mod wait;

use cloison_contract::host::http::{HttpSecret, HttpService, Scheme, Secret, address};
use cloison_contract::host::net::is_localhost;
use cloison_transport::account::ByteCount;
use cloison_transport::counting::after;
use cloison_transport::status::monotonic;
use cloison_zone::native::ffi::Code;
use mask::Mask;
use own_answer::OwnAnswer;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use service::DenialLog;
use std::fmt;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use upstream::{Upstream, UpstreamFault};
use wait::Patience;

pub use service::serve;

/// The function of that name.
pub fn symbol(name: &str) -> Option<Code> {
    exports::symbol(name).or_else(|| crate::net::symbol(name))
}

/// How many connections are kept for the next request, and how long.
const IDLE: usize = 8;
const IDLE_TIME: Duration = Duration::from_secs(30);

/// Where connections come from.
trait Network: Send + Sync + fmt::Debug {
    /// A socket that is connected to that host, or why there is none.
    fn connect(&self, host: &str, port: u16, patience: &Patience) -> Result<OwnedFd, Unreached>;
}

/// Why there is no connection.
#[derive(Debug)]
enum Unreached {
    /// The program is told.
    Refused(OwnAnswer),
    UpstreamFault(UpstreamFault),
}

impl From<UpstreamFault> for Unreached {
    fn from(fault: UpstreamFault) -> Self {
        Self::UpstreamFault(fault)
    }
}

/// What serves one capability.
#[derive(Debug)]
struct Http {
    service: HttpService,
    /// In the order of `service.secrets`.
    secrets: Vec<Secret>,
    trust: Arc<ClientConfig>,
    network: Box<dyn Network>,
    idle: Mutex<Vec<Idle>>,
    /// Who hears of what was refused.
    log: Option<DenialLog>,
}

/// A connection that waits for the next request.
#[derive(Debug)]
struct Idle {
    scheme: Scheme,
    host: String,
    port: u16,
    server: Upstream,
    since: Instant,
}

impl Http {
    /// The secrets that go with a request there. In the clear, they stay on this machine.
    fn secrets_for(&self, scheme: Scheme, host: &str) -> Vec<(&HttpSecret, &Secret)> {
        let local = is_localhost(host) || address(host).is_some_and(|address| address.is_loopback());
        if scheme == Scheme::Http && !local {
            return Vec::new();
        }
        let chosen = self.service.secrets_for(host).into_iter();
        chosen.filter_map(|index| self.service.secrets.get(index).zip(self.secrets.get(index))).collect()
    }

    fn connect(&self, scheme: Scheme, place: &Destination, patience: &Patience) -> Result<Upstream, Unreached> {
        let socket = self.network.connect(&place.host, place.port, patience)?;
        match scheme {
            Scheme::Http => Ok(Upstream::plain(socket)),
            Scheme::Https => {
                let name = match address(&place.host) {
                    Some(address) => ServerName::IpAddress(address.into()),
                    None => ServerName::try_from(place.host.clone()).map_err(|_| {
                        Unreached::Refused(OwnAnswer::server(format!(
                            "{}: no certificate can be for this name",
                            place.host
                        )))
                    })?,
                };
                Ok(Upstream::secure(socket, name, self.trust.clone(), patience)?)
            }
        }
    }

    /// A connection to that place that was kept no longer than that.
    fn take_idle(&self, scheme: Scheme, place: &Destination, longest: Duration) -> Option<Upstream> {
        let is_it = |one: &Idle| {
            one.scheme == scheme && one.host == place.host && one.port == place.port && one.since.elapsed() < longest
        };
        // Looked at without the lock, which all requests take.
        let latest = || {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.retain(|one| one.since.elapsed() < IDLE_TIME);
            let found = idle.iter().rposition(is_it)?;
            Some(idle.swap_remove(found).server)
        };
        loop {
            let mut server = latest()?;
            if server.is_quiet() {
                return Some(server);
            }
        }
    }

    fn keep_idle(&self, scheme: Scheme, place: &Destination, server: Upstream) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|one| one.since.elapsed() < IDLE_TIME);
        if idle.len() == IDLE {
            idle.remove(0);
        }
        idle.push(Idle { scheme, host: place.host.clone(), port: place.port, server, since: Instant::now() });
    }

    /// Counts a request, if there may be one more.
    fn admit(&self) -> Result<(), OwnAnswer> {
        let Some(log) = &self.log else { return Ok(()) };
        let (service, account) = (&self.service, log.account);
        let at = &service.location;
        if let Some(rate) = service.rate {
            let now = monotonic().as_nanos() as u64;
            if account.advance(|ready_at| after(rate, ready_at, now)).is_err() {
                return Err(OwnAnswer::quota(format!(
                    "more than {} requests in {} ms: `rate` of the capability at {at}",
                    rate.calls, rate.period_ms
                )));
            }
        }
        match service.requests {
            Some(most) if !account.take_bytes(ByteCount::Written, 1, most) => Err(OwnAnswer::quota(format!(
                "all {most} requests of this capability have been made: `calls` of the capability at {at}"
            ))),
            _ => Ok(()),
        }
    }

    /// A request was refused, or could not be made, or its answer was cut off.
    fn note(&self, text: &str) {
        if let Some(log) = &self.log {
            log.refused(&String::from_utf8_lossy(&Mask::text(&self.secrets, text.as_bytes())));
        }
    }
}

/// Where a program's connection leads.
#[derive(Debug)]
struct Destination {
    host: String,
    port: u16,
    /// [`Destination::OPEN`] and the like.
    state: AtomicU8,
}

impl Destination {
    /// No request yet: it may still become `https`.
    const OPEN: u8 = 0;
    const PLAIN: u8 = 1;
    const SECURE: u8 = 2;

    fn new(host: String, port: u16) -> Self {
        Self { host, port, state: AtomicU8::new(Self::OPEN) }
    }

    /// From now on requests are `https`. Whether they can be: a first one may have been taken in the clear.
    fn secure(&self) -> bool {
        self.state.compare_exchange(Self::OPEN, Self::SECURE, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// A request has come. From now on it is settled what they are.
    fn begin(&self) -> Scheme {
        let before = self.state.compare_exchange(Self::OPEN, Self::PLAIN, Ordering::SeqCst, Ordering::SeqCst);
        match before {
            Err(Self::SECURE) => Scheme::Https,
            _ => Scheme::Http,
        }
    }

    /// What `Host` says.
    fn authority(&self, scheme: Scheme) -> String {
        if self.port == scheme.port() { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }
}

#[cfg(test)]
mod tests;

//! The broker: the trusted process.
//!
//! Trust domain: it may do everything its user may, so it does little: it starts the template and the zones, keeps the
//! process table, opens call channels, sees every exit, restarts zones, and takes everything down with it. It never runs
//! Python and never loads a library; every byte from another process is checked against its own tables.
//!
//! It is one thread around one `epoll` set ([`reactor`]). Nothing in it waits for a peer, nor for whoever reads what it
//! says: requests that cannot be answered yet are queued at the zone they are for, a zone that is ended is waited for in
//! the set, and whoever subscribes to its log (`tracing`) must not write in the calling thread.
//!
//! | module | subject |
//! |---|---|
//! | [`application`] | an application on disk: its manifest, its zones, its sources; what is asked to be run |
//! | [`capabilities`] | who may do what: the table of grants, profiles, services of microprocesses |
//! | [`processes`] | templates, microprocesses, and which of them comes first |
//! | [`zones`] | zones and their libraries: start, attach, deadlines, end |
//! | [`audit`] | what becomes of authority, written down in lines that hang together |
//! | `recording` | what an application does while it is recorded, and which files a zone opens |
//! | [`services`] | finds and opens what a host service needs of the machine |
//! | `runs` | programs of the machine that a service has started: start, orders, time, end |
//! | [`launch`] | starts the three other binaries with a control socket and nothing else |
//! | [`child`] | a process of ours: its pidfd, its end |
//! | [`family`] | a sandboxed process and what came with it: launcher, worker, init |
//! | [`broker`] | the tables, and one turn of the loop; the modules above add methods to [`Broker`] |
//! | [`reactor`] | one `epoll` set, and what each descriptor in it means |
//! | [`limiter`] | how often it says what a program makes it say: pure |
//! | [`signals`] | SIGINT, SIGTERM and SIGHUP as events; with `processes::scheduling`, the only module with `unsafe` |
//! | [`inspection`] | what `cloison ps`, `inspect` and `kill` ask |
//! | [`warm`] | templates that are started before anybody asks: `cloison up` |
//! | [`doctor`] | what is enforced on this kernel, by trying |
#![deny(unsafe_code)]

pub mod application;
pub mod audit;
pub mod broker;
pub mod capabilities;
pub mod child;
pub mod doctor;
pub mod family;
pub mod inspection;
pub mod launch;
pub mod limiter;
pub mod processes;
pub mod reactor;
mod recording;
mod runs;
pub mod services;
pub mod signals;
pub mod warm;
pub mod zones;

pub use broker::{Broker, Exit, Pid, StandardStreams};
pub use cloison_transport::status::monotonic;
pub use processes::signal_name;
pub use rustix::process::Signal;

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
//! | [`application`] | an application on disk: its manifest, its zones, its sources |
//! | [`explain`] | what an application may do, in plain words, and what its manifests say, to be compared |
//! | `grants` | who may do what: a table of all capabilities, and what was narrowed from which |
//! | [`profiles`] | what `[microprocess.NAME]` leaves of them, and its limits: pure |
//! | `capabilities` | what the broker does with them: describes, narrows, gives, takes back |
//! | `offered` | services that microprocesses serve: who may call what of them |
//! | [`audit`] | what becomes of authority, written down in lines that hang together |
//! | `record`, `watch` | what an application does while it is recorded, and which files a zone opens |
//! | [`request`] | what somebody asks to be run, and which manifest and folders count for it |
//! | [`files`] | reads manifests and scripts: regular files, of a size |
//! | [`sources`] | finds modules below the application's own folders, and nowhere else |
//! | [`folder`] | the application's own folders, to be looked at |
//! | [`library`] | finds a zone's library as the dynamic loader would, checks its hash, lists its symbols |
//! | [`services`] | finds and opens what a host service needs of the machine |
//! | [`launch`] | starts the three other binaries with a control socket and nothing else |
//! | [`child`] | a process of ours: its pidfd, its end |
//! | [`family`] | a sandboxed process and what came with it: launcher, worker, init |
//! | [`template`], `program` | the template: boots, forks; the one that has imported the program's own module |
//! | [`zone`] | zone instances: start, attach, deadlines, end, back-off |
//! | [`broker`] | the tables, and one turn of the loop |
//! | `process`, `blanks` | a microprocess, and those that wait for work |
//! | `processes`, `spawning`, `zones` | what the broker does with each, as further methods of [`Broker`] |
//! | `runs` | programs of the machine that a service has started: start, orders, time, end |
//! | [`reactor`] | one `epoll` set, and what each descriptor in it means |
//! | [`backoff`] | when a zone that keeps ending may start again: pure |
//! | [`limiter`] | how often it says what a program makes it say: pure |
//! | [`signals`] | SIGINT, SIGTERM and SIGHUP as events |
//! | `scheduling` | which microprocess comes first when processors are scarce; with `signals`, the only module with `unsafe` |
//! | [`inspection`] | what `cloison ps`, `inspect` and `kill` ask |
//! | [`warm`] | templates that are started before anybody asks: `cloison up` |
//! | [`doctor`] | what is enforced on this kernel, by trying |
#![deny(unsafe_code)]

pub mod application;
pub mod audit;
pub mod backoff;
mod blanks;
pub mod broker;
mod capabilities;
pub mod child;
pub mod doctor;
pub mod explain;
pub mod family;
pub mod files;
pub mod folder;
mod grants;
pub mod inspection;
pub mod launch;
pub mod library;
pub mod limiter;
mod offered;
mod process;
mod processes;
pub mod profiles;
mod program;
pub mod reactor;
mod record;
pub mod request;
mod runs;
mod scheduling;
pub mod services;
pub mod signals;
pub mod sources;
mod spawning;
pub mod template;
pub mod warm;
mod watch;
pub mod zone;
mod zones;

pub use broker::{Broker, Exit, Pid, StandardStreams};
pub use cloison_transport::status::monotonic;
pub use processes::signal_name;
pub use rustix::process::Signal;

//! The dangerous process: one C library in a sandbox of its own, serving calls.
//!
//! Trust domain: the zone. Nothing here protects anybody from a library that has taken this process over; the sandbox
//! and the broker do that. What this crate does protect, as long as the library behaves, is one client from
//! another and the library from its clients: every word of a request is checked before C sees it.
//!
//! ```text
//!  main ─▶ zone        spawned → jailed → loaded → serving, as types
//!            library   dlopen and dlsym, inside the sandbox
//!            crew      the threads that run calls (workers: what each needs)
//!            serve     the loop over the broker's messages (front) and the clients' requests (requests, batch)
//!              policy  may this client make this call now?
//!              marshal words → C arguments → call → words      (steps worked out once by plan)
//!                incoming, outgoing   records, objects, strings: what differs between the wire and C
//!                handles              who holds which object, and what ends with what
//!                ffi                  the call through libffi
//!              closures ─▶ questions    C calls a client's callable (trampolines: through which address)
//!                inquiry              C's arguments → words → C's results
//!                conversation         whose turn it is, while calls stand on questions and questions on calls
//! ```
//!
//! This is the only crate that links `libffi` and `libloading`. `unsafe` stands in [`ffi`], [`scratch`], [`retained`],
//! [`outgoing`], [`trampolines`], [`closures`], `inquiry`, [`state`], `library`, [`signals`], [`inherited`], and for single
//! calls into those in [`functions`], [`questions`], [`marshal`], `arguments`, `call`, `results` and `tidy`.
//!
//! What a call of numbers and buffers needs is allocated beforehand.

mod affinity;
mod arguments;
pub mod batch;
mod call;
pub mod callables;
mod clients;
pub mod closures;
mod conversation;
pub mod crew;
pub mod elf;
pub mod failure;
pub mod ffi;
mod front;
pub mod functions;
pub mod handles;
pub mod incoming;
pub mod inherited;
mod inquiry;
mod library;
pub mod limits;
pub mod marshal;
pub mod number;
pub mod outgoing;
pub mod passing;
mod per_call;
pub mod plan;
pub mod policy;
pub mod questions;
pub mod refusal;
mod requests;
mod results;
pub mod retained;
mod rooms;
pub mod scratch;
pub mod serve;
pub mod shapes;
pub mod signals;
pub mod state;
mod tidy;
pub mod trampolines;
mod workers;
pub mod workspace;
pub mod zone;

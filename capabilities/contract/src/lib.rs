//! The contract between the broker, the microprocesses and the zones: pure logic, no `unsafe`, no system calls.
//!
//! Trust domain: none of its own. Every process links this crate and none is protected by it; it says what may be asked
//! ([`Interface`], [`Grant`]) and how it is asked ([`call`], [`message`]). How people write it down is the matter of
//! `cloison-manifest`, which only the broker and the command link. Who enforces what is said in `docs/architecture.md`.
//!
//! | module | subject |
//! |---|---|
//! | [`interface`] | what a manifest means: functions and their parameters |
//! | [`shape`] | what a parameter is on its way through the wall; one file for each kind |
//! | [`types`] | C types as this machine's ABI lays them out |
//! | [`layout`] | where the members of structs and unions stand |
//! | [`wide`] | `long double` and complex numbers as bytes |
//! | [`expression`] | lengths, capacities and bounds: small checked arithmetic |
//! | [`grant`] | which part of an interface a holder may use; it can only be narrowed |
//! | [`host`] | what a host service is configured with |
//! | [`call`] | one call's request and reply, as words in shared memory |
//! | [`message`] | the control messages, as a table per socket |
//! | [`offered`] | functions that a microprocess offers to others |
//! | [`observation`] | what zones tell of calls while an application is recorded |
//! | [`passing`] | in which registers structs travel by value |
//! | [`printable`] | text from others, on its way to a terminal |
//! | [`process`] | references to microprocesses, reasons for their ends, messages to the router |
//! | [`layer`] | the layers of the sandbox, by name |
//! | [`signature`] | what Python sees of a function: signature and docstring |
//! | [`spelling`] | "did you mean" |
//! | [`sqlite`] | rows, parameters and arguments of SQLite as bytes |
#![forbid(unsafe_code)]

#[cfg(not(all(target_arch = "x86_64", target_os = "linux", target_pointer_width = "64", target_endian = "little")))]
compile_error!(
    "Cloison runs on x86-64 Linux alone: how C lays out and passes values, which system calls there are and what a \
     filter sees of them is written down for that machine"
);

pub mod call;
pub mod deterministic;
pub mod expression;
pub mod grant;
pub mod host;
pub mod interface;
pub mod layer;
pub mod layout;
pub mod message;
pub mod observation;
pub mod offered;
pub mod passing;
pub mod printable;
pub mod process;
pub mod shape;
pub mod signature;
pub mod spelling;
pub mod sqlite;
pub mod types;
pub mod wide;

pub use grant::Grant;
pub use interface::{Function, FunctionId, Interface};

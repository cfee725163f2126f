//! The host services: zones in Rust, which offer what the machine has.
//!
//! Trust domain: a zone's. Who takes a service over has what its sandbox lets it reach, and its clients' calls. A service
//! checks what its clients ask against what `cloison.toml` grants; the kernel, by mounts, Landlock and a filter, keeps it to
//! that where it can.
//!
//! A service is a zone like any other: the same control messages, the same channel, a manifest with C declarations, handles
//! that belong to a client. `cloison-zone` does all of that. What is different is where a function's address comes from (it is
//! linked in), and that nothing is loaded, so that there is one sandbox and no second one.
//!
//! | module | does |
//! |---|---|
//! | [`start`] | the broker's first messages → sandbox → functions → serving |
//! | `pointers` | what the functions of all manifests do with addresses |
//! | `service` | which service this process is, and what each has of its own on that way |
//! | [`files`] | files and folders below roots |
//! | [`http`] | requests that rules allow |
//! | [`log`] | records of the application's log |
//! | [`net`] | names, sockets, TLS |
//! | [`process`] | programs of the machine, as far as they may be started |
//! | `execute` | becomes such a program |
//!
//! `unsafe` is denied but for the modules `exports`, which are what C would be in another zone: they take addresses and
//! numbers from `cloison-zone`, by the manifest, and make references of them; and `kernel`, for system calls.
#![deny(unsafe_code)]

mod execute;
pub mod files;
pub mod http;
pub mod log;
pub mod net;
#[allow(unsafe_code, reason = "what the functions of all manifests do with addresses")]
mod pointers;
pub mod process;
mod service;
pub mod start;

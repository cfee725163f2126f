//! The dangerous process: one C library in a sandbox of its own, serving calls.
//!
//! Trust domain: the zone. Nothing here protects anybody from a library that has taken this process over; the sandbox
//! and the broker do that. What this crate does protect, as long as the library behaves, is one client from
//! another and the library from its clients: every word of a request is checked before C sees it.
//!
//! | folder | does |
//! |---|---|
//! | [`start`] | spawned → jailed → loaded → serving, as types |
//! | [`serve`] | the loop over the broker's messages (`dispatcher`) and the clients' requests (`requests`, [`batch`](serve::batch)); the threads that run calls (`workers`); may this client make this call now ([`policy`](serve::policy))? |
//! | [`marshal`] | words → C arguments → call → words, by the slots that a [`plan`](marshal::plan) has: one file for each `shape` |
//! | [`callback`] | C calls a client's callable: its arguments → words → what C gets back; whose turn it is meanwhile |
//! | [`companion`] | functions beside a library's own that make many of its calls in one |
//! | [`objects`] | who holds which object of the library, and what ends with what |
//! | [`native`] | the call itself, addresses that C calls, memory, the process: what the rest stands on |
//!
//! This is the only crate that links `libffi` and `libloading`. `unsafe` is denied everywhere but in three places: [`native`]; [`companion`];
//! and in [`marshal`] the modules `functions`, which calls C with what it has been given, `calling`, where arguments are complete,
//! `shape`, `results` and `outgoing`, which read what C has left, and `callback_call`, which reads and writes where C says.
//!
//! What a call of numbers and buffers needs is allocated beforehand.
#![deny(unsafe_code)]

pub mod callback;
#[allow(unsafe_code, reason = "calls the library by its addresses, as C beside it would")]
pub mod companion;
pub mod marshal;
#[allow(unsafe_code, reason = "the only way into C, and to memory that C uses")]
pub mod native;
pub mod objects;
pub mod serve;
pub mod start;

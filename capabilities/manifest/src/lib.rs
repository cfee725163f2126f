//! What people write → what the processes agree on: manifests, applications, C declarations, and what is said about
//! mistakes in them. Pure logic, no `unsafe`, no system calls.
//!
//! Trust domain: the broker's. Only the broker and the command link this crate; what it makes of a manifest is data of
//! `cloison-contract`, and that is all that a microprocess or a zone sees of it.
//!
//! | module | subject |
//! |---|---|
//! | [`keys`] | the keys of manifests: one table of all of them |
//! | [`manifest`] | `NAME.zone.toml` → [`Interface`](cloison_contract::Interface) |
//! | [`application`] | `cloison.toml` → [`application::Application`] |
//! | [`bundled`] | the bindings that come with Cloison, as data |
//! | [`declaration`] | C declarations → [`types`](cloison_contract::types) |
//! | [`expression`] | lengths, capacities and bounds as they are written |
//! | [`stub`] | what type checkers see of a capability: a `.pyi` |
//! | [`explain`] | what all of that lets a program do, in plain words |
//! | [`version`] | versions of interfaces, and which of them an application takes |
//! | [`difference`] | what one manifest grants that another one does not |
//! | [`recording`] | what an application was seen to do → the smallest `cloison.toml` for it |
//! | [`page`] | a page of documentation of a binding |
//! | [`diagnostic`] | errors that name file, line and column |
#![forbid(unsafe_code)]

pub mod application;
pub mod bundled;
pub mod declaration;
pub mod diagnostic;
pub mod difference;
mod document;
pub mod explain;
pub mod expression;
pub mod keys;
pub mod manifest;
pub mod page;
pub mod recording;
pub mod stub;
pub mod units;
pub mod version;

pub use units::size as parse_size;

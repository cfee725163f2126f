//! What the tests of behaviour share: projects in folders of their own, runs of the real binaries, and a look from
//! outside at what a run has left behind.
//!
//! | module | subject |
//! |---|---|
//! | [`binaries`] | where the binaries are, and a copy that every user can reach |
//! | [`project`] | a folder with an application, its manifests, its C libraries |
//! | [`run`] | one run of `cloison`: input, output, time, user |
//! | [`leftovers`] | processes, shared memory and files that a run should not have left |
//! | [`terminal`] | terminals that nobody sits at |
//! | [`compiler`] | the C compiler |
//! | [`libraries`] | libraries that a machine may have or not |
//! | [`server`] | servers on loopback that a test starts |
//! | [`cargo`] | what cargo knows of the workspace |
//!
//! A project has its own folder of (hard links to) the four binaries, so that the processes of a run can be told from all
//! others by the path that they were started with. Every finished run is checked for processes left behind.
//!
//! Tests that concern the walls run as each of [`run::users`]: whoever started them, and an ordinary user as well if that
//! was root.
#![forbid(unsafe_op_in_unsafe_fn)]

pub mod binaries;
pub mod cargo;
pub mod compiler;
pub mod conformance;
pub mod leftovers;
pub mod libraries;
pub mod project;
pub mod run;
pub mod server;
pub mod terminal;

pub use project::Project;
pub use run::{Output, User, users};

//! The microprocess: ordinary Python without native access.
//!
//! Trust domain: whatever the application's Python does, which is not trusted at all. This crate is the **language
//! wall**: a RustPython without `host_env`, whose native modules come from a table ([`modules`]), whose files, sockets
//! and other processes do not exist, and whose only ways out are three streams and the broker ([`native`]). The other
//! wall is the operating system's (`cloison-sandbox`), put up before the interpreter is.
//!
//! | module | subject |
//! |---|---|
//! | [`template`] | from `exec` to waiting for forks |
//! | `program`, `held_back` | a template that has imported the program's own module, and what it holds back meanwhile |
//! | [`microprocess`] | from the fork to the exit status |
//! | [`interpreter`] | how the VM is built |
//! | `package`, `documentation` | the Python part as Rust finds it; documentation of builtins that stand in for others |
//! | `immortal` | what a template has of the standard library is never counted |
//! | [`modules`] | which native modules there are, and why |
//! | [`objects`] | capabilities, and what belongs to them, as Python objects: `cloison.capability("zlib")` |
//! | [`call`] | one call: the channel, and what can happen between a request and its end |
//! | [`batch`] | many calls in one crossing |
//! | [`marshal`] | Python values ⇄ words and bytes, all checked |
//! | [`message`] | Python values as messages between microprocesses |
//! | [`errors`] | the exceptions |
//! | [`failure`] | what of an uncaught exception leaves the process |
//! | [`native`] | module `_cloison` |
//! | `deterministic` | a clock that the manifest sets, and randomness out of its seed |
//! | `mounts` | where this process sees files, and which services it has |
//! | [`corrections`] | what RustPython gets wrong and can be put right from here |
//! | [`sources`] | the source text of the standard library |
//! | [`link`] | the control socket |
//! | `contact` | whether anybody else could have heard of this process since it last looked |
//! | `mail` | the mailbox: messages, links, monitors, names |
//! | [`interrupt`], [`signals`], `signal_mask` | Ctrl-C |
//! | `seen` | where a signal finds a process in native code |
//! | [`memory`] | the budget, and what happens at its end |
//! | [`process`] | fork and exit |
//!
//! What a module asks of one that uses it is handed over by that one: [`interpreter`] says to [`interrupt`] who answers, `mail` to [`link`]
//! what becomes of a process that nobody waits for. So the first and the last lines of the table know nothing of the call path between.
//!
//! # When Python code runs
//!
//! Converting an argument can run Python code, and so can making an object or letting go of one; any of it may call the same
//! capability. So the channel is borrowed only while none can run: arguments are converted first and written then; results
//! are copied out as `Value`s first and made objects then; while a callable runs, nothing is borrowed.
//!
//! No class can be instantiated, copied or pickled from Python, and nothing of a channel can be seen there.
//!
//! The Python part (`Lib/cloison`, and beside it what stands for CPython's native modules, such as `posix` and `_socket`) is frozen into
//! the binary.

pub mod batch;
pub mod call;
mod contact;
pub mod corrections;
mod deterministic;
mod documentation;
pub mod errors;
pub mod failure;
mod held_back;
mod immortal;
pub mod interpreter;
pub mod interrupt;
pub mod link;
mod mail;
pub mod marshal;
pub mod memory;
pub mod message;
pub mod microprocess;
pub mod modules;
mod mounts;
pub mod native;
pub mod objects;
mod package;
pub mod process;
mod program;
mod seen;
mod signal_mask;
pub mod signals;
pub mod sources;
pub mod template;

pub use interpreter::{ExtraModules, no_extra_modules};
pub use template::main_with;

#[global_allocator]
static ALLOCATOR: memory::Counted = memory::Counted;

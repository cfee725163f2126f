//! The wall that the operating system builds around a process.
//!
//! Trust domain: the launcher, between the broker's `exec` and the first byte of anybody else's code. Everything here
//! runs before a module is imported or a library is loaded; what it cannot put up stops the start.
//!
//! # Words
//!
//! | word | meaning |
//! |---|---|
//! | launcher | the process that the broker started: it makes the other two and ends |
//! | init | process 1 of the new pid namespace: waits for the broker to hang up, and takes the namespace with it |
//! | worker | process 2, a child of the broker: becomes the template or the zone |
//! | lifeline | the control socket. Init never reads it; it waits for its far end to close |
//! | layer | one enforcement mechanism, reported as it is on this kernel ([`layer`]) |
//!
//! ```text
//!  broker ──exec──▶ launcher ──clone(CLONE_PARENT, new namespaces)──▶ init    waits on the lifeline
//!                      │  ────clone(CLONE_PARENT)────────────────────▶ worker  root, rights, Landlock, limits, seccomp
//!                      └─ exit(0)                                        └─▶ enter() returns here, and only here
//! ```
//!
//! # Order
//!
//! Steps that take away are ordered by what they need: mounts need capabilities, capabilities need no_new_privs to be
//! off, Landlock needs open, and seccomp comes last because it forbids all of those. The types follow that order:
//!
//! ```text
//!  Spec<Template> ─enter─▶ Jail<Template>            ─microprocess_seal─▶ MicroprocessSeal ─apply─▶ (in each child)
//!  Spec<Zone>     ─enter─▶ Jail<Loading>  ─(dlopen)─▶ ─seal─▶ Jail<Sealed>
//! ```
//!
//! Serving needs a [`Jail<Sealed>`], and there is no other way to one than through `seal`:
//!
//! ```compile_fail
//! fn serve(_: cloison_sandbox::Jail<cloison_sandbox::Sealed>) {}
//! fn wrong(jail: cloison_sandbox::Jail<cloison_sandbox::Loading>) {
//!     serve(jail)
//! }
//! ```
//!
//! ```
//! fn serve(_: cloison_sandbox::Jail<cloison_sandbox::Sealed>) {}
//! fn right(jail: cloison_sandbox::Jail<cloison_sandbox::Loading>) -> Result<(), cloison_sandbox::Error> {
//!     // dlopen(jail.library()) stands here.
//!     serve(jail.seal()?);
//!     Ok(())
//! }
//! ```
//!
//! # What it does not do
//!
//! It gives no right: whatever the worker may do it does over descriptors it was started with or is sent. It does
//! not hide the clock (RDTSC, the vDSO), nor stop speculative reads inside one process, nor count memory across a
//! namespace: limits are per process.
//!
//! # Its parent
//!
//! Worker and init ask to die with the *thread* that started the launcher (`PR_SET_PDEATHSIG` is about threads).
//! That thread has to live as long as they should.

mod credentials;
mod error;
mod fence;
mod init;
mod jail;
mod launch;
pub mod layer;
mod limits;
pub mod policy;
pub mod probe;
mod root;
mod seal;
mod spec;
mod sys;

pub use error::Error;
pub use jail::{Jail, Loading, Sealed, Template, enter};
pub use limits::Limits;
pub use seal::{MicroprocessLimits, MicroprocessSeal};
pub use spec::{LOADER_FILES, Layers, Library, Role, Spec, Zone};

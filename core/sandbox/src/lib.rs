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
//!  Spec<Template> ─enter─▶ Jail<Template> ─microprocess_seal─▶ MicroprocessSeal ─apply─▶ (in each child)
//!  Spec<ZoneContents> ─enter─▶ Jail<Loading> ─(dlopen)─▶ ─fence─▶ Jail<Fenced> ─(threads)─▶ ─seal─▶ Jail<Sealed>
//!                                                                 └─become_fork_server─▶ Jail<ForkServer>
//!                                                                                       └─in_child─▶ &Jail<Sealed>
//!  Spec<ServiceContents> ─enter─▶ Jail<Enclosed>
//!  Spec<CommandContents> ─enter─▶ Jail<Confined> ─execute─▶ (the program)
//! ```
//!
//! Serving calls of a library needs a [`Jail<Sealed>`], and there is no other way to one than through `seal` (which fences first, where that has
//! not been done), or as the child of a [`Jail<ForkServer>`]:
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
//! # What binds whom
//!
//! | code | bound by | because |
//! |---|---|---|
//! | a library's constructors | everything that `enter` puts up: namespaces, root, Landlock, limits, the loading policy | all of it stands before they run |
//! | a library's functions, when the constructors were honest | that and the seal: nothing is opened, nothing mapped as code | it is put on before the first call |
//! | a library's functions, when a constructor was hostile | what bound the constructor, and no more | see below |
//!
//! A constructor runs with the right to install filters, which the seal needs afterwards in the same process. A filter
//! may answer the seal's system calls with success and not make them. [`Jail::seal`] therefore tries what it has forbidden
//! and ends a zone in which that works; a constructor that answers those attempts as well, or never returns and speaks
//! to the broker itself, is not found out. What it keeps is the loading policy: it may read the loader's folders and map
//! files as code, a channel's memory too once it is sent one, in a process that has no files and no network but what its manifest names, no other
//! processes and no rights.
//!
//! # What it does not do
//!
//! It gives no right: whatever the worker may do it does over descriptors it was started with or is sent. It does
//! not hide the clock (RDTSC, the vDSO), nor stop speculative reads inside one process, nor count memory across a
//! namespace: limits are per process, but for the number of processes.
//!
//! # Its parent
//!
//! Worker and init ask to die with the *thread* that started the launcher (`PR_SET_PDEATHSIG` is about threads).
//! That thread has to live as long as they should.

mod credentials;
mod error;
mod fence;
mod fork_server;
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
pub use fork_server::{Ended, ForkServer, end};
pub use jail::{Confined, Enclosed, Execute, Fenced, Jail, Loading, Sealed, Template, enter};
pub use limits::{ResourceLimits, lower_cpu_seconds};
pub use root::harmless_device;
pub use seal::{MicroprocessLimits, MicroprocessSeal, end_with_parent};
pub use spec::{
    CommandContents, LOADER_FILES, Layers, LibraryFile, PlacedFolder, PrivateFolder, Role, ServedFolder, ServedNetwork,
    ServedPorts, ServiceContents, ServiceKind, Spec, ZoneContents,
};

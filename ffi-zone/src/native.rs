//! What is below marshalling: the way into C and out of it, memory whose address C knows, and the process itself.
//!
//! | module | does |
//! |---|---|
//! | [`function`] | calls a function of the library: this is where C is called |
//! | [`ffi`] | the call through libffi, or through registers alone |
//! | [`trampolines`], [`closures`] | addresses that C calls, and whom they lead to |
//! | [`fences`] | what stands behind the room that C writes to |
//! | [`scratch`], [`block`], [`arena`] | memory for one call; memory that stays; copies within a client's own |
//! | `library` | `dlopen` and `dlsym`, inside the sandbox |
//! | [`state`], [`occupancy`] | what a C function may have changed in this process, put back; when that is |
//! | [`inherited`], [`signals`] | how the process begins |

pub mod arena;
pub mod block;
pub mod closures;
pub mod fences;
pub mod ffi;
pub mod function;
pub mod inherited;
pub(crate) mod library;
pub mod occupancy;
pub mod scratch;
pub mod signals;
pub mod state;
pub mod trampolines;

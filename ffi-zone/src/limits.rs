//! What a zone may use up, from its manifest.
//!
//! Memory has two limits, because channels are memory too and belong to their clients:
//!
//! - **private memory** (`RLIMIT_DATA`) is what the manifest's `memory` means: heap and private mappings. Shared
//!   mappings, which channels are, do not count (and the seal forbids anonymous ones); nor does program text. To the
//!   manifest's figure comes, for each thread that runs calls, the scratch region, which is as large as one call may be,
//!   and a stack; and [`OWN_BYTES`] for this program and the writable parts of libraries.
//! - **address space** (`RLIMIT_AS`) bounds everything else that could be mapped. It must leave room for as many
//!   channels as an instance serves, so it is generous; it is finite so that reservations are.

use crate::crew::STACK_BYTES;
use crate::scratch::Scratch;
use cloison_capabilities::interface::{Instances, Sandbox};
use cloison_sandbox::Limits;
use cloison_transport::server::MAX_CHANNELS;

/// What this program, libc and the libraries' writable parts need.
pub const OWN_BYTES: u64 = 16 << 20;
/// What libraries map without writing to it: text and tables, of the largest ones too.
const TEXT_BYTES: u64 = 1 << 30;
/// What a channel has besides its arena, generously.
const CHANNEL_OVERHEAD_BYTES: u64 = 64 << 10;
/// A per-client instance has one client; a second channel may overlap with the first one's end.
const CHANNELS_PER_CLIENT: u64 = 4;

/// The limits of a zone with that `[sandbox]`.
pub fn of(sandbox: &Sandbox) -> Limits {
    let channels = match sandbox.instances {
        Instances::PerCall | Instances::PerClient => CHANNELS_PER_CLIENT,
        Instances::Shared => MAX_CHANNELS as u64,
    };
    let threads = u64::from(sandbox.threads.max(1));
    // The first thread's stack is not counted as data.
    let stacks = (STACK_BYTES as u64).saturating_mul(threads - 1);
    let scratch = Scratch::footprint(sandbox.call_bytes).saturating_mul(threads);
    let own = scratch.saturating_add(stacks).saturating_add(OWN_BYTES);
    let private = sandbox.memory_bytes.saturating_add(own);
    let shared = sandbox.call_bytes.saturating_add(CHANNEL_OVERHEAD_BYTES).saturating_mul(channels);
    Limits {
        address_space_bytes: Some(private.saturating_add(shared).saturating_add(TEXT_BYTES)),
        data_bytes: Some(private),
        descriptors: sandbox.descriptors,
        file_size_bytes: Some(sandbox.file_size_bytes),
        processes: Some(sandbox.processes),
        ..Limits::default()
    }
}

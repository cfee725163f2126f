//! What a zone may use up, from its manifest.
//!
//! Memory has two limits, because channels are memory too and belong to their clients:
//!
//! - **private memory** (`RLIMIT_DATA`) is what the manifest's `memory` means: heap and private mappings. Shared
//!   mappings, which channels are, do not count (and the seal forbids anonymous ones); nor does program text. To the
//!   manifest's figure come a scratch region for each thread that serves calls, which is as large as one call may be (calls
//!   inside of calls share it, as they share the arena), these threads' stacks, and [`OWN_BYTES`] for this program and the
//!   writable parts of libraries. The process of a call has the same limits as its fork server, and starts with what that uses.
//! - **address space** (`RLIMIT_AS`) bounds everything else that could be mapped. It must leave room for as many
//!   channels as an instance serves, so it is generous; it is finite so that reservations are.
//!
//! Processes are counted where there is a user namespace: the threads that serve calls besides the first, what the manifest
//! lets the library make (`processes`), and the process of a call.

use crate::native::scratch::Scratch;
use cloison_contract::interface::{Instances, Sandbox};
use cloison_sandbox::ResourceLimits;
use cloison_transport::server::MAX_CHANNELS;

/// What this program, libc and the libraries' writable parts need.
pub const OWN_BYTES: u64 = 16 << 20;
/// What libraries map without writing to it: text and tables, of the largest ones too.
const TEXT_BYTES: u64 = 1 << 30;
/// What a channel has besides its arena, generously.
const CHANNEL_OVERHEAD_BYTES: u64 = 64 << 10;

/// The stack of a thread that serves calls: what a library may expect, which is what the first thread has. Its pages are
/// used as they are needed, and counted from the start.
pub const STACK_BYTES: u64 = 8 << 20;
/// What the C library reserves for a thread's heap and does not use: address space alone.
const HEAP_RESERVE_BYTES: u64 = 128 << 20;

/// How many threads there may be in all, the first included.
pub fn threads(sandbox: &Sandbox) -> u32 {
    serving(sandbox).saturating_add(sandbox.processes)
}

/// How many threads serve calls. The fork server of calls is alone: who forks has to be.
pub fn serving(sandbox: &Sandbox) -> u32 {
    match sandbox.instances {
        Instances::PerCall => 1,
        Instances::PerClient | Instances::Shared => sandbox.threads.max(1),
    }
}

/// The limits of a zone with that `[sandbox]`.
pub fn of(sandbox: &Sandbox) -> ResourceLimits {
    // One client has a channel for each of its capabilities, and each has as many places as there are.
    let channels = MAX_CHANNELS as u64;
    let serving = u64::from(serving(sandbox));
    let scratch = Scratch::footprint(sandbox.call_bytes).saturating_mul(serving);
    let stacks = STACK_BYTES.saturating_mul(serving - 1);
    let private = sandbox.memory_bytes.saturating_add(scratch).saturating_add(stacks).saturating_add(OWN_BYTES);
    let heaps = HEAP_RESERVE_BYTES.saturating_mul(u64::from(threads(sandbox)) - 1);
    let shared = sandbox.call_bytes.saturating_add(CHANNEL_OVERHEAD_BYTES).saturating_mul(channels);
    ResourceLimits {
        address_space_bytes: Some(private.saturating_add(shared).saturating_add(heaps).saturating_add(TEXT_BYTES)),
        data_bytes: Some(private),
        descriptors: sandbox.descriptors,
        file_size_bytes: Some(sandbox.file_size_bytes),
        processes: Some((threads(sandbox) - 1).saturating_add(u32::from(sandbox.instances == Instances::PerCall))),
        ..ResourceLimits::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn sandbox(instances: Instances, threads: u32, processes: u32) -> Sandbox {
        Sandbox {
            memory_bytes: 64 << 20,
            deadline: Duration::from_secs(2),
            callables: Duration::from_secs(60),
            processes,
            descriptors: 64,
            file_size_bytes: 0,
            call_bytes: 1 << 20,
            instances,
            threads,
            files: vec![],
            connect: vec![],
            needed: vec![],
            environment: vec![],
            scratch_bytes: None,
            roots: vec![],
            may_be_missing: vec![],
        }
    }

    #[test]
    fn what_threads_need_does_not_come_out_of_the_library_s_memory() {
        let [one, four] = [1, 4].map(|threads| of(&sandbox(Instances::Shared, threads, 0)));
        let more = 3 * (STACK_BYTES + Scratch::footprint(1 << 20));
        assert_eq!(four.data_bytes.zip(one.data_bytes).map(|(four, one)| four - one), Some(more));
        let reserved = 3 * HEAP_RESERVE_BYTES + more;
        assert_eq!(four.address_space_bytes.zip(one.address_space_bytes).map(|(four, one)| four - one), Some(reserved));
    }

    /// Whoever is admitted as a client has room: of one client's capabilities each has a channel.
    #[test]
    fn there_is_room_for_every_channel_that_an_instance_may_have() {
        for instances in [Instances::Shared, Instances::PerClient, Instances::PerCall] {
            let limits = of(&sandbox(instances, 1, 0));
            let besides = limits.address_space_bytes.zip(limits.data_bytes).map(|(all, private)| all - private);
            assert!(besides >= Some((1 << 20) * MAX_CHANNELS as u64 + TEXT_BYTES), "{instances:?}");
        }
    }

    #[test]
    fn processes_are_counted() {
        for (instances, threads, processes, count) in [
            (Instances::Shared, 1, 0, 0),
            (Instances::Shared, 1, 2, 2),
            (Instances::Shared, 4, 2, 5),
            (Instances::PerClient, 4, 0, 3),
            (Instances::PerCall, 1, 0, 1),
            (Instances::PerCall, 4, 2, 3),
        ] {
            let sandbox = sandbox(instances, threads, processes);
            assert_eq!(of(&sandbox).processes, Some(count), "{instances:?} {threads} {processes}");
        }
        let all = sandbox(Instances::PerCall, u32::MAX, u32::MAX);
        assert!(of(&all).processes.is_some() && of(&all).data_bytes.is_some());
    }
}

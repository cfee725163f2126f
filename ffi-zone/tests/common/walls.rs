//! Whether something that a client can see is an address of this process.

use super::{Bench, CALL_BYTES};
use cloison_contract::call::Reply;
use std::ops::Range;

/// Everything that is mapped, but for what programs that are not randomised have near zero, and for the page that every
/// process has at the top.
fn mapped() -> Vec<Range<u64>> {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("maps");
    let range = |line: &str| {
        let (start, end) = line.split_once(' ')?.0.split_once('-')?;
        Some(u64::from_str_radix(start, 16).ok()?..u64::from_str_radix(end, 16).ok()?)
    };
    maps.lines().filter_map(range).filter(|range| (1 << 32..1 << 48).contains(&range.start)).collect()
}

/// Panics if a reply's words, or any eight bytes near the front of the arena, are an address.
pub fn no_address(bench: &Bench, reply: &Reply, name: &str) {
    let mapped = mapped();
    let is_address = |word: u64| (1 << 32..1 << 48).contains(&word) && mapped.iter().any(|range| range.contains(&word));
    for word in &reply.words[..reply.count as usize] {
        assert!(!is_address(*word), "{name}: the reply holds {word:x}");
    }
    let arena = bench.caller.arena().read(0, CALL_BYTES.min(1 << 14)).expect("in the arena");
    for bytes in arena.windows(8) {
        let word = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        assert!(!is_address(word), "{name}: the arena holds {word:x}");
    }
}

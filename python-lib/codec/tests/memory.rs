//! Decoding takes no more memory than there is: it asks for each piece, and what is refused is an error.

use cloison_codec::{DecodeError, Decoder, Objects, Owner};
use cloison_contract::shape::Lifetime;
use cloison_contract::types::TypeId;
use cloison_manifest::manifest;
use cloison_transport::channel::Channel;
use cloison_transport::client::Caller;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

static USED: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// Counts, as the microprocess's allocator does.
struct Counted;

// SAFETY: the system's allocator gets every request unchanged.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let used = USED.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(used, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counted = Counted;

const ZONE: &str = r#"
[zone]
name = "case"
version = "1.0.0"
library = { soname = "libc.so.6" }

[types.person]
c = "struct person { const char *mail; const char *nick; char name[8]; short counts[3]; };"
mail = { null = true }
nick = { null = true }
name = { text = true }

[functions.people]
c = "size_t people(struct person *out, size_t n)"
out = { out = true, capacity = "n", length = "return", max = "1 MiB" }

"#;

/// What may be used altogether.
struct Budget(usize);

impl Objects for Budget {
    type Object = u64;

    fn free_bytes(&self) -> u64 {
        self.0.saturating_sub(USED.load(Ordering::Relaxed)) as u64
    }

    fn handle(&self, _: TypeId, word: u64, _: Owner, _: Option<Lifetime>) -> u64 {
        word
    }

    fn registered(&self, block: u64, _: u64, _: Lifetime) -> u64 {
        block
    }

    fn view(&self, offset: u64, _: u64) -> u64 {
        offset
    }
}

/// Persons, whose words lead to texts behind them.
fn people(count: u64) -> Vec<u8> {
    const EACH: u64 = 32;
    let mut bytes = Vec::new();
    let mut behind = Vec::new();
    for _ in 0..count {
        for text in [&b"x"[..], &[b'y'; 1000]] {
            let at = EACH * count + behind.len() as u64;
            bytes.extend_from_slice(&(at + 1).to_le_bytes());
            behind.extend_from_slice(&(text.len() as u64).to_le_bytes());
            behind.extend_from_slice(text);
            behind.resize(behind.len().next_multiple_of(8), 0);
        }
        bytes.extend_from_slice(b"Jo\0\0\0\0\0\0\x01\0\x02\0\x03\0\0\0");
    }
    bytes.extend(behind);
    bytes
}

#[test]
fn a_value_is_never_built_with_memory_that_is_not_there() {
    const COUNT: u64 = 500;
    let interface = manifest::parse("case.zone.toml", ZONE).unwrap_or_else(|errors| panic!("{errors}"));
    let (_channel, descriptors) = Channel::create(1 << 20).expect("a channel");
    let caller = Caller::open(descriptors.channel, descriptors.terms).expect("its end");
    caller.arena().write(0, &people(COUNT)).expect("room");
    let function = interface.functions.iter().find(|function| function.name == "people").expect("it is there");
    let slots = function.reply_slots();

    let decode = |extra: usize| {
        let before = USED.load(Ordering::Relaxed);
        PEAK.store(before, Ordering::Relaxed);
        let objects = Budget(before + extra);
        let values = Decoder::new(&interface.types, caller.arena(), &objects).values(&slots, &[0, COUNT * 32]);
        (values.map(drop), PEAK.load(Ordering::Relaxed) - before)
    };
    let (whole, plenty) = decode(1 << 30);
    assert_eq!(whole, Ok(()));
    let (mut at_once, mut on_the_way) = (0, 0);
    for extra in (0..plenty * 2).step_by(plenty / 300) {
        let (ended, most) = decode(extra);
        assert!(most <= extra, "{most} bytes were taken of {extra}: {ended:?}");
        match ended {
            Ok(()) => assert!(extra >= plenty),
            // The records' own bytes are there, and no list yet.
            Err(DecodeError::Memory(_)) if most <= COUNT as usize * 32 => at_once += 1,
            Err(DecodeError::Memory(_)) => on_the_way += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(at_once > 50 && on_the_way > 50, "{at_once} {on_the_way}");
    assert_eq!(decode(plenty * 2).0, Ok(()));
}

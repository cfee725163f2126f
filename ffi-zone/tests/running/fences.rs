//! What stands behind the room that a library writes to: the real program, and a library that writes beyond.

use crate::common::Argument::{self, Bytes, Word};
use crate::common::{self, BOTH};
use crate::program::{Zone, signal};
use cloison_contract::call::{CLOSE, MAX_WORDS, NULL, Request, SYNC, Status};
use cloison_contract::interface::Instances;
use cloison_transport::client::CallError;
use cloison_transport::status::Overrun;
use rustix::process::Signal;
use std::time::Duration;

/// The functions of `fences.c` whose memory is a call's own.
fn start(instances: Instances) -> Zone {
    start_of("fences", instances)
}

fn start_of(manifest: &str, instances: Instances) -> Zone {
    Zone::start_with(common::manifest(manifest, instances), common::compile("fences.c", &[]))
}

const SHORT: Duration = Duration::from_millis(400);
const LONG: Duration = Duration::from_secs(20);

/// What the zone says of the call that ends it, and by which signal.
fn end(mut zone: Zone, name: &str, arguments: &[Argument<'_>]) -> (Option<Overrun>, Option<i32>) {
    let reply = zone.call(name, arguments, SHORT);
    assert_eq!(reply.err(), Some(CallError::DeadlineExceeded), "{name}");
    let status = zone.end();
    let running = zone.status.running().expect("it says what ran");
    assert_eq!(Some(running.function), zone.interface.function(name).map(|(id, _)| id.0));
    (running.overrun, status.terminating_signal())
}

fn overrun(parameter: u32, bytes: u64) -> Option<Overrun> {
    Some(Overrun { parameter: Some(parameter), bytes })
}

#[test]
fn a_buffer_may_be_filled_and_no_more() {
    for instances in BOTH {
        for room in [1, 16, 20, 4096, 65_536, 65_537, 200_000] {
            let mut zone = start(instances);
            let reply = zone.call("fill", &[Word(room), Word(room)], LONG).expect("a reply");
            assert_eq!((reply.status, reply.words[2]), (Status::Ok, room), "all of it is its own");
            let (said, by) = end(zone, "fill", &[Word(room), Word(room + 1)]);
            assert_eq!(said, overrun(0, room), "{instances:?}");
            assert!([signal(Signal::ABORT), signal(Signal::SEGV)].contains(&by), "{by:?}");
        }
    }
}

#[test]
fn how_far_it_writes_makes_no_difference() {
    for (instances, bytes) in [
        (Instances::Shared, 80),
        (Instances::Shared, 100_000),
        (Instances::Shared, 8 << 20),
        (Instances::PerClient, 80),
    ] {
        assert_eq!(end(start(instances), "fill", &[Word(16), Word(bytes)]).0, overrun(0, 16), "{instances:?} {bytes}");
    }
    // The other buffer has a fence of its own.
    assert_eq!(end(start(Instances::Shared), "both", &[Word(100), Word(100), Word(101)]).0, overrun(0, 100));
    assert_eq!(end(start(Instances::PerClient), "both", &[Word(100), Word(100), Word(101)]).0, overrun(0, 100));
}

/// Of two large rooms one ends at a page and the other at a pattern: whose writes have come through the pattern is told so.
#[test]
fn whoever_writes_through_a_pattern_to_a_page_is_named() {
    const LARGE: u64 = 100_000;
    let arguments = |bytes| [Word(LARGE), Word(LARGE + 1), Word(bytes)];
    for bytes in [LARGE + 2, 1 << 20] {
        assert_eq!(end(start(Instances::Shared), "second", &arguments(bytes)).0, overrun(2, LARGE + 1), "{bytes}");
        assert_eq!(end(start(Instances::Shared), "both", &arguments(bytes)).0, overrun(0, LARGE), "{bytes}");
    }
}

/// Single bytes, as a library writes that takes one index too many.
#[test]
fn each_byte_behind_a_number_is_looked_at() {
    for instances in BOTH {
        for at in [8, 16, 39, 63] {
            assert_eq!(end(start(instances), "byte_at", &[Word(at)]).0, overrun(0, 8), "{at}");
        }
    }
}

#[test]
fn a_page_behind_a_buffer_cannot_be_reached() {
    let mut zone = start(Instances::Shared);
    assert_eq!(zone.value("reach", &[Word(4096), Word(4095)]), 0);
    let (said, by) = end(zone, "reach", &[Word(4096), Word(4096 + 4000)]);
    assert_eq!((said, by), (overrun(0, 4096), signal(Signal::SEGV)));
    // Nor behind one that is too large for a slot.
    let mut zone = start(Instances::Shared);
    assert_eq!(zone.value("reach", &[Word(200_000), Word(199_999)]), 0);
    let (said, by) = end(zone, "reach", &[Word(200_000), Word(200_000 + 4000)]);
    assert_eq!((said, by), (overrun(0, 200_000), signal(Signal::SEGV)));
}

#[test]
fn what_is_read_and_written_is_fenced_too() {
    for instances in BOTH {
        let values: Vec<u8> = (0..40).collect();
        let mut zone = start(instances);
        let reply = zone.call("change", &[Bytes(&values), Word(40)], LONG).expect("a reply");
        assert_eq!(reply.status, Status::Ok);
        assert_eq!(end(zone, "change", &[Bytes(&values), Word(41)]).0, overrun(0, 40), "{instances:?}");
        assert_eq!(end(start(instances), "number", &[Word(9)]).0, overrun(0, 8));
        let mut zone = start(instances);
        assert_eq!(zone.call("change_pair", &[Bytes(&[0; 8]), Word(8)], LONG).expect("a reply").status, Status::Ok);
        assert_eq!(end(zone, "change_pair", &[Bytes(&[0; 8]), Word(9)]).0, overrun(0, 8));
    }
}

#[test]
fn memory_that_the_library_keeps_is_looked_at_when_it_is_read_and_when_it_ends() {
    for function in [SYNC, CLOSE] {
        let mut zone = start_of("devices", Instances::Shared);
        let device = zone.value("device_open", &[]);
        let block = zone.value("device_record", &[Word(device), Word(100)]);
        let special = |function, word| {
            let mut request = Request { function, count: 1, arena_used: 0, words: [0; MAX_WORDS] };
            request.words[0] = word;
            request
        };
        assert_eq!(zone.caller.call(&special(SYNC, block), LONG), Ok(Status::Ok));
        let write = common::request(
            zone.interface.function("device_write").expect("it").0,
            &[Word(device), Word(101)],
            zone.caller.arena(),
        );
        assert_eq!(zone.caller.call(&write, LONG), Ok(Status::Ok));
        let last = special(function, if function == SYNC { block } else { device });
        assert_eq!(zone.caller.call(&last, SHORT), Err(CallError::DeadlineExceeded));
        assert_eq!(zone.end().terminating_signal(), signal(Signal::ABORT));
        let running = zone.status.running().expect("it says what ran");
        assert_eq!(running.overrun, Some(Overrun { parameter: None, bytes: 100 }));
    }
}

#[test]
fn the_process_of_a_call_says_it_to_the_client_itself() {
    let mut zone = start(Instances::PerCall);
    for (name, arguments, said) in [
        ("fill", vec![Word(16), Word(80)], "it wrote beyond the 16 bytes of its `target`"),
        ("number", vec![Word(9)], "it wrote beyond the 8 bytes of its `value`"),
    ] {
        let reply = zone.call(name, &arguments, LONG).expect("a reply");
        assert_eq!(reply.status, Status::Crashed);
        let text = common::explanation(&reply, zone.caller.arena());
        assert!(text.starts_with(said), "{text}");
    }
    let reply = zone.call("fill", &[Word(16), Word(16)], LONG).expect("a reply");
    assert_eq!(reply.status, Status::Ok, "the next one has a process of its own");
    let reply = zone.call("fill", &[Word(1 << 18), Word(1 << 30)], LONG).expect("a reply");
    assert_eq!((reply.status, reply.words[1]), (Status::Crashed, NULL));
}

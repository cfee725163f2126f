//! Whatever a request says: a reply, results inside the arena, and the next call works.

mod common;

use cloison_contract::FunctionId;
use cloison_contract::call::{CLOSE, MAX_WORDS, NULL, Request, SYNC, Status};
use cloison_zone::callback::callables::NoCallables;
use common::Argument::Bytes;
use common::{BOTH, Bench, CALL_BYTES};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0_u64..40,
        4 => (0_u64..70_000).prop_map(|multiple| multiple * 16),
        2 => Just(NULL),
        1 => (0_u64..200).prop_map(|below| 0_u64.wrapping_sub(below)),
        1 => (0_u32..64, 0_u64..3).prop_map(|(shift, near)| (1_u64 << shift).wrapping_sub(1).wrapping_add(near)),
        1 => any::<u64>(),
    ]
}

fn requests() -> impl Strategy<Value = Request> {
    let used = prop_oneof![3 => 0..CALL_BYTES + 1, 1 => word()];
    // Up to the functions that end the process, and some numbers that no function has.
    (
        prop_oneof![9 => 0_u32..26, 1 => 1000_u32..1010],
        prop_oneof![9 => 0_u32..6, 1 => 0..MAX_WORDS as u32 + 1],
        used,
        proptest::collection::vec(word(), MAX_WORDS),
    )
        .prop_map(|(function, count, arena_used, words)| Request {
            function,
            count,
            arena_used,
            words: words.try_into().expect("as many as a request has"),
        })
}

#[test]
fn any_request_gets_a_reply_that_stays_in_the_arena() {
    for instances in BOTH {
        let mut bench = Bench::new(instances);
        let mut runner = TestRunner::new(Config { cases: 20_000, failure_persistence: None, ..Config::default() });
        let bench = std::cell::RefCell::new(&mut bench);
        let accepted = std::cell::Cell::new(0_u32);
        let judged = runner.run(&requests(), |mut request| {
            let mut bench = bench.borrow_mut();
            let (internal, exact) = match bench.marshal.functions().get(FunctionId(request.function)) {
                Some(entry) => (request.function == 2, entry.plan.request.words() as u32),
                None => (false, request.count),
            };
            // The policy keeps clients from internal functions; here that is the one that frees.
            prop_assume!(!internal);
            // Most requests should get past the first check.
            if request.count != 5 {
                request.count = exact;
            }
            let bench = &mut **bench;
            let reply = bench.raw(&request);
            prop_assert!(reply.count as usize <= MAX_WORDS);
            if reply.status != Status::Ok {
                bench.explanation(&reply);
                return Ok(());
            }
            accepted.set(accepted.get() + 1);
            let entry = bench.marshal.functions().get(FunctionId(request.function)).expect("served");
            prop_assert_eq!(reply.count as usize, entry.plan.reply.words());
            for slot in entry.plan.reply.iter().filter(|slot| slot.words == 2) {
                let (offset, length) = (reply.words[slot.word], reply.words[slot.word + 1]);
                if offset != NULL {
                    prop_assert!(offset >= request.arena_used);
                    prop_assert!(bench.caller.arena().pointer(offset, length).is_some());
                }
            }
            Ok(())
        });
        judged.unwrap_or_else(|error| panic!("{error}"));
        assert!(accepted.get() > 1000, "only {} requests were calls", accepted.get());
        let bench = bench.into_inner();
        assert_eq!(Bench::words(bench, "sum", &[Bytes(b"\x01\x02")]), [3]);
    }
}

/// Words that may also be handles, and words that stand in the arena.
fn surface_requests() -> impl Strategy<Value = (Request, Vec<u64>)> {
    let likely = || {
        prop_oneof![
            3 => (1_u64..4, 0_u64..24).prop_map(|(generation, index)| generation << 32 | index),
            2 => Just(0_u64),
            1 => (0_u64..20).prop_map(|place| place * 8 + 1),
            3 => prop_oneof![Just(8_u64), Just(16), Just(24), Just(32), Just(40), Just(56)],
            6 => word(),
        ]
    };
    let function = prop_oneof![20 => 0_u32..60, 1 => Just(CLOSE), 1 => Just(SYNC)];
    let words = proptest::collection::vec(likely(), MAX_WORDS);
    (function, words, 0_u64..2048, proptest::collection::vec(likely(), 24)).prop_map(
        |(function, words, arena_used, front)| {
            let words = words.try_into().expect("as many as a request has");
            (Request { function, count: 1, arena_used, words }, front)
        },
    )
}

#[test]
fn any_request_for_objects_and_records_gets_a_reply_without_an_address() {
    for instances in BOTH {
        let bench = Bench::surface(instances);
        let mut runner = TestRunner::new(Config { cases: 6_000, failure_persistence: None, ..Config::default() });
        let (rounds, accepted) = (std::cell::Cell::new(0_u32), std::cell::Cell::new(0_u32));
        let judged = runner.run(&surface_requests(), |(mut request, front)| {
            let (id, marshal) = (FunctionId(request.function), &bench.marshal);
            let name = marshal.functions().declaration(id).map_or("", |declared| declared.name.as_str());
            // What is internal is kept from clients by their policy; what the library itself reads as a list of types
            // must be one, and what it calls must be there.
            if name == "let_go" || name == "thing_notify" || name.starts_with("total") {
                return Ok(());
            }
            if let Some(entry) = marshal.functions().get(id) {
                request.count = entry.plan.request.words() as u32;
            }
            let front: Vec<u8> = front.iter().flat_map(|word| word.to_le_bytes()).collect();
            bench.caller.arena().write(0, &front).expect("fits");
            let reply = bench.any(&request);
            prop_assert!(reply.count as usize <= MAX_WORDS);
            accepted.set(accepted.get() + u32::from(reply.status == Status::Ok));
            rounds.set(rounds.get() + 1);
            if rounds.get() % 50 == 0 {
                common::walls::no_address(&bench, &reply, name);
            }
            if reply.status != Status::Ok {
                bench.explanation(&reply);
            }
            Ok(())
        });
        judged.unwrap_or_else(|error| panic!("{error}"));
        assert!(accepted.get() > 500, "only {} requests were calls", accepted.get());
        bench.marshal.end_client(&bench.workspace, common::CLIENT, &NoCallables);
        let things = bench.raw(&bench.request("things", &[]));
        assert_eq!(things.words[0], 0, "nothing is left");
    }
}

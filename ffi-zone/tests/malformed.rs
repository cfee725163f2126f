//! Whatever a request says: a reply, results inside the arena, and the next call works.

mod common;

use cloison_capabilities::call::{MAX_WORDS, NULL, Request, Status};
use cloison_zone::plan::Give;
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
            let (internal, exact) =
                match bench.marshal.functions().get(cloison_capabilities::FunctionId(request.function)) {
                    Some(entry) => (request.function == 2, entry.plan.words as u32),
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
            let entry =
                bench.marshal.functions().get(cloison_capabilities::FunctionId(request.function)).expect("served");
            let mut words = reply.words[..reply.count as usize].iter();
            for give in &entry.plan.gives {
                if let Give::Value | Give::Cell { .. } = give {
                    words.next().expect("a word");
                    continue;
                }
                let (offset, length) = (*words.next().expect("offset"), *words.next().expect("length"));
                if offset != NULL {
                    prop_assert!(offset >= request.arena_used);
                    prop_assert!(bench.caller.arena().pointer(offset, length).is_some());
                }
            }
            prop_assert!(words.next().is_none());
            Ok(())
        });
        judged.unwrap_or_else(|error| panic!("{error}"));
        assert!(accepted.get() > 1000, "only {} requests were calls", accepted.get());
        let bench = bench.into_inner();
        assert_eq!(Bench::words(bench, "sum", &[Bytes(b"\x01\x02")]), [3]);
    }
}

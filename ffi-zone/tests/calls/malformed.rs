//! Whatever a request says: a reply, results inside the arena, and the next call works.

use crate::common;
use crate::common::Argument::Bytes;
use crate::common::{BOTH, Bench, CALL_BYTES};
use cloison_contract::FunctionId;
use cloison_contract::call::{CLOSE, HELD, MAX_WORDS, NULL, Request, SYNC, Status};
use cloison_zone::callback::callables::NoCallables;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Draws a request from one number. A strategy for each of its 64 words took nearly all of the tests' time.
struct Dice(u64);

impl Dice {
    /// The next of splitmix64.
    fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: u64) -> u64 {
        self.any() % end
    }

    fn word(&mut self) -> u64 {
        match self.below(13) {
            0..4 => self.below(40),
            4..8 => self.below(70_000) * 16,
            8..10 => NULL,
            10 => 0_u64.wrapping_sub(self.below(200)),
            11 => (1_u64 << self.below(64)).wrapping_sub(1).wrapping_add(self.below(3)),
            _ => self.any(),
        }
    }

    /// One of these functions, or a number that no function has.
    fn request(&mut self, functions: &[FunctionId]) -> Request {
        let any = functions[self.below(functions.len() as u64) as usize];
        let function = if self.below(10) < 9 { any.0 } else { 1000 + self.below(10) as u32 };
        let count = if self.below(10) < 9 { self.below(6) } else { self.below(MAX_WORDS as u64 + 1) };
        let arena_used = if self.below(4) < 3 { self.below(CALL_BYTES + 1) } else { self.word() };
        let words = std::array::from_fn(|_| self.word());
        Request { function, count: count as u32, arena_used, words }
    }

    /// Words that may also be handles, and words that stand in the arena.
    fn likely(&mut self) -> u64 {
        match self.below(15) {
            0..3 => (1 + self.below(3)) << 32 | self.below(24),
            3..5 => 0,
            5 => self.below(20) * 8 + 1,
            6..9 => [8, 16, 24, 32, 40, 56][self.below(6) as usize],
            _ => self.word(),
        }
    }

    /// A request to `surface.c`, which has so many functions, and what stands at the front of the arena.
    fn surface_request(&mut self, functions: u64) -> (Request, [u64; 24]) {
        let function = match self.below(23) {
            0..20 => self.below(functions + 2) as u32,
            20 => CLOSE,
            21 => HELD,
            _ => SYNC,
        };
        let words = std::array::from_fn(|_| self.likely());
        let request = Request { function, count: 1, arena_used: self.below(2048), words };
        (request, std::array::from_fn(|_| self.likely()))
    }
}

/// What the process does not survive, or what takes long, and what policies keep from clients: here that is the one that frees.
const SPARED: [&str; 9] =
    ["release", "dereference", "give_up", "leave", "overflow", "spin", "exec", "eat", "open_file"];

#[test]
fn any_request_gets_a_reply_that_stays_in_the_arena() {
    for instances in BOTH {
        let mut bench = Bench::new(instances);
        let interface = &bench.marshal.functions().interface;
        for name in SPARED {
            common::id(interface, name);
        }
        let called = interface.functions.iter().filter(|function| !SPARED.contains(&function.name.as_str()));
        let called: Vec<_> = called.map(|function| common::id(interface, &function.name)).collect();
        let mut runner = TestRunner::new(Config { cases: 20_000, failure_persistence: None, ..Config::default() });
        let bench = std::cell::RefCell::new(&mut bench);
        let accepted = std::cell::Cell::new(0_u32);
        let judged = runner.run(&any::<u64>(), |seed| {
            let mut request = Dice(seed).request(&called);
            let mut bench = bench.borrow_mut();
            let exact = match bench.marshal.functions().get(FunctionId(request.function)) {
                Some(entry) => entry.plan.request.words() as u32,
                None => request.count,
            };
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

#[test]
fn any_request_for_objects_and_records_gets_a_reply_without_an_address() {
    for instances in BOTH {
        let bench = Bench::surface(instances);
        let mut runner = TestRunner::new(Config { cases: 6_000, failure_persistence: None, ..Config::default() });
        let functions = bench.marshal.functions().interface.functions.len() as u64;
        let (rounds, accepted) = (std::cell::Cell::new(0_u32), std::cell::Cell::new(0_u32));
        let judged = runner.run(&any::<u64>(), |seed| {
            let (mut request, front) = Dice(seed).surface_request(functions);
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
